// SPDX-License-Identifier: BSD-2-Clause
/*
 * OTLP JSON lines: metrics for the OpenTelemetry Collector's otlpjsonfile receiver.  --export
 * appends to its file at each interval; -f otlp writes once, at the end of the run.
 */
#include "files/append_file.h"
#include "files/output_file.h"
#include "metrics_sink.h"
#include "otlp_lines.h"
#include "sinks/sink.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>

/* The receiver, which runs as another user, must be able to read the file. */
#define LINES_MODE 0644
/* Size over which the file is renamed to FILE.1, replacing the previous one. */
#define FILE_BYTES (64 << 20)

struct otlp_sink {
	struct lp_metrics_sink base;
	struct lp_append *append; /* file of --export; else NULL */
	FILE *out; /* output of -f otlp; else NULL */
};

static int open_output(struct lp_metrics_sink *base, struct lp_error *error)
{
	struct otlp_sink *sink = (struct otlp_sink *)base;

	return output_open_whole(base->path, &sink->out, error);
}

static int open_file(struct lp_metrics_sink *base, struct lp_error *error)
{
	struct otlp_sink *sink = (struct otlp_sink *)base;

	return append_new(base->path, LINES_MODE, FILE_BYTES, &sink->append, error);
}

static int put_lines(struct otlp_sink *sink, const char *lines, size_t size)
{
	return sink->append ? append_lines(sink->append, lines, size)
			    : output_write(sink->out, lines, size);
}

static int write_lines(struct lp_metrics_sink *base)
{
	char *text = NULL;
	size_t size = 0;
	FILE *lines;
	int err;

	lines = open_memstream(&text, &size);
	if (!lines)
		return -ENOMEM;
	__fsetlocking(lines, FSETLOCKING_BYCALLER);
	otlp_write(lines, &base->metrics, base->host);
	err = ferror(lines) ? -ENOMEM : 0;
	if (fclose(lines))
		err = -ENOMEM;
	if (!err)
		err = put_lines((struct otlp_sink *)base, text, size);
	free(text);
	return err;
}

static int close_output(struct lp_metrics_sink *base)
{
	struct otlp_sink *sink = (struct otlp_sink *)base;

	append_free(sink->append);
	return sink->out ? output_close(sink->out) : 0;
}

static int otlp_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	static const struct lp_metrics_output output = {
		.size = sizeof(struct otlp_sink),
		.kind = LP_EXPORT_OTLP,
		.by_host = true,
		.exemplars = true,
		.open = open_output,
		.write = write_lines,
		.close = close_output,
	};

	(void)terminal;
	return metrics_sink_open(&output, path, sink, error);
}

static int otlp_open_live(const char *path, const struct lp_terminal *terminal,
			  struct lp_sink **sink, struct lp_error *error)
{
	static const struct lp_metrics_output output = {
		.size = sizeof(struct otlp_sink),
		.kind = LP_EXPORT_OTLP,
		.by_host = true,
		.exemplars = true,
		.intervals = true,
		.open = open_file,
		.write = write_lines,
		.close = close_output,
	};

	(void)terminal;
	return metrics_sink_open(&output, path, sink, error);
}

const struct lp_format otlp_format = {
	.name = "otlp",
	.suffix = ".otlp.jsonl",
	.live = true,
	.open = otlp_open,
	.open_live = otlp_open_live,
};
