/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a live run, for profile.c and turns.c only. */
#ifndef LP_COMMANDS_PROFILE_H
#define LP_COMMANDS_PROFILE_H

#include "governor.h"
#include "discovery/launch.h"
#include "discovery/targets.h"
#include "open_sinks.h"
#include "capture/recorder.h"
#include "capture_counts.h"

struct lp_profile {
	const struct lp_options *options;
	struct lp_run run;
	char host[80];
	struct lp_session *session;
	struct lp_live *live;
	struct lp_targets *targets;
	struct lp_governor governor;
	struct lp_launch *launch;
	/* CLOCK_MONOTONIC instant until which a launched program has to load Python */
	uint64_t search_end_ns;
	/* the run ended while the launched program was searched for Python; reason is set then */
	bool ended_early;
	enum lp_run_end_reason reason;
	bool failed; /* the run has ended before its time by a fault, which was reported */
	bool killed; /* the launched program was killed, as it cannot be profiled */
	struct lp_open_sinks output;
	struct lp_capture_counts counts;
	struct lp_recorder_totals totals;
	struct lp_recorder *recorder; /* record: writes the capture; NULL: another command */
	int epoll, signals;
};

/*
 * Runs the main loop and returns the reason for its end. Signals and the end of the run are checked
 * once a turn, and the work of a turn is bounded whatever the targets do.
 */
enum lp_run_end_reason profile_run(struct lp_profile *profile);

#endif /* LP_COMMANDS_PROFILE_H */
