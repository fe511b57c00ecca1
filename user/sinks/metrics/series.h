/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The series of metrics.  Loops and callbacks with the same labels share a series.  Process,
 * thread, line and task are not labels, as a monitoring system has to store a series for each
 * value.  The number of series is limited for any number of loops and names: over the limits loops
 * and callbacks are counted in series named "other".
 */
#ifndef LP_SINKS_METRICS_SERIES_H
#define LP_SINKS_METRICS_SERIES_H

#include "exemplar.h"
#include "base/macros.h"
#include "base/map.h"

#include <stdbool.h>
#include <stdint.h>

/* Limit of sets of loop labels. */
#define LP_SERIES_SETS 256
/* Limits of callbacks with their own series: of a set of labels, and of all sets. */
#define LP_SERIES_CALLBACKS 200
#define LP_SERIES_CALLBACKS_ALL 1000
/* The share of a unit, container or pod in the sets, and in the callbacks of all sets. */
#define LP_SERIES_SHARE(all) ((all) - (all) / LP_RESERVED_PART)
/* Series of a set without a change for this long may be replaced by those of another set. */
#define LP_SERIES_IDLE_NS (3600 * NS_PER_S)

/* Labels of a loop; "" if there is none.  host is set only if lp_series.by_host is. */
struct lp_loop_labels {
	char runtime[sizeof(((struct lp_loop_info *)0)->runtime)];
	char service[sizeof(((struct lp_loop_info *)0)->comm)];
	char unit[sizeof(((struct lp_loop_info *)0)->unit)];
	char container[sizeof(((struct lp_loop_info *)0)->container)];
	char pod[sizeof(((struct lp_loop_info *)0)->pod)];
	char host[sizeof(((struct lp_loop_info *)0)->host)];
};

struct lp_callback_series {
	char *name;
	char *file; /* without its directory */
	enum lp_model_kind kind;
	bool own; /* false: "other", the sum of the callbacks without their own series */
	struct lp_histogram *run; /* owned; not NULL once it is reported */
	struct lp_histogram *queue; /* owned; NULL: nothing was counted */
	struct lp_exemplar *exemplars;
	struct lp_callback_series *next;

	/* Private to series.c and label_sets.c. */
	struct lp_series_part *parts; /* parts of the summary that is being counted */
	uint64_t total_ns; /* total run time in that summary */
};

/* Numbers of loops.  All members are u64, as families refer to them by offset. */
struct lp_loop_numbers {
	uint64_t wall_ns;
	uint64_t traced_ns;
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	uint64_t suppressed;
	uint64_t never_waiting; /* loops whose polls return at once; the only number that decreases */
	uint64_t lost_ns[LP_CAUSE_KINDS];
	uint64_t memory_ns[LP_MEMORY_PARTS]; /* lost because memory was short */
	uint64_t findings[LP_FINDING_KINDS];
	uint64_t outcomes[LP_OUTCOMES]; /* ended tasks, by outcome */
	uint64_t ends[LP_ENDING_KINDS]; /* ends of processes */
	uint64_t limited[LP_LIMITED_KINDS]; /* refused requests of processes over their share */
};

/* The series of all loops with one set of labels. */
struct lp_loop_series {
	bool known; /* false: no loops, only callbacks that had no slot of their own */
	struct lp_loop_labels labels;
	struct lp_loop_numbers numbers;
	struct lp_histogram iteration;
	struct lp_callback_series *own; /* in the order of their addition; "other" is last */
	struct lp_loop_series *next;

	/* Private to series.c and label_sets.c. */
	struct lp_callback_series other;
	struct lp_loop_numbers now; /* sums of the summary that is being counted */
	struct lp_series_part *parts;
	size_t own_count;
	bool full; /* gets no further callbacks with their own series */
	struct lp_callback_series *fresh; /* new ones, added to own or other at the next count */
	struct lp_map callbacks; /* own and fresh, by name, file and kind */
	uint64_t counted_ns; /* time of the last change of a number */
};

struct lp_series {
	struct lp_loop_series *loops;
	/*
	 * set by the first finding, outcome, refused request, end of a process or time that was
	 * lost because memory was short, and never cleared
	 */
	bool any_findings;
	bool any_outcomes;
	bool any_limited;
	bool any_ends;
	bool any_memory;
	size_t set_count; /* sets of labels with their own series */
	size_t sets_overflow; /* sets of labels counted in "other", or not any more */
	size_t callback_count; /* callbacks with their own series */
	size_t callbacks_overflow; /* callbacks counted in "other" */
	uint64_t round; /* number of the current count; new exemplars have it */

	/* Set by the owner. */
	bool by_host; /* the host is a label */
	bool whole; /* no samples or bursts: a traced_ns of 0 means all of wall_ns */
	uint64_t run_unix_ns; /* start of the run */

	/* Private to series.c and label_sets.c. */
	struct lp_loop_series **last;
	struct lp_loop_series *unknown, *other;
	struct lp_map sets; /* struct lp_label_set, by labels */
	struct lp_series_part *arena;
	size_t arena_used, arena_size;
	uint64_t now_ns;
	size_t fresh_from_stalls;
};

/*
 * Counts a summary of the whole run, replacing the previous one; no number or histogram decreases.
 * Of the new callbacks those with the greatest run time get their own series, within the limits.
 * They retain it, as the numbers of a series must not decrease.  Returns 0 or -ENOMEM; then the
 * series are incomplete.
 */
int series_count(struct lp_series *series, const struct lp_summary *total);

/*
 * Stores a stall that has ended as exemplar, if it is the longest of its bucket in this round;
 * skips it without memory.
 */
void series_stall(struct lp_series *series, const struct lp_slow_callback *slow);

/* Frees what series_count() and series_stall() have allocated. */
void series_free(struct lp_series *series);

#endif /* LP_SINKS_METRICS_SERIES_H */
