// SPDX-License-Identifier: BSD-2-Clause
/* The loops of the page: their names and labels, counters, histograms and history. */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits of callbacks with histograms: of one loop, and of all loops together. */
#define CALLBACKS_A_LOOP 1000
#define CALLBACKS_IN_ALL 20000
#define CAUSES_A_LOOP 500

/* [count, sum, min, max, p50, p90, p99, first slot, [count of each slot from it on]], or 0. */
static void write_histogram(struct lp_json_writer *json, const char *name,
			    const struct lp_histogram *histogram)
{
	struct lp_slot_range used = histogram_used(histogram, 0);
	size_t slot;

	if (used.first == used.end) {
		json_number(json, name, 0);
		return;
	}
	json_array(json, name);
	json_number(json, NULL, histogram_count(histogram));
	json_number(json, NULL, histogram->sum_ns);
	json_number(json, NULL, histogram_min(histogram));
	json_number(json, NULL, histogram_max(histogram));
	json_number(json, NULL, histogram_quantile(histogram, 0.5));
	json_number(json, NULL, histogram_quantile(histogram, 0.9));
	json_number(json, NULL, histogram_quantile(histogram, 0.99));
	json_number(json, NULL, used.first);
	json_array(json, NULL);
	for (slot = used.first; slot < used.end; slot++)
		json_number(json, NULL, histogram->slots[slot]);
	json_end(json);
	json_end(json);
}

static void write_callbacks(struct lp_json_writer *json, struct lp_html_data *data,
			    const struct lp_loop_summary *summary, size_t *left)
{
	size_t i, written = 0;

	json_array(json, "callbacks");
	for (i = 0; i < summary->callback_count && written < CALLBACKS_A_LOOP && *left; i++) {
		const struct lp_callback_summary *item = &summary->items[i];

		if (!histogram_count(&item->run))
			continue;
		json_array(json, NULL);
		json_number(json, NULL, page_store_callback(&data->store.tables, item->callback));
		json_number(json, NULL, item->slow);
		write_histogram(json, NULL, &item->run);
		write_histogram(json, NULL, &item->queue);
		json_end(json);
		written++;
		--*left;
	}
	json_end(json);
	json_number(json, "callbacks_omitted", summary->callback_count - i);
}

/* Returns the number of the words for who had what the loop waited for: the GIL, or a CPU. */
static uint32_t holder_of(struct lp_page_tables *tables, const struct lp_cause *cause)
{
	char words[48];

	if (!cause->throttled || !cause->target[0])
		return page_store_string(tables, cause->throttled ? "a quota" : cause->held_by);
	snprintf(words, sizeof(words), "quota %u %% of a CPU", cause->quota_percent);
	return page_store_string(tables, words);
}

/* A cause is [kind, system call, target, holder, line, count, ns, words, called]. */
static void write_causes(struct lp_json_writer *json, struct lp_html_data *data,
			 const struct lp_loop_summary *summary)
{
	struct lp_page_tables *tables = &data->store.tables;
	size_t i;

	json_array(json, "causes");
	for (i = 0; i < summary->cause_count && i < CAUSES_A_LOOP; i++) {
		const struct lp_cause *cause = &summary->causes[i];

		json_array(json, NULL);
		json_number(json, NULL, cause->kind);
		json_number(json, NULL, page_store_string(tables, cause->syscall));
		json_number(json, NULL, page_store_string(tables, cause->target));
		json_number(json, NULL, holder_of(tables, cause));
		json_number(json, NULL,
			    page_store_frame(tables, cause->own ? cause->own : cause->frame));
		json_number(json, NULL, cause->count);
		json_number(json, NULL, cause->total_ns);
		json_number(json, NULL, page_store_string(tables, cause->words));
		json_number(json, NULL, page_store_frame(tables, cause->call));
		json_end(json);
	}
	json_end(json);
	json_number(json, "causes_omitted", summary->cause_count - i);
}

static void write_summary(struct lp_json_writer *json, struct lp_html_data *data,
			  const struct lp_loop_summary *summary, size_t *left)
{
	struct lp_awake_rate rate = loop_awake_rate(summary);

	json_number(json, "wall_ns", summary->wall_ns);
	json_number(json, "busy_ns", summary->busy_ns);
	json_number(json, "idle_ns", summary->idle_ns);
	json_number(json, "iterations", summary->iterations);
	json_bool(json, "waited_only", summary->waited_only);
	json_number(json, "callback_runs", summary->callbacks);
	json_number(json, "slow_callbacks", summary->slow_callbacks);
	json_number(json, "suppressed", summary->suppressed);
	json_number(json, "rest_ns", loop_rest_ns(summary));
	json_bool(json, "never_waits", loop_never_waits(summary));
	json_number(json, "awake_ns", rate.whole ? 0 : rate.ns);
	json_number(json, "awake_rate", (uint64_t)rate.iterations_a_second);
	json_text(json, "awake", summary->awake ? summary->awake : "");
	json_number(json, "traced_ns", summary->traced_ns);
	write_histogram(json, "iteration", &summary->iteration);
	write_callbacks(json, data, summary, left);
	write_causes(json, data, summary);
}

/* A span is [start, end, busy, idle (all us), iterations, slow callbacks, [row, count, ...]]. */
static void write_span(struct lp_json_writer *json, const struct lp_loop_info *info,
		       const struct lp_span *span)
{
	size_t i;

	json_array(json, NULL);
	json_number(json, NULL, loop_unix_ns(info, span->start_ns) / 1000);
	json_number(json, NULL, loop_unix_ns(info, span->end_ns) / 1000);
	json_number(json, NULL, span->busy_ns / 1000);
	json_number(json, NULL, span->idle_ns / 1000);
	json_number(json, NULL, span->iterations);
	json_number(json, NULL, span->slow);
	json_array(json, NULL);
	for (i = 0; i < span->cell_count; i++) {
		json_number(json, NULL, span->cells[i].row);
		json_number(json, NULL, span->cells[i].count);
	}
	json_end(json);
	json_end(json);
}

static void write_history(struct lp_json_writer *json, const struct lp_loop_info *info,
			  const struct lp_loop_history *history)
{
	size_t i;

	json_array(json, "history");
	for (i = 0; history && i < history->span_count; i++) {
		if (i)
			json_newline(json);
		write_span(json, info, &history->spans[i]);
	}
	json_end(json);
}

static void write_info(struct lp_json_writer *json, const struct lp_loop_info *info)
{
	json_number(json, "id", info->id);
	json_signed(json, "pid", info->pid);
	json_signed(json, "tid", info->tid);
	json_bool(json, "folded", info->folded);
	json_text(json, "host", info->host);
	json_text(json, "comm", info->comm);
	json_text(json, "runtime", info->runtime);
	json_text(json, "runtime_version", info->version);
	json_text(json, "exe", info->exe);
	json_text(json, "container", info->container);
	json_text(json, "unit", info->unit);
	json_text(json, "pod", info->pod);
}

static int by_id(const void *left, const void *right)
{
	uint32_t first = *(const uint32_t *)left, second = *(const uint32_t *)right;

	return first < second ? -1 : first > second;
}

/* Returns the sorted IDs of the loops in the summary, to be freed; NULL: out of memory. */
static uint32_t *summarised_ids(const struct lp_summary *total, size_t *count)
{
	uint32_t *ids = calloc(total->loop_count + 1, sizeof(*ids));
	size_t i;

	*count = 0;
	if (!ids)
		return NULL;
	for (i = 0; i < total->loop_count; i++)
		if (total->loops[i].loop)
			ids[(*count)++] = total->loops[i].loop->id;
	qsort(ids, *count, sizeof(*ids), by_id);
	return ids;
}

/* Writes the loops that are not in the summary: ended long ago, and folded into others since. */
static void write_ended(struct lp_json_writer *json, struct lp_html_data *data,
			const struct lp_summary *total)
{
	size_t count, i;
	uint32_t *ids = summarised_ids(total, &count);

	for (i = 0; ids && i < data->loop_count; i++) {
		uint32_t id = data->loops[i].id;

		if (bsearch(&id, ids, count, sizeof(*ids), by_id))
			continue;
		json_newline(json);
		json_object(json, NULL);
		write_info(json, &data->loops[i]);
		write_history(json, &data->loops[i], history_of(&data->history, id));
		json_end(json);
	}
	free(ids);
}

void html_loops_write(struct lp_json_writer *json, struct lp_html_data *data,
		      const struct lp_summary *total)
{
	size_t i, left = CALLBACKS_IN_ALL;

	json_array(json, "loops");
	for (i = 0; i < total->loop_count; i++) {
		const struct lp_loop_summary *summary = &total->loops[i];

		json_newline(json);
		json_object(json, NULL);
		/* without a loop there are only callbacks that had no slot of their own */
		if (summary->loop)
			write_info(json, summary->loop);
		else
			json_number(json, "id", 0);
		write_summary(json, data, summary, &left);
		if (summary->loop)
			write_history(json, summary->loop,
				      history_of(&data->history, summary->loop->id));
		json_end(json);
	}
	write_ended(json, data, total);
	json_end(json);
	json_number(json, "loops_omitted", data->loops_dropped);
}
