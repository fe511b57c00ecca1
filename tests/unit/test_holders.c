// SPDX-License-Identifier: BSD-2-Clause
/*
 * What tasks have entered with `async with`, by objects laid out as in CPython 3.13 in this
 * process. Tests on live interpreters cover what asyncio does with them.
 */
#include "objects_fixture.h"

/* The state of a generator that is suspended by a yield. */
#define SUSPENDED (-2)
#define ENTERED 16

/* Returns the bound method __aexit__ of an object. */
static uint64_t new_exit(const struct instance *self)
{
	struct object *method = new_object(new_type("method", 40, 0));
	uint64_t *function = taken(256);

	set_word(function, python.row.function.func_qualname, new_string("Manager.__aexit__"));
	set_word(method, CPYTHON_BOUND_FUNCTION, at(function));
	set_word(method, CPYTHON_BOUND_FUNCTION + 8, at(self));
	return at(method);
}

/* Puts methods onto the evaluation stack of a frame without variables. */
static struct lp_await_link fill_frame(uint8_t *frame, uint64_t code, uint64_t method)
{
	size_t i;

	set_word(frame, python.row.frame.stackpointer, ENTERED);
	set_word(frame, python.row.frame.f_executable, code);
	for (i = 0; i < ENTERED; i++)
		set_word(frame, python.row.frame.localsplus + i * 8, method);
	return (struct lp_await_link){ .frame = at(frame), .code = code };
}

/* A type in Python with its name and module apart. */
static uint64_t *new_class_of(const char *module, const char *name)
{
	uint64_t *class = new_class(name);
	struct instance *attributes = new_instance(class);

	set_attribute(attributes, "__module__", new_string(module));
	set_word(class, CPYTHON_TYPE_DICT, at(&attributes->dict));
	return class;
}

/* A context manager whose generator has entered the manager itself many times. */
static void managers_within_managers_are_bounded(void **state)
{
	struct instance *manager =
		new_instance(new_class_of("contextlib", "_AsyncGeneratorContextManager"));
	uint8_t *generator = taken(1024), *frame = taken(1024), *code = taken(512);
	struct lp_await_chain *chain = taken(sizeof(*chain));
	uint64_t method = new_exit(manager);
	double when;

	(void)state;
	python.code_type = at(new_type("code", 0, 0));
	set_word(code, CPYTHON_OBJECT_TYPE, python.code_type);
	set_word(generator, CPYTHON_OBJECT_TYPE, at(new_type("async_generator", 0, 0)));
	generator[python.row.coroutine.cr_frame_state] = (uint8_t)SUSPENDED;
	fill_frame(generator + python.row.coroutine.cr_iframe, at(code), method);
	set_attribute(manager, "gen", at(generator));
	chain->links[0] = fill_frame(frame, at(code), method);
	chain->count = 1;

	/* a few levels only; the top of the stack is what the outermost frame awaits */
	waits->manager_steps_left = 1000000;
	assert_false(cpython_wait_deadline(waits, chain, &when));
	assert_int_equal(1000000 - waits->manager_steps_left,
			 (ENTERED - 1) * (1 + 16 + 16 * 16 + 16 * 16 * 16));

	waits->manager_steps_left = 20;
	assert_false(cpython_wait_deadline(waits, chain, &when));
	assert_int_equal(waits->manager_steps_left, 0);
	/* a lock may be held by what was not read any more */
	assert_int_equal(waits->may_hold, 0);
	cpython_waits_note(waits, 0x1000, chain);
	assert_true(waits->may_hold > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(managers_within_managers_are_bounded, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
