// SPDX-License-Identifier: BSD-2-Clause
/* Which loop a stall or finding belongs to, and sentences with a number in them. */
#include "text_fixture.h"

#include "sinks/losses.h"
#include "sinks/text/stall.h"
#include "wire/wire.h"
#include "runtime/registry.h"

static const struct lp_loop_info worker = { .id = 2, .pid = 77, .tid = 79, .comm = "uvicorn" };
static const struct lp_loop_info elsewhere = {
	.id = 3, .pid = 42, .tid = 43, .comm = "gunicorn", .host = "web-2"
};
static const struct lp_loop_info grouped = {
	.id = 1, .comm = "web", .folded = true, .grouped = true
};
static const struct lp_run_end end;

static struct lp_slow_callback slow_of(const struct lp_loop_info *of)
{
	return (struct lp_slow_callback){ .loop = of,
					  .callback = &report,
					  .duration_ns = 312 * MS,
					  .queue_delay_ns = LP_NO_QUEUE_DELAY };
}

static void with_one_loop_a_stall_does_not_name_it(void **state)
{
	struct lp_sink *sink = open_sink(&wide, false);
	struct lp_slow_callback slow = slow_of(&loop);

	(void)state;
	sink->observer.loop(sink, &loop);
	sink->observer.slow(sink, &slow);
	assert_null(strstr(written(sink, wide.columns), "pid"));
}

/* The line stands right below the first one, in every block. */
static void with_two_loops_each_block_says_whose_it_is(void **state)
{
	const struct lp_finding finding = { .loop = &loop,
					    .kind = LP_FINDING_NEVER_AWAITED,
					    .name = "refresh",
					    .file = "",
					    .task_name = "",
					    .exception_type = "",
					    .exception_message = "" };
	struct lp_slow_iteration iteration = { .loop = &worker,
					       .duration_ns = 200 * MS,
					       .callbacks = 3 };
	struct lp_slow_callback slow = slow_of(&worker), running = slow_of(&loop);
	struct lp_finding lost = finding;
	struct lp_sink *sink = open_sink(&wide, false);
	const char *text;

	(void)state;
	running.in_progress = true;
	running.duration_ns = 2000 * MS;
	lost.loop = NULL;
	lost.pid = 81;
	sink->observer.loop(sink, &loop);
	sink->observer.loop(sink, &worker);
	sink->observer.slow(sink, &slow);
	sink->observer.slow(sink, &running);
	sink->observer.slow_iteration(sink, &iteration);
	sink->observer.finding(sink, &finding);
	sink->observer.finding(sink, &lost);
	text = written(sink, wide.columns);
	assert_non_null(strstr(text, "312 ms  handle_report (app/views.py:88)\n"
				     "    in loop 2, uvicorn pid 77 thread 79\n"));
	assert_non_null(strstr(text, "after 2.00 s  handle_report (app/views.py:88)\n"
				     "    in loop 1, gunicorn pid 42 thread 43\n"));
	assert_non_null(strstr(text, "none slow by itself\n"
				     "    in loop 2, uvicorn pid 77 thread 79\n"));
	assert_non_null(strstr(text, "refresh\n    in loop 1, gunicorn pid 42 thread 43\n"));
	assert_non_null(strstr(text, "refresh\n    in pid 81\n"));
}

static void a_stall_in_an_eager_task_is_that_tasks_and_names_the_creator(void **state)
{
	const struct lp_eager_info eager = {
		.callback = { .name = "load", .file = "/srv/app/load.py", .line = 7 },
		.task_name = "profile-3",
	};
	struct lp_sink *sink = open_sink(&wide, false);
	struct lp_slow_callback slow = slow_of(&loop);

	(void)state;
	slow.eager = &eager;
	sink->observer.loop(sink, &loop);
	sink->observer.slow(sink, &slow);
	assert_non_null(strstr(written(sink, wide.columns),
			       "312 ms  load  task 'profile-3' (app/load.py:7)\n"
			       "    started eagerly by handle_report (app/views.py:88)\n"));
}

static void a_stall_in_several_eager_tasks_is_the_callbacks_own(void **state)
{
	const struct lp_eager_info eager = {
		.callback = { .name = "load", .file = "/srv/app/load.py", .line = 7 },
		.task_name = "profile-3",
		.several = true,
	};
	struct lp_sink *sink = open_sink(&wide, false);
	struct lp_slow_callback slow = slow_of(&loop);
	const char *text;

	(void)state;
	slow.eager = &eager;
	sink->observer.loop(sink, &loop);
	sink->observer.slow(sink, &slow);
	text = written(sink, wide.columns);
	assert_non_null(strstr(text, "312 ms  handle_report"));
	assert_non_null(strstr(text, "    with several eager tasks, at last load  task 'profile-3' "
				     "(app/load.py:7)\n"));
}

static void loops_of_several_hosts_have_the_host(void **state)
{
	struct lp_slow_callback slow = slow_of(&elsewhere);
	struct lp_loop_summary loops[] = { { .loop = &loop }, { .loop = &elsewhere } };
	struct lp_summary total = { .loop_count = 2, .loops = loops };
	struct lp_sink *sink = open_sink(&wide, false);
	const char *text;

	(void)state;
	sink->observer.loop(sink, &loop);
	sink->observer.loop(sink, &elsewhere);
	sink->observer.slow(sink, &slow);
	sink->observer.end(sink, &total, &end);
	text = written(sink, wide.columns);
	assert_non_null(strstr(text, "    in loop 3, gunicorn pid 42 thread 43 on web-2\n"));
	assert_non_null(strstr(text, "\nloop 3, gunicorn pid 42 thread 43 on web-2: "));
}

static const char *stop_of(uint64_t ran_ns, const struct lp_callback_info *callback)
{
	const struct lp_loop_stop_report stop = {
		.loop = &worker,
		.reason = callback ? LP_LOOP_STOP_THREAD : LP_LOOP_STOP_RUN,
		.ran_ns = ran_ns,
		.callback = callback,
		.task_name = "",
		.stall_ns = 303 * MS,
	};
	struct lp_sink *sink = open_sink(&wide, false);

	sink->observer.loop_stopped(sink, &stop);
	return written(sink, wide.columns);
}

static void a_loop_that_ends_alone_is_named_if_it_ran_long_or_ended_in_a_stall(void **state)
{
	(void)state;
	assert_non_null(strstr(stop_of(9310 * MS, NULL),
			       "  loop ended  uvicorn (pid 77), thread 79\n"
			       "    its thread goes on without it\n"
			       "    it had run for 9.31 s\n"));
	assert_string_equal(stop_of(999 * MS, NULL), "");
	assert_non_null(strstr(stop_of(310 * MS, &report),
			       "thread 79\n"
			       "    after a stall of 303 ms  handle_report (app/views.py:88)\n"
			       "    its thread has ended, and the process goes on\n"));
}

static void a_group_of_loops_has_no_numbers(void **state)
{
	struct lp_loop_info other = grouped;
	struct lp_slow_callback slow = slow_of(&grouped);
	struct lp_sink *sink = open_sink(&wide, false);

	(void)state;
	other.id = 2;
	sink->observer.loop(sink, &grouped);
	sink->observer.loop(sink, &other);
	sink->observer.slow(sink, &slow);
	assert_non_null(strstr(written(sink, wide.columns), "\n    in web\n"));
}

/* Prints a stall of a task that a framework runs, whose own line has called a package. */
static const char *named_by(const struct lp_shown_frame *handler, const struct lp_shown_frame *own,
			    const char *task)
{
	static const struct lp_callback_info start = { LP_MODEL_TASK, "RequestHandler.start",
						       "/v/site-packages/aiohttp/web_protocol.py",
						       430 };
	struct lp_slow_callback slow = slow_of(&loop);
	struct lp_sink *sink = open_sink(&wide, false);

	slow.callback = &start;
	slow.task = 0x10;
	strcpy(slow.task_name, task);
	slow.handler = handler;
	slow.own = own;
	slow.package_call = FRAME("AsyncClient.get", "/v/site-packages/httpx/_client.py", 7);
	sink->observer.slow(sink, &slow);
	return written(sink, wide.columns);
}

static void a_stall_is_named_by_its_handler_and_what_that_has_called(void **state)
{
	const struct lp_shown_frame *handler = COROUTINE("buy", "/srv/app/o.py", 21);

	(void)state;
	assert_string_equal(named_by(handler, handler, "T-7"),
			    "12:01:07.312    312 ms  buy  task 'T-7' (app/o.py:21, in httpx "
			    "AsyncClient.get)\n"
			    "    run by RequestHandler.start (aiohttp/web_protocol.py:430)\n");
	assert_string_equal(named_by(handler, handler, "Task-4711"),
			    "12:01:07.312    312 ms  buy  task 'Task-4711' (app/o.py:21)\n"
			    "    at app/o.py:21, in httpx AsyncClient.get\n"
			    "    run by RequestHandler.start (aiohttp/web_protocol.py:430)\n");
	/* a function of the handler has called the package */
	assert_string_equal(named_by(handler, FRAME("rates", "/srv/app/db.py", 3), "T-7"),
			    "12:01:07.312    312 ms  buy  task 'T-7' (app/o.py:21)\n"
			    "    at app/db.py:3, in httpx AsyncClient.get\n"
			    "    run by RequestHandler.start (aiohttp/web_protocol.py:430)\n");
}

static const char *held_up(uint32_t callbacks, uint32_t events)
{
	struct lp_slow_callback slow = slow_of(&loop);
	struct lp_sink *sink = open_sink(&wide, false);

	slow.delayed_callbacks = callbacks;
	slow.delayed_events = events;
	sink->observer.slow(sink, &slow);
	return written(sink, wide.columns);
}

static void what_was_not_held_up_is_not_mentioned(void **state)
{
	(void)state;
	assert_null(strstr(held_up(0, 0), "held up"));
	assert_non_null(strstr(held_up(0, 2), "    held up 2 ready events\n"));
	assert_non_null(strstr(held_up(1, 0), "    held up 1 callback\n"));
	assert_non_null(strstr(held_up(3, 1), "    held up 3 callbacks and 1 ready event\n"));
}

static const char *iteration_of(uint32_t callbacks, uint32_t slow_callbacks)
{
	struct lp_slow_iteration slow = { .loop = &loop,
					  .duration_ns = 200 * MS,
					  .callbacks = callbacks,
					  .slow_callbacks = slow_callbacks };
	struct lp_sink *sink = open_sink(&wide, false);

	sink->observer.slow_iteration(sink, &slow);
	return written(sink, wide.columns);
}

static void callbacks_besides_slow_ones_are_counted_without_them(void **state)
{
	(void)state;
	assert_non_null(strstr(iteration_of(5, 2), "3 callbacks in one iteration, besides 2 slow"));
	assert_non_null(strstr(iteration_of(2, 1), "1 callback in one iteration, besides 1 slow"));
	assert_non_null(strstr(iteration_of(2, 2), "between its callbacks, besides 2 slow"));
}

/* In sample mode callbacks that ran between two samples are not known. */
static void sampled_callbacks_are_a_lower_bound(void **state)
{
	const struct lp_slow_iteration slow = {
		.loop = &loop,
		.duration_ns = 200 * MS,
		.callbacks = 3,
		.top = { { .callback = &report, .count = 3, .total_ns = 150 * MS } },
		.top_count = 1
	};
	char text[1000] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(file);
	text_stall_print_iteration(file, &wide, &(struct lp_text_loops){ 0 }, &slow, true);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "at least 3 callbacks in one iteration, none slow"));
	assert_non_null(strstr(text, " 3+ x  150 ms  "));
}

static void a_single_loss_is_in_the_singular(void **state)
{
	char text[LP_LOSS_TEXT_MAX];
	size_t kind;

	(void)state;
	loss_text(text, sizeof(text), LP_LOST_UNREADABLE, 1);
	assert_non_null(strstr(text, "1 process could not be read"));
	loss_text(text, sizeof(text), LP_LOST_UNREADABLE, 2);
	assert_non_null(strstr(text, "2 processes could not be read"));
	loss_text(text, sizeof(text), LP_LOST_LIFETIMES, 1);
	assert_non_null(strstr(text, "1 task is missing"));
	for (kind = 0; kind < LP_LOST_KINDS; kind++) {
		loss_text(text, sizeof(text), kind, UINT64_MAX);
		/* cut sentences have no last letter */
		assert_in_range(strlen(text), 40, sizeof(text) - 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_one_loop_a_stall_does_not_name_it),
		cmocka_unit_test(with_two_loops_each_block_says_whose_it_is),
		cmocka_unit_test(a_stall_in_an_eager_task_is_that_tasks_and_names_the_creator),
		cmocka_unit_test(a_stall_in_several_eager_tasks_is_the_callbacks_own),
		cmocka_unit_test(loops_of_several_hosts_have_the_host),
		cmocka_unit_test(
			a_loop_that_ends_alone_is_named_if_it_ran_long_or_ended_in_a_stall),
		cmocka_unit_test(a_group_of_loops_has_no_numbers),
		cmocka_unit_test(a_stall_is_named_by_its_handler_and_what_that_has_called),
		cmocka_unit_test(what_was_not_held_up_is_not_mentioned),
		cmocka_unit_test(callbacks_besides_slow_ones_are_counted_without_them),
		cmocka_unit_test(sampled_callbacks_are_a_lower_bound),
		cmocka_unit_test(a_single_loss_is_in_the_singular),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, use_utc, NULL);
}
