// SPDX-License-Identifier: BSD-2-Clause
/*
 * The pools of a process: those that frames of tasks and threads lead to, and the default
 * executors of its loops.
 */
#include "pools_internal.h"

#include "runtime/cpython/objects/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of one reading: objects that are visited, and members of containers. */
#define OBJECTS_MAX 1000000
#define MEMBERS_MAX 1000000
#define NAME_BYTES 128

struct lp_pools *cpython_pools_new(struct lp_waits *waits, const struct lp_cpython *python,
				   struct lp_task_list *list)
{
	struct lp_pools *pools = calloc(1, sizeof(*pools));
	size_t i;

	if (!pools)
		return NULL;
	pools->objects = calloc(CPYTHON_POOLS_MAX, sizeof(*pools->objects));
	if (!pools->objects) {
		free(pools);
		return NULL;
	}
	pools->waits = waits;
	pools->python = python;
	pools->list = list;
	pools->objects_left = OBJECTS_MAX;
	pools->members_left = MEMBERS_MAX;
	pools->states_left = CPYTHON_POOL_STATES_MAX;
	pools->httpx = cpython_module_attribute(python, "httpx", "AsyncClient") != 0;
	for (i = 0; i < list->count; i++)
		map_put(&pools->tasks, list->tasks[i].address, i + 1);
	return pools;
}

void cpython_pools_free(struct lp_pools *pools)
{
	size_t i;

	if (!pools)
		return;
	for (i = 0; i < pools->count; i++) {
		free(pools->objects[i].pool.holders);
		free(pools->objects[i].pool.waiters);
	}
	map_free(&pools->types);
	map_free(&pools->slots);
	map_free(&pools->places);
	map_free(&pools->users);
	map_free(&pools->parts);
	map_free(&pools->tasks);
	map_free(&pools->awaiting);
	map_free(&pools->owners);
	map_free(&pools->jobs);
	map_free(&pools->other_jobs);
	map_free(&pools->idents);
	map_free(&pools->entered);
	map_free(&pools->queued_futures);
	map_free(&pools->promisers);
	map_free(&pools->promises);
	cpython_exception_tables_free(&pools->exception_tables);
	free(pools->states);
	free(pools->queue);
	free(pools->objects);
	free(pools);
}

void cpython_pools_note(struct lp_pools *pools, size_t task, const struct lp_await_chain *chain)
{
	uint64_t leaf = cpython_wait_unshielded(pools->waits, chain->leaf);
	uint64_t future = cpython_wait_thread_future(pools->waits, leaf);

	if (leaf)
		map_put(&pools->awaiting, future ? future : leaf, task + 1);
	cpython_pool_note_promise(pools, pools->list->tasks[task].address, chain);
	cpython_pool_scan(pools, task + 1, chain);
}

/* ---- users ------------------------------------------------------------------------- */

static uint64_t task_owner(const struct lp_pools *pools, uint64_t task)
{
	const uint64_t *index = map_get(&pools->tasks, task);

	return index ? *index : 0;
}

/* Adds the tasks that wait by a function of asyncio. */
static void add_awaiting(struct lp_pools *pools)
{
	struct lp_map awaited = { 0 };
	const uint64_t *place;
	uint64_t object;
	size_t i;

	for (i = 0; i < pools->count; i++) {
		const struct lp_pool_class *class = pools->objects[i].class;

		object = class->awaited ? cpython_pool_path(pools, pools->objects[i].address,
							    class->awaited)
					: 0;
		if (object)
			map_put(&awaited, object, i + 1);
	}
	for (i = 0; i < pools->list->count; i++) {
		const struct lp_task *task = &pools->list->tasks[i];

		place = task->awaited == LP_AWAITED_NOTHING ? NULL
							    : map_get(&awaited, task->awaited_id);
		if (place)
			cpython_pool_add_waiter(pools, &pools->objects[*place - 1], i + 1);
	}
	map_free(&awaited);
}

/* Adds the holders and the waiters that a pool itself has. */
static void add_own(struct lp_pools *pools, struct lp_pool_object *object)
{
	const struct lp_pool_class *class = object->class;
	uint64_t *members, task;
	size_t at = 0;
	ssize_t count, i;

	while ((task = cpython_wait_next_holder(pools->waits, object->address, &at)))
		cpython_pool_add_holder(pools, object, task_owner(pools, task), 0);
	if (class->borrowers) {
		count = cpython_pool_members(
			pools, cpython_pool_path(pools, object->address, class->borrowers),
			&members);
		for (i = 0; i < count; i++)
			cpython_pool_add_holder(pools, object, task_owner(pools, members[i]), 0);
		free(members);
	}
	if (class->waiters) {
		count = cpython_pool_members(
			pools, cpython_pool_path(pools, object->address, class->waiters), &members);
		for (i = 0; i < count; i++)
			cpython_pool_add_waiter(pools, object, task_owner(pools, members[i]));
		free(members);
	}
	if (class->members) {
		count = cpython_pool_members(
			pools, cpython_pool_path(pools, object->address, class->members), &members);
		for (i = 0; i < count; i++) {
			const uint64_t *owner = map_get(&pools->owners, members[i]);

			if (owner)
				cpython_pool_add_holder(pools, object, *owner, members[i]);
		}
		free(members);
	}
}

/* ---- names --------------------------------------------------------------------------- */

static const char *class_of(struct lp_pools *pools, const struct lp_pool_object *object)
{
	const struct lp_pool_class *class = object->class;
	char text[NAME_BYTES];

	if (cpython_pool_type(pools, object->address)->class == class)
		return cpython_wait_type_of(pools->waits, object->address)->name;
	snprintf(text, sizeof(text), "%s.%s", class->module, class->name);
	return task_arena_text(pools->list->arena, text);
}

/* Names an executor by the prefix of its threads' names. */
static const char *executor_name(struct lp_pools *pools, const struct lp_pool_object *object)
{
	char prefix[NAME_BYTES], text[NAME_BYTES + 16];
	uint64_t name = cpython_pool_attribute(pools, object->address, "_thread_name_prefix");

	if (object->pool.loop)
		return "default executor";
	if (!name || cpython_string(pools->python, name, prefix, sizeof(prefix)) || !*prefix)
		return "executor";
	snprintf(text, sizeof(text), "executor '%s'", prefix);
	return task_arena_text(pools->list->arena, text);
}

static const char *name_of(struct lp_pools *pools, const struct lp_pool_object *object)
{
	const struct lp_pool_class *class = object->class;
	const char *last;
	char text[NAME_BYTES];

	if (class->kind == LP_POOL_THREADS && !strcmp(class->name, "ThreadPoolExecutor"))
		return executor_name(pools, object);
	if (pools->httpx && !strcmp(class->module, "httpcore"))
		return "httpx's pool";
	if (class->label)
		return class->label;
	/* the package and the class itself, "asyncio.BoundedSemaphore" */
	last = strrchr(object->pool.class, '.');
	snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(object->pool.class, "."),
		 object->pool.class, last ? last : "");
	return task_arena_text(pools->list->arena, text);
}

/* ---- amounts ------------------------------------------------------------------------- */

static void count_workers(struct lp_pool *pool)
{
	uint64_t busy = 0;
	size_t i;

	for (i = 0; i < pool->worker_count; i++)
		busy += pool->workers[i].busy;
	pool->amounts[LP_POOL_OUT] = busy;
	pool->amounts[LP_POOL_IDLE] = pool->worker_count - busy;
}

/* Describes the hosts of an aiohttp connector that have all their connections in use. */
static void describe_hosts(struct lp_pools *pools, struct lp_pool_object *object)
{
	uint64_t limit = cpython_pool_compute(pools, object->address, "@_limit_per_host"), items[2];
	uint64_t dict = cpython_pool_path(pools, object->address, "_acquired_per_host");
	char host[NAME_BYTES], text[2 * NAME_BYTES];
	struct lp_pair *pairs;
	uint64_t used, port = 0;
	ssize_t count, i;

	if (limit >= LP_POOL_UNLIMITED || !dict)
		return;
	count = cpython_dict_pairs(pools->python, dict, &pairs);
	for (i = 0; i < count && i < CPYTHON_POOL_MEMBERS_MAX; i++) {
		if (!cpython_wait_length(pools->waits, pairs[i].value, &used) || used < limit ||
		    cpython_tuple(pools->python, pairs[i].key, items, 2) < 2 ||
		    cpython_string(pools->python, items[0], host, sizeof(host)))
			continue;
		/* None: the scheme's own */
		if (cpython_int(pools->python, items[1], &port))
			port = 0;
		snprintf(text, sizeof(text),
			 port ? "%llu of %llu to %s:%llu" : "%llu of %llu to %s",
			 (unsigned long long)used, (unsigned long long)limit, host,
			 (unsigned long long)port);
		object->pool.detail = task_arena_text(pools->list->arena, text);
		break;
	}
	free(pairs);
}

/* The list of threads begins with the newest one. */
static void reverse_workers(struct lp_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->worker_count / 2; i++) {
		struct lp_pool_worker worker = pool->workers[i];

		pool->workers[i] = pool->workers[pool->worker_count - 1 - i];
		pool->workers[pool->worker_count - 1 - i] = worker;
	}
}

static void fill_pool(struct lp_pools *pools, struct lp_pool_object *object)
{
	const struct lp_pool_class *class = object->class;
	struct lp_pool *pool = &object->pool;
	int amount;

	pool->kind = class->kind;
	pool->address = object->address;
	pool->detail = "";
	for (amount = 0; amount < LP_POOL_AMOUNTS; amount++)
		pool->amounts[amount] =
			cpython_pool_compute(pools, object->address, class->amounts[amount]);
	pool->class = class_of(pools, object);
	pool->name = name_of(pools, object);
	if (class->kind == LP_POOL_THREADS) {
		count_workers(pool);
		if (class->one_thread)
			pool->amounts[LP_POOL_LIMIT] = 1;
		reverse_workers(pool);
		if (class->amounts[LP_POOL_WAITING])
			cpython_pool_jobs(pools, object);
	}
	if (!strcmp(class->module, "aiohttp.connector"))
		describe_hosts(pools, object);
	/* attributes do not have the number, as in a version of another layout */
	if (pool->amounts[LP_POOL_WAITING] == LP_POOL_UNKNOWN && pool->waiter_count)
		pool->amounts[LP_POOL_WAITING] = pool->waiter_count;
}

/* ---- the whole ------------------------------------------------------------------------- */

static void add_default_executors(struct lp_pools *pools)
{
	const struct lp_task_list *list = pools->list;
	struct lp_pool_object *object;
	size_t i;

	for (i = 0; i < list->loop_count; i++) {
		uint64_t executor = cpython_instance_get(pools->python, list->loops[i].address,
							 "_default_executor");
		const struct lp_pool_class *class = cpython_pool_type(pools, executor)->class;

		object = class ? cpython_pool_add(pools, executor, class) : NULL;
		if (object)
			object->pool.loop = list->loops[i].address;
	}
}

static struct lp_pool_user *store_users(struct lp_pools *pools, struct lp_pool_user *users,
					size_t *count)
{
	struct lp_pool_user *stored =
		*count ? task_arena_take(pools->list->arena, *count * sizeof(*stored)) : NULL;

	if (stored)
		memcpy(stored, users, *count * sizeof(*stored));
	else
		*count = 0;
	free(users);
	return stored;
}

static int in_order(const void *left, const void *right)
{
	const struct lp_pool *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (!a->loop != !b->loop)
		return a->loop ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

void cpython_pools_fill(struct lp_pools *pools)
{
	struct lp_await_chain *chain = calloc(1, sizeof(*chain));
	struct lp_task_list *list = pools->list;
	size_t i;

	if (!chain)
		return;
	add_default_executors(pools);
	cpython_pool_threads(pools, chain);
	cpython_pool_follow(pools);
	add_awaiting(pools);
	list->pools = pools->count
			      ? task_arena_take(list->arena, pools->count * sizeof(*list->pools))
			      : NULL;
	for (i = 0; list->pools && i < pools->count; i++) {
		struct lp_pool_object *object = &pools->objects[i];
		struct lp_pool *pool = &list->pools[i];

		add_own(pools, object);
		fill_pool(pools, object);
		*pool = object->pool;
		pool->holders = store_users(pools, object->pool.holders, &pool->holder_count);
		pool->waiters = store_users(pools, object->pool.waiters, &pool->waiter_count);
		object->pool.holders = NULL;
		object->pool.waiters = NULL;
		list->pool_count++;
	}
	cpython_thread_waits_fill(pools, chain);
	cpython_pending_futures_tell(pools);
	free(chain);
	if (list->pools && list->pool_count)
		qsort(list->pools, list->pool_count, sizeof(*list->pools), in_order);
}
