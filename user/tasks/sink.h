/* SPDX-License-Identifier: BSD-2-Clause */
/* Who prints what was read: text for people, JSON for programs. */
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
	bool partial; /* there may be tasks that were not listed */
	uint64_t paused_ns; /* the longest that a process stood still; 0: none did */
};

struct lp_tasks_sink {
	void (*begin)(struct lp_tasks_sink *sink, const struct lp_tasks_run *run);
	/* A loop that was not there before, before what else is told of it. */
	void (*loop)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot,
		     size_t loop);
	/* The first look at a process: all there is. */
	void (*picture)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot);
	/* A later one. */
	void (*change)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *before,
		       const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change);
	/* The watch was interrupted: the last look once more, if it was not the first. */
	void (*last)(struct lp_tasks_sink *sink, const struct lp_tasks_snapshot *snapshot);
	void (*end)(struct lp_tasks_sink *sink, const struct lp_tasks_end *end);
	/* Flushes, closes, frees; returns the first write error, or 0. */
	int (*close)(struct lp_tasks_sink *sink);
};

/* Each on stdout.  NULL if out of memory. */
struct lp_tasks_sink *tasks_text_open(const struct lp_options *options);
struct lp_tasks_sink *tasks_json_open(const struct lp_options *options);

#endif /* LP_TASKS_SINK_H */
