// SPDX-License-Identifier: BSD-2-Clause
/* Which tasks are alike, and how they are folded. */
#include "tasks_fixture.h"

#include "tasks/alike.h"

static void a_group_of_more_than_eight_is_folded(void **state)
{
	uint64_t keys[20];
	uint32_t tasks[20], i;
	struct lp_alike_entry entries[20];

	(void)state;
	for (i = 0; i < 20; i++) {
		keys[i] = i % 2;
		tasks[i] = i;
	}
	assert_int_equal(alike_fold(keys, tasks, 16, entries), 16);
	assert_int_equal(alike_fold(keys, tasks, 20, entries), 6);
	assert_int_equal(entries[4].task, 4);
	assert_int_equal(entries[4].more, 7);
	assert_int_equal(entries[5].task, 5);
	assert_int_equal(entries[3].more, 0);
	assert_int_equal(alike_fold(keys, tasks, 0, entries), 0);
}

/* Adds a task that waits for a lock. */
static struct lp_task *add_waiter(struct lp_task_list *list, size_t number, uint64_t lock)
{
	struct lp_task *task = add_task(list, number, "waiter");

	task->awaited = LP_AWAITED_LOCK;
	task->awaited_class = "asyncio.locks.Lock";
	task->awaited_detail = "locked";
	task->awaited_id = lock;
	return task;
}

/* Checks which pairs of a list's tasks have equal keys: groups[i] == groups[j]. */
static void expect_groups(struct lp_task_list *list, const char *groups)
{
	struct lp_tasks_snapshot *snapshot = new_view(list);
	uint64_t *keys = alike_keys(snapshot);
	size_t i, j;

	assert_non_null(keys);
	for (i = 0; groups[i]; i++)
		for (j = 0; j < i; j++)
			if ((keys[i] == keys[j]) != (groups[i] == groups[j]))
				fail_msg("tasks %zu and %zu are%s alike", j, i,
					 keys[i] == keys[j] ? "" : " not");
	free(keys);
	tasks_snapshot_free(snapshot);
}

static void tasks_that_wait_for_one_object_are_alike(void **state)
{
	struct lp_task_list list = new_list(6, SECOND);

	(void)state;
	add_waiter(&list, 0, 0x100);
	add_waiter(&list, 1, 0x100);
	add_waiter(&list, 2, 0x200);
	add_waiter(&list, 3, 0x200);
	expect_groups(&list, "aabb");
}

static void tasks_that_wait_for_an_object_each_are_alike(void **state)
{
	struct lp_task_list list = new_list(6, SECOND);

	(void)state;
	add_waiter(&list, 0, 0x100);
	add_waiter(&list, 1, 0x200);
	add_waiter(&list, 2, 0x300);
	add_waiter(&list, 3, 0x400);
	add_waiter(&list, 4, 0x400);
	expect_groups(&list, "aaabb");
}

/* The words of a wait's description count, its numbers, times and addresses do not. */
static void the_words_of_a_wait_tell_tasks_apart(void **state)
{
	static const char *const details[] = {
		"executor, running",
		"executor, queued",
		"executor, queued",
		"due in 3.20 s",
		"due in 320 ms",
		"due in 2.5 h",
		"overdue by 2 s",
		"tcp 10.0.0.1:5432",
		"tcp [2001:db8::1]:443",
		"tcp 192.168.1.77:80, timeout in 2 s",
		"tcp 192.168.1.78:81, timeout in 200 us",
		"full, 10 of 10",
		"3 of 10",
		"4 of 10",
	};
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(details) / sizeof(details[0]); i++)
		add_task(&list, i, "t")->awaited_detail = details[i];
	expect_groups(&list, "abbccceffgghii");
}

/* Two waiters name the same holder, so that what it holds is not to cancel out. */
static void a_holder_is_never_folded_with_those_that_wait_for_it(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		add_waiter(&list, i, 0x100);
	for (i = 0; i < 12; i++)
		if (i != 4)
			add_edge(&list, &list.tasks[i], 4, true);
	expect_groups(&list, "aaaabaaaaaaa");
}

/* Permits of one semaphore are held by tasks that are alike. */
static void holders_of_the_same_object_are_alike(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		add_task(&list, i, "holder");
	for (i = 4; i < 6; i++) {
		add_waiter(&list, i, 0x100);
		add_edge(&list, &list.tasks[i], 1, true);
		add_edge(&list, &list.tasks[i], 2, true);
		add_edge(&list, &list.tasks[i], 3, true);
	}
	expect_groups(&list, "abbbcc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_of_more_than_eight_is_folded),
		cmocka_unit_test(tasks_that_wait_for_one_object_are_alike),
		cmocka_unit_test(tasks_that_wait_for_an_object_each_are_alike),
		cmocka_unit_test(the_words_of_a_wait_tell_tasks_apart),
		cmocka_unit_test(a_holder_is_never_folded_with_those_that_wait_for_it),
		cmocka_unit_test(holders_of_the_same_object_are_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
