// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loop that _asyncio stores for a thread, in objects laid out as those of each version in this
 * process: a forked child has its parent's thread state, in which the PID is the parent's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "runtime/cpython/running_loops.h"

#define KEY "__asyncio_running_event_loop__"
#define LOOP 0x7000
#define STRING_TYPE 0x5000
#define WORDS 160
/* PyDictObject.ma_keys */
#define DICT_KEYS 4
/* PyDictKeysObject: dk_size up to 3.10, then dk_log2_index_bytes in the second byte of it */
#define KEYS_SIZE 1
#define INDICES 8

/* Compact ASCII string of one byte a character: PyASCIIObject.state */
#define STRING_STATE (1 << 2 | 0x20 | 0x40)

static struct {
	uint64_t state[WORDS], dict[8], keys[16], key[16], holder[4];
} target;

static uint64_t at(const void *pointer)
{
	return (uintptr_t)pointer;
}

static void set_key(const struct lp_cpython *python)
{
	target.key[1] = STRING_TYPE;
	target.key[2] = strlen(KEY);
	target.key[4] = STRING_STATE;
	memcpy((char *)target.key + python->row.unicode.ascii, KEY, strlen(KEY));
}

/* A dict with one entry. */
static void set_dict(const struct lp_cpython *python, uint64_t value)
{
	uint64_t *entry;

	target.dict[DICT_KEYS] = at(target.keys);
	if (python->row.type.dict_layout == LP_DICT_INDEXED) {
		target.keys[KEYS_SIZE] = INDICES;
		target.keys[4] = 1; /* dk_nentries */
		entry = &target.keys[6];
	} else {
		((uint8_t *)target.keys)[9] = 3; /* 8 bytes of indices */
		target.keys[3] = 1;
		entry = &target.keys[5];
	}
	entry[0] = 1; /* the hash */
	entry[1] = at(target.key);
	entry[2] = value;
}

/* Fills a thread state in which that process has stored the loop. */
static struct lp_cpython fill(int minor, pid_t stored_by)
{
	struct lp_cpython python = { .pid = getpid(),
				     .minor = minor,
				     .inner_pid = getpid(),
				     .row = *cpython_row(minor),
				     .string_type = STRING_TYPE };
	const struct lp_cpython_row *row = &python.row;

	memset(&target, 0, sizeof(target));
	if (row->thread.asyncio_running_loop != LP_NO_FIELD) {
		target.state[row->thread.asyncio_running_loop / 8] = LOOP;
		return python;
	}
	set_key(&python);
	set_dict(&python, row->asyncio.running_loop_holder ? at(target.holder) : LOOP);
	target.state[row->thread.dict / 8] = at(target.dict);
	target.holder[2] = LOOP;
	memcpy(&target.holder[3], &stored_by, sizeof(stored_by));
	return python;
}

static uint64_t stored(const struct lp_cpython *python, bool *copied)
{
	return cpython_running_loop(python, at(target.state), copied);
}

static void loop_of_this_process_is_its_own(void **state)
{
	struct lp_cpython python;
	bool copied;
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		python = fill(minor, getpid());
		assert_int_equal(stored(&python, &copied), LOOP);
		assert_false(copied);
	}
}

/* Up to 3.11 the PID distinguishes them; later versions clear the loop in a forked child. */
static void loop_of_the_parent_is_a_copy(void **state)
{
	struct lp_cpython python;
	bool copied;
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= 11; minor++) {
		python = fill(minor, getppid());
		assert_int_equal(stored(&python, &copied), 0);
		assert_true(copied);
	}
	for (minor = 12; minor <= CPYTHON_NEWEST; minor++) {
		python = fill(minor, getppid());
		assert_int_equal(stored(&python, &copied), LOOP);
		assert_false(copied);
	}
}

/* The PID is what getpid() returns in the process, not what this process calls it. */
static void pids_are_those_of_the_namespace(void **state)
{
	struct lp_cpython python;
	bool copied;
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= 11; minor++) {
		python = fill(minor, 7);
		python.inner_pid = 7;
		assert_int_equal(stored(&python, &copied), LOOP);
		assert_false(copied);
		python = fill(minor, getpid());
		python.inner_pid = 7;
		assert_int_equal(stored(&python, &copied), 0);
		assert_true(copied);
	}
}

static void thread_without_a_loop_has_no_copy(void **state)
{
	struct lp_cpython python;
	bool copied;
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		python = fill(minor, getppid());
		memset(target.state, 0, sizeof(target.state));
		assert_int_equal(stored(&python, &copied), 0);
		assert_false(copied);
		/* the dict has another key */
		python = fill(minor, getppid());
		target.key[2]--;
		if (python.row.thread.asyncio_running_loop == LP_NO_FIELD)
			assert_int_equal(stored(&python, &copied), 0);
		assert_false(copied);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_of_this_process_is_its_own),
		cmocka_unit_test(loop_of_the_parent_is_a_copy),
		cmocka_unit_test(pids_are_those_of_the_namespace),
		cmocka_unit_test(thread_without_a_loop_has_no_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
