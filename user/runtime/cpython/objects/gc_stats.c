// SPDX-License-Identifier: BSD-2-Clause
/*
 * The interpreter has a ring of the last collections of each generation, with the instants at which
 * each began and ended, by CLOCK_MONOTONIC.  It may write them while they are read.
 */
#include "gc_stats.h"

#include "base/macros.h"
#include "process/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* struct gc_stats, struct gc_generation_stats: Include/internal/pycore_interp_structs.h */
#define ITEM_BYTES 64
#define SEQUENCE 1112 /* update_seq, which is odd while the rings are written */

#define TRIES 4

struct collection {
	int64_t start_ns, stop_ns;
	int64_t number; /* of the collections of this generation so far */
};

/* The ring of each generation; the index of its newest item follows the items, in a byte. */
static const struct {
	uint16_t offset;
	uint8_t items;
} rings[] = { { 0, 11 }, { 712, 3 }, { 912, 3 } };

static struct collection item_of(const uint8_t *stats, size_t generation, size_t index)
{
	struct collection item;

	memcpy(&item, stats + rings[generation].offset + index * ITEM_BYTES, sizeof(item));
	return item;
}

/* Adds the collections of a generation.  Returns their time; UINT64_MAX: the data are not valid. */
static uint64_t add_ring(const uint8_t *stats, size_t generation, uint64_t since_ns,
			 uint64_t until_ns, struct lp_event_collections *found)
{
	size_t items = rings[generation].items, newest, i;
	uint64_t total_ns = 0;
	struct collection item;

	newest = stats[rings[generation].offset + items * ITEM_BYTES];
	if (newest >= items)
		return UINT64_MAX;
	for (i = 0; i < items; i++) {
		item = item_of(stats, generation, i);
		if (item.start_ns < 0 || item.stop_ns < item.start_ns)
			return UINT64_MAX;
		if ((uint64_t)item.start_ns < since_ns || (uint64_t)item.stop_ns > until_ns)
			continue;
		found->count++;
		total_ns += (uint64_t)(item.stop_ns - item.start_ns);
		if (total_ns > until_ns - since_ns)
			return UINT64_MAX;
	}
	/* the oldest one has replaced others, which may have been between the instants as well */
	item = item_of(stats, generation, (newest + 1) % items);
	found->partial |= item.number > 1 && (uint64_t)item.start_ns >= since_ns;
	return total_ns;
}

bool cpython_gc_stats_add(const uint8_t *stats, uint64_t since_ns, uint64_t until_ns,
			  struct lp_event_collections *found)
{
	uint64_t most_ns = 0, ring_ns;
	size_t i;

	memset(found, 0, sizeof(*found));
	if (since_ns > until_ns)
		return false;
	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		ring_ns = add_ring(stats, i, since_ns, until_ns, found);
		if (ring_ns == UINT64_MAX || ring_ns > until_ns - since_ns - found->total_ns)
			return false;
		found->total_ns += ring_ns;
		if (ring_ns < most_ns || !ring_ns)
			continue;
		most_ns = ring_ns;
		found->generation = (uint32_t)i;
	}
	return found->count != 0;
}

/* Copies the rings at an instant at which they were not written. */
static bool read_stats(const struct lp_cpython *python, uint64_t address, uint8_t *stats)
{
	uint8_t again[CPYTHON_GC_STATS_BYTES];
	uint32_t sequence;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		memory_cache_flush();
		if (memory_read(python->pid, address, stats, sizeof(again)))
			return false;
		memory_cache_flush();
		if (memory_read(python->pid, address, again, sizeof(again)))
			return false;
		memcpy(&sequence, again + SEQUENCE, sizeof(sequence));
		if (!(sequence & 1) && !memcmp(stats, again, sizeof(again)))
			return true;
	}
	return false;
}

/* Returns whether the process has the same CLOCK_MONOTONIC: a time namespace may shift it. */
static bool same_clock(pid_t pid)
{
	struct stat own, other;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/time", pid);
	if (stat("/proc/self/ns/time", &own))
		return true; /* this kernel has no time namespaces */
	return !stat(path, &other) && own.st_ino == other.st_ino;
}

bool cpython_gc_stats(const struct lp_instance *instance, uint64_t since_ns, uint64_t until_ns,
		      struct lp_event_collections *found)
{
	const struct lp_cpython *python = instance->reader;
	uint64_t interpreter = cpython_interpreter(python), address;
	uint8_t stats[CPYTHON_GC_STATS_BYTES];
	uint32_t collecting;

	if (python->row.interpreter.gc_stats == LP_NO_FIELD || !interpreter ||
	    !same_clock(python->pid))
		return false;
	address = memory_u64(python->pid, interpreter + python->row.interpreter.gc_stats);
	if (!address || !read_stats(python, address, stats) ||
	    !cpython_gc_stats_add(stats, since_ns, until_ns, found))
		return false;
	/* one that has not ended may have begun before */
	collecting = memory_u32(python->pid, interpreter + python->row.interpreter.gc_collecting);
	found->partial |= collecting != 0;
	return true;
}
