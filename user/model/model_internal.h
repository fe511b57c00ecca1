/* SPDX-License-Identifier: BSD-2-Clause */
/* What the model is made of: for the files of this folder only. */
#ifndef LP_MODEL_MODEL_INTERNAL_H
#define LP_MODEL_MODEL_INTERNAL_H

#include "callbacks.h"
#include "events.h"
#include "findings.h"
#include "pending_stalls.h"
#include "processes.h"
#include "limited.h"

struct lp_model_source;

struct lp_model_loop {
	struct lp_model_loop *next;
	struct lp_model_loop *next_own; /* of the same source */
	struct lp_model_loop *next_alike; /* in the same bucket, of model->alike or ->folded */
	struct lp_model_source *source; /* NULL: folded, or of no loop */
	struct lp_loop_info info;
	uint64_t start_ticks; /* of its process; 0: not known */
	struct lp_lost_time *causes;
	struct lp_segments *segments;
	struct lp_pending_stalls *stalls; /* NULL once it has ended */
	struct lp_callbacks callbacks;
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
	struct lp_loop_before *before; /* NULL: no interval has ended yet */
	struct lp_event_run_queue run_queue; /* as it was told last */
	/* NULL unless its source goes on where another file ended: counted before that */
	struct lp_loop_base *base;
	uint64_t folded; /* loops that have ended and are counted here; 0: it is one itself */
	uint64_t created_ns; /* when it was found: none of its segments began earlier */
	uint64_t begin_ns; /* the instant since which it is watched, in this file */
	/* the time that it has been watched, by its last state; for folded ones the sum */
	uint64_t wall_ns, wall_before_ns;
	bool read; /* its source has been read, and has no event of its end */
	bool frozen; /* what was told of it stays: a baseline changes nothing */
	uint64_t end_ns; /* 0 while it lives */
};

/* The counts at the end of the last interval. */
struct lp_loop_before {
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
};

/* What is to be subtracted from what is told of a loop. */
struct lp_loop_base {
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
	struct lp_event_run_queue run_queue;
};

/* A callback slot of the BPF side, while somebody uses it. */
struct lp_model_slot {
	struct lp_model_loop *loop;
	struct lp_model_callback *callback;
	struct lp_callback_info *name; /* its own, where the callback is "other"; else NULL */
	uint64_t slow;
	struct lp_histogram run; /* its state when it was told last */
	struct lp_histogram *queue; /* NULL while it is empty */
};

/* The meanings of a source's slots.  The struct is large: only sources being read have it. */
struct lp_model_slots {
	struct lp_model_loop *loops[LP_MAX_LOOPS];
	bool overlapped[LP_MAX_LOOPS]; /* the loop is another source's as well, and not counted */
	struct lp_model_slot *callbacks[LP_MAX_CALLBACKS];
};

/* One run of events: what runs live, or one capture, or several that go on one after the other. */
struct lp_model_source {
	struct lp_run run;
	struct lp_frames *frames;
	struct lp_findings *findings;
	struct lp_processes targets;
	struct lp_model_loop *own; /* its loops, the newest first: next_own */
	struct lp_model_slots *slots; /* NULL before its first event, and once it is read */
	uint64_t lost[LP_LOST_KINDS], lost_base[LP_LOST_KINDS];
	uint64_t impossible; /* records that were left out here, as their times are impossible */
	struct lp_limited_list limited;
	bool self_known;
	struct lp_event_self self, self_base;
	uint64_t last_event_ns;
	size_t lost_reported; /* times, up to the next baseline: once if nothing was read before it */
	bool begun; /* there was a baseline */
	bool waiting; /* a stall may wait to be told whole */
	bool ended;
	uint64_t end_ns;
	enum lp_end_reason reason;
};

#define LP_ALIKE_BUCKETS 4096
#define LP_FOLDED_BUCKETS 256

struct lp_model {
	const struct lp_observer *observer;
	void *context;
	struct lp_run run; /* of all sources */
	char host[32]; /* its host, where there are several */
	struct lp_source_lines *places;
	struct lp_model_source **sources;
	size_t source_count;
	struct lp_model_source *source; /* the source of the next events; it has its slots */
	struct lp_model_source *first; /* that began first: instants are told in its clock */
	struct lp_model_loop *loops, **last_loop;
	/* by boot, process and thread; only where there are several sources */
	struct lp_model_loop *alike[LP_ALIKE_BUCKETS];
	size_t loop_count; /* in that list */
	size_t ended_count; /* of those, that have ended and are counted by themselves */
	size_t folded_count; /* of those, that many are counted in */
	struct lp_model_loop *folded[LP_FOLDED_BUCKETS]; /* the same, by their labels */
	size_t read_count; /* loops of sources that were read that are counted by themselves */
	uint32_t loop_ids;
	size_t callback_count; /* of all loops */
	/* what found no slot of its own: of all loops together */
	struct lp_model_loop other;
	uint64_t lost_before[LP_LOST_KINDS];
	uint64_t interval_start_ns;
	uint64_t overlaps;
	bool ended;
};

/* The loop that an event is of; NULL if it is not known, or not counted. */
struct lp_model_loop *model_loop_of(struct lp_model *model, const struct lp_event *event);
void model_report_slow(void *context, const struct lp_slow_callback *slow);
void model_begin_loop(struct lp_model *model, const struct lp_event_loop *event);
void model_end_loop(struct lp_model *model, const struct lp_event *event);
void model_free_loop(struct lp_model_loop *loop);
/* Fills in what all loops of a process have in common; known: NULL if nothing is known of it. */
void model_label(struct lp_loop_info *info, const struct lp_run *run,
		 const struct lp_model_target *known);
/* The only loop of a process of the source that is alive; NULL if there are none or several. */
struct lp_model_loop *model_only_loop(const struct lp_model *model, pid_t pid);

/* Appends a loop to the list and tells it. */
void model_add_loop(struct lp_model *model, struct lp_model_loop *loop);
/* Of loops that have ended, the oldest of too many are counted together from now on. */
void model_fold(struct lp_model *model);
/* The same for loops of captures that have been read to their end. */
void model_fold_read(struct lp_model *model, struct lp_model_source *source);

/* Is it a loop that another source tells of as well?  Then it is not to be counted. */
bool source_overlaps(const struct lp_model *model, const struct lp_loop_info *info,
		     uint64_t start_ticks, uint64_t begun_ns);
/* Adds a loop of a source to the lists, or removes it. */
void source_add_loop(struct lp_model *model, struct lp_model_loop *loop);
void source_drop_loop(struct lp_model *model, struct lp_model_loop *loop);
void source_advance(struct lp_model_source *source, uint64_t now_ns);
void source_end(struct lp_model *model, struct lp_model_source *source, uint64_t now_ns,
		enum lp_end_reason reason);
/* What was told so far had been counted before the file began. */
void source_baseline(struct lp_model_source *source);
/* Keeps what a slot counted, before it comes to mean something else. */
void slot_clear(struct lp_model_slot *slot);
void slot_free(struct lp_model_slot **slot);

/* Since then; a counter may be read while it changes, so that no difference may wrap. */
/* Limits the busy time of a loop to its window; the rest is idle. */
static inline uint64_t model_busy(uint64_t busy_ns, uint64_t wall_ns)
{
	return busy_ns < wall_ns ? busy_ns : wall_ns;
}

/* The interval's and the run's summaries, told to the observer. */
void model_report_interval(struct lp_model *model, uint64_t now_ns);
void model_report_end(struct lp_model *model, const struct lp_run_end *end);

#endif /* LP_MODEL_MODEL_INTERNAL_H */
