// SPDX-License-Identifier: BSD-2-Clause
/* Futures: tasks, those of gather() and shield(), and those that a thread sets. */
#include "waits_internal.h"

#include "base/macros.h"
#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* FutureObj of Modules/_asynciomodule.c, 3.8 to 3.15: the callback that was added first. */
#define FUTURE_CALLBACK 24

/* Bytes that are read of a future: its fut_state is within in every version. */
#define FUTURE_BYTES 112

/* The callback of a future that is set by another future, the variable `source` of its closure. */
#define CHAIN_CALLBACK "_chain_future.<locals>._call_check_cancel"

/* The maximum depth of nested gather() or shield(). */
#define DEPTH_MAX 4

static void report_future(struct lp_waiting *wait, uint64_t future, int depth);

/* Returns whether an object is a function with that qualified name. */
static bool is_function(struct lp_waits *waits, uint64_t object, const char *name)
{
	const struct lp_cpython *python = waits->python;
	uint64_t qualname;
	char text[64];

	if (!(cpython_wait_type_of(waits, object)->kinds & LP_WAIT_FUNCTION))
		return false;
	qualname = memory_u64(python->pid, object + python->row.function.func_qualname);
	return qualname && !cpython_string(python, qualname, text, sizeof(text)) &&
	       !strcmp(text, name);
}

/* Returns the first callback of a future if it is a function with that qualified name, or 0. */
static uint64_t first_callback(struct lp_waits *waits, uint64_t future, const char *name)
{
	uint64_t callback = memory_u64(waits->python->pid, future + FUTURE_CALLBACK);

	return is_function(waits, callback, name) ? callback : 0;
}

uint64_t cpython_wait_thread_future(struct lp_waits *waits, uint64_t future)
{
	uint64_t callback = first_callback(waits, future, CHAIN_CALLBACK), source;

	if (!callback)
		return 0;
	source = cpython_wait_closure(waits, callback, "source");
	if (!(cpython_wait_type_of(waits, source)->kinds & LP_WAIT_THREAD_FUTURE))
		return 0;
	return source;
}

/* Returns the future that shield() protects, if it has made the given one in its place; or 0. */
static uint64_t shielded(struct lp_waits *waits, uint64_t future)
{
	uint64_t callback = first_callback(waits, future, "shield.<locals>._outer_done_callback");
	uint64_t inner = callback ? cpython_wait_closure(waits, callback, "inner") : 0;

	return inner != future ? inner : 0;
}

uint64_t cpython_wait_unshielded(struct lp_waits *waits, uint64_t future)
{
	uint64_t inner;
	int depth;

	for (depth = 0; depth < DEPTH_MAX; depth++) {
		inner = future ? shielded(waits, future) : 0;
		if (!inner)
			break;
		future = inner;
	}
	return future;
}

enum lp_thread_future_state cpython_wait_thread_state(struct lp_waits *waits,
						      uint64_t thread_future)
{
	static const struct {
		const char *name;
		enum lp_thread_future_state state;
	} rows[] = {
		{ "RUNNING", LP_THREAD_FUTURE_RUNNING },
		{ "FINISHED", LP_THREAD_FUTURE_DONE },
		{ "CANCELLED", LP_THREAD_FUTURE_DONE },
		{ "CANCELLED_AND_NOTIFIED", LP_THREAD_FUTURE_DONE },
	};
	uint64_t state = cpython_instance_get(waits->python, thread_future, "_state");
	char text[32];
	size_t i;

	if (!state || cpython_string(waits->python, state, text, sizeof(text)))
		return LP_THREAD_FUTURE_PENDING;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(text, rows[i].name))
			return rows[i].state;
	return LP_THREAD_FUTURE_PENDING;
}

/* Numbers of futures in a list or set. */
struct lp_wait_count {
	size_t pending;
	size_t all;
};

static bool count_children(struct lp_waiting *wait, uint64_t futures, int depth,
			   struct lp_wait_count *count);

static void inspect_child(struct lp_waiting *wait, uint64_t future, int depth,
			  struct lp_wait_count *count)
{
	struct lp_waits *waits = wait->waits;
	const struct lp_cpython *python = waits->python;
	struct lp_wait_count nested = { 0 };
	uint8_t object[FUTURE_BYTES];
	uint64_t type, children;
	unsigned int kinds;
	uint32_t state;

	if (python->row.task.fut_state > sizeof(object) - sizeof(state) ||
	    memory_read(python->pid, future, object, sizeof(object)))
		return;
	memcpy(&type, object + CPYTHON_OBJECT_TYPE, sizeof(type));
	memcpy(&state, object + python->row.task.fut_state, sizeof(state));
	kinds = cpython_wait_type(waits, type)->kinds;
	if (kinds & LP_WAIT_FUTURE && state)
		return;
	count->pending++;
	if (kinds & LP_WAIT_TASK) {
		cpython_wait_edge(wait, future, false);
	} else if (kinds & LP_WAIT_GATHERING && depth < DEPTH_MAX) {
		children = cpython_wait_attribute(waits, future, "_children", LP_WAIT_LIST);
		if (children)
			count_children(wait, children, depth + 1, &nested);
	}
}

static bool count_children(struct lp_waiting *wait, uint64_t futures, int depth,
			   struct lp_wait_count *count)
{
	uint64_t *members;
	size_t i;

	if (!cpython_wait_members(wait->waits, futures, &members, &count->all))
		return false;
	for (i = 0; i < count->all; i++)
		inspect_child(wait, members[i], depth, count);
	free(members);
	return true;
}

bool cpython_wait_children(struct lp_waiting *wait, uint64_t futures, bool keeps_done)
{
	struct lp_wait_count count = { 0 };
	uint64_t length;

	if (!count_children(wait, futures, 0, &count)) {
		/* there are too many to read */
		if (!cpython_wait_length(wait->waits, futures, &length))
			return false;
		cpython_wait_append(wait, "%s%" PRIu64, keeps_done ? "of " : "", length);
	} else if (keeps_done) {
		cpython_wait_append(wait, "%zu of %zu pending", count.pending, count.all);
	} else {
		cpython_wait_append(wait, "%zu pending", count.pending);
	}
	/* a future that is no task, or has no edge, may end without the tasks of the edges */
	if (wait->any_end && count.pending > wait->waits->edge_count)
		wait->goes_on = true;
	return true;
}

/*
 * Returns the task, or the future of asyncio, that sets a future of concurrent.futures: mostly the
 * task of run_coroutine_threadsafe(), which another loop runs.  0: none is found.
 */
static uint64_t other_source(struct lp_waits *waits, uint64_t thread_future)
{
	uint64_t callbacks = cpython_wait_attribute(waits, thread_future, "_done_callbacks",
						    LP_WAIT_LIST),
		 source = 0, *members;
	size_t count, i;

	if (!callbacks || !cpython_wait_members(waits, callbacks, &members, &count))
		return 0;
	for (i = 0; i < count && !source; i++) {
		if (!is_function(waits, members[i], CHAIN_CALLBACK))
			continue;
		source = cpython_wait_closure(waits, members[i], "source");
		if (!(cpython_wait_type_of(waits, source)->kinds &
		      (LP_WAIT_FUTURE | LP_WAIT_OTHER_FUTURE)))
			source = 0;
	}
	free(members);
	return source;
}

static void report_thread(struct lp_waiting *wait, uint64_t thread_future)
{
	struct lp_waits *waits = wait->waits;
	uint64_t source = other_source(waits, thread_future);
	enum lp_thread_future_state state = cpython_wait_thread_state(waits, thread_future);

	wait->kind = LP_AWAITED_OTHER;
	wait->id = thread_future;
	wait->class = cpython_wait_type_of(waits, thread_future)->name;
	if (state == LP_THREAD_FUTURE_DONE) {
		cpython_wait_append(wait, CPYTHON_WAIT_NOT_NOTICED);
	} else if (source) {
		wait->kind = LP_AWAITED_TASK;
		cpython_wait_edge(wait, source, false);
	} else if (state == LP_THREAD_FUTURE_RUNNING) {
		/* only what runs jobs, as pools of threads and processes do, sets RUNNING */
		cpython_wait_append(wait, "executor, running");
	} else {
		map_put(&waits->pending_futures, thread_future, 1);
		cpython_wait_append(wait, CPYTHON_WAIT_PENDING);
	}
}

/* Describes a future by its first callback: that of a thread, or of shield().  False: neither. */
static bool report_shadow(struct lp_waiting *wait, uint64_t future, int depth)
{
	struct lp_waits *waits = wait->waits;
	uint64_t inner, source = cpython_wait_thread_future(waits, future);

	if (source) {
		report_thread(wait, source);
		return true;
	}
	inner = shielded(waits, future);
	if (!inner || depth >= DEPTH_MAX)
		return false;
	report_future(wait, inner, depth + 1);
	cpython_wait_append(wait, "shielded");
	return true;
}

static void report_future(struct lp_waiting *wait, uint64_t future, int depth)
{
	struct lp_waits *waits = wait->waits;
	const struct lp_wait_type *type = cpython_wait_type_of(waits, future);
	uint64_t children;

	wait->id = future;
	wait->class = type->name;
	wait->kind = LP_AWAITED_OTHER;
	if (type->kinds & (LP_WAIT_FUTURE | LP_WAIT_OTHER_FUTURE))
		wait->kind = LP_AWAITED_FUTURE;
	if (type->kinds & LP_WAIT_TASK) {
		wait->kind = LP_AWAITED_TASK;
		cpython_wait_edge(wait, future, false);
	} else if (type->kinds & LP_WAIT_GATHERING) {
		children = cpython_wait_attribute(waits, future, "_children", LP_WAIT_LIST);
		if (children && cpython_wait_children(wait, children, true))
			wait->kind = LP_AWAITED_TASK;
	} else if (type->kinds & LP_WAIT_FUTURE && !report_shadow(wait, future, depth)) {
		cpython_wait_uv_future(wait, future);
	}
}

void cpython_wait_future(struct lp_waiting *wait, uint64_t future)
{
	report_future(wait, future, 0);
}
