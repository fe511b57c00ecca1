// SPDX-License-Identifier: BSD-2-Clause
/* The lines of slow callbacks and iterations, and their stacks. */
#include "json_fixture.h"

#include <sys/syscall.h>

#define FETCH_BEGIN                                                                                \
	"{\"type\":\"slow_callback\",\"loop_id\":1,\"start_ns\":1000,\"duration_ns\":312400000,"
#define FETCH_CALLBACK                                                                             \
	"\"callback\":{\"kind\":\"task\",\"name\":\"fetch\",\"file\":\"/app/db.py\",\"line\":41,"  \
	"\"task\":\"GET /\",\"task_id\":\"0x7f00deadbeef\"},"

static const struct lp_stack whole =
	STACK(KERNEL("tcp_recvmsg", ""), NATIVE("recv", "/lib/libc.so.6"),
	      FRAME("execute", "/app/db.py", 41), COROUTINE("handle", NULL, 0));
static const struct lp_stack python =
	STACK(FRAME("execute", "/app/db.py", 41), COROUTINE("handle", NULL, 0));
static const struct lp_stack outer = STACK(COROUTINE("handle", "", 0));

static struct lp_slow_callback slow_fetch(const struct lp_breakdown *breakdown)
{
	return (struct lp_slow_callback){
		.loop = &loop,
		.callback = &task_info,
		.start_ns = 1000,
		.duration_ns = 312400000,
		.queue_delay_ns = LP_NO_QUEUE_DELAY,
		.task = 0x7f00deadbeef,
		.task_name = "GET /",
		.breakdown = *breakdown,
	};
}

static void expect_slow(const struct lp_slow_callback *slow, const char *wanted)
{
	struct lp_sink *sink = open_sink();

	sink->observer.slow(sink, slow);
	assert_string_equal(written(), wanted);
	close_sink(sink);
}

/* Fails if the line of a slow callback with this breakdown does not contain the text. */
static void expect_in_slow(const struct lp_breakdown *breakdown, const char *wanted)
{
	struct lp_slow_callback slow = slow_fetch(breakdown);
	struct lp_sink *sink = open_sink();

	sink->observer.slow(sink, &slow);
	if (!strstr(written(), wanted))
		fail_msg("no %s in %s", wanted, written());
	close_sink(sink);
}

static void a_stall_of_a_wrapper_has_its_handler(void **state)
{
	const struct lp_breakdown breakdown = { .sample_count = 0 };
	struct lp_slow_callback slow = slow_fetch(&breakdown);

	(void)state;
	slow.handler = python.frames[1];
	slow.own = python.frames[0];
	slow.package_call = python.frames[0];
	expect_slow(&slow,
		    FETCH_BEGIN "\"in_progress\":false," FETCH_CALLBACK
				"\"handler\":{\"function\":\"handle\",\"file\":\"\",\"line\":0,"
				"\"kind\":\"python\"},"
				"\"own\":{\"function\":\"execute\",\"file\":\"/app/db.py\","
				"\"line\":41,\"kind\":\"python\"},"
				"\"package_call\":{\"function\":\"execute\",\"file\":\"/app/"
				"db.py\",\"line\":41,\"kind\":\"python\"},"
				"\"time\":null,\"blocked\":[],\"samples\":[],\"gil\":null,"
				"\"delayed\":null,\"await_chain\":[]}\n");
}

static void a_slow_task_has_why_it_was_slow_and_who_waited(void **state)
{
	struct lp_blocked blocked[] = { { "recvfrom", "tcp 10.0.3.7:5432", "", 311900000, 2, whole,
					  NO_SLEEP, "", "", 0, false } };
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .gc_known = true,
			  .on_cpu_ns = 500000,
			  .blocked_ns = 311900000,
			  .gil_ns = 3,
			  .run_queue_ns = 4,
			  .gc_ns = 5 },
		.blocked_count = 1,
		.blocked = blocked,
		.await_chain = outer,
	};
	struct lp_slow_callback slow = slow_fetch(&breakdown);

	(void)state;
	slow.delayed_known = true;
	slow.delayed_callbacks = 41;
	slow.delayed_events = 6;
	expect_slow(&slow, FETCH_BEGIN
		    "\"in_progress\":false," FETCH_CALLBACK
		    "\"time\":{\"on_cpu_ns\":500000,\"blocked_ns\":311900000,\"gil_ns\":3,"
		    "\"run_queue_ns\":4,\"gc_ns\":5},"
		    "\"blocked\":[{\"syscall\":\"recvfrom\",\"duration_ns\":311900000,\"count\":2,"
		    "\"target\":\"tcp 10.0.3.7:5432\",\"stack\":[" JSON_TCP "," JSON_RECV
		    "," JSON_EXECUTE "," JSON_HANDLE "]}],"
		    "\"samples\":[],\"gil\":null,\"delayed\":{\"callbacks\":41,\"events\":6},"
		    "\"await_chain\":[" JSON_HANDLE "]}\n");
}

static void a_callback_that_still_runs_is_in_progress(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 312400000 } };
	struct lp_slow_callback slow = slow_fetch(&breakdown);

	(void)state;
	slow.in_progress = true;
	expect_slow(&slow,
		    FETCH_BEGIN "\"in_progress\":true," FETCH_CALLBACK
				"\"time\":{\"on_cpu_ns\":312400000,\"blocked_ns\":0,\"gil_ns\":0,"
				"\"run_queue_ns\":0,\"gc_ns\":null},\"blocked\":[],\"samples\":[],"
				"\"gil\":null,\"delayed\":null,\"await_chain\":[]}\n");
}

static void a_callback_that_began_before_the_attach_has_a_flag(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 312400000 } };
	struct lp_slow_callback slow = slow_fetch(&breakdown);

	(void)state;
	slow.began_before = true;
	expect_slow(&slow,
		    FETCH_BEGIN "\"in_progress\":false,\"began_before\":true," FETCH_CALLBACK
				"\"time\":{\"on_cpu_ns\":312400000,\"blocked_ns\":0,\"gil_ns\":0,"
				"\"run_queue_ns\":0,\"gc_ns\":null},\"blocked\":[],\"samples\":[],"
				"\"gil\":null,\"delayed\":null,\"await_chain\":[]}\n");
}

static void a_task_that_runs_in_the_callback_is_named_beside_it(void **state)
{
	struct lp_breakdown breakdown = { .sample_count = 0 };
	struct lp_slow_callback slow = slow_fetch(&breakdown);
	const struct lp_eager_info eager = {
		.callback = { .name = "load", .file = "/app/load.py", .line = 7 },
		.task_name = "profile-3",
	};
	struct lp_sink *sink = open_sink();

	(void)state;
	slow.eager = &eager;
	sink->observer.slow(sink, &slow);
	assert_non_null(strstr(written(),
			       "},\"eager_task\":{\"name\":\"load\",\"file\":\"/app/load.py\","
			       "\"line\":7,\"task\":\"profile-3\"},\"time\":"));
	close_sink(sink);
}

static void each_sample_has_its_cause(void **state)
{
	struct lp_sample samples[] = {
		{ 30, LP_SAMPLE_ON_CPU, true, python },
		{ 2, LP_SAMPLE_GIL, false, outer },
		{ 1, LP_SAMPLE_RUN_QUEUE, false, outer },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true },
		.sample_count = 3,
		.samples = samples,
	};

	(void)state;
	expect_in_slow(&breakdown, ",\"samples\":[{\"count\":30,\"cause\":\"on_cpu\","
				   "\"collecting\":true,\"stack\":[" JSON_EXECUTE "," JSON_HANDLE
				   "]},{\"count\":2,\"cause\":\"gil\",\"collecting\":false,"
				   "\"stack\":[" JSON_HANDLE "]},"
				   "{\"count\":1,\"cause\":\"run_queue\",\"collecting\":false,"
				   "\"stack\":[" JSON_HANDLE "]}],\"gil\":null,");
}

static void samples_of_older_captures_have_no_cause(void **state)
{
	struct lp_sample samples[] = { { .count = 30, .stack = outer } };
	struct lp_breakdown breakdown = { .sample_count = 1, .samples = samples };

	(void)state;
	expect_in_slow(&breakdown,
		       "\"time\":null,\"blocked\":[],\"samples\":[{\"count\":30,"
		       "\"cause\":null,\"collecting\":null,\"stack\":[" JSON_HANDLE "]}],");
}

static void the_name_that_a_server_was_asked_for_is_written_if_it_is_known(void **state)
{
	struct lp_blocked blocked = { .syscall = "poll",
				      .target = "udp 10.0.0.2:53",
				      .dns_name = "api.example.org",
				      .duration_ns = 5,
				      .count = 1 };
	struct lp_breakdown breakdown = { .blocked_count = 1, .blocked = &blocked };

	(void)state;
	expect_in_slow(&breakdown,
		       "\"target\":\"udp 10.0.0.2:53\",\"dns_name\":\"api.example.org\","
		       "\"stack\":[]");
}

static void whom_it_waited_for_is_written_if_it_is_known(void **state)
{
	struct lp_other_end end = { .kind = LP_OTHER_END_CHILD,
				    .syscall = SYS_wait4,
				    .file = { .descriptor = -1 },
				    .count = 1,
				    .processes = { { .pid = 9,
						     .syscall = -1,
						     .comm = "gcc",
						     .state = 'R',
						     .file = { .descriptor = -1 } } } };
	struct lp_breakdown breakdown = {
		.holder = { .known = true, .thread = "saver", .tid = 44, .stack = python },
		.end = &end,
	};

	(void)state;
	expect_in_slow(&breakdown, "\"held_by\":{\"thread\":\"saver\",\"tid\":44,"
				   "\"own_loop\":false,\"is_task\":false,\"result\":false,"
				   "\"since_ns\":null,\"stack\":[");
	breakdown.holder.is_task = breakdown.holder.own_loop = true;
	breakdown.holder.since_ns = 7;
	expect_in_slow(&breakdown, "\"own_loop\":true,\"is_task\":true,\"result\":false,"
				   "\"since_ns\":7,\"stack\":[");
	expect_in_slow(&breakdown,
		       "\"stands_in\":{\"syscall\":\"wait4\",\"kind\":\"child\","
		       "\"descriptor\":null,\"resource\":null,\"processes\":[{\"pid\":9,"
		       "\"comm\":\"gcc\",\"state\":\"R\",\"syscall\":null,\"descriptor\":null,"
		       "\"resource\":null,\"waits_for_this\":false}],\"process_count\":1,"
		       "\"itself\":false},");
}

static void who_ended_its_wait_is_written_if_it_is_known(void **state)
{
	struct lp_blocked blocked[] = {
		{ .syscall = "futex", .duration_ns = 9, .count = 1, .target = "lock 0x7f" },
		{ .syscall = "futex", .duration_ns = 8, .count = 1, .woken = true },
	};
	struct lp_breakdown breakdown = {
		.blocked_count = 2,
		.blocked = blocked,
		.waker = { .known = true, .thread = "writer", .tid = 45, .stack = python },
	};

	(void)state;
	expect_in_slow(&breakdown, "\"target\":\"lock 0x7f\",\"stack\":[]},{");
	expect_in_slow(&breakdown,
		       "\"target\":null,\"stack\":[],\"woken_by\":{\"thread\":"
		       "\"writer\",\"tid\":45,\"stack\":[" JSON_EXECUTE "," JSON_HANDLE "]}}],");
	breakdown.waker = (struct lp_waker){ .known = true, .thread = "pool" };
	expect_in_slow(&breakdown, "\"woken_by\":{\"thread\":\"pool\",\"tid\":null,"
				   "\"stack\":[]}}],");
}

static void a_wait_for_the_gil_names_its_holder_as_far_as_known(void **state)
{
	struct lp_breakdown breakdown = {
		.gil = { .known = true, .thread = "Thread-3", .tid = 44, .stack = python },
	};

	(void)state;
	expect_in_slow(&breakdown, ",\"gil\":{\"thread\":\"Thread-3\",\"tid\":44,"
				   "\"stack\":[" JSON_EXECUTE "," JSON_HANDLE "]},");
	breakdown.gil.tid = 0;
	breakdown.gil.stack = (struct lp_stack){ .unreadable = true };
	expect_in_slow(&breakdown, ",\"gil\":{\"thread\":\"Thread-3\",\"tid\":null,\"stack\":[],"
				   "\"stack_unreadable\":true},");
}

static void a_stack_says_what_it_lacks(void **state)
{
	struct lp_blocked blocked[] = { { "fsync", "", "", 7, 1, outer, NO_SLEEP, "", "", 0,
					  false } };
	struct lp_sample samples[] = { { 1, LP_SAMPLE_ON_CPU, false, outer } };
	struct lp_breakdown breakdown = {
		.time = { .known = true },
		.blocked_count = 1,
		.blocked = blocked,
		.sample_count = 1,
		.samples = samples,
		.await_chain = outer,
	};

	(void)state;
	blocked[0].stack.cut = true;
	samples[0].stack.unreadable = true;
	breakdown.await_chain.cut = true;
	expect_in_slow(&breakdown,
		       "\"target\":null,\"stack\":[" JSON_HANDLE "],\"stack_cut\":true}]");
	expect_in_slow(&breakdown, "\"stack\":[" JSON_HANDLE "],\"stack_unreadable\":true}]");
	expect_in_slow(&breakdown, "\"await_chain\":[" JSON_HANDLE "],\"await_chain_cut\":true}\n");
}

static void calls_that_found_no_space_are_summed_up(void **state)
{
	struct lp_blocked blocked[] = {
		{ "fsync", "/x", "", 7, 1, outer, NO_SLEEP, "fuse", "", 0, false },
		{ "read", "/y", "", 6, 1, outer, NO_SLEEP, "", "", 0, false }
	};
	struct lp_breakdown breakdown = {
		.blocked_count = 2,
		.blocked = blocked,
		.blocked_dropped = 9,
		.blocked_dropped_ns = 1234,
	};

	(void)state;
	expect_in_slow(&breakdown, "\"target\":\"/x\",\"file_system\":\"fuse\",\"stack\":[");
	expect_in_slow(&breakdown, "]},{\"syscall\":\"read\",\"duration_ns\":6,\"count\":1,");
	expect_in_slow(&breakdown,
		       "],\"blocked_beyond\":{\"count\":9,\"duration_ns\":1234},\"samples\":[");
}

static void what_is_not_known_of_a_slow_callback_is_null(void **state)
{
	struct lp_slow_callback slow = { .loop = &loop,
					 .callback = &builtin_info,
					 .task_name = "x" };

	(void)state;
	expect_slow(&slow, "{\"type\":\"slow_callback\",\"loop_id\":1,\"start_ns\":0,"
			   "\"duration_ns\":0,\"in_progress\":false,"
			   "\"callback\":{\"kind\":\"callback\",\"name\":\"Future.set\","
			   "\"file\":\"\",\"line\":0,\"task\":null,\"task_id\":null},"
			   "\"time\":null,\"blocked\":[],\"samples\":[],\"gil\":null,"
			   "\"delayed\":null,\"await_chain\":[]}\n");
}

static void a_slow_iteration_has_its_greatest_callbacks_and_why(void **state)
{
	struct lp_sample samples[] = { { 3, LP_SAMPLE_GIL, false, outer } };
	struct lp_slow_iteration slow = {
		.loop = &loop,
		.start_ns = 1000,
		.duration_ns = 120000000,
		.slow_ns = 300000000,
		.callbacks = 12,
		.top_count = 2,
		.top = { { &task_info, 10, 100000000 }, { &builtin_info, 1, 5 } },
		.breakdown = { .time = { .known = true, .on_cpu_ns = 1, .gil_ns = 2 },
			       .sample_count = 1,
			       .samples = samples,
			       .gil = { .known = true, .thread = "t", .tid = 4, .stack = outer } },
	};
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.slow_iteration(sink, &slow);
	assert_string_equal(written(),
			    "{\"type\":\"slow_iteration\",\"loop_id\":1,\"start_ns\":1000,"
			    "\"duration_ns\":120000000,\"in_progress\":false,"
			    "\"end_ns\":420001000,\"callbacks\":12,"
			    "\"top\":[{\"name\":\"fetch\",\"file\":\"/app/db.py\",\"line\":41,"
			    "\"count\":10,\"total_ns\":100000000},"
			    "{\"name\":\"Future.set\",\"file\":\"\",\"line\":0,\"count\":1,"
			    "\"total_ns\":5}],"
			    "\"time\":{\"on_cpu_ns\":1,\"blocked_ns\":0,\"gil_ns\":2,"
			    "\"run_queue_ns\":0,\"gc_ns\":null},\"blocked\":[],"
			    "\"samples\":[{\"count\":3,\"cause\":\"gil\",\"collecting\":false,"
			    "\"stack\":[" JSON_HANDLE "]}],"
			    "\"gil\":{\"thread\":\"t\",\"tid\":4,\"stack\":[" JSON_HANDLE "]}}\n");
	close_sink(sink);
}

static void an_iteration_that_still_runs_is_in_progress(void **state)
{
	struct lp_slow_iteration slow = { .loop = &loop, .in_progress = true };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.slow_iteration(sink, &slow);
	assert_string_equal(written(), "{\"type\":\"slow_iteration\",\"loop_id\":1,\"start_ns\":0,"
				       "\"duration_ns\":0,\"in_progress\":true,\"end_ns\":0,"
				       "\"callbacks\":0,"
				       "\"top\":[],\"time\":null,\"blocked\":[],\"samples\":[],"
				       "\"gil\":null}\n");
	close_sink(sink);
}

static void a_task_whose_name_is_unreadable_keeps_its_id(void **state)
{
	struct lp_slow_callback slow = { .loop = &loop, .callback = &task_info, .task = 16 };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.slow(sink, &slow);
	assert_non_null(strstr(written(), "\"task\":null,\"task_id\":\"0x10\"}"));
	close_sink(sink);
}

static void what_a_file_has_no_space_for_is_counted_by_kind(void **state)
{
	static struct lp_blocked blocked[2000];
	struct lp_breakdown breakdown = { .blocked_count = 2000, .blocked = blocked };
	struct lp_slow_callback slow = slow_fetch(&breakdown);
	struct lp_slow_iteration iteration = { .loop = &loop, .breakdown = breakdown };
	static char text[16 << 20];
	struct lp_error error;
	struct lp_sink *sink;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++)
		blocked[i].stack = whole;
	snprintf(path, sizeof(path), "%s/loopprof-json-%d.json", "/tmp", getpid());
	assert_int_equal(json_format.open(path, NULL, &sink, &error), 0);
	for (i = 0; i < 30; i++)
		sink->observer.slow(sink, &slow);
	slow.in_progress = true;
	sink->observer.slow(sink, &slow);
	sink->observer.slow_iteration(sink, &iteration);
	sink->observer.end(sink, &nothing, &end);
	assert_int_equal(sink->close(sink), 0);
	assert_non_null(scratch_read(path, text, sizeof(text)));
	unlink(path);
	assert_non_null(strstr(text, ",\"omitted_slow_callbacks\":"));
	assert_non_null(
		strstr(text, ",\"omitted_slow_iterations\":1,\"omitted_in_progress\":1}\n"));
	assert_null(strstr(text, "\"omitted_lines\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stall_of_a_wrapper_has_its_handler),
		cmocka_unit_test(a_slow_task_has_why_it_was_slow_and_who_waited),
		cmocka_unit_test(a_callback_that_still_runs_is_in_progress),
		cmocka_unit_test(a_callback_that_began_before_the_attach_has_a_flag),
		cmocka_unit_test(a_task_that_runs_in_the_callback_is_named_beside_it),
		cmocka_unit_test(each_sample_has_its_cause),
		cmocka_unit_test(samples_of_older_captures_have_no_cause),
		cmocka_unit_test(the_name_that_a_server_was_asked_for_is_written_if_it_is_known),
		cmocka_unit_test(whom_it_waited_for_is_written_if_it_is_known),
		cmocka_unit_test(who_ended_its_wait_is_written_if_it_is_known),
		cmocka_unit_test(a_wait_for_the_gil_names_its_holder_as_far_as_known),
		cmocka_unit_test(a_stack_says_what_it_lacks),
		cmocka_unit_test(calls_that_found_no_space_are_summed_up),
		cmocka_unit_test(a_slow_iteration_has_its_greatest_callbacks_and_why),
		cmocka_unit_test(an_iteration_that_still_runs_is_in_progress),
		cmocka_unit_test(what_is_not_known_of_a_slow_callback_is_null),
		cmocka_unit_test(a_task_whose_name_is_unreadable_keeps_its_id),
		cmocka_unit_test(what_a_file_has_no_space_for_is_counted_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
