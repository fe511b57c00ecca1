/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sink writes the report of a run in one format.  LP_FORMATS lists the formats;
 * commands/open_sinks.c chooses one by its name or by the suffix of the output file.
 */
#ifndef LP_SINKS_SINK_H
#define LP_SINKS_SINK_H

#include "base/error.h"
#include "model/report.h"

#include <stdio.h>

struct lp_sink;

/* How a text sink prints; sinks of other formats ignore it. */
struct lp_terminal {
	bool colour;
	bool utf8;
	bool quiet;
	bool all_frames; /* no frames of a stack are folded into one line */
	bool whole; /* captures are read: the output file appears only when it is complete */
	unsigned int columns; /* width of a line */
};

struct lp_format {
	const char *name; /* value of -f */
	const char *suffix; /* file suffix that selects this format, with its dot; or NULL */
	bool snapshot; /* needs a file, which each version replaces as a whole */
	bool live; /* --export accepts it: the file is updated during the run */
	/*
	 * Opens a sink.  path: the file, or NULL for stdout (an error if snapshot is set).
	 * Returns 0, or a negative errno with a sentence in error.  A file that cannot be
	 * written is an error here, before a run attaches to its targets.
	 */
	int (*open)(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		    struct lp_error *error);
	/* Opens a sink for --export; NULL: open does that too. */
	int (*open_live)(const char *path, const struct lp_terminal *terminal,
			 struct lp_sink **sink, struct lp_error *error);
};

/*
 * Common head of every sink: the struct of a format begins with it.  The functions of the
 * observer get the sink as their context.
 */
struct lp_sink {
	struct lp_observer observer;
	/* Flushes, closes and frees the sink.  Returns 0 or the first write error. */
	int (*close)(struct lp_sink *sink);
};

/* clang-format off */
/* All formats, in the order of --help.  The file beside a row defines its NAME_format. */
#define LP_FORMATS(row)										\
	row(text) /* text/text.c */								\
	row(json) /* json/json.c */								\
	row(html) /* html/html.c: a page for a browser */					\
	row(prom) /* metrics/prometheus.c: Prometheus text 0.0.4 */				\
	row(openmetrics) /* metrics/prometheus.c: OpenMetrics 1.0 */				\
	row(otlp) /* metrics/otlp.c: OTLP JSON lines */						\
	row(folded) /* profiles/folded.c: stacks for flame graphs */				\
	row(pprof) /* profiles/pprof.c */							\
	row(speedscope) /* profiles/speedscope.c */						\
	row(trace) /* profiles/perfetto.c: Perfetto traces */					\
	row(hlog) /* tables/hdr_log.c: HdrHistogram logs */					\
	row(csv) /* tables/csv.c: callbacks */							\
	row(csv_stalls) /* tables/csv.c: stalls */
/* clang-format on */

#define LP_DECLARE_FORMAT(name) extern const struct lp_format name##_format;
LP_FORMATS(LP_DECLARE_FORMAT)

/* Return the format with a name, or that of a path by its suffix; NULL if there is none. */
const struct lp_format *format_by_name(const char *name);
const struct lp_format *format_by_path(const char *path);

#define LP_FORMAT_NAMES_MAX 256

/*
 * Writes the names of all formats, or if live is set of those that --export accepts, to names.
 * word precedes the last one: "text, json and prom" for "and".  Returns names.
 */
const char *format_names(char *names, size_t size, bool live, const char *word);

#endif /* LP_SINKS_SINK_H */
