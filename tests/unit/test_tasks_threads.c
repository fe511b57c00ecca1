// SPDX-License-Identifier: BSD-2-Clause
/* Threads that wait for tasks and for each other, in the graph and in the output. */
#include "tasks_fixture.h"

#include <locale.h>

#include "tasks/sink.h"

#define THREAD(number) (70 + (pid_t)(number))

static const struct lp_shown_frame save = FRAME("save", "/srv/app/store.py", 9);

/* A list of some tasks on the loop of thread 42, and of threads that wait for nothing. */
static struct lp_task_list new_threads(size_t tasks, size_t threads)
{
	struct lp_task_list list = new_list(tasks, SECOND);
	char name[32];
	size_t i;

	for (i = 0; i < tasks; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		add_task(&list, i, name);
	}
	list.pool_threads = task_arena_take(list.arena, threads * sizeof(*list.pool_threads));
	list.pool_thread_count = threads;
	for (i = 0; i < threads; i++) {
		struct lp_pool_thread *thread = &list.pool_threads[i];

		snprintf(name, sizeof(name), "w%zu", i);
		thread->tid = THREAD(i);
		thread->name = task_arena_text(list.arena, name);
		thread->frame_count = 1;
		thread->frames = task_arena_take(list.arena, sizeof(*thread->frames));
		thread->frames[0].code = (uintptr_t)&save;
		thread->wait.class = "";
	}
	return list;
}

/* Makes a thread wait for a lock that a task (its number) or a thread (its number) holds. */
static struct lp_thread_wait *wait_for(struct lp_task_list *list, size_t thread, int task,
				       size_t other)
{
	struct lp_thread_wait *wait = &list->pool_threads[thread].wait;

	wait->kind = LP_THREAD_AWAITS_LOCK;
	wait->class = "threading.Lock";
	wait->id = 0xabc;
	wait->end_count = 1;
	wait->ends = task_arena_take(list->arena, sizeof(*wait->ends));
	wait->ends[0].task = task >= 0 ? ADDRESS(task) : 0;
	wait->ends[0].thread = (uint32_t)other;
	return wait;
}

/* Makes a task wait for a job that a thread runs. */
static void run_job(struct lp_task_list *list, size_t task, size_t thread)
{
	list->tasks[task].threads = task_arena_take(list->arena, sizeof(uint32_t));
	list->tasks[task].threads[0] = (uint32_t)thread;
	list->tasks[task].thread_count = 1;
}

/* "0 2 (1)": the members of each deadlock, threads from the number of tasks on. */
static const char *deadlocks_of(struct lp_task_list *list)
{
	static char text[256];
	struct lp_task_graph graph;
	size_t i, at, length = 0;

	text[0] = '\0';
	assert_int_equal(graph_build(list, &graph), 0);
	for (i = 0; i < graph.deadlock_count; i++) {
		for (at = 0; at < graph.deadlocks[i].count; at++)
			length +=
				(size_t)sprintf(text + length, "%u ", graph.deadlocks[i].nodes[at]);
		length += (size_t)sprintf(text + length, "(%zu)", graph.deadlocks[i].held_up);
	}
	graph_free(&graph);
	return text;
}

static void a_circle_leads_through_the_thread_of_a_job(void **state)
{
	struct lp_task_list list = new_threads(2, 1);

	(void)state;
	run_job(&list, 0, 0);
	assert_string_equal(deadlocks_of(&list), "");
	/* the job waits for the result of the task */
	wait_for(&list, 0, 0, 0)->kind = LP_THREAD_AWAITS_FUTURE;
	assert_string_equal(deadlocks_of(&list), "0 2 (0)");
	list.pool_threads[0].wait.timed = true;
	assert_string_equal(deadlocks_of(&list), "");
	list.pool_threads[0].wait.timed = false;
	/* a holder that was left out may go on */
	list.pool_threads[0].wait.more_ends = true;
	assert_string_equal(deadlocks_of(&list), "");
	task_list_free(&list);
}

/* Whoever sets an event, or puts an item into a queue, is not known. */
static void a_thread_that_waits_for_an_object_is_no_part_of_a_deadlock(void **state)
{
	struct lp_task_list list = new_threads(1, 1);
	struct lp_thread_wait *wait = wait_for(&list, 0, 0, 0);

	(void)state;
	run_job(&list, 0, 0);
	assert_string_equal(deadlocks_of(&list), "0 1 (0)");
	wait->kind = LP_THREAD_AWAITS_OBJECT;
	wait->what = "an item of a queue.Queue";
	wait->end_count = 0;
	assert_string_equal(deadlocks_of(&list), "");
	task_list_free(&list);
}

static void one_thread_of_several_is_enough(void **state)
{
	struct lp_task_list list = new_threads(1, 2);

	(void)state;
	run_job(&list, 0, 0);
	list.tasks[0].threads = task_arena_take(list.arena, 2 * sizeof(uint32_t));
	list.tasks[0].threads[1] = 1;
	list.tasks[0].thread_count = 2;
	wait_for(&list, 0, 0, 0);
	assert_string_equal(deadlocks_of(&list), "");
	wait_for(&list, 1, 0, 0);
	assert_string_equal(deadlocks_of(&list), "0 1 (0)");
	task_list_free(&list);
}

static void threads_wait_for_each_other(void **state)
{
	struct lp_task_list list = new_threads(0, 3);

	(void)state;
	wait_for(&list, 0, -1, 1);
	wait_for(&list, 1, -1, 2);
	assert_string_equal(deadlocks_of(&list), "");
	wait_for(&list, 2, -1, 1);
	assert_string_equal(deadlocks_of(&list), "1 2 (0)");
	/* a holder that is not known may go on */
	list.pool_threads[2].wait.end_count = 0;
	assert_string_equal(deadlocks_of(&list), "");
	task_list_free(&list);
}

/* Every task of a loop needs the thread of the loop, whatever it waits for itself. */
static void tasks_need_the_thread_of_their_loop(void **state)
{
	struct lp_task_list list = new_threads(3, 1);

	(void)state;
	list.pool_threads[0].tid = 42;
	list.tasks[0].state = LP_TASK_RUNNING;
	list.tasks[2].goes_on = true;
	wait_for(&list, 0, 1, 0);
	assert_string_equal(deadlocks_of(&list), "1 3 (2)");
	/* the task that holds the lock is of a loop of another thread */
	list.tasks[1].tid = 43;
	assert_string_equal(deadlocks_of(&list), "");
	/* what the thread waits for comes, and then it runs its tasks */
	list.tasks[0].state = LP_TASK_READY;
	assert_string_equal(deadlocks_of(&list), "");
	task_list_free(&list);
}

static char *printed(struct lp_task_list *list, bool json)
{
	const struct lp_options options = { .json = json };
	struct lp_tasks_snapshot *snapshot = new_view(list);
	struct lp_tasks_sink *sink;
	char *text;

	begin_capture();
	sink = json ? tasks_json_open(&options) : tasks_text_open(&options);
	sink->snapshot(sink, snapshot);
	assert_int_equal(sink->close(sink), 0);
	text = end_capture();
	tasks_snapshot_free(snapshot);
	return text;
}

static void a_circle_is_one_finding(void **state)
{
	struct lp_task_list list = new_threads(2, 1);
	char *text;

	(void)state;
	list.pool_threads[0].tid = 42;
	wait_for(&list, 0, 1, 0);
	text = printed(&list, false);
	assert_non_null(
		strstr(text, "DEADLOCK: t1 -> thread 'w0' -> t1, which holds up 1 other task\n"
			     "    t1  fetch  waiting, app/client.py:12\n"
			     "        its loop is run by that thread\n"
			     "    thread 'w0'  save  app/store.py:9: waits for a threading.Lock "
			     "that is held\n        by task 't1' at app/client.py:12 in fetch\n"));
	assert_null(strstr(text, "\nthreads\n"));
	free(text);
}

static void holders_are_named(void **state)
{
	struct lp_task_list list = new_threads(1, 5);
	struct lp_thread_wait *wait;
	char *text;

	(void)state;
	setenv("COLUMNS", "200", 1);
	wait_for(&list, 0, -1, 4);
	wait = wait_for(&list, 1, -1, 4);
	wait->end_count = 0;
	wait->id = 0xabd;
	wait = wait_for(&list, 2, -1, 4);
	wait->class = "threading.RLock";
	wait->end_count = 0;
	wait->owned = true;
	/* alike: the same lock, at the same line */
	wait_for(&list, 3, -1, 4);
	text = printed(&list, false);
	assert_non_null(strstr(text, "w0'  save  app/store.py:9: waits for a threading.Lock that"));
	assert_non_null(strstr(text, "thread 'w4' at app/store.py:9"));
	assert_non_null(strstr(text, ", whose holder"));
	assert_non_null(strstr(text, "    ... and 2 more that wait\n"));
	free(text);
}

static void waits_are_lines_of_json(void **state)
{
	struct lp_task_list list = new_threads(1, 2);
	char *text;

	(void)state;
	wait_for(&list, 0, -1, 1);
	text = printed(&list, true);
	assert_non_null(
		strstr(text, "{\"type\":\"thread\",\"pid\":42,\"tid\":70,\"thread\":\"w0\","
			     "\"awaits\":\"lock\",\"class\":\"threading.Lock\",\"id\":\"0xabc\","
			     "\"timed\":false,\"queued\":false,\"holder_ended\":false,\"tasks\":[],"
			     "\"threads\":[{\"tid\":71,\"thread\":\"w1\",\"stack\":[{\"function\":"
			     "\"save\""));
	assert_null(strstr(text, "\"tid\":71,\"thread\":\"w1\",\"awaits\""));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_circle_leads_through_the_thread_of_a_job),
		cmocka_unit_test(a_thread_that_waits_for_an_object_is_no_part_of_a_deadlock),
		cmocka_unit_test(one_thread_of_several_is_enough),
		cmocka_unit_test(threads_wait_for_each_other),
		cmocka_unit_test(tasks_need_the_thread_of_their_loop),
		cmocka_unit_test(a_circle_is_one_finding),
		cmocka_unit_test(holders_are_named),
		cmocka_unit_test(waits_are_lines_of_json),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
