/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of each loop over time, as spans between two of its states.  The number of spans
 * of all loops together is limited: when it is reached, neighbouring spans are joined.  A run of
 * weeks is thus shown from its beginning, with longer spans than a run of minutes.
 */
#ifndef LP_SINKS_HTML_HISTORY_H
#define LP_SINKS_HTML_HISTORY_H

#include "base/map.h"
#include "model/report.h"

#include <stdbool.h>

/* Limit of spans of all loops together. */
#define LP_HISTORY_SPANS 65536

/*
 * Rows of the heat map: one for iterations of at most 2^-20 s, two for each power of two, and one
 * for those longer than 64 s.
 */
#define LP_HISTORY_SLOTS_A_ROW 4
#define LP_HISTORY_ROWS (LP_HISTOGRAM_BUCKETS / LP_HISTORY_SLOTS_A_ROW + 2)

struct lp_span_cell {
	uint32_t row;
	uint32_t count; /* iterations, saturating */
};

struct lp_span {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC of its host */
	uint64_t busy_ns, idle_ns;
	uint64_t iterations, slow;
	size_t cell_count;
	struct lp_span_cell *cells; /* of rows with a count, lowest row first */
};

/* Iterations of one row of the heat map since the loop began. */
struct lp_row_total {
	uint32_t row;
	uint64_t count;
};

/* A run may have tens of thousands of loops, most of which have few spans and rows. */
struct lp_loop_history {
	uint32_t loop; /* ID */
	size_t span_count, capacity;
	struct lp_span *spans;
	struct lp_loop_state last; /* without its loop and histogram */
	size_t total_count;
	struct lp_row_total *totals; /* of the last state: rows with a count */
};

struct lp_history {
	struct lp_map loops; /* from the ID of a loop to its struct lp_loop_history */
	size_t span_count, spans_max;
	bool full; /* joining freed too few spans to be tried again; new spans are dropped */
};

void history_init(struct lp_history *history, size_t spans_max);
void history_free(struct lp_history *history);

/*
 * Adds a span with the difference between a state and the previous one of the same loop.  Without
 * memory or space the span is dropped.
 */
void history_add(struct lp_history *history, const struct lp_loop_state *state);

/* Returns the history of a loop by its ID, or NULL. */
const struct lp_loop_history *history_of(const struct lp_history *history, uint32_t loop);

#endif /* LP_SINKS_HTML_HISTORY_H */
