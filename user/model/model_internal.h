/* SPDX-License-Identifier: BSD-2-Clause */
/* Internals of the model: for the files of this folder only. */
#ifndef LP_MODEL_MODEL_INTERNAL_H
#define LP_MODEL_MODEL_INTERNAL_H

#include "awake.h"
#include "callbacks.h"
#include "endings.h"
#include "events.h"
#include "findings.h"
#include "pending_stalls.h"
#include "processes.h"
#include "limited.h"
#include "base/map.h"

struct lp_model_source;

struct lp_model_loop {
	struct lp_model_loop *next;
	struct lp_model_loop *next_own; /* next loop of the same source */
	struct lp_model_source *source; /* NULL for folded loops and model->other */
	struct lp_loop_info info;
	uint64_t start_ticks; /* start time of its process; 0: not known */
	struct lp_lost_time *causes;
	struct lp_segments *segments;
	struct lp_pending_stalls *stalls; /* NULL once it has ended */
	struct lp_callbacks callbacks;
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
	struct lp_loop_before *before; /* NULL: no interval has ended yet */
	struct lp_event_run_queue run_queue; /* the last event of this type */
	struct lp_cpu_waits cpu_waits; /* those of the last event, of all segments */
	struct lp_memory_waits memory_waits; /* those of the last event, of all segments */
	struct lp_event_memory_limit memory_limit; /* the last event of this type */
	char awake[LP_AWAKE_BYTES]; /* what the last LP_EVENT_AWAKE with a descriptor says, or "" */
	bool awake_in_interval; /* there was one with a descriptor */
	/* ns for which it was observed never to wait, and those before this interval */
	uint64_t awake_ns, awake_before_ns;
	/* the iterations of that time; 0: not known, in captures of earlier versions */
	uint64_t awake_iterations, awake_iterations_before;
	uint64_t awake_until_ns; /* the instant of the last LP_EVENT_AWAKE; 0: none */
	struct lp_waiting_tasks tasks; /* of LP_EVENT_WAITING; waiting is 0 if there was none */
	/* counts before the first segment that is read of its source; NULL: none */
	struct lp_loop_base *base;
	uint64_t folded; /* number of ended loops counted here; 0: this is a single loop */
	uint64_t created_ns; /* when it was detected: none of its segments began earlier */
	uint64_t begin_ns; /* the instant at which observation began, in what is read */
	/* observed time up to its last state, and at the last interval; sums for folded loops */
	uint64_t wall_ns, wall_before_ns;
	bool read; /* its source was read to the end without an event of the loop's end */
	bool frozen; /* its counts need no baseline: a later LP_EVENT_BASELINE is ignored */
	uint64_t end_ns; /* 0 until the loop ends */
	struct lp_last_stall *last; /* its last slow callback; NULL: none */
	bool process_ended; /* the end of its process was reported */
	uint64_t ends[LP_ENDING_KINDS], ends_before[LP_ENDING_KINDS];
};

/* The counts at the end of the last interval. */
struct lp_loop_before {
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
	struct lp_memory_waits memory_waits;
};

/* Counts to be subtracted from all later events of a loop. */
struct lp_loop_base {
	struct lp_event_loop_stats stats;
	struct lp_event_coverage coverage;
	struct lp_event_run_queue run_queue;
	struct lp_cpu_waits cpu_waits;
	struct lp_memory_waits memory_waits;
};

/* The meaning of a callback slot of the BPF side, and its counts in the last event. */
struct lp_model_slot {
	struct lp_model_loop *loop;
	struct lp_model_callback *callback;
	struct lp_callback_info *name; /* the slot's own name if callback is "other"; else NULL */
	uint64_t slow;
	struct lp_histogram run;
	struct lp_histogram *queue; /* NULL while it is empty */
};

/* The slots of a source.  The struct is large: only sources that are being read have one. */
struct lp_model_slots {
	struct lp_model_loop *loops[LP_MAX_LOOPS];
	bool overlapped[LP_MAX_LOOPS]; /* another source counts the loop, so this one does not */
	struct lp_model_slot *callbacks[LP_MAX_CALLBACKS];
};

/* One source of events: a live run, or the segments of one capture. */
struct lp_model_source {
	struct lp_run run;
	struct lp_frames *frames;
	struct lp_findings *findings;
	struct lp_processes targets;
	struct lp_endings endings;
	struct lp_model_loop *own; /* its loops, newest first, linked by next_own */
	struct lp_model_slots *slots; /* NULL before its first event and after its last */
	uint64_t lost[LP_LOST_KINDS], lost_base[LP_LOST_KINDS];
	uint64_t impossible; /* number of records that were ignored for their impossible times */
	struct lp_limited_list limited;
	bool self_known;
	struct lp_event_self self, self_base;
	uint64_t last_event_ns;
	/* number of LP_EVENT_LOST; 1 at a baseline means that no segment was read before it */
	size_t lost_reported;
	bool begun; /* there was a baseline */
	bool waiting; /* stalls may be pending */
	bool ended;
	uint64_t end_ns;
	enum lp_run_end_reason reason;
};

struct lp_model {
	const struct lp_observer *observer;
	void *context;
	struct lp_run run; /* the run of all sources together */
	char host[32]; /* text for run.host if there are several hosts */
	struct lp_source_lines *places;
	struct lp_model_source **sources;
	size_t source_count;
	struct lp_model_source *source; /* the selected source of events; its slots are allocated */
	struct lp_model_source *first; /* the earliest source; the end of the run is in its clock */
	struct lp_model_loop *loops, **last_loop;
	/* loops by boot, process and thread, which several may have; empty with a single source */
	struct lp_map alike;
	size_t loop_count; /* length of the list loops */
	size_t ended_count; /* ended loops in that list that are not folded */
	size_t folded_count; /* folded loops in that list */
	struct lp_map folded; /* folded loops by their labels */
	size_t read_count; /* loops with lp_model_loop.read in that list */
	uint32_t loop_ids;
	size_t callback_count; /* callbacks of all loops */
	/* callbacks without a slot of their own, of all loops together */
	struct lp_model_loop other;
	uint64_t lost_before[LP_LOST_KINDS];
	uint64_t interval_start_ns;
	uint64_t overlaps;
	bool ended;
};

/* Returns the loop of an event; NULL if it is not known or not counted. */
struct lp_model_loop *model_loop_of(struct lp_model *model, const struct lp_event *event);
void loop_events_begin(struct lp_model *model, const struct lp_event_loop *event);
void loop_events_end(struct lp_model *model, const struct lp_event *event);
/* Handlers of events, whose context is the model. */
void loop_events_cpu_quota(void *context, const struct lp_event_cpu_quota *event);
void loop_events_memory_limit(void *context, const struct lp_event_memory_limit *event);
void loop_events_memory_waits(void *context, const struct lp_event_memory_waits *event);
void loop_events_steal(void *context, const struct lp_event_steal *event);
void loop_events_collections(void *context, const struct lp_event_collections *event);
void loop_events_cpu_waits(void *context, const struct lp_event_cpu_waits *event);
void loop_events_iteration_cpu_waits(void *context, const struct lp_event_cpu_waits *event);
void loop_events_run_queue(void *context, const struct lp_event_run_queue *event);
void loop_events_awake(void *context, const struct lp_event_awake *event);
void loop_events_awake_span(void *context, const struct lp_event_awake_span *event);
void loop_events_stopped(struct lp_model *model, const struct lp_event_loop_stopped *event);
/* Stores the slow callback that ended at that instant, as it may be the last one. */
void loop_events_slow(struct lp_model_loop *loop, uint64_t end_ns);
void process_end_take(struct lp_model *model, const struct lp_event_process_end *event);
/* Reports the end of a process that waits for the end of this loop, whose end_ns is set. */
void process_end_loop_ended(struct lp_model *model, struct lp_model_loop *loop);
/* Reports the ends that still wait for the end of a loop. */
void process_end_flush(struct lp_model *model, struct lp_model_source *source);
void model_free_loop(struct lp_model_loop *loop);
/* Fills in the labels that all loops of a process share.  known is NULL for an unknown process. */
void model_label(struct lp_loop_info *info, const struct lp_run *run,
		 const struct lp_model_target *known);
/* Returns the only running loop of a process of the source; NULL if there are none or several. */
struct lp_model_loop *model_only_loop(const struct lp_model *model, pid_t pid);

/* Appends a loop to the list and reports it. */
void model_add_loop(struct lp_model *model, struct lp_model_loop *loop);
/* Folds the oldest ended loop if there are more than LP_RETAINED_LOOPS. */
void model_fold(struct lp_model *model);
/* Marks the loops of a source that was read to its end, and folds those over LP_READ_LOOPS. */
void model_fold_read(struct lp_model *model, struct lp_model_source *source);

/* Returns whether another source counts the loop already, so that this one must not. */
bool source_overlaps(const struct lp_model *model, const struct lp_loop_info *info,
		     uint64_t start_ticks, uint64_t begun_ns);
/* Adds a loop of a source to the lists, or removes it. */
void source_add_loop(struct lp_model *model, struct lp_model_loop *loop);
void source_drop_loop(struct lp_model *model, struct lp_model_loop *loop);
void source_free_slots(struct lp_model_source *source);
void source_advance(struct lp_model_source *source, uint64_t now_ns);
void source_end(struct lp_model *model, struct lp_model_source *source, uint64_t now_ns,
		enum lp_run_end_reason reason);
/* Takes the counts so far as the baseline: they were counted before the segment began. */
void source_baseline(struct lp_model_source *source);
/* Empties a slot, before it gets another callback.  Its counts are in the callback already. */
void model_slot_clear(struct lp_model_slot *slot);
void model_slot_free(struct lp_model_slot **slot);

/* Limits the busy time of a loop to its window; the rest is idle. */
static inline uint64_t model_busy(uint64_t busy_ns, uint64_t wall_ns)
{
	return busy_ns < wall_ns ? busy_ns : wall_ns;
}

/* Report the summaries of an interval and of the run to the observer. */
void model_report_interval(struct lp_model *model, uint64_t now_ns);
void model_report_end(struct lp_model *model, const struct lp_run_end *end);

#endif /* LP_MODEL_MODEL_INTERNAL_H */
