// SPDX-License-Identifier: BSD-2-Clause
/* Records with impossible times are refused as a whole, and counted. */
#include "model_fixture.h"

#include <errno.h>

#include "wire/instants.h"

/* The time of the record itself. */
#define NOW_NS (5000 * MS)
#define BOUND (NOW_NS + LP_INSTANT_SLACK_NS)

union record {
	struct lp_event head;
	struct lp_event_slow slow;
	struct lp_event_iteration_end iteration_end;
	struct lp_event_poll_return poll_return;
	struct lp_event_segment_times account;
	struct lp_event_slow_iteration slow_iteration;
	struct lp_event_loop_stats loop_stats;
	struct lp_event_callback_stats callback_stats;
	struct lp_event_cause cause;
	struct lp_event_run_queue run_queue;
	struct lp_event_cpu_waits cpu_waits;
	struct lp_event_memory_waits memory_waits;
	struct lp_event_steal steal;
	struct lp_event_collections collections;
	struct lp_event_coverage coverage;
	struct lp_event_task_name task_name;
	struct lp_event_noticed noticed;
	struct lp_event_task_end task_end;
	struct lp_event_process process;
};

#define FIELD(number, type, member)                                                                \
	{                                                                                          \
		number, sizeof(struct type), offsetof(struct type, member)                         \
	}

/* Fields that are instants before the record's own time, or durations: all are checked alike. */
static const struct field {
	uint16_t type;
	size_t size, at;
} instants[] = {
	FIELD(LP_EVENT_SLOW, lp_event_slow, start_ns),
	FIELD(LP_EVENT_PROGRESS, lp_event_slow, start_ns),
	FIELD(LP_EVENT_SEGMENT_TIMES, lp_event_segment_times, account.segment_ns),
	FIELD(LP_EVENT_SLOW_ITERATION, lp_event_slow_iteration, start_ns),
	FIELD(LP_EVENT_CPU_WAITS, lp_event_cpu_waits, segment_ns),
	FIELD(LP_EVENT_ITERATION_CPU_WAITS, lp_event_cpu_waits, segment_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, segment_ns),
	FIELD(LP_EVENT_LOOP_STATS, lp_event_loop_stats, wall_start_ns),
	FIELD(LP_EVENT_TASK_NAME, lp_event_task_name, segment_ns),
	FIELD(LP_EVENT_COLLECTIONS, lp_event_collections, segment_ns),
	FIELD(LP_EVENT_EAGER_TASK, lp_event_eager_task, segment_ns),
	FIELD(LP_EVENT_DNS_NAME, lp_event_dns_name, segment_ns),
	FIELD(LP_EVENT_AWAKE_SPAN, lp_event_awake_span, begin_ns),
	FIELD(LP_EVENT_LOOP_STOPPED, lp_event_loop_stopped, stopped_ns),
}, durations[] = {
	FIELD(LP_EVENT_ITERATION_END, lp_event_iteration_end, busy_ns),
	FIELD(LP_EVENT_POLL_RETURN, lp_event_poll_return, poll_ns),
	FIELD(LP_EVENT_SEGMENT_TIMES, lp_event_segment_times, account.blocked_ns),
	FIELD(LP_EVENT_SEGMENT_TIMES, lp_event_segment_times, account.gil_ns),
	FIELD(LP_EVENT_SEGMENT_TIMES, lp_event_segment_times, account.run_queue_ns),
	FIELD(LP_EVENT_SLOW_ITERATION, lp_event_slow_iteration, blocked_ns),
	FIELD(LP_EVENT_SLOW_ITERATION, lp_event_slow_iteration, gil_ns),
	FIELD(LP_EVENT_SLOW_ITERATION, lp_event_slow_iteration, run_queue_ns),
	FIELD(LP_EVENT_LOOP_STATS, lp_event_loop_stats, busy_ns),
	FIELD(LP_EVENT_LOOP_STATS, lp_event_loop_stats, idle_ns),
	FIELD(LP_EVENT_CAUSE, lp_event_cause, total_ns),
	FIELD(LP_EVENT_RUN_QUEUE, lp_event_run_queue, total_ns),
	FIELD(LP_EVENT_CPU_WAITS, lp_event_cpu_waits, waits.throttled_ns),
	FIELD(LP_EVENT_ITERATION_CPU_WAITS, lp_event_cpu_waits, waits.throttled_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, waits.cgroup_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, waits.host_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, waits.fault_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, waits.memory_high_ns),
	FIELD(LP_EVENT_MEMORY_WAITS, lp_event_memory_waits, waits.refault_ns),
	FIELD(LP_EVENT_STEAL, lp_event_steal, window_ns),
	FIELD(LP_EVENT_COLLECTIONS, lp_event_collections, total_ns),
	FIELD(LP_EVENT_COVERAGE, lp_event_coverage, traced_ns),
	FIELD(LP_EVENT_NOTICED, lp_event_noticed, late_ns),
	FIELD(LP_EVENT_TASK_END, lp_event_task_end, running_ns),
	FIELD(LP_EVENT_TASK_END, lp_event_task_end, queued_ns),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static union record make(uint16_t type, size_t size)
{
	union record record;

	memset(&record, 0, sizeof(record));
	record.head = record_head(type, size);
	record.head.time_ns = NOW_NS;
	if (type == LP_EVENT_SLOW || type == LP_EVENT_PROGRESS) {
		record.slow.start_ns = NOW_NS / 2;
		record.slow.queue_delay_ns = LP_NO_QUEUE_DELAY;
	} else if (type == LP_EVENT_SLOW_ITERATION) {
		record.slow_iteration.start_ns = NOW_NS / 2;
	} else if (type == LP_EVENT_CAUSE) {
		record.cause.reason = LP_SAMPLE_BLOCKED;
	} else if (type == LP_EVENT_TASK_END) {
		record.task_end.end_ns = NOW_NS;
	}
	return record;
}

static int take(const union record *record)
{
	int checked = decode_check_times(record, record->head.size);
	int err = model_take(model, &record->head);

	/* the recorder's check, before a record is written, agrees with the reader's */
	assert_int_equal(checked, err == -ERANGE ? -ERANGE : 0);
	return err;
}

static int take_with(const struct field *field, uint64_t value)
{
	union record record = make(field->type, field->size);

	memcpy((char *)&record + field->at, &value, sizeof(value));
	return take(&record);
}

static void nothing_ends_before_it_begins(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(instants); i++) {
		assert_int_equal(take_with(&instants[i], 1), 0);
		assert_int_equal(take_with(&instants[i], NOW_NS), 0);
		assert_int_equal(take_with(&instants[i], NOW_NS + 1), -ERANGE);
		assert_int_equal(take_with(&instants[i], UINT64_MAX), -ERANGE);
		assert_int_equal(take_with(&instants[i], 1ULL << 63), -ERANGE);
	}
}

static void a_stall_that_never_began_is_none(void **state)
{
	(void)state;
	assert_int_equal(take_with(&instants[0], 0), -ERANGE);
	assert_int_equal(take_with(&instants[1], 0), -ERANGE);
	assert_int_equal(take_with(&instants[3], 0), -ERANGE);
}

static void nothing_takes_longer_than_the_host_is_up(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(durations); i++) {
		assert_int_equal(take_with(&durations[i], NOW_NS), 0);
		assert_int_equal(take_with(&durations[i], BOUND + 1), -ERANGE);
		assert_int_equal(take_with(&durations[i], UINT64_MAX), -ERANGE);
		assert_int_equal(take_with(&durations[i], 1ULL << 63), -ERANGE);
	}
}

static void no_record_is_of_the_far_future(void **state)
{
	union record record = make(LP_EVENT_PROCESS, sizeof(struct lp_event_process));

	(void)state;
	record.head.time_ns = LP_SPAN_MAX_NS;
	assert_int_equal(take(&record), 0);
	record.head.time_ns++;
	assert_int_equal(take(&record), -ERANGE);
	/* half of the range of 64 bits, which half of a negative difference becomes */
	record = make(LP_EVENT_SLOW, sizeof(struct lp_event_slow));
	record.head.time_ns = (1ULL << 63) + NOW_NS;
	assert_int_equal(take(&record), -ERANGE);
}

static void busy_and_idle_are_no_longer_than_the_window(void **state)
{
	union record record = make(LP_EVENT_LOOP_STATS, sizeof(struct lp_event_loop_stats));

	(void)state;
	record.loop_stats.wall_start_ns = NOW_NS - 1000 * MS;
	record.loop_stats.busy_ns = 400 * MS;
	record.loop_stats.idle_ns = 600 * MS;
	assert_int_equal(take(&record), 0);
	record.loop_stats.idle_ns += LP_INSTANT_SLACK_NS + 1;
	assert_int_equal(take(&record), -ERANGE);
	/* the sum overflows to a small number */
	record.loop_stats.busy_ns = UINT64_MAX - 100 * MS;
	record.loop_stats.idle_ns = 600 * MS;
	assert_int_equal(take(&record), -ERANGE);
}

static void histograms_of_impossible_sums_are_refused(void **state)
{
	union record record = make(LP_EVENT_CALLBACK_STATS, sizeof(struct lp_event_callback_stats));

	(void)state;
	lp_histogram_add(&record.callback_stats.run, 5 * MS);
	assert_int_equal(take(&record), 0);
	lp_histogram_add(&record.callback_stats.run, 1ULL << 63);
	assert_int_equal(take(&record), -ERANGE);
	record.callback_stats.run.sum_ns = 5 * MS;
	record.callback_stats.run.max_ns = 6 * MS;
	assert_int_equal(take(&record), -ERANGE);
}

static void an_unknown_queue_delay_is_no_time(void **state)
{
	union record record = make(LP_EVENT_SLOW, sizeof(struct lp_event_slow));

	(void)state;
	assert_int_equal(take(&record), 0);
	record.slow.queue_delay_ns = LP_NO_QUEUE_DELAY - 1;
	assert_int_equal(take(&record), -ERANGE);
}

static void what_is_left_out_is_counted_and_reaches_nobody(void **state)
{
	union record record = make(LP_EVENT_SLOW, sizeof(struct lp_event_slow));

	(void)state;
	feed_loop(0, 1);
	record.head.pid = PID;
	record.head.time_ns = (1ULL << 63) + START_NS;
	record.slow.start_ns = START_NS + 10 * MS;
	assert_int_equal(take(&record), -ERANGE);
	assert_int_equal(take(&record), -ERANGE);
	feed_end(LP_EVENT_END, 100 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.slow_count, 0);
	assert_int_equal(reported.total.summary.lost[LP_LOST_INSTANTS], 2);
	assert_int_equal(reported.end.end_ns, START_NS + 100 * MS);
}

static void nothing_lasts_for_longer_than_its_loop_is_watched(void **state)
{
	union record slow = make(LP_EVENT_SLOW, sizeof(struct lp_event_slow));
	union record iteration =
		make(LP_EVENT_SLOW_ITERATION, sizeof(struct lp_event_slow_iteration));

	(void)state;
	feed_loop(0, 5000 * MS);
	slow.slow.start_ns = START_NS + 3000 * MS;
	feed(&slow, 0, 5200 * MS);
	slow.head.type = LP_EVENT_PROGRESS;
	feed(&slow, 0, 5200 * MS);
	iteration.slow_iteration.start_ns = START_NS + 3000 * MS;
	feed(&iteration, 0, 5200 * MS);
	feed_end(LP_EVENT_END, 6000 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.slow_count, 0);
	assert_int_equal(reported.iteration_count, 0);
	assert_int_equal(reported.total.summary.lost[LP_LOST_INSTANTS], 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_ends_before_it_begins),
		TEST(a_stall_that_never_began_is_none),
		TEST(nothing_takes_longer_than_the_host_is_up),
		TEST(no_record_is_of_the_far_future),
		TEST(busy_and_idle_are_no_longer_than_the_window),
		TEST(histograms_of_impossible_sums_are_refused),
		TEST(an_unknown_queue_delay_is_no_time),
		TEST(what_is_left_out_is_counted_and_reaches_nobody),
		TEST(nothing_lasts_for_longer_than_its_loop_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
