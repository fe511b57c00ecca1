/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of the JSON format.  A function that writes a line omits its closing brace, as the
 * caller may add fields.
 */
#ifndef LP_SINKS_JSON_FIELDS_H
#define LP_SINKS_JSON_FIELDS_H

#include "model/report.h"

#include <stdio.h>

/* ---- fields.c: fields that several kinds of lines have ------------------- */

void json_string(FILE *out, const char *text);
/* Writes a string, or null if text is empty or NULL. */
void json_string_or_null(FILE *out, const char *text);
/* Returns the ID of a loop; 0 if loop is NULL. */
uint32_t json_loop_id(const struct lp_loop_info *loop);
/* Writes ,"comm" to "host": program, runtime and origin of a loop. */
void json_program(FILE *out, const struct lp_loop_info *loop);
/* Writes "name", "file" and "line" of a callback. */
void json_place(FILE *out, const struct lp_callback_info *callback);
void json_frame(FILE *out, const struct lp_shown_frame *frame);
void json_frame_or_null(FILE *out, const struct lp_shown_frame *frame);
/*
 * Writes an array of frames under a name.  An incomplete stack is followed by the field NAME_cut or
 * NAME_unreadable.
 */
void json_stack(FILE *out, const char *name, const struct lp_stack *stack);

/* ---- stall.c: slow callbacks and iterations ------------------------------- */

void json_slow_callback(FILE *out, const struct lp_slow_callback *slow);
void json_slow_iteration(FILE *out, const struct lp_slow_iteration *slow);

/* ---- summary.c: loops, callbacks, causes, tasks and loopprof itself -------- */

void json_self(FILE *out, const struct lp_self *self);
void json_loop_summary(FILE *out, const struct lp_loop_summary *summary);
void json_callback_summary(FILE *out, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *summary, bool queue, bool sampled);
void json_limited(FILE *out, const struct lp_limited *limited);
void json_cause_summary(FILE *out, const struct lp_loop_info *loop, const struct lp_cause *cause);
void json_task_summary(FILE *out, const struct lp_loop_info *loop,
		       const struct lp_callback_summary *summary);

/* ---- findings.c: findings and their counts --------------------------------- */

void json_lost(FILE *out, const struct lp_finding *finding);
void json_lost_summary(FILE *out, const struct lp_finding_count *count);

#endif /* LP_SINKS_JSON_FIELDS_H */
