// SPDX-License-Identifier: BSD-2-Clause
/*
 * Locks of threading that threads are blocked on, and who holds them.  An RLock records the thread
 * that owns it.  A Lock does not: a task or a thread holds it that is within `with lock`, whose
 * frame has the lock's __exit__ on its stack.
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "process/thread_call.h"
#include "runtime/cpython/objects/running_frame.h"
#include "wire/syscalls.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 64 /* of a frame's stack */
#define ENDS_MAX 64 /* of one wait */

/* Modules/_threadmodule.c, 3.8 to 3.15: lockobject, rlockobject; see type.lock_mutex of the row. */
#define LOCK_STATE 16
#define RLOCK_OWNER 24
/* Include/cpython/methodobject.h: PyCFunctionObject.m_self, 3.8 to 3.15 */
#define BUILTIN_SELF 24
/* Include/cpython/lock.h, 3.14: the mutex is locked, and a thread is parked on it */
#define MUTEX_PARKED 3
/* How far from its stack pointer the semaphore is that a parked thread has on its stack. */
#define PARKED_BYTES 16384

#define LOCKS (LP_WAIT_THREAD_LOCK | LP_WAIT_THREAD_RLOCK)

/* Returns the lock that an object is, or whose method it is; or 0. */
static uint64_t lock_of(struct lp_pools *pools, uint64_t object)
{
	unsigned int kinds;

	if (!object || object % sizeof(object))
		return 0;
	kinds = cpython_wait_type_of(pools->waits, object)->kinds;
	if (kinds & LP_WAIT_BUILTIN) {
		object = memory_u64(pools->python->pid, object + BUILTIN_SELF);
		kinds = cpython_wait_type_of(pools->waits, object)->kinds;
	}
	return kinds & LOCKS ? object : 0;
}

/* Returns whether a thread that is in a call to futex() sleeps until it gets a lock. */
static bool sleeps_on(const struct lp_cpython *python, uint64_t lock,
		      const struct lp_thread_call *call)
{
	uint8_t bits = 0;

	if (!python->row.type.lock_mutex)
		return memory_u64(python->pid, lock + LOCK_STATE) == call->arguments[0];
	return call->stack && call->arguments[0] - call->stack < PARKED_BYTES &&
	       !memory_read(python->pid, lock + LOCK_STATE, &bits, sizeof(bits)) &&
	       bits == MUTEX_PARKED;
}

/* Returns whether a lock is the one by which Condition.wait() is woken, which has no holder. */
static bool is_of_condition(struct lp_pools *pools, const struct lp_await_link *link, uint64_t lock)
{
	return cpython_pool_is_function(pools, link, "/threading.py", "wait") &&
	       cpython_frame_variable(pools->python, link, "waiter") == lock;
}

bool cpython_thread_sleeps(const struct lp_cpython *python, pid_t tid)
{
	struct lp_thread_call call;

	return thread_call_read(python->pid, tid, &call) && call.number != LP_THREAD_CALL_NONE &&
	       syscall_argument(call.number) == LP_ARGUMENT_FUTEX;
}

bool cpython_thread_lock(struct lp_pools *pools, const struct lp_await_chain *chain, pid_t tid,
			 struct lp_thread_wait *wait)
{
	const struct lp_await_link *link = &chain->links[chain->count - 1];
	uint64_t slots[SLOTS_MAX];
	struct lp_thread_call call;
	uint64_t lock;
	size_t count;

	if (!thread_call_read(pools->python->pid, tid, &call) ||
	    call.number == LP_THREAD_CALL_NONE ||
	    syscall_argument(call.number) != LP_ARGUMENT_FUTEX)
		return false;
	count = cpython_running_slots(pools->python, link, slots, SLOTS_MAX);
	/* the call's own arguments are on top */
	while (count--) {
		lock = lock_of(pools, slots[count]);
		if (lock && sleeps_on(pools->python, lock, &call)) {
			wait->id = lock;
			wait->timed = thread_call_is_timed(&call);
			return !is_of_condition(pools, link, lock);
		}
		/* what is below belongs to a statement further out, if the end is known */
		if (lock && pools->python->row.type.lock_mutex)
			return false;
	}
	return false;
}

void cpython_thread_wait_end(struct lp_pools *pools, struct lp_thread_wait *wait, uint64_t task,
			     size_t thread)
{
	size_t size = ENDS_MAX * sizeof(*wait->ends);

	if (!wait->ends)
		wait->ends = task_arena_take(pools->list->arena, size);
	if (!wait->ends || wait->end_count == ENDS_MAX) {
		wait->more_ends = true;
		return;
	}
	wait->ends[wait->end_count++] =
		(struct lp_wait_end){ .task = task, .thread = task ? 0 : (uint32_t)thread };
}

/* ---- holders ----------------------------------------------------------------- */

/*
 * Notes the locks of each `with` that a frame of a thread is in.  entering: it may be about to
 * enter the last one.
 */
static void note_frame(struct lp_pools *pools, const struct lp_await_link *link, bool entering,
		       size_t thread)
{
	uint64_t slots[SLOTS_MAX + 1];
	size_t count = cpython_running_guarded(pools->python, &pools->exception_tables, link, slots,
					       SLOTS_MAX),
	       i;

	slots[count] = 0;
	for (i = 0; i < count; i++) {
		uint64_t lock = cpython_wait_exit_lock(pools->waits, slots[i], slots[i + 1]);

		if (!lock || map_get(&pools->entered, lock))
			continue;
		/* 3.14: __exit__, the lock, __enter__, the lock */
		if (entering && pools->python->row.bytecode.load_special && i + 4 >= count &&
		    i + 3 < count && slots[i + 3] == lock)
			continue;
		map_put(&pools->entered, lock, thread + 1);
	}
}

/* Notes the locks that threads are within, once. */
static void note_threads(struct lp_pools *pools, struct lp_await_chain *chain)
{
	size_t thread, i;

	if (pools->entered_noted)
		return;
	pools->entered_noted = true;
	for (thread = 0; thread < pools->list->pool_thread_count; thread++) {
		cpython_pool_frames(pools, pools->states[thread], chain);
		for (i = 0; i < chain->count; i++)
			note_frame(pools, &chain->links[i], i + 1 == chain->count, thread);
	}
}

static void add_owner(struct lp_pools *pools, uint64_t lock, struct lp_thread_wait *wait)
{
	uint64_t owner = memory_u64(pools->python->pid, lock + RLOCK_OWNER);
	const uint64_t *index = owner ? map_get(&pools->idents, owner) : NULL;

	/* it is released at this moment */
	if (!owner) {
		wait->kind = LP_THREAD_AWAITS_NOTHING;
		return;
	}
	if (index && *index)
		cpython_thread_wait_end(pools, wait, 0, *index - 1);
	/* an owner that is not among all threads, those that are new included, has ended */
	wait->owned = index ? *index != 0
			    : cpython_pool_idents(pools) && !map_get(&pools->idents, owner);
}

void cpython_thread_lock_holders(struct lp_pools *pools, uint64_t lock,
				 struct lp_await_chain *chain, struct lp_thread_wait *wait)
{
	bool recursive = cpython_wait_type_of(pools->waits, lock)->kinds & LP_WAIT_THREAD_RLOCK;
	const uint64_t *thread;
	size_t at = 0;
	uint64_t task;

	wait->class = recursive ? "threading.RLock" : "threading.Lock";
	while (!wait->more_ends && (task = cpython_wait_next_holder(pools->waits, lock, &at)))
		cpython_thread_wait_end(pools, wait, task, 0);
	if (wait->end_count || wait->more_ends)
		return;
	if (recursive) {
		add_owner(pools, lock, wait);
		return;
	}
	note_threads(pools, chain);
	thread = map_get(&pools->entered, lock);
	if (thread)
		cpython_thread_wait_end(pools, wait, 0, *thread - 1);
}
