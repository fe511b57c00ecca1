// SPDX-License-Identifier: BSD-2-Clause
/*
 * Locks of asyncio and of threads, and who holds them, by objects of this process that are laid out
 * as in CPython 3.13.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>

#include "process/thread_call.h"
#include "objects_fixture.h"

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

/* ---- promises ------------------------------------------------------------------------------ */

/* A chain of one coroutine that has an object in a variable. */
static struct lp_await_chain *chain_of(const char *file, const char *function, const char *variable,
				       uint64_t object)
{
	struct object *names = new_object(new_type("tuple", 24, 1UL << 26));
	uint64_t *code = taken(256), *frame = taken(256);
	struct lp_await_chain *chain = taken(sizeof(*chain));

	names->words[0] = 1;
	names->words[1] = new_string(variable);
	set_word(code, python.row.code.co_filename, new_string(file));
	set_word(code, python.row.code.co_name, new_string(function));
	set_word(code, python.row.code.co_localsplusnames, at(names));
	set_word(code, python.row.code.co_localspluskinds,
		 at(new_object(new_type("bytes", 33, 0))));
	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(frame, python.row.frame.localsplus, object);
	chain->count = 1;
	chain->links[0] = (struct lp_await_link){ .frame = at(frame), .code = at(code) };
	return chain;
}

static void the_task_that_has_a_future_as_its_promise_sets_it(void **state)
{
	uint64_t future = at(new_object(new_type("concurrent.futures._base.Future", 64, 0)));
	uint64_t other = at(new_object(new_type("concurrent.futures._base.Future", 64, 0)));

	(void)state;
	cpython_pool_note_promise(pools, tasks[1].address,
				  chain_of("/env/asgiref/sync.py", "main_wrap", "call_result",
					   future));
	/* a coroutine that only has it in a variable */
	cpython_pool_note_promise(pools, tasks[2].address,
				  chain_of("/srv/app.py", "main_wrap", "call_result", other));
	assert_int_equal(cpython_pool_promise_task(pools, future), tasks[1].address);
	assert_int_equal(cpython_pool_promise_task(pools, other), 0);
}

int main(void)
{
	const struct CMUnitTest tests_of_locks[] = {
		cmocka_unit_test_setup_teardown(an_object_that_several_tasks_have_is_read_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_exception_table_of_a_function_is_read_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_wait_for_a_lock_may_have_a_timeout, setup,
						teardown),
		cmocka_unit_test_setup_teardown(holders_are_read_up_to_a_number, setup, teardown),
		cmocka_unit_test_setup_teardown(a_thread_without_frames_has_not_ended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_task_that_has_a_future_as_its_promise_sets_it,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests_of_locks, NULL, NULL);
}
