// SPDX-License-Identifier: BSD-2-Clause
/*
 * OTLP JSON lines: metrics for the OpenTelemetry Collector's otlpjsonfile receiver.  --export
 * appends to its file at each interval; -f otlp writes once, at the end of the run.
 */
#include "files/append_file.h"
#include "files/output_file.h"
#include "otlp_lines.h"
#include "sinks/sink.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

/* The receiver, which runs as another user, must be able to read the file. */
#define LINES_MODE 0644
/* Size over which the file is renamed to FILE.1, replacing the previous one. */
#define FILE_BYTES (64 << 20)

struct otlp_sink {
	struct lp_sink sink;
	struct lp_append *append; /* file of --export; else NULL */
	FILE *out; /* output of -f otlp; else NULL */
	struct lp_metrics metrics;
	char *path; /* NULL: stdout */
	char host[80];
	int err; /* result of the last write */
};

static int put_lines(struct otlp_sink *sink, const char *lines, size_t size)
{
	return sink->append ? append_lines(sink->append, lines, size)
			    : output_write(sink->out, lines, size);
}

static int write_lines(struct otlp_sink *sink, const struct lp_summary *total)
{
	int err = metrics_count(&sink->metrics, total);
	char *text = NULL;
	size_t size = 0;
	FILE *lines;

	if (err)
		return err;
	lines = open_memstream(&text, &size);
	if (!lines)
		return -ENOMEM;
	__fsetlocking(lines, FSETLOCKING_BYCALLER);
	otlp_write(lines, &sink->metrics, sink->host);
	err = ferror(lines) ? -ENOMEM : 0;
	if (fclose(lines))
		err = -ENOMEM;
	if (!err)
		err = put_lines(sink, text, size);
	free(text);
	return err;
}

/* Writes at each interval even after a failure, as its reason may have ended: a full disk. */
static void write_total(struct otlp_sink *sink, const struct lp_summary *total)
{
	int err = write_lines(sink, total);

	if (err) {
		export_failed(LP_EXPORT_OTLP);
		if (!sink->err && err != -EPIPE)
			output_warn(sink->path, err);
	} else if (sink->err) {
		output_note_again(sink->path);
	}
	sink->err = err;
}

static void begin_run(void *context, const struct lp_run *run)
{
	struct otlp_sink *sink = context;

	/* with the host as a label, as captures of several hosts may be merged */
	metrics_begin(&sink->metrics, run, true);
	snprintf(sink->host, sizeof(sink->host), "%s", run->host ? run->host : "");
}

static void take_slow(void *context, const struct lp_slow_callback *slow)
{
	struct otlp_sink *sink = context;

	metrics_stall(&sink->metrics, slow);
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

static int otlp_close(struct lp_sink *base)
{
	struct otlp_sink *sink = (struct otlp_sink *)base;
	int err = sink->err, other;

	if (sink->out) {
		other = output_close(sink->out);
		if (!err)
			err = other;
	}
	append_free(sink->append);
	metrics_free(&sink->metrics);
	free(sink->path);
	free(sink);
	return err;
}

static int open_sink(const char *path, bool live, struct lp_sink **base, struct lp_error *error)
{
	struct otlp_sink *sink = calloc(1, sizeof(*sink));
	int err;

	*base = NULL;
	if (sink && path)
		sink->path = strdup(path);
	if (!sink || (path && !sink->path)) {
		free(sink);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	sink->sink.observer = (struct lp_observer){
		.run = begin_run,
		.slow = take_slow,
		.interval = live ? write_interval : NULL,
		.end = write_end,
	};
	sink->sink.close = otlp_close;
	err = live ? append_new(path, LINES_MODE, FILE_BYTES, &sink->append, error)
		   : output_open_whole(path, &sink->out, error);
	if (err) {
		otlp_close(&sink->sink);
		return err;
	}
	*base = &sink->sink;
	return 0;
}

static int otlp_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	(void)terminal;
	return open_sink(path, false, sink, error);
}

static int otlp_open_live(const char *path, const struct lp_terminal *terminal,
			  struct lp_sink **sink, struct lp_error *error)
{
	(void)terminal;
	return open_sink(path, true, sink, error);
}

const struct lp_format otlp_format = {
	.name = "otlp",
	.suffix = ".otlp.jsonl",
	.live = true,
	.open = otlp_open,
	.open_live = otlp_open_live,
};
