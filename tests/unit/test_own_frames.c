// SPDX-License-Identifier: BSD-2-Clause
/* Which frames of a stack are the program's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/own_frames.h"

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

static void test_parts(void **state)
{
	(void)state;
	assert_int_equal(own_frames_parts(SITE "websockets/asyncio/messages.py"), 3);
	assert_int_equal(own_frames_parts("/srv/shop/asyncio/messages.py"), 3);
	assert_int_equal(own_frames_parts("/usr/lib/python3.12/asyncio/tasks.py"), 2);
	assert_int_equal(own_frames_parts("/srv/shop/orders.py"), 2);
	assert_int_equal(own_frames_parts(""), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_package),
		cmocka_unit_test(test_innermost),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
