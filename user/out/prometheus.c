// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prometheus text 0.0.4 and OpenMetrics 1.0: the same series, rewritten as a whole
 * file on each interval.  No timestamps: node_exporter skips a file that has one.
 */
#include "../findings.h"
#include "escape.h"
#include "file.h"
#include "series.h"
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* node_exporter runs as a user of its own. */
#define METRICS_MODE 0644

struct metrics_sink {
	struct lp_sink sink;
	struct lp_snapshot *snapshot;
	struct lp_series series;
	char *path;
	bool openmetrics;
	bool queue;
	bool sampled;
	bool lifetimes;
	bool failing; /* the last version could not be written, and that has been told */
	uint64_t threshold_ns;
	uint64_t start_unix_ns;
	int err; /* first failure */
};

/* One version of the file. */
struct page {
	FILE *out;
	bool openmetrics;
	char separator; /* before the next label */
};

struct family {
	const char *name; /* without the _total of a counter */
	const char *type;
	const char *unit; /* NULL: none */
	const char *help;
};

/* clang-format off */
static const struct {
	struct family family;
	size_t value; /* in struct lp_loop_series */
} loop_counters[] = {
	{ { "loopprof_loop_busy_seconds", "counter", "seconds",
	    "Time that event loops spent between polls." },
	  offsetof(struct lp_loop_series, busy_ns) },
	{ { "loopprof_loop_idle_seconds", "counter", "seconds",
	    "Time that event loops spent in their polls." },
	  offsetof(struct lp_loop_series, idle_ns) },
	{ { "loopprof_loop_iterations", "counter", NULL,
	    "Iterations of event loops." },
	  offsetof(struct lp_loop_series, iterations) },
	{ { "loopprof_loop_callbacks", "counter", NULL,
	    "Callbacks that event loops ran." },
	  offsetof(struct lp_loop_series, callbacks) },
	{ { "loopprof_loop_slow_callbacks", "counter", NULL,
	    "Callbacks that ran for the slow threshold or longer." },
	  offsetof(struct lp_loop_series, slow_callbacks) },
};

static const struct family iteration_family = {
	"loopprof_loop_iteration_seconds", "histogram", "seconds",
	"Busy time of an iteration: the delay of an event that becomes ready meanwhile.",
};
/* Of a kind, not of a line or a system call: those are as many as the program has lines. */
static const struct family lost_time_family = {
	"loopprof_loop_lost_seconds", "counter", "seconds",
	"Time that event loops lost, by cause; on_cpu and gc: in late callbacks, by samples.",
};
static const struct family run_family = {
	"loopprof_callback_run_seconds", "histogram", "seconds",
	"Time that a callback held its event loop.",
};
static const struct family sampled_run_family = {
	"loopprof_callback_run_seconds", "histogram", "seconds",
	"Time that a callback held its event loop, by samples of late iterations only.",
};
static const struct family queue_family = {
	"loopprof_callback_queue_delay_seconds", "histogram", "seconds",
	"Time from when a callback was made ready to its start.",
};
/* Not loopprof_lost: that is what loopprof itself loses. */
static const struct family findings_family = {
	"loopprof_findings", "counter", NULL,
	"Coroutines, tasks, exceptions and callbacks of the program that got lost, by kind.",
};
static const struct family ended_family = {
	"loopprof_tasks_ended", "counter", NULL,
	"Tasks that have ended, by outcome.",
};
static const struct family lost_family = {
	"loopprof_lost", "counter", NULL,
	"Events and measurements that loopprof itself had to drop.",
};
static const struct family threshold_family = {
	"loopprof_slow_threshold_seconds", "gauge", "seconds",
	"Run time from which on a callback counts as slow.",
};
static const struct family start_family = {
	"loopprof_start_time_seconds", "gauge", "seconds",
	"Unix time at which loopprof began to count.",
};

/* 2^-20 to 2^6, exact, written as OpenMetrics wants a label's number to be. */
static const char *const edges[LP_SPREAD_EDGES] = {
	"9.5367431640625e-07", "1.9073486328125e-06", "3.814697265625e-06",
	"7.62939453125e-06", "1.52587890625e-05", "3.0517578125e-05", "6.103515625e-05",
	"0.0001220703125", "0.000244140625", "0.00048828125", "0.0009765625", "0.001953125",
	"0.00390625", "0.0078125", "0.015625", "0.03125", "0.0625", "0.125", "0.25", "0.5",
	"1.0", "2.0", "4.0", "8.0", "16.0", "32.0", "64.0",
};
/* clang-format on */

static const char *const lost_kinds[LP_LOST_KINDS] = {
	[LP_LOST_RING] = "events",	   [LP_LOST_LOOPS] = "loops",
	[LP_LOST_CALLBACKS] = "callbacks", [LP_LOST_READY] = "ready",
	[LP_LOST_IDENTITY] = "identity",   [LP_LOST_CAUSES] = "causes",
	[LP_LOST_FINDINGS] = "findings",   [LP_LOST_LIVES] = "lives",
};

static const char *const cause_kinds[LP_CAUSE_KINDS] = {
	[LP_CAUSE_ON_CPU] = "on_cpu",	    [LP_CAUSE_BLOCKED] = "blocked", [LP_CAUSE_GIL] = "gil",
	[LP_CAUSE_RUN_QUEUE] = "run_queue", [LP_CAUSE_GC] = "gc",
};

static const char *const outcomes[LP_OUTCOMES] = {
	[LP_OUTCOME_RETURNED] = "returned",
	[LP_OUTCOME_RAISED] = "raised",
	[LP_OUTCOME_CANCELLED] = "cancelled",
	[LP_OUTCOME_DESTROYED] = "destroyed",
};

static void write_head(struct page *page, const struct family *family)
{
	bool total = !page->openmetrics && !strcmp(family->type, "counter");
	const char *suffix = total ? "_total" : "";

	fprintf(page->out, "# HELP %s%s %s\n", family->name, suffix, family->help);
	fprintf(page->out, "# TYPE %s%s %s\n", family->name, suffix, family->type);
	if (page->openmetrics && family->unit)
		fprintf(page->out, "# UNIT %s %s\n", family->name, family->unit);
}

static void begin_sample(struct page *page, const struct family *family, const char *suffix)
{
	fprintf(page->out, "%s%s", family->name, suffix);
	page->separator = '{';
}

/* A label without a value is the same as none. */
static void write_label(struct page *page, const char *name, const char *value)
{
	if (!*value)
		return;
	fprintf(page->out, "%c%s=\"", page->separator, name);
	escape_label(page->out, value);
	putc('"', page->out);
	page->separator = ',';
}

static void end_labels(struct page *page)
{
	if (page->separator == ',')
		putc('}', page->out);
	putc(' ', page->out);
}

static void end_count(struct page *page, uint64_t value)
{
	end_labels(page);
	fprintf(page->out, "%" PRIu64 "\n", value);
}

/* Not with %f: its decimal point is the locale's, and a double is not exact. */
static void end_seconds(struct page *page, uint64_t ns)
{
	uint64_t fraction = ns % 1000000000;
	int digits = 9;

	end_labels(page);
	fprintf(page->out, "%" PRIu64, ns / 1000000000);
	while (fraction && fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	if (fraction)
		fprintf(page->out, ".%0*" PRIu64, digits, fraction);
	putc('\n', page->out);
}

static void write_loop_labels(struct page *page, const struct lp_loop_series *loop)
{
	write_label(page, "loop", loop->runtime);
	write_label(page, "service", loop->service);
	write_label(page, "container", loop->container);
}

/* callback: NULL if the histogram is not of one; without a name it is "other". */
static void write_labels(struct page *page, const struct lp_loop_series *loop,
			 const struct lp_callback_series *callback)
{
	write_loop_labels(page, loop);
	if (!callback)
		return;
	write_label(page, "callback", callback->name);
	write_label(page, "file", callback->file);
	if (callback->own)
		write_label(page, "kind", callback->kind == LP_MODEL_TASK ? "task" : "callback");
}

static void write_edge(struct page *page, size_t edge)
{
	const char *text = edges[edge];
	size_t length = strlen(text);
	char plain[32];

	/* text 0.0.4 writes whole numbers without a point */
	if (!page->openmetrics && length > 2 && !strcmp(text + length - 2, ".0"))
		length -= 2;
	snprintf(plain, sizeof(plain), "%.*s", (int)length, text);
	write_label(page, "le", plain);
}

static void write_spread(struct page *page, const struct family *family,
			 const struct lp_loop_series *loop,
			 const struct lp_callback_series *callback, const struct lp_spread *spread)
{
	uint64_t below = 0;
	size_t edge;

	for (edge = 0; edge <= LP_SPREAD_EDGES; edge++) {
		begin_sample(page, family, "_bucket");
		write_labels(page, loop, callback);
		if (edge < LP_SPREAD_EDGES)
			write_edge(page, edge);
		else
			write_label(page, "le", "+Inf");
		below += spread->counts[edge];
		end_count(page, below);
	}
	begin_sample(page, family, "_sum");
	write_labels(page, loop, callback);
	end_seconds(page, spread->sum_ns);
	begin_sample(page, family, "_count");
	write_labels(page, loop, callback);
	end_count(page, below);
}

static void write_lost_time(struct page *page, const struct lp_series *series)
{
	const struct lp_loop_series *loop;
	size_t kind;

	write_head(page, &lost_time_family);
	for (loop = series->loops; loop; loop = loop->next) {
		for (kind = 0; loop->known && kind < LP_CAUSE_KINDS; kind++) {
			begin_sample(page, &lost_time_family, "_total");
			write_loop_labels(page, loop);
			write_label(page, "cause", cause_kinds[kind]);
			end_seconds(page, loop->lost_ns[kind]);
		}
	}
}

/* Of a loop that is not known, only what there is. */
static void write_findings(struct page *page, const struct lp_series *series, uint64_t beyond)
{
	const struct lp_loop_series *loop;
	size_t kind;

	write_head(page, &findings_family);
	for (loop = series->loops; loop; loop = loop->next) {
		for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
			if (!loop->known && !loop->findings[kind])
				continue;
			begin_sample(page, &findings_family, "_total");
			write_loop_labels(page, loop);
			write_label(page, "kind", finding_row((enum lp_finding_kind)kind)->name);
			end_count(page, loop->findings[kind]);
		}
	}
	if (!beyond)
		return;
	begin_sample(page, &findings_family, "_total");
	write_label(page, "kind", "other");
	end_count(page, beyond);
}

static void write_ended(struct page *page, const struct lp_series *series)
{
	const struct lp_loop_series *loop;
	size_t outcome;

	write_head(page, &ended_family);
	for (loop = series->loops; loop; loop = loop->next) {
		for (outcome = 0; loop->known && outcome < LP_OUTCOMES; outcome++) {
			begin_sample(page, &ended_family, "_total");
			write_loop_labels(page, loop);
			write_label(page, "outcome", outcomes[outcome]);
			end_count(page, loop->outcomes[outcome]);
		}
	}
}

static void write_loops(struct page *page, const struct lp_series *series)
{
	const struct lp_loop_series *loop;
	size_t i;

	for (i = 0; i < sizeof(loop_counters) / sizeof(*loop_counters); i++) {
		const struct family *family = &loop_counters[i].family;

		write_head(page, family);
		for (loop = series->loops; loop; loop = loop->next) {
			uint64_t value;

			if (!loop->known)
				continue;
			memcpy(&value, (const char *)loop + loop_counters[i].value, sizeof(value));
			begin_sample(page, family, "_total");
			write_loop_labels(page, loop);
			if (family->unit)
				end_seconds(page, value);
			else
				end_count(page, value);
		}
	}
	write_head(page, &iteration_family);
	for (loop = series->loops; loop; loop = loop->next)
		if (loop->known)
			write_spread(page, &iteration_family, loop, NULL, &loop->iteration);
}

/* spread: which of its times, an offset in struct lp_callback_times. */
static void write_callbacks(struct page *page, const struct lp_series *series,
			    const struct family *family, size_t spread)
{
	static const struct lp_callback_series other = { .name = (char *)"other",
							 .file = (char *)"" };
	const struct lp_callback_series *callback;
	const struct lp_loop_series *loop;

	write_head(page, family);
	for (loop = series->loops; loop; loop = loop->next) {
		for (callback = loop->own; callback; callback = callback->next)
			write_spread(page, family, loop, callback,
				     (const void *)((const char *)callback->times + spread));
		if (spread_count(&loop->other.run))
			write_spread(page, family, loop, &other,
				     (const void *)((const char *)&loop->other + spread));
	}
}

static void write_run(struct page *page, const struct metrics_sink *metrics,
		      const uint64_t lost[LP_LOST_KINDS])
{
	size_t kind;

	write_head(page, &lost_family);
	for (kind = 0; kind < LP_LOST_KINDS; kind++) {
		/* from these on: not measured in each run */
		if (kind >= LP_LOST_FINDINGS && !lost[kind])
			continue;
		begin_sample(page, &lost_family, "_total");
		write_label(page, "kind", lost_kinds[kind]);
		end_count(page, lost[kind]);
	}
	write_head(page, &threshold_family);
	begin_sample(page, &threshold_family, "");
	end_seconds(page, metrics->threshold_ns);
	write_head(page, &start_family);
	begin_sample(page, &start_family, "");
	end_seconds(page, metrics->start_unix_ns);
}

static int write_version(struct metrics_sink *metrics, const struct lp_summary *total)
{
	struct page page = { .openmetrics = metrics->openmetrics };
	int err = series_count(&metrics->series, total);

	if (!err)
		err = snapshot_begin(metrics->snapshot, &page.out);
	if (err)
		return err;
	write_loops(&page, &metrics->series);
	write_lost_time(&page, &metrics->series);
	if (metrics->series.any_findings)
		write_findings(&page, &metrics->series, total->findings_beyond);
	if (metrics->series.any_outcomes || metrics->lifetimes)
		write_ended(&page, &metrics->series);
	write_callbacks(&page, &metrics->series,
			metrics->sampled ? &sampled_run_family : &run_family,
			offsetof(struct lp_callback_times, run));
	if (metrics->queue)
		write_callbacks(&page, &metrics->series, &queue_family,
				offsetof(struct lp_callback_times, queue));
	write_run(&page, metrics, total->lost);
	if (page.openmetrics)
		fputs("# EOF\n", page.out);
	return snapshot_commit(metrics->snapshot);
}

static void write_total(struct metrics_sink *metrics, const struct lp_summary *total)
{
	int err = write_version(metrics, total);

	if (err && !metrics->failing)
		output_warn(metrics->path, err);
	metrics->failing = err;
	if (!metrics->err)
		metrics->err = err;
}

static void begin_run(void *context, const struct lp_run *run)
{
	struct metrics_sink *metrics = context;

	metrics->queue = run->queue;
	metrics->sampled = run->sampled;
	metrics->lifetimes = run->lifetimes;
	metrics->threshold_ns = run->threshold_ns;
	metrics->start_unix_ns = run->start_unix_ns;
}

static void write_interval(void *context, const struct lp_summary *interval,
			   const struct lp_summary *total)
{
	(void)interval;
	write_total(context, total);
}

static void write_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	(void)end;
	write_total(context, total);
}

static int metrics_close(struct lp_sink *sink)
{
	struct metrics_sink *metrics = (struct metrics_sink *)sink;
	int err = metrics->err;

	snapshot_free(metrics->snapshot);
	series_free(&metrics->series);
	free(metrics->path);
	free(metrics);
	return err;
}

static int metrics_open(const char *path, bool openmetrics, struct lp_sink **sink,
			struct lp_error *error)
{
	struct metrics_sink *metrics;
	int err;

	*sink = NULL;
	if (!path)
		return error_set(error, -EINVAL,
				 "metrics are rewritten as a whole file; name that file with -o");
	metrics = calloc(1, sizeof(*metrics));
	if (metrics)
		metrics->path = strdup(path);
	if (!metrics || !metrics->path) {
		free(metrics);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	metrics->openmetrics = openmetrics;
	metrics->sink.observer = (struct lp_observer){
		.run = begin_run,
		.interval = write_interval,
		.end = write_end,
	};
	metrics->sink.close = metrics_close;
	err = snapshot_new(path, METRICS_MODE, &metrics->snapshot, error);
	if (err) {
		metrics_close(&metrics->sink);
		return err;
	}
	*sink = &metrics->sink;
	return 0;
}

static int prom_open(const char *path, const struct lp_look *look, struct lp_sink **sink,
		     struct lp_error *error)
{
	(void)look;
	return metrics_open(path, false, sink, error);
}

static int openmetrics_open(const char *path, const struct lp_look *look, struct lp_sink **sink,
			    struct lp_error *error)
{
	(void)look;
	return metrics_open(path, true, sink, error);
}

const struct lp_format prom_format = {
	.name = "prom",
	.suffix = ".prom",
	.snapshot = true,
	.live = true,
	.open = prom_open,
};

const struct lp_format openmetrics_format = {
	.name = "openmetrics",
	.suffix = ".openmetrics",
	.snapshot = true,
	.live = true,
	.open = openmetrics_open,
};
