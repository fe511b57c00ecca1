// SPDX-License-Identifier: BSD-2-Clause
#include "shortage.h"

#include "base/macros.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A limit for numbers of records, so that their products fit into 64 bits. */
#define TIME_US_MAX UINT64_C(1000000000000)

/* Steal of less than one in this many parts of the CPU time is not reported. */
#define STEAL_PARTS 100

static void name_of(const struct lp_neighbour *neighbour, char *name, size_t size)
{
	char comm[LP_COMM_BYTES + 1] = "";

	memcpy(comm, neighbour->comm, LP_COMM_BYTES);
	text_copy(name, size, comm);
}

void shortage_neighbour_text(const struct lp_neighbour *neighbour, uint32_t own_pid, char *text,
			     size_t size)
{
	char name[LP_COMM_BYTES * 4];

	name_of(neighbour, name, sizeof(name));
	snprintf(text, size, "%s%s", name, neighbour->pid == own_pid ? " (same process)" : "");
}

uint32_t shortage_percent(uint64_t quota_us, uint64_t period_us)
{
	uint64_t percent = period_us ? min_u64(quota_us, TIME_US_MAX) * 100 / period_us : 0;

	return (uint32_t)min_u64(percent, UINT32_MAX);
}

static int by_duration(const void *left, const void *right)
{
	const struct lp_cpu_neighbour *a = left, *b = right;

	return a->duration_ns < b->duration_ns ? 1 : a->duration_ns > b->duration_ns ? -1 : 0;
}

static void fill_neighbours(const struct lp_event_cpu_waits *waits, uint64_t left_ns,
			    struct lp_shortage *shortage)
{
	size_t i;

	for (i = 0; i < LP_NEIGHBOURS; i++) {
		const struct lp_neighbour *from = &waits->waits.neighbours[i];
		struct lp_cpu_neighbour *neighbour =
			&shortage->neighbours[shortage->neighbour_count];

		if (!from->pid || !from->total_ns)
			continue;
		name_of(from, neighbour->name, sizeof(neighbour->name));
		neighbour->pid = (pid_t)from->pid;
		neighbour->own = from->pid == waits->event.pid;
		neighbour->duration_ns = min_u64(from->total_ns, left_ns);
		left_ns -= neighbour->duration_ns;
		shortage->neighbour_count++;
	}
	qsort(shortage->neighbours, shortage->neighbour_count, sizeof(shortage->neighbours[0]),
	      by_duration);
}

/* Copies the steal if it was measured over the segment, and is large enough to be reported. */
static void fill_steal(const struct lp_event_steal *steal, uint64_t start_ns,
		       struct lp_shortage *shortage)
{
	/* the product of forged numbers may exceed 64 bits */
	double all_ns = (double)steal->window_ns * steal->cpus;

	if (steal->event.time_ns < start_ns || (double)steal->steal_ns * STEAL_PARTS < all_ns ||
	    (double)steal->steal_ns > all_ns || !steal->steal_ns)
		return;
	shortage->steal_ns = steal->steal_ns;
	shortage->steal_window_ns = steal->window_ns;
	shortage->steal_cpus = steal->cpus;
}

void shortage_fill(const struct lp_shortage_events *events, const struct lp_event_cpu_waits *waits,
		   uint64_t start_ns, uint64_t run_queue_ns, struct lp_shortage *shortage)
{
	const struct lp_event_cpu_quota *quota = &events->quota;

	memset(shortage, 0, sizeof(*shortage));
	fill_steal(&events->steal, start_ns, shortage);
	if (!waits)
		return;
	shortage->waits_counted = true;
	shortage->throttled_ns = min_u64(waits->waits.throttled_ns, run_queue_ns);
	if (shortage->throttled_ns && quota->period_us) {
		text_copy(shortage->quota_cgroup, sizeof(shortage->quota_cgroup), quota->cgroup);
		shortage->quota_us = min_u64(quota->quota_us, TIME_US_MAX);
		shortage->period_us = quota->period_us;
	}
	fill_neighbours(waits, run_queue_ns - shortage->throttled_ns, shortage);
}

static void subtract_neighbour(struct lp_neighbour *neighbour, const struct lp_cpu_waits *before)
{
	size_t i;

	for (i = 0; i < LP_NEIGHBOURS; i++) {
		const struct lp_neighbour *other = &before->neighbours[i];

		if (other->pid && !memcmp(other->comm, neighbour->comm, sizeof(other->comm)) &&
		    other->total_ns <= neighbour->total_ns && other->count <= neighbour->count) {
			neighbour->total_ns -= other->total_ns;
			neighbour->count -= other->count;
			return;
		}
	}
}

void shortage_subtract(struct lp_cpu_waits *waits, const struct lp_cpu_waits *before)
{
	size_t i;

	waits->throttled_ns = saturating_sub(waits->throttled_ns, before->throttled_ns);
	waits->throttled = (__u32)saturating_sub(waits->throttled, before->throttled);
	for (i = 0; i < LP_NEIGHBOURS; i++)
		subtract_neighbour(&waits->neighbours[i], before);
}
