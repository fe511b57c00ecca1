// SPDX-License-Identifier: BSD-2-Clause
/* Pools in the output of loopprof tasks. */
#include "tasks_fixture.h"

#include <locale.h>

#include "tasks/sink.h"
#include "runtime/registry.h"

static const struct lp_shown_frame render = FRAME("render", "/srv/app/images.py", 7);
/* A frame at another position in the code of the same line. */
static const struct lp_shown_frame render_again = FRAME("render", "/srv/app/images.py", 7);

/* The text or the JSON lines from the first pool on; the caller frees it. */
static char *printed(struct lp_task_list *list, bool json, const char *from)
{
	const struct lp_options options = { .json = json };
	struct lp_tasks_snapshot *snapshot = new_view(list);
	struct lp_tasks_sink *sink;
	char *text, *begin, *part;

	begin_capture();
	sink = json ? tasks_json_open(&options) : tasks_text_open(&options);
	sink->snapshot(sink, snapshot);
	assert_int_equal(sink->close(sink), 0);
	text = end_capture();
	tasks_snapshot_free(snapshot);
	begin = strstr(text, from);
	part = strdup(begin ? begin : "");
	free(text);
	return part;
}

/* A list of some tasks, with room for one pool and some threads. */
static struct lp_task_list new_pool(size_t count, enum lp_pool_kind kind, const char *name)
{
	struct lp_task_list list = new_list(count, 10 * SECOND);
	char task[32];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(task, sizeof(task), "fetch-%zu", i);
		add_task(&list, i, task);
	}
	list.pool_count = 1;
	list.pools = task_arena_take(list.arena, sizeof(*list.pools));
	list.pools[0] = (struct lp_pool){
		.kind = kind, .address = 0x500, .name = name, .class = "app.Pool", .detail = ""
	};
	for (i = 0; i < LP_POOL_AMOUNTS; i++)
		list.pools[0].amounts[i] = LP_POOL_UNKNOWN;
	list.pool_threads = task_arena_take(list.arena, 8 * sizeof(*list.pool_threads));
	return list;
}

static struct lp_pool_user *new_users(struct lp_task_list *list, size_t first, size_t count)
{
	struct lp_pool_user *users = task_arena_take(list->arena, count * sizeof(*users));
	size_t i;

	for (i = 0; i < count; i++)
		users[i].task = ADDRESS(first + i);
	return users;
}

static void add_worker(struct lp_task_list *list, const char *name, bool busy)
{
	struct lp_pool *pool = &list->pools[0];
	struct lp_pool_thread *thread = &list->pool_threads[list->pool_thread_count];

	if (!pool->workers)
		pool->workers = task_arena_take(list->arena, 8 * sizeof(*pool->workers));
	thread->tid = 70 + (pid_t)list->pool_thread_count;
	thread->name = name;
	thread->frame_count = 2;
	thread->frames = task_arena_take(list->arena, 2 * sizeof(*thread->frames));
	thread->frames[0].code = (uintptr_t)&sleeping;
	thread->frames[1].code = (uintptr_t)&render;
	pool->workers[pool->worker_count++] = (struct lp_pool_worker){
		.thread = (uint32_t)list->pool_thread_count++,
		.busy = busy,
		.function = busy ? "render" : "",
	};
}

static struct lp_task_list new_executor(void)
{
	struct lp_task_list list = new_pool(1, LP_POOL_THREADS, "default executor");
	struct lp_pool_jobs *jobs = task_arena_take(list.arena, 2 * sizeof(*jobs));

	add_worker(&list, "asyncio_0", true);
	add_worker(&list, "asyncio_1", true);
	add_worker(&list, "asyncio_2", false);
	jobs[0] = (struct lp_pool_jobs){ "render", 14 };
	jobs[1] = (struct lp_pool_jobs){ "getaddrinfo", 3 };
	list.pools[0].jobs = jobs;
	list.pools[0].jobs_count = 2;
	list.pools[0].amounts[LP_POOL_LIMIT] = 6;
	list.pools[0].amounts[LP_POOL_OUT] = 2;
	list.pools[0].amounts[LP_POOL_WAITING] = 17;
	list.pools[0].loop = LOOP;
	return list;
}

static void test_executor(void **state)
{
	struct lp_task_list list = new_executor();
	char *text;

	(void)state;
	list.tasks[0].since_ns = 6 * SECOND;
	list.pools[0].oldest = ADDRESS(0);
	text = printed(&list, false, "\npools");
	assert_string_equal(text,
			    "\npools\n"
			    "    default executor: 2 of 6 threads busy, 17 queued, oldest for "
			    "4.00 s\n"
			    "        asyncio_0, asyncio_1  render, app/images.py:7\n"
			    "        queued: 14 render, 3 getaddrinfo\n");
	free(text);
}

/* Threads at one line are one group, and a name that several have is shown once. */
static void test_equal_names_are_shown_once(void **state)
{
	struct lp_task_list list = new_pool(1, LP_POOL_THREADS, "anyio's worker threads");
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		add_worker(&list, i < 5 ? "AnyIO worker thread" : "other", true);
		if (i % 2)
			list.pool_threads[i].frames[1].code = (uintptr_t)&render_again;
	}
	list.pools[0].amounts[LP_POOL_LIMIT] = list.pools[0].amounts[LP_POOL_OUT] = 6;
	text = printed(&list, false, "\npools");
	assert_string_equal(text, "\npools\n"
				  "    anyio's worker threads: 6 of 6 threads busy\n"
				  "        AnyIO worker thread (5 of them), other  render, "
				  "app/images.py:7\n");
	free(text);
}

/* A fourth name and further ones are counted, each of their users. */
static void test_names_after_the_third_are_counted(void **state)
{
	static const char *const names[] = { "a", "b", "b", "c", "d", "d", "e" };
	struct lp_task_list list = new_pool(7, LP_POOL_PERMITS, "x");
	struct lp_pool *pool = &list.pools[0];
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 7; i++)
		list.tasks[i].name = names[i];
	pool->amounts[LP_POOL_LIMIT] = pool->amounts[LP_POOL_OUT] = 7;
	pool->holders = new_users(&list, 0, 7);
	pool->holder_count = pool->held = 7;
	text = printed(&list, false, "        held");
	assert_string_equal(text, "        held by 'a', 'b' (2 of them), 'c' and 3 more at "
				  "app/client.py:12\n");
	free(text);
}

static void test_executor_as_json(void **state)
{
	struct lp_task_list list = new_executor();
	char *text;

	(void)state;
	list.pools[0].worker_count = 1;
	text = printed(&list, true, "{\"type\":\"pool\"");
	assert_string_equal(
		text, "{\"type\":\"pool\",\"pid\":42,\"loop_id\":1,\"kind\":\"threads\","
		      "\"name\":\"default executor\",\"class\":\"app.Pool\",\"id\":\"0x500\","
		      "\"detail\":null,\"limit\":6,\"unlimited\":false,\"out\":2,\"idle\":null,"
		      "\"waiting\":17,\"holders\":[],\"holder_threads\":[],\"waiters\":[],"
		      "\"waiter_threads\":[],\"threads\":[{\"tid\":70,\"thread\":\"asyncio_0\","
		      "\"busy\":true,\"function\":\"render\",\"task_id\":null,\"stack\":["
		      "{\"function\":\"sleep\",\"file\":\"/usr/lib/python3.11/asyncio/tasks.py\","
		      "\"line\":639,\"kind\":\"python\"},"
		      "{\"function\":\"render\",\"file\":\"/srv/app/images.py\",\"line\":7,"
		      "\"kind\":\"python\"}]}],\"queued\":[{\"function\":\"render\",\"count\":14},"
		      "{\"function\":\"getaddrinfo\",\"count\":3}],\"partial\":false}\n");
	free(text);
}

static void test_connections(void **state)
{
	struct lp_task_list list = new_pool(7, LP_POOL_CONNECTIONS, "asyncpg's pool");
	struct lp_pool *pool = &list.pools[0];
	char *text;

	(void)state;
	list.tasks[0].since_ns = 8 * SECOND;
	pool->amounts[LP_POOL_LIMIT] = 3;
	pool->amounts[LP_POOL_OUT] = 3;
	pool->amounts[LP_POOL_WAITING] = 5;
	pool->holders = new_users(&list, 0, 2);
	pool->holder_count = pool->held = 2;
	pool->waiters = new_users(&list, 2, 5);
	pool->waiter_count = 5;
	list.tasks[1].frames[0].raw.instruction = 4;
	text = printed(&list, false, "\npools");
	assert_string_equal(
		text, "\npools\n"
		      "    asyncpg's pool: 3 of 3 connections out, 5 wait\n"
		      "        held by 'fetch-0' at app/client.py:12 for 2.00 s; 'fetch-1' at\n"
		      "            app/client.py:16; of 1 it is not known\n"
		      "        wait: 'fetch-2', 'fetch-3', 'fetch-4' and 2 more at "
		      "app/client.py:12\n");
	free(text);
}

/* The longest time of those at one line, and names in the order of their numbers. */
static void test_order(void **state)
{
	struct lp_task_list list = new_pool(3, LP_POOL_PERMITS, "x");
	struct lp_pool *pool = &list.pools[0];
	char *text;

	(void)state;
	list.tasks[0].name = "fetch-10";
	list.tasks[0].since_ns = 9 * SECOND;
	list.tasks[1].since_ns = 7 * SECOND;
	pool->amounts[LP_POOL_LIMIT] = pool->amounts[LP_POOL_OUT] = 3;
	pool->holders = new_users(&list, 0, 3);
	pool->holder_count = pool->held = 3;
	text = printed(&list, false, "        held");
	assert_string_equal(text, "        held by 'fetch-1', 'fetch-2', 'fetch-10' at "
				  "app/client.py:12, the\n"
				  "            longest for 3.00 s\n");
	free(text);
}

/* Numbers that are not known are not shown as others. */
static void test_unknown(void **state)
{
	struct lp_task_list list = new_pool(1, LP_POOL_PERMITS, "asyncio.Semaphore");
	struct lp_pool *pool = &list.pools[0];
	char *text;

	(void)state;
	pool->amounts[LP_POOL_IDLE] = 0;
	pool->amounts[LP_POOL_WAITING] = 1;
	pool->waiters = new_users(&list, 0, 1);
	pool->waiter_count = 1;
	text = printed(&list, false, "\npools");
	assert_string_equal(text, "\npools\n"
				  "    asyncio.Semaphore: none free, 1 waits\n"
				  "        held by whom is not known\n"
				  "        waits: 'fetch-0' at app/client.py:12\n");
	free(text);
	list = new_pool(1, LP_POOL_CONNECTIONS, "x");
	list.pools[0].waiters = new_users(&list, 0, 1);
	list.pools[0].waiter_count = 1;
	text = printed(&list, false, "    x: ");
	assert_non_null(strstr(text, "    x: how many are out is not known\n"));
	free(text);
}

/* A pool that nothing waits for or uses is in the JSON lines only. */
static void test_idle(void **state)
{
	struct lp_task_list list = new_pool(1, LP_POOL_CONNECTIONS, "x");
	char *text;

	(void)state;
	list.pools[0].amounts[LP_POOL_OUT] = 0;
	list.pools[0].amounts[LP_POOL_LIMIT] = LP_POOL_UNLIMITED;
	text = printed(&list, false, "\npools");
	assert_string_equal(text, "");
	free(text);
	list = new_pool(1, LP_POOL_PERMITS, "x");
	list.pools[0].amounts[LP_POOL_OUT] = 1;
	list.pools[0].amounts[LP_POOL_LIMIT] = 3;
	text = printed(&list, false, "\npools");
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_executor),
		cmocka_unit_test(test_executor_as_json),
		cmocka_unit_test(test_equal_names_are_shown_once),
		cmocka_unit_test(test_names_after_the_third_are_counted),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_idle),
	};

	setlocale(LC_ALL, "C.UTF-8");
	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
