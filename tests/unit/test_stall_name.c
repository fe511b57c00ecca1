// SPDX-License-Identifier: BSD-2-Clause
/* What a stall is called, and the line at which the program stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/stall_name.h"
#include "stall_fixture.h"
#include "runtime/registry.h"

#define SITE "/v/lib/python3.12/site-packages/"

static const struct lp_callback_info start = { LP_MODEL_TASK, "RequestHandler.start",
					       SITE "aiohttp/web_protocol.py", 430 };
static const struct lp_callback_info ready = { LP_MODEL_CALLBACK, "_Transport._read_ready",
					       "/usr/lib/python3.12/asyncio/selector_events.py",
					       9 };
static const struct lp_callback_info later = { LP_MODEL_CALLBACK, "main.<locals>.<lambda>",
					       "/srv/shop/main.py", 18 };
static const struct lp_callback_info worker = { LP_MODEL_TASK, "worker", "/srv/shop/main.py", 30 };
static const struct lp_callback_info poller = { LP_MODEL_CALLBACK, "Poller", "", 0 };

static struct lp_slow_callback named(const struct lp_callback_info *callback, struct lp_stack stack)
{
	static struct lp_blocked blocked;
	struct lp_slow_callback slow = { .callback = callback };

	blocked = (struct lp_blocked){ .count = 1, .duration_ns = 300 * MS, .stack = stack };
	slow.breakdown.time = (struct lp_times){ .known = true, .blocked_ns = 300 * MS };
	slow.breakdown.blocked_count = 1;
	slow.breakdown.blocked = &blocked;
	stall_name_set(&slow);
	return slow;
}

#define NAMED(callback, ...) named(callback, (struct lp_stack)STACK(__VA_ARGS__))

static void expect(const struct lp_shown_frame *frame, const char *function, uint32_t line)
{
	if (!function) {
		assert_null(frame);
		return;
	}
	assert_non_null(frame);
	assert_string_equal(frame->function, function);
	assert_int_equal(frame->line, line);
}

static void a_wrapper_gives_way_to_the_innermost_coroutine(void **state)
{
	struct lp_slow_callback slow =
		NAMED(&start, FRAME("send", SITE "httpx/_client.py", 7),
		      FRAME("get", SITE "httpx/_api.py", 5), FRAME("fetch", "/srv/shop/db.py", 21),
		      COROUTINE("handle", "/srv/shop/orders.py", 12),
		      COROUTINE("RequestHandler.start", SITE "aiohttp/web_protocol.py", 465));

	(void)state;
	expect(slow.handler, "handle", 12);
	expect(slow.own, "fetch", 21);
	expect(slow.package_call, "get", 5);
	slow = NAMED(&ready, FRAME("parse", "/srv/shop/feed.py", 3),
		     FRAME("Feed.data_received", "/srv/shop/feed.py", 9),
		     FRAME("_Transport._read_ready", ready.file, 11));
	expect(slow.handler, "parse", 3);
	expect(slow.package_call, NULL, 0);
}

static void a_task_written_in_python_gives_way_to_its_coroutine(void **state)
{
	static const struct lp_callback_info wakeup = { LP_MODEL_CALLBACK, "Task.__wakeup",
							"/usr/lib/python3.12/asyncio/tasks.py",
							337 };
	struct lp_slow_callback slow = NAMED(&wakeup, FRAME("parse", "/srv/shop/report.py", 3),
					     COROUTINE("report", "/srv/shop/report.py", 5),
					     FRAME("Task.__step", wakeup.file, 267),
					     FRAME("Task.__wakeup", wakeup.file, 350));

	(void)state;
	expect(slow.handler, "report", 5);
	expect(slow.own, "parse", 3);
}

static void a_lambda_gives_way_to_what_it_calls(void **state)
{
	struct lp_slow_callback slow =
		NAMED(&later, FRAME("refresh", "/srv/shop/main.py", 10),
		      FRAME("main.<locals>.<lambda>", "/srv/shop/main.py", 18));

	(void)state;
	expect(slow.handler, "refresh", 10);
	slow = NAMED(&later, FRAME("main.<locals>.<lambda>", "/srv/shop/main.py", 18));
	expect(slow.handler, NULL, 0);
}

static void the_program_s_own_callback_names_itself(void **state)
{
	struct lp_slow_callback slow = NAMED(&worker, FRAME("fetch", "/srv/shop/db.py", 21),
					     COROUTINE("worker", "/srv/shop/main.py", 31));

	(void)state;
	expect(slow.handler, NULL, 0);
	expect(slow.own, "fetch", 21);
	slow = NAMED(&poller, FRAME("Poller.__call__", "/srv/shop/main.py", 40));
	expect(slow.handler, NULL, 0);
	slow = named(&start, (struct lp_stack){ .depth = 0 });
	expect(slow.handler, NULL, 0);
	expect(slow.own, NULL, 0);
}

static void the_program_s_own_wrapper_gives_way_to_the_coroutine_that_it_awaits(void **state)
{
	static const struct lp_callback_info tick = { LP_MODEL_CALLBACK, "tick",
						      "/srv/shop/main.py", 50 };
	struct lp_slow_callback slow = NAMED(&worker, FRAME("parse", "/srv/shop/db.py", 8),
					     COROUTINE("fetch", "/srv/shop/db.py", 21),
					     COROUTINE("retry", SITE "tenacity/asyncio.py", 5),
					     COROUTINE("handle", "/srv/shop/orders.py", 12),
					     COROUTINE("worker", "/srv/shop/main.py", 31));

	(void)state;
	expect(slow.handler, "fetch", 21);
	expect(slow.own, "parse", 8);
	/* a function is no wrapper of what it calls */
	slow = NAMED(&tick, FRAME("parse", "/srv/shop/db.py", 8),
		     FRAME("tick", "/srv/shop/main.py", 51));
	expect(slow.handler, NULL, 0);
}

static void code_without_a_file_names_nothing(void **state)
{
	static const struct lp_callback_info generated = { LP_MODEL_TASK, "connection_task",
							   "connection_task", 1 };
	static const struct lp_callback_info typed = { LP_MODEL_TASK, "main", "<string>", 3 };
	struct lp_slow_callback slow =
		NAMED(&generated, COROUTINE("slow", "/srv/shop/main.py", 39),
		      COROUTINE("handle_request", "handle_request", 99),
		      COROUTINE("Http.http1", SITE "sanic/http/http1.py", 123),
		      COROUTINE("connection_task", "connection_task", 15));

	(void)state;
	expect(slow.handler, "slow", 39);
	/* that of "python -c" */
	slow = NAMED(&typed, FRAME("get", SITE "requests/api.py", 5),
		     COROUTINE("main", "<string>", 4));
	expect(slow.handler, NULL, 0);
	expect(slow.own, "main", 4);
	/* a method that a library has generated */
	slow = NAMED(&worker, FRAME("Order.__init__", "<string>", 3),
		     COROUTINE("worker", "/srv/shop/main.py", 31));
	expect(slow.own, "worker", 31);
}

static void code_that_a_library_compiled_names_no_stall(void **state)
{
	static const struct lp_callback_info make = { LP_MODEL_TASK, "make", SITE "shop/orders.py",
						      11 };
	struct lp_shown_frame init = { .kind = LP_FRAME_PYTHON,
				       .function = (char *)"__create_fn__.<locals>.__init__",
				       .file = (char *)"<string>",
				       .line = 4 };
	struct lp_shown_frame post = { .kind = LP_FRAME_PYTHON,
				       .function = (char *)"Order.__post_init__",
				       .file = (char *)(SITE "shop/orders.py"),
				       .line = 7 };
	struct lp_shown_frame coroutine = post;
	const struct lp_shown_frame *frames[] = { &post, &init, &coroutine };
	struct lp_slow_callback slow;

	(void)state;
	coroutine.function = (char *)"make";
	coroutine.coroutine = true;
	slow = named(&make, (struct lp_stack){ .frames = (const struct lp_shown_frame **)frames,
					       .depth = 3 });
	expect(slow.own, "__create_fn__.<locals>.__init__", 4);
	init.generated = true;
	slow = named(&make, (struct lp_stack){ .frames = (const struct lp_shown_frame **)frames,
					       .depth = 3 });
	expect(slow.own, "Order.__post_init__", 7);
	expect(slow.handler, NULL, 0);
}

static void of_an_installed_program_the_package_below_the_framework_counts(void **state)
{
	struct lp_slow_callback slow =
		NAMED(&start, FRAME("get", SITE "httpx/_api.py", 5),
		      FRAME("fetch", SITE "shop/db.py", 21),
		      COROUTINE("handle", SITE "shop/orders.py", 12),
		      COROUTINE("RequestHandler.start", SITE "aiohttp/web_protocol.py", 465));

	(void)state;
	expect(slow.handler, "handle", 12);
	expect(slow.own, "fetch", 21);
	expect(slow.package_call, "get", 5);
	/* what has started the loop is not what it runs */
	slow = NAMED(&start, FRAME("dumps", SITE "shop/db.py", 5),
		     COROUTINE("RequestHandler.start", SITE "aiohttp/web_protocol.py", 465),
		     FRAME("run", SITE "aiohttp/web.py", 3), FRAME("<module>", "/srv/main.py", 9));
	expect(slow.handler, "dumps", 5);
	expect(slow.own, "dumps", 5);
	slow = NAMED(&ready, FRAME("dumps", SITE "shop/db.py", 5),
		     FRAME("Runner.run", "/usr/lib/python3.12/asyncio/runners.py", 118),
		     FRAME("<module>", "/srv/main.py", 9));
	expect(slow.handler, "dumps", 5);
	/* only the framework and Python's library */
	slow = NAMED(&start, FRAME("dumps", "/usr/lib/python3.12/json/__init__.py", 5),
		     COROUTINE("RequestHandler.start", SITE "aiohttp/web_protocol.py", 465));
	expect(slow.handler, NULL, 0);
	slow = NAMED(&ready, FRAME("read", ready.file, 7));
	expect(slow.handler, NULL, 0);
	expect(slow.own, NULL, 0);
}

static void an_eager_task_of_a_package_gives_way_to_its_handler(void **state)
{
	static const struct lp_eager_info handles = {
		.callback = { LP_MODEL_TASK, "RequestHandler._handle",
			      SITE "aiohttp/web_protocol.py", 567 },
		.task_name = "T-2",
	};
	static const struct lp_eager_info own = {
		.callback = { LP_MODEL_TASK, "query", "/srv/shop/db.py", 20 },
		.task_name = "T-3",
	};
	struct lp_slow_callback slow =
		NAMED(&start, COROUTINE("handle", "/srv/shop/orders.py", 12),
		      COROUTINE("RequestHandler._handle", SITE "aiohttp/web_protocol.py", 577),
		      COROUTINE("RequestHandler.start", SITE "aiohttp/web_protocol.py", 682));

	(void)state;
	slow.eager = &handles;
	stall_name_set(&slow);
	expect(slow.handler, "handle", 12);
	slow = NAMED(&start, COROUTINE("query", "/srv/shop/db.py", 21),
		     COROUTINE("handle", "/srv/shop/orders.py", 12));
	slow.eager = &own;
	stall_name_set(&slow);
	expect(slow.handler, NULL, 0);
}

static void frames_without_a_file_or_a_package_name_nothing(void **state)
{
	struct lp_slow_callback slow = NAMED(&start, FRAME("handle", "", 12));

	(void)state;
	expect(slow.handler, NULL, 0);
	expect(slow.own, NULL, 0);
	slow = NAMED(&start, FRAME("handle", SITE, 12));
	expect(slow.handler, NULL, 0);
	slow = NAMED(&start, FRAME("handle", SITE ".py", 12));
	expect(slow.handler, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrapper_gives_way_to_the_innermost_coroutine),
		cmocka_unit_test(a_task_written_in_python_gives_way_to_its_coroutine),
		cmocka_unit_test(a_lambda_gives_way_to_what_it_calls),
		cmocka_unit_test(the_program_s_own_callback_names_itself),
		cmocka_unit_test(
			the_program_s_own_wrapper_gives_way_to_the_coroutine_that_it_awaits),
		cmocka_unit_test(code_without_a_file_names_nothing),
		cmocka_unit_test(code_that_a_library_compiled_names_no_stall),
		cmocka_unit_test(of_an_installed_program_the_package_below_the_framework_counts),
		cmocka_unit_test(an_eager_task_of_a_package_gives_way_to_its_handler),
		cmocka_unit_test(frames_without_a_file_or_a_package_name_nothing),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
