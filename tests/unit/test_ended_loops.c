// SPDX-License-Identifier: BSD-2-Clause
/* Great numbers of ended loops are counted together, and no count gets lost. */
#include "model_fixture.h"

#include "model/callbacks.h"

#define RETAINED 256
#define FOLDED 512

/* Sums over all reported loops. */
static struct {
	size_t loops, folded_loops, reported_loops;
	uint64_t folded, busy_ns, iterations, callbacks, runs, wall_ns, causes_ns, findings, slow;
	size_t names;
} interval, total;
static size_t folded_reported;
static uint32_t last_id;

static void add_up(const struct lp_summary *summary, void *into)
{
	size_t i, j;

	memset(into, 0, sizeof(total));
#define ADD(field, what) (*(__typeof__(total) *)into).field += (what)
	ADD(loops, summary->loop_count);
	for (i = 0; i < summary->loop_count; i++) {
		const struct lp_loop_summary *loop = &summary->loops[i];

		ADD(folded, loop->folded);
		ADD(folded_loops, loop->folded != 0);
		ADD(busy_ns, loop->busy_ns);
		ADD(iterations, histogram_count(&loop->iteration));
		ADD(callbacks, loop->callbacks);
		ADD(wall_ns, loop->wall_ns);
		ADD(names, loop->callback_count);
		for (j = 0; j < loop->callback_count; j++) {
			ADD(runs, histogram_count(&loop->items[j].run));
			ADD(slow, loop->items[j].slow);
		}
		for (j = 0; j < loop->cause_count; j++)
			ADD(causes_ns, loop->causes[j].total_ns);
		if (loop->folded) {
			assert_true(loop->loop->folded);
			assert_int_equal(loop->loop->pid, 0);
		}
	}
	ADD(findings, summary->findings_dropped);
	for (i = 0; i < summary->finding_count; i++)
		ADD(findings, summary->findings[i].count);
}

static void on_loop(void *context, const struct lp_loop_info *loop)
{
	(void)context;
	assert_true(loop->id > last_id);
	last_id = loop->id;
	folded_reported += loop->folded;
}

static void on_interval(void *context, const struct lp_summary *since, const struct lp_summary *all)
{
	(void)context;
	add_up(since, &interval);
	add_up(all, &total);
}

static void on_end(void *context, const struct lp_summary *all, const struct lp_run_end *end)
{
	(void)context;
	(void)end;
	add_up(all, &total);
}

static const struct lp_observer counter = { .loop = on_loop,
					    .interval = on_interval,
					    .end = on_end };

static int begin(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };

	(void)state;
	memset(&interval, 0, sizeof(interval));
	memset(&total, 0, sizeof(total));
	folded_reported = 0;
	last_id = 0;
	if (model_new(&counter, NULL, &model))
		return -1;
	model_begin(model, &run);
	return 0;
}

static void feed_named_loop(const char *comm, uint64_t ns)
{
	struct lp_event_loop event = { .event = record_head(LP_EVENT_LOOP, sizeof(event)),
				       .tid = 100 };

	snprintf(event.comm, sizeof(event.comm), "%s", comm);
	feed(&event, 0, ns);
}

static void feed_finding(uint64_t ns)
{
	struct lp_record_finding record = record_finding(LP_FINDING_NEVER_AWAITED, "fetch", 0, 0);

	feed(&record, 0, ns);
}

/*
 * A loop of 10 ms with one iteration of 2 ms, 10 callbacks, 3 runs, a wait of 1 ms, and a finding.
 */
static void live_and_die(const char *comm, const char *callback, uint64_t ns)
{
	struct lp_event_loop_stats stats = {
		.event = record_head(LP_EVENT_LOOP_STATS, sizeof(stats)),
		.wall_start_ns = START_NS + ns,
		.busy_ns = 2 * MS,
		.iterations = 1,
		.callbacks = 10,
	};
	const uint32_t frames[] = { 1 };
	struct lp_record_stack_sample sample_record =
		record_stack_sample(LP_SAMPLE_BLOCKED, 7, 1, frames);

	lp_histogram_add(&stats.iteration, 2 * MS);
	feed_named_loop(comm, ns);
	feed_name(0, 1, callback);
	feed_frame(1, "wait", 12);
	feed(&sample_record, 0, ns);
	feed(&stats, 0, ns + 10 * MS);
	feed_callback_stats(0, 1, 3);
	feed_cause(LP_SAMPLE_BLOCKED, 7, 45, 1, MS);
	feed_finding(ns);
	feed_loop_end(0, ns + 10 * MS);
}

static void check_total(size_t count)
{
	assert_int_equal(total.busy_ns, count * 2 * MS);
	assert_int_equal(total.iterations, count);
	assert_int_equal(total.callbacks, count * 10);
	assert_int_equal(total.runs, count * 3);
	assert_int_equal(total.slow, count);
	assert_int_equal(total.wall_ns, count * 10 * MS);
	assert_int_equal(total.causes_ns, count * MS);
	assert_int_equal(total.findings, count);
}

static void the_last_loops_that_ended_are_retained_by_themselves(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < RETAINED; i++)
		live_and_die("worker", "work", i * 10 * MS);
	model_end_early(model, 0);
	assert_int_equal(total.loops, RETAINED);
	assert_int_equal(total.folded_loops, 0);
	check_total(RETAINED);
}

static void older_ones_are_counted_together_exactly(void **state)
{
	const size_t count = 1000;
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		live_and_die("worker", "work", i * 10 * MS);
	model_end_early(model, 0);
	assert_int_equal(total.loops, RETAINED + 1);
	assert_int_equal(total.folded, count - RETAINED);
	assert_int_equal(folded_reported, 1);
	check_total(count);
}

static void those_with_other_labels_are_counted_apart(void **state)
{
	char comm[16];
	size_t i;

	(void)state;
	for (i = 0; i < RETAINED + 10; i++) {
		snprintf(comm, sizeof(comm), "worker-%zu", i % 2);
		live_and_die(comm, "work", i * 10 * MS);
	}
	model_end_early(model, 0);
	assert_int_equal(total.folded_loops, 2);
	check_total(RETAINED + 10);
}

static void labels_over_all_limits_are_counted_as_other(void **state)
{
	const size_t count = RETAINED + FOLDED + 100;
	char comm[16];
	size_t i;

	(void)state;
	for (i = 0; i < count; i++) {
		snprintf(comm, sizeof(comm), "w%zu", i);
		live_and_die(comm, "work", i * 10 * MS);
	}
	model_end_early(model, 0);
	assert_int_equal(total.folded_loops, FOLDED + 1);
	assert_int_equal(total.loops, RETAINED + FOLDED + 1);
	check_total(count);
}

static void an_interval_reports_what_was_counted_in_it_whatever_folds(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < RETAINED; i++)
		live_and_die("worker", "work", i * 10 * MS);
	feed_end(LP_EVENT_INTERVAL, RETAINED * 10 * MS, 0);
	assert_int_equal(interval.runs, RETAINED * 3);
	/* 30 more make 30 of the first ones fold, which have been reported */
	for (i = RETAINED; i < RETAINED + 30; i++)
		live_and_die("worker", "work", i * 10 * MS);
	feed_end(LP_EVENT_INTERVAL, (RETAINED + 30) * 10 * MS, 0);
	assert_int_equal(interval.runs, 30 * 3);
	assert_int_equal(interval.busy_ns, 30 * 2 * MS);
	assert_int_equal(interval.iterations, 30);
	assert_int_equal(interval.causes_ns, 30 * MS);
	assert_int_equal(interval.wall_ns, 30 * 10 * MS);
	assert_int_equal(interval.findings, 30);
	assert_int_equal(interval.folded_loops, 0);
	check_total(RETAINED + 30);
	/* so many loops that some fold in the interval in which they ran */
	for (i = RETAINED + 30; i < 3 * RETAINED; i++)
		live_and_die("worker", "work", i * 10 * MS);
	feed_end(LP_EVENT_INTERVAL, 3 * RETAINED * 10 * MS + 1, 0);
	assert_int_equal(interval.runs, (2 * RETAINED - 30) * 3);
	assert_int_equal(interval.busy_ns, (2 * RETAINED - 30) * 2 * MS);
	assert_int_equal(interval.causes_ns, (2 * RETAINED - 30) * MS);
	assert_int_equal(interval.wall_ns, (2 * RETAINED - 30) * 10 * MS);
	assert_int_equal(interval.folded_loops, 1);
	check_total(3 * RETAINED);
	feed_end(LP_EVENT_INTERVAL, 4 * RETAINED * 10 * MS, 0);
	assert_int_equal(interval.runs, 0);
	assert_int_equal(interval.loops, 0);
}

static void names_that_are_made_up_anew_are_bounded(void **state)
{
	const size_t count = LP_RETAINED_CALLBACKS + 500;
	char name[32];
	size_t i;

	(void)state;
	feed_loop(0, 0);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "job_%zu", i);
		feed_name(0, 1, name);
		feed_callback_stats(0, 1, 3);
	}
	model_end_early(model, 0);
	assert_int_equal(total.names, LP_RETAINED_CALLBACKS + 1);
	assert_int_equal(total.runs, count * 3);
}

static void names_of_all_loops_are_bounded(void **state)
{
	const size_t count = 3;
	char name[32];
	size_t i, j;

	(void)state;
	for (i = 0; i < count; i++) {
		feed_named_loop("worker", i * MS);
		for (j = 0; j < LP_RETAINED_CALLBACKS; j++) {
			snprintf(name, sizeof(name), "job_%zu_%zu", i, j);
			feed_name(0, 1, name);
			feed_callback_stats(0, 1, 1);
		}
		feed_loop_end(0, i * MS + 1);
	}
	model_end_early(model, 0);
	assert_in_range(total.names, LP_RETAINED_CALLBACKS_IN_ALL,
			LP_RETAINED_CALLBACKS_IN_ALL + count);
	assert_int_equal(total.runs, count * LP_RETAINED_CALLBACKS);
}

int main(void)
{
#define LP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_model)
	const struct CMUnitTest tests[] = {
		LP_TEST(the_last_loops_that_ended_are_retained_by_themselves),
		LP_TEST(older_ones_are_counted_together_exactly),
		LP_TEST(those_with_other_labels_are_counted_apart),
		LP_TEST(labels_over_all_limits_are_counted_as_other),
		LP_TEST(an_interval_reports_what_was_counted_in_it_whatever_folds),
		LP_TEST(names_that_are_made_up_anew_are_bounded),
		LP_TEST(names_of_all_loops_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
