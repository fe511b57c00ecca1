/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a live run: for profile.c and turns.c only. */
#ifndef LP_COMMANDS_PROFILE_H
#define LP_COMMANDS_PROFILE_H

#include "governor.h"
#include "discovery/launch.h"
#include "discovery/targets.h"
#include "open_sinks.h"
#include "capture/recorder.h"

struct lp_profile {
	const struct lp_options *options;
	struct lp_run run;
	char host[80];
	struct lp_session *session;
	struct lp_live *live;
	struct lp_targets *targets;
	struct lp_governor governor;
	struct lp_launch *launch;
	uint64_t search_end_ns; /* CLOCK_MONOTONIC: when a launched program is to be Python */
	bool ended_early; /* while the launched program was searched, for this reason: */
	enum lp_end_reason reason;
	bool killed; /* we ended the launched program, as it cannot be profiled */
	struct lp_open_sinks output;
	struct lp_recorder *recorder; /* record: instead of the output */
	int epoll, signals;
};

/*
 * Runs until the end, whose reason it returns.  Signals and the end of the run are looked
 * at once a turn, and the work of a turn has bounds, whatever the targets do.
 */
enum lp_end_reason profile_run(struct lp_profile *profile);

#endif /* LP_COMMANDS_PROFILE_H */
