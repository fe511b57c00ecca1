/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sink writes what the model tells in one format.  One file a format; main.c
 * chooses by name or by the suffix of the output file.
 */
#ifndef LP_SINKS_SINK_H
#define LP_SINKS_SINK_H

#include "base/error.h"
#include "model/report.h"

#include <stdio.h>

struct lp_sink;

/* The format of a text sink; others use whole only. */
struct lp_terminal {
	bool colour;
	bool utf8;
	bool quiet;
	bool whole; /* the input has an end: a file appears only once it is whole */
	unsigned int columns;
};

struct lp_format {
	const char *name; /* what -f takes */
	const char *suffix; /* of a file that means this format, with its dot; or NULL */
	bool snapshot; /* written whole each time, through a temporary name */
	bool live; /* kept up to date while a run goes on: --export takes it */
	/*
	 * Opens a sink.  path: the file, or NULL for stdout (not with snapshot).
	 * A file that cannot be written is told here, before anything is attached.
	 */
	int (*open)(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		    struct lp_error *error);
	/* The same for --export, where that is another; or NULL. */
	int (*open_live)(const char *path, const struct lp_terminal *terminal,
			 struct lp_sink **sink, struct lp_error *error);
};

/*
 * Common head of every sink: a format's own struct begins with it.  The observer
 * is called with the sink as its context.
 */
struct lp_sink {
	struct lp_observer observer;
	/* Flushes, closes, frees; returns the first write error, or 0. */
	int (*close)(struct lp_sink *sink);
};

extern const struct lp_format text_format; /* sinks/text/text.c */
extern const struct lp_format json_format; /* sinks/json/json.c */
extern const struct lp_format prom_format; /* sinks/metrics/prometheus.c: Prometheus text 0.0.4 */
extern const struct lp_format openmetrics_format; /* sinks/metrics/prometheus.c: OpenMetrics 1.0 */
extern const struct lp_format otlp_format; /* sinks/metrics/otlp.c: OTLP JSON lines */
extern const struct lp_format folded_format; /* sinks/profiles/folded.c: stacks for flame graphs */
extern const struct lp_format pprof_format; /* sinks/profiles/pprof.c */
extern const struct lp_format speedscope_format; /* sinks/profiles/speedscope.c */
extern const struct lp_format trace_format; /* sinks/profiles/perfetto.c: Perfetto's */
extern const struct lp_format hlog_format; /* sinks/tables/hdr_log.c: HdrHistogram's log */
extern const struct lp_format csv_format; /* sinks/tables/csv.c: callbacks */
extern const struct lp_format csv_stalls_format; /* sinks/tables/csv.c: stalls */
extern const struct lp_format html_format; /* sinks/html/html.c: a page for a browser */

/* By name, or by the suffix of a path; NULL if there is none. */
const struct lp_format *format_by_name(const char *name);
const struct lp_format *format_by_path(const char *path);

#define LP_FORMAT_NAMES_MAX 256

/*
 * Writes the names of all formats, or of those that --export takes, and returns the text:
 * "text, json and prom", where the word is "and".
 */
const char *format_names(char *names, size_t size, bool live, const char *word);

#endif /* LP_SINKS_SINK_H */
