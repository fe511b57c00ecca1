/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sinks of metrics share: they count the summaries of a run, write them at each interval
 * and at the end, and report failures. A format adds how its output is opened, written and closed.
 */
#ifndef LP_SINKS_METRICS_METRICS_SINK_H
#define LP_SINKS_METRICS_METRICS_SINK_H

#include "metrics.h"
#include "sinks/sink.h"

struct lp_metrics_sink;

struct lp_metrics_output {
	size_t size; /* of the format's sink, which begins with a struct lp_metrics_sink */
	enum lp_export_kind kind; /* by which failures are counted */
	bool by_host; /* the host of a loop is a label, as captures of several hosts may be merged */
	bool exemplars; /* stalls are written as exemplars */
	bool intervals; /* the output is written at each interval, and not only at the end */
	/*
	 * Opens the output at sink->path. Returns 0, or a negative errno with a sentence in error;
	 * close is called then too.
	 */
	int (*open)(struct lp_metrics_sink *sink, struct lp_error *error);
	/* Writes all metrics.  Returns 0 or a negative errno. */
	int (*write)(struct lp_metrics_sink *sink);
	/* Closes what open has opened.  Returns 0 or a negative errno. */
	int (*close)(struct lp_metrics_sink *sink);
};

struct lp_metrics_sink {
	struct lp_sink sink;
	const struct lp_metrics_output *output;
	struct lp_metrics metrics;
	char *path; /* NULL: stdout */
	char host[80]; /* the host of the run; "": not known */
	int err; /* result of the last write */
};

int metrics_sink_open(const struct lp_metrics_output *output, const char *path,
		      struct lp_sink **sink, struct lp_error *error);

#endif /* LP_SINKS_METRICS_METRICS_SINK_H */
