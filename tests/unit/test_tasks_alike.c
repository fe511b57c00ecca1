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
static void tasks_with_different_words_of_their_waits_are_not_alike(void **state)
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

static void sleeps_in_one_line_are_alike(void **state)
{
	static const char *const details[] = { "due in 3.20 s", "overdue by 2 ms", "",
					       "due in 3.2 s, timeout in 5 s" };
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		struct lp_task *task = add_task(&list, i, "t");

		task->awaited = LP_AWAITED_TIMER;
		task->awaited_detail = details[i];
	}
	expect_groups(&list, "aaaa");
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

/* Adds tasks that await one further task each, with a wait of the given description. */
static void add_connections(struct lp_task_list *list, size_t count, const char *detail)
{
	size_t i, parent;

	for (i = 0; i < count; i++) {
		parent = list->count;
		add_edge(list, add_task(list, parent, "connection"), parent + 1, false);
		add_task(list, parent + 1, "request")->awaited_detail = detail;
	}
}

/* Each task with an even number awaits the next one, and those wait for different objects. */
static void tasks_whose_awaited_tasks_wait_differently_are_not_alike(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);

	(void)state;
	add_connections(&list, 3, "due in 3.20 s");
	add_connections(&list, 2, "executor, running");
	expect_groups(&list, "abababcdcd");
}

static void a_different_wait_four_tasks_below_makes_tasks_not_alike(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++) {
		add_task(&list, i, "t");
		if (i % 5 < 4)
			add_edge(&list, &list.tasks[i], i + 1, false);
	}
	list.tasks[9].awaited_detail = "full, 10 of 10";
	expect_groups(&list, "aaaabccccd");
}

/* One lock, which a task below each connection waits for; that of the third one holds it. */
static void a_connection_with_the_holder_is_not_folded_with_those_that_wait(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		add_edge(&list, add_task(&list, 2 * i, "connection"), 2 * i + 1, false);
		if (i == 2) {
			add_task(&list, 2 * i + 1, "holder");
		} else {
			add_waiter(&list, 2 * i + 1, 0x100);
			add_edge(&list, &list.tasks[2 * i + 1], 5, true);
		}
	}
	expect_groups(&list, "ababcdabab");
}

/* Two locks: the tasks below the connections wait for the one or the other. */
static void connections_that_lead_to_different_locks_are_not_alike(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		add_edge(&list, add_task(&list, 2 * i, "connection"), 2 * i + 1, false);
		add_waiter(&list, 2 * i + 1, i < 2 ? 0x100 : 0x200);
	}
	expect_groups(&list, "ababcdcd");
}

/*
 * Each connection awaits the holder of a lock of its own and a task that waits for it, and all
 * connections are awaited by one task.
 */
static void connections_with_a_lock_each_are_alike(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		add_task(&list, 3 * i, "connection");
		add_edge(&list, &list.tasks[3 * i], 3 * i + 1, false);
		add_edge(&list, &list.tasks[3 * i], 3 * i + 2, false);
		add_task(&list, 3 * i + 1, "holder");
		add_waiter(&list, 3 * i + 2, 0x100 * (i + 1));
		add_edge(&list, &list.tasks[3 * i + 2], 3 * i + 1, true);
	}
	add_task(&list, 12, "server")->awaited_detail = "4 of 4 pending";
	for (i = 0; i < 4; i++)
		add_edge(&list, &list.tasks[12], 3 * i, false);
	expect_groups(&list, "abcadcaecafcg");
}

/* Tasks that await each other, a task that leads to them, and one that leads to others. */
static void circles_of_awaits_have_keys(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++)
		add_task(&list, i, "t");
	for (i = 0; i < 6; i++)
		add_edge(&list, &list.tasks[i], i % 3 == 2 ? i - 1 : i + 1, false);
	list.tasks[5].awaited_detail = "shielded";
	expect_groups(&list, "aaabbc");
}

/* A thousand connections wait alike, and one request has another wait. */
static void a_thousand_connections_are_one_entry(void **state)
{
	struct lp_task_list list = new_list(2002, SECOND);
	struct lp_alike_entry entries[1001];
	struct lp_tasks_snapshot *snapshot;
	uint32_t tasks[1001];
	uint64_t *keys;
	size_t i;

	(void)state;
	add_connections(&list, 1001, "due in 3.20 s");
	list.tasks[1001].awaited_detail = "executor, running";
	snapshot = new_view(&list);
	keys = alike_keys(snapshot);
	for (i = 0; i < 1001; i++)
		tasks[i] = (uint32_t)(2 * i);
	assert_int_equal(alike_fold(keys, tasks, 1001, entries), 4);
	assert_int_equal(entries[2].more, 997);
	assert_int_equal(entries[3].task, 1000);
	free(keys);
	tasks_snapshot_free(snapshot);
}

/* A task that awaits tasks with more ways to wait than are compared. */
static void many_ways_to_wait_are_bounded(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
					     "k", "l", "m", "n", "o", "p", "q", "r", "s", "t" };
	struct lp_task_list list = new_list(50, SECOND);
	struct lp_tasks_snapshot *snapshot;
	uint64_t *keys;
	size_t i, root;

	(void)state;
	for (root = 0; root < 42; root += 21) {
		add_task(&list, root, "gathering");
		for (i = 0; i < 20; i++) {
			/* the second one awaits them in the reverse order */
			add_task(&list, root + 1 + i, "t")->awaited_detail =
				names[root ? 19 - i : i];
			add_edge(&list, &list.tasks[root], root + 1 + i, false);
		}
	}
	snapshot = new_view(&list);
	keys = alike_keys(snapshot);
	assert_true(keys[0] == keys[21]);
	free(keys);
	tasks_snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_of_more_than_eight_is_folded),
		cmocka_unit_test(tasks_that_wait_for_one_object_are_alike),
		cmocka_unit_test(tasks_that_wait_for_an_object_each_are_alike),
		cmocka_unit_test(tasks_with_different_words_of_their_waits_are_not_alike),
		cmocka_unit_test(sleeps_in_one_line_are_alike),
		cmocka_unit_test(a_holder_is_never_folded_with_those_that_wait_for_it),
		cmocka_unit_test(holders_of_the_same_object_are_alike),
		cmocka_unit_test(tasks_whose_awaited_tasks_wait_differently_are_not_alike),
		cmocka_unit_test(a_different_wait_four_tasks_below_makes_tasks_not_alike),
		cmocka_unit_test(a_connection_with_the_holder_is_not_folded_with_those_that_wait),
		cmocka_unit_test(connections_that_lead_to_different_locks_are_not_alike),
		cmocka_unit_test(connections_with_a_lock_each_are_alike),
		cmocka_unit_test(circles_of_awaits_have_keys),
		cmocka_unit_test(a_thousand_connections_are_one_entry),
		cmocka_unit_test(many_ways_to_wait_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
