// SPDX-License-Identifier: BSD-2-Clause
/* The text output of loopprof tasks. */
#include "tasks_fixture.h"

#include <locale.h>

#include "tasks/sink.h"
#include "base/wrap.h"
#include "base/text.h"
#include "runtime/registry.h"

static const struct lp_options plain = { .json = false };

/* The text that is printed for a list; fails if a line is wider than the page. */
static char *printed(struct lp_task_list *list, const struct lp_options *options)
{
	struct lp_tasks_snapshot *snapshot = new_view(list);
	struct lp_tasks_sink *sink;
	char *text, *line, *copy, *rest;

	begin_capture();
	sink = tasks_text_open(options);
	sink->snapshot(sink, snapshot);
	assert_int_equal(sink->close(sink), 0);
	text = end_capture();
	tasks_snapshot_free(snapshot);
	copy = strdup(text);
	for (rest = copy; (line = strsep(&rest, "\n"));)
		if (text_columns(line) > 80)
			fail_msg("too wide: %s", line);
	free(copy);
	return text;
}

static void expect(struct lp_task_list *list, const struct lp_options *options,
		   const char *expected)
{
	char *text = printed(list, options);

	assert_string_equal(text, expected);
	free(text);
}

static struct lp_task_list family(void)
{
	struct lp_task_list list = new_list(8, 10 * SECOND);
	struct lp_task *task = add_task(&list, 0, "Task-1");

	task->since_ns = 7 * SECOND;
	add_edge(&list, task, 1, false);
	add_edge(&list, task, 2, false);
	task->awaited_class = "asyncio.tasks._GatheringFuture";
	task->awaited_detail = "2 of 3 pending";
	task = add_task(&list, 1, "fetch-1");
	task->awaited = LP_AWAITED_SOCKET;
	task->awaited_class = "_asyncio.Future";
	task->awaited_detail = "tcp 10.0.0.1:5432";
	task = add_task(&list, 2, "fetch-2");
	add_edge(&list, task, 1, true);
	return list;
}

static void test_tree(void **state)
{
	struct lp_task_list list = family();

	(void)state;
	expect(&list, &plain,
	       "pid 42 (gunicorn), asyncio on CPython 3.11.2: 3 tasks in 1 loop\n"
	       "\n"
	       "Task-1  fetch  waiting 3.00 s, app/client.py:12: in gather, 2 of 3 pending\n"
	       "\u251c\u2500 fetch-1  fetch  waiting, app/client.py:12: tcp 10.0.0.1:5432\n"
	       "\u2514\u2500 fetch-2  fetch  waiting, app/client.py:12\n"
	       "       asyncio.locks.Lock, held by 'fetch-1'\n");
}

/* The place of a package's file is not shortened, as many packages have such a file. */
static void test_package_on_a_narrow_line(void **state)
{
	static const struct lp_shown_frame keepalive = FRAME(
		"keepalive", "/v/lib/python3.12/site-packages/websockets/asyncio/connection.py", 8);
	struct lp_task_list list = new_list(1, 10 * SECOND);
	struct lp_task *task = add_task(&list, 0, "");

	(void)state;
	task->since_ns = 7 * SECOND;
	task->coroutine = "Connection.keepalive_of_all";
	task->code.code = (uintptr_t)&keepalive;
	task->frames[0].raw = task->code;
	expect(&list, &plain,
	       "pid 42 (gunicorn), asyncio on CPython 3.11.2: 1 task in 1 loop\n"
	       "\n"
	       "Connection.keepalive_of_all  \u2026live_of_all  waiting 3.00 s,\n"
	       "    websockets/asyncio/connection.py:8\n");
}

static void test_ascii(void **state)
{
	struct lp_task_list list = family();
	char *text;

	(void)state;
	setlocale(LC_CTYPE, "C");
	list.tasks[1].name = "caf\u00e9";
	text = printed(&list, &plain);
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_non_null(strstr(text, "\n+- caf?  fetch  waiting"));
	free(text);
}

static void test_no_tasks(void **state)
{
	struct lp_task_list list = new_list(0, SECOND);

	(void)state;
	list.loop_count = 0;
	expect(&list, &plain,
	       "pid 42 (gunicorn), asyncio on CPython 3.11.2: no tasks, as no event loop runs\n");
}

/* Tasks that a fork has copied are not shown as running or ready in the child. */
static void test_copied(void **state)
{
	struct lp_task_list list = family();
	char *text;

	(void)state;
	list.tasks[0].state = LP_TASK_READY;
	list.loops[0].tid = 0;
	list.loops[0].copied = true;
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "is copied and not run here"));
	assert_non_null(strstr(text, "Task-1  fetch  copied, app/client.py:12"));
	assert_null(strstr(text, "ready to run"));
	assert_null(strstr(text, "waiting"));
	free(text);
}

/* If a task waits inside asyncio, the program's own line is shown, with the function it called. */
static void test_own_line(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	struct lp_task *task = add_task(&list, 0, "Task-1");
	struct lp_task_frame frames[] = { { { (uintptr_t)&fetch, 3 }, NULL },
					  { { (uintptr_t)&sleeping, 0 }, NULL } };
	char *text;

	(void)state;
	task->frames = frames;
	task->frame_count = 2;
	task->awaited = LP_AWAITED_TIMER;
	task->awaited_class = "_asyncio.Future";
	task->awaited_detail = "due in 3.2 s";
	text = printed(&list, &(struct lp_options){ .stack = true });
	assert_non_null(
		strstr(text, "\nTask-1  fetch  waiting, app/client.py:15: in sleep, due in 3.2 s\n"
			     "        sleep  asyncio/tasks.py:639\n"
			     "        fetch  app/client.py:15\n"));
	free(text);
}

/* Of a call into an installed package the program's line and the package's function are shown. */
static void test_package_call(void **state)
{
	static const struct lp_shown_frame get =
		FRAME("AsyncClient.get",
		      "/srv/app/venv/lib/python3.12/site-packages/httpx/_client.py", 9);
	static const struct lp_shown_frame send =
		FRAME("send", "/srv/app/venv/lib/python3.12/site-packages/httpcore/api.py", 7);
	struct lp_task_list list = new_list(1, SECOND);
	struct lp_task *task = add_task(&list, 0, "Task-1");
	struct lp_task_frame frames[] = { { { (uintptr_t)&fetch, 3 }, NULL },
					  { { (uintptr_t)&get, 0 }, NULL },
					  { { (uintptr_t)&send, 0 }, NULL },
					  { { (uintptr_t)&sleeping, 0 }, NULL } };
	char *text;

	(void)state;
	task->frames = frames;
	task->frame_count = 4;
	task->awaited = LP_AWAITED_TIMER;
	task->awaited_class = "_asyncio.Future";
	task->awaited_detail = "due in 3.2 s";
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "\nTask-1  fetch  waiting, app/client.py:15\n"
				     "    in httpx AsyncClient.get, in sleep, due in 3.2 s\n"));
	free(text);
}

static void test_shared_child(void **state)
{
	struct lp_task_list list = new_list(3, SECOND);

	(void)state;
	add_edge(&list, add_task(&list, 0, "a"), 2, false);
	add_edge(&list, add_task(&list, 1, "b"), 2, false);
	add_task(&list, 2, "c");
	expect(&list, &plain,
	       "pid 42 (gunicorn), asyncio on CPython 3.11.2: 3 tasks in 1 loop\n"
	       "\n"
	       "a  fetch  waiting, app/client.py:12: awaits 'c'\n"
	       "\u2514\u2500 c  fetch  waiting, app/client.py:12\n"
	       "b  fetch  waiting, app/client.py:12: awaits 'c'\n"
	       "\u2514\u2500 c  fetch  see above\n");
}

static void test_deadlock(void **state)
{
	struct lp_task_list list = new_list(3, SECOND);
	char *text;

	(void)state;
	add_edge(&list, add_task(&list, 0, "a"), 1, true);
	add_edge(&list, add_task(&list, 1, "b"), 0, true);
	add_edge(&list, add_task(&list, 2, "c"), 0, true);
	text = printed(&list, &plain);
	assert_non_null(strstr(
		text, " loop\n"
		      "DEADLOCK: a -> b -> a, which holds up 1 other task\n"
		      "    a  fetch  waiting, app/client.py:12: asyncio.locks.Lock, held by 'b'\n"
		      "    b  fetch  waiting, app/client.py:12: asyncio.locks.Lock, held by 'a'\n"
		      "\n"
		      "a  fetch  deadlock, see above\n"));
	free(text);
}

static void test_finished_and_kept(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	struct lp_ended_tasks ended[] = { { "fetch", 1000 }, { "poll", 2 } };
	char *text;

	(void)state;
	add_task(&list, 0, "a");
	list.ended = ended;
	list.ended_count = 2;
	list.ended_total = 1005;
	text = printed(&list, &plain);
	assert_non_null(strstr(text,
			       "\n1,005 finished tasks are still in memory, referenced or not "
			       "collected yet: 1,000\n    fetch, 2 poll, 3 of other coroutines\n"));
	free(text);
	list = new_list(1, SECOND);
	add_task(&list, 0, "a");
	list.ended = ended;
	list.ended_count = 2;
	list.ended_total = 9;
	text = printed(&list, &plain);
	assert_null(strstr(text, "finished"));
	free(text);
}

static void test_finished(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	struct lp_task *task = add_task(&list, 0, "Task-7");
	char *text;

	(void)state;
	task->state = LP_TASK_DONE;
	task->exception_type = "ValueError";
	task->exception_message = "no";
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "\nfinished, exception never retrieved\n"
				     "    Task-7  fetch  app/client.py:12: ValueError: no\n"));
	assert_non_null(strstr(text, ": no tasks in 1 loop"));
	free(text);
}

static void test_folding(void **state)
{
	struct lp_task_list list = new_list(2000, SECOND);
	char name[32], *text;
	int i;

	(void)state;
	for (i = 0; i < 1008; i++) {
		snprintf(name, sizeof(name), "Task-%d", i);
		/* the last eight wait at another line: too few to be folded */
		add_task(&list, (size_t)i, name)->frames[0].raw.instruction = i >= 1000;
	}
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "\n    1,008 waiting\n"));
	assert_non_null(strstr(text, "Task-2  fetch  waiting, app/client.py:12\n"
				     "... and 997 more like it, waiting\n"
				     "Task-1000  fetch  waiting, app/client.py:13\n"));
	assert_null(strstr(text, "Task-3 "));
	assert_non_null(strstr(text, "Task-1007 "));
	assert_non_null(strstr(text, "(997 of these 1,008 tasks are not shown; -j lists each)\n"));
	free(text);
}

static void test_deep_chain(void **state)
{
	struct lp_task_list list = new_list(100000, SECOND);
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "t%zu", i);
		add_task(&list, i, name);
		/* no two are alike, so that none is folded */
		list.tasks[i].frames[0].raw.instruction = i;
		if (i + 1 < 100000)
			add_edge(&list, &list.tasks[i], i + 1, false);
	}
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "[100000] t99999  fetch  waiting"));
	free(text);
}

/* Of a chain of tasks that are alike, the beginning and the end are shown. */
static void test_like_chain(void **state)
{
	struct lp_task_list list = new_list(20, SECOND);
	char name[32], *text;
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		add_task(&list, i, name);
		if (i < 19)
			add_edge(&list, &list.tasks[i], i + 1, false);
	}
	text = printed(&list, &plain);
	assert_non_null(strstr(
		text,
		"\n   \u2514\u2500 t2  fetch  waiting, app/client.py:12: awaits 't3'\n"
		"      \u2514\u2500 ... and 16 more like it, waiting, each awaiting the next\n"
		"         \u2514\u2500 t19  fetch  waiting, app/client.py:12\n"));
	free(text);
}

static struct lp_tasks_snapshot *view_of(size_t count, uint64_t time_ns)
{
	struct lp_task_list list = new_list(count, time_ns);
	size_t i;

	for (i = 0; i < count; i++)
		add_task(&list, i, "same");
	return new_view(&list);
}

/* Changes are reported after each later snapshot; groups that only grow, from the fourth one on. */
static void test_changes(void **state)
{
	struct lp_tasks_snapshot *snapshot = view_of(4, SECOND), *next;
	struct lp_task_diff *diff = diff_new();
	const struct lp_tasks_change *change;
	struct lp_tasks_sink *sink;
	char *text;
	size_t i;

	(void)state;
	assert_int_equal(diff_snapshots(diff, NULL, snapshot, &change), 0);
	begin_capture();
	sink = tasks_text_open(&(struct lp_options){ .explain = true });
	for (i = 2; i < 6; i++) {
		next = view_of(i < 5 ? i * 4 : 16, i * SECOND);
		assert_int_equal(diff_snapshots(diff, snapshot, next, &change), 0);
		sink->change(sink, snapshot, next, change);
		tasks_snapshot_free(snapshot);
		snapshot = next;
	}
	sink->last(sink, snapshot);
	sink->close(sink);
	text = end_capture();
	assert_non_null(strstr(text, "  pid 42: 4 born, 0 ended\n"
				     "    +4  fetch (client.py:12), 8 now\n"));
	assert_non_null(strstr(text,
			       "    only growing: 16 tasks of fetch (client.py:12), 12 more in "
			       "the last 3.00 s,\n        none has ended\n"
			       "      Tasks of that coroutine"));
	/* no changes are reported for the last snapshot, which is printed as a whole */
	assert_null(strstr(text, "0 born, 0 ended"));
	assert_non_null(strstr(text, "waiting at least 4.00 s, app/client.py:12\n"));
	free(text);
	tasks_snapshot_free(snapshot);
	diff_free(diff);
}

static void test_hostile_width(void **state)
{
	struct lp_task_list list = new_list(2, SECOND);
	struct lp_task *task = add_task(&list, 0, "");
	char *text, huge[1000];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	task->name = task->coroutine = task->awaited_class = task->awaited_detail = huge;
	task->awaited = LP_AWAITED_OTHER;
	task->partial = true;
	task = add_task(&list, 1, "");
	task->name = huge;
	task->state = LP_TASK_DONE;
	task->exception_type = task->exception_message = huge;
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "partly read"));
	free(text);
}

/* The message does not concern tasks that have not ended. */
static void test_ended_tasks_that_may_be_missing_are_reported(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	char *text;

	(void)state;
	add_task(&list, 0, "");
	list.ended_partial = true;
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "the search for tasks that have ended was cut short"));
	assert_null(strstr(text, "more tasks than these"));
	free(text);
	list = new_list(1, SECOND);
	add_task(&list, 0, "");
	list.partial = true;
	text = printed(&list, &plain);
	assert_non_null(strstr(text, "there may be more tasks than these"));
	free(text);
}

static void test_wrap(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	wrap_print(file, "one two three  fourteen", 2, "  ", 10);
	wrap_print(file, "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9 a", 0, " ",
		   8);
	fclose(file);
	assert_string_equal(text,
			    "one two\n  three\n  fourteen\n"
			    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\n \u00e9\u00e9 a\n");
	free(text);
}

static void a_number_and_its_unit_are_not_separated(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	wrap_print(file, "longest 1.97 s, 3 in all", 0, "", 13);
	wrap_print(file, "share (12.5 %) 7 sets 9", 0, "", 12);
	fclose(file);
	assert_string_equal(text, "longest\n1.97 s, 3 in\nall\nshare\n(12.5 %) 7\nsets 9\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(a_number_and_its_unit_are_not_separated),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_no_tasks),
		cmocka_unit_test(test_own_line),
		cmocka_unit_test(test_package_call),
		cmocka_unit_test(test_shared_child),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_package_on_a_narrow_line),
		cmocka_unit_test(test_finished_and_kept),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_deep_chain),
		cmocka_unit_test(test_like_chain),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_hostile_width),
		cmocka_unit_test(test_ended_tasks_that_may_be_missing_are_reported),
		cmocka_unit_test(test_wrap),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
