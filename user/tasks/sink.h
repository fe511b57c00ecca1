/* SPDX-License-Identifier: BSD-2-Clause */
/* The interface of the outputs of `loopprof tasks`: text and JSON lines. */
#ifndef LP_TASKS_SINK_H
#define LP_TASKS_SINK_H

#include "base/error.h"
#include "options/options.h"
#include "diff.h"

struct lp_tasks_run {
	const char *tool; /* "loopprof X.Y.Z" */
	const char *host;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_unix_ns;
};

struct lp_tasks_end {
	uint64_t end_ns;
	const char *reason; /* "done", "interrupt" or "target_exited" */
	bool partial; /* some tasks may be missing from the lists */
	bool ended_partial; /* some tasks that have ended may be missing */
	/* longest time that a process was stopped for reading, ns; 0: none was */
	uint64_t paused_ns;
};

struct lp_tasks_sink {
	void (*begin)(struct lp_tasks_sink *sink, const struct lp_tasks_run *run);
	/* Reports a new loop, before anything else about it. */
	void (*loop)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot,
		     size_t loop);
	/* Reports the first snapshot of a process in full. */
	void (*snapshot)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot);
	/* Reports the differences between two snapshots. */
	void (*change)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *before,
		       const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change);
	/*
	 * Reports the last snapshot in full, when --watch was interrupted after a later one than
	 * the first.
	 */
	void (*last)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot);
	void (*end)(struct lp_tasks_sink *sink, const struct lp_tasks_end *end);
	/* Flushes, closes and frees the sink.  Returns the first write error, or 0. */
	int (*close)(struct lp_tasks_sink *sink);
};

/* Opens a sink on stdout.  Returns NULL if out of memory. */
struct lp_tasks_sink *tasks_text_open(const struct lp_options *options);
struct lp_tasks_sink *tasks_json_open(const struct lp_options *options);

#endif /* LP_TASKS_SINK_H */
