// SPDX-License-Identifier: BSD-2-Clause
/* The graph of tasks that wait for tasks: its roots, its cycles, and which cycles are deadlocks. */
#include "tasks_fixture.h"

#define DEEP 100000

/* edges: in "0>1 1=0", task 0 awaits the end of task 1, which awaits a lock that task 0 holds. */
static struct lp_task_list list_of(size_t count, const char *edges)
{
	struct lp_task_list list = new_list(count, SECOND);
	unsigned int from, to;
	char kind, name[32];
	size_t i;
	int length;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		add_task(&list, i, name);
	}
	for (; sscanf(edges, " %u%c%u%n", &from, &kind, &to, &length) == 3; edges += length)
		add_edge(&list, &list.tasks[from], to, kind == '=');
	return list;
}

/* "0 3 | 1 2 (5)": the roots, then each cycle with the number of other tasks that it holds up. */
static const char *summary_of(struct lp_task_list *list)
{
	static char text[512];
	struct lp_task_graph graph;
	size_t length = 0, i, at;

	assert_int_equal(graph_build(list, &graph), 0);
	text[0] = '\0';
	for (i = 0; i < graph.root_count; i++)
		length += (size_t)sprintf(text + length, "%u ", graph.roots[i]);
	for (i = 0; i < graph.deadlock_count; i++) {
		length += (size_t)sprintf(text + length, "| ");
		for (at = 0; at < graph.deadlocks[i].count; at++)
			length +=
				(size_t)sprintf(text + length, "%u ", graph.deadlocks[i].nodes[at]);
		length += (size_t)sprintf(text + length, "(%zu) ", graph.deadlocks[i].held_up);
	}
	graph_free(&graph);
	task_list_free(list);
	return text;
}

static void check(size_t count, const char *edges, const char *expected)
{
	struct lp_task_list list = list_of(count, edges);

	assert_string_equal(summary_of(&list), expected);
}

static void test_a_task_that_another_loop_awaits_is_a_root(void **state)
{
	struct lp_task_list list = list_of(3, "0>1 1>2");

	(void)state;
	list.tasks[1].loop = list.tasks[2].loop = LOOP + 1;
	assert_string_equal(summary_of(&list), "0 1 ");
}

static void test_roots(void **state)
{
	(void)state;
	check(0, "", "");
	check(3, "", "0 1 2 ");
	check(3, "0>1 1>2", "0 ");
	/* a task that two tasks await, and one that a task awaits twice */
	check(4, "0>2 1>2 2>3 2>3", "0 1 ");
	/* the holder of a lock is not a child */
	check(2, "0=1", "0 1 ");
	/* a task that is not listed */
	check(1, "0>7", "0 ");
}

static void test_awaits_in_a_circle(void **state)
{
	(void)state;
	check(2, "0>1 1>0", "0 | 0 1 (0) ");
	check(1, "0>0", "0 | 0 (0) ");
	check(3, "0>1 1>2 2>1", "0 | 1 2 (1) ");
	/* the shortest cycle is reported */
	check(4, "0>1 1>2 2>3 3>0 1>0", "0 | 0 1 (2) ");
}

static void test_locks(void **state)
{
	(void)state;
	check(2, "0=1 1=0", "0 1 | 0 1 (0) ");
	check(1, "0=0", "0 | 0 (0) ");
	/* task 0 awaits task 1, which needs the lock that task 0 holds */
	check(2, "0>1 1=0", "0 | 0 1 (0) ");
	/* the holder, task 2, can go on */
	check(3, "0=1 1=2", "0 1 2 ");
}

/* A lock with several holders is a semaphore: any of them may release it. */
static void test_semaphore(void **state)
{
	(void)state;
	check(3, "0=1 0=2 1=0", "0 1 2 ");
	check(3, "0=1 0=2 1=0 2=0", "0 1 2 | 0 1 (1) ");
	/* the other holder awaits a deadlock of other tasks */
	check(5, "0=1 0=2 1=0 2=3 3=4 4=3", "0 1 2 3 4 | 3 4 (1) | 0 1 (0) ");
	/* a holder that is not listed may be able to go on */
	check(2, "0=1 0=7 1=0", "0 1 ");
}

/* A task that awaits several tasks needs all of them: one in the cycle is enough. */
static void test_gather(void **state)
{
	(void)state;
	check(3, "0>1 0>2 1=0", "0 | 0 1 (0) ");
}

static void test_who_steps_is_not_stuck(void **state)
{
	struct lp_task_list list = list_of(2, "0>1 1>0");

	(void)state;
	list.tasks[1].state = LP_TASK_READY;
	assert_string_equal(summary_of(&list), "0 ");
}

static void test_who_has_a_timeout_is_not_stuck(void **state)
{
	struct lp_task_list list = list_of(2, "0=1 1=0");

	(void)state;
	list.tasks[0].goes_on = true;
	assert_string_equal(summary_of(&list), "0 1 ");
}

/* wait(..., return_when=FIRST_COMPLETED) */
static void test_one_of_several_is_enough(void **state)
{
	struct lp_task_list list = list_of(3, "0>1 0>2 1=0");

	(void)state;
	list.tasks[0].any_end = true;
	assert_string_equal(summary_of(&list), "0 ");
	list = list_of(3, "0>1 0>2 1=0 2=0");
	list.tasks[0].any_end = true;
	assert_string_equal(summary_of(&list), "0 | 0 1 (1) ");
}

static void test_worst_first(void **state)
{
	(void)state;
	check(7, "0=1 1=0 2=3 3=2 4=2 5=4 6=2", "0 1 2 3 4 5 6 | 2 3 (3) | 0 1 (0) ");
}

static void test_deep_chain(void **state)
{
	struct lp_task_list list = new_list(DEEP, SECOND);
	struct lp_task_graph graph;
	size_t i;

	(void)state;
	for (i = 0; i < DEEP; i++)
		add_task(&list, i, "t");
	for (i = 0; i + 1 < DEEP; i++)
		add_edge(&list, &list.tasks[i], i + 1, false);
	assert_int_equal(graph_build(&list, &graph), 0);
	assert_int_equal(graph.root_count, 1);
	assert_int_equal(graph.deadlock_count, 0);
	graph_free(&graph);
	add_edge(&list, &list.tasks[DEEP - 1], 0, true);
	assert_int_equal(graph_build(&list, &graph), 0);
	assert_int_equal(graph.root_count, 1);
	assert_int_equal(graph.deadlock_count, 1);
	assert_int_equal(graph.deadlocks[0].count, DEEP);
	graph_free(&graph);
	task_list_free(&list);
}

/* A deadlock that the snapshot before did not have may mix two moments, and is not reported. */
static void test_confirm(void **state)
{
	struct lp_task_list before = list_of(4, "0=1 1=0 2=3"), now = list_of(4, "0=1 1=0 2=3 3=2");
	struct lp_task_graph before_graph, graph;

	(void)state;
	assert_int_equal(graph_build(&before, &before_graph), 0);
	assert_int_equal(graph_build(&now, &graph), 0);
	assert_int_equal(graph.deadlock_count, 2);
	assert_int_equal(graph_confirm_deadlocks(&before, &before_graph, &now, &graph), 0);
	assert_int_equal(graph.deadlock_count, 1);
	assert_int_equal(graph.deadlocks[0].nodes[0], 0);
	graph_free(&before_graph);
	graph_free(&graph);
	task_list_free(&before);
	task_list_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_a_task_that_another_loop_awaits_is_a_root),
		cmocka_unit_test(test_awaits_in_a_circle),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_semaphore),
		cmocka_unit_test(test_who_has_a_timeout_is_not_stuck),
		cmocka_unit_test(test_one_of_several_is_enough),
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_who_steps_is_not_stuck),
		cmocka_unit_test(test_worst_first),
		cmocka_unit_test(test_deep_chain),
		cmocka_unit_test(test_confirm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
