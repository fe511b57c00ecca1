/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's side towards decode/. */
#ifndef LP_MODEL_EVENTS_H
#define LP_MODEL_EVENTS_H

#include "../decode/decode.h"
#include "model.h"

/* To be given to decode_event, with the model as context. */
extern const struct lp_event_handlers model_handlers;

/* Begins a run: told to the observer before anything else. */
void model_begin(struct lp_model *model, const struct lp_run *run);

/*
 * Time goes by: what waits to be told whole, but has waited too long, is told as
 * it is.  now_ns is CLOCK_MONOTONIC, or the time of the last event of a capture.
 */
void model_advance(struct lp_model *model, uint64_t now_ns);

/* Ends a run whose LP_EVENT_END never came (a capture that was cut). */
void model_end_early(struct lp_model *model, uint64_t now_ns);

#endif /* LP_MODEL_EVENTS_H */
