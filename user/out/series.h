/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The series of a metrics file.  Loops and callbacks with the same labels are one
 * series; what tells them apart (process, thread, line, task) is no label, as each
 * value of a label is a series that a monitoring system has to keep.
 */
#ifndef LP_SERIES_H
#define LP_SERIES_H

#include "../model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* Callbacks with series of their own for each set of loop labels. */
#define LP_SERIES_CALLBACKS 200

/* Upper edges of the buckets: 2^-20 s, 2^-19 s ... 2^6 s; then one without an edge. */
#define LP_SPREAD_EDGES 27

/* A histogram cut down to a bucket for each power of two: exact, as those are edges of its own. */
struct lp_spread {
	uint64_t sum_ns;
	uint64_t counts[LP_SPREAD_EDGES + 1]; /* not cumulative */
};

struct lp_callback_times {
	struct lp_spread run;
	struct lp_spread queue;
};

struct lp_callback_series {
	char *name;
	char *file; /* without its directory */
	enum lp_model_kind kind;
	bool own; /* false: counted in the loop's "other" */
	uint64_t total_ns; /* run time when it was new */
	struct lp_callback_times *times; /* its own, or the loop's "other" */
	struct lp_callback_series *next;
};

/* All loops of one set of labels. */
struct lp_loop_series {
	bool known; /* false: no loop, only callbacks that found no slot of their own */
	char runtime[sizeof(((struct lp_loop_info *)0)->runtime)];
	char service[sizeof(((struct lp_loop_info *)0)->comm)];
	char container[sizeof(((struct lp_loop_info *)0)->container)];
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	uint64_t lost_ns[LP_CAUSE_KINDS];
	uint64_t findings[LP_FINDING_KINDS];
	uint64_t outcomes[LP_OUTCOMES]; /* of tasks that have ended */
	struct lp_spread iteration;
	struct lp_callback_series *own; /* in the order in which they came */
	struct lp_callback_times other;

	/* Private to series.c. */
	size_t own_count;
	struct lp_callback_series *fresh; /* not decided yet */
	void *tree;
	struct lp_loop_series *next;
};

struct lp_series {
	struct lp_loop_series *loops;
	/* once there have been any, there are series of them */
	bool any_findings;
	bool any_outcomes;
};

/*
 * Counts a summary of the whole run, in the place of the one before.  Of the
 * callbacks that are new, those with most run time get series of their own while
 * there is room.  That stays so for the rest of the run, as a series must not
 * lose what it has counted.  Returns 0 or -ENOMEM; then what it holds is not whole.
 */
int series_count(struct lp_series *series, const struct lp_summary *total);

/* Times in a spread. */
uint64_t spread_count(const struct lp_spread *spread);

/* Frees what series_count() has allocated. */
void series_free(struct lp_series *series);

#endif /* LP_SERIES_H */
