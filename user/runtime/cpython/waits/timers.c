// SPDX-License-Identifier: BSD-2-Clause
/*
 * The instants at which waits end by themselves.  A process that runs on may free a timer and its
 * float while they are read, and use their memory for other objects.  So the task, its coroutines
 * and the timer are read once more at the end: the instant is valid if they are unchanged, and if
 * the function that waits can have set it.  Likewise for an object of a class that is not known as
 * awaitable: it may have the place of a future that was freed.
 */
#include "waits_internal.h"

#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/running_loops.h"
#include "base/macros.h"

#define TRIES 3
/* Tolerance in s between the clocks of both processes; uvloop rounds delays to whole ms. */
#define TOLERANCE 0.002
/* The index of `delay` in asyncio.sleep(), and of `timeout` in wait_for() and _wait(). */
#define SLEEP_DELAY 0
#define WAIT_TIMEOUT 1

/* Returns the coroutine of a task, which may be of a class in Python. */
static uint64_t coroutine_of(struct lp_waits *waits, uint64_t task)
{
	const struct lp_cpython *python = waits->python;

	if (cpython_wait_type_of(waits, task)->kinds & LP_WAIT_TASK)
		return memory_u64(python->pid, task + python->row.task.task_coro);
	return cpython_instance_get(python, task, "_coro");
}

/* Returns whether the future that a chain ends in was set, so that its task is about to run. */
static bool is_done(struct lp_waits *waits, uint64_t future)
{
	const struct lp_cpython *python = waits->python;

	return future && cpython_wait_type_of(waits, future)->kinds & LP_WAIT_FUTURE &&
	       memory_u32(python->pid, future + python->row.task.fut_state) != LP_FUTURE_PENDING;
}

/* Returns whether a task that was read again waits at the same place as before. */
static bool is_same_place(const struct lp_await_chain *before, const struct lp_await_chain *again)
{
	size_t i;

	if (again->count != before->count)
		return false;
	for (i = 0; i < again->count; i++)
		if (again->links[i].running || again->links[i].code != before->links[i].code ||
		    again->links[i].instruction != before->links[i].instruction)
			return false;
	return true;
}

/* Reads an instant of a wait whose task is in waits->again.  False: it has none. */
typedef bool (*read_instant)(struct lp_waiting *wait, const struct lp_await_chain *chain,
			     struct lp_wait_time *time);

/* Reads the chain of the task again, and the instant if the task still waits at the same place. */
static bool read_parked(struct lp_waiting *wait, read_instant read, struct lp_wait_time *time)
{
	struct lp_waits *waits = wait->waits;

	cpython_await_chain(waits->python, coroutine_of(waits, wait->task->address), &waits->again);
	return is_same_place(wait->chain, &waits->again) && !is_done(waits, waits->again.leaf) &&
	       read(wait, &waits->again, time);
}

/* Reads an instant, again if the objects that it was read from have changed.  False: not known. */
static bool read_unchanged(struct lp_waiting *wait, read_instant read, struct lp_wait_time *time)
{
	struct lp_waits *waits = wait->waits;
	int tries;
	bool found;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries) {
			if (!waits->time_flushes_left)
				break;
			waits->time_flushes_left--;
			memory_cache_flush();
		}
		memory_record_begin(&waits->record, waits->python->pid);
		found = read_parked(wait, read, time);
		if (memory_record_holds())
			return found;
	}
	return false;
}

/* Returns whether the loop of a task has another clock than CLOCK_MONOTONIC. */
static bool has_other_clock(struct lp_waiting *wait)
{
	struct lp_waits *waits = wait->waits;
	uint64_t loop = wait->task->loop, *known = map_get(&waits->own_clocks, loop);
	bool own;

	if (known)
		return *known;
	own = loop && cpython_has_own_clock(waits->python, loop);
	map_put(&waits->own_clocks, loop, own);
	return own;
}

/*
 * Returns whether a function that was called with a delay can have set a timer to the instant when.
 * *since: the instant at which it did, in s; 0: not known, as the delay is not a number.
 */
static bool is_possible(struct lp_waiting *wait, uint64_t delay, double when, double *since)
{
	double now = (double)cpython_wait_now(wait) / NS_PER_S, seconds;

	*since = 0;
	if (!cpython_wait_seconds(wait->waits, delay, &seconds))
		return true;
	*since = when - seconds;
	return *since >= 0 && *since <= now + TOLERANCE;
}

static bool read_due(struct lp_waiting *wait, const struct lp_await_chain *chain,
		     struct lp_wait_time *time)
{
	struct lp_waits *waits = wait->waits;
	const struct lp_await_link *link = &chain->links[wait->link];
	uint64_t delay = cpython_frame_local(waits->python, link, SLEEP_DELAY);
	double since;

	time->handle =
		cpython_wait_variable(waits, link, wait->code->object, wait->code->row->object);
	if (!time->handle || !cpython_wait_when(waits, time->handle, &time->when) ||
	    !is_possible(wait, delay, time->when, &since))
		return false;
	/* loop.call_later(): when was loop.time() + delay */
	time->since_ns = (uint64_t)(since * NS_PER_S);
	return true;
}

bool cpython_wait_due(struct lp_waiting *wait, struct lp_wait_time *due)
{
	return !has_other_clock(wait) && read_unchanged(wait, read_due, due);
}

/* Returns the TimerHandle of the function that waits, which ends its wait; or 0. */
static uint64_t own_timeout(struct lp_waiting *wait, const struct lp_await_chain *chain)
{
	struct lp_waits *waits = wait->waits;
	uint64_t handle;

	if (!wait->code || !wait->code->row->timeout)
		return 0;
	handle = cpython_wait_variable(waits, &chain->links[wait->link], wait->code->timeout,
				       wait->code->row->timeout);
	return cpython_wait_type_of(waits, handle)->kinds & LP_WAIT_TIMER ? handle : 0;
}

bool cpython_wait_has_timeout(struct lp_waiting *wait)
{
	return map_get(&wait->waits->deadlines, wait->task->address) ||
	       own_timeout(wait, wait->chain);
}

static bool read_timeout(struct lp_waiting *wait, const struct lp_await_chain *chain,
			 struct lp_wait_time *time)
{
	struct lp_waits *waits = wait->waits;
	uint64_t handle = own_timeout(wait, chain), delay;
	bool noted = map_get(&waits->deadlines, wait->task->address) &&
		     cpython_wait_deadline(waits, chain, &time->when);
	double own, since;

	if (!handle)
		return noted;
	delay = cpython_frame_local(waits->python, &chain->links[wait->link], WAIT_TIMEOUT);
	if (!cpython_wait_when(waits, handle, &own) || !is_possible(wait, delay, own, &since))
		return noted;
	if (!noted || own < time->when)
		time->when = own;
	return true;
}

bool cpython_wait_timeout(struct lp_waiting *wait, double *when)
{
	struct lp_wait_time time = { .when = 0 };
	bool found = !has_other_clock(wait) && read_unchanged(wait, read_timeout, &time);

	*when = time.when;
	return found;
}

/* Returns what a task waits for: futures of classes in Python are not on the evaluation stack. */
static uint64_t awaited_by(struct lp_waits *waits, uint64_t task,
			   const struct lp_await_chain *chain)
{
	const struct lp_cpython *python = waits->python;

	if (chain->leaf)
		return chain->leaf;
	if (cpython_wait_type_of(waits, task)->kinds & LP_WAIT_TASK)
		return memory_u64(python->pid, task + python->row.task.task_fut_waiter);
	return cpython_instance_get(python, task, "_fut_waiter");
}

static bool read_awaited(struct lp_waiting *wait, const struct lp_await_chain *chain,
			 struct lp_wait_time *time)
{
	struct lp_waits *waits = wait->waits;
	uint64_t object = awaited_by(waits, wait->task->address, chain);

	(void)time;
	return object == wait->id && cpython_wait_has_type(waits, object) &&
	       cpython_wait_type_of(waits, object)->name == wait->class;
}

bool cpython_wait_stands(struct lp_waiting *wait)
{
	struct lp_wait_time none;

	return read_unchanged(wait, read_awaited, &none);
}
