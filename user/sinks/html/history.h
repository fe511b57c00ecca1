/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How loops fared over time: what each counted between two of its states.  Bounded for all
 * loops together: when it is full, neighbours become one, so that a run of weeks is told
 * more coarsely than one of minutes, from its beginning all the same.
 */
#ifndef LP_SINKS_HTML_HISTORY_H
#define LP_SINKS_HTML_HISTORY_H

#include "model/report.h"

#include <stdbool.h>

/* Spans of all loops together. */
#define LP_HISTORY_SPANS 65536

/* Rows of the heat map: two a power of two, then one for what is longer. */
#define LP_HISTORY_SLOTS_A_ROW 4
#define LP_HISTORY_ROWS (LP_HISTOGRAM_BUCKETS / LP_HISTORY_SLOTS_A_ROW + 2)

struct lp_span_cell {
	uint32_t row;
	uint32_t count; /* iterations; saturates */
};

struct lp_span {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC of its host */
	uint64_t busy_ns, idle_ns;
	uint64_t iterations, slow;
	size_t cell_count;
	struct lp_span_cell *cells; /* lowest row first, none is empty */
};

/* Captures of many hosts may have tens of thousands of loops; their IDs follow each other. */
#define LP_HISTORY_BUCKETS 4096

struct lp_loop_history {
	struct lp_loop_history *next; /* in its bucket */
	uint32_t loop; /* id */
	size_t span_count, capacity;
	struct lp_span *spans;
	struct lp_loop_state last; /* its histogram is the one below */
	struct lp_histogram iteration;
};

struct lp_history {
	struct lp_loop_history *buckets[LP_HISTORY_BUCKETS];
	size_t span_count, spans_max;
	bool full; /* neighbours that could become one are too few to look for them each time */
};

void history_init(struct lp_history *history, size_t spans_max);
void history_free(struct lp_history *history);

/* What was counted since the state before becomes a span. */
void history_add(struct lp_history *history, const struct lp_loop_state *state);

/* Of a loop; NULL if there is none. */
const struct lp_loop_history *history_of(const struct lp_history *history, uint32_t loop);

#endif /* LP_SINKS_HTML_HISTORY_H */
