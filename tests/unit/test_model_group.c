// SPDX-License-Identifier: BSD-2-Clause
/* --by: loops of one name, container or host are reported as one. */
#include "model_fixture.h"

#include "model/group.h"

static struct lp_group *group;

static const struct lp_run here = { .host = "here",
				    .start_ns = START_NS,
				    .start_unix_ns = 5000000 * MS };
static const struct lp_run there = { .host = "there",
				     .start_ns = START_NS,
				     .start_unix_ns = 5000001 * MS };

static void begin_by(enum lp_by by, bool two)
{
	memset(&reported, 0, sizeof(reported));
	assert_int_equal(group_new(by, &recorder, NULL, &group), 0);
	assert_int_equal(model_new(&group_observer, group, &model), 0);
	assert_int_equal(model_add_source(model, &here), 0);
	if (two)
		assert_int_equal(model_add_source(model, &there), 1);
	model_start(model);
}

static int end(void **state)
{
	free_model(state);
	group_free(group);
	group = NULL;
	return 0;
}

static void feed_named_loop(uint32_t slot, const char *comm)
{
	struct lp_event_loop event = { .event = record_head(LP_EVENT_LOOP, sizeof(event)),
				       .tid = 100 + slot };

	snprintf(event.comm, sizeof(event.comm), "%s", comm);
	feed(&event, slot, 0);
}

/* Feeds that many runs of a callback, half of them slow, and as many iterations. */
static void feed_work(uint32_t slot, uint32_t callback, const char *name, uint64_t runs)
{
	feed_name(slot, callback, name);
	feed_callback_stats(slot, callback, runs);
	feed_loop_stats(slot, 50 * MS, runs * MS, MS, runs);
}

static void feed_wait(uint32_t line, uint64_t total_ns)
{
	const uint32_t frames[] = { line };
	struct lp_record_stack_sample sample_record =
		record_stack_sample(LP_SAMPLE_BLOCKED, line, 1, frames);

	feed_frame(line, "wait", line);
	feed(&sample_record, 0, 1);
	feed_cause(LP_SAMPLE_BLOCKED, line, 45, 1, total_ns);
}

static void loops_of_one_name_are_reported_as_one(void **state)
{
	(void)state;
	begin_by(LP_BY_NAME, false);
	feed_named_loop(0, "api");
	feed_named_loop(1, "api");
	feed_named_loop(2, "worker");
	feed_work(0, 1, "get", 4);
	feed_work(1, 2, "get", 6);
	feed_work(2, 3, "get", 2);
	feed_slow(1, 2, MS, 200 * MS, 1, 0);
	model_end_early(model, 0);
	assert_int_equal(reported.runs, 1);
	assert_int_equal(reported.loop_count, 2);
	assert_int_equal(reported.loops[0].id, 1);
	assert_string_equal(reported.loops[0].comm, "api");
	assert_true(reported.loops[0].folded);
	assert_true(reported.loops[0].grouped);
	assert_int_equal(reported.loops[0].pid, 0);
	assert_int_equal(reported.slow[0].loop, 1);
	assert_int_equal(reported.total.summary.loop_count, 2);
	assert_int_equal(reported.total.loops[0].id, 1);
	assert_int_equal(reported.total.loops[0].summary.folded, 2);
	assert_int_equal(reported.total.loops[0].summary.busy_ns, 10 * MS);
	assert_int_equal(reported.total.loops[0].summary.iterations, 10);
	assert_int_equal(reported.total.loops[0].summary.callbacks, 100);
	assert_int_equal(histogram_count(&reported.total.loops[0].summary.iteration), 10);
	assert_int_equal(reported.total.loops[0].summary.callback_count, 1);
	assert_int_equal(reported.total.loops[0].items[0].runs, 10);
	assert_int_equal(reported.total.loops[0].items[0].slow, 5);
	assert_int_equal(reported.total.loops[0].items[0].queued, 10);
	assert_int_equal(reported.total.loops[1].items[0].runs, 2);
}

static void loops_of_one_host_are_reported_as_one(void **state)
{
	(void)state;
	begin_by(LP_BY_HOST, true);
	feed_named_loop(0, "api");
	feed_named_loop(1, "worker");
	feed_work(0, 1, "get", 4);
	feed_work(1, 2, "work", 6);
	model_select(model, 1);
	feed_named_loop(0, "api");
	feed_work(0, 1, "get", 2);
	model_end_early(model, 0);
	assert_int_equal(reported.loop_count, 2);
	assert_string_equal(reported.loops[0].comm, "here");
	assert_string_equal(reported.loops[1].comm, "there");
	assert_int_equal(reported.total.loops[0].summary.folded, 2);
	/* in descending order of time */
	assert_string_equal(reported.total.loops[0].items[0].name, "work");
	assert_string_equal(reported.total.loops[0].items[1].name, "get");
	assert_int_equal(reported.total.loops[1].items[0].runs, 2);
}

static void what_no_container_is_known_of_goes_by_unit_or_host(void **state)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)) };
	struct lp_event_labels labels = { .event = record_head(LP_EVENT_LABELS, sizeof(labels)),
					  .unit = "api.service" };

	(void)state;
	begin_by(LP_BY_CONTAINER, false);
	feed_named_loop(0, "plain");
	feed(&target, LP_NO_LOOP, 0);
	feed(&labels, LP_NO_LOOP, 0);
	feed_named_loop(1, "in a unit");
	strcpy(target.container, "c0ffee");
	feed(&target, LP_NO_LOOP, 0);
	feed(&labels, LP_NO_LOOP, 0);
	feed_named_loop(2, "contained");
	feed_named_loop(3, "as well");
	assert_int_equal(reported.loop_count, 3);
	assert_string_equal(reported.loops[0].comm, "here");
	assert_string_equal(reported.loops[1].comm, "api.service");
	assert_string_equal(reported.loops[2].comm, "c0ffee");
}

static void a_line_that_waits_is_one_cause_on_all_hosts(void **state)
{
	(void)state;
	begin_by(LP_BY_NAME, true);
	feed_named_loop(0, "api");
	feed_wait(41, 3 * MS);
	model_select(model, 1);
	feed_named_loop(0, "api");
	/* another number in this source, but the same line */
	feed_frame(7, "elsewhere", 7);
	feed_wait(41, 4 * MS);
	feed_wait(50, MS);
	model_end_early(model, 0);
	assert_int_equal(reported.total.summary.loop_count, 1);
	assert_int_equal(reported.total.loops[0].summary.cause_count, 2);
	assert_string_equal(reported.total.loops[0].causes[0].place, "wait:41");
	assert_int_equal(reported.total.loops[0].causes[0].cause.total_ns, 7 * MS);
	assert_int_equal(reported.total.loops[0].causes[0].cause.count, 2);
	assert_int_equal(reported.total.loops[0].causes[1].cause.total_ns, MS);
}

static void an_interval_and_the_total_are_grouped_alike(void **state)
{
	(void)state;
	begin_by(LP_BY_NAME, false);
	feed_named_loop(0, "api");
	feed_named_loop(1, "api");
	feed_work(0, 1, "get", 4);
	feed_work(1, 2, "get", 6);
	feed_end(LP_EVENT_INTERVAL, 60 * MS, 0);
	feed_work(0, 1, "get", 5);
	feed_end(LP_EVENT_INTERVAL, 120 * MS, 0);
	assert_int_equal(reported.intervals, 2);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 1);
	assert_int_equal(reported.total.loops[0].items[0].runs, 11);
	assert_int_equal(reported.interval.loops[0].id, 1);
}

static void what_is_of_no_loop_stays_of_none(void **state)
{
	(void)state;
	begin_by(LP_BY_NAME, false);
	feed_named_loop(0, "api");
	feed_work(0, 1, "get", 4);
	feed_callback_stats(LP_NO_LOOP, 0, 3);
	model_end_early(model, 0);
	assert_int_equal(reported.total.summary.loop_count, 2);
	assert_int_equal(reported.total.loops[0].id, 1);
	assert_int_equal(reported.total.loops[1].id, 0);
	assert_string_equal(reported.total.loops[1].items[0].name, "other");
	assert_int_equal(reported.total.loops[1].items[0].runs, 3);
}

int main(void)
{
#define LP_TEST(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
		LP_TEST(loops_of_one_name_are_reported_as_one),
		LP_TEST(loops_of_one_host_are_reported_as_one),
		LP_TEST(what_no_container_is_known_of_goes_by_unit_or_host),
		LP_TEST(a_line_that_waits_is_one_cause_on_all_hosts),
		LP_TEST(an_interval_and_the_total_are_grouped_alike),
		LP_TEST(what_is_of_no_loop_stays_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
