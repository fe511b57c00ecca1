// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include "wire/histogram.h"
#include "sinks/text/lost_time.h"
#include "sinks/text/print.h"
#include "base/macros.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

#define ROWS_MAX 20
#define NAME_COLUMNS 30
#define SHARE_LEAST 0.0005 /* Share of the loops' time below which a difference gets no line. */

static void print_side(FILE *file, const char *name, const struct lp_side *side)
{
	time_t start = (time_t)(side->start_unix_ns / NS_PER_S);
	char text[32] = "?", threshold[32];
	struct tm parts;

	text_round_duration(threshold, sizeof(threshold), side->threshold_ns);
	if (localtime_r(&start, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	fprintf(file, "%s  %s, %.1f s%s%s, %zu loop%s, %s mode, slow from %s\n", name, text,
		(double)side->span_ns * 1e-9, side->host[0] ? ", " : "", side->host, side->loops,
		text_plural(side->loops), side->mode, threshold);
}

static const char *mark_of(enum lp_verdict verdict)
{
	static const char *const marks[LP_VERDICTS] = {
		[LP_VERDICT_SAME] = "the same",
		[LP_VERDICT_WORSE] = "slower",
		[LP_VERDICT_BETTER] = "faster",
		[LP_VERDICT_UNSURE] = "too few to compare",
	};

	return marks[verdict];
}

static void print_factor(FILE *file, double old, double new)
{
	if (old > 0 && new > 0)
		fprintf(file, "  x%.2f", new / old);
	else
		fputs("       ", file);
}

static void print_quantile(FILE *file, const char *name, const struct lp_quantile_shift *shift)
{
	fprintf(file, "%-24s", name);
	text_print_time(file, shift->old_ns, 10);
	text_print_time(file, shift->new_ns, 10);
	print_factor(file, (double)shift->old_ns, (double)shift->new_ns);
	fprintf(file, "  %s\n", mark_of(shift->verdict));
}

static void print_whole(FILE *file, const struct lp_comparison *comparison)
{
	double old = side_stalls_an_hour(comparison->old),
	       new = side_stalls_an_hour(comparison->new);
	char numbers[2][32];

	fprintf(file, "\n%-24s%10s%10s\n", "loops as a whole", "old", "new");
	fprintf(file, "%-24s%8.1f %%%8.1f %%", "busy", comparison->old_busy * 100,
		comparison->new_busy * 100);
	print_factor(file, comparison->old_busy, comparison->new_busy);
	fputc('\n', file);
	print_quantile(file, "an event waited p50", &comparison->iterations[0]);
	print_quantile(file, "                p99", &comparison->iterations[2]);
	text_number(numbers[0], sizeof(numbers[0]), old);
	text_number(numbers[1], sizeof(numbers[1]), new);
	fprintf(file, "%-24s%10s%10s", "slow callbacks an hour", numbers[0], numbers[1]);
	print_factor(file, old, new);
	fprintf(file, "  %s\n",
		comparison->stalls == LP_VERDICT_WORSE	  ? "more"
		: comparison->stalls == LP_VERDICT_BETTER ? "fewer"
							  : mark_of(comparison->stalls));
}

/* The highest quantile that has the callback's verdict. */
static size_t shown_quantile(const struct lp_callback_shift *shift)
{
	size_t i = LP_COMPARED_QUANTILES;

	while (i--)
		if (shift->quantiles[i].verdict == shift->verdict)
			return i;
	return LP_COMPARED_QUANTILES;
}

static void print_counts(FILE *file, const struct lp_callback_shift *shift)
{
	uint64_t old = shift->old ? histogram_count(&shift->old->run) : 0;
	uint64_t new = shift->new ? histogram_count(&shift->new->run) : 0;

	fprintf(file, "%9" PRIu64 "%9" PRIu64, old, new);
}

static void print_callback(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_callback_shift *shift)
{
	const struct lp_side_callback *shown = shift->new ? shift->new : shift->old;
	size_t quantile = shown_quantile(shift);
	char place[LP_FILE_MAX + 16];

	fputs("    ", file);
	text_print_end(file, terminal, shown->info.name, NAME_COLUMNS, true);
	print_counts(file, shift);
	if (quantile < LP_COMPARED_QUANTILES) {
		const struct lp_quantile_shift *quantile_shift = &shift->quantiles[quantile];

		fprintf(file, "  p%-3g", lp_compared_quantiles[quantile] * 100);
		text_print_time(file, quantile_shift->old_ns, 9);
		text_print_time(file, quantile_shift->new_ns, 9);
	} else {
		fprintf(file, "  slow %8" PRIu64 " %8" PRIu64, shift->old ? shift->old->slow : 0,
			shift->new ? shift->new->slow : 0);
	}
	snprintf(place, sizeof(place), "%s:%" PRIu32, shown->info.file, shown->info.line);
	fprintf(file, "\n        %s%s%s\n", shown->info.file[0] ? place : "",
		shown->info.file[0] && shown->service[0] ? "  " : "", shown->service);
}

typedef bool (*callback_filter)(const struct lp_callback_shift *shift);

static bool is_slower(const struct lp_callback_shift *shift)
{
	return shift->old && shift->new && shift->verdict == LP_VERDICT_WORSE;
}

static bool is_faster(const struct lp_callback_shift *shift)
{
	return shift->old && shift->new && shift->verdict == LP_VERDICT_BETTER;
}

static bool stalls_anew(const struct lp_callback_shift *shift)
{
	return shift->new && shift->new->slow && (!shift->old || !shift->old->slow) &&
	       !is_slower(shift);
}

static void print_callbacks(FILE *file, const struct lp_terminal *terminal, const char *title,
			    const struct lp_comparison *comparison, callback_filter filter)
{
	size_t i, rows = 0, dropped = 0;

	for (i = 0; i < comparison->callback_count; i++) {
		const struct lp_callback_shift *shift = &comparison->callbacks[i];

		if (!filter(shift))
			continue;
		if (!rows)
			fprintf(file, "\n%-34s%9s%9s       %9s%9s\n", title, "old runs", "new runs",
				"old", "new");
		if (rows++ < ROWS_MAX)
			print_callback(file, terminal, shift);
		else
			dropped++;
	}
	if (dropped)
		fprintf(file, "    and %zu more\n", dropped);
}

static const char *title_of_cause(const struct lp_side_cause *cause)
{
	return text_cause_name(cause->kind, cause->syscall, cause->function);
}

static const char *cause_verdict(const struct lp_cause_shift *shift)
{
	if (shift->verdict == LP_VERDICT_UNSURE)
		return mark_of(LP_VERDICT_UNSURE);
	if (!shift->old)
		return "new";
	if (!shift->new)
		return "only in old";
	return shift->verdict == LP_VERDICT_WORSE    ? "more"
	       : shift->verdict == LP_VERDICT_BETTER ? "less"
						     : "no more often";
}

static void print_cause(FILE *file, const struct lp_terminal *terminal,
			const struct lp_cause_shift *shift)
{
	const struct lp_side_cause *shown = shift->new ? shift->new : shift->old;
	char place[LP_FILE_MAX + 16] = "";

	/* one of the two is not NULL */
	if (!shown)
		return;
	if (shown->file[0])
		snprintf(place, sizeof(place), "%s:%" PRIu32, shown->file, shown->line);
	fputs("    ", file);
	text_print_end(file, terminal, title_of_cause(shown), 20, true);
	fputs("  ", file);
	text_print_end(file, terminal, place, 22, true);
	fprintf(file, "%8.2f %%%8.2f %%  %s\n", shift->old_share * 100, shift->new_share * 100,
		cause_verdict(shift));
}

static void print_causes(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_comparison *comparison)
{
	size_t i, rows = 0;

	for (i = 0; i < comparison->cause_count && rows < ROWS_MAX; i++) {
		const struct lp_cause_shift *shift = &comparison->causes[i];

		if (fabs(shift->new_share - shift->old_share) < SHARE_LEAST &&
		    (shift->old || shift->verdict != LP_VERDICT_WORSE))
			continue;
		if (!rows++)
			fprintf(file, "\n%-48s%10s%10s\n",
				"where the loops' time went, a share of it", "old", "new");
		print_cause(file, terminal, shift);
	}
}

/* Prints the number of callbacks that have no line of their own. */
static void print_rest(FILE *file, const struct lp_comparison *comparison)
{
	size_t counts[LP_VERDICTS] = { 0 }, added = 0, removed = 0, i;

	for (i = 0; i < comparison->callback_count; i++) {
		const struct lp_callback_shift *shift = &comparison->callbacks[i];

		if (!shift->old)
			added++;
		else if (!shift->new)
			removed++;
		else
			counts[shift->verdict]++;
	}
	fprintf(file,
		"\n%zu callbacks are slower, %zu faster, %zu the same, %zu too few to compare; %zu are new, %zu removed\n",
		counts[LP_VERDICT_WORSE], counts[LP_VERDICT_BETTER], counts[LP_VERDICT_SAME],
		counts[LP_VERDICT_UNSURE], added, removed);
}

void comparison_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_comparison *comparison)
{
	const struct lp_side *old = comparison->old, *new = comparison->new;

	print_side(file, "old", old);
	print_side(file, "new", new);
	if (old->threshold_ns != new->threshold_ns)
		fputs("the thresholds differ: what counts as slow is not the same on both sides\n",
		      file);
	if (!side_is_timed(old) || !side_is_timed(new))
		fputs("callbacks are known from samples of late loops: only stalls and lines are compared\n",
		      file);
	print_whole(file, comparison);
	print_callbacks(file, terminal, "slower", comparison, is_slower);
	print_callbacks(file, terminal, "slow now, never before", comparison, stalls_anew);
	print_callbacks(file, terminal, "faster", comparison, is_faster);
	print_causes(file, terminal, comparison);
	print_rest(file, comparison);
}
