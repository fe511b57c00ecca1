// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ids and names of threads are read as often as the target's share of time allows, not once per
 * event.  Tables replace Python's objects here, and count how often they are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clocks.h"
#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/objects/threads.h"
#include "process/memory.h"

#define MANY 2000
#define STATE(n) (0x100000UL + (uint64_t)(n)*0x400)
#define IDENT(n) (0x7f0000000000UL + (uint64_t)(n)*0x1000)
#define OBJECT(n) (0x5000000UL + (uint64_t)(n)*0x100)
#define NUMBER_OF_STATE(state) (((state)-0x100000UL) / 0x400)
#define NUMBER_OF_OBJECT(object) (((object)-0x5000000UL) / 0x100)
/* tags the address of the int object of an ident, which is in the other bits */
#define KEY (1UL << 60)
/* tags the address of the int object of a native id, which is in the other bits */
#define ID (1UL << 61)
#define NATIVE_FIELD 16
#define IDENT_FIELD 8

static struct lp_cpython python;
static size_t threads; /* number of threads in threading._active */
static size_t lists, names; /* number of reads of the list, and of a name */
static uint32_t native_ids[MANY];

uint64_t memory_u64(pid_t pid, uint64_t address)
{
	(void)pid;
	return IDENT(NUMBER_OF_STATE(address - IDENT_FIELD));
}

uint32_t memory_u32(pid_t pid, uint64_t address)
{
	(void)pid;
	return native_ids[NUMBER_OF_STATE(address - NATIVE_FIELD) % MANY];
}

uint64_t cpython_interpreter(const struct lp_cpython *python)
{
	(void)python;
	return 0;
}

uint64_t cpython_module_attribute(const struct lp_cpython *of, const char *module, const char *name)
{
	(void)of;
	assert_string_equal(module, "threading");
	assert_string_equal(name, "_active");
	return 1;
}

ssize_t cpython_dict_pairs(const struct lp_cpython *of, uint64_t dict, struct lp_pair **pairs)
{
	size_t i;

	(void)of;
	(void)dict;
	lists++;
	*pairs = calloc(threads + 1, sizeof(**pairs));
	for (i = 0; i < threads; i++)
		(*pairs)[i] = (struct lp_pair){ KEY | IDENT(i), OBJECT(i) };
	return (ssize_t)threads;
}

int cpython_int(const struct lp_cpython *of, uint64_t object, uint64_t *value)
{
	(void)of;
	if (!(object & (KEY | ID)))
		return -1;
	*value = object & ~(KEY | ID);
	return 0;
}

uint64_t cpython_instance_get(const struct lp_cpython *of, uint64_t object, const char *name)
{
	(void)of;
	if (!strcmp(name, "_native_id"))
		return ID | native_ids[NUMBER_OF_OBJECT(object)];
	names++;
	return object;
}

int cpython_string(const struct lp_cpython *of, uint64_t string, char *text, size_t size)
{
	(void)of;
	snprintf(text, size, "worker-%u", (unsigned int)NUMBER_OF_OBJECT(string));
	return 0;
}

static int setup(void **state)
{
	size_t i;

	(void)state;
	memset(&python, 0, sizeof(python));
	python.pid = getpid();
	python.row.thread.native_thread_id = NATIVE_FIELD;
	python.row.thread.thread_id = IDENT_FIELD;
	python.threads = cpython_threads_new();
	threads = MANY;
	lists = names = 0;
	for (i = 0; i < MANY; i++)
		native_ids[i] = (uint32_t)getpid();
	return !python.threads;
}

static int teardown(void **state)
{
	(void)state;
	cpython_threads_free(python.threads);
	return 0;
}

static void describe(size_t number, const char *expected)
{
	char name[64];
	pid_t tid;

	cpython_describe_thread(&python, STATE(number), 0, &tid, name, sizeof(name));
	assert_int_equal(tid, native_ids[number] == (uint32_t)getpid() ? getpid() : 0);
	if (expected)
		assert_string_equal(name, expected);
}

static void names_of_many_threads_are_read_once(void **state)
{
	char expected[32];
	size_t round, i;

	(void)state;
	for (round = 0; round < 10; round++) {
		for (i = 0; i < MANY; i++) {
			snprintf(expected, sizeof(expected), "worker-%zu", i);
			describe(i, expected);
		}
	}
	assert_int_equal(names, MANY);
	assert_in_range(lists, 1, 2);
}

static void a_thread_that_no_list_has_is_not_searched_each_time(void **state)
{
	uint64_t begun = clock_now(), took_ns;
	size_t i;

	(void)state;
	threads = 0;
	for (i = 0; i < 10 * MANY; i++)
		describe(i % MANY, NULL);
	took_ns = clock_now() - begun;
	/* one read per 20 ms at most, for thousands of requests, on a machine of any speed */
	assert_in_range(lists, 1, 1 + took_ns / 20000000);
	assert_true(lists < 10 * MANY / 10);
}

/* The ident belonged to another thread when the list was read. */
static void an_ident_that_is_used_again_gets_no_wrong_name(void **state)
{
	char name[64];
	pid_t tid;

	(void)state;
	describe(5, "worker-5");
	/* the object in the list belongs to a thread that has ended */
	native_ids[7] = 1;
	describe(7, NULL);
	native_ids[7] = (uint32_t)getpid();
	cpython_describe_thread(&python, STATE(7), 0, &tid, name, sizeof(name));
	assert_int_equal(tid, getpid());
	assert_in_range(lists, 1, 2);
}

/* The state of a thread that has ended is that of the next one when loopprof reads it. */
static void a_thread_that_has_ended_has_no_name_of_the_next_one(void **state)
{
	pid_t ended = getpid() + 1, tid;
	char name[64];

	(void)state;
	cpython_describe_thread(&python, STATE(3), ended, &tid, name, sizeof(name));
	assert_int_equal(tid, 0);
	assert_string_equal(name, "");
	cpython_describe_thread(&python, STATE(3), getpid(), &tid, name, sizeof(name));
	assert_int_equal(tid, getpid());
	assert_string_equal(name, "worker-3");
	/* it was described while it ran, so that its name is known after its end as well */
	native_ids[3] = (uint32_t)ended;
	cpython_describe_thread(&python, STATE(3), getpid(), &tid, name, sizeof(name));
	assert_int_equal(tid, getpid());
	assert_string_equal(name, "worker-3");
}

/* Thread states of no thread: each is checked once, and never by reading the list of all tasks. */
static void forged_ids_are_refused_and_remembered(void **state)
{
	size_t round, i;

	(void)state;
	for (i = 0; i < MANY; i++)
		native_ids[i] = (uint32_t)(100000000 + i);
	for (round = 0; round < 100; round++)
		for (i = 0; i < MANY; i++)
			assert_int_equal(cpython_thread_id(&python, STATE(i)), 0);
}

/* More threads than are remembered. */
static void there_is_a_limit_to_what_is_remembered(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_int_equal(cpython_thread_id(&python, STATE(i)), getpid());
}

static void what_is_no_id_is_none(void **state)
{
	(void)state;
	native_ids[0] = 0;
	native_ids[1] = 0x80000001;
	assert_int_equal(cpython_thread_id(&python, STATE(0)), 0);
	assert_int_equal(cpython_thread_id(&python, STATE(1)), 0);
	describe(0, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_of_many_threads_are_read_once),
		TEST(a_thread_that_no_list_has_is_not_searched_each_time),
		TEST(an_ident_that_is_used_again_gets_no_wrong_name),
		TEST(a_thread_that_has_ended_has_no_name_of_the_next_one),
		TEST(forged_ids_are_refused_and_remembered),
		TEST(there_is_a_limit_to_what_is_remembered),
		TEST(what_is_no_id_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
