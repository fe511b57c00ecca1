// SPDX-License-Identifier: BSD-2-Clause
/*
 * Up to 3.13 asyncio has weak references to all tasks in sets, to ended ones as well.  In
 * 3.14 tasks that have not ended are in linked lists (register_task in
 * Modules/_asynciomodule.c), and sets have the tasks of other task classes.  asyncio does not
 * refer to an ended task of 3.14: those are searched in the garbage collector's lists.
 *
 * Sets and lists change while they are read.  An address that is read twice is listed once.
 * An address may be that of no task: cpython_read_task checks each.
 */
#include "enumerate.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/objects/threads.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a set or list that changes is read. */
#define TRIES 4
#define THREADS_MAX 4096

/* PySetObject: used at 24, mask at 32, table at 40; an entry is a key and its hash. */
#define SET_HEAD 24
#define SET_SLOTS_MAX (1UL << 23)
#define SET_CHUNK 512
/* PyWeakReference.wr_object */
#define WEAK_OBJECT 16

/* The heads of the collector's four lists, 24 bytes each: internal/pycore_interp_structs.h. */
#define GC_LISTS 4
#define GC_LIST_BYTES 24
#define GC_HEAD_BYTES 16 /* next and previous, with flags in the low bits, before an object */
#define GC_FLAGS 7UL
#define GC_OBJECTS_MAX 5000000
#define GC_TIME_NS NS_PER_S
/* How often a list that changes is read: the youngest list changes often, but is short. */
#define GC_TRIES 8
#define GC_CLOCK_EVERY 1024
#define LIST_CLOCK_EVERY 1024
/* A cache of types, indexed by a hash of their address. */
#define GC_TYPES 256

static const char *const weak_sets[] = { "_all_tasks", "_scheduled_tasks" };

static bool add(struct lp_task_addresses *addresses, uint64_t address)
{
	if (addresses->count == addresses->capacity) {
		size_t capacity = addresses->capacity ? addresses->capacity * 2 : 1024;
		uint64_t *items;

		/* an address may be in there several times */
		if (capacity > 4UL * CPYTHON_TASKS_MAX)
			return false;
		items = realloc(addresses->items, capacity * sizeof(*items));
		if (!items)
			return false;
		addresses->items = items;
		addresses->capacity = capacity;
	}
	addresses->items[addresses->count++] = address;
	return true;
}

/* Returns whether the time for the search is used up. */
static bool is_late(struct lp_task_addresses *addresses)
{
	bool late = addresses->until_ns && clock_now() > addresses->until_ns;

	addresses->partial |= late;
	return late;
}

/* Adds the members of a set's table.  False: a read failed, or there is no room. */
static bool read_table(const struct lp_cpython *python, uint64_t table, uint64_t slots, bool weak,
		       struct lp_task_addresses *addresses)
{
	uint64_t entries[SET_CHUNK][2], at, object;
	size_t count, i;

	for (at = 0; at < slots; at += count) {
		count = slots - at < SET_CHUNK ? slots - at : SET_CHUNK;
		if (is_late(addresses) || memory_read(python->pid, table + at * sizeof(entries[0]),
						      entries, count * sizeof(entries[0])))
			return false;
		for (i = 0; i < count; i++) {
			object = entries[i][0];
			if (object && weak)
				object = memory_u64(python->pid, object + WEAK_OBJECT);
			if (object && !add(addresses, object))
				return false;
		}
	}
	return true;
}

static void read_set(const struct lp_cpython *python, uint64_t set, bool weak,
		     struct lp_task_addresses *addresses)
{
	struct {
		uint64_t used, mask, table;
	} head, after;
	int tries;

	for (tries = 0; set && tries < TRIES; tries++) {
		if (tries)
			memory_cache_flush();
		if (memory_read(python->pid, set + SET_HEAD, &head, sizeof(head)) ||
		    head.mask >= SET_SLOTS_MAX)
			continue;
		if (!read_table(python, head.table, head.mask + 1, weak, addresses))
			continue;
		memory_cache_flush();
		if (!memory_read(python->pid, set + SET_HEAD, &after, sizeof(after)) &&
		    head.mask == after.mask && head.table == after.table)
			return;
	}
	addresses->partial |= set != 0;
}

static void read_sets(const struct lp_cpython *python, uint64_t module,
		      struct lp_task_addresses *addresses)
{
	struct lp_pair *pairs;
	ssize_t count = cpython_dict_pairs(python, module, &pairs);
	uint64_t set;
	size_t i;

	if (count < 0) {
		addresses->partial = true;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(weak_sets); i++) {
		set = cpython_pairs_get(python, pairs, count, weak_sets[i]);
		if (set)
			read_set(python, cpython_instance_get(python, set, "data"), true,
				 addresses);
	}
	set = cpython_pairs_get(python, pairs, count, "_eager_tasks");
	read_set(python, set, false, addresses);
	free(pairs);
}

/*
 * Adds the tasks of a circular list, whose nodes are inside tasks (struct llist_node: next,
 * previous), in one direction.  Returns whether the walk has got back to the head.  It ends at
 * a node that was unlinked, which has zeroes, and at one that was freed, which does not point
 * back to the node before.
 */
static bool walk_list(const struct lp_cpython *python, uint64_t head, bool backwards,
		      struct lp_task_addresses *addresses)
{
	uint64_t links[2], from = head, node = memory_u64(python->pid, head + backwards * 8);
	size_t steps;

	for (steps = 0; node && node != head && steps < CPYTHON_TASKS_MAX; steps++) {
		if ((!(steps % LIST_CLOCK_EVERY) && is_late(addresses)) ||
		    memory_read(python->pid, node, links, sizeof(links)) ||
		    links[!backwards] != from || !add(addresses, node - python->row.task.task_node))
			return false;
		from = node;
		node = links[backwards];
	}
	return node == head;
}

static void read_list(const struct lp_cpython *python, uint64_t head,
		      struct lp_task_addresses *addresses)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries)
			memory_cache_flush();
		if (walk_list(python, head, false, addresses))
			return;
		/* the nodes after the interruption are reached in the other direction */
		walk_list(python, head, true, addresses);
	}
	addresses->partial = true;
}

static void read_lists(const struct lp_cpython *python, uint64_t interpreter,
		       struct lp_task_addresses *addresses)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t state = cpython_first_thread(python);
	size_t threads;

	for (threads = 0; state && threads < THREADS_MAX; threads++) {
		read_list(python, state + row->thread.asyncio_tasks_head, addresses);
		state = cpython_next_thread(python, state);
	}
	addresses->partial |= state != 0;
	read_list(python, interpreter + row->interpreter.asyncio_tasks_head, addresses);
}

/* A search in the collector's lists. */
struct lp_gc_search {
	const struct lp_cpython *python;
	uint64_t task_type;
	uint64_t deadline_ns;
	size_t left;
	struct {
		uint64_t type;
		bool task;
	} types[GC_TYPES];
};

static bool is_task_type(struct lp_gc_search *search, uint64_t type)
{
	size_t slot = type * 0x9e3779b97f4a7c15ULL >> 56;

	if (search->types[slot].type != type) {
		search->types[slot].type = type;
		search->types[slot].task =
			cpython_is_subclass(search->python, type, search->task_type);
	}
	return search->types[slot].task;
}

/* Adds the tasks of one list.  False: the list has changed, or a bound was reached. */
static bool search_gc_list(struct lp_gc_search *search, uint64_t head,
			   struct lp_task_addresses *addresses)
{
	pid_t pid = search->python->pid;
	uint64_t node = memory_u64(pid, head) & ~GC_FLAGS, object[4];

	for (; node && node != head && search->left; search->left--) {
		/* next, previous, reference count, type */
		if (memory_read(pid, node, object, sizeof(object)) ||
		    (is_task_type(search, object[3]) && !add(addresses, node + GC_HEAD_BYTES)))
			return false;
		node = object[0] & ~GC_FLAGS;
		if (!(search->left % GC_CLOCK_EVERY) && clock_now() > search->deadline_ns)
			search->left = 1;
	}
	return node == head;
}

static void search_gc(const struct lp_cpython *python, uint64_t interpreter, uint64_t task_type,
		      struct lp_task_addresses *addresses)
{
	uint64_t lists =
		interpreter + python->row.interpreter.gc + python->row.interpreter.gc_lists;
	struct lp_gc_search search = {
		.python = python,
		.task_type = task_type,
		.deadline_ns = clock_now() + GC_TIME_NS,
		.left = GC_OBJECTS_MAX,
	};
	unsigned int i, tries;

	/* the oldest first: repeated reads of the youngest may take the rest of the time */
	for (i = GC_LISTS; i--;) {
		bool whole = false;

		for (tries = 0; !whole && search.left && tries < GC_TRIES; tries++) {
			if (tries)
				memory_cache_flush();
			whole = search_gc_list(&search, lists + (uint64_t)i * GC_LIST_BYTES,
					       addresses);
		}
		/* tasks that have not ended are in the lists of asyncio, and need no search */
		addresses->ended_partial |= !whole;
	}
}

static int by_address(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void sort_out(struct lp_task_addresses *addresses)
{
	size_t retained = 0, i;

	if (addresses->count)
		qsort(addresses->items, addresses->count, sizeof(*addresses->items), by_address);
	for (i = 0; i < addresses->count; i++)
		if (!retained || addresses->items[i] != addresses->items[retained - 1])
			addresses->items[retained++] = addresses->items[i];
	addresses->count = retained;
	if (retained > CPYTHON_TASKS_MAX) {
		addresses->count = CPYTHON_TASKS_MAX;
		addresses->partial = true;
	}
}

static uint64_t tasks_module(const struct lp_cpython *python)
{
	uint64_t interpreter = cpython_interpreter(python);
	uint64_t modules =
		interpreter ? memory_u64(python->pid, interpreter + python->row.interpreter.modules)
			    : 0;
	uint64_t module = modules ? cpython_dict_get(python, modules, "asyncio.tasks") : 0;

	return module ? memory_u64(python->pid, module + CPYTHON_MODULE_DICT) : 0;
}

void cpython_enumerate_tasks(const struct lp_cpython *python, uint64_t task_type, uint64_t until_ns,
			     struct lp_task_addresses *addresses)
{
	uint64_t interpreter = cpython_interpreter(python), module = tasks_module(python);

	memset(addresses, 0, sizeof(*addresses));
	addresses->until_ns = until_ns;
	if (module)
		read_sets(python, module, addresses);
	if (python->row.thread.asyncio_tasks_head != LP_NO_FIELD)
		read_lists(python, interpreter, addresses);
	if (task_type && python->row.interpreter.gc != LP_NO_FIELD)
		search_gc(python, interpreter, task_type, addresses);
	sort_out(addresses);
}

/* Modules/_asynciomodule.c: a dict {loop: task}; since 3.14 a field of the thread state. */
uint64_t cpython_current_task(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop)
{
	uint64_t module, current, task = 0;
	struct lp_pair *pairs = NULL;
	ssize_t count, i;

	if (python->row.thread.asyncio_running_task != LP_NO_FIELD)
		return memory_u64(python->pid,
				  thread_state + python->row.thread.asyncio_running_task);
	module = tasks_module(python);
	current = module ? cpython_dict_get(python, module, "_current_tasks") : 0;
	count = current ? cpython_dict_pairs(python, current, &pairs) : 0;
	for (i = 0; i < count; i++)
		if (pairs[i].key == loop)
			task = pairs[i].value;
	free(pairs);
	return task;
}
