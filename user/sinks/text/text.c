// SPDX-License-Identifier: BSD-2-Clause
/* The text format for people: each stall and finding when it is reported, and tables at the end. */
#include "sinks/sink.h"

#include "files/output_file.h"
#include "sinks/terminal.h"
#include "endings.h"
#include "findings.h"
#include "print.h"
#include "stall.h"
#include "summary.h"
#include "base/macros.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Shorter stalls are printed once, when they or the run have ended, and not while they are in
 * progress.
 */
#define PROGRESS_LEAST_NS NS_PER_S

/* Of loops that ended in no stall: how long one has to have run, and how many are printed. */
#define STOPPED_LEAST_NS NS_PER_S
#define STOPS_MOST 20

struct lp_text_sink {
	struct lp_sink sink;
	FILE *out;
	/* the text of one event, in memory: it is written in one call */
	FILE *file;
	char *page;
	size_t page_size;
	struct lp_terminal terminal;
	/*
	 * CLOCK_REALTIME minus CLOCK_MONOTONIC at the start of the run.  Unsigned, as instants of
	 * a damaged capture may be any number: the sum then wraps around.
	 */
	uint64_t wall_offset_ns;
	struct lp_text_loops loops;
	struct lp_text_shows shows; /* for the summary of an interval */
	unsigned int stops_printed; /* ends of loops that ended in no stall */
	bool explain;
	bool no_intervals;
	int err; /* first failed write; nothing is written after it */
};

static void put_out(struct lp_text_sink *sink)
{
	size_t size;

	fflush(sink->file);
	size = (size_t)ftello(sink->file);
	if (!sink->terminal.utf8)
		size = terminal_make_ascii(sink->page, size, sink->page);
	if (!sink->err)
		sink->err = output_write(sink->out, sink->page, size);
	rewind(sink->file);
}

static void on_run(void *context, const struct lp_run *run)
{
	struct lp_text_sink *sink = context;

	sink->wall_offset_ns = run->start_unix_ns - run->start_ns;
	sink->shows.live = run->live;
	sink->shows.inner = run->inner;
	sink->shows.queue = run->queue;
	sink->shows.sampled = run->sampled;
	sink->shows.budget = run->budget_ppm != 0;
	sink->explain = run->explain;
	sink->no_intervals = run->no_intervals;
}

static void on_loop(void *context, const struct lp_loop_info *loop)
{
	struct lp_text_sink *sink = context;

	text_loops_add(&sink->loops, loop);
	sink->shows.hosts = sink->loops.hosts;
}

static void print_clock(const struct lp_text_sink *sink, uint64_t monotonic_ns)
{
	text_print_clock(sink->file, monotonic_ns + sink->wall_offset_ns);
}

static void on_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_text_sink *sink = context;

	if (slow->in_progress && !slow->at_end && slow->duration_ns < PROGRESS_LEAST_NS)
		return;
	print_clock(sink, slow->start_ns + slow->duration_ns);
	text_stall_print_slow(sink->file, &sink->terminal, &sink->loops, slow);
	put_out(sink);
}

static void on_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_text_sink *sink = context;

	if (slow->in_progress && !slow->at_end && slow->duration_ns < PROGRESS_LEAST_NS)
		return;
	print_clock(sink, slow_iteration_end_ns(slow));
	text_stall_print_iteration(sink->file, &sink->terminal, &sink->loops, slow,
				   sink->shows.sampled);
	put_out(sink);
}

/*
 * Prints the first finding of its kind at its place, and the first one whose origin is known; the
 * summary counts further ones.
 */
static void on_finding(void *context, const struct lp_finding *finding)
{
	struct lp_text_sink *sink = context;

	if (finding->before && !finding->first_origin)
		return;
	print_clock(sink, finding->time_ns);
	text_finding_print(sink->file, &sink->terminal, &sink->loops, finding);
	put_out(sink);
}

static void on_process_end(void *context, const struct lp_process_end *end)
{
	struct lp_text_sink *sink = context;

	if (!text_ending_matters(end))
		return;
	print_clock(sink, end->time_ns);
	text_ending_print(sink->file, &sink->terminal, &sink->loops, end);
	put_out(sink);
}

/*
 * Loops of worker threads come and go: of those that end in no stall, the first ones that have run
 * for a while are printed.
 */
static void on_loop_stopped(void *context, const struct lp_loop_stop_report *stop)
{
	struct lp_text_sink *sink = context;

	if (!stop->callback &&
	    (stop->ran_ns < STOPPED_LEAST_NS || sink->stops_printed >= STOPS_MOST))
		return;
	sink->stops_printed += !stop->callback;
	print_clock(sink, stop->time_ns);
	text_loop_stop_print(sink->file, &sink->terminal, stop);
	put_out(sink);
}

static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	struct lp_text_sink *sink = context;

	(void)total;
	if (sink->no_intervals)
		return;
	fputc('\n', sink->file);
	print_clock(sink, interval->now_ns);
	fputs("  ", sink->file);
	text_summary_print(sink->file, &sink->terminal, interval, &sink->shows);
	put_out(sink);
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct lp_text_sink *sink = context;
	struct lp_text_shows shows = sink->shows;

	(void)end;
	shows.histograms = true;
	fputc('\n', sink->file);
	text_summary_print(sink->file, &sink->terminal, total, &shows);
	text_findings_explain(sink->file, &sink->terminal, total, sink->explain);
	put_out(sink);
}

static int close_text(struct lp_sink *base)
{
	struct lp_text_sink *sink = (struct lp_text_sink *)base;
	int err = sink->err;

	if (sink->out) {
		int closed = output_close(sink->out);

		err = err ? err : closed;
	}
	if (sink->file)
		fclose(sink->file);
	free(sink->page);
	free(sink);
	return err;
}

static int open_text(const char *path, const struct lp_terminal *terminal, struct lp_sink **result,
		     struct lp_error *error)
{
	struct lp_text_sink *sink = calloc(1, sizeof(*sink));
	int err;

	if (!sink)
		return error_set(error, -ENOMEM, "out of memory");
	sink->file = open_memstream(&sink->page, &sink->page_size);
	err = sink->file
		      ? (terminal->whole ? output_open_whole : output_open)(path, &sink->out, error)
		      : error_set(error, -ENOMEM, "out of memory");
	if (err) {
		close_text(&sink->sink);
		return err;
	}
	sink->terminal = *terminal;
	sink->sink.observer.run = on_run;
	sink->sink.observer.process_end = on_process_end;
	sink->sink.observer.loop_stopped = on_loop_stopped;
	sink->sink.observer.loop = on_loop;
	sink->sink.observer.slow = on_slow;
	sink->sink.observer.slow_iteration = on_slow_iteration;
	sink->sink.observer.finding = on_finding;
	sink->sink.observer.interval = on_interval;
	sink->sink.observer.end = on_end;
	sink->sink.close = close_text;
	*result = &sink->sink;
	return 0;
}

const struct lp_format text_format = {
	.name = "text",
	.suffix = ".txt",
	.open = open_text,
};
