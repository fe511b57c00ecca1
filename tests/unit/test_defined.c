// SPDX-License-Identifier: BSD-2-Clause
/* The test reads its own program, which has tables like those of extension modules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/cpython/defined.h"

#define TYPE_WORDS 60
#define TYPE_NAME 3
#define TYPE_METHODS 29
#define TYPE_INIT 37 /* the word at byte 296 */
#define TYPE_INIT_OFFSET 296
#define SLOT_INIT 60
#define SLOT_NEW 65

struct method {
	const char *name;
	void *function;
	long flags;
	const char *doc;
};

struct slot {
	int number;
	void *function;
};

struct spec {
	const char *name;
	int basic_size, item_size;
	unsigned int flags;
	struct slot *slots;
};

/* The functions have different bodies, or else the compiler may merge them. */
#define FUNCTION(name, number)                                                                     \
	__attribute__((noipa)) static int name(int value)                                          \
	{                                                                                          \
		return value * (number) + 1;                                                       \
	}

FUNCTION(append, 3)
FUNCTION(append_left, 5)
FUNCTION(append_of_list, 7)
FUNCTION(created, 11)
FUNCTION(created_of_another, 13)
FUNCTION(created_of_a_heap_type, 17)
FUNCTION(alone, 19)

static struct method deque_methods[] = {
	{ "append", append, 8, "" },
	{ "appendleft", append_left, 8, "" },
	{ NULL, NULL, 0, NULL },
};

static struct method list_methods[] = {
	{ "append", append_of_list, 8, "" },
	{ NULL, NULL, 0, NULL },
};

static const void *task_type[TYPE_WORDS] = {
	[TYPE_NAME] = "_asyncio.Task",
	[TYPE_METHODS] = deque_methods,
	[TYPE_INIT] = created,
};

static const void *other_type[TYPE_WORDS] = {
	[TYPE_NAME] = "_asyncio.Other",
	[TYPE_METHODS] = list_methods,
	[TYPE_INIT] = created_of_another,
};

static struct slot heap_slots[] = {
	{ 1, alone },
	{ SLOT_INIT, created_of_a_heap_type },
	{ 0, NULL },
};

static struct spec heap_spec = { "_asyncio.Heap", 100, 0, 0, heap_slots };

/* Words that have no relocation. */
static const uint64_t words[] = { 1, 0x6c70776f72647331, 2 };

static struct lp_elf *elf;
static struct lp_pointers pointers;
static uint64_t bias;

static int open_self(void **state)
{
	(void)state;
	/* keeps the compiler from leaving them out */
	__asm__ volatile(""
			 :
			 : "r"(task_type), "r"(other_type), "r"(&heap_spec), "r"(words)
			 : "memory");
	assert_int_equal(elf_open_file("/proc/self/exe", &elf), 0);
	assert_int_equal(pointers_open(elf, &pointers), 0);
	bias = (uint64_t)(uintptr_t)open_self - elf_symbol(elf, "open_self");
	return 0;
}

static int close_self(void **state)
{
	(void)state;
	pointers_close(&pointers);
	elf_close(elf);
	return 0;
}

static uint64_t in_file(const void *address)
{
	return (uint64_t)(uintptr_t)address - bias;
}

static void a_method_is_known_by_its_table(void **state)
{
	(void)state;
	assert_true(defined_method(&pointers, in_file(append), "append", NULL));
	assert_true(defined_method(&pointers, in_file(append), "append", "appendleft"));
	assert_true(defined_method(&pointers, in_file(append_left), "appendleft", "append"));
}

static void a_place_inside_a_function_is_no_method(void **state)
{
	(void)state;
	assert_false(defined_method(&pointers, in_file(append) + 1, "append", "appendleft"));
	assert_false(defined_method(&pointers, in_file(append) - 1, "append", NULL));
}

static void another_method_of_the_same_file_is_refused(void **state)
{
	(void)state;
	/* of the same table, but with another name */
	assert_false(defined_method(&pointers, in_file(append_left), "append", "appendleft"));
	/* of the same name, but in the table of another type */
	assert_false(defined_method(&pointers, in_file(append_of_list), "append", "appendleft"));
	assert_true(defined_method(&pointers, in_file(append_of_list), "append", NULL));
	/* a function that is in no table */
	assert_false(defined_method(&pointers, in_file(alone), "append", NULL));
	assert_false(defined_method(&pointers, 0, "append", NULL));
}

static void a_static_type_has_a_function_in_its_slot(void **state)
{
	(void)state;
	assert_true(defined_slot(&pointers, in_file(created), "_asyncio.Task", TYPE_INIT_OFFSET,
				 SLOT_INIT));
	/* another type's function, another slot, an address inside the function */
	assert_false(defined_slot(&pointers, in_file(created_of_another), "_asyncio.Task",
				  TYPE_INIT_OFFSET, SLOT_INIT));
	assert_false(defined_slot(&pointers, in_file(created), "_asyncio.Task",
				  TYPE_INIT_OFFSET + 8, SLOT_INIT));
	assert_false(defined_slot(&pointers, in_file(created) + 1, "_asyncio.Task",
				  TYPE_INIT_OFFSET, SLOT_INIT));
}

static void a_heap_type_is_made_of_slots(void **state)
{
	uint64_t function = in_file(created_of_a_heap_type);

	(void)state;
	assert_true(
		defined_slot(&pointers, function, "_asyncio.Heap", TYPE_INIT_OFFSET, SLOT_INIT));
	assert_false(
		defined_slot(&pointers, function, "_asyncio.Heap", TYPE_INIT_OFFSET, SLOT_NEW));
	assert_false(
		defined_slot(&pointers, function, "_asyncio.Task", TYPE_INIT_OFFSET, SLOT_INIT));
	assert_false(defined_slot(&pointers, in_file(alone), "_asyncio.Heap", TYPE_INIT_OFFSET,
				  SLOT_INIT));
}

static void a_method_of_a_type_is_found_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(defined_type_method(&pointers, in_file(task_type), "appendleft"),
			 in_file(append_left));
	assert_int_equal(defined_type_method(&pointers, in_file(other_type), "appendleft"), 0);
	assert_int_equal(defined_type_method(&pointers, 0, "append"), 0);
}

static void pointers_are_found_by_what_they_point_to(void **state)
{
	struct lp_pointer found[4];

	(void)state;
	assert_int_equal(pointers_to(&pointers, in_file(append), in_file(append), found, 4), 1);
	assert_int_equal(found[0].address, in_file(&deque_methods[0].function));
	assert_int_equal(pointers_at(&pointers, in_file(&deque_methods[0].function)),
			 in_file(append));
	assert_int_equal(pointers_to(&pointers, in_file(append), in_file(append), found, 0), 0);
}

/* In a program without relocations, pointers are plain words. */
static void pointers_are_words_where_nothing_is_relocated(void **state)
{
	struct lp_pointers without = { .elf = elf, .words = true };
	struct lp_pointer found[4];

	(void)state;
	assert_int_equal(pointers_to(&without, words[1], words[1], found, 4), 1);
	assert_int_equal(found[0].address, in_file(&words[1]));
	assert_int_equal(pointers_at(&without, in_file(&words[1])), words[1]);
	assert_int_equal(pointers_to(&pointers, words[1], words[1], found, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_method_is_known_by_its_table),
		cmocka_unit_test(a_place_inside_a_function_is_no_method),
		cmocka_unit_test(another_method_of_the_same_file_is_refused),
		cmocka_unit_test(a_static_type_has_a_function_in_its_slot),
		cmocka_unit_test(a_heap_type_is_made_of_slots),
		cmocka_unit_test(a_method_of_a_type_is_found_by_its_name),
		cmocka_unit_test(pointers_are_found_by_what_they_point_to),
		cmocka_unit_test(pointers_are_words_where_nothing_is_relocated),
	};

	return cmocka_run_group_tests(tests, open_self, close_self);
}
