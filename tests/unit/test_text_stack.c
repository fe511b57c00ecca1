// SPDX-License-Identifier: BSD-2-Clause
/* Stacks in the text output: which runs of frames are one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "runtime/registry.h"
#include "sinks/text/print.h"
#include "sinks/text/stack.h"

#define SITE "/v/lib/python3.12/site-packages/"
#define FRAME(name, path)                                                                          \
	{                                                                                          \
		.kind = LP_FRAME_PYTHON, .function = (char *)(name), .file = (char *)(path),       \
		.line = 3                                                                          \
	}
#define IMPORTLIB FRAME("_load", "<frozen importlib._bootstrap>")

static void expect(const struct lp_shown_frame *frames, uint32_t depth, const char *wanted)
{
	const struct lp_terminal terminal = { .columns = 80, .utf8 = true };
	const struct lp_shown_frame *pointers[32];
	struct lp_stack stack = { .depth = depth, .frames = pointers };
	char *text = NULL;
	size_t size = 0;
	uint32_t i;
	FILE *file = open_memstream(&text, &size);

	assert_true(depth <= ARRAY_SIZE(pointers));
	for (i = 0; i < depth; i++)
		pointers[i] = &frames[i];
	text_stack_print(file, &terminal, &stack);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_imports_and_frameworks(void **state)
{
	static const struct lp_shown_frame frames[] = {
		FRAME("<module>", SITE "orm/__init__.py"),
		IMPORTLIB,
		IMPORTLIB,
		IMPORTLIB,
		FRAME("load", "/srv/app/db.py"),
		FRAME("a", SITE "fastapi/a.py"),
		FRAME("b", SITE "starlette/b.py"),
		FRAME("c", SITE "starlette/c.py"),
		FRAME("d", SITE "fastapi/d.py"),
		FRAME("e", SITE "uvicorn/e.py"),
	};

	(void)state;
	expect(frames, ARRAY_SIZE(frames),
	       "        <module>  orm/__init__.py:3\n"
	       "        ... 3 frames of importlib\n"
	       "        load      app/db.py:3\n"
	       "        ... 5 frames of fastapi, starlette, uvicorn\n");
}

/* Frames of packages that the program has called are what it waits in, and are all printed. */
static void test_called_packages(void **state)
{
	static const struct lp_shown_frame frames[] = {
		FRAME("a", SITE "http/a.py"), FRAME("b", SITE "http/b.py"),
		FRAME("c", SITE "http/c.py"), FRAME("d", SITE "http/d.py"),
		FRAME("e", SITE "http/e.py"), FRAME("load", "/srv/app/db.py"),
	};

	(void)state;
	expect(frames, ARRAY_SIZE(frames),
	       "        a     site-packages/http/a.py:3\n"
	       "        b     site-packages/http/b.py:3\n"
	       "        c     site-packages/http/c.py:3\n"
	       "        d     site-packages/http/d.py:3\n"
	       "        e     site-packages/http/e.py:3\n"
	       "        load  app/db.py:3\n");
}

static void expect_who(const struct lp_text_who *who, size_t space, const char *wanted)
{
	const struct lp_terminal terminal = { .columns = 80, .utf8 = true };
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	text_print_who(file, &terminal, who, space);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
}

/* Packages have files of one name: their beginning is cut, not all but the name. */
static void test_places_of_packages_keep_their_directories(void **state)
{
	struct lp_text_who who = { .name = "Assembler.get",
				   .file = SITE "websockets/asyncio/messages.py",
				   .line = 3 };

	(void)state;
	expect_who(&who, 60, "Assembler.get (websockets/asyncio/messages.py:3)");
	expect_who(&who, 40, "Assembler.get (\u2026s/asyncio/messages.py:3)");
	who.file = "/srv/shop/orders/messages.py";
	expect_who(&who, 32, "Assembler.get (messages.py:3)");
}

static void test_a_task_without_a_name_is_named_by_its_coroutine(void **state)
{
	const struct lp_text_who who = {
		.name = "fetch", .task = "", .file = "/srv/shop/orders.py", .line = 3
	};

	(void)state;
	expect_who(&who, 60, "fetch (shop/orders.py:3)");
}

static void test_a_task_whose_name_is_cut_has_a_mark(void **state)
{
	struct lp_text_who who = { .name = "fetch",
				   .task = "starlette.middleware.base.coro",
				   .file = "/srv/shop/orders.py",
				   .line = 3 };

	(void)state;
	expect_who(&who, 70, "fetch  task 'starlette.middleware.ba\u2026' (shop/orders.py:3)");
	expect_who(&who, 24, "fetch  task 'starlette\u2026'");
	who.task = "as wide as its columns !";
	expect_who(&who, 70, "fetch  task 'as wide as its columns !' (shop/orders.py:3)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_of_packages_keep_their_directories),
		cmocka_unit_test(test_a_task_whose_name_is_cut_has_a_mark),
		cmocka_unit_test(test_a_task_without_a_name_is_named_by_its_coroutine),
		cmocka_unit_test(test_imports_and_frameworks),
		cmocka_unit_test(test_called_packages),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
