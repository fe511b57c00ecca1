// SPDX-License-Identifier: BSD-2-Clause
/*
 * Thread pools: their threads, by the frame of the function that takes jobs, and what is queued.
 * The frames of all threads are also scanned for pools that they use.
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "runtime/cpython/code_names.h"
#include "runtime/cpython/objects/frames.h"
#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/objects/threads.h"
#include "base/macros.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 128 /* of one thread */
#define UNWRAPPED_MAX 4 /* functools.partial around functools.partial */
#define FUNCTIONS_MAX 64 /* the most functions of one queue that are counted apart */
#define NAME_BYTES 160

/* Modules/_functoolsmodule.c: partialobject; Include/cpython/weakrefobject.h; 3.8 to 3.15. */
#define PARTIAL_FUNCTION 16
#define PARTIAL_ARGUMENTS 24
#define WEAKREF_OBJECT 16

/* A function in which a thread takes jobs. */
struct worker_row {
	const char *file, *function;
	/*
	 * Returns the pool by the frame of the function, or 0, and describes the thread and the
	 * future of its job.
	 */
	uint64_t (*read)(struct lp_pools *pools, const struct lp_await_chain *chain, size_t number,
			 struct lp_pool_worker *worker, uint64_t *future);
	const struct lp_pool_class *class; /* of the pool; NULL: by its object */
};

/* ---- names of jobs ---------------------------------------------------------------------- */

static uint64_t first_item(struct lp_pools *pools, uint64_t tuple)
{
	uint64_t item = 0;

	if (!(cpython_wait_type_of(pools->waits, tuple)->kinds & LP_WAIT_TUPLE) ||
	    cpython_tuple(pools->python, tuple, &item, 1) < 1)
		return 0;
	return item;
}

/*
 * Copies the name of a function that was given to a pool.  asyncio.to_thread() and anyio wrap it:
 * partial(context.run, function), and context.run with the function as an argument.
 */
static void name_job(struct lp_pools *pools, uint64_t function, uint64_t arguments, char *text,
		     size_t size)
{
	pid_t pid = pools->python->pid;
	int left = UNWRAPPED_MAX;

	text[0] = '\0';
	while (function && left--) {
		const char *type = cpython_wait_type_of(pools->waits, function)->name;

		if (!strcmp(type, "functools.partial")) {
			uint64_t bound = memory_u64(pid, function + PARTIAL_ARGUMENTS);

			/* what is bound comes before the arguments of the call */
			if (first_item(pools, bound))
				arguments = bound;
			function = memory_u64(pid, function + PARTIAL_FUNCTION);
			continue;
		}
		cpython_wait_callable(pools->waits, function, text, size);
		if (strcmp(text, "run") != 0 || !strcmp(type, "function"))
			return;
		/* Context.run, which is a function of C */
		function = first_item(pools, arguments);
		arguments = 0;
	}
}

/* Reads the function of a concurrent.futures.thread._WorkItem. */
static void name_item(struct lp_pools *pools, uint64_t item, char *text, size_t size)
{
	uint64_t function = cpython_instance_get(pools->python, item, "fn"), task, parts[2];

	text[0] = '\0';
	if (function) {
		name_job(pools, function, cpython_instance_get(pools->python, item, "args"), text,
			 size);
		return;
	}
	/* 3.14: (fn, args, kwargs) */
	task = cpython_instance_get(pools->python, item, "task");
	if (cpython_wait_type_of(pools->waits, task)->kinds & LP_WAIT_TUPLE &&
	    cpython_tuple(pools->python, task, parts, ARRAY_SIZE(parts)) >= 2)
		name_job(pools, parts[0], parts[1], text, size);
}

static int most_first(const void *left, const void *right)
{
	const struct lp_pool_jobs *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->function, b->function);
}

/* Takes what ends the threads of a pool off the number of its queued jobs. */
static void discount_ends(struct lp_pool *pool, uint64_t ends)
{
	uint64_t *waiting = &pool->amounts[LP_POOL_WAITING];

	if (*waiting < LP_POOL_UNLIMITED)
		*waiting = saturating_sub(*waiting, ends);
}

void cpython_pool_jobs(struct lp_pools *pools, struct lp_pool_object *object)
{
	uint64_t queue = cpython_pool_path(pools, object->address,
					   "_work_queue.queue|_work_items|_work_queue"),
		 *items;
	ssize_t count = cpython_pool_members(pools, queue, &items), i;
	struct lp_pool_jobs *jobs = NULL;
	char name[NAME_BYTES];
	size_t used = 0, at;
	uint64_t ends = 0;

	if (count > 0)
		jobs = task_arena_take(pools->list->arena, FUNCTIONS_MAX * sizeof(*jobs));
	for (i = 0; jobs && i < count; i++) {
		uint64_t future = cpython_pool_attribute(pools, items[i], "future");
		uint64_t owner = cpython_pool_awaiting(pools, future);
		const char *function;

		/* None ends a thread: shutdown() puts it behind the last job */
		if (cpython_pool_is_none(pools, items[i])) {
			ends++;
			continue;
		}
		cpython_pool_add_waiter(pools, object, owner);
		if (future)
			map_put(&pools->jobs, future, (uint64_t)(object - pools->objects) + 1);
		if (!i && owner)
			object->pool.oldest = pools->list->tasks[owner - 1].address;
		name_item(pools, items[i], name, sizeof(name));
		function = task_arena_text(pools->list->arena, name);
		for (at = 0; at < used; at++)
			if (!strcmp(jobs[at].function, function))
				break;
		if (at == FUNCTIONS_MAX) {
			object->pool.partial = true;
			continue;
		}
		used += at == used;
		jobs[at].function = function;
		jobs[at].count++;
	}
	free(items);
	if (used)
		qsort(jobs, used, sizeof(*jobs), most_first);
	pools->jobs_cut |= count == CPYTHON_POOL_MEMBERS_MAX || !pools->members_left;
	object->pool.jobs = used ? jobs : NULL;
	object->pool.jobs_count = used;
	object->pool.partial |= object->pool.amounts[LP_POOL_WAITING] != LP_POOL_UNKNOWN &&
				(size_t)(count > 0 ? count : 0) <
					object->pool.amounts[LP_POOL_WAITING];
	discount_ends(&object->pool, ends);
}

/* ---- threads ------------------------------------------------------------------------------ */

size_t cpython_pool_frames(struct lp_pools *pools, uint64_t state, struct lp_await_chain *chain)
{
	const struct lp_cpython *python = pools->python;
	struct lp_frame_walk walk = { .python = python,
				      .address = cpython_top_frame(python, state) };
	struct lp_raw_frame raw;
	size_t count = 0, i;
	int steps;

	for (steps = 0; walk.address && steps < 2 * FRAMES_MAX && count < FRAMES_MAX; steps++) {
		uint64_t address = walk.address;

		/* one frame a call, as the address of each is needed */
		walk.left = 1;
		if (cpython_next_frame(&walk, &raw))
			chain->links[count++] = (struct lp_await_link){
				.frame = address,
				.code = raw.code & ~python->row.frame.tag_mask,
				.instruction = raw.instruction,
				.running = true,
			};
		else if (walk.address == address)
			break;
	}
	for (i = 0; i < count / 2; i++) {
		struct lp_await_link link = chain->links[i];

		chain->links[i] = chain->links[count - 1 - i];
		chain->links[count - 1 - i] = link;
	}
	chain->count = count;
	chain->leaf = 0;
	return count;
}

static uint32_t add_thread(struct lp_pools *pools, uint64_t state,
			   const struct lp_await_chain *chain)
{
	struct lp_task_list *list = pools->list;
	struct lp_pool_thread *thread = &list->pool_threads[list->pool_thread_count];
	size_t i, count = chain->count;
	char name[64];
	uint64_t ident;

	cpython_describe_thread(pools->python, state, 0, &thread->tid, name, sizeof(name));
	thread->name = task_arena_text(list->arena, name);
	thread->wait.class = "";
	pools->states[list->pool_thread_count] = state;
	ident = memory_u64(pools->python->pid, state + pools->python->row.thread.thread_id);
	if (ident)
		map_put(&pools->idents, ident, list->pool_thread_count + 1);
	thread->frames = task_arena_take(list->arena, (count + 1) * sizeof(*thread->frames));
	thread->frame_count = thread->frames ? count : 0;
	for (i = 0; i < thread->frame_count; i++) {
		thread->frames[i].code = chain->links[count - 1 - i].code;
		thread->frames[i].instruction = chain->links[count - 1 - i].instruction;
	}
	return (uint32_t)list->pool_thread_count++;
}

bool cpython_pool_is_of_file(struct lp_pools *pools, const struct lp_await_link *link,
			     const char *file)
{
	const struct lp_cpython *python = pools->python;
	uint64_t path = memory_u64(python->pid, link->code + python->row.code.co_filename);
	char text[1024];

	/* a row that begins with "/" is of the standard library */
	return path && !cpython_string(python, path, text, sizeof(text)) &&
	       text_ends_with(text, file) && (*file != '/' || cpython_code_names.is_library(text));
}

bool cpython_pool_is_function(struct lp_pools *pools, const struct lp_await_link *link,
			      const char *file, const char *function)
{
	const struct lp_cpython *python = pools->python;
	uint64_t name = memory_u64(python->pid, link->code + python->row.code.co_name);

	return name && cpython_string_equals(python, name, function) &&
	       cpython_pool_is_of_file(pools, link, file);
}

static uint64_t read_executor(struct lp_pools *pools, const struct lp_await_chain *chain,
			      size_t number, struct lp_pool_worker *worker, uint64_t *future)
{
	const struct lp_cpython *python = pools->python;
	uint64_t reference =
		cpython_frame_variable(python, &chain->links[number], "executor_reference");
	const struct lp_await_link *job = &chain->links[number + 1];
	char name[NAME_BYTES];
	uint64_t item;

	worker->busy = number + 1 < chain->count &&
		       cpython_pool_is_function(pools, job, "concurrent/futures/thread.py", "run");
	if (worker->busy) {
		item = cpython_frame_variable(python, job, "self");
		*future = cpython_instance_get(python, item, "future");
		name_item(pools, item, name, sizeof(name));
		worker->function = task_arena_text(pools->list->arena, name);
	}
	return reference ? memory_u64(python->pid, reference + WEAKREF_OBJECT) : 0;
}

static uint64_t read_asgiref(struct lp_pools *pools, const struct lp_await_chain *chain,
			     size_t number, struct lp_pool_worker *worker, uint64_t *future)
{
	const struct lp_cpython *python = pools->python;
	const struct lp_await_link *job = &chain->links[number + 1];
	char name[NAME_BYTES];
	uint64_t item;

	worker->busy =
		number + 1 < chain->count &&
		cpython_pool_is_function(pools, job, "asgiref/current_thread_executor.py", "run");
	if (worker->busy) {
		item = cpython_frame_variable(python, job, "self");
		*future = cpython_instance_get(python, item, "future");
		name_item(pools, item, name, sizeof(name));
		worker->function = task_arena_text(pools->list->arena, name);
	}
	return cpython_frame_variable(python, &chain->links[number], "self");
}

static uint64_t read_anyio(struct lp_pools *pools, const struct lp_await_chain *chain,
			   size_t number, struct lp_pool_worker *worker, uint64_t *future)
{
	const struct lp_await_link *link = &chain->links[number];
	uint64_t thread = cpython_frame_variable(pools->python, link, "self");
	char name[NAME_BYTES];

	worker->busy =
		number + 1 == chain->count ||
		!cpython_pool_is_function(pools, &chain->links[number + 1], "/queue.py", "get");
	if (worker->busy) {
		*future = cpython_frame_variable(pools->python, link, "future");
		name_job(pools, cpython_frame_variable(pools->python, link, "func"), 0, name,
			 sizeof(name));
		worker->function = task_arena_text(pools->list->arena, name);
	}
	/* the set of all threads is what they have in common */
	return cpython_pool_attribute(pools, thread, "workers");
}

static const struct lp_pool_class anyio_threads = {
	.module = "anyio._backends._asyncio",
	.name = "WorkerThread",
	.kind = LP_POOL_THREADS,
	.label = "anyio's worker threads",
};

static const struct worker_row worker_rows[] = {
	{ "concurrent/futures/thread.py", "_worker", read_executor, NULL },
	{ "anyio/_backends/_asyncio.py", "run", read_anyio, &anyio_threads },
	{ "asgiref/current_thread_executor.py", "run_until_future", read_asgiref, NULL },
};

/* Finds the pool that a thread works for by one of its frames. */
static void note_worker(struct lp_pools *pools, const struct lp_await_chain *chain, size_t number,
			const struct worker_row *row, uint32_t thread)
{
	struct lp_pool_worker worker = { .thread = thread, .function = "" };
	uint64_t future = 0, address = row->read(pools, chain, number, &worker, &future);
	uint64_t owner = cpython_pool_awaiting(pools, future);
	const struct lp_pool_class *class =
		row->class ? row->class : cpython_pool_type(pools, address)->class;
	struct lp_pool_object *object = address && class ? cpython_pool_add(pools, address, class)
							 : NULL;
	struct lp_pool *pool = object ? &object->pool : NULL;

	if (!pool || class->kind != LP_POOL_THREADS) {
		cpython_other_jobs_note(pools, &chain->links[number]);
		return;
	}
	worker.task = owner ? pools->list->tasks[owner - 1].address : 0;
	if (future)
		map_put(&pools->jobs, future, CPYTHON_POOL_THREAD + thread + 1);
	cpython_pool_add_holder(pools, object, owner, 0);
	/* the most that there can be, as a thread works for one pool */
	if (!pool->workers)
		pool->workers = task_arena_take(pools->list->arena,
						CPYTHON_POOL_THREADS_MAX * sizeof(*pool->workers));
	if (pool->workers && pool->worker_count < CPYTHON_POOL_THREADS_MAX)
		pool->workers[pool->worker_count++] = worker;
}

static bool runs_loop(const struct lp_task_list *list, pid_t tid)
{
	size_t i;

	for (i = 0; i < list->loop_count; i++)
		if (tid && list->loops[i].tid == tid)
			return true;
	return false;
}

static void note_thread(struct lp_pools *pools, uint64_t state, struct lp_await_chain *chain)
{
	uint32_t thread;
	size_t i, row;

	if (!cpython_pool_frames(pools, state, chain))
		return;
	thread = add_thread(pools, state, chain);
	for (i = 0; i < chain->count; i++) {
		if (cpython_pool_is_of_file(pools, &chain->links[i],
					    "concurrent/futures/process.py"))
			cpython_other_jobs_note(pools, &chain->links[i]);
		for (row = 0; row < ARRAY_SIZE(worker_rows); row++)
			if (cpython_pool_is_function(pools, &chain->links[i], worker_rows[row].file,
						     worker_rows[row].function))
				note_worker(pools, chain, i, &worker_rows[row], thread);
	}
	/* what the frames of a loop lead to is everybody's */
	if (!runs_loop(pools->list, pools->list->pool_threads[thread].tid))
		cpython_pool_scan(pools, CPYTHON_POOL_THREAD + thread + 1, chain);
}

bool cpython_pool_idents(struct lp_pools *pools)
{
	const struct lp_cpython *python = pools->python;
	uint64_t state = cpython_first_thread(python), ident;

	for (; state && pools->states_left; pools->states_left--) {
		ident = memory_u64(python->pid, state + python->row.thread.thread_id);
		if (ident && !map_get(&pools->idents, ident))
			map_put(&pools->idents, ident, 0);
		state = cpython_next_thread(python, state);
	}
	return !state;
}

void cpython_pool_threads(struct lp_pools *pools, struct lp_await_chain *chain)
{
	const struct lp_cpython *python = pools->python;
	struct lp_task_list *list = pools->list;
	size_t left = CPYTHON_POOL_STATES_MAX;
	uint64_t state;

	list->pool_threads = task_arena_take(list->arena, CPYTHON_POOL_THREADS_MAX *
								  sizeof(*list->pool_threads));
	pools->states = calloc(CPYTHON_POOL_THREADS_MAX, sizeof(*pools->states));
	if (!list->pool_threads || !pools->states)
		return;
	cpython_pool_idents(pools);
	state = cpython_first_thread(python);
	while (state && left-- && list->pool_thread_count < CPYTHON_POOL_THREADS_MAX) {
		note_thread(pools, state, chain);
		state = cpython_next_thread(python, state);
	}
}
