// SPDX-License-Identifier: BSD-2-Clause
/* What the tasks of an idle loop wait for, in numbers. */
#include "tasks_fixture.h"

#include "tasks/waiting.h"

/* A list of tasks, the first ones of which wait for a pool. */
static struct lp_task_list new_waiting(size_t count, size_t users, enum lp_pool_kind kind,
				       const char *name)
{
	struct lp_task_list list = new_list(count, 10 * SECOND);
	struct lp_pool_user *waiters = task_arena_take(list.arena, (users + 1) * sizeof(*waiters));
	size_t i;

	for (i = 0; i < count; i++)
		add_task(&list, i, "fetch");
	for (i = 0; i < users; i++)
		waiters[i].task = ADDRESS(i);
	list.pool_count = 1;
	list.pools = task_arena_take(list.arena, sizeof(*list.pools));
	list.pools[0] = (struct lp_pool){ .kind = kind,
					  .address = 0x500,
					  .name = name,
					  .class = "app.Pool",
					  .detail = "",
					  .waiter_count = users,
					  .waiters = waiters };
	return list;
}

static void await_lock(struct lp_task *task, uint64_t id, const char *class)
{
	task->awaited = LP_AWAITED_LOCK;
	task->awaited_id = id;
	task->awaited_class = class;
}

static void expect(struct lp_task_list *list, const struct lp_task_list *before,
		   const struct lp_waiting_loop *wanted)
{
	struct lp_waiting_loop loops[2];

	assert_int_equal(waiting_count(list, before, loops, 2), 1);
	assert_int_equal(loops[0].tid, 42);
	assert_int_equal(loops[0].waiting, wanted->waiting);
	assert_int_equal(loops[0].deadlocked, wanted->deadlocked);
	assert_int_equal(loops[0].most, wanted->most);
	assert_string_equal(loops[0].waited_for, wanted->waited_for);
	task_list_free(list);
}

static void the_pool_that_most_tasks_wait_for_is_named(void **state)
{
	struct lp_task_list list = new_waiting(6, 3, LP_POOL_CONNECTIONS, "httpx's pool");

	(void)state;
	await_lock(&list.tasks[3], 0x700, "asyncio.locks.Lock");
	await_lock(&list.tasks[4], 0x700, "asyncio.locks.Lock");
	list.tasks[5].state = LP_TASK_READY;
	expect(&list, NULL,
	       &(struct lp_waiting_loop){ .waiting = 5, .most = 3, .waited_for = "httpx's pool" });
	list = new_waiting(2, 1, LP_POOL_THREADS, "default executor");
	expect(&list, NULL,
	       &(struct lp_waiting_loop){
		       .waiting = 2, .most = 1, .waited_for = "the default executor" });
	list = new_waiting(2, 2, LP_POOL_PERMITS, "asyncio.Semaphore");
	expect(&list, NULL,
	       &(struct lp_waiting_loop){
		       .waiting = 2, .most = 2, .waited_for = "one asyncio.Semaphore" });
}

static void a_lock_is_named_if_several_tasks_wait_for_it(void **state)
{
	struct lp_task_list list = new_waiting(4, 0, LP_POOL_PERMITS, "");

	(void)state;
	await_lock(&list.tasks[0], 0x700, "asyncio.locks.Lock");
	await_lock(&list.tasks[1], 0x800, "asyncio.locks.Event");
	await_lock(&list.tasks[2], 0x800, "asyncio.locks.Event");
	expect(&list, NULL,
	       &(struct lp_waiting_loop){ .waiting = 4, .most = 2, .waited_for = "one Event" });
	list = new_waiting(1, 0, LP_POOL_PERMITS, "");
	await_lock(&list.tasks[0], 0x700, "asyncio.locks.Lock");
	expect(&list, NULL, &(struct lp_waiting_loop){ .waiting = 1, .waited_for = "" });
}

static void deadlocks_count_if_both_lists_have_them(void **state)
{
	struct lp_task_edge edges[2] = { { .task = ADDRESS(1) }, { .task = ADDRESS(0) } };
	struct lp_task_list list, before = new_waiting(3, 0, LP_POOL_PERMITS, "");
	size_t i;

	(void)state;
	list = new_waiting(3, 0, LP_POOL_PERMITS, "");
	for (i = 0; i < 2; i++) {
		list.tasks[i].edges = &edges[i];
		list.tasks[i].edge_count = 1;
	}
	expect(&list, &before, &(struct lp_waiting_loop){ .waiting = 3, .waited_for = "" });
	list = new_waiting(3, 0, LP_POOL_PERMITS, "");
	for (i = 0; i < 2; i++) {
		list.tasks[i].edges = before.tasks[i].edges = &edges[i];
		list.tasks[i].edge_count = before.tasks[i].edge_count = 1;
	}
	expect(&list, &before,
	       &(struct lp_waiting_loop){ .waiting = 3, .deadlocked = 2, .waited_for = "" });
	task_list_free(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pool_that_most_tasks_wait_for_is_named),
		cmocka_unit_test(a_lock_is_named_if_several_tasks_wait_for_it),
		cmocka_unit_test(deadlocks_count_if_both_lists_have_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
