/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry of records of one or more sources into the model. */
#ifndef LP_MODEL_EVENTS_H
#define LP_MODEL_EVENTS_H

#include "wire/decode.h"
#include "model.h"

/* Handlers for decode_event; their context is the model. */
extern const struct lp_event_handlers model_handlers;

/*
 * Decodes a record into the model.  Returns the result of decode_event; a record with
 * impossible times is counted as lost (LP_LOST_INSTANTS).
 */
int model_take(struct lp_model *model, const struct lp_event *record);

/* Begins a run of one source, number 0, and reports the run to the observer. */
void model_begin(struct lp_model *model, const struct lp_run *run);

/*
 * Adds a source of events: one capture, or several segments of a capture that follow one another,
 * each with the counters of the one before it.  All sources are added before model_start().  The
 * texts of the run belong to the caller and outlive the model.  Returns the number of the source,
 * from 0 on, or -ENOMEM.
 */
int model_add_source(struct lp_model *model, const struct lp_run *run);

/* Ends the adding of sources, and reports the run that they make up to the observer. */
void model_start(struct lp_model *model);

/*
 * Selects the source of all following events and calls of model_advance().  Events of several
 * sources are given in the order of wall time, so that two sources that recorded one process
 * are recognised.
 *
 * A segment of a capture that continues another one begins with a checkpoint.  It repeats the
 * processes, loops and names (LP_EVENT_TARGET, LABELS, LOOP, NAME, FRAME) and the state of the
 * counters (LOOP_STATS, CALLBACK_STATS, COVERAGE, RUN_QUEUE, LOST, SELF), and ends with
 * LP_EVENT_BASELINE.  If the segment before it has been read, the baseline changes nothing;
 * otherwise that state is subtracted from all later counts.  Events whose counts are added up
 * (CAUSE, TASK_END) must not be repeated.
 *
 * LP_EVENT_INTERVAL is reported for a single source only: several sources begin and end at
 * different times, so that no summary would cover all of them.
 *
 * Returns false if out of memory: then no event of that source may be given.
 */
bool model_select(struct lp_model *model, unsigned int source);

/*
 * Advances the time of the selected source: stalls and findings that have waited too long for
 * more events are reported as they are.  now_ns is CLOCK_MONOTONIC, or the time of the last event
 * of a capture.
 */
void model_advance(struct lp_model *model, uint64_t now_ns);

/*
 * Ends the run.  A source without LP_EVENT_END, as of a truncated capture, ends at now_ns of its
 * clock, or at its last event if now_ns is 0.  The end is reported to the observer once: here, or
 * at the LP_EVENT_END of a single source.
 */
void model_end_early(struct lp_model *model, uint64_t now_ns);

/* Ends a source that has no more events, and frees the memory that only events need. */
void model_end_source(struct lp_model *model, unsigned int source);

/* Returns the number of loops left out because another source recorded them at the same time. */
uint64_t model_overlaps(const struct lp_model *model);

#endif /* LP_MODEL_EVENTS_H */
