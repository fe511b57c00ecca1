// SPDX-License-Identifier: BSD-2-Clause
/* The test probes its own process; its program is the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/cpython/definer.h"
#include "elf/function.h"
#include "process/mappings.h"

#define PAGE 4096UL

/* The function that the file of an extension module exports. */
int PyInit_lp_test(void);

__attribute__((noipa)) int PyInit_lp_test(void)
{
	return 7;
}

__attribute__((noipa, aligned(64))) int lp_test_function(int value)
{
	return puts("lp_test_function") + value;
}

__attribute__((noipa, aligned(64))) int lp_test_other(int value)
{
	return puts("lp_test_other") * value;
}

static struct lp_cpython python;
static struct lp_probe probe;
static struct lp_definer definer;
static struct lp_error error;

static uint64_t address_of(int (*function)(int))
{
	return (uint64_t)(uintptr_t)function;
}

/* Skips the test if the process lacks the privileges to open /proc/PID/map_files. */
static void need_map_files(void)
{
	struct lp_mappings mappings;
	char path[64];

	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	mapping_file_path(getpid(), &mappings.items[0], path, sizeof(path));
	mappings_free(&mappings);
	if (access(path, R_OK)) {
		print_message("no access to %s\n", path);
		skip();
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&probe, 0, sizeof(probe));
	memset(&error, 0, sizeof(error));
	probe.function = "lp_test_function";
	python.pid = getpid();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	definer_close(&definer);
	return 0;
}

static void open_function(void)
{
	need_map_files();
	assert_int_equal(definer_open(&python, address_of(lp_test_function), "lp_test", &probe,
				      &definer, &error),
			 0);
}

/* Writes one byte of the process's code, but not of its file. */
static uint8_t poke(uint64_t address, uint8_t byte)
{
	void *page = (void *)(uintptr_t)(address & ~(PAGE - 1));
	uint8_t *at = (uint8_t *)(uintptr_t)address, before = *at;

	assert_int_equal(mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	*at = byte;
	assert_int_equal(mprotect(page, 2 * PAGE, PROT_READ | PROT_EXEC), 0);
	return before;
}

static void a_function_of_the_modules_own_file_is_accepted(void **state)
{
	(void)state;
	open_function();
	assert_int_equal(definer_add_entry(&definer, address_of(lp_test_function) - definer.bias,
					   &error),
			 0);
	assert_int_equal(definer_finish(&definer, &error), 0);
	assert_int_equal(probe.count, 1);
	assert_true(probe.places[0].address >= address_of(lp_test_function));
	assert_int_equal(probe.file.size, definer.file.facts.size);
}

static void a_file_that_is_not_the_modules_is_refused(void **state)
{
	(void)state;
	need_map_files();
	assert_int_equal(definer_open(&python, address_of(lp_test_function), "another", &probe,
				      &definer, &error),
			 -EBADMSG);
	assert_non_null(strstr(error.text, "not the module's own"));
	definer_close(&definer);
	/* a library that other programs use as well */
	assert_int_equal(definer_open(&python, (uint64_t)(uintptr_t)puts, "lp_test", &probe,
				      &definer, &error),
			 -EBADMSG);
}

static void what_is_no_code_of_a_file_is_refused(void **state)
{
	(void)state;
	need_map_files();
	assert_int_equal(definer_open(&python, (uint64_t)(uintptr_t)&python, "lp_test", &probe,
				      &definer, &error),
			 -EBADMSG);
	assert_non_null(strstr(error.text, "in no file"));
	definer_close(&definer);
	assert_int_equal(definer_open(&python, 8, "lp_test", &probe, &definer, &error), -EBADMSG);
}

static void a_place_amid_an_instruction_is_refused(void **state)
{
	uint64_t function = address_of(lp_test_function), at, refused = 0, added = 0;

	(void)state;
	open_function();
	function -= definer.bias;
	/* a function with a call has an instruction of several bytes among its first 16 bytes */
	for (at = function; at < function + 16; at++) {
		bool begins = function_has_instruction(definer.elf, at);
		int err = definer_add_inside(&definer, at, &error);

		assert_int_equal(err, begins ? 0 : -EBADMSG);
		*(begins ? &added : &refused) += 1;
		probe.count = 0;
	}
	assert_true(function_has_instruction(definer.elf, function));
	assert_true(added > 0);
	assert_true(refused > 0);
	assert_non_null(strstr(error.text, "no instruction"));
}

static void code_that_was_changed_in_memory_is_refused(void **state)
{
	uint64_t function = address_of(lp_test_function);
	uint8_t before;

	(void)state;
	open_function();
	before = poke(function, 0x90);
	assert_int_equal(definer_add(&definer, function - definer.bias, &error), -EBADMSG);
	assert_int_equal(definer_add_entry(&definer, function - definer.bias, &error), -EBADMSG);
	poke(function, before);
	assert_int_equal(definer_add(&definer, function - definer.bias, &error), 0);
}

/* Otherwise a second process could not be probed at a place where there is a probe already. */
static void a_breakpoint_that_is_there_already_is_no_change(void **state)
{
	uint64_t function = address_of(lp_test_function);
	uint8_t before;

	(void)state;
	open_function();
	before = poke(function, 0xcc);
	assert_int_equal(definer_add(&definer, function - definer.bias, &error), 0);
	poke(function, before);
	assert_int_equal(probe.count, 1);
}

static void code_is_believed_before_it_is_mapped_only_of_the_interpreter(void **state)
{
	(void)state;
	open_function();
	/* an address without any code of the process */
	definer.bias = 0;
	assert_int_equal(definer_add(&definer, elf_symbol(definer.elf, "lp_test_function"), &error),
			 -EBADMSG);
	definer.loading = true;
	assert_int_equal(definer_add(&definer, elf_symbol(definer.elf, "lp_test_function"), &error),
			 0);
	/* an address with other code */
	definer.bias = address_of(lp_test_other) - elf_symbol(definer.elf, "lp_test_function");
	assert_int_equal(definer_add(&definer, elf_symbol(definer.elf, "lp_test_function"), &error),
			 -EBADMSG);
}

static void a_function_holds_its_own_places_only(void **state)
{
	uint64_t one, other, inside;

	(void)state;
	open_function();
	one = elf_symbol(definer.elf, "lp_test_function");
	other = elf_symbol(definer.elf, "lp_test_other");
	inside = one + 1;
	assert_true(function_holds(definer.elf, one, &inside, 1));
	assert_false(function_holds(definer.elf, other, &inside, 1));
	assert_false(function_holds(definer.elf, one + 1, &inside, 1));
	assert_false(function_holds(definer.elf, one, &inside, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_function_of_the_modules_own_file_is_accepted,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_the_modules_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_code_of_a_file_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_place_amid_an_instruction_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(code_that_was_changed_in_memory_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_breakpoint_that_is_there_already_is_no_change,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			code_is_believed_before_it_is_mapped_only_of_the_interpreter, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_function_holds_its_own_places_only, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
