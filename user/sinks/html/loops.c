// SPDX-License-Identifier: BSD-2-Clause
/* The loops of the page: their names and labels, counters, histograms and history. */
#include "data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Limits of callbacks with histograms: of one loop, and of all loops together. */
#define CALLBACKS_A_LOOP 1000
#define CALLBACKS_IN_ALL 20000
#define CAUSES_A_LOOP 500

/* [count, sum, min, max, p50, p90, p99, first slot, [count of each slot from it on]], or 0. */
static void write_histogram(FILE *out, const struct lp_histogram *histogram)
{
	size_t first = 0, last = LP_HISTOGRAM_SLOTS, slot;

	if (!histogram_count(histogram)) {
		putc('0', out);
		return;
	}
	while (!histogram->slots[first])
		first++;
	while (!histogram->slots[last - 1])
		last--;
	fprintf(out,
		"[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%zu,[",
		histogram_count(histogram), (uint64_t)histogram->sum_ns, histogram_min(histogram),
		histogram_max(histogram), histogram_quantile(histogram, 0.5),
		histogram_quantile(histogram, 0.9), histogram_quantile(histogram, 0.99), first);
	for (slot = first; slot < last; slot++)
		fprintf(out, "%s%" PRIu64, slot > first ? "," : "",
			(uint64_t)histogram->slots[slot]);
	fputs("]]", out);
}

static void write_callbacks(FILE *out, struct lp_html_data *data,
			    const struct lp_loop_summary *summary, size_t *left)
{
	size_t i, written = 0;

	fputs(",\"callbacks\":[", out);
	for (i = 0; i < summary->callback_count && written < CALLBACKS_A_LOOP && *left; i++) {
		const struct lp_callback_summary *item = &summary->items[i];

		if (!histogram_count(&item->run))
			continue;
		fprintf(out, "%s[%" PRIu32 ",%" PRIu64 ",", written ? "," : "",
			page_store_callback(&data->store.tables, item->callback), item->slow);
		write_histogram(out, &item->run);
		putc(',', out);
		write_histogram(out, &item->queue);
		putc(']', out);
		written++;
		--*left;
	}
	fprintf(out, "],\"callbacks_beyond\":%zu", summary->callback_count - i);
}

/* A cause is [kind, system call, target, holder of the GIL, frame, count, ns]. */
static void write_causes(FILE *out, struct lp_html_data *data,
			 const struct lp_loop_summary *summary)
{
	struct lp_page_tables *tables = &data->store.tables;
	size_t i;

	fputs(",\"causes\":[", out);
	for (i = 0; i < summary->cause_count && i < CAUSES_A_LOOP; i++) {
		const struct lp_cause *cause = &summary->causes[i];

		fprintf(out,
			"%s[%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64
			"]",
			i ? "," : "", cause->kind, page_store_string(tables, cause->syscall),
			page_store_string(tables, cause->target),
			page_store_string(tables, cause->held_by),
			page_store_frame(tables, cause->frame), cause->count, cause->total_ns);
	}
	fprintf(out, "],\"causes_beyond\":%zu", summary->cause_count - i);
}

static void write_summary(FILE *out, struct lp_html_data *data,
			  const struct lp_loop_summary *summary, size_t *left)
{
	html_number(out, "wall_ns", summary->wall_ns);
	html_number(out, "busy_ns", summary->busy_ns);
	html_number(out, "idle_ns", summary->idle_ns);
	html_number(out, "iterations", summary->iterations);
	html_number(out, "callback_runs", summary->callbacks);
	html_number(out, "slow_callbacks", summary->slow_callbacks);
	html_number(out, "untold", summary->suppressed);
	html_number(out, "traced_ns", summary->traced_ns);
	fputs(",\"iteration\":", out);
	write_histogram(out, &summary->iteration);
	write_callbacks(out, data, summary, left);
	write_causes(out, data, summary);
}

static void write_cells(FILE *out, const struct lp_span *span)
{
	size_t i;

	putc('[', out);
	for (i = 0; i < span->cell_count; i++)
		fprintf(out, "%s%" PRIu32 ",%" PRIu32, i ? "," : "", span->cells[i].row,
			span->cells[i].count);
	putc(']', out);
}

/* A span is [start, end, busy, idle (all us), iterations, slow callbacks, [row, count, ...]]. */
static void write_history(FILE *out, const struct lp_loop_info *info,
			  const struct lp_loop_history *history)
{
	size_t i;

	fputs(",\"history\":[", out);
	for (i = 0; history && i < history->span_count; i++) {
		const struct lp_span *span = &history->spans[i];

		fprintf(out,
			"%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",",
			i ? ",\n" : "", loop_unix_ns(info, span->start_ns) / 1000,
			loop_unix_ns(info, span->end_ns) / 1000, span->busy_ns / 1000,
			span->idle_ns / 1000, span->iterations, span->slow);
		write_cells(out, span);
		putc(']', out);
	}
	putc(']', out);
}

static void write_info(FILE *out, const struct lp_loop_info *info)
{
	fprintf(out, "{\"id\":%" PRIu32 ",\"pid\":%d,\"tid\":%d,\"folded\":%s", info->id, info->pid,
		info->tid, info->folded ? "true" : "false");
	html_text(out, "host", info->host);
	html_text(out, "comm", info->comm);
	html_text(out, "runtime", info->runtime);
	html_text(out, "runtime_version", info->version);
	html_text(out, "exe", info->exe);
	html_text(out, "container", info->container);
	html_text(out, "unit", info->unit);
	html_text(out, "pod", info->pod);
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
static void write_ended(FILE *out, struct lp_html_data *data, const struct lp_summary *total,
			bool first)
{
	size_t count, i;
	uint32_t *ids = summarised_ids(total, &count);

	for (i = 0; ids && i < data->loop_count; i++) {
		uint32_t id = data->loops[i].id;

		if (bsearch(&id, ids, count, sizeof(*ids), by_id))
			continue;
		fputs(first ? "\n" : ",\n", out);
		first = false;
		write_info(out, &data->loops[i]);
		write_history(out, &data->loops[i], history_of(&data->history, id));
		putc('}', out);
	}
	free(ids);
}

void html_loops_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total)
{
	size_t i, left = CALLBACKS_IN_ALL;
	bool first = true;

	fputs(",\"loops\":[", out);
	for (i = 0; i < total->loop_count; i++) {
		const struct lp_loop_summary *summary = &total->loops[i];

		fputs(first ? "\n" : ",\n", out);
		first = false;
		/* without a loop there are only callbacks that had no slot of their own */
		if (summary->loop)
			write_info(out, summary->loop);
		else
			fputs("{\"id\":0", out);
		write_summary(out, data, summary, &left);
		if (summary->loop)
			write_history(out, summary->loop,
				      history_of(&data->history, summary->loop->id));
		putc('}', out);
	}
	write_ended(out, data, total, first);
	putc(']', out);
	html_number(out, "loops_beyond", data->loops_dropped);
}
