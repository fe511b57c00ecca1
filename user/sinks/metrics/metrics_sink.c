// SPDX-License-Identifier: BSD-2-Clause
#include "metrics_sink.h"

#include "files/output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes at each interval even after a failure, as its reason may have ended: a full disk. */
static void write_total(struct lp_metrics_sink *sink, const struct lp_summary *total)
{
	int err = metrics_count(&sink->metrics, total);

	if (!err)
		err = sink->output->write(sink);
	if (err) {
		export_failed(sink->output->kind);
		/* the reader of stdout may have enough */
		if (!sink->err && err != -EPIPE)
			output_warn(sink->path, err);
	} else if (sink->err) {
		output_note_again(sink->path);
	}
	sink->err = err;
}

static void begin_run(void *context, const struct lp_run *run)
{
	struct lp_metrics_sink *sink = context;

	metrics_begin(&sink->metrics, run, sink->output->by_host);
	snprintf(sink->host, sizeof(sink->host), "%s", run->host ? run->host : "");
}

static void take_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_metrics_sink *sink = context;

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

static int close_sink(struct lp_sink *base)
{
	struct lp_metrics_sink *sink = (struct lp_metrics_sink *)base;
	int closed = sink->output->close(sink), err = sink->err ? sink->err : closed;

	metrics_free(&sink->metrics);
	free(sink->path);
	free(sink);
	return err;
}

int metrics_sink_open(const struct lp_metrics_output *output, const char *path,
		      struct lp_sink **base, struct lp_error *error)
{
	struct lp_metrics_sink *sink = calloc(1, output->size);
	int err;

	*base = NULL;
	if (sink && path)
		sink->path = strdup(path);
	if (!sink || (path && !sink->path)) {
		free(sink);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	sink->output = output;
	sink->sink.observer = (struct lp_observer){
		.run = begin_run,
		.slow = output->exemplars ? take_slow : NULL,
		.interval = output->intervals ? write_interval : NULL,
		.end = write_end,
	};
	sink->sink.close = close_sink;
	err = output->open(sink, error);
	if (err) {
		close_sink(&sink->sink);
		return err;
	}
	*base = &sink->sink;
	return 0;
}
