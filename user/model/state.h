/* SPDX-License-Identifier: BSD-2-Clause */
/* What the model is made of: for the files of this folder only. */
#ifndef LP_MODEL_STATE_H
#define LP_MODEL_STATE_H

#include "events.h"
#include "findings.h"
#include "stalls.h"

/* What ran, once in its loop however often its code object was made anew. */
struct lp_model_callback {
	struct lp_model_callback *next;
	struct lp_callback_info info;
	/* of slots that were given back; the live ones add to it */
	uint64_t retired_slow;
	struct lp_histogram retired_run, retired_queue;
	/* at the last interval */
	uint64_t before_slow;
	struct lp_histogram before_run, before_queue;
	/* filled while a summary is made */
	uint64_t slow;
	struct lp_histogram run, queue;
	/* of tasks that have ended; NULL while there is nothing in them, as they are large */
	struct lp_lifetimes *lives, *before_lives, *interval_lives;
};

struct lp_model_loop {
	struct lp_model_loop *next;
	struct lp_loop_info info;
	struct lp_causes *causes;
	struct lp_watch *watch;
	struct lp_stalls *stalls;
	struct lp_model_callback *callbacks;
	size_t callback_count;
	struct lp_event_loop_stats stats, before;
	struct lp_event_coverage coverage, coverage_before;
	uint64_t end_ns; /* 0 while it lives */
};

/* A callback slot of the BPF side, while somebody uses it. */
struct lp_model_slot {
	struct lp_model_loop *loop;
	struct lp_model_callback *callback;
	struct lp_event_callback_stats stats;
};

/* A process, as its events tell it. */
struct lp_model_target {
	struct lp_event_target target;
	struct lp_event_labels labels;
};

struct lp_model {
	const struct lp_observer *observer;
	void *context;
	struct lp_run run;
	struct lp_frames *frames;
	struct lp_findings *findings;
	struct lp_model_loop *loops, **last_loop;
	size_t loop_count;
	struct lp_model_loop *by_slot[LP_MAX_LOOPS];
	struct lp_model_slot *slots[LP_MAX_CALLBACKS];
	struct lp_model_target *targets;
	size_t target_count;
	/* what found no slot of its own: of all loops together */
	struct lp_model_loop other;
	uint64_t lost[LP_LOST_KINDS], lost_before[LP_LOST_KINDS];
	bool self_known;
	struct lp_event_self self;
	uint64_t interval_start_ns;
	uint64_t last_event_ns;
	bool ended;
};

/* The interval's and the run's summaries, told to the observer. */
void model_tell_interval(struct lp_model *model, uint64_t now_ns);
void model_tell_end(struct lp_model *model, const struct lp_run_end *end);

#endif /* LP_MODEL_STATE_H */
