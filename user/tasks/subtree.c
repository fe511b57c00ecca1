// SPDX-License-Identifier: BSD-2-Clause
#include "subtree.h"

#include "base/array.h"
#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The most ways to wait that are stored of a subtree. */
#define WAYS_MAX 16

/* How tasks wait, as in struct lp_subtree_wait.  It has no padding, as its bytes are compared. */
struct subtree_way {
	uint64_t plain, exact, within;
};

/* Different ways to wait, in ascending order. */
struct subtree_ways {
	size_t count;
	struct subtree_way ways[WAYS_MAX];
};

/* The ways to wait of a component of the graph and of all components that it leads to. */
struct subtree_stored {
	size_t begin, count; /* in the array of all ways */
	uint64_t hash;
};

struct subtrees {
	const struct lp_task_graph *graph;
	const struct lp_subtree_wait *waits;
	uint32_t *components; /* number of the component of each task */
	struct subtree_stored *stored; /* of each component */
	size_t count, capacity;
	struct subtree_way *ways;
};

static int by_way(const struct subtree_way *a, const struct subtree_way *b)
{
	if (a->plain != b->plain)
		return a->plain < b->plain ? -1 : 1;
	return a->exact < b->exact ? -1 : a->exact > b->exact;
}

/* Adds a way to wait.  If there are too many, the greatest one is left out. */
static void subtree_add_way(struct subtree_ways *set, const struct subtree_way *way)
{
	size_t at = set->count;

	while (at && by_way(way, &set->ways[at - 1]) < 0)
		at--;
	if (at == WAYS_MAX || (at && !by_way(way, &set->ways[at - 1])))
		return;
	set->count -= set->count == WAYS_MAX;
	memmove(&set->ways[at + 1], &set->ways[at], (set->count - at) * sizeof(*way));
	set->ways[at] = *way;
	set->count++;
}

/* Returns whether all users of the objects of a way to wait are in the subtree of a component. */
static bool subtree_has_users(const struct subtrees *all, uint64_t within, uint32_t component)
{
	return within < all->graph->count && all->components[within] == component;
}

/* Adds the ways of a task and of the tasks of other components that it awaits. */
static void subtree_add_task(const struct subtrees *all, uint32_t task, struct subtree_ways *set,
			     const struct subtree_stored **below)
{
	const struct lp_csr_graph *awaits = &all->graph->awaits;
	const struct lp_subtree_wait *wait = &all->waits[task];
	const struct subtree_stored *stored;
	size_t i, at;

	subtree_add_way(set, &(struct subtree_way){ wait->plain, wait->exact, wait->within });
	for (i = 0; i < csr_graph_count(awaits, task); i++) {
		uint32_t to = all->components[csr_graph_row(awaits, task)[i]];

		if (to == all->components[task])
			continue;
		stored = &all->stored[to];
		for (at = 0; all->ways && at < stored->count; at++)
			subtree_add_way(set, &all->ways[stored->begin + at]);
		if (!*below || stored->count > (*below)->count)
			*below = stored;
	}
}

/*
 * Copies ways to wait to *dropped, without the objects whose users are all in the subtree of a
 * component.
 */
static void subtree_drop_objects(const struct subtrees *all, uint32_t component,
				 const struct subtree_ways *set, struct subtree_ways *dropped)
{
	struct subtree_way way;
	size_t i;

	dropped->count = 0;
	for (i = 0; i < set->count; i++) {
		way = set->ways[i];
		if (subtree_has_users(all, way.within, component)) {
			way.exact = way.plain;
			way.within = LP_SUBTREE_NOWHERE;
		}
		subtree_add_way(dropped, &way);
	}
}

/* Stores the ways of a component; those that are equal to the ways below are stored once. */
static int subtree_store(struct subtrees *all, uint32_t component, const struct subtree_ways *set,
			 const struct subtree_stored *below)
{
	struct subtree_stored *stored = &all->stored[component];
	struct lp_hash hash = hash_begin();
	size_t i;

	if (below && all->ways && below->count == set->count &&
	    !memcmp(set->ways, &all->ways[below->begin], set->count * sizeof(*set->ways))) {
		*stored = *below;
		return 0;
	}
	if (!ARRAY_RESERVE(all->ways, all->capacity, all->count + set->count, 64))
		return -ENOMEM;
	memcpy(&all->ways[all->count], set->ways, set->count * sizeof(*set->ways));
	for (i = 0; i < set->count; i++) {
		hash_number(&hash, set->ways[i].plain);
		hash_number(&hash, set->ways[i].exact);
	}
	*stored = (struct subtree_stored){ all->count, set->count, hash_end(&hash) };
	all->count += set->count;
	return 0;
}

/* Returns all tasks by their component, those that are awaited first; NULL: out of memory. */
static uint32_t *subtree_order(const struct subtrees *all, size_t components)
{
	size_t count = all->graph->count, i;
	uint32_t *order = calloc(count + 1, sizeof(*order));
	size_t *begin = calloc(components + 1, sizeof(*begin));

	for (i = 0; order && begin && i < count; i++)
		begin[all->components[i] + 1]++;
	for (i = 0; order && begin && i < components; i++)
		begin[i + 1] += begin[i];
	for (i = 0; order && begin && i < count; i++)
		order[begin[all->components[i]]++] = (uint32_t)i;
	if (!begin) {
		free(order);
		order = NULL;
	}
	free(begin);
	return order;
}

static int subtree_store_all(struct subtrees *all, const uint32_t *order)
{
	size_t count = all->graph->count, begin, end;
	struct subtree_ways set, dropped;
	int err = 0;

	for (begin = 0; begin < count && !err; begin = end) {
		uint32_t component = all->components[order[begin]];
		const struct subtree_stored *below = NULL;

		set.count = 0;
		for (end = begin; end < count && all->components[order[end]] == component; end++)
			subtree_add_task(all, order[end], &set, &below);
		subtree_drop_objects(all, component, &set, &dropped);
		err = subtree_store(all, component, &dropped, below);
	}
	return err;
}

int subtree_set_keys(const struct lp_task_graph *graph, const struct lp_subtree_wait *waits,
		     uint64_t *keys)
{
	struct subtrees all = { .graph = graph, .waits = waits };
	int64_t components = -ENOMEM;
	uint32_t *order = NULL;
	int err = -ENOMEM;
	size_t i;

	all.components = malloc((graph->count + 1) * sizeof(*all.components));
	if (all.components)
		components = csr_graph_components(&graph->awaits, all.components);
	if (components >= 0) {
		all.stored = calloc((size_t)components + 1, sizeof(*all.stored));
		order = subtree_order(&all, (size_t)components);
	}
	if (all.stored && order)
		err = subtree_store_all(&all, order);
	for (i = 0; !err && i < graph->count; i++) {
		uint32_t component = all.components[i];
		struct lp_hash hash = hash_begin();

		hash_number(&hash, subtree_has_users(&all, waits[i].within, component)
					   ? waits[i].plain
					   : waits[i].exact);
		hash_number(&hash, all.stored[component].hash);
		keys[i] = hash_end(&hash);
	}
	free(all.components);
	free(all.stored);
	free(all.ways);
	free(order);
	return err;
}
