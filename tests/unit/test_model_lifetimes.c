// SPDX-License-Identifier: BSD-2-Clause
/* Lifetimes of tasks: by coroutine, by part, of the run and of an interval. */
#include "model_fixture.h"

struct retained_lifetimes {
	bool known;
	char name[LP_NAME_MAX];
	struct lp_lifetimes lifetimes;
};

static struct retained_lifetimes interval_lifetimes[REPORTED_ITEMS],
	total_lifetimes[REPORTED_ITEMS];
static size_t interval_count, total_count;

static size_t keep(struct retained_lifetimes *into, const struct lp_summary *from)
{
	size_t i;

	if (!from->loop_count)
		return 0;
	for (i = 0; i < from->loops[0].callback_count; i++) {
		const struct lp_callback_summary *item = &from->loops[0].items[i];

		assert_in_range(i, 0, REPORTED_ITEMS - 1);
		into[i].known = item->lifetimes != NULL;
		strcpy(into[i].name, item->callback->name);
		if (item->lifetimes)
			into[i].lifetimes = *item->lifetimes;
	}
	return i;
}

static void keep_interval(void *context, const struct lp_summary *interval,
			  const struct lp_summary *total)
{
	(void)context;
	interval_count = keep(interval_lifetimes, interval);
	total_count = keep(total_lifetimes, total);
}

static int begin(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };
	static const struct lp_observer observer = { .interval = keep_interval };

	(void)state;
	if (model_new(&observer, NULL, &model))
		return -1;
	model_begin(model, &run);
	return 0;
}

static void feed_task_end(uint32_t loop, uint32_t callback, enum lp_task_outcome outcome,
			  uint64_t life_ns, uint64_t running_ns, uint64_t queued_ns)
{
	struct lp_event_task_end event = {
		.event = record_head(LP_EVENT_TASK_END, sizeof(event)),
		.created_ns = START_NS,
		.end_ns = START_NS + life_ns,
		.running_ns = running_ns,
		.queued_ns = queued_ns,
		.callback = callback,
		.outcome = outcome,
	};

	feed(&event, loop, life_ns);
}

static void a_life_is_divided_into_its_parts(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 3, "fetch");
	feed_callback_stats(0, 3, 1);
	feed_task_end(0, 3, LP_OUTCOME_RETURNED, 100 * MS, 20 * MS, 5 * MS);
	feed_task_end(0, 3, LP_OUTCOME_RAISED, 10 * MS, 20 * MS, 5 * MS);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(total_count, 1);
	assert_true(total_lifetimes[0].known);
	assert_int_equal(total_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_RETURNED], 1);
	assert_int_equal(total_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_RAISED], 1);
	assert_int_equal(total_lifetimes[0].lifetimes.life.sum_ns, 110 * MS);
	assert_int_equal(total_lifetimes[0].lifetimes.running.sum_ns, 40 * MS);
	assert_int_equal(total_lifetimes[0].lifetimes.queued.sum_ns, 10 * MS);
	/* the second task ran longer than it lived, by its clocks */
	assert_int_equal(total_lifetimes[0].lifetimes.waiting.sum_ns, 75 * MS);
	assert_int_equal(histogram_min(&total_lifetimes[0].lifetimes.waiting), 0);
}

static void what_nobody_knows_is_not_counted(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop(1, 0);
	feed_name(0, 3, "fetch");
	feed_callback_stats(0, 3, 1);
	feed_task_end(0, 0, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_task_end(0, 4, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_task_end(1, 3, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_task_end(LP_NO_LOOP, 3, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 2, 0);
	assert_int_equal(total_count, 1);
	assert_false(total_lifetimes[0].known);
}

static void an_interval_has_the_lifetimes_that_ended_in_it(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 3, "fetch");
	feed_name(0, 4, "store");
	feed_task_end(0, 3, LP_OUTCOME_RETURNED, 10 * MS, MS, 0);
	feed_end(LP_EVENT_INTERVAL, 20 * MS, 0);
	assert_int_equal(interval_count, 1);
	assert_int_equal(interval_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_RETURNED], 1);
	feed_task_end(0, 3, LP_OUTCOME_CANCELLED, 30 * MS, MS, 0);
	feed_end(LP_EVENT_INTERVAL, 40 * MS, 0);
	assert_int_equal(interval_count, 1);
	assert_string_equal(interval_lifetimes[0].name, "fetch");
	assert_int_equal(interval_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_RETURNED], 0);
	assert_int_equal(interval_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_CANCELLED], 1);
	assert_int_equal(interval_lifetimes[0].lifetimes.life.sum_ns, 30 * MS);
	assert_int_equal(total_lifetimes[0].lifetimes.life.sum_ns, 40 * MS);
	/* no task has ended in this interval */
	feed_end(LP_EVENT_INTERVAL, 50 * MS, 0);
	assert_int_equal(interval_count, 0);
	assert_int_equal(total_count, 1);
}

static void lifetimes_outlast_a_slot_and_its_loop(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 3, "fetch");
	feed_task_end(0, 3, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_name(0, 3, "store");
	feed_task_end(0, 3, LP_OUTCOME_DESTROYED, MS, 0, 0);
	feed_name(0, 3, "fetch");
	feed_task_end(0, 3, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_loop_end(0, 3 * MS);
	feed_task_end(0, 3, LP_OUTCOME_RETURNED, MS, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 4 * MS, 0);
	assert_int_equal(total_count, 2);
	assert_int_equal(total_lifetimes[0].lifetimes.outcomes[LP_OUTCOME_RETURNED] +
				 total_lifetimes[1].lifetimes.outcomes[LP_OUTCOME_RETURNED],
			 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_life_is_divided_into_its_parts),
		TEST(what_nobody_knows_is_not_counted),
		TEST(an_interval_has_the_lifetimes_that_ended_in_it),
		TEST(lifetimes_outlast_a_slot_and_its_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
