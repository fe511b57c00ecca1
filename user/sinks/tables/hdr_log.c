// SPDX-License-Identifier: BSD-2-Clause
/*
 * HdrHistogram's interval log, version 1.3: a line for each histogram of each reported interval
 * and of the rest of the run.  The tag of a line names the loop or callback.
 */
#include "sinks/profiles/document.h"
#include "sinks/escape.h"
#include "hdr_histogram.h"
#include "base/array.h"
#include "base/intern.h"
#include "base/macros.h"
#include "sinks/profiles/stall_parts.h"
#include "sinks/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Limits of histograms reported by interval; the others are reported once, for the whole run. */
#define REPORTED_MAX 4096
#define REPORTED_BYTES_MAX (4 << 20)
#define KEY_MAX (LP_NAME_MAX + LP_FILE_MAX + 64)

enum log_kind { LOG_ITERATION, LOG_RUN, LOG_SAMPLED_RUN, LOG_QUEUE, LOG_KINDS };

/* Names of the kinds in tags. */
static const char *const kind_names[LOG_KINDS] = {
	[LOG_ITERATION] = "iteration",
	[LOG_RUN] = "run",
	[LOG_SAMPLED_RUN] = "sampled_run",
	[LOG_QUEUE] = "queue",
};

struct hlog_sink {
	struct lp_sink sink;
	struct lp_document document;
	struct lp_intern keys; /* subjects of the histograms reported by interval */
	struct lp_histogram *reported; /* sum of the reported intervals, by number of the key */
	size_t capacity; /* of reported, in histograms */
	uint64_t start_ns;
	uint64_t reported_ns; /* end of the last reported interval */
	bool no_intervals;
	bool sampled;
};

/* The subject of a histogram. */
struct subject {
	enum log_kind kind;
	const struct lp_loop_info *loop;
	const struct lp_callback_info *callback; /* NULL: the loop itself */
};

/* Writes a time in units of unit_ns, with three decimals and a point in any locale. */
static void write_thousandths(FILE *out, uint64_t ns, uint64_t unit_ns)
{
	fprintf(out, "%" PRIu64 ".%03" PRIu64, ns / unit_ns, ns % unit_ns / (unit_ns / 1000));
}

static void on_run(void *context, const struct lp_run *run)
{
	struct hlog_sink *hlog = context;
	time_t seconds = (time_t)(run->start_unix_ns / NS_PER_S);
	FILE *out = hlog->document.out;
	struct tm parts;
	char date[64] = "";

	hlog->start_ns = hlog->reported_ns = run->start_ns;
	hlog->no_intervals = run->no_intervals;
	hlog->sampled = run->sampled;
	if (gmtime_r(&seconds, &parts))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
	fputs("#[Logged by ", out);
	escape_folded(out, run->tool);
	fputs("; values are nanoseconds]\n#[Histogram log format version 1.3]\n#[StartTime: ", out);
	write_thousandths(out, run->start_unix_ns, NS_PER_S);
	fprintf(out, " (seconds since epoch), %s]\n#[BaseTime: ", date);
	write_thousandths(out, run->start_unix_ns, NS_PER_S);
	fputs(" (seconds since epoch)]\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
	      "\"Interval_Compressed_Histogram\"\n",
	      out);
}

static void write_tag(FILE *out, const struct subject *subject)
{
	const struct lp_callback_info *callback = subject->callback;

	fputs("Tag=", out);
	escape_tag(out, stall_parts_service(subject->loop));
	if (subject->loop && !subject->loop->folded)
		fprintf(out, "/%d", subject->loop->tid);
	fprintf(out, "/%s", kind_names[subject->kind]);
	if (!callback)
		return;
	putc('/', out);
	escape_tag(out, callback->name);
	if (!callback->file[0])
		return;
	putc('(', out);
	escape_tag(out, callback->file);
	fprintf(out, ":%" PRIu32 ")", callback->line);
}

/* Interval_Max is in milliseconds, as HdrHistogram's own writer converts nanoseconds. */
static void write_line(struct hlog_sink *hlog, const struct subject *subject,
		       const struct lp_histogram *histogram, uint64_t from_ns, uint64_t to_ns)
{
	FILE *out = hlog->document.out;
	char *text;
	int err = hdr_encode(histogram, &text);

	if (err) {
		document_fail(&hlog->document, err);
		return;
	}
	write_tag(out, subject);
	putc(',', out);
	write_thousandths(out, saturating_sub(from_ns, hlog->start_ns), NS_PER_S);
	putc(',', out);
	write_thousandths(out, saturating_sub(to_ns, from_ns), NS_PER_S);
	putc(',', out);
	write_thousandths(out, histogram_max(histogram), 1000000);
	fprintf(out, ",%s\n", text);
	free(text);
}

/*
 * Returns the sum of the reported intervals of a subject, at first empty.  NULL: the subject is
 * over the limit and not reported by interval, or out of memory.
 */
static struct lp_histogram *find_reported(struct hlog_sink *hlog, const struct subject *subject)
{
	char key[KEY_MAX];
	int size = snprintf(key, sizeof(key), "%u %d", subject->loop ? subject->loop->id : 0,
			    (int)subject->kind);
	uint32_t number;

	if (subject->callback)
		size += snprintf(key + size, sizeof(key) - (size_t)size, " %d %u %s %s",
				 (int)subject->callback->kind, subject->callback->line,
				 subject->callback->name, subject->callback->file);
	if (size < 0 || (size_t)size >= sizeof(key) ||
	    intern_number(&hlog->keys, key, (size_t)size, &number))
		return NULL;
	if (ARRAY_RESERVE_ZEROED(hlog->reported, hlog->capacity, number + 1UL, 16))
		return &hlog->reported[number];
	document_fail(&hlog->document, -ENOMEM);
	return NULL;
}

static void report_interval(struct hlog_sink *hlog, const struct subject *subject,
			    const struct lp_histogram *histogram, uint64_t to_ns)
{
	struct lp_histogram *reported = histogram_count(histogram) ? find_reported(hlog, subject)
								   : NULL;

	if (!reported)
		return;
	histogram_merge(reported, histogram);
	write_line(hlog, subject, histogram, hlog->reported_ns, to_ns);
}

static void report_rest(struct hlog_sink *hlog, const struct subject *subject,
			const struct lp_histogram *histogram, uint64_t to_ns)
{
	struct lp_histogram *reported = histogram_count(histogram) ? find_reported(hlog, subject)
								   : NULL;
	struct lp_histogram rest = *histogram;
	uint64_t from_ns = hlog->start_ns;

	if (reported && histogram_count(reported)) {
		histogram_subtract(&rest, histogram, reported);
		from_ns = hlog->reported_ns;
	}
	if (histogram_count(&rest))
		write_line(hlog, subject, &rest, from_ns, to_ns);
}

typedef void (*handler)(struct hlog_sink *hlog, const struct subject *subject,
			const struct lp_histogram *histogram, uint64_t to_ns);

static void report_loop(struct hlog_sink *hlog, const struct lp_loop_summary *loop, uint64_t to_ns,
			handler report)
{
	struct subject subject = { .kind = LOG_ITERATION, .loop = loop->loop };
	size_t i;

	if (loop->loop)
		report(hlog, &subject, &loop->iteration, to_ns);
	for (i = 0; i < loop->callback_count; i++) {
		subject.callback = loop->items[i].callback;
		subject.kind = hlog->sampled ? LOG_SAMPLED_RUN : LOG_RUN;
		report(hlog, &subject, &loop->items[i].run, to_ns);
		subject.kind = LOG_QUEUE;
		report(hlog, &subject, &loop->items[i].queue, to_ns);
	}
}

static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	struct hlog_sink *hlog = context;
	size_t i;

	(void)total;
	if (hlog->no_intervals)
		return;
	for (i = 0; i < interval->loop_count; i++)
		report_loop(hlog, &interval->loops[i], interval->now_ns, report_interval);
	hlog->reported_ns = interval->now_ns;
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct hlog_sink *hlog = context;
	size_t i;

	for (i = 0; i < total->loop_count; i++)
		report_loop(hlog, &total->loops[i], end->end_ns, report_rest);
	document_end(&hlog->document);
}

static int hlog_close(struct lp_sink *sink)
{
	struct hlog_sink *hlog = (struct hlog_sink *)sink;
	int err = document_close(&hlog->document);

	intern_free(&hlog->keys);
	free(hlog->reported);
	free(hlog);
	return err;
}

static int hlog_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	struct hlog_sink *hlog = calloc(1, sizeof(*hlog));
	int err;

	(void)terminal;
	*sink = NULL;
	if (!hlog)
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	intern_init(&hlog->keys, REPORTED_MAX, REPORTED_BYTES_MAX);
	hlog->sink.close = hlog_close;
	hlog->sink.observer = (struct lp_observer){
		.run = on_run,
		.interval = on_interval,
		.end = on_end,
	};
	err = document_open(&hlog->document, path, "hlog", false, error);
	if (err) {
		hlog_close(&hlog->sink);
		return err;
	}
	*sink = &hlog->sink;
	return 0;
}

const struct lp_format hlog_format = {
	.name = "hlog",
	.suffix = ".hlog",
	.open = hlog_open,
};
