// SPDX-License-Identifier: BSD-2-Clause
/* The coroutines of an await chain by which the step of a task is named. */
#include "live/inner_names.h"
#include "runtime/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct lp_event_name name;

static bool takes(const char *file, uint8_t flags)
{
	struct lp_event_name event = {
		.event = { .type = LP_EVENT_NAME, .reserved = 3, .loop = 2 },
		.callback = 7,
		.filename = { (uint16_t)strlen(file), 1, flags },
	};

	memcpy(event.filename_data, file, strlen(file));
	memset(&name, 0, sizeof(name));
	return inner_name_take(&event, &name);
}

static void a_coroutine_of_the_program_names_the_step(void **state)
{
	(void)state;
	assert_true(takes("/srv/shop/orders.py", LP_TEXT_ASCII));
	assert_int_equal(name.callback, 7);
	assert_int_equal(name.event.loop, 2);
	/* from here on it is a name like any other */
	assert_int_equal(name.event.reserved, 0);
}

static void coroutines_of_packages_and_of_python_do_not(void **state)
{
	(void)state;
	assert_false(takes("/srv/venv/lib/python3.11/site-packages/httpx/_client.py", 0));
	assert_false(takes("/usr/lib/python3/dist-packages/aiohttp/web.py", LP_TEXT_ASCII));
	assert_false(takes("/usr/lib/python3.11/asyncio/tasks.py", LP_TEXT_ASCII));
	assert_false(takes("<frozen runpy>", LP_TEXT_ASCII));
}

static void what_cannot_be_read_does_not_either(void **state)
{
	struct lp_event_name event = { .filename = { LP_FILENAME_BYTES + 1, 1, LP_TEXT_ASCII } };

	(void)state;
	assert_false(takes("", LP_TEXT_ASCII));
	assert_false(takes("/srv/shop/orders.py", LP_TEXT_UNREADABLE));
	assert_false(inner_name_take(&event, &name));
	event.filename.bytes = LP_FILENAME_BYTES;
	event.filename.width = 3;
	memset(event.filename_data, 'x', sizeof(event.filename_data));
	inner_name_take(&event, &name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_coroutine_of_the_program_names_the_step),
		cmocka_unit_test(coroutines_of_packages_and_of_python_do_not),
		cmocka_unit_test(what_cannot_be_read_does_not_either),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
