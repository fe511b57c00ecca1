/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's side towards decode/. */
#ifndef LP_MODEL_EVENTS_H
#define LP_MODEL_EVENTS_H

#include "wire/decode.h"
#include "model.h"

/* To be given to decode_event, with the model as context. */
extern const struct lp_event_handlers model_handlers;

/*
 * Decodes a record into the model.  Returns what decode_event does; a record whose
 * times are impossible is counted as a loss (LP_LOST_INSTANTS).
 */
int model_take(struct lp_model *model, const struct lp_event *record);

/* Begins a run of one source, number 0: told to the observer before anything else. */
void model_begin(struct lp_model *model, const struct lp_run *run);

/*
 * One more source of events: a capture beside others, or several that follow one
 * another where each goes on with what the one before had counted.  All are added
 * before model_start().  The texts of the run stay the caller's and outlive the
 * model.  Returns its number, from 0 on, or -ENOMEM.
 */
int model_add_source(struct lp_model *model, const struct lp_run *run);

/* No more sources: tells the observer of the run that they are together. */
void model_start(struct lp_model *model);

/*
 * What follows is of that source: events, model_advance().  Those of several come
 * in the order of wall time, so that what two of them tell of one process meets.
 *
 * A source may be read from a file that goes on where another ended.  Such a file
 * repeats who runs what (LP_EVENT_TARGET, LABELS, LOOP, NAME, FRAME) and says how
 * far the counters were (LOOP_STATS, CALLBACK_STATS, COVERAGE, RUN_QUEUE, LOST,
 * SELF), then comes LP_EVENT_BASELINE.  Where the source has been read before,
 * that changes nothing; else what was counted by then is subtracted.  What adds to
 * something (CAUSE, TASK_END) must not be repeated.
 *
 * LP_EVENT_INTERVAL is told only of a source that is alone: those of several begin
 * and end at different times, and no summary would be of all.
 *
 * Returns false if there is no memory: then no event of that source may be given.
 */
bool model_select(struct lp_model *model, unsigned int source);

/*
 * Time goes by: what waits to be told whole, but has waited too long, is told as
 * it is.  now_ns is CLOCK_MONOTONIC, or the time of the last event of a capture.
 */
void model_advance(struct lp_model *model, uint64_t now_ns);

/*
 * Nothing more comes.  Ends each source whose LP_EVENT_END never came (a capture
 * that was cut) at now_ns of its clock, or, if that is 0, at its last event.  The
 * observer is told the end once: here, or at the LP_EVENT_END of a source that is
 * alone.
 */
void model_end_early(struct lp_model *model, uint64_t now_ns);

/* A source has no more events: memory that only events need is freed. */
void model_end_source(struct lp_model *model, unsigned int source);

/* Loops left out, as another source told of the same one at the same time. */
uint64_t model_overlaps(const struct lp_model *model);

#endif /* LP_MODEL_EVENTS_H */
