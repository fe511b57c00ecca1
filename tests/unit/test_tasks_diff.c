// SPDX-License-Identifier: BSD-2-Clause
/* Changes from one snapshot to the next, and groups that only grow. */
#include "tasks_fixture.h"

#include "tasks/diff.h"

struct watch {
	struct lp_task_diff *diff;
	struct lp_tasks_snapshot *snapshot;
	const struct lp_tasks_change *change;
	uint64_t time_ns;
};

/* Takes a snapshot of the list, one second after the last one. */
static void observe(struct watch *watch, struct lp_task_list *list)
{
	struct lp_tasks_snapshot *snapshot;

	list->time_ns = watch->time_ns += SECOND;
	snapshot = new_view(list);
	assert_int_equal(diff_snapshots(watch->diff, watch->snapshot, snapshot, &watch->change), 0);
	tasks_snapshot_free(watch->snapshot);
	watch->snapshot = snapshot;
}

/* Takes a snapshot of the tasks with these numbers. */
static void observe_range(struct watch *watch, size_t first, size_t end)
{
	struct lp_task_list list = new_list(end - first, 0);
	char name[32];
	size_t i;

	for (i = first; i < end; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		add_task(&list, i, name);
	}
	observe(watch, &list);
}

static struct watch begin(void)
{
	return (struct watch){ .diff = diff_new() };
}

static void end(struct watch *watch)
{
	diff_free(watch->diff);
	tasks_snapshot_free(watch->snapshot);
}

static void test_started_and_ended(void **state)
{
	struct watch watch = begin();

	(void)state;
	observe_range(&watch, 0, 5);
	assert_int_equal(watch.change->started_count, 0);
	observe_range(&watch, 2, 8);
	assert_int_equal(watch.change->started_count, 3);
	assert_int_equal(watch.change->ended_count, 2);
	assert_int_equal(watch.snapshot->list.tasks[watch.change->started[0]].address, ADDRESS(5));
	assert_int_equal(watch.change->group_count, 1);
	assert_int_equal(watch.change->groups[0]->count, 6);
	observe_range(&watch, 2, 8);
	assert_int_equal(watch.change->group_count, 0);
	end(&watch);
}

/* Addresses are used again: a task of another name at the same address is another task. */
static void test_same_address(void **state)
{
	struct lp_task_list list = new_list(1, 0);
	struct watch watch = begin();

	(void)state;
	observe_range(&watch, 0, 1);
	add_task(&list, 0, "another");
	observe(&watch, &list);
	assert_int_equal(watch.change->started_count, 1);
	assert_int_equal(watch.change->ended_count, 1);
	end(&watch);
}

/* A task whose exception was never retrieved is still listed, but has ended. */
static void test_finished(void **state)
{
	struct lp_task_list list = new_list(1, 0);
	struct watch watch = begin();

	(void)state;
	observe_range(&watch, 0, 1);
	add_task(&list, 0, "t0")->state = LP_TASK_DONE;
	observe(&watch, &list);
	assert_int_equal(watch.change->ended_count, 1);
	assert_int_equal(watch.change->groups[0]->count, 0);
	end(&watch);
}

static void test_unmoved(void **state)
{
	struct lp_task_list list = new_list(2, 0);
	struct watch watch = begin();

	(void)state;
	observe_range(&watch, 0, 2);
	assert_int_equal(watch.snapshot->places[0].unmoved_ns, 0);
	observe_range(&watch, 0, 2);
	observe_range(&watch, 0, 2);
	assert_int_equal(watch.snapshot->places[0].unmoved_ns, SECOND);
	add_task(&list, 0, "t0");
	add_task(&list, 1, "t1")->frames[0].raw.instruction = 2;
	observe(&watch, &list);
	assert_int_equal(watch.snapshot->places[0].unmoved_ns, SECOND);
	assert_int_equal(watch.snapshot->places[1].unmoved_ns, 0);
	end(&watch);
}

static const struct lp_task_group *growing(const struct watch *watch)
{
	return watch->change->group_count && task_group_leaks(watch->change->groups[0])
		       ? watch->change->groups[0]
		       : NULL;
}

static void test_growing(void **state)
{
	struct watch watch = begin();

	(void)state;
	observe_range(&watch, 0, 10);
	observe_range(&watch, 0, 20);
	observe_range(&watch, 0, 30);
	assert_null(growing(&watch));
	observe_range(&watch, 0, 40);
	assert_non_null(growing(&watch));
	assert_int_equal(growing(&watch)->count, 40);
	assert_int_equal(growing(&watch)->count - growing(&watch)->since_count, 30);
	assert_int_equal(growing(&watch)->since_ns, SECOND);
	assert_string_equal(growing(&watch)->name, "fetch");
	assert_int_equal(growing(&watch)->line, 12);
	/* a group that stops growing has to begin anew */
	observe_range(&watch, 0, 40);
	assert_null(growing(&watch));
	observe_range(&watch, 0, 50);
	assert_null(growing(&watch));
	end(&watch);
}

/* More tasks are created than end, but some do end: the load rises, and nothing leaks. */
static void test_ending_ones_are_no_leak(void **state)
{
	struct watch watch = begin();
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++) {
		observe_range(&watch, i, 10 + i * 10);
		assert_null(growing(&watch));
	}
	end(&watch);
}

/* Tasks of one coroutine that were created at different places are different groups. */
static void test_groups_by_creation(void **state)
{
	struct watch watch = begin();
	size_t round, i;

	(void)state;
	for (round = 0; round < 4; round++) {
		struct lp_task_list list = new_list(32, 0);

		for (i = 0; i < 4 + round; i++) {
			struct lp_task *task = add_task(&list, i, "leaky");

			task->created_file = "/srv/app/server.py";
			task->created_line = 88;
		}
		add_task(&list, 100 + round, "short");
		observe(&watch, &list);
	}
	assert_int_equal(watch.change->group_count, 2);
	assert_non_null(growing(&watch));
	assert_int_equal(growing(&watch)->created_line, 88);
	assert_int_equal(growing(&watch)->count, 7);
	end(&watch);
}

static void test_new_deadlock(void **state)
{
	struct watch watch = begin();
	int round;

	(void)state;
	observe_range(&watch, 0, 2);
	for (round = 0; round < 2; round++) {
		struct lp_task_list list = new_list(2, 0);

		add_task(&list, 0, "t0");
		add_task(&list, 1, "t1");
		add_edge(&list, &list.tasks[0], 1, true);
		add_edge(&list, &list.tasks[1], 0, true);
		observe(&watch, &list);
		assert_int_equal(watch.change->deadlock_count, !round);
	}
	end(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_started_and_ended),
		cmocka_unit_test(test_same_address),
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_unmoved),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_ending_ones_are_no_leak),
		cmocka_unit_test(test_groups_by_creation),
		cmocka_unit_test(test_new_deadlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
