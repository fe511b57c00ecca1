/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of machine-readable formats for the kinds of a report: each kind has one row.
 * Texts for people have words of their own.  A number that is no kind has the name "".
 */
#ifndef LP_MODEL_NAMES_H
#define LP_MODEL_NAMES_H

#include "report.h"

#include <stddef.h>

/* enum lp_cause_kind: "on_cpu" */
const char *cause_name(size_t kind);

/* enum lp_lost_kind: "callbacks" in metrics. */
const char *lost_kind_name(size_t kind);

/* enum lp_limited_kind: "events" */
const char *limited_kind_name(size_t kind);

/* enum lp_ending_kind: "out_of_memory" */
const char *ending_kind_name(size_t kind);
/* enum lp_loop_activity: "busy" */
const char *activity_name(size_t activity);
/* enum lp_signal_origin: "kernel" */
const char *loop_stop_name(size_t reason);
const char *signal_origin_name(size_t origin);
/* enum lp_run_end_reason: "target_exited" */
const char *end_reason_name(size_t reason);

/* enum lp_model_kind: "task" or "callback" */
const char *callback_kind_name(size_t kind);

/* enum lp_frame_kind: "native" */
const char *frame_kind_name(size_t kind);

/* enum lp_outcome, of a task: "cancelled" */
const char *outcome_name(size_t outcome);

#endif /* LP_MODEL_NAMES_H */
