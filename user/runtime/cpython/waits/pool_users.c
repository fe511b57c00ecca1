// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who holds a part of a pool, and who waits for one: by the variables of frames, and by attributes
 * of the objects that these refer to.  What several tasks have in common is attributed to none.
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 64 /* of one frame */
#define STACK_MAX 64
#define OPENED_MEMBERS 64 /* of one container */
#define ATTRIBUTES_MAX 128 /* of one object */
#define DEPTH_MAX 2 /* the most attributes between a variable and what holds a part of a pool */
#define NESTED_MAX 4 /* context managers within context managers */
#define QUEUE_MAX 200000
#define NAME_BYTES 160

/* PyMethodObject.im_self, 3.8 to 3.15 */
#define METHOD_SELF 24

/* ---- pools and their users --------------------------------------------------------- */

struct lp_pool_object *cpython_pool_add(struct lp_pools *pools, uint64_t address,
					const struct lp_pool_class *class)
{
	const uint64_t *known = map_get(&pools->places, address);
	struct lp_pool_object *object;

	if (known)
		return &pools->objects[*known - 1];
	if (pools->count == CPYTHON_POOLS_MAX ||
	    !map_put(&pools->places, address, pools->count + 1))
		return NULL;
	object = &pools->objects[pools->count++];
	object->address = address;
	object->class = class;
	return object;
}

/* Adds a user to a list once.  role: which list. */
static void add_user(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner,
		     uint64_t role)
{
	struct lp_pool_user **users = role ? &object->pool.waiters : &object->pool.holders, *bigger;
	size_t *count = role ? &object->pool.waiter_count : &object->pool.holder_count;
	size_t *capacity = role ? &object->waiter_capacity : &object->holder_capacity, wanted;
	uint64_t place = (uint64_t)(object - pools->objects) + 1, task = 0;
	uint64_t key = place << 40 | role << 36 | owner;

	if (!owner || owner == CPYTHON_POOL_SHARED || map_get(&pools->users, key))
		return;
	if (owner < CPYTHON_POOL_THREAD)
		task = pools->list->tasks[owner - 1].address;
	if (*count == *capacity) {
		wanted = *capacity ? *capacity * 2 : 16;
		bigger = *count < CPYTHON_POOL_USERS_MAX ? realloc(*users, wanted * sizeof(*bigger))
							 : NULL;
		if (!bigger) {
			object->pool.partial = true;
			return;
		}
		*users = bigger;
		*capacity = wanted;
	}
	if (!map_put(&pools->users, key, 1))
		return;
	(*users)[(*count)++] = (struct lp_pool_user){
		.task = task, .thread = task ? 0 : (uint32_t)(owner - CPYTHON_POOL_THREAD - 1)
	};
}

void cpython_pool_add_holder(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner,
			     uint64_t part)
{
	uint64_t place = (uint64_t)(object - pools->objects) + 1;
	uint64_t key = place << 48 | ((part ? part : owner) & ((1ULL << 48) - 1));

	if (!owner || owner == CPYTHON_POOL_SHARED)
		return;
	if (!map_get(&pools->parts, key) && map_put(&pools->parts, key, 1))
		object->pool.held++;
	add_user(pools, object, owner, 0);
}

void cpython_pool_add_waiter(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner)
{
	add_user(pools, object, owner, 1);
}

uint64_t cpython_pool_awaiting(const struct lp_pools *pools, uint64_t future)
{
	const uint64_t *index = future ? map_get(&pools->awaiting, future) : NULL;

	return index ? *index : 0;
}

/* ---- the functions of a chain --------------------------------------------------------- */

/* Returns whether a function has one of the names, which "|" is between. */
static bool is_named(struct lp_pools *pools, const struct lp_await_link *link, const char *names)
{
	const struct lp_cpython *python = pools->python;
	uint64_t name = link->qualname;
	char text[NAME_BYTES], *dot;
	bool whole = true;
	size_t length;

	if (python->row.code.co_qualname != LP_NO_FIELD)
		name = memory_u64(python->pid, link->code + python->row.code.co_qualname);
	/* up to 3.10 frames of threads have no qualified name */
	if (!name) {
		whole = false;
		name = memory_u64(python->pid, link->code + python->row.code.co_name);
	}
	if (!name || cpython_string(python, name, text, sizeof(text)))
		return false;
	for (; *names; names += length + (names[length] == '|')) {
		char wanted[NAME_BYTES];
		const char *compared;

		length = strcspn(names, "|");
		if (length >= sizeof(wanted))
			return false;
		memcpy(wanted, names, length);
		wanted[length] = '\0';
		dot = whole ? NULL : strrchr(wanted, '.');
		compared = dot ? dot + 1 : wanted;
		if (!strcmp(text, compared))
			return true;
	}
	return false;
}

/* Adds the owner of a chain whose link has the pool as a variable. */
static void note_function(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner,
			  const struct lp_await_chain *chain, size_t link)
{
	const struct lp_pool_class *class = object->class;
	size_t i;

	if (!class->waits ||
	    (class->within && !is_named(pools, &chain->links[link], class->within)))
		return;
	if (!strcmp(class->waits, ".") || strstr(class->waits, "|."))
		if (link + 1 == chain->count) {
			cpython_pool_add_waiter(pools, object, owner);
			return;
		}
	for (i = link + 1; i < chain->count; i++)
		if (is_named(pools, &chain->links[i], class->waits)) {
			cpython_pool_add_waiter(pools, object, owner);
			return;
		}
	/* it has its part, and makes or uses the connection */
	if (class->within && class->kind == LP_POOL_CONNECTIONS && link + 1 < chain->count)
		cpython_pool_add_holder(pools, object, owner, 0);
}

/* ---- objects ---------------------------------------------------------------------------- */

static void note_reference(struct lp_pools *pools, uint64_t owner, uint64_t object,
			   const struct lp_pool_reference *reference)
{
	uint64_t address = cpython_pool_path(pools, object, reference->pool), ended = 0, part;
	const struct lp_pool_class *class = cpython_pool_type(pools, address)->class;
	struct lp_pool_object *pool = class ? cpython_pool_add(pools, address, class) : NULL;

	if (!pool || !reference->held)
		return;
	part = cpython_pool_path(pools, object, reference->held);
	if (part && reference->ended)
		ended = cpython_pool_path(pools, object, reference->ended);
	if (part && (!ended || !cpython_wait_true(pools->waits, ended)))
		cpython_pool_add_holder(pools, pool, owner, part == address ? object : part);
}

#define CONTAINERS (LP_WAIT_LIST | LP_WAIT_TUPLE | LP_WAIT_SET | LP_WAIT_DEQUE | LP_WAIT_DICT)

static void enqueue(struct lp_pools *pools, uint64_t owner, uint64_t object, unsigned int depth)
{
	const uint64_t *known = map_get(&pools->owners, object);
	struct lp_pool_entry *bigger;
	size_t wanted;

	if (known && (*known == owner || *known == CPYTHON_POOL_SHARED))
		return;
	if (known)
		owner = CPYTHON_POOL_SHARED;
	if (pools->queued == pools->queue_capacity) {
		wanted = pools->queue_capacity ? pools->queue_capacity * 2 : 1024;
		bigger = pools->queued < QUEUE_MAX ? realloc(pools->queue, wanted * sizeof(*bigger))
						   : NULL;
		if (!bigger)
			return;
		pools->queue = bigger;
		pools->queue_capacity = wanted;
	}
	if (map_put(&pools->owners, object, owner))
		pools->queue[pools->queued++] = (struct lp_pool_entry){ object, owner, depth };
}

static void scan(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain,
		 int nested);

/* Scans the frame of a generator, such as that of an @asynccontextmanager. */
static void scan_generator(struct lp_pools *pools, uint64_t owner, uint64_t generator, int nested)
{
	struct lp_await_chain *chain;

	if (!generator || nested >= NESTED_MAX)
		return;
	chain = malloc(sizeof(*chain));
	if (!chain)
		return;
	cpython_await_chain(pools->python, generator, chain);
	/* one that awaits is a part of the task's own chain */
	if (chain->count == 1)
		scan(pools, owner, chain, nested + 1);
	free(chain);
}

/* Visits an object that an owner has.  chain: where it is a variable, or NULL. */
static void visit(struct lp_pools *pools, uint64_t owner, uint64_t object, unsigned int depth,
		  const struct lp_await_chain *chain, size_t link, int nested)
{
	const struct lp_wait_type *type = cpython_wait_type_of(pools->waits, object);
	const struct lp_pool_type *found;
	struct lp_pool_object *pool;

	if (!object || !pools->objects_left)
		return;
	pools->objects_left--;
	if (type->kinds & LP_WAIT_METHOD) {
		object = memory_u64(pools->python->pid, object + METHOD_SELF);
		type = cpython_wait_type_of(pools->waits, object);
	}
	found = cpython_pool_type(pools, object);
	if (found->class) {
		pool = cpython_pool_add(pools, object, found->class);
		if (pool && chain)
			note_function(pools, pool, owner, chain, link);
	} else if (found->reference) {
		/* others may lead to what is no variable, which is known once all were followed */
		if (chain)
			note_reference(pools, owner, object, found->reference);
		enqueue(pools, owner, object, depth);
	} else if (type->kinds & LP_WAIT_CONTEXT_MANAGER) {
		scan_generator(pools, owner, cpython_pool_attribute(pools, object, "gen"), nested);
	} else if (type->kinds & LP_WAIT_GENERATOR || !strcmp(type->name, "async_generator")) {
		scan_generator(pools, owner, object, nested);
	} else if (type->kinds & CONTAINERS || found->opened) {
		enqueue(pools, owner, object, depth);
	}
}

/* ---- frames ------------------------------------------------------------------------------ */

/* Returns the number of variables of a frame, cells included. */
static size_t count_variables(const struct lp_cpython *python, const struct lp_await_link *link)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t count = memory_u32(python->pid, link->code + row->code.co_nlocalsplus), item;

	if (row->code.co_cellvars != LP_NO_FIELD) {
		ssize_t cells = cpython_tuple(
			python, memory_u64(python->pid, link->code + row->code.co_cellvars), &item,
			1);
		ssize_t others = cpython_tuple(
			python, memory_u64(python->pid, link->code + row->code.co_freevars), &item,
			1);

		count += cells > 0 ? (uint64_t)cells : 0;
		count += others > 0 ? (uint64_t)others : 0;
	}
	return count < VARIABLES_MAX ? count : VARIABLES_MAX;
}

/*
 * Adds the owner of a frame that is within `async with` of a semaphore: its __aexit__ is on the
 * stack.  That of asyncio's own ones is noted with the waits.
 */
static void note_entered(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain,
			 size_t number, const uint64_t *stack, size_t count)
{
	size_t i;

	/* __aexit__ is pushed before __aenter__ is called */
	if (number + 1 < chain->count &&
	    cpython_wait_code(pools->waits, &chain->links[number + 1])->enters)
		return;
	for (i = 0; i < count; i++) {
		uint64_t object = cpython_wait_exit_self(pools->waits, stack[i],
							 i + 1 < count ? stack[i + 1] : 0);
		const struct lp_pool_class *class = cpython_pool_type(pools, object)->class;
		struct lp_pool_object *pool;

		if (!class || class->kind != LP_POOL_PERMITS || class->awaited || class->borrowers)
			continue;
		pool = cpython_pool_add(pools, object, class);
		if (pool)
			cpython_pool_add_holder(pools, pool, owner, 0);
	}
}

static void scan_link(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain,
		      size_t number, int nested)
{
	const struct lp_await_link *link = &chain->links[number];
	const struct lp_cpython *python = pools->python;
	uint64_t objects[VARIABLES_MAX + STACK_MAX];
	size_t count = count_variables(python, link), first = count, i;

	if (!link->frame || memory_read(python->pid, link->frame + python->row.frame.localsplus,
					objects, count * sizeof(*objects)))
		return;
	for (i = 0; i < count; i++)
		objects[i] &= ~python->row.frame.tag_mask;
	count += cpython_frame_stack(python, link, objects + count, STACK_MAX);
	note_entered(pools, owner, chain, number, objects + first, count - first);
	for (i = 0; i < count; i++) {
		uint64_t object = objects[i];

		if (!strcmp(cpython_wait_type_of(pools->waits, object)->name, "cell"))
			object = memory_u64(python->pid, object + CPYTHON_CELL_CONTENT);
		visit(pools, owner, object, 0, chain, number, nested);
	}
}

static void scan(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain,
		 int nested)
{
	size_t i;

	for (i = 0; i < chain->count; i++)
		scan_link(pools, owner, chain, i, nested);
}

void cpython_pool_scan(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain)
{
	scan(pools, owner, chain, 0);
}

/* ---- attributes ------------------------------------------------------------------------- */

static void follow_container(struct lp_pools *pools, const struct lp_pool_entry *entry)
{
	uint64_t *members;
	ssize_t count = cpython_pool_members(pools, entry->object, &members), i;

	for (i = 0; i < count && i < OPENED_MEMBERS; i++)
		visit(pools, entry->owner, members[i], entry->depth, NULL, 0, 0);
	free(members);
}

static void follow_pairs(struct lp_pools *pools, const struct lp_pool_entry *entry,
			 unsigned int depth, struct lp_pair *pairs, ssize_t count)
{
	ssize_t i;

	for (i = 0; i < count && i < ATTRIBUTES_MAX; i++)
		visit(pools, entry->owner, pairs[i].value, depth, NULL, 0, 0);
	free(pairs);
}

void cpython_pool_follow(struct lp_pools *pools)
{
	struct lp_pair *pairs;
	ssize_t count;
	size_t at;

	for (at = 0; at < pools->queued && pools->objects_left; at++) {
		struct lp_pool_entry entry = pools->queue[at];
		unsigned int kinds = cpython_wait_type_of(pools->waits, entry.object)->kinds;

		if (cpython_pool_type(pools, entry.object)->reference)
			continue;
		if (kinds & LP_WAIT_DICT) {
			count = cpython_dict_pairs(pools->python, entry.object, &pairs);
			follow_pairs(pools, &entry, entry.depth, pairs, count);
		} else if (kinds & CONTAINERS) {
			follow_container(pools, &entry);
		} else if (entry.depth < DEPTH_MAX) {
			count = cpython_instance_pairs(pools->python, entry.object, &pairs);
			follow_pairs(pools, &entry, entry.depth + 1, pairs, count);
		}
	}
	for (at = 0; at < pools->queued; at++) {
		uint64_t object = pools->queue[at].object;
		const struct lp_pool_reference *reference =
			cpython_pool_type(pools, object)->reference;
		const uint64_t *owner = map_get(&pools->owners, object);

		if (reference && owner)
			note_reference(pools, *owner, object, reference);
	}
}
