// SPDX-License-Identifier: BSD-2-Clause
#include "lifetimes.h"

#include "labels.h"
#include "print.h"

#include <inttypes.h>
#include <stdlib.h>

#define ROWS_MAX 20
#define INDENT 4
/* Columns of the numbers and their gaps. */
#define FIXED_COLUMNS 61
#define TITLE "how tasks lived"
#define HEADS "  count raised cancel destr     p50     max   ran queue  wait"

static int by_life(const void *left, const void *right)
{
	const struct lp_callback_summary *const *a = left, *const *b = right;
	uint64_t one = (*a)->lifetimes->life.sum_ns, other = (*b)->lifetimes->life.sum_ns;

	return one < other ? 1 : one > other ? -1 : 0;
}

/* Prints a share with one decimal under ten percent, "0.3 %", else without, "12 %". */
static void print_share(FILE *file, uint64_t part, uint64_t whole, int width)
{
	double share = whole ? 100 * (double)part / (double)whole : 0;
	char text[32];

	if (share > 100)
		share = 100;
	snprintf(text, sizeof(text), share < 9.95 ? "%.1f %%" : "%.0f %%", share);
	fprintf(file, "%*s", width, text);
}

static void print_row(FILE *file, const struct lp_text_label *label, size_t width,
		      const struct lp_callback_summary *item)
{
	const struct lp_lifetimes *lifetimes = item->lifetimes;

	fprintf(file, "%*s", INDENT, "");
	text_label_print(file, label, width);
	fprintf(file, "%7" PRIu64 "%7" PRIu64 "%7" PRIu64 "%6" PRIu64,
		histogram_count(&lifetimes->life), lifetimes->outcomes[LP_OUTCOME_RAISED],
		lifetimes->outcomes[LP_OUTCOME_CANCELLED],
		lifetimes->outcomes[LP_OUTCOME_DESTROYED]);
	text_print_time(file, histogram_quantile(&lifetimes->life, 0.5), 8);
	text_print_time(file, histogram_max(&lifetimes->life), 8);
	print_share(file, lifetimes->running.sum_ns, lifetimes->life.sum_ns, 6);
	print_share(file, lifetimes->queued.sum_ns, lifetimes->life.sum_ns, 6);
	print_share(file, lifetimes->waiting.sum_ns, lifetimes->life.sum_ns, 6);
	fputc('\n', file);
}

void text_lifetimes_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop)
{
	static char places[ROWS_MAX][LP_TEXT_PLACE_MAX]; /* too large for a small stack */
	struct lp_text_label labels[ROWS_MAX];
	const struct lp_callback_summary **items;
	size_t count = 0, i, width;

	items = calloc(loop->callback_count ? loop->callback_count : 1, sizeof(*items));
	for (i = 0; items && i < loop->callback_count; i++)
		if (loop->items[i].lifetimes)
			items[count++] = &loop->items[i];
	if (!count) {
		free(items);
		return;
	}
	qsort(items, count, sizeof(*items), by_life);
	width = (terminal->columns > FIXED_COLUMNS + INDENT + 12 ? terminal->columns : 80) -
		FIXED_COLUMNS - INDENT;
	fprintf(file, "\n%-*s" HEADS "\n", (int)(width + INDENT), TITLE);
	for (i = 0; i < count && i < ROWS_MAX; i++)
		labels[i] = text_callback_label(items[i]->callback, places[i]);
	text_labels_fit(labels, i, width, terminal);
	for (i = 0; i < count && i < ROWS_MAX; i++)
		print_row(file, &labels[i], width, items[i]);
	if (count > ROWS_MAX)
		fprintf(file, "%*sand %zu more that lived less in all (-j has them)\n", INDENT, "",
			count - ROWS_MAX);
	free(items);
}
