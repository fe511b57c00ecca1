/* SPDX-License-Identifier: BSD-2-Clause */
/* The time that a loop lost because memory was short, and the limit that made it short. */
#ifndef LP_MODEL_MEMORY_SHORTAGE_H
#define LP_MODEL_MEMORY_SHORTAGE_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_memory_shortage {
	/* The loop's thread freed memory itself, on the CPU or blocked. */
	uint64_t reclaim_ns;
	uint64_t fault_ns; /* part of it, in page faults */
	/* Parts of the time for which it was blocked. */
	uint64_t memory_high_ns; /* the kernel held it since its cgroup was above memory.high */
	uint64_t refault_ns; /* pages were read again that had been reclaimed */
	enum lp_memory_limit_kind kind;
	uint64_t used_bytes;
	uint64_t limit_bytes; /* 0: not known */
	char cgroup[LP_CGROUP_BYTES]; /* path of the cgroup with this limit; "" of the host */
};

/* What the time was lost with: the parts that the sinks list, in this order. */
enum lp_memory_part {
	LP_MEMORY_PART_RECLAIM,
	LP_MEMORY_PART_HIGH,
	LP_MEMORY_PART_REFAULT,
	LP_MEMORY_PARTS,
};

#define LP_MEMORY_WORDS_MAX 80

/* Returns whether a loop lost time because memory was short. */
bool memory_shortage_is_known(const struct lp_memory_shortage *shortage);

/*
 * Fills in a shortage.  limit: the last one of the loop; event.size is 0 if there was none. most_ns
 * limits each of the times.
 */
void memory_shortage_fill(const struct lp_event_memory_limit *limit,
			  const struct lp_memory_waits *waits, uint64_t most_ns,
			  struct lp_memory_shortage *shortage);

/* Adds the times of another loop, and its limit if there is none. */
void memory_shortage_add(struct lp_memory_shortage *into, const struct lp_memory_shortage *from);

/* The words of machine-readable formats: "reclaim"; "memory.max", "host". */
const char *memory_part_name(size_t part);
const char *memory_limit_name(enum lp_memory_limit_kind kind);

/* Returns the time of a part. */
uint64_t memory_shortage_ns(const struct lp_memory_shortage *shortage, enum lp_memory_part part);

/* Writes the words for it: "page faults reclaimed memory". */
void memory_shortage_words(const struct lp_memory_shortage *shortage, enum lp_memory_part part,
			   char words[LP_MEMORY_WORDS_MAX]);

/*
 * Writes what is used of the limit: "uses 199 of 200 MiB (memory.max)", to follow "cgroup" and its
 * path, or "the host has 120 of 15926 MiB available".  "": not known.
 */
void memory_shortage_usage(const struct lp_memory_shortage *shortage,
			   char words[LP_MEMORY_WORDS_MAX]);

/* Adds and subtracts times. */
void memory_waits_add(struct lp_memory_waits *into, const struct lp_memory_waits *from);
void memory_waits_subtract(struct lp_memory_waits *waits, const struct lp_memory_waits *before);

#endif /* LP_MODEL_MEMORY_SHORTAGE_H */
