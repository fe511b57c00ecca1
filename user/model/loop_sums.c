// SPDX-License-Identifier: BSD-2-Clause
#include "loop_sums.h"

#include "wire/histogram.h"

#include <string.h>

static void clear_unless_equal(char *text, const char *other)
{
	if (strcmp(text, other) != 0)
		text[0] = '\0';
}

void loop_sums_join_labels(struct lp_loop_info *into, const struct lp_loop_info *other)
{
	clear_unless_equal(into->runtime, other->runtime);
	clear_unless_equal(into->version, other->version);
	clear_unless_equal(into->exe, other->exe);
	clear_unless_equal(into->container, other->container);
	clear_unless_equal(into->unit, other->unit);
	clear_unless_equal(into->pod, other->pod);
	clear_unless_equal(into->host, other->host);
}

void loop_sums_add_stats(struct lp_event_loop_stats *into, const struct lp_event_loop_stats *from)
{
	into->busy_ns += from->busy_ns;
	into->idle_ns += from->idle_ns;
	into->iterations += from->iterations;
	into->event.reserved |= from->event.reserved;
	into->callbacks += from->callbacks;
	into->slow += from->slow;
	histogram_merge(&into->iteration, &from->iteration);
}

void loop_sums_add_coverage(struct lp_event_coverage *into, const struct lp_event_coverage *from)
{
	/* size is 0 if there was no such event, as in captures of older versions */
	into->event.size |= from->event.size;
	into->traced_ns += from->traced_ns;
	into->suppressed += from->suppressed;
	into->suppressed_ns += from->suppressed_ns;
	into->suppressed_iterations += from->suppressed_iterations;
}

void loop_sums_add(struct lp_loop_summary *into, const struct lp_loop_summary *loop)
{
	size_t i;

	into->folded += loop->folded ? loop->folded : 1;
	into->wall_ns += loop->wall_ns;
	into->busy_ns += loop->busy_ns;
	into->idle_ns += loop->idle_ns;
	into->iterations += loop->iterations;
	into->waited_only |= loop->waited_only;
	into->callbacks += loop->callbacks;
	into->slow_callbacks += loop->slow_callbacks;
	into->suppressed += loop->suppressed;
	into->suppressed_iterations += loop->suppressed_iterations;
	into->traced_ns += loop->traced_ns;
	into->traced_known |= loop->traced_known;
	for (i = 0; i < LP_ENDING_KINDS; i++)
		into->ends[i] += loop->ends[i];
	memory_shortage_add(&into->memory, &loop->memory);
	histogram_merge(&into->iteration, &loop->iteration);
}
