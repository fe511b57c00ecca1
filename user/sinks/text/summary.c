// SPDX-License-Identifier: BSD-2-Clause
#include "summary.h"

#include "model/own_frames.h"
#include "base/text.h"
#include "base/macros.h"
#include "lost_time.h"
#include "sinks/losses.h"
#include "endings.h"
#include "findings.h"
#include "idle.h"
#include "memory.h"
#include "never_waits.h"
#include "labels.h"
#include "lifetimes.h"
#include "print.h"
#include "loop_name.h"

#include <inttypes.h>
#include <string.h>

/* Limits of rows of a table, before "and N more", and of histograms. */
#define ROWS_MAX 20
#define HISTOGRAMS_MAX 3
#define INDENT 4
/* Columns of kind, count, slow and five times, with their gaps. */
#define FIXED_COLUMNS 60
#define BUCKETS_AN_OCTAVE 8

static void print_row(FILE *file, const struct lp_text_label *label, size_t width, const char *kind,
		      uint64_t slow, const struct lp_histogram *histogram)
{
	static const double shares[] = { 0.5, 0.9, 0.99 };
	size_t i;

	fprintf(file, "%*s", INDENT, "");
	text_label_print(file, label, width);
	fprintf(file, " %-4s %7" PRIu64 " %5" PRIu64, kind, histogram_count(histogram), slow);
	/* its only run is slow and has not ended, or none of its runs was timed */
	if (!histogram_count(histogram)) {
		fprintf(file, "%8s%8s%8s%8s%8s\n", "-", "-", "-", "-", "-");
		return;
	}
	text_print_time(file, histogram->sum_ns, 8);
	for (i = 0; i < ARRAY_SIZE(shares); i++)
		text_print_time(file, histogram_quantile(histogram, shares[i]), 8);
	text_print_time(file, histogram_max(histogram), 8);
	fputc('\n', file);
}

static void print_table(FILE *file, const struct lp_terminal *terminal, const char *title,
			const struct lp_loop_summary *loop, bool queue)
{
	size_t width = (terminal->columns > FIXED_COLUMNS + INDENT + 16 ? terminal->columns : 80) -
		       FIXED_COLUMNS - INDENT;
	const struct lp_callback_summary *rows[ROWS_MAX];
	struct lp_text_label labels[ROWS_MAX];
	static char places[ROWS_MAX][LP_TEXT_PLACE_MAX]; /* too large for a small stack */
	size_t i, count = 0, left_out = 0;

	fprintf(file, "%-*s kind   count  slow   total     p50     p90     p99     max\n",
		(int)(width + INDENT), title);
	for (i = 0; i < loop->callback_count; i++) {
		const struct lp_callback_summary *item = &loop->items[i];

		/* tasks that ended in the interval without running in it */
		if (item->lifetimes && !histogram_count(&item->run))
			continue;
		if (i >= ROWS_MAX) {
			left_out++;
			continue;
		}
		labels[count] = text_callback_label(item->callback, places[count]);
		rows[count++] = item;
	}
	text_labels_fit(labels, count, width, terminal);
	for (i = 0; i < count; i++)
		print_row(file, &labels[i], width,
			  rows[i]->callback->kind == LP_MODEL_TASK ? "task" : "call", rows[i]->slow,
			  queue ? &rows[i]->queue : &rows[i]->run);
	if (left_out)
		fprintf(file, "%*sand %zu more that took less time in all (-j has them)\n", INDENT,
			"", left_out);
}

static void print_bar(FILE *file, const struct lp_terminal *terminal, uint64_t count, uint64_t most)
{
	unsigned int columns = (unsigned int)((count * 30 + most - 1) / most), i;

	fputs("  ", file);
	for (i = 0; i < columns; i++)
		fputs(terminal->utf8 ? "\xe2\x96\x88" : "#", file);
}

/* Prints a row for each octave (power of two), which is eight buckets. */
static void print_histogram(FILE *file, const struct lp_terminal *terminal, const char *title,
			    const struct lp_histogram *histogram)
{
	uint64_t rows[LP_HISTOGRAM_BUCKETS / BUCKETS_AN_OCTAVE + 2] = { 0 }, most = 0;
	const size_t last_row = ARRAY_SIZE(rows) - 1;
	size_t i, first = last_row, last = 0;

	for (i = 0; i < LP_HISTOGRAM_SLOTS; i++) {
		size_t row = i == 0 ? 0 : 1 + (i - 1) / BUCKETS_AN_OCTAVE;

		rows[row] += histogram->slots[i];
		if (!histogram->slots[i])
			continue;
		if (row < first)
			first = row;
		if (row > last)
			last = row;
		if (rows[row] > most)
			most = rows[row];
	}
	if (!most)
		return;
	fprintf(file, "%s\n", title);
	for (i = first; i <= last; i++) {
		char edge[32] = "longer";

		if (i < last_row) {
			char time[16];

			text_duration(time, sizeof(time),
				      lp_histogram_edges[i * BUCKETS_AN_OCTAVE]);
			snprintf(edge, sizeof(edge), "to %s", time);
		}
		fprintf(file, "%*s%11s %9" PRIu64, INDENT, "", edge, rows[i]);
		if (rows[i])
			print_bar(file, terminal, rows[i], most);
		fputc('\n', file);
	}
}

static void print_histograms(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_loop_summary *loop)
{
	size_t i;

	for (i = 0; i < loop->callback_count && i < HISTOGRAMS_MAX; i++) {
		const struct lp_callback_summary *item = &loop->items[i];
		char title[LP_NAME_MAX + 128];

		if (item->callback->file[0])
			snprintf(title, sizeof(title), "\nrun time of %s (%.100s:%u)",
				 item->callback->name,
				 text_path_end(item->callback->file,
					       own_frames_parts(item->callback->file)),
				 item->callback->line);
		else
			snprintf(title, sizeof(title), "\nrun time of %s", item->callback->name);
		print_histogram(file, terminal, title, &item->run);
	}
}

/*
 * Returns whether the loop was idle throughout.  With samples or bursts the number of callbacks is
 * only a lower bound: then an iteration makes the loop busy, too.  A callback that has not ended,
 * or began before the interval, counts by its busy time.
 */
static bool is_idle(const struct lp_loop_summary *loop, bool sampled, bool bursts)
{
	if (loop->slow_callbacks || loop->busy_ns > loop->wall_ns / 1000)
		return false;
	return !loop->callbacks && !((sampled || bursts) && loop->iterations);
}

/* bursts: callbacks were timed in bursts, due to a budget; their numbers are incomplete. */
static void print_loop_head(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_loop_summary *loop, bool several,
			    const struct lp_text_shows *shows, bool bursts)
{
	char idle[LP_LOOP_NAME_BYTES + 64];
	double busy = 100 * loop_utilization(loop);
	char name[LP_LOOP_NAME_BYTES + 2];
	bool sampled = shows->sampled;

	text_loop_name(name, LP_LOOP_NAME_BYTES, loop->loop, shows->hosts);
	if (loop->loop->folded)
		fprintf(file, "%s, %" PRIu64 " loop%s%s\n", name, loop->folded,
			text_plural(loop->folded),
			loop->loop->grouped ? ""
			: loop->folded == 1 ? " that has ended"
					    : " that have ended");
	if (loop->loop->folded || !several)
		name[0] = '\0';
	else
		memcpy(name + strlen(name), ": ", sizeof(": "));
	if (is_idle(loop, sampled, bursts)) {
		snprintf(idle, sizeof(idle), "%s%.1f s, idle", name, (double)loop->wall_ns / 1e9);
		text_idle_print(file, terminal, idle, loop, shows->live);
		return;
	}
	fputs(name, file);
	fprintf(file, "%.1f s, loop busy %.1f %% of it, %" PRIu64 " iteration%s%s, ",
		(double)loop->wall_ns / 1e9, busy, loop->iterations, text_plural(loop->iterations),
		loop->waited_only ? " that waited" : "");
	if (!sampled)
		fprintf(file, "%" PRIu64 " callback%s%s (", loop->callbacks,
			text_plural(loop->callbacks), bursts ? " timed" : "");
	fprintf(file, "%" PRIu64 " slow%s\n", loop->slow_callbacks,
		sampled ? loop->slow_callbacks == 1 ? " callback" : " callbacks" : ")");
	if (!histogram_count(&loop->iteration))
		return;
	fputs("an event waited p50 ", file);
	text_print_time(file, histogram_quantile(&loop->iteration, 0.5), 0);
	fputs(", p90 ", file);
	text_print_time(file, histogram_quantile(&loop->iteration, 0.9), 0);
	fputs(", p99 ", file);
	text_print_time(file, histogram_quantile(&loop->iteration, 0.99), 0);
	fputs(", worst ", file);
	text_print_time(file, histogram_max(&loop->iteration), 0);
	fputs(" for the loop\n", file);
	if (!sampled && bursts)
		fprintf(file,
			"callbacks were timed during %.1f %% of the time (--budget); stalls are complete\n",
			loop->wall_ns ? 100 * (double)loop->traced_ns / (double)loop->wall_ns : 0);
	if (loop->tasks)
		text_idle_print(file, terminal, "", loop, shows->live);
	fputc('\n', file);
}

/* Prints the cost of loopprof itself, if the run had a budget. */
static void print_self(FILE *file, const struct lp_self *self)
{
	double wall = (double)self->wall_ns / 100;

	if (!self->budget_ppm || wall <= 0)
		return;
	fprintf(file,
		"\nof one CPU loopprof took %.2f %%, its hooks on polls and switches %.2f %%,\n"
		"its probes %.2f %% in %" PRIu64 " burst%s; the budget is %g %%\n",
		(double)self->cpu_ns / wall, (double)self->hook_ns / wall,
		(double)self->probe_ns / wall, self->bursts, text_plural(self->bursts),
		(double)self->budget_ppm / 1e4);
}

static void print_lost(FILE *file, size_t kind, uint64_t count)
{
	char text[LP_LOSS_TEXT_MAX];

	if (!count)
		return;
	loss_text(text, sizeof(text), kind, count);
	fprintf(file, "\n%s\n", text);
}

/* Prints the numbers of refused requests of a process that exceeded its share. */
static void print_limited(FILE *file, const struct lp_limited *limited)
{
	static const char *const names[LP_LIMITED_KINDS][2] = {
		[LP_LIMITED_EVENTS] = { "event", "events" },
		[LP_LIMITED_LOOPS] = { "loop", "loops" },
		[LP_LIMITED_CALLBACKS] = { "run by its name", "runs by their names" },
		[LP_LIMITED_CAUSES] = { "wait by its cause", "waits by their causes" },
	};
	const char *before = " ";
	size_t i;

	if (!limited->pid)
		fputs("\nother processes", file);
	else if (limited->loop && limited->loop->unit[0])
		fprintf(file, "\npid %d (%s) of %s", limited->pid, limited->comm,
			limited->loop->unit);
	else
		fprintf(file, "\npid %d (%s)", limited->pid, limited->comm);
	fprintf(file, " asked for more than %s share; missing are", limited->pid ? "its" : "their");
	for (i = 0; i < LP_LIMITED_KINDS; i++) {
		if (!limited->counts[i])
			continue;
		fprintf(file, "%s%" PRIu64 " %s", before, limited->counts[i],
			names[i][limited->counts[i] != 1]);
		before = ", ";
	}
	fputc('\n', file);
}

static void print_suppressed(FILE *file, uint64_t count, const char *one)
{
	if (count)
		fprintf(file, "%" PRIu64 " more slow %s%s %s too many to list one by one\n", count,
			one, text_plural(count), count == 1 ? "was" : "were");
}

static void print_tables(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_loop_summary *loop, const struct lp_text_shows *shows)
{
	text_lost_time_print(file, terminal, loop);
	text_memory_print_sum(file, terminal, &loop->memory);
	if (!loop->callback_count)
		return;
	if (shows->sampled)
		fputs("how long they ran, by samples of late iterations\n", file);
	else if (shows->inner)
		fputs("how long they ran, tasks by the innermost coroutine of the program\n", file);
	print_table(file, terminal,
		    shows->sampled || shows->inner ? "callback" : "how long they ran", loop, false);
	if (shows->queue) {
		fputc('\n', file);
		print_table(file, terminal, "how long they waited", loop, true);
	}
	text_lifetimes_print(file, terminal, loop);
	if (shows->histograms)
		print_histograms(file, terminal, loop);
}

void text_summary_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_summary *summary, const struct lp_text_shows *shows)
{
	/* in a capture the budget is a field of struct lp_self */
	bool budget = shows->budget || (summary->self_known && summary->self.budget_ppm);
	size_t i;

	if (!summary->loop_count)
		fputs("no event loop ran\n", file);
	for (i = 0; i < summary->loop_count; i++) {
		const struct lp_loop_summary *loop = &summary->loops[i];

		if (i)
			fputc('\n', file);
		if (loop->loop)
			print_loop_head(file, terminal, loop, summary->loop_count > 1, shows,
					budget && loop_in_bursts(loop));
		print_suppressed(file, loop->suppressed, "callback");
		print_suppressed(file, loop->suppressed_iterations, "iteration");
		if (loop->suppressed || loop->suppressed_iterations)
			fputc('\n', file);
		if (loop->loop)
			text_never_waits_print(file, terminal, loop, shows->sampled);
		print_tables(file, terminal, loop, shows);
	}
	text_findings_print(file, terminal, summary);
	text_endings_print(file, terminal, summary);
	if (summary->self_known)
		print_self(file, &summary->self);
	for (i = 0; i < LP_LOST_KINDS; i++)
		print_lost(file, i, summary->lost[i]);
	for (i = 0; i < summary->limited_count; i++)
		print_limited(file, &summary->limited[i]);
}
