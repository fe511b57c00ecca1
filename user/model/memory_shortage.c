// SPDX-License-Identifier: BSD-2-Clause
#include "memory_shortage.h"

#include "base/macros.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Page faults, or system calls, are named alone as what reclaimed if so much of it is theirs. */
#define NEARLY_ALL_PERCENT 90
#define MEBIBYTE UINT64_C(1048576)
/* Smaller limits are shown in KiB. */
#define MEBIBYTES_LEAST 10

/*
 * The parts of lost time: the member that has it, its name in machine-readable formats, and its
 * words for people.  Those of reclaim follow a subject: see reclaimer().
 */
static const struct part {
	size_t at;
	const char *name;
	const char *words;
} parts[] = {
	[LP_MEMORY_PART_RECLAIM] = { offsetof(struct lp_memory_shortage, reclaim_ns), "reclaim",
				     "reclaimed memory" },
	[LP_MEMORY_PART_HIGH] = { offsetof(struct lp_memory_shortage, memory_high_ns),
				  "memory_high", "the kernel throttled it above memory.high" },
	[LP_MEMORY_PART_REFAULT] = { offsetof(struct lp_memory_shortage, refault_ns), "refault",
				     "it waited for reclaimed pages to be read again" },
};

static const char *const limit_names[] = {
	[LP_MEMORY_LIMIT_HOST] = "host",
	[LP_MEMORY_LIMIT_MAX] = "memory.max",
	[LP_MEMORY_LIMIT_HIGH] = "memory.high",
	[LP_MEMORY_LIMIT_IN_BYTES] = "memory.limit_in_bytes",
};

_Static_assert(ARRAY_SIZE(parts) == LP_MEMORY_PARTS, "a part has one row");
_Static_assert(ARRAY_SIZE(limit_names) == LP_MEMORY_LIMITS, "a kind has one row");

const char *memory_part_name(size_t part)
{
	return part < LP_MEMORY_PARTS ? parts[part].name : "";
}

const char *memory_limit_name(enum lp_memory_limit_kind kind)
{
	return kind < LP_MEMORY_LIMITS ? limit_names[kind] : "";
}

uint64_t memory_shortage_ns(const struct lp_memory_shortage *shortage, enum lp_memory_part part)
{
	uint64_t ns;

	memcpy(&ns, (const char *)shortage + parts[part].at, sizeof(ns));
	return ns;
}

bool memory_shortage_is_known(const struct lp_memory_shortage *shortage)
{
	return shortage->reclaim_ns || shortage->memory_high_ns || shortage->refault_ns;
}

void memory_shortage_fill(const struct lp_event_memory_limit *limit,
			  const struct lp_memory_waits *waits, uint64_t most_ns,
			  struct lp_memory_shortage *shortage)
{
	memset(shortage, 0, sizeof(*shortage));
	shortage->reclaim_ns = min_u64(waits->cgroup_ns + waits->host_ns, most_ns);
	shortage->fault_ns = min_u64(waits->fault_ns, shortage->reclaim_ns);
	shortage->memory_high_ns = min_u64(waits->memory_high_ns, most_ns);
	shortage->refault_ns = min_u64(waits->refault_ns, most_ns);
	if (!memory_shortage_is_known(shortage) || !limit->event.size)
		return;
	shortage->kind = (enum lp_memory_limit_kind)limit->kind;
	shortage->used_bytes = limit->used_bytes;
	shortage->limit_bytes = limit->limit_bytes;
	text_copy(shortage->cgroup, sizeof(shortage->cgroup), limit->cgroup);
}

void memory_shortage_add(struct lp_memory_shortage *into, const struct lp_memory_shortage *from)
{
	into->reclaim_ns += from->reclaim_ns;
	into->fault_ns += from->fault_ns;
	into->memory_high_ns += from->memory_high_ns;
	into->refault_ns += from->refault_ns;
	if (into->limit_bytes)
		return;
	into->kind = from->kind;
	into->used_bytes = from->used_bytes;
	into->limit_bytes = from->limit_bytes;
	memcpy(into->cgroup, from->cgroup, sizeof(into->cgroup));
}

/* Returns who reclaimed memory, as the subject of a sentence. */
static const char *reclaimer(const struct lp_memory_shortage *shortage)
{
	uint64_t calls_ns =
		shortage->reclaim_ns - min_u64(shortage->fault_ns, shortage->reclaim_ns);
	uint64_t nearly_ns = shortage->reclaim_ns / 100 * NEARLY_ALL_PERCENT;

	return shortage->fault_ns >= nearly_ns ? "page faults"
	       : calls_ns >= nearly_ns	       ? "system calls"
					       : "page faults and system calls";
}

void memory_shortage_words(const struct lp_memory_shortage *shortage, enum lp_memory_part part,
			   char words[LP_MEMORY_WORDS_MAX])
{
	bool reclaim = part == LP_MEMORY_PART_RECLAIM;

	snprintf(words, LP_MEMORY_WORDS_MAX, "%s%s%s", reclaim ? reclaimer(shortage) : "",
		 reclaim ? " " : "", parts[part].words);
}

void memory_shortage_usage(const struct lp_memory_shortage *shortage,
			   char words[LP_MEMORY_WORDS_MAX])
{
	bool small = shortage->limit_bytes < MEBIBYTES_LEAST * MEBIBYTE;
	uint64_t unit = small ? 1024 : MEBIBYTE;
	uint64_t used = shortage->used_bytes / unit, limit = shortage->limit_bytes / unit;
	const char *name = small ? "KiB" : "MiB";

	*words = '\0';
	if (!shortage->limit_bytes)
		return;
	if (shortage->kind == LP_MEMORY_LIMIT_HOST)
		snprintf(words, LP_MEMORY_WORDS_MAX,
			 "the host has %" PRIu64 " of %" PRIu64 " %s available",
			 saturating_sub(limit, used), limit, name);
	else
		snprintf(words, LP_MEMORY_WORDS_MAX, "uses %" PRIu64 " of %" PRIu64 " %s (%s)",
			 used, limit, name, memory_limit_name(shortage->kind));
}

void memory_waits_add(struct lp_memory_waits *into, const struct lp_memory_waits *from)
{
	into->cgroup_ns += from->cgroup_ns;
	into->host_ns += from->host_ns;
	into->fault_ns += from->fault_ns;
	into->memory_high_ns += from->memory_high_ns;
	into->refault_ns += from->refault_ns;
}

void memory_waits_subtract(struct lp_memory_waits *waits, const struct lp_memory_waits *before)
{
	waits->cgroup_ns = saturating_sub(waits->cgroup_ns, before->cgroup_ns);
	waits->host_ns = saturating_sub(waits->host_ns, before->host_ns);
	waits->fault_ns = saturating_sub(waits->fault_ns, before->fault_ns);
	waits->memory_high_ns = saturating_sub(waits->memory_high_ns, before->memory_high_ns);
	waits->refault_ns = saturating_sub(waits->refault_ns, before->refault_ns);
}
