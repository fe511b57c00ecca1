// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pools of libraries, by objects laid out as in CPython 3.13 in this process, which are read as
 * those of a remote process.  Tests on live interpreters cover what the libraries do with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "process/thread_call.h"
#include "runtime/cpython/waits/pools_internal.h"

#define TYPE_BYTES 416
#define TYPE_FLAG_STRING (1UL << 28)
#define TYPE_FLAG_HEAP (1UL << 9)
#define ATTRIBUTES 8

static struct lp_cpython python;
static struct lp_task_list list;
static struct lp_task tasks[3];
static struct lp_waits *waits;
static struct lp_pools *pools;

struct object {
	uint64_t references;
	uint64_t type;
	uint64_t words[14];
};

/* PyDictKeysObject of 3.13 with general entries (hash, key, value) behind 8 bytes of indices. */
struct keys {
	uint64_t references;
	uint8_t sizes[4]; /* log2_size, log2_index_bytes, kind */
	uint32_t version;
	uint64_t usable;
	uint64_t count;
	uint8_t indices[8];
	uint64_t entries[ATTRIBUTES][3];
};

/* An object with its __dict__ behind its head, the dict, and its keys. */
struct instance {
	struct object object, dict;
	struct keys keys;
};

static uint64_t *type_type, *string_type, *int_type, *dict_type, *list_type, *set_type, *none_type,
	*deque_type;
static struct object none;

static uint64_t at(const void *pointer)
{
	return (uintptr_t)pointer;
}

static void set_word(void *object, size_t offset, uint64_t value)
{
	memcpy((char *)object + offset, &value, sizeof(value));
}

static void *taken(size_t size)
{
	void *memory = task_arena_take(list.arena, size);

	assert_non_null(memory);
	return memory;
}

/* A type that has itself and object in its method resolution order. */
static uint64_t *new_type(const char *name, uint64_t size, uint64_t flags)
{
	uint8_t *type = taken(TYPE_BYTES + 8 * 8);
	uint64_t *order = (uint64_t *)(type + TYPE_BYTES);

	set_word(type, CPYTHON_TYPE_NAME, at(name));
	set_word(type, CPYTHON_TYPE_BASIC_SIZE, size);
	set_word(type, CPYTHON_TYPE_FLAGS, flags);
	set_word(type, CPYTHON_TYPE_MRO, at(order));
	order[2] = 1;
	order[3] = at(type);
	return (uint64_t *)type;
}

static struct object *new_object(const uint64_t *type)
{
	struct object *object = taken(sizeof(*object));

	object->type = at(type);
	return object;
}

static uint64_t new_string(const char *text)
{
	struct object *string = new_object(string_type);

	assert_true(strlen(text) < 64);
	string->words[0] = strlen(text);
	set_word(string, 32, 0x64); /* one byte a character, compact, ASCII */
	memcpy((char *)string + python.row.unicode.ascii, text, strlen(text));
	return at(string);
}

static uint64_t new_int(int64_t value)
{
	struct object *number = new_object(int_type);

	number->words[0] = value < 0 ? 1 << 3 | 2 : value ? 1 << 3 : 1;
	set_word(number, python.row.integer.ob_digit, (uint64_t)(value < 0 ? -value : value));
	return at(number);
}

static uint64_t new_list(size_t count, const uint64_t *items)
{
	struct object *made = new_object(list_type);

	made->words[0] = count;
	made->words[1] = at(items);
	return at(made);
}

static struct instance *new_instance(const uint64_t *type)
{
	struct instance *made = taken(sizeof(*made));

	made->object.type = at(type);
	made->object.words[0] = at(&made->dict);
	made->dict.type = at(dict_type);
	made->dict.words[2] = at(&made->keys);
	made->keys.sizes[0] = made->keys.sizes[1] = 3;
	return made;
}

static void set_attribute(struct instance *made, const char *name, uint64_t value)
{
	uint64_t *entry = made->keys.entries[made->keys.count++];

	assert_true(made->keys.count <= ATTRIBUTES);
	entry[1] = new_string(name);
	entry[2] = value;
	made->dict.words[0] = made->keys.count;
}

/* A class in Python; name: with its module. */
static uint64_t *new_class(const char *name)
{
	uint64_t *class = new_type(name, 24, TYPE_FLAG_HEAP);

	set_word(class, CPYTHON_TYPE_DICT_OFFSET, 16);
	return class;
}

static int setup(void **state)
{
	(void)state;
	memset(&list, 0, sizeof(list));
	memset(tasks, 0, sizeof(tasks));
	list.arena = task_arena_new();
	list.tasks = tasks;
	list.count = 3;
	tasks[0].address = 0x1000;
	tasks[1].address = 0x2000;
	tasks[2].address = 0x3000;
	python = (struct lp_cpython){ .pid = getpid(), .minor = 13, .row = *cpython_row(13) };
	type_type = new_type("type", 0, 0);
	string_type = new_type("str", 0, TYPE_FLAG_STRING);
	int_type = new_type("int", 0, 0);
	dict_type = new_type("dict", 0, 0);
	list_type = new_type("list", 40, 0);
	set_type = new_type("set", 200, 0);
	deque_type = new_type("collections.deque", 216, 0);
	none_type = new_type("NoneType", 0, 0);
	none = (struct object){ .type = at(none_type) };
	python.string_type = at(string_type);
	python.int_type = at(int_type);
	waits = cpython_waits_new(&python, list.arena);
	pools = cpython_pools_new(waits, &python, &list);
	return !waits || !pools;
}

static int teardown(void **state)
{
	(void)state;
	cpython_pools_free(pools);
	cpython_waits_free(waits);
	task_arena_free(list.arena);
	return 0;
}

/* ---- expressions ----------------------------------------------------------------------- */

static void numbers(void **state)
{
	struct instance *pool = new_instance(new_class("app.Pool"));

	(void)state;
	set_attribute(pool, "size", new_int(5));
	set_attribute(pool, "overflow", new_int(-2));
	set_attribute(pool, "none", at(&none));
	set_attribute(pool, "zero", new_int(0));
	set_attribute(pool, "text", new_string("many"));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size"), 5);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size overflow"), 3);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size -overflow"), 7);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "none"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size ~overflow"),
			 LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "@zero"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "zero"), 0);
	/* a number below 0, another type, an attribute that is not there */
	assert_int_equal(cpython_pool_compute(pools, at(pool), "overflow"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "text"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size -other"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "other|size"), 5);
	assert_int_equal(cpython_pool_compute(pools, 16, "size"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), NULL), LP_POOL_UNKNOWN);
}

static void members_are_counted(void **state)
{
	struct instance *pool = new_instance(new_class("app.Pool"));
	struct instance *request = new_instance(new_class("app.Request"));
	struct instance *served = new_instance(new_class("app.Request"));
	uint64_t requests[] = { at(request), at(served), at(request) };
	struct object *deque = new_object(deque_type);

	(void)state;
	set_attribute(request, "connection", at(&none));
	set_attribute(served, "connection", at(pool));
	set_attribute(pool, "requests", new_list(3, requests));
	set_attribute(pool, "waiters", at(&none));
	set_attribute(pool, "free", at(deque));
	deque->words[6] = 9; /* maxlen */
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#requests"), 3);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "?requests.connection"), 2);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "!requests.connection"), 1);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#waiters"), 0);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "^free"), 9);
	deque->words[6] = UINT64_MAX;
	assert_int_equal(cpython_pool_compute(pools, at(pool), "^free"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "?requests.other"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#pool"), LP_POOL_UNKNOWN);
}

static void members_of_a_deque(void **state)
{
	struct object *deque = new_object(deque_type);
	uint64_t first[66] = { 0 }, second[66] = { 0 }, *members;

	(void)state;
	/* leftblock, rightblock, leftindex; the first object is the last one of its block */
	first[64] = 0xa0;
	first[65] = at(second);
	second[1] = 0xb0;
	deque->words[0] = 2;
	deque->words[1] = at(first);
	deque->words[3] = 63;
	assert_int_equal(cpython_pool_members(pools, at(deque), &members), 2);
	assert_int_equal(members[0], 0xa0);
	assert_int_equal(members[1], 0xb0);
	free(members);
	/* a circle of blocks ends at the number of members, which is bounded */
	second[65] = at(first);
	deque->words[0] = 1UL << 40;
	assert_int_equal(cpython_pool_members(pools, at(deque), &members),
			 CPYTHON_POOL_MEMBERS_MAX);
	free(members);
	deque->words[3] = 64;
	assert_true(cpython_pool_members(pools, at(deque), &members) < 0);
	assert_null(members);
}

static void members_of_a_queue_in_both_layouts(void **state)
{
	struct object *ring = new_object(new_type("_queue.SimpleQueue", 72, 0));
	struct object *older = new_object(new_type("_queue.SimpleQueue", 56, 0));
	struct object *other = new_object(new_type("_queue.SimpleQueue", 64, 0));
	uint64_t items[4] = { 0xc0, 0, 0xa0, 0xb0 }, *members;
	struct instance *pool = new_instance(new_class("app.Pool"));

	(void)state;
	ring->words[1] = 1; /* where to put */
	ring->words[2] = 2; /* where to get */
	ring->words[3] = at(items);
	ring->words[4] = 4;
	ring->words[5] = 3;
	assert_int_equal(cpython_pool_members(pools, at(ring), &members), 3);
	assert_int_equal(members[0], 0xa0);
	assert_int_equal(members[2], 0xc0);
	free(members);
	set_attribute(pool, "ring", at(ring));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#ring"), 3);
	ring->words[5] = 5;
	assert_true(cpython_pool_members(pools, at(ring), &members) < 0);
	ring->words[4] = 0;
	ring->words[5] = 0;
	assert_true(cpython_pool_members(pools, at(ring), &members) < 0);

	older->words[2] = new_list(4, items);
	older->words[3] = 2;
	assert_int_equal(cpython_pool_members(pools, at(older), &members), 2);
	assert_int_equal(members[1], 0xb0);
	free(members);
	set_attribute(pool, "older", at(older));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#older"), 2);
	older->words[3] = 5;
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#older"), LP_POOL_UNKNOWN);
	/* a layout that no version has */
	set_attribute(pool, "other", at(other));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#other"), LP_POOL_UNKNOWN);
}

static void paths(void **state)
{
	uint64_t *class = new_class("app.Node");
	struct instance *a = new_instance(class), *b = new_instance(class);
	uint64_t items[] = { at(&none), at(b) };

	(void)state;
	set_attribute(a, "next", at(b));
	set_attribute(b, "next", at(&none));
	set_attribute(b, "value", 0x77);
	set_attribute(a, "any", new_list(2, items));
	set_attribute(a, "self", at(a));
	assert_int_equal(cpython_pool_path(pools, at(a), "next.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "any.*.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "next.next.value|next.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "next.next"), 0);
	assert_int_equal(cpython_pool_path(pools, at(a), ""), at(a));
	/* there is a limit to the steps */
	assert_int_equal(cpython_pool_path(pools, at(a),
					   "self.self.self.self.self.self.self.self.self.self.self."
					   "self.self.self.self.self.self.self.next"),
			 0);
}

/* ---- holders ----------------------------------------------------------------------------- */

static const struct lp_pool *pool_of(uint64_t address)
{
	size_t i;

	for (i = 0; i < list.pool_count; i++)
		if (list.pools[i].address == address)
			return &list.pools[i];
	fail_msg("no such pool");
	return NULL;
}

/* A connection that one object leads to is held by the task that has the object. */
static void what_several_tasks_have_is_held_by_none(void **state)
{
	struct instance *pool = new_instance(new_class("aiohttp.connector.BaseConnector"));
	struct instance *connection = new_instance(new_class("aiohttp.connector.Connection"));
	struct instance *session = new_instance(new_class("app.Session"));
	const struct lp_pool *read;
	uint64_t *code = taken(256), *frame = taken(256);
	struct lp_await_chain *chain = taken(sizeof(*chain));

	(void)state;
	set_attribute(pool, "_limit", new_int(2));
	set_attribute(connection, "_connector", at(pool));
	set_attribute(connection, "_protocol", at(session));
	set_attribute(session, "connection", at(connection));
	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(frame, python.row.frame.localsplus, at(session));
	chain->count = 1;
	chain->links[0] =
		(struct lp_await_link){ .frame = at(frame), .code = at(code), .running = true };
	cpython_pools_note(pools, 1, chain);
	cpython_pools_fill(pools);
	read = pool_of(at(pool));
	assert_string_equal(read->name, "aiohttp's connector");
	assert_int_equal(read->amounts[LP_POOL_LIMIT], 2);
	assert_int_equal(read->amounts[LP_POOL_OUT], LP_POOL_UNKNOWN);
	assert_int_equal(read->holder_count, 1);
	assert_int_equal(read->held, 1);
	assert_int_equal(read->holders[0].task, tasks[1].address);

	cpython_pools_free(pools);
	pools = cpython_pools_new(waits, &python, &list);
	list.pool_count = 0;
	cpython_pools_note(pools, 1, chain);
	cpython_pools_note(pools, 2, chain);
	cpython_pools_fill(pools);
	assert_int_equal(pool_of(at(pool))->holder_count, 0);
}

/* ---- locks of asyncio -------------------------------------------------------------------- */

/* Checks whether a task that has an object in a variable may hold the lock in it. */
static bool is_still_orphan(struct instance *object, uint64_t lock, const uint64_t *awaited,
			    size_t count)
{
	uint64_t *code = taken(256), *frame = taken(256), *unclaimed;
	struct lp_await_chain *chain = taken(sizeof(*chain));
	struct lp_task task = { 0 };
	size_t i;

	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(frame, python.row.frame.localsplus, at(object));
	chain->count = 1;
	chain->links[0] = (struct lp_await_link){ .frame = at(frame), .code = at(code) };
	map_free(&waits->orphan_objects);
	map_put(&waits->orphans, lock, 1);
	for (i = 0; i < count; i++) {
		task.awaited_id = awaited[i];
		cpython_orphans_check(waits, &task, chain);
	}
	unclaimed = map_get(&waits->orphans, lock);
	return unclaimed && *unclaimed;
}

static void an_object_that_several_tasks_have_is_read_once(void **state)
{
	struct instance *store = new_instance(new_class("app.Store"));
	const uint64_t lock = 0x7000, waiters[] = { lock, lock }, others[] = { lock, 0x8000 };
	const uint64_t reversed[] = { 0x8000, lock };
	size_t before, cost;

	(void)state;
	set_attribute(store, "lock", lock);
	before = waits->orphan_steps_left;
	assert_true(is_still_orphan(store, lock, waiters, 1));
	cost = before - waits->orphan_steps_left;
	assert_true(is_still_orphan(store, lock, waiters, 2));
	assert_true(before - waits->orphan_steps_left < 3 * cost);
	/* whoever does not wait for the lock may hold it, also if the object was read before */
	assert_false(is_still_orphan(store, lock, others, 2));
	assert_false(is_still_orphan(store, lock, reversed, 2));
	/* a process in which that takes too long has no lock without a holder */
	waits->orphan_steps_left = cost - 1;
	assert_false(is_still_orphan(store, lock, waiters, 1));
}

/* ---- exception tables -------------------------------------------------------------------- */

static void the_exception_table_of_a_function_is_read_once(void **state)
{
	static const uint8_t bytes[] = { 0x80 | 0, 4, 8, 1 << 1 }; /* of 4 units: depth 1 */
	struct lp_exception_tables tables = { 0 };
	uint64_t *code = taken(1024), *frame = taken(1024), object;
	struct object *table = new_object(new_type("bytes", 33, 0));
	struct lp_await_link link = { .frame = at(frame),
				      .code = at(code),
				      .instruction =
					      at(code) + python.row.code.co_code_adaptive + 2 };

	(void)state;
	table->words[0] = sizeof(bytes);
	memcpy((uint8_t *)table + CPYTHON_BYTES_DATA, bytes, sizeof(bytes));
	set_word(code, python.row.code.co_exceptiontable, at(table));
	set_word(frame, python.row.frame.localsplus, 0x5000);
	assert_int_equal(cpython_running_guarded(&python, &tables, &link, &object, 1), 1);
	assert_int_equal(object, 0x5000);
	assert_int_equal(tables.searched, sizeof(bytes));
	/* what is known does not change */
	table->words[0] = 1;
	assert_int_equal(cpython_running_guarded(&python, &tables, &link, &object, 1), 1);
	assert_int_equal(tables.searched, 2 * sizeof(bytes));
	/* of a process with huge tables, nothing is known from some point on */
	tables.searched = SIZE_MAX;
	assert_int_equal(cpython_running_guarded(&python, &tables, &link, &object, 1), 0);
	cpython_exception_tables_free(&tables);
}

/* ---- locks of threads ---------------------------------------------------------------------- */

struct sleeper {
	sem_t semaphore;
	bool timed;
	pid_t tid;
};

static void *sleep_on_semaphore(void *argument)
{
	struct sleeper *sleeper = argument;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 600;
	__atomic_store_n(&sleeper->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (sleeper->timed ? sem_timedwait(&sleeper->semaphore, &until)
			      : sem_wait(&sleeper->semaphore))
		;
	return NULL;
}

/* Starts a thread, and waits until it sleeps on its semaphore. */
static pthread_t start(struct sleeper *sleeper)
{
	struct lp_thread_call call;
	pthread_t thread;
	pid_t tid;

	assert_int_equal(sem_init(&sleeper->semaphore, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, sleep_on_semaphore, sleeper), 0);
	do {
		usleep(1000);
		tid = __atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE);
	} while (!tid || !thread_call_read(getpid(), tid, &call) || call.number != SYS_futex ||
		 call.arguments[0] != at(&sleeper->semaphore));
	return thread;
}

/* A thread that calls acquire(timeout=30) goes on by itself. */
static void the_wait_for_a_lock_may_have_a_timeout(void **state)
{
	struct object *lock = new_object(new_type("_thread.lock", 40, 0));
	struct sleeper sleepers[] = { { .timed = false }, { .timed = true } };
	uint64_t *code = taken(256), *frame = taken(1024);
	struct lp_await_chain *chain = taken(sizeof(*chain));
	struct lp_thread_wait wait;
	pthread_t thread;
	size_t i;

	(void)state;
	set_word(frame, python.row.frame.localsplus, at(lock));
	chain->count = 1;
	chain->links[0] =
		(struct lp_await_link){ .frame = at(frame), .code = at(code), .running = true };
	for (i = 0; i < 2; i++) {
		lock->words[0] = at(&sleepers[i].semaphore);
		wait = (struct lp_thread_wait){ 0 };
		thread = start(&sleepers[i]);
		assert_true(cpython_thread_lock(pools, chain, sleepers[i].tid, &wait));
		assert_int_equal(wait.id, at(lock));
		assert_int_equal(wait.timed, sleepers[i].timed);
		sem_post(&sleepers[i].semaphore);
		pthread_join(thread, NULL);
	}
}

/* Of many holders, not all are read; cpython_waits keeps one for each `async with`. */
static void holders_are_read_up_to_a_number(void **state)
{
	struct object *lock = new_object(new_type("_thread.lock", 40, 0));
	struct lp_await_chain *chain = taken(sizeof(*chain));
	struct lp_thread_wait wait = { .kind = LP_THREAD_AWAITS_LOCK };
	const size_t count = 1000;
	size_t i;

	(void)state;
	waits->holders = calloc(count, sizeof(*waits->holders));
	assert_non_null(waits->holders);
	for (i = 0; i < count; i++)
		waits->holders[i] = (struct lp_wait_holder){ .task = 0x1000 + i, .next = i };
	map_put(&waits->held, at(lock), 64);
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_int_equal(wait.end_count, 64);
	assert_false(wait.more_ends);
	wait = (struct lp_thread_wait){ .kind = LP_THREAD_AWAITS_LOCK };
	/* a list without an end */
	waits->holders[0].next = count;
	map_put(&waits->held, at(lock), count);
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_int_equal(wait.end_count, 64);
	assert_true(wait.more_ends);
}

/* A PyThreadState without frames. */
static uint64_t *new_thread(uint64_t ident, const uint64_t *next)
{
	uint64_t *made = taken(1024);

	set_word(made, python.row.thread.thread_id, ident);
	set_word(made, python.row.thread.next, at(next));
	return made;
}

/* The owner of a lock has ended if it is not among all threads, those without frames included. */
static void a_thread_without_frames_has_not_ended(void **state)
{
	struct object *lock = new_object(new_type("_thread.RLock", 40, 0));
	struct lp_await_chain *chain = taken(sizeof(*chain));
	uint64_t *interpreter = taken(1 << 16), *first = new_thread(0x77, NULL),
		 runtime[512] = { 0 };
	struct lp_thread_wait wait = { .kind = LP_THREAD_AWAITS_LOCK };

	(void)state;
	python.runtime = at(runtime);
	set_word(runtime, python.row.runtime.interpreters_head, at(interpreter));
	set_word(interpreter, python.row.interpreter.threads_head, at(first));
	lock->words[1] = 0x77;
	cpython_pool_threads(pools, chain);
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_false(wait.owned);
	/* a thread that has begun since then */
	set_word(interpreter, python.row.interpreter.threads_head, at(new_thread(0x78, first)));
	lock->words[1] = 0x78;
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_false(wait.owned);
	lock->words[1] = 0x79;
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_true(wait.owned);
	assert_int_equal(wait.end_count, 0);
	/* a list of threads without an end */
	set_word(first, python.row.thread.next, at(first));
	wait.owned = false;
	cpython_thread_lock_holders(pools, at(lock), chain, &wait);
	assert_false(wait.owned);
}

int main(void)
{
	const struct CMUnitTest tests_of_pools[] = {
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(members_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(members_of_a_deque, setup, teardown),
		cmocka_unit_test_setup_teardown(members_of_a_queue_in_both_layouts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(paths, setup, teardown),
		cmocka_unit_test_setup_teardown(what_several_tasks_have_is_held_by_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_object_that_several_tasks_have_is_read_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_exception_table_of_a_function_is_read_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_wait_for_a_lock_may_have_a_timeout, setup,
						teardown),
		cmocka_unit_test_setup_teardown(holders_are_read_up_to_a_number, setup, teardown),
		cmocka_unit_test_setup_teardown(a_thread_without_frames_has_not_ended, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests_of_pools, NULL, NULL);
}
