// SPDX-License-Identifier: BSD-2-Clause
#include "history.h"

#include "base/macros.h"

#include <stdlib.h>
#include <string.h>

/* The counters of a state are read a little later than its time. */
#define SLACK_NS 100000000ULL
/* Halving is not repeated once it frees less than this fraction (1/N) of the spans. */
#define LEAST_HALVED_PART 64

void history_init(struct lp_history *history, size_t spans_max)
{
	*history = (struct lp_history){ .spans_max = spans_max };
}

static void free_loop(struct lp_loop_history *loop)
{
	size_t i;

	for (i = 0; i < loop->span_count; i++)
		free(loop->spans[i].cells);
	free(loop->spans);
	free(loop->totals);
	free(loop);
}

void history_free(struct lp_history *history)
{
	struct lp_loop_history *loop;
	size_t at = 0;

	while ((loop = map_next_pointer(&history->loops, &at)))
		free_loop(loop);
	map_free(&history->loops);
	history->span_count = 0;
}

const struct lp_loop_history *history_of(const struct lp_history *history, uint32_t loop)
{
	return map_pointer(&history->loops, loop);
}

static size_t row_of(size_t slot)
{
	return slot ? 1 + (slot - 1) / LP_HISTORY_SLOTS_A_ROW : 0;
}

static bool set_cells(struct lp_span *span, const uint64_t rows[LP_HISTORY_ROWS])
{
	size_t row, count = 0;

	for (row = 0; row < LP_HISTORY_ROWS; row++)
		count += rows[row] > 0;
	span->cells = count ? malloc(count * sizeof(*span->cells)) : NULL;
	if (count && !span->cells)
		return false;
	span->cell_count = 0;
	for (row = 0; row < LP_HISTORY_ROWS; row++)
		if (rows[row])
			span->cells[span->cell_count++] = (struct lp_span_cell){
				.row = (uint32_t)row,
				.count = rows[row] > UINT32_MAX ? UINT32_MAX : (uint32_t)rows[row],
			};
	return true;
}

/* ---- joining of neighbouring spans --------------------------------------------- */

static bool join(struct lp_span *into, const struct lp_span *next)
{
	uint64_t rows[LP_HISTORY_ROWS] = { 0 };
	struct lp_span joined = *into;
	size_t i;

	for (i = 0; i < into->cell_count; i++)
		rows[into->cells[i].row] += into->cells[i].count;
	for (i = 0; i < next->cell_count; i++)
		rows[next->cells[i].row] += next->cells[i].count;
	if (!set_cells(&joined, rows))
		return false;
	joined.end_ns = next->end_ns;
	joined.busy_ns += next->busy_ns;
	joined.idle_ns += next->idle_ns;
	joined.iterations += next->iterations;
	joined.slow += next->slow;
	free(into->cells);
	*into = joined;
	return true;
}

static void halve_loop(struct lp_history *history, struct lp_loop_history *loop)
{
	size_t from = 0, to = 0;

	for (; from < loop->span_count; to++) {
		loop->spans[to] = loop->spans[from++];
		if (from >= loop->span_count || !join(&loop->spans[to], &loop->spans[from]))
			continue;
		free(loop->spans[from++].cells);
		history->span_count--;
	}
	loop->span_count = to;
}

static void halve(struct lp_history *history)
{
	struct lp_loop_history *loop;
	size_t before = history->span_count, at = 0;

	while ((loop = map_next_pointer(&history->loops, &at)))
		halve_loop(history, loop);
	history->full = before - history->span_count < before / LEAST_HALVED_PART;
}

/* ---- adding -------------------------------------------------------------------- */

static struct lp_loop_history *loop_for(struct lp_history *history,
					const struct lp_loop_state *state)
{
	struct lp_loop_history *loop = map_pointer(&history->loops, state->loop->id);

	if (loop)
		return loop;
	loop = calloc(1, sizeof(*loop));
	if (!loop || !map_put(&history->loops, state->loop->id, (uintptr_t)loop)) {
		free(loop);
		return NULL;
	}
	loop->loop = state->loop->id;
	loop->last.time_ns = state->start_ns;
	return loop;
}

/*
 * Stores a state and the sums of its rows. Without memory the rows of the state before remain, so
 * that the next span has the iterations of both.
 */
static void remember(struct lp_loop_history *loop, const struct lp_loop_state *state,
		     const uint64_t rows[LP_HISTORY_ROWS])
{
	struct lp_row_total *totals = loop->totals;
	size_t row, count = 0;

	loop->last = *state;
	loop->last.loop = NULL;
	loop->last.iteration = NULL;
	for (row = 0; row < LP_HISTORY_ROWS; row++)
		count += rows[row] > 0;
	if (count > loop->total_count) {
		totals = realloc(totals, count * sizeof(*totals));
		if (!totals)
			return;
		loop->totals = totals;
	}
	loop->total_count = 0;
	for (row = 0; row < LP_HISTORY_ROWS; row++)
		if (rows[row])
			totals[loop->total_count++] =
				(struct lp_row_total){ (uint32_t)row, rows[row] };
}

static bool reserve(struct lp_history *history, struct lp_loop_history *loop)
{
	size_t capacity = loop->capacity ? 2 * loop->capacity : 2;
	struct lp_span *grown;

	if (history->span_count >= history->spans_max && !history->full)
		halve(history);
	/* full: halving cannot take the only span of a loop */
	if (history->span_count >= history->spans_max)
		return false;
	if (loop->span_count < loop->capacity)
		return true;
	grown = realloc(loop->spans, capacity * sizeof(*grown));
	if (!grown)
		return false;
	loop->spans = grown;
	loop->capacity = capacity;
	return true;
}

void history_add(struct lp_history *history, const struct lp_loop_state *state)
{
	struct lp_loop_history *loop = loop_for(history, state);
	uint64_t rows[LP_HISTORY_ROWS] = { 0 }, added[LP_HISTORY_ROWS];
	struct lp_span span;
	size_t slot, i;

	if (!loop)
		return;
	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		rows[row_of(slot)] += state->iteration->slots[slot];
	if (state->time_ns <= loop->last.time_ns) {
		remember(loop, state, rows);
		return;
	}
	span = (struct lp_span){
		.start_ns = loop->last.time_ns,
		.end_ns = state->time_ns,
		.busy_ns = saturating_sub(state->busy_ns, loop->last.busy_ns),
		.idle_ns = saturating_sub(state->idle_ns, loop->last.idle_ns),
		.iterations = saturating_sub(state->iterations, loop->last.iterations),
		.slow = saturating_sub(state->slow_callbacks, loop->last.slow_callbacks),
	};
	memcpy(added, rows, sizeof(added));
	for (i = 0; i < loop->total_count; i++)
		added[loop->totals[i].row] =
			saturating_sub(added[loop->totals[i].row], loop->totals[i].count);
	/* counters from before the capture began exceed the span: their time is not known */
	if (span.busy_ns + span.idle_ns <= span.end_ns - span.start_ns + SLACK_NS &&
	    reserve(history, loop) && set_cells(&span, added)) {
		loop->spans[loop->span_count++] = span;
		history->span_count++;
	}
	remember(loop, state, rows);
}
