// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects laid out as in CPython 3.13, in this process; cpython_waits reads them as those of a
 * remote process.  Tests on live interpreters cover what asyncio does with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/cpython/waits/waits_internal.h"

#define TYPE_BYTES 416
#define MANY 1500

static struct lp_cpython python;
static struct lp_task_arena *arena;
static struct lp_waits *waits;

struct object {
	uint64_t references;
	uint64_t type;
	uint64_t words[14];
};

static uint64_t at(const void *pointer)
{
	return (uintptr_t)pointer;
}

static void set_word(void *object, size_t offset, uint64_t value)
{
	memcpy((char *)object + offset, &value, sizeof(value));
}

/* A type with that name and one base, or none (NULL). */
static void *new_type(const char *name, const void *base, uint64_t size)
{
	uint8_t *type = test_calloc(1, TYPE_BYTES + 8 * 8);
	uint64_t *order = (uint64_t *)(type + TYPE_BYTES);

	set_word(type, CPYTHON_TYPE_NAME, at(name));
	set_word(type, CPYTHON_TYPE_BASIC_SIZE, size);
	set_word(type, CPYTHON_TYPE_FLAGS, CPYTHON_TYPE_FLAG_READY);
	set_word(type, CPYTHON_TYPE_MRO, at(order));
	order[2] = base ? 2 : 1;
	order[3] = at(type);
	order[4] = at(base);
	return type;
}

static int setup(void **state)
{
	(void)state;
	python = (struct lp_cpython){ .pid = getpid(), .minor = 13, .row = *cpython_row(13) };
	arena = task_arena_new();
	waits = cpython_waits_new(&python, arena);
	return !arena || !waits;
}

static int teardown(void **state)
{
	(void)state;
	cpython_waits_free(waits);
	task_arena_free(arena);
	return 0;
}

static void members_of_a_set(void **state)
{
	void *type = new_type("set", NULL, 200);
	struct object set = { .type = at(type) };
	/* Objects/setobject.c: unused, used, dummy */
	uint64_t table[16] = { 0, 0, 0x1000, 5, 0x2000, UINT64_MAX, 0, 0, 0x3000, 6 }, *members;
	size_t count;

	(void)state;
	set.words[0] = 3; /* fill */
	set.words[1] = 2; /* used */
	set.words[2] = 7; /* mask */
	set.words[3] = at(table);
	assert_true(cpython_wait_members(waits, at(&set), &members, &count));
	assert_int_equal(count, 2);
	assert_int_equal(members[0], 0x1000);
	assert_int_equal(members[1], 0x3000);
	free(members);
	set.words[2] = 1UL << 40;
	assert_false(cpython_wait_members(waits, at(&set), &members, &count));
	set.words[2] = UINT64_MAX;
	assert_false(cpython_wait_members(waits, at(&set), &members, &count));
	set.words[2] = 7;
	set.words[3] = 16;
	assert_false(cpython_wait_members(waits, at(&set), &members, &count));
	test_free(type);
}

static void lengths_are_bounded(void **state)
{
	void *type = new_type("list", NULL, 40);
	struct object list = { .type = at(type) };
	uint64_t *members, length;
	size_t count;

	(void)state;
	assert_true(cpython_wait_members(waits, at(&list), &members, &count));
	assert_int_equal(count, 0);
	free(members);
	list.words[0] = 1UL << 30;
	assert_false(cpython_wait_members(waits, at(&list), &members, &count));
	assert_true(cpython_wait_length(waits, at(&list), &length));
	assert_int_equal(length, 1UL << 30);
	list.words[0] = UINT64_MAX;
	assert_false(cpython_wait_length(waits, at(&list), &length));
	assert_false(cpython_wait_length(waits, 0, &length));
	test_free(type);
}

static void timers(void **state)
{
	void *type = new_type("float", NULL, 24);
	struct object number = { .type = at(type) };
	double seconds = 12.5, read = 0;

	(void)state;
	memcpy(number.words, &seconds, sizeof(seconds));
	assert_true(cpython_wait_seconds(waits, at(&number), &read));
	assert_true(read == 12.5);
	seconds = -1;
	memcpy(number.words, &seconds, sizeof(seconds));
	assert_false(cpython_wait_seconds(waits, at(&number), &read));
	number.words[0] = 0x7ff8000000000000; /* not a number */
	assert_false(cpython_wait_seconds(waits, at(&number), &read));
	assert_false(cpython_wait_seconds(waits, 0, &read));
	/* not a TimerHandle */
	assert_false(cpython_wait_when(waits, at(&number), &read));
	test_free(type);
}

static void when_is_reported_from_both_sides(void **state)
{
	int64_t shift = 10000000000 - (int64_t)memory_time();
	struct lp_waiting wait = { .waits = waits, .clock_shift = shift };

	(void)state;
	cpython_wait_append_when(&wait, "due", "overdue", 13.2);
	cpython_wait_append_when(&wait, "timeout", "timeout overdue", 9);
	assert_string_equal(wait.detail, "due in 3.20 s, timeout overdue by 1.00 s");
}

static void details_are_cut(void **state)
{
	struct lp_waiting wait = { .waits = waits };
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		cpython_wait_append(&wait, "%d waiters", i);
	assert_int_equal(strlen(wait.detail), sizeof(wait.detail) - 1);
	assert_memory_equal(wait.detail, "0 waiters, 1 waiters, ", 22);
}

/* A task that awaits another one, in code that is not in the table. */
static void a_task_is_an_edge(void **state)
{
	void *future_type = new_type("_asyncio.Future", NULL, 104);
	void *task_type = new_type("_asyncio.Task", future_type, 144);
	struct object leaf = { .type = at(task_type) };
	struct lp_await_chain *chain = test_calloc(1, sizeof(*chain));
	struct lp_task task = { .address = 0x1000 };

	(void)state;
	cpython_waits_fill(waits, chain, 0, &task);
	assert_int_equal(task.awaited, LP_AWAITED_NOTHING);
	assert_string_equal(task.awaited_class, "");
	assert_int_equal(task.edge_count, 0);

	chain->leaf = at(&leaf);
	cpython_waits_fill(waits, chain, 0, &task);
	assert_int_equal(task.awaited, LP_AWAITED_TASK);
	assert_string_equal(task.awaited_class, "_asyncio.Task");
	assert_int_equal(task.awaited_id, at(&leaf));
	assert_int_equal(task.edge_count, 1);
	assert_int_equal(task.edges[0].task, at(&leaf));
	assert_false(task.edges[0].holds);

	leaf.type = at(future_type);
	cpython_waits_fill(waits, chain, 0, &task);
	assert_int_equal(task.awaited, LP_AWAITED_FUTURE);
	assert_int_equal(task.edge_count, 0);

	/* its memory has become that of another object, in which the place of the type is not one */
	leaf.type = at(chain);
	cpython_waits_fill(waits, chain, 0, &task);
	assert_int_equal(task.awaited, LP_AWAITED_OTHER);
	assert_string_equal(task.awaited_class, "");

	chain->leaf = 16; /* nothing is mapped there */
	cpython_waits_fill(waits, chain, 0, &task);
	assert_int_equal(task.awaited, LP_AWAITED_OTHER);
	assert_string_equal(task.awaited_class, "");
	test_free(chain);
	test_free(task_type);
	test_free(future_type);
}

static void children_are_counted_and_bounded(void **state)
{
	void *future_type = new_type("_asyncio.Future", NULL, 104);
	void *task_type = new_type("_asyncio.Task", future_type, 144);
	void *list_type = new_type("list", NULL, 40);
	struct object *tasks = test_calloc(MANY, sizeof(*tasks));
	struct object list = { .type = at(list_type) };
	struct lp_waiting wait = { .waits = waits };
	uint64_t items[MANY];
	size_t i;

	(void)state;
	waits->stamp = 1;
	for (i = 0; i < MANY; i++) {
		tasks[i].type = at(task_type);
		items[i] = at(&tasks[i]);
	}
	/* one task is done, one is listed twice, one object is not a task */
	set_word(&tasks[0], python.row.task.fut_state, 2);
	tasks[1].type = at(future_type);
	list.words[1] = at(items);
	list.words[0] = 5;
	items[4] = items[3];
	assert_true(cpython_wait_children(&wait, at(&list), true));
	assert_string_equal(wait.detail, "4 of 5 pending");
	assert_int_equal(waits->edge_count, 2);
	assert_int_equal(waits->edges[0].task, at(&tasks[2]));
	assert_int_equal(waits->edges[1].task, at(&tasks[3]));
	assert_false(wait.edges_cut);

	list.words[0] = MANY;
	assert_true(cpython_wait_children(&wait, at(&list), false));
	assert_string_equal(wait.detail, "4 of 5 pending, 1499 pending");
	assert_int_equal(waits->edge_count, CPYTHON_WAIT_EDGES_MAX);
	assert_true(wait.edges_cut);

	list.words[0] = 1UL << 40;
	wait.used = 0;
	assert_true(cpython_wait_children(&wait, at(&list), true));
	assert_string_equal(wait.detail, "of 1099511627776");
	test_free(tasks);
	test_free(list_type);
	test_free(task_type);
	test_free(future_type);
}

static void descriptors(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listens = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	char expected[64];
	int ends[2];

	(void)state;
	assert_int_equal(bind(listens, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listens, 1), 0);
	assert_int_equal(getsockname(listens, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, length), 0);
	assert_int_equal(pipe(ends), 0);

	snprintf(expected, sizeof(expected), "tcp listening on 127.0.0.1:%d",
		 ntohs(address.sin_port));
	assert_string_equal(cpython_wait_descriptor(waits, listens), expected);
	snprintf(expected, sizeof(expected), "tcp 127.0.0.1:%d", ntohs(address.sin_port));
	assert_string_equal(cpython_wait_descriptor(waits, client), expected);
	assert_memory_equal(cpython_wait_descriptor(waits, ends[0]), "pipe:[", 6);
	assert_string_equal(cpython_wait_descriptor(waits, -1), "");
	assert_string_equal(cpython_wait_descriptor(waits, 1 << 20), "");
	close(listens);
	close(client);
	close(ends[0]);
	close(ends[1]);
}

/* Binds a socket to an abstract name. */
static int bind_abstract(int type, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, type, 0);
	size_t length = strlen(name);

	assert_true(made >= 0 && length < sizeof(address.sun_path));
	memcpy(address.sun_path + 1, name, length);
	assert_int_equal(bind(made, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)),
			 0);
	return made;
}

/* The kernel does not escape the names of sockets in its list. */
static void a_name_forges_no_line_about_another_socket(void **state)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int forging[64], victims[3];
	char name[108];
	struct stat status;
	size_t i;

	(void)state;
	snprintf(name, sizeof(name), "loopprof-test-%d", getpid());
	victims[0] = bind_abstract(SOCK_STREAM, name);
	victims[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(victims[1], (struct sockaddr *)&loopback, sizeof(loopback)), 0);
	assert_int_equal(listen(victims[1], 1), 0);
	victims[2] = socket(AF_UNIX, SOCK_STREAM, 0);
	/* many of them: the order of the list is that of hashes */
	for (i = 0; i < 60; i++) {
		assert_int_equal(fstat(victims[i % 3], &status), 0);
		snprintf(
			name, sizeof(name),
			"%d-%zu\n0000000000000000: 00000002 00000000 00010000 0001 01 %5lu /forged",
			getpid(), i, (unsigned long)status.st_ino);
		forging[i] = bind_abstract(SOCK_DGRAM, name);
	}
	for (i = 0; i < 3; i++)
		assert_null(strstr(cpython_wait_descriptor(waits, victims[i]), "forged"));
	assert_int_equal(strncmp(cpython_wait_descriptor(waits, victims[1]), "tcp listening", 13),
			 0);
	for (i = 0; i < 60; i++)
		close(forging[i]);
	for (i = 0; i < 3; i++)
		close(victims[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_forges_no_line_about_another_socket, setup,
						teardown),
		cmocka_unit_test_setup_teardown(members_of_a_set, setup, teardown),
		cmocka_unit_test_setup_teardown(lengths_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(timers, setup, teardown),
		cmocka_unit_test_setup_teardown(when_is_reported_from_both_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(details_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_task_is_an_edge, setup, teardown),
		cmocka_unit_test_setup_teardown(children_are_counted_and_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
