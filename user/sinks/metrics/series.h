/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The series of metrics.  Loops and callbacks with the same labels are one series; what
 * tells them apart (process, thread, line, task) is no label, as each value of a label
 * is a series that a monitoring system has to keep.  However many loops and names there
 * are, there are only so many series: what comes later is counted in those of "other".
 */
#ifndef LP_SINKS_METRICS_SERIES_H
#define LP_SINKS_METRICS_SERIES_H

#include "exemplar.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

/* Sets of loop labels. */
#define LP_SERIES_SETS 256
/* Callbacks with series of their own for each of them, and in all. */
#define LP_SERIES_CALLBACKS 200
#define LP_SERIES_CALLBACKS_ALL 1000
/* Of both, a unit, container or pod has at most this part. */
#define LP_SERIES_PART 2
/* So long without a count, labels may give their place to others. */
#define LP_SERIES_IDLE_NS (3600 * NS_PER_S)

/* Of a loop; "" where there is none.  host: only where loops of several are told apart. */
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
	bool own; /* false: all those of a set that have none of their own */
	struct lp_histogram *run; /* never NULL once it is told */
	struct lp_histogram *queue; /* NULL: nothing was counted */
	struct lp_exemplar *exemplars;
	struct lp_callback_series *next;

	/* Private to series.c. */
	struct lp_series_part *parts; /* of the summary that is being counted */
	uint64_t total_ns; /* run time in it */
};

/* What is counted of loops: nothing but u64. */
struct lp_loop_numbers {
	uint64_t wall_ns;
	uint64_t traced_ns;
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	uint64_t suppressed;
	uint64_t lost_ns[LP_CAUSE_KINDS];
	uint64_t findings[LP_FINDING_KINDS];
	uint64_t outcomes[LP_OUTCOMES]; /* of tasks that have ended */
	uint64_t limited[LP_LIMITED_KINDS]; /* refused requests of processes over their share */
};

/* All loops of one set of labels. */
struct lp_loop_series {
	bool known; /* false: no loop, only callbacks that found no slot of their own */
	struct lp_loop_labels labels;
	struct lp_loop_numbers numbers;
	struct lp_histogram iteration;
	struct lp_callback_series *own; /* in the order in which they came; "other" is the last */
	struct lp_loop_series *next;

	/* Private to series.c. */
	struct lp_callback_series other;
	struct lp_loop_numbers now; /* of the summary that is being counted */
	struct lp_series_part *parts;
	size_t own_count;
	bool full; /* takes no more callbacks */
	struct lp_callback_series *fresh; /* not decided yet */
	void *tree;
	uint64_t counted_ns; /* when it last changed */
};

struct lp_series {
	struct lp_loop_series *loops;
	/* once there have been any, there are series of them */
	bool any_findings;
	bool any_outcomes;
	bool any_limited;
	size_t set_count;
	size_t sets_overflow; /* sets of labels that are counted in "other", or not any more */
	size_t callback_count; /* with series of their own */
	size_t callbacks_overflow; /* callbacks that are counted in "other" */
	uint64_t round; /* exemplars of this one are new */

	/* Set by who owns it. */
	bool by_host;
	bool whole; /* all of a loop's time is traced, unless it says how much */
	uint64_t run_unix_ns;

	/* Private to series.c. */
	struct lp_loop_series **last;
	struct lp_loop_series *unknown, *other;
	void *sets; /* struct lp_label_set, by its labels */
	struct lp_series_part *arena;
	size_t arena_used, arena_size;
	uint64_t now_ns;
	size_t fresh_from_stalls;
};

/*
 * Counts a summary of the whole run, in the place of the one before; nothing falls
 * below what it was.  Of the callbacks that are new, those with most run time get series
 * of their own while there is room.  That stays so, as a series must not lose what it
 * has counted.  Returns 0 or -ENOMEM; then what it holds is not whole.
 */
int series_count(struct lp_series *series, const struct lp_summary *total);

/* Remembers a stall that has ended, if it is the worst of its bucket in this round. */
void series_stall(struct lp_series *series, const struct lp_slow_callback *slow);

/* Frees what series_count() has allocated. */
void series_free(struct lp_series *series);

#endif /* LP_SINKS_METRICS_SERIES_H */
