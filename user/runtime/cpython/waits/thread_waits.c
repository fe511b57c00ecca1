// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each thread waits for, if a task or another thread has to do it, and the tasks whose jobs
 * threads run.  The innermost function of a thread that has a row waits for its `self`; a thread
 * that is in no such function may be blocked on a lock.
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "base/macros.h"
#include "runtime/cpython/objects/instance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES_MAX 65536 /* of all loops, that are read */
#define WHAT_BYTES 160
#define WITHIN_MAX 6 /* frames of the library within a function with a row */

#define FUTURE .kind = LP_THREAD_AWAITS_FUTURE
#define THREAD .kind = LP_THREAD_AWAITS_THREAD
#define OBJECT .kind = LP_THREAD_AWAITS_OBJECT

/* A function in which a thread waits for what its `self`, or another variable, stands for. */
static const struct thread_row {
	const char *file, *function;
	enum lp_thread_awaited kind;
	const char *object; /* the name of the variable; NULL: the first one */
	bool runs_jobs; /* it runs jobs of others while it waits, so that its thread need not sleep */
	/* OBJECT: the only class of the object, or NULL, and the words before and after its name */
	const char *class, *before, *after;
	const char *unfinished; /* the attribute that has the number of unfinished items; or NULL */
} rows[] = {
	{ "concurrent/futures/_base.py", "result", FUTURE },
	{ "concurrent/futures/_base.py", "exception", FUTURE },
	{ "/threading.py", "join", THREAD },
	/* while it waits it runs the jobs of its queue, each in frames further in */
	{ "asgiref/current_thread_executor.py", "run_until_future", FUTURE, .object = "future",
	  .runs_jobs = true },
	{ "/queue.py", "get", OBJECT, .before = "an item of a " },
	{ "/queue.py", "put", OBJECT, .before = "space in a " },
	{ "/queue.py", "join", OBJECT, .before = "task_done() of a ",
	  .unfinished = "unfinished_tasks" },
	{ "/threading.py", "wait", OBJECT, .class = "threading.Event", .before = "a ",
	  .after = " to be set" },
	{ "/threading.py", "wait", OBJECT, .class = "threading.Condition",
	  .before = "notify() of a " },
	{ "/threading.py", "wait", OBJECT, .class = "threading.Barrier",
	  .before = "other threads at a " },
	{ "/threading.py", "acquire", OBJECT, .class = "threading.Semaphore",
	  .before = "release() of a " },
	{ "/threading.py", "acquire", OBJECT, .class = "threading.BoundedSemaphore",
	  .before = "release() of a " },
};

/* Files of the library with the functions that those of the rows call to wait. */
static const char *const waiting_files[] = { "/threading.py", "/queue.py",
					     "concurrent/futures/_base.py" };

/* ---- futures --------------------------------------------------------------------- */

/* Notes the futures whose coroutines a loop has callbacks in its queue to begin. */
static void note_queued(struct lp_pools *pools, size_t loop, size_t *left)
{
	const struct lp_cpython *python = pools->python;
	uint64_t ready = cpython_instance_get(python, pools->list->loops[loop].address, "_ready");
	uint64_t *handles, callback, future;
	ssize_t count = cpython_pool_members(pools, ready, &handles), i;

	for (i = 0; i < count && *left; i++, --*left) {
		callback =
			memory_u64(python->pid, handles[i] + python->row.asyncio.handle_callback);
		future = cpython_pool_free_variable(
			pools, callback, "run_coroutine_threadsafe.<locals>.callback", "future");
		if (future)
			map_put(&pools->queued_futures, future, loop + 1);
	}
	free(handles);
}

const struct lp_task_loop *cpython_loop_to_begin(struct lp_pools *pools, uint64_t future)
{
	const struct lp_task_list *list = pools->list;
	size_t left = HANDLES_MAX, i;
	const uint64_t *loop;

	for (i = 0; !pools->queued_noted && left && i < list->loop_count; i++)
		note_queued(pools, i, &left);
	pools->queued_noted = true;
	loop = map_get(&pools->queued_futures, future);
	return loop ? &list->loops[*loop - 1] : NULL;
}

/* Adds the thread of a loop to the ends of a wait. */
static void add_loop_thread(struct lp_pools *pools, const struct lp_task_loop *loop,
			    struct lp_thread_wait *wait)
{
	size_t i;

	for (i = 0; loop->tid && i < pools->list->pool_thread_count; i++)
		if (pools->list->pool_threads[i].tid == loop->tid)
			cpython_thread_wait_end(pools, wait, 0, i);
}

/* Returns whether all threads of a pool are busy, and it starts no more. */
static bool is_full(const struct lp_pool *pool)
{
	return pool->kind == LP_POOL_THREADS && pool->worker_count &&
	       pool->amounts[LP_POOL_OUT] == pool->worker_count &&
	       pool->amounts[LP_POOL_LIMIT] <= pool->worker_count;
}

/*
 * Adds the thread that runs a job to the ends of a wait.  If the job runs a loop until a task ends,
 * the task is added instead.
 */
static void add_job_thread(struct lp_pools *pools, size_t thread, struct lp_await_chain *chain,
			   struct lp_thread_wait *wait)
{
	uint64_t task = cpython_pool_loop_task(pools, thread, chain);

	cpython_thread_wait_end(pools, wait, task, thread);
}

/* chain: it is overwritten */
static void read_future(struct lp_pools *pools, struct lp_await_chain *chain,
			struct lp_thread_wait *wait)
{
	const uint64_t *job = map_get(&pools->jobs, wait->id);
	const struct lp_task_list *list = pools->list;
	const struct lp_task_loop *loop;
	uint64_t source;
	size_t i;

	wait->class = cpython_wait_type_of(pools->waits, wait->id)->name;
	if (job && *job >= CPYTHON_POOL_THREAD) {
		add_job_thread(pools, *job - CPYTHON_POOL_THREAD - 1, chain, wait);
		return;
	}
	if (job && *job <= list->pool_count) {
		const struct lp_pool *pool = &list->pools[*job - 1];

		wait->queued = is_full(pool);
		for (i = 0; wait->queued && i < pool->worker_count; i++)
			cpython_thread_wait_end(pools, wait, 0, pool->workers[i].thread);
		return;
	}
	source = cpython_pool_promise_task(pools, wait->id);
	if (source) {
		cpython_thread_wait_end(pools, wait, source, 0);
		return;
	}
	loop = cpython_loop_to_begin(pools, wait->id);
	if (loop) {
		wait->loop = loop->address;
		add_loop_thread(pools, loop, wait);
	}
}

static bool is_pending(struct lp_pools *pools, uint64_t future)
{
	uint64_t state = cpython_instance_get(pools->python, future, "_state");

	return state && (cpython_string_equals(pools->python, state, "PENDING") ||
			 cpython_string_equals(pools->python, state, "RUNNING"));
}

/* ---- a thread ----------------------------------------------------------------------- */

static void read_thread(struct lp_pools *pools, struct lp_thread_wait *wait)
{
	uint64_t number = cpython_instance_get(pools->python, wait->id, "_ident"), ident = 0;
	const uint64_t *index;

	wait->class = "threading.Thread";
	index = number && !cpython_int(pools->python, number, &ident)
			? map_get(&pools->idents, ident)
			: NULL;
	if (index && *index)
		cpython_thread_wait_end(pools, wait, 0, *index - 1);
	else
		wait->kind = LP_THREAD_AWAITS_NOTHING;
}

/* Returns the object that a thread waits for in a function with a row. */
static uint64_t object_of(struct lp_pools *pools, const struct thread_row *row,
			  const struct lp_await_link *link)
{
	return row->object ? cpython_frame_variable(pools->python, link, row->object)
			   : cpython_frame_local(pools->python, link, 0);
}

static bool is_of_class(struct lp_pools *pools, uint64_t object, const char *class)
{
	return !strcmp(cpython_wait_type_of(pools->waits, object)->name, class);
}

static const struct thread_row *row_of(struct lp_pools *pools, const struct lp_await_link *link)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (cpython_pool_is_function(pools, link, rows[i].file, rows[i].function) &&
		    (!rows[i].class ||
		     is_of_class(pools, object_of(pools, &rows[i], link), rows[i].class)))
			return &rows[i];
	return NULL;
}

/* Returns whether a frame has a timeout that is not None. */
static bool has_timeout(struct lp_pools *pools, const struct lp_await_link *link)
{
	uint64_t timeout = cpython_frame_variable(pools->python, link, "timeout");

	return timeout && !cpython_pool_is_none(pools, timeout);
}

static bool is_waiting_file(struct lp_pools *pools, const struct lp_await_link *link)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waiting_files); i++)
		if (cpython_pool_is_of_file(pools, link, waiting_files[i]))
			return true;
	return false;
}

/*
 * Finds the outermost row of a thread's innermost frames, as these functions call each other, and
 * its frame.  NULL: it is in no such function.
 */
static const struct thread_row *find_row(struct lp_pools *pools, const struct lp_await_chain *chain,
					 const struct lp_await_link **link)
{
	const struct thread_row *found = NULL, *row;
	size_t i;

	for (i = 0; i < chain->count && i < WITHIN_MAX; i++) {
		const struct lp_await_link *at = &chain->links[chain->count - 1 - i];

		row = row_of(pools, at);
		if (row) {
			found = row;
			*link = at;
		} else if (!is_waiting_file(pools, at)) {
			break;
		}
	}
	return found;
}

/* Describes what some thread has to do with an object before the wait ends. */
static void read_object(struct lp_pools *pools, const struct thread_row *row,
			struct lp_thread_wait *wait)
{
	char text[WHAT_BYTES], count[32] = "";
	uint64_t number;

	if (row->unfinished &&
	    cpython_wait_number(pools->waits, wait->id, row->unfinished, &number))
		snprintf(count, sizeof(count), ", %" PRIu64 " unfinished", number);
	wait->class = cpython_wait_type_of(pools->waits, wait->id)->name;
	snprintf(text, sizeof(text), "%s%s%s%s", row->before, wait->class,
		 row->after ? row->after : "", count);
	wait->what = task_arena_text(pools->list->arena, text);
}

/*
 * Reads the wait of a thread that is in the function of a row.  sleeps: in a call by which threads
 * wait for each other.  False: it is in none, or does not sleep.
 */
static bool read_row(struct lp_pools *pools, struct lp_await_chain *chain, bool sleeps, pid_t tid,
		     struct lp_thread_wait *wait)
{
	const struct lp_await_link *link = NULL;
	const struct thread_row *row = find_row(pools, chain, &link);
	struct lp_thread_wait lock = { .id = 0 };

	if (!row || (!sleeps && !row->runs_jobs))
		return false;
	/* the lock that guards an object is got before the object is waited for, and after */
	if (sleeps && row->kind != LP_THREAD_AWAITS_THREAD &&
	    cpython_thread_lock(pools, chain, tid, &lock))
		return false;
	wait->kind = row->kind;
	wait->id = object_of(pools, row, link);
	wait->timed = has_timeout(pools, link);
	if (row->kind == LP_THREAD_AWAITS_THREAD)
		read_thread(pools, wait);
	else if (row->kind == LP_THREAD_AWAITS_OBJECT)
		read_object(pools, row, wait);
	else if (is_pending(pools, wait->id))
		read_future(pools, chain, wait);
	else
		wait->kind = LP_THREAD_AWAITS_NOTHING;
	return true;
}

void cpython_thread_wait_read(struct lp_pools *pools, size_t number, struct lp_await_chain *chain)
{
	struct lp_pool_thread *thread = &pools->list->pool_threads[number];
	struct lp_thread_wait *wait = &thread->wait;
	bool sleeps;

	if (!thread->tid || !cpython_pool_frames(pools, pools->states[number], chain))
		return;
	sleeps = cpython_thread_sleeps(pools->python, thread->tid);
	if (read_row(pools, chain, sleeps, thread->tid, wait) || !sleeps ||
	    !cpython_thread_lock(pools, chain, thread->tid, wait))
		return;
	wait->kind = LP_THREAD_AWAITS_LOCK;
	cpython_thread_lock_holders(pools, wait->id, chain, wait);
}

/* ---- one thread ---------------------------------------------------------------------- */

size_t cpython_pools_read_thread(struct lp_pools *pools, pid_t tid)
{
	const struct lp_task_list *list = pools->list;
	struct lp_await_chain *chain = calloc(1, sizeof(*chain));
	size_t number = SIZE_MAX, i;

	if (!chain)
		return SIZE_MAX;
	cpython_pool_threads(pools, chain);
	for (i = 0; tid && number == SIZE_MAX && i < list->pool_thread_count; i++)
		if (list->pool_threads[i].tid == tid)
			number = i;
	if (number != SIZE_MAX)
		cpython_thread_wait_read(pools, number, chain);
	free(chain);
	return number;
}

void cpython_pools_add_task(struct lp_pools *pools, size_t task, const struct lp_await_chain *chain)
{
	uint64_t address = pools->list->tasks[task].address;

	map_put(&pools->tasks, address, task + 1);
	cpython_pool_note_promise(pools, address, chain);
}

void cpython_pools_reread_thread(struct lp_pools *pools, size_t thread)
{
	struct lp_await_chain *chain = calloc(1, sizeof(*chain));

	if (!chain)
		return;
	pools->list->pool_threads[thread].wait = (struct lp_thread_wait){ .class = "" };
	cpython_thread_wait_read(pools, thread, chain);
	free(chain);
}

uint64_t cpython_pools_thread_state(const struct lp_pools *pools, size_t thread)
{
	return pools->states[thread];
}

/* ---- tasks ---------------------------------------------------------------------------- */

static struct lp_task *task_at(struct lp_pools *pools, uint64_t address)
{
	const uint64_t *index = address ? map_get(&pools->tasks, address) : NULL;

	return index ? &pools->list->tasks[*index - 1] : NULL;
}

/* Links the tasks whose jobs a pool runs, or has in its queue, to its threads. */
static void link_tasks(struct lp_pools *pools, const struct lp_pool *pool)
{
	uint32_t *threads =
		task_arena_take(pools->list->arena, (pool->worker_count + 1) * sizeof(*threads));
	struct lp_task *task;
	size_t i;

	for (i = 0; threads && i < pool->worker_count; i++) {
		threads[i] = pool->workers[i].thread;
		task = task_at(pools, pool->workers[i].busy ? pool->workers[i].task : 0);
		if (!task)
			continue;
		task->threads = &threads[i];
		task->thread_count = 1;
	}
	for (i = 0; threads && is_full(pool) && i < pool->waiter_count; i++) {
		task = task_at(pools, pool->waiters[i].task);
		if (!task || task->thread_count)
			continue;
		task->threads = threads;
		task->thread_count = pool->worker_count;
	}
}

void cpython_thread_waits_fill(struct lp_pools *pools, struct lp_await_chain *chain)
{
	struct lp_task_list *list = pools->list;
	size_t i;

	for (i = 0; i < list->pool_count; i++)
		if (list->pools[i].kind == LP_POOL_THREADS)
			link_tasks(pools, &list->pools[i]);
	for (i = 0; i < list->pool_thread_count; i++)
		cpython_thread_wait_read(pools, i, chain);
}
