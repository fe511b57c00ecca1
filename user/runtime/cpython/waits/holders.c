// SPDX-License-Identifier: BSD-2-Clause
/*
 * The tasks that hold a lock.  asyncio does not record them, but the frame of an `async with`
 * has the lock's __aexit__ on its evaluation stack.
 */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STACK_MAX 64
#define HELD_MAX 16 /* objects held by one frame */
#define DEPTH_MAX 4 /* nested context managers */
#define HOLDERS_MAX 500000
#define INSPECTED_MAX 4000 /* holders of one object */

/* PyMethodObject.im_self, 3.8 to 3.15 */
#define METHOD_SELF 24

/* PyCFunctionObject.m_self, PyMethodDescrObject.d_method, 3.8 to 3.15 */
#define BUILTIN_SELF 24
#define DESCRIPTOR_METHOD 40

#define THREAD_LOCKS (LP_WAIT_THREAD_LOCK | LP_WAIT_THREAD_RLOCK)
#define SYNCHRONISERS (LP_WAIT_LOCK | LP_WAIT_CONDITION | LP_WAIT_SEMAPHORE)

/* Returns whether a function is an __aexit__ by its name.  The result is cached. */
static bool is_exit(struct lp_waits *waits, uint64_t function)
{
	static const char wanted[] = "__aexit__";
	const struct lp_cpython *python = waits->python;
	uint64_t *known = map_get(&waits->exits, function), name;
	char text[128];
	size_t length;
	bool found;

	if (known)
		return *known;
	name = memory_u64(python->pid, function + python->row.function.func_qualname);
	if (!name || cpython_string(python, name, text, sizeof(text)))
		return false;
	length = strlen(text);
	found = length >= sizeof(wanted) - 1 &&
		!strcmp(text + length - (sizeof(wanted) - 1), wanted);
	map_put(&waits->exits, function, found);
	return found;
}

uint64_t cpython_wait_exit_self(struct lp_waits *waits, uint64_t object, uint64_t above)
{
	unsigned int kinds = cpython_wait_type_of(waits, object)->kinds;
	uint64_t method[2];

	if (kinds & LP_WAIT_METHOD) {
		if (memory_read(waits->python->pid, object + CPYTHON_BOUND_FUNCTION, method,
				sizeof(method)) ||
		    !is_exit(waits, method[0]))
			return 0;
		return method[1];
	}
	if (waits->python->row.bytecode.load_special && kinds & LP_WAIT_FUNCTION &&
	    is_exit(waits, object))
		return above;
	return 0;
}

/* Returns whether a builtin method is an __exit__.  name: the address of its PyMethodDef. */
static bool is_exit_method(const struct lp_cpython *python, uint64_t method)
{
	uint64_t name = method ? memory_u64(python->pid, method) : 0;
	char text[16];

	return name && memory_string(python->pid, name, text, sizeof(text)) > 0 &&
	       !strcmp(text, "__exit__");
}

uint64_t cpython_wait_exit_lock(struct lp_waits *waits, uint64_t object, uint64_t above)
{
	const struct lp_cpython *python = waits->python;
	const struct lp_wait_type *type;
	uint64_t lock, method;

	if (!object || object % sizeof(object))
		return 0;
	type = cpython_wait_type_of(waits, object);
	if (type->kinds & LP_WAIT_BUILTIN) {
		lock = memory_u64(python->pid, object + BUILTIN_SELF);
		method = memory_u64(python->pid, object + CPYTHON_BUILTIN_METHOD);
	} else if (python->row.bytecode.load_special && !strcmp(type->name, "method_descriptor")) {
		lock = above;
		method = memory_u64(python->pid, object + DESCRIPTOR_METHOD);
	} else {
		return 0;
	}
	if (!(cpython_wait_type_of(waits, lock)->kinds & THREAD_LOCKS))
		return 0;
	return is_exit_method(python, method) ? lock : 0;
}

/*
 * Finds the objects of each `async with` that a frame is in, outermost first, and the locks of each
 * `with`.  awaits: the top of the frame's stack is the object that it awaits.  Returns the number
 * of objects.
 */
static size_t entered(struct lp_waits *waits, const struct lp_await_link *link, bool awaits,
		      uint64_t *objects)
{
	uint64_t stack[STACK_MAX + 1], self;
	size_t count = cpython_frame_stack(waits->python, link, stack, STACK_MAX), i, found = 0;

	if (awaits && count)
		count--;
	else
		stack[count] = 0;
	for (i = 0; i < count && found < HELD_MAX; i++) {
		self = cpython_wait_exit_self(waits, stack[i], stack[i + 1]);
		if (!self)
			self = cpython_wait_exit_lock(waits, stack[i], stack[i + 1]);
		if (self)
			objects[found++] = self;
	}
	return found;
}

/* Returns whether Condition.wait() has released the lock of a condition. */
static bool is_released(struct lp_waits *waits, const struct lp_await_chain *chain, size_t from,
			uint64_t condition)
{
	const struct lp_wait_code *code;
	size_t i;

	for (i = from; i < chain->count; i++) {
		code = cpython_wait_code(waits, &chain->links[i]);
		if (code->row && code->row->flags & LP_WAIT_RELEASES &&
		    cpython_frame_local(waits->python, &chain->links[i], 0) == condition)
			return true;
	}
	return false;
}

static uint64_t lock_of(struct lp_waits *waits, uint64_t condition)
{
	uint64_t *known = map_get(&waits->conditions, condition), lock;

	if (known)
		return *known;
	lock = cpython_instance_get(waits->python, condition, "_lock");
	map_put(&waits->conditions, condition, lock);
	return lock;
}

static void add_holder(struct lp_waits *waits, uint64_t object, uint64_t task)
{
	uint64_t *first;

	if (!object || waits->holder_count == HOLDERS_MAX ||
	    !ARRAY_RESERVE(waits->holders, waits->holder_capacity, waits->holder_count + 1, 64))
		return;
	first = map_get(&waits->held, object);
	waits->holders[waits->holder_count] =
		(struct lp_wait_holder){ .task = task, .next = first ? *first : 0 };
	if (map_put(&waits->held, object, waits->holder_count + 1))
		waits->holder_count++;
}

/* Reads the instant of an asyncio.timeout().  False: it has none. */
static bool read_timeout(struct lp_waits *waits, uint64_t timeout, double *when)
{
	uint64_t value = cpython_instance_get(waits->python, timeout, "_when");

	/* not None */
	return value && cpython_wait_seconds(waits, value, when);
}

static void note_manager(struct lp_waits *waits, uint64_t task, uint64_t manager, int depth);

/* Records an entered object.  chain, from: the links that may have released its lock. */
static void note_entered(struct lp_waits *waits, uint64_t task, const struct lp_await_chain *chain,
			 size_t from, uint64_t object, int depth)
{
	unsigned int kinds = cpython_wait_type_of(waits, object)->kinds;
	double when;

	if (kinds & LP_WAIT_TIMEOUT && read_timeout(waits, object, &when))
		map_put(&waits->deadlines, task, 1);
	else if (kinds & LP_WAIT_CONTEXT_MANAGER)
		note_manager(waits, task, object, depth);
	else if (!(kinds & (SYNCHRONISERS | THREAD_LOCKS)) ||
		 (chain && is_released(waits, chain, from, object)))
		return;
	else if (kinds & LP_WAIT_CONDITION)
		add_holder(waits, lock_of(waits, object), task);
	else
		add_holder(waits, object, task);
}

/* Finds what an @asynccontextmanager holds: the objects entered where its generator yields. */
static size_t entered_by_manager(struct lp_waits *waits, uint64_t manager, uint64_t *objects)
{
	uint64_t generator;
	struct lp_await_chain *chain;
	size_t count = 0;

	if (!waits->manager_steps_left)
		return 0;
	waits->manager_steps_left--;
	generator = cpython_instance_get(waits->python, manager, "gen");
	chain = generator ? malloc(sizeof(*chain)) : NULL;
	if (!chain)
		return 0;
	cpython_await_chain(waits->python, generator, chain);
	/* a generator that awaits is being entered or left */
	if (chain->count == 1 && !chain->leaf)
		count = entered(waits, &chain->links[0], false, objects);
	free(chain);
	return count;
}

static void note_manager(struct lp_waits *waits, uint64_t task, uint64_t manager, int depth)
{
	uint64_t objects[HELD_MAX];
	size_t count = depth < DEPTH_MAX ? entered_by_manager(waits, manager, objects) : 0, i;

	/* a lock that one of the others holds is not without a holder */
	if (!waits->manager_steps_left)
		waits->may_hold++; /* a manager that was not read may hold a lock */
	for (i = 0; i < count; i++)
		note_entered(waits, task, NULL, 0, objects[i], depth + 1);
}

/* Lowers *when to the instant of an asyncio.timeout(), or of one in a context manager. */
static void lower_deadline(struct lp_waits *waits, uint64_t object, int depth, double *when)
{
	unsigned int kinds = cpython_wait_type_of(waits, object)->kinds;
	uint64_t objects[HELD_MAX];
	size_t count = 0, i;
	double one;

	if (kinds & LP_WAIT_TIMEOUT && read_timeout(waits, object, &one) && one < *when)
		*when = one;
	if (kinds & LP_WAIT_CONTEXT_MANAGER && depth < DEPTH_MAX)
		count = entered_by_manager(waits, object, objects);
	for (i = 0; i < count; i++)
		lower_deadline(waits, objects[i], depth + 1, when);
}

bool cpython_wait_deadline(struct lp_waits *waits, const struct lp_await_chain *chain, double *when)
{
	uint64_t objects[HELD_MAX];
	size_t i, j, count;

	*when = HUGE_VAL;
	for (i = 0; i < chain->count; i++) {
		count = entered(waits, &chain->links[i], true, objects);
		for (j = 0; j < count; j++)
			lower_deadline(waits, objects[j], 0, when);
	}
	/* without steps, an earlier instant may be missing */
	return *when < HUGE_VAL && waits->manager_steps_left;
}

#define KNOWN_MANAGERS (LP_WAIT_TIMEOUT | LP_WAIT_CONTEXT_MANAGER | SYNCHRONISERS | THREAD_LOCKS)

bool cpython_wait_enters_unknown(struct lp_waits *waits, const struct lp_await_link *link)
{
	uint64_t objects[HELD_MAX];
	size_t count = entered(waits, link, true, objects), i;

	for (i = 0; i < count; i++) {
		const struct lp_wait_type *type = cpython_wait_type_of(waits, objects[i]);

		if (!(type->kinds & KNOWN_MANAGERS) && strncmp(type->name, "asyncio.", 8) != 0)
			return true;
	}
	return count == HELD_MAX;
}

void cpython_waits_note(struct lp_waits *waits, uint64_t task, const struct lp_await_chain *chain)
{
	uint64_t objects[HELD_MAX];
	size_t i, j, count;

	for (i = 0; i < chain->count; i++) {
		count = entered(waits, &chain->links[i], true, objects);
		/* the innermost one is not entered yet: __aexit__ is pushed before __aenter__ */
		if (count && i + 1 < chain->count &&
		    cpython_wait_code(waits, &chain->links[i + 1])->enters)
			count--;
		for (j = 0; j < count; j++)
			note_entered(waits, task, chain, i + 1, objects[j], 0);
	}
}

uint64_t cpython_wait_next_holder(const struct lp_waits *waits, uint64_t object, size_t *at)
{
	const uint64_t *first = *at ? NULL : map_get(&waits->held, object);
	size_t index = *at ? waits->holders[*at - 1].next : first ? *first : 0;

	*at = index;
	return index ? waits->holders[index - 1].task : 0;
}

void cpython_wait_holders(struct lp_waiting *wait, uint64_t object)
{
	const struct lp_waits *waits = wait->waits;
	uint64_t *first = map_get(&waits->held, object);
	size_t index = first ? *first : 0, left = INSPECTED_MAX;

	/* a list of holders ends, as each one is linked to an earlier one */
	for (; index && left-- && !wait->edges_cut; index = waits->holders[index - 1].next)
		cpython_wait_edge(wait, waits->holders[index - 1].task, true);
}
