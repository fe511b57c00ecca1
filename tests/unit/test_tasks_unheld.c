// SPDX-License-Identifier: BSD-2-Clause
/* Locks that no task is known to hold are compared in two readings. */
#include "tasks_fixture.h"

#include "tasks/unheld.h"

/* Makes a snapshot in which tasks wait for a lock that no task is known to hold. */
static struct lp_tasks_snapshot *waiters_of(uint64_t lock, size_t from, size_t count,
					    uint64_t first_waiter)
{
	struct lp_task_list list = new_list(count, SECOND);
	size_t i;

	for (i = 0; i < count; i++) {
		struct lp_task *task = add_task(&list, from + i, "waiter");

		task->awaited = LP_AWAITED_LOCK;
		task->awaited_id = lock;
		task->awaited_detail = "locked";
		task->unheld = first_waiter;
	}
	return new_view(&list);
}

/* Returns how many tasks of the second snapshot are reported to wait for such a lock. */
static size_t confirmed(struct lp_tasks_snapshot *first, struct lp_tasks_snapshot *second)
{
	size_t i, count = 0;

	assert_int_equal(unheld_confirm(first, second), 0);
	unheld_describe(second);
	for (i = 0; i < second->list.count; i++)
		count += !strcmp(second->list.tasks[i].awaited_detail,
				 "locked, no task is known to hold it");
	assert_int_equal(unheld_suspected(second), count > 0);
	tasks_snapshot_free(first);
	tasks_snapshot_free(second);
	return count;
}

static void a_lock_that_does_not_change_is_confirmed(void **state)
{
	(void)state;
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(16, 0, 3, 32)), 3);
	/* further tasks have come */
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(16, 0, 5, 32)), 5);
}

static void a_lock_that_changes_hands_is_not_confirmed(void **state)
{
	(void)state;
	/* another first waiter, another lock, none before, none any more */
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(16, 0, 3, 48)), 0);
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(24, 0, 3, 32)), 0);
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 0), waiters_of(16, 0, 3, 32)), 0);
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(16, 0, 3, 0)), 0);
	/* a waiter waits no more, and the address of the first one's future was used again */
	assert_int_equal(confirmed(waiters_of(16, 0, 3, 32), waiters_of(16, 1, 3, 32)), 0);
}

static void cleared_locks_are_not_described(void **state)
{
	struct lp_tasks_snapshot *snapshot = waiters_of(16, 0, 2, 32);

	(void)state;
	assert_true(unheld_suspected(snapshot));
	unheld_clear(snapshot);
	assert_false(unheld_suspected(snapshot));
	unheld_describe(snapshot);
	assert_string_equal(snapshot->list.tasks[0].awaited_detail, "locked");
	tasks_snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_that_does_not_change_is_confirmed),
		cmocka_unit_test(a_lock_that_changes_hands_is_not_confirmed),
		cmocka_unit_test(cleared_locks_are_not_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
