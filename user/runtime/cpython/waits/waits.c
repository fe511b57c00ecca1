// SPDX-License-Identifier: BSD-2-Clause
/*
 * The innermost coroutine of a suspended task is mostly a function of asyncio, whose row in
 * functions.c has the meaning of its variables.  Otherwise the wait is described by the class
 * of the future.
 */
#include "waits_internal.h"

#include "process/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits for all tasks of a process together. */
#define MEMBERS_MAX 4000000
#define EDGES_MAX 1000000
#define ORPHAN_STEPS_MAX 4000000
#define PEER_STEPS_MAX 1000000
#define MANAGER_STEPS_MAX 1000000
#define TIME_FLUSHES_MAX 4096

struct lp_waits *cpython_waits_new(const struct lp_cpython *python, struct lp_task_arena *arena)
{
	struct lp_waits *waits = calloc(1, sizeof(*waits));

	if (!waits)
		return NULL;
	waits->python = python;
	waits->rows = cpython_wait_rows;
	waits->row_count = cpython_wait_row_count;
	waits->arena = arena;
	waits->members_left = MEMBERS_MAX;
	waits->edges_left = EDGES_MAX;
	waits->orphan_steps_left = ORPHAN_STEPS_MAX;
	waits->peer_steps_left = PEER_STEPS_MAX;
	waits->manager_steps_left = MANAGER_STEPS_MAX;
	waits->time_flushes_left = TIME_FLUSHES_MAX;
	return waits;
}

void cpython_waits_free(struct lp_waits *waits)
{
	if (!waits)
		return;
	map_free(&waits->codes);
	map_free(&waits->types);
	map_free(&waits->exits);
	map_free(&waits->conditions);
	map_free(&waits->deadlines);
	map_free(&waits->own_clocks);
	map_free(&waits->uv_loops);
	map_free(&waits->uv_futures);
	map_free(&waits->held);
	map_free(&waits->may_wait);
	map_free(&waits->orphan_objects);
	map_free(&waits->orphans);
	map_free(&waits->pending_futures);
	map_free(&waits->peer_types);
	cpython_wait_sockets_free(waits->sockets);
	free(waits->holders);
	free(waits);
}

/* Clears the description of a wait. */
static void begin(struct lp_waiting *wait)
{
	struct lp_waits *waits = wait->waits;

	waits->edges_left += waits->edge_count;
	waits->edge_count = 0;
	if (!++waits->stamp) {
		memset(waits->visited, 0, sizeof(waits->visited));
		waits->stamp = 1;
	}
	wait->kind = LP_AWAITED_NOTHING;
	wait->class = "";
	wait->id = 0;
	wait->since_ns = 0;
	wait->edges_cut = false;
	wait->any_end = false;
	wait->goes_on = false;
	wait->used = 0;
	wait->detail[0] = '\0';
}

/*
 * Chooses the row of a wait: that of the innermost coroutine, or one further out with
 * LP_WAIT_OUTER.  False: the innermost coroutine has no row.
 */
static bool choose(struct lp_waiting *wait)
{
	const struct lp_await_chain *chain = wait->chain;
	const struct lp_wait_code *code;
	size_t i = chain->count;

	wait->code = NULL;
	while (i--) {
		code = cpython_wait_code(wait->waits, &chain->links[i]);
		if (!code->row)
			break;
		if (wait->code && !(code->row->flags & LP_WAIT_OUTER))
			break;
		wait->code = code;
		wait->link = i;
	}
	return wait->code != NULL;
}

static bool read_row(struct lp_waiting *wait)
{
	const struct lp_wait_row *row = wait->code->row;
	const struct lp_await_link *link = &wait->chain->links[wait->link];
	uint64_t object = 0;

	if (row->object) {
		object = cpython_wait_variable(wait->waits, link, wait->code->object, row->object);
		if (!object)
			return false;
	}
	wait->kind = row->kind;
	wait->id = object;
	wait->class = row->class ? row->class : cpython_wait_type_of(wait->waits, object)->name;
	return row->read(wait, object);
}

/* Adds the earliest timeout: that of the function itself, or of an asyncio.timeout() around it. */
static void append_timeout(struct lp_waiting *wait)
{
	double when;

	if (!cpython_wait_has_timeout(wait))
		return;
	wait->goes_on = true;
	if (cpython_wait_timeout(wait, &when))
		cpython_wait_append_when(wait, "timeout", "timeout overdue", when);
}

static void keep_edges(const struct lp_waits *waits, struct lp_task *task)
{
	size_t size = waits->edge_count * sizeof(*task->edges);

	task->edges = size ? task_arena_take(waits->arena, size) : NULL;
	task->edge_count = task->edges ? waits->edge_count : 0;
	if (task->edges)
		memcpy(task->edges, waits->edges, size);
}

/*
 * Returns the object that a task waits for.  If its chain ends in an object of an unknown type,
 * such as a coroutine of Cython (uvloop), it is the future that the task itself refers to.
 */
static uint64_t leaf_of(struct lp_waits *waits, const struct lp_await_chain *chain,
			const struct lp_task *task)
{
	const struct lp_cpython *python = waits->python;
	uint64_t waiter;

	if (!chain->leaf || cpython_wait_type_of(waits, chain->leaf)->kinds)
		return chain->leaf;
	waiter = memory_u64(python->pid, task->address + python->row.task.task_fut_waiter);
	return waiter && cpython_wait_type_of(waits, waiter)->kinds & LP_WAIT_FUTURE ? waiter
										     : chain->leaf;
}

static bool is_future(struct lp_waits *waits, uint64_t object)
{
	return cpython_wait_type_of(waits, object)->kinds &
		       (LP_WAIT_FUTURE | LP_WAIT_TASK | LP_WAIT_GATHERING | LP_WAIT_OTHER_FUTURE) &&
	       cpython_wait_has_type(waits, object);
}

void cpython_waits_fill(struct lp_waits *waits, const struct lp_await_chain *chain, uint64_t now_ns,
			struct lp_task *task)
{
	struct lp_waiting wait = { .waits = waits, .chain = chain, .task = task };
	uint64_t leaf;

	/* the edges of the last task were stored, and remain subtracted from edges_left */
	waits->edge_count = 0;
	wait.clock_shift = (int64_t)(now_ns - memory_time());
	begin(&wait);
	if (!choose(&wait) || !read_row(&wait)) {
		begin(&wait);
		wait.code = NULL;
		leaf = leaf_of(waits, chain, task);
		if (leaf)
			cpython_wait_future(&wait, leaf);
		/* the class may be that of what has the place of a future that was freed */
		if (wait.id && wait.id == leaf && !is_future(waits, leaf) &&
		    !cpython_wait_stands(&wait)) {
			begin(&wait);
			wait.kind = LP_AWAITED_OTHER;
		}
		if (wait.kind == LP_AWAITED_FUTURE && !wait.used &&
		    !cpython_wait_append_connection(&wait))
			cpython_wait_append_peer(&wait, wait.id);
	} else if (wait.code->row->flags & LP_WAIT_SIGNAL) {
		cpython_wait_append_peer(&wait, wait.id);
	}
	if (wait.edges_cut)
		cpython_wait_append(&wait, "%zu shown", waits->edge_count);
	if (wait.kind != LP_AWAITED_NOTHING)
		append_timeout(&wait);
	task->awaited = wait.kind;
	task->awaited_class = wait.class;
	task->awaited_id = wait.id;
	task->awaited_detail = task_arena_text(waits->arena, wait.detail);
	task->since_ns = wait.since_ns;
	task->any_end = wait.any_end;
	task->goes_on = wait.goes_on;
	keep_edges(waits, task);
}
