// SPDX-License-Identifier: BSD-2-Clause
/* Which frames of a stack are the program's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/call_words.h"
#include "model/own_frames.h"
#include "runtime/registry.h"

static void test_origin(void **state)
{
	static const struct {
		const char *file;
		enum lp_frame_origin origin;
	} files[] = {
		{ "/srv/shop/orders.py", LP_ORIGIN_PROGRAM },
		{ "/srv/python3/orders.py", LP_ORIGIN_PROGRAM },
		{ "/home/me/python3.11/orders.py", LP_ORIGIN_PROGRAM },
		{ "/srv/lib/python3-tools/orders.py", LP_ORIGIN_PROGRAM },
		{ "/srv/asyncio/orders.py", LP_ORIGIN_PROGRAM },
		{ "/srv/app.pyz/orders.py", LP_ORIGIN_PROGRAM },
		{ "orders.py", LP_ORIGIN_PROGRAM },
		{ "<string>", LP_ORIGIN_PROGRAM },
		{ "<attrs generated init shop.models.Order>", LP_ORIGIN_GENERATED },
		{ "connection_task", LP_ORIGIN_GENERATED },
		{ "shop.pyx", LP_ORIGIN_PROGRAM },
		{ "", LP_ORIGIN_PROGRAM },
		{ "/srv/shop/.venv/lib/python3.12/site-packages/httpx/_client.py",
		  LP_ORIGIN_PACKAGE },
		{ "/usr/lib/python3/dist-packages/aiohttp/web.py", LP_ORIGIN_PACKAGE },
		{ "/srv/app.pyz/site-packages/httpx/_api.py", LP_ORIGIN_PACKAGE },
		{ "/srv/eggs/httpx-0.27-py3.11.egg/httpx/_api.py", LP_ORIGIN_PACKAGE },
		{ "/usr/lib/python3.11/asyncio/tasks.py", LP_ORIGIN_LIBRARY },
		{ "/root/.pyenv/versions/3.8.18/lib/python3.8/ssl.py", LP_ORIGIN_LIBRARY },
		{ "/usr/lib64/python3.13t/ssl.py", LP_ORIGIN_LIBRARY },
		{ "/opt/app/lib/python311.zip/ssl.py", LP_ORIGIN_LIBRARY },
		{ "asyncio/base_events.py", LP_ORIGIN_LIBRARY },
		{ "<frozen importlib._bootstrap>", LP_ORIGIN_LIBRARY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (own_frames_origin(files[i].file) != files[i].origin)
			fail_msg("origin of %s", files[i].file);
}

static void test_package(void **state)
{
	static const struct {
		const char *file, *package;
	} files[] = {
		{ "/v/lib/python3.12/site-packages/httpx/_client.py", "httpx" },
		{ "/v/lib/python3.12/site-packages/six.py", "six" },
		{ "/v/lib/python3.12/site-packages/google/cloud/x.py", "google.cloud" },
		{ "/v/lib/python3.12/site-packages/google", "google" },
		{ "/v/lib/python3.12/site-packages/pip/site-packages/rich/a.py", "rich" },
		{ "/srv/shop/orders.py", "" },
	};
	char name[LP_PACKAGE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		own_frames_package(files[i].file, name, sizeof(name));
		assert_string_equal(name, files[i].package);
	}
}

#define SITE "/v/lib/python3.12/site-packages/"
#define FRAME(path)                                                                                \
	{                                                                                          \
		.kind = LP_FRAME_PYTHON, .function = (char *)"f", .file = (char *)(path),          \
		.line = 1                                                                          \
	}
static const struct lp_shown_frame sleeping = FRAME("/usr/lib/python3.12/asyncio/tasks.py");
static const struct lp_shown_frame httpx = FRAME(SITE "httpx/_client.py");
static const struct lp_shown_frame shop = FRAME(SITE "shop/orders.py");
static const struct lp_shown_frame starlette = FRAME(SITE "starlette/routing.py");
static const struct lp_shown_frame uvicorn = FRAME(SITE "uvicorn/server.py");
static const struct lp_shown_frame own = FRAME("/srv/shop/orders.py");

#define INNERMOST(...)                                                                             \
	own_frames_innermost((const struct lp_shown_frame *const[]){ __VA_ARGS__ },                \
			     sizeof((const void *[]){ __VA_ARGS__ }) / sizeof(void *))

#define OUTERMOST(...)                                                                             \
	own_frames_outermost((const struct lp_shown_frame *const[]){ __VA_ARGS__ },                \
			     sizeof((const void *[]){ __VA_ARGS__ }) / sizeof(void *))

static void test_innermost(void **state)
{
	(void)state;
	assert_int_equal(INNERMOST(&sleeping, &httpx, &own, &starlette, &uvicorn), 2);
	assert_int_equal(INNERMOST(&sleeping, NULL, &own, &own), 2);
	/* a program that is installed, below its framework */
	assert_int_equal(INNERMOST(&sleeping, &httpx, &shop, &shop, &starlette, &uvicorn), 2);
	assert_int_equal(INNERMOST(&sleeping, &starlette, &uvicorn), 1);
	assert_int_equal(INNERMOST(&sleeping, &sleeping), 2);
	assert_int_equal(own_frames_innermost(NULL, 0), 0);
}

static void of_frameworks_alone_the_outermost_one_that_another_calls_counts(void **state)
{
	(void)state;
	assert_int_equal(OUTERMOST(&sleeping, &starlette, &starlette, &uvicorn, &uvicorn), 2);
	assert_int_equal(OUTERMOST(&sleeping, &uvicorn, &uvicorn, &sleeping), 2);
	assert_int_equal(OUTERMOST(&sleeping, NULL, &sleeping), 3);
	assert_int_equal(own_frames_outermost(NULL, 0), 0);
	assert_true(own_frames_is_framework(&uvicorn));
	assert_false(own_frames_is_framework(&httpx));
	assert_false(own_frames_is_framework(&own));
}

static void test_parts(void **state)
{
	(void)state;
	assert_int_equal(own_frames_parts(SITE "websockets/asyncio/messages.py"), 3);
	assert_int_equal(own_frames_parts(SITE "sqlalchemy/ext/asyncio/engine.py"), 3);
	assert_int_equal(own_frames_parts(SITE "httpx/_client.py"), 2);
	assert_int_equal(own_frames_parts(SITE "six.py"), 2);
	assert_int_equal(own_frames_parts("/srv/shop/asyncio/messages.py"), 3);
	assert_int_equal(own_frames_parts("/usr/lib/python3.12/asyncio/tasks.py"), 2);
	assert_int_equal(own_frames_parts("/srv/shop/orders.py"), 2);
	assert_int_equal(own_frames_parts(""), 2);
}

static const char *words_of(const char *syscall, const char *target,
			    const struct lp_shown_frame *const *frames, uint32_t depth)
{
	static char words[LP_CALL_WORDS_MAX];
	struct lp_blocked blocked = { .stack = { .depth = depth } };

	blocked.stack.frames = (const struct lp_shown_frame **)frames;
	strcpy(blocked.syscall, syscall);
	strcpy(blocked.target, target);
	call_words_of(&blocked, words, sizeof(words));
	return words;
}

#define WORDS(syscall, target, ...)                                                                \
	words_of(syscall, target, (const struct lp_shown_frame *const[]){ __VA_ARGS__ },           \
		 sizeof((const void *[]){ __VA_ARGS__ }) / sizeof(void *))

static void test_common_names(void **state)
{
	(void)state;
	assert_true(own_frames_has_common_name("/srv/shop/orders/__init__.py"));
	assert_true(own_frames_has_common_name("__main__.py"));
	assert_false(own_frames_has_common_name("/srv/shop/my__init__.py"));
	assert_false(own_frames_has_common_name("/srv/__init__.py/orders.py"));
}

static void test_words(void **state)
{
	static const struct lp_shown_frame import = FRAME("<frozen importlib._bootstrap>");
	static const struct lp_shown_frame look_up = {
		.function = (char *)"getaddrinfo", .file = (char *)"/usr/lib/python3.12/socket.py"
	};
	static const struct lp_shown_frame module = { .function = (char *)"<module>",
						      .file = (char *)SITE
						      "sqlalchemy/orm/__init__.py" };
	static const struct lp_shown_frame busy = { .kind = LP_FRAME_NATIVE,
						    .function = (char *)"sqlite3InvokeBusyHandler",
						    .file = (char *)"libsqlite3.so" };

	(void)state;
	assert_string_equal(WORDS("pselect6", "", &own), "time.sleep");
	assert_string_equal(WORDS("pselect6", "tcp 10.0.0.1:80", &own), "");
	assert_string_equal(WORDS("clock_nanosleep", "", &own), "");
	assert_string_equal(WORDS("clock_nanosleep", "", &busy, &own), "SQLite waits for a lock");
	assert_string_equal(WORDS("poll", "udp 127.0.0.1:53", &look_up, &own), "DNS look-up");
	assert_string_equal(WORDS("read", "/x", &import, &module, &import, &own),
			    "import sqlalchemy.orm");
	assert_string_equal(WORDS("openat", "", &import, &own), "import");
	assert_string_equal(words_of("read", "", NULL, 0), "");
}

static void a_query_of_a_name_server_wins_over_the_name_of_a_function(void **state)
{
	static const struct lp_shown_frame look_up = {
		.function = (char *)"getaddrinfo", .file = (char *)"/usr/lib/python3.12/socket.py"
	};
	static const struct lp_shown_frame connects = {
		.function = (char *)"create_connection",
		.file = (char *)"/usr/lib/python3.12/socket.py"
	};
	static const struct lp_shown_frame import = FRAME("<frozen importlib._bootstrap>");

	(void)state;
	assert_string_equal(WORDS("poll", "udp 10.0.0.2:53", &connects, &own), "DNS look-up");
	assert_string_equal(WORDS("poll", "udp 10.0.0.2:53", &import, &own), "DNS look-up");
	assert_string_equal(WORDS("read", "", &look_up, &connects, &own), "DNS look-up");
	assert_string_equal(WORDS("connect", "tcp 10.0.0.2:443", &connects, &own), "connects");
	assert_string_equal(WORDS("read", "/x:53", &connects, &own), "connects");
}

static void a_name_that_a_server_is_asked_for_is_in_the_words_if_it_fits(void **state)
{
	struct lp_blocked blocked = { .syscall = "poll", .dns_name = "api.example.org" };
	char words[LP_CALL_WORDS_MAX];

	(void)state;
	call_words_of(&blocked, words, sizeof(words));
	assert_string_equal(words, "DNS look-up of api.example.org");
	memset(blocked.dns_name, 'a', LP_CALL_WORDS_MAX);
	blocked.dns_name[LP_CALL_WORDS_MAX] = '\0';
	call_words_of(&blocked, words, sizeof(words));
	assert_string_equal(words, "DNS look-up");
}

/* Words for a call that sleeps as it was asked to, from a line of the program. */
static const char *sleep_words(enum lp_sleep_kind kind, uint64_t ns, uint64_t each_ns)
{
	static char words[LP_CALL_WORDS_MAX];
	const struct lp_shown_frame *frames[] = { &own };
	struct lp_blocked blocked = { .syscall = "clock_nanosleep",
				      .count = 10,
				      .duration_ns = 10 * each_ns,
				      .sleep = { kind, ns },
				      .stack = { .depth = 1, .frames = frames } };

	call_words_of(&blocked, words, sizeof(words));
	return words;
}

static void test_sleeps(void **state)
{
	(void)state;
	/* from CPython 3.11 on, time.sleep() sleeps until an instant */
	assert_string_equal(sleep_words(LP_SLEEP_UNTIL, 1234567, 300000000), "time.sleep");
	/* SQLite sleeps for 1 ms, then for longer and longer */
	assert_string_equal(sleep_words(LP_SLEEP_FOR, 1000000, 30000000),
			    "SQLite waits for a lock");
	assert_string_equal(sleep_words(LP_SLEEP_FOR, 1000000, 1060000), "");
	assert_string_equal(sleep_words(LP_SLEEP_FOR, 3000000, 30000000), "");
	assert_string_equal(sleep_words(LP_SLEEP_FOR, 100000000, 100000000), "");
	assert_string_equal(sleep_words(LP_SLEEP_NONE, 0, 30000000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_package),
		cmocka_unit_test(test_innermost),
		cmocka_unit_test(of_frameworks_alone_the_outermost_one_that_another_calls_counts),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_common_names),
		cmocka_unit_test(test_words),
		cmocka_unit_test(a_query_of_a_name_server_wins_over_the_name_of_a_function),
		cmocka_unit_test(a_name_that_a_server_is_asked_for_is_in_the_words_if_it_fits),
		cmocka_unit_test(test_sleeps),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
