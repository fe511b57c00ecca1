/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects laid out as in CPython 3.13 in this process, which are read as those of a remote process,
 * and a list of three tasks for their pools.
 */
#ifndef LP_TEST_OBJECTS_FIXTURE_H
#define LP_TEST_OBJECTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/cpython/waits/pools_internal.h"

#define TYPE_BYTES 416
#define TYPE_FLAG_STRING (1UL << 28)
#define TYPE_FLAG_HEAP (1UL << 9)
#define ATTRIBUTES 8

static struct lp_cpython python;
static struct lp_task_list list;
static struct lp_task tasks[3];
static struct lp_waits *waits;
static struct lp_pools *pools;

struct object {
	uint64_t references;
	uint64_t type;
	uint64_t words[14];
};

/* PyDictKeysObject of 3.13 with general entries (hash, key, value) behind 8 bytes of indices. */
struct keys {
	uint64_t references;
	uint8_t sizes[4]; /* log2_size, log2_index_bytes, kind */
	uint32_t version;
	uint64_t usable;
	uint64_t count;
	uint8_t indices[8];
	uint64_t entries[ATTRIBUTES][3];
};

/* An object with its __dict__ behind its head, the dict, and its keys. */
struct instance {
	struct object object, dict;
	struct keys keys;
};

static uint64_t *type_type, *string_type, *int_type, *dict_type, *list_type, *set_type, *none_type,
	*deque_type;
static struct object none;

static inline uint64_t at(const void *pointer)
{
	return (uintptr_t)pointer;
}

static inline void set_word(void *object, size_t offset, uint64_t value)
{
	memcpy((char *)object + offset, &value, sizeof(value));
}

static inline void *taken(size_t size)
{
	void *memory = task_arena_take(list.arena, size);

	assert_non_null(memory);
	return memory;
}

/* A type that has itself and object in its method resolution order. */
static inline uint64_t *new_type(const char *name, uint64_t size, uint64_t flags)
{
	uint8_t *type = taken(TYPE_BYTES + 8 * 8);
	uint64_t *order = (uint64_t *)(type + TYPE_BYTES);

	set_word(type, CPYTHON_TYPE_NAME, at(name));
	set_word(type, CPYTHON_TYPE_BASIC_SIZE, size);
	set_word(type, CPYTHON_TYPE_FLAGS, flags);
	set_word(type, CPYTHON_TYPE_MRO, at(order));
	order[2] = 1;
	order[3] = at(type);
	return (uint64_t *)type;
}

static inline struct object *new_object(const uint64_t *type)
{
	struct object *object = taken(sizeof(*object));

	object->type = at(type);
	return object;
}

static inline uint64_t new_string(const char *text)
{
	struct object *string = new_object(string_type);

	assert_true(strlen(text) < 64);
	string->words[0] = strlen(text);
	set_word(string, 32, 0x64); /* one byte a character, compact, ASCII */
	memcpy((char *)string + python.row.unicode.ascii, text, strlen(text));
	return at(string);
}

static inline uint64_t new_int(int64_t value)
{
	struct object *number = new_object(int_type);

	number->words[0] = value < 0 ? 1 << 3 | 2 : value ? 1 << 3 : 1;
	set_word(number, python.row.integer.ob_digit, (uint64_t)(value < 0 ? -value : value));
	return at(number);
}

static inline uint64_t new_list(size_t count, const uint64_t *items)
{
	struct object *made = new_object(list_type);

	made->words[0] = count;
	made->words[1] = at(items);
	return at(made);
}

static inline struct instance *new_instance(const uint64_t *type)
{
	struct instance *made = taken(sizeof(*made));

	made->object.type = at(type);
	made->object.words[0] = at(&made->dict);
	made->dict.type = at(dict_type);
	made->dict.words[2] = at(&made->keys);
	made->keys.sizes[0] = made->keys.sizes[1] = 3;
	return made;
}

static inline void set_attribute(struct instance *made, const char *name, uint64_t value)
{
	uint64_t *entry = made->keys.entries[made->keys.count++];

	assert_true(made->keys.count <= ATTRIBUTES);
	entry[1] = new_string(name);
	entry[2] = value;
	made->dict.words[0] = made->keys.count;
}

/* A class in Python; name: with its module. */
static inline uint64_t *new_class(const char *name)
{
	uint64_t *class = new_type(name, 24, TYPE_FLAG_HEAP);

	set_word(class, CPYTHON_TYPE_DICT_OFFSET, 16);
	return class;
}

static inline int setup(void **state)
{
	(void)state;
	memset(&list, 0, sizeof(list));
	memset(tasks, 0, sizeof(tasks));
	list.arena = task_arena_new();
	list.tasks = tasks;
	list.count = 3;
	tasks[0].address = 0x1000;
	tasks[1].address = 0x2000;
	tasks[2].address = 0x3000;
	python = (struct lp_cpython){ .pid = getpid(), .minor = 13, .row = *cpython_row(13) };
	type_type = new_type("type", 0, 0);
	string_type = new_type("str", 0, TYPE_FLAG_STRING);
	int_type = new_type("int", 0, 0);
	dict_type = new_type("dict", 0, 0);
	list_type = new_type("list", 40, 0);
	set_type = new_type("set", 200, 0);
	deque_type = new_type("collections.deque", 216, 0);
	none_type = new_type("NoneType", 0, 0);
	none = (struct object){ .type = at(none_type) };
	python.string_type = at(string_type);
	python.int_type = at(int_type);
	waits = cpython_waits_new(&python, list.arena);
	pools = cpython_pools_new(waits, &python, &list);
	return !waits || !pools;
}

static inline int teardown(void **state)
{
	(void)state;
	cpython_pools_free(pools);
	cpython_waits_free(waits);
	task_arena_free(list.arena);
	return 0;
}

#endif /* LP_TEST_OBJECTS_FIXTURE_H */
