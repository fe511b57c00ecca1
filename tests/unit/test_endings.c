// SPDX-License-Identifier: BSD-2-Clause
/* The ends of processes: their kinds and reasons, what was cut off, and how they are counted. */
#include "model_fixture.h"

#include "model/endings.h"
#include "sinks/text/endings.h"

#include <errno.h>
#include <signal.h>

static struct lp_process_end ended;
static char ended_name[LP_NAME_MAX];
static size_t ends;

static void on_process_end(void *context, const struct lp_process_end *end)
{
	(void)context;
	ends++;
	ended = *end;
	snprintf(ended_name, sizeof(ended_name), "%s", end->callback ? end->callback->name : "");
}

static struct lp_loop_stop_report stopped;
static char stopped_name[LP_NAME_MAX];
static size_t stops;

static void on_loop_stopped(void *context, const struct lp_loop_stop_report *stop)
{
	(void)context;
	stops++;
	stopped = *stop;
	snprintf(stopped_name, sizeof(stopped_name), "%s",
		 stop->callback ? stop->callback->name : "");
}

static int begin(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };
	static struct lp_observer observer;

	(void)state;
	ends = stops = 0;
	memset(&reported, 0, sizeof(reported));
	observer = recorder;
	observer.process_end = on_process_end;
	observer.loop_stopped = on_loop_stopped;
	if (model_new(&observer, NULL, &model))
		return -1;
	model_begin(model, &run);
	return 0;
}

static struct lp_signal sent(uint32_t number, enum lp_signal_origin origin, uint32_t pid,
			     const char *comm, uint64_t ns)
{
	struct lp_signal signal = { .time_ns = ns, .number = number, .origin = origin, .pid = pid };

	memcpy(signal.comm, comm, strnlen(comm, sizeof(signal.comm)));
	return signal;
}

static struct lp_event_process_end record(uint32_t status)
{
	return (struct lp_event_process_end){
		.event = record_head(LP_EVENT_PROCESS_END, sizeof(struct lp_event_process_end)),
		.started_ns = START_NS,
		.status = status,
		.ending = { .tid = 101 },
	};
}

static void feed_record(const struct lp_event_process_end *event, uint64_t ns)
{
	feed(event, LP_NO_LOOP, ns);
}

static void feed_target(void)
{
	struct lp_event_target event = { .event = record_head(LP_EVENT_TARGET, sizeof(event)),
					 .comm = "python3" };

	feed(&event, LP_NO_LOOP, 0);
}

static void killed_during_a_stall(void **state)
{
	struct lp_event_process_end event = record(SIGKILL);

	(void)state;
	feed_loop(1, 0);
	feed_name(1, 5, "fetch");
	feed_slow(1, 5, 10 * MS, 500 * MS, 1, 0);
	feed_loop_end(1, 500 * MS);
	event.ending.activity = LP_ACTIVITY_BUSY;
	event.ending.since_ns = START_NS + 10 * MS;
	event.ending.signals[LP_SIGNAL_KILL] =
		sent(SIGKILL, LP_SIGNAL_BY_PROCESS, 7, "sixteen bytes ab", START_NS + 499 * MS);
	event.ending.signals[LP_SIGNAL_REQUEST] =
		sent(SIGTERM, LP_SIGNAL_BY_PROCESS, 1, "systemd", START_NS + 100 * MS);
	feed_record(&event, 501 * MS);
	assert_int_equal(ends, 1);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(ended.kind, LP_ENDING_KILLED);
	assert_string_equal(ended.reason, "SIGKILL from sixteen bytes ab");
	assert_int_equal(ended.sent.pid, 7);
	assert_int_equal(ended.sent.before_ns, 2 * MS);
	assert_int_equal(ended.request.number, SIGTERM);
	assert_int_equal(ended.request.before_ns, 401 * MS);
	assert_string_equal(ended_name, "fetch");
	assert_int_equal(ended.activity_ns, 491 * MS);
	assert_int_equal(ended.lived_ns, 501 * MS);
	feed_end(LP_EVENT_END, 600 * MS, 0);
	assert_int_equal(reported.total.summary.end_count, 1);
	assert_int_equal(reported.total.loops[0].summary.ends[LP_ENDING_KILLED], 1);
}

static void a_process_ends_once(void **state)
{
	struct lp_event_process_end event = record(SIGKILL);

	(void)state;
	feed_target();
	feed_loop(1, 0);
	feed_loop(2, 0);
	feed_name(1, 5, "fetch");
	/* A thread without a loop exits beside that of a loop; each finds that no thread lives. */
	event.ending.activity = LP_ACTIVITY_BUSY;
	event.ending.since_ns = START_NS + 10 * MS;
	feed_record(&event, 500 * MS);
	assert_int_equal(ends, 0);
	feed_loop_end(2, 500 * MS);
	feed_slow(1, 5, 10 * MS, 500 * MS, 1, 0);
	feed_loop_end(1, 500 * MS);
	assert_int_equal(ends, 1);
	feed_record(&event, 501 * MS);
	assert_int_equal(ends, 1);
	assert_string_equal(ended_name, "fetch");
	assert_int_equal(ended.activity_ns, 490 * MS);
	feed_end(LP_EVENT_END, 600 * MS, 0);
	assert_int_equal(reported.total.summary.end_count, 1);
}

static void an_end_that_names_a_loop_without_an_end(void **state)
{
	struct lp_event_process_end event = record(SIGKILL);

	(void)state;
	feed_target();
	feed_loop(1, 0);
	feed_record(&event, 500 * MS);
	assert_int_equal(ends, 0);
	feed_end(LP_EVENT_END, 600 * MS, 0);
	assert_int_equal(ends, 1);
	assert_int_equal(ended.kind, LP_ENDING_KILLED);
}

static void a_stall_that_ended_before_is_not_cut_off(void **state)
{
	struct lp_event_process_end event = record(3 << 8);

	(void)state;
	feed_loop(1, 0);
	feed_name(1, 5, "fetch");
	feed_slow(1, 5, 10 * MS, 400 * MS, 1, 0);
	feed_loop_end(1, 500 * MS);
	event.ending.activity = LP_ACTIVITY_IDLE;
	event.ending.since_ns = START_NS + 400 * MS;
	feed_record(&event, 500 * MS);
	assert_int_equal(ended.kind, LP_ENDING_FAILED);
	assert_string_equal(ended.reason, "exit code 3");
	assert_string_equal(ended_name, "");
	assert_int_equal(ended.activity, LP_ACTIVITY_IDLE);
	assert_int_equal(ended.activity_ns, 100 * MS);
}

static void feed_stopped(uint32_t slot, enum lp_loop_stop reason, uint64_t stopped_ns, uint64_t ns)
{
	const struct lp_event_loop_stopped event = {
		.event = record_head(LP_EVENT_LOOP_STOPPED, sizeof(event)),
		.stopped_ns = START_NS + stopped_ns,
		.tid = 101,
		.reason = reason,
	};

	feed(&event, slot, ns);
}

static void a_loop_stops_in_a_stall_and_its_process_goes_on(void **state)
{
	(void)state;
	feed_loop(1, 0);
	feed_name(1, 5, "fetch");
	feed_slow(1, 5, 10 * MS, 500 * MS, 1, 0);
	feed_stopped(1, LP_LOOP_STOP_RUN, 500 * MS, 1500 * MS);
	assert_int_equal(stops, 1);
	assert_int_equal(stopped.reason, LP_LOOP_STOP_RUN);
	assert_int_equal(stopped.time_ns, START_NS + 500 * MS);
	assert_int_equal(stopped.ran_ns, 500 * MS);
	assert_string_equal(stopped_name, "fetch");
	assert_int_equal(stopped.stall_ns, 490 * MS);
	/* it runs again, and stops in no stall */
	feed_stopped(1, LP_LOOP_STOP_RUN, 1600 * MS, 2600 * MS);
	assert_int_equal(stops, 2);
	assert_string_equal(stopped_name, "");
}

static void the_thread_of_a_loop_ends_and_its_process_goes_on(void **state)
{
	(void)state;
	feed_loop(1, 0);
	feed_name(1, 5, "fetch");
	feed_slow(1, 5, 10 * MS, 500 * MS, 1, 0);
	feed_loop_end(1, 500 * MS);
	feed_stopped(LP_NO_LOOP, LP_LOOP_STOP_THREAD, 500 * MS, 1500 * MS);
	assert_int_equal(stops, 1);
	assert_int_equal(stopped.reason, LP_LOOP_STOP_THREAD);
	assert_string_equal(stopped_name, "fetch");
}

static void the_stop_of_a_loop_that_is_not_known_is_ignored(void **state)
{
	struct lp_event_loop_stopped event = {
		.event = record_head(LP_EVENT_LOOP_STOPPED, sizeof(event)),
		.reason = LP_LOOP_STOPS,
	};

	(void)state;
	feed_stopped(LP_NO_LOOP, LP_LOOP_STOP_THREAD, 500 * MS, 1500 * MS);
	assert_int_equal(stops, 0);
	assert_int_equal(model_take(model, &event.event), -EBADMSG);
}

static const struct {
	uint32_t status, out_of_memory;
	struct lp_signal kill, request, other;
	enum lp_ending_kind kind;
	const char *reason;
	bool matters;
} cases[] = {
	{ 0, 0, { 0 }, { 0 }, { 0 }, LP_ENDING_EXITED, "exit code 0", false },
	{ 0,
	  0,
	  { 0 },
	  { .time_ns = 1, .number = SIGTERM, .pid = 1, .comm = "init" },
	  { 0 },
	  LP_ENDING_EXITED,
	  "exit code 0 after SIGTERM from init",
	  true },
	{ SIGKILL,
	  1,
	  { .number = SIGKILL, .origin = LP_SIGNAL_BY_KERNEL },
	  { 0 },
	  { 0 },
	  LP_ENDING_OUT_OF_MEMORY,
	  "SIGKILL from the kernel: out of memory",
	  true },
	{ SIGKILL,
	  0,
	  { .number = SIGKILL, .origin = LP_SIGNAL_BY_NAMESPACE, .comm = "sh" },
	  { 0 },
	  { 0 },
	  LP_ENDING_KILLED,
	  "SIGKILL from the kernel, as its container's first process ended",
	  true },
	/* a core was dumped */
	{ SIGSEGV | 0x80,
	  0,
	  { 0 },
	  { 0 },
	  { .number = SIGSEGV, .origin = LP_SIGNAL_BY_KERNEL },
	  LP_ENDING_CRASHED,
	  "SIGSEGV",
	  true },
	{ SIGSEGV,
	  0,
	  { 0 },
	  { 0 },
	  { .number = SIGSEGV, .pid = 7, .comm = "kill" },
	  LP_ENDING_KILLED,
	  "SIGSEGV from kill",
	  true },
	{ SIGABRT,
	  0,
	  { 0 },
	  { .number = SIGABRT, .pid = PID, .comm = "app" },
	  { 0 },
	  LP_ENDING_CRASHED,
	  "SIGABRT",
	  true },
	{ SIGINT,
	  0,
	  { 0 },
	  { .number = SIGINT, .origin = LP_SIGNAL_BY_KERNEL },
	  { 0 },
	  LP_ENDING_KILLED,
	  "SIGINT from the terminal",
	  true },
	/* sent before the process was profiled */
	{ SIGTERM, 0, { 0 }, { 0 }, { 0 }, LP_ENDING_KILLED, "SIGTERM", true },
	{ 40,
	  0,
	  { 0 },
	  { 0 },
	  { .number = 40, .pid = 9, .comm = "a" },
	  LP_ENDING_KILLED,
	  "signal 40 from a",
	  true },
};

static void kinds_and_reasons(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lp_event_process_end event = record(cases[i].status);
		struct lp_process_end end;

		event.event.pid = PID;
		event.event.time_ns = START_NS;
		event.out_of_memory = cases[i].out_of_memory;
		event.ending.signals[LP_SIGNAL_KILL] = cases[i].kill;
		event.ending.signals[LP_SIGNAL_REQUEST] = cases[i].request;
		event.ending.signals[LP_SIGNAL_OTHER] = cases[i].other;
		if (event.ending.signals[LP_SIGNAL_REQUEST].time_ns)
			event.ending.signals[LP_SIGNAL_REQUEST].time_ns = START_NS - MS;
		endings_fill(&event, NULL, NULL, &end);
		assert_string_equal(end.reason, cases[i].reason);
		assert_int_equal(end.kind, cases[i].kind);
		assert_int_equal(text_ending_matters(&end), cases[i].matters);
	}
}

/* What a process names itself cannot fill the memory of loopprof. */
static void reasons_are_bounded(void **state)
{
	struct lp_endings endings = { .items = NULL };
	struct lp_summary summary = { .end_count = 0 };
	struct lp_process_end end = { .kind = LP_ENDING_KILLED };
	uint64_t sum = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(end.reason, sizeof(end.reason), "SIGKILL from %zu", i);
		end.kind = (enum lp_ending_kind)(i % LP_ENDING_KINDS);
		endings_count(&endings, &end);
	}
	assert_true(endings.count <= LP_ENDINGS_MAX + LP_ENDING_KINDS);
	endings_begin_interval(&endings);
	endings_count(&endings, &end);
	endings_summarise(&endings, true, &summary);
	assert_int_equal(summary.end_count, 1);
	assert_int_equal(summary.ends[0].count, 1);
	free(summary.ends);
	summary = (struct lp_summary){ .end_count = 0 };
	endings_summarise(&endings, false, &summary);
	for (i = 0; i < summary.end_count; i++)
		sum += summary.ends[i].count;
	assert_int_equal(sum, 1001);
	free(summary.ends);
	endings_free(&endings);
}

static void impossible_records_are_refused(void **state)
{
	struct lp_event_process_end event = record(0);

	(void)state;
	event.ending.signals[LP_SIGNAL_OTHER].origin = LP_SIGNAL_ORIGINS;
	assert_int_equal(model_take(model, &event.event), -EBADMSG);
	event = record(0);
	event.ending.activity = LP_ACTIVITIES;
	assert_int_equal(model_take(model, &event.event), -EBADMSG);
	event = record(0);
	event.ending.since_ns = event.event.time_ns + 1;
	assert_int_equal(model_take(model, &event.event), -ERANGE);
	assert_int_equal(ends, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed_during_a_stall, begin, free_model),
		cmocka_unit_test_setup_teardown(a_process_ends_once, begin, free_model),
		cmocka_unit_test_setup_teardown(an_end_that_names_a_loop_without_an_end, begin,
						free_model),
		cmocka_unit_test_setup_teardown(a_stall_that_ended_before_is_not_cut_off, begin,
						free_model),
		cmocka_unit_test_setup_teardown(a_loop_stops_in_a_stall_and_its_process_goes_on,
						begin, free_model),
		cmocka_unit_test_setup_teardown(the_thread_of_a_loop_ends_and_its_process_goes_on,
						begin, free_model),
		cmocka_unit_test_setup_teardown(the_stop_of_a_loop_that_is_not_known_is_ignored,
						begin, free_model),
		cmocka_unit_test(kinds_and_reasons),
		cmocka_unit_test(reasons_are_bounded),
		cmocka_unit_test_setup_teardown(impossible_records_are_refused, begin, free_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
