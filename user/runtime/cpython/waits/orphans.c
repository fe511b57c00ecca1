// SPDX-License-Identifier: BSD-2-Clause
/*
 * Locks that no task is known to hold.  Mostly the task that got the lock by acquire() has ended
 * without release(), so that the lock stays locked.  asyncio does not record which task holds a
 * lock, and a function that has returned may have acquired it for a task that goes on.  So a lock
 * counts as one without a known holder if no task is within its `async with`, and none shows a
 * sign of another way: no frame of a task gets an attribute `acquire`, except for the call in which
 * it waits; no frame is within an `async with` of an unknown class; no variable leads to the lock.
 */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 256
#define ATTRIBUTES_MAX 64
/* dequeobject.leftblock, rightblock, leftindex; a block begins with a link: 3.8 to 3.15 */
#define DEQUE_PLACE 24
#define DEQUE_BLOCK_ITEMS 64
#define OBJECT_STEPS 8 /* the cost of an object, next to one attribute of it */

/* Returns the lock that a frame's callee waits for, if that is an acquire() of asyncio; or 0. */
static uint64_t awaited_lock(struct lp_waits *waits, const struct lp_await_chain *chain,
			     size_t callee)
{
	const struct lp_wait_row *row;

	if (callee >= chain->count)
		return 0;
	row = cpython_wait_code(waits, &chain->links[callee])->row;
	if (!row ||
	    (strcmp(row->name, "Lock.acquire") != 0 && strcmp(row->name, "Semaphore.acquire") != 0))
		return 0;
	return cpython_frame_local(waits->python, &chain->links[callee], 0);
}

void cpython_orphans_note(struct lp_waits *waits, const struct lp_await_chain *chain)
{
	uint64_t lock = 0, *waiters;
	bool may_hold = false;
	size_t i;

	for (i = 0; i < chain->count && !may_hold; i++) {
		const struct lp_await_link *link = &chain->links[i];
		unsigned int acquires = cpython_wait_code(waits, link)->acquires;

		if (link->running || chain->cut || cpython_wait_enters_unknown(waits, link))
			may_hold = true;
		if (acquires == 1)
			lock = awaited_lock(waits, chain, i + 1);
		may_hold = may_hold || (acquires && (acquires > 1 || !lock));
	}
	if (!may_hold && !lock)
		return;
	waits->may_hold++;
	if (may_hold)
		return;
	waiters = map_get(&waits->may_wait, lock);
	map_put(&waits->may_wait, lock, waiters ? *waiters + 1 : 1);
}

void cpython_orphans_note_unread(struct lp_waits *waits)
{
	waits->may_hold++;
}

void cpython_wait_note_orphan(struct lp_waits *waits, uint64_t lock)
{
	const uint64_t *waiters = map_get(&waits->may_wait, lock);

	if (waits->may_hold == (waiters ? *waiters : 0) && !map_get(&waits->orphans, lock))
		map_put(&waits->orphans, lock, 1);
}

/* Takes a number of steps.  False: none are left, and so all locks are cleared. */
static bool take_steps(struct lp_waits *waits, size_t steps)
{
	if (steps <= waits->orphan_steps_left) {
		waits->orphan_steps_left -= steps;
		return true;
	}
	waits->orphan_steps_left = 0;
	map_free(&waits->orphans);
	return false;
}

/*
 * Clears the locks that are attributes of an object, except for the one that its task waits for.
 * Returns that one, or 0 if it is no attribute.
 */
static uint64_t check_attributes(struct lp_waits *waits, uint64_t awaited, uint64_t object)
{
	struct lp_pair *pairs = NULL;
	ssize_t count = cpython_instance_pairs(waits->python, object, &pairs), i;
	uint64_t left = 0;

	if (!take_steps(waits, OBJECT_STEPS + (count > 0 ? (size_t)count : 0)))
		count = 0;
	for (i = 0; i < count && i < ATTRIBUTES_MAX; i++) {
		if (!map_get(&waits->orphans, pairs[i].value))
			continue;
		if (pairs[i].value == awaited)
			left = awaited;
		else
			map_put(&waits->orphans, pairs[i].value, 0);
	}
	free(pairs);
	return left;
}

/* The same for the variable of a task; an object that several tasks have is read once. */
static void check_object(struct lp_waits *waits, const struct lp_task *task, uint64_t object)
{
	uint64_t *left = map_get(&waits->orphan_objects, object);

	if (!left) {
		if (!map_put(&waits->orphan_objects, object,
			     check_attributes(waits, task->awaited_id, object)))
			take_steps(waits, SIZE_MAX);
	} else if (*left && *left != task->awaited_id) {
		if (map_get(&waits->orphans, *left))
			map_put(&waits->orphans, *left, 0);
		*left = 0;
	}
}

void cpython_orphans_check(struct lp_waits *waits, const struct lp_task *task,
			   const struct lp_await_chain *chain)
{
	const struct lp_cpython *python = waits->python;
	uint64_t objects[VARIABLES_MAX];
	size_t i, at;

	for (i = 0; waits->orphans.count && i < chain->count; i++) {
		const struct lp_await_link *link = &chain->links[i];
		uint32_t count =
			memory_u32(python->pid, link->code + python->row.code.co_nlocalsplus);

		/* those of asyncio have locks of their own as well */
		if (cpython_wait_code(waits, link)->row || count > VARIABLES_MAX || !link->frame ||
		    memory_read(python->pid, link->frame + python->row.frame.localsplus, objects,
				count * sizeof(*objects)))
			continue;
		if (!take_steps(waits, count + 1UL))
			return;
		for (at = 0; at < count; at++) {
			uint64_t object = objects[at] & ~python->row.frame.tag_mask;

			if (object)
				check_object(waits, task, object);
		}
	}
}

/* Returns the first of the futures that the waiters of a lock wait for, or 0. */
static uint64_t first_waiter(struct lp_waits *waits, uint64_t lock)
{
	const struct lp_cpython *python = waits->python;
	uint64_t waiters = cpython_wait_attribute(waits, lock, "_waiters", LP_WAIT_DEQUE), place[3];

	if (!waiters || memory_read(python->pid, waiters + DEQUE_PLACE, place, sizeof(place)) ||
	    place[2] >= DEQUE_BLOCK_ITEMS)
		return 0;
	return memory_u64(python->pid, place[0] + (1 + place[2]) * sizeof(uint64_t));
}

void cpython_orphans_tell(struct lp_waits *waits, struct lp_task_list *list)
{
	const uint64_t *unclaimed;
	size_t i;

	for (i = 0; !list->partial && i < list->count; i++) {
		struct lp_task *task = &list->tasks[i];

		unclaimed = task->awaited == LP_AWAITED_LOCK
				    ? map_get(&waits->orphans, task->awaited_id)
				    : NULL;
		if (unclaimed && *unclaimed)
			task->unheld = first_waiter(waits, task->awaited_id);
	}
}
