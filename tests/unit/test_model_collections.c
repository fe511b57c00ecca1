// SPDX-License-Identifier: BSD-2-Clause
/* The time of garbage collection in a stall, as the interpreter has recorded it. */
#include "model_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
}

/* What the interpreter has recorded has priority over samples, of the same times only. */
static void recorded_collections_are_exact(void **state)
{
	struct lp_event_segment_times event = record_waits(40 * MS, 0, 0);
	struct lp_event_collections recorded = {
		.event = record_head(LP_EVENT_COLLECTIONS, sizeof(recorded)),
		.total_ns = 33 * MS,
		.count = 1,
		.generation = 2,
	};
	const struct lp_times *times;

	(void)state;
	begin_loop();
	event.account.samples = 8;
	event.account.collecting_samples = 2;
	recorded.segment_ns = START_NS + 10 * MS;
	feed(&recorded, 0, 10 * MS + 1);
	feed_account(&event, 10 * MS);
	times = &feed_over(10 * MS, 130 * MS)->breakdown.time;
	assert_true(times->gc_exact && times->gc_recorded);
	assert_int_equal(times->gc_generation, 2);
	assert_int_equal(times->gc_ns, 33 * MS);
	/* there were more: the greater one of the two numbers, which is no exact one */
	recorded.segment_ns = START_NS + 210 * MS;
	recorded.partial = 1;
	recorded.total_ns = 5 * MS;
	feed(&recorded, 0, 210 * MS + 1);
	feed_account(&event, 210 * MS);
	times = &feed_over(210 * MS, 330 * MS)->breakdown.time;
	assert_true(!times->gc_exact && times->gc_recorded);
	assert_int_equal(times->gc_ns, 20 * MS);
	/* earlier times of the segment, after which there may have been further collections */
	recorded.segment_ns = START_NS + 410 * MS;
	feed(&recorded, 0, 410 * MS);
	feed_account(&event, 410 * MS);
	times = &feed_over(410 * MS, 530 * MS)->breakdown.time;
	assert_false(times->gc_recorded);
	assert_int_equal(times->gc_ns, 20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recorded_collections_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
