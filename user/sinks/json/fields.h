/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of the JSON format.  Functions that write a line leave it open: no
 * closing brace, as the caller may have something to add.
 */
#ifndef LP_SINKS_JSON_FIELDS_H
#define LP_SINKS_JSON_FIELDS_H

#include "model/report.h"

#include <stdio.h>

/* ---- json_parts.c: what several lines have ------------------------------- */

void json_string(FILE *out, const char *text);
/* null if the text is empty or NULL */
void json_string_or_null(FILE *out, const char *text);
/* 0: of no loop */
uint32_t json_loop_id(const struct lp_loop_info *loop);
/* "comm" to "container" of a loop: what runs it */
void json_program(FILE *out, const struct lp_loop_info *loop);
/* "name", "file" and "line" of a callback */
void json_place(FILE *out, const struct lp_callback_info *callback);
void json_frame(FILE *out, const struct lp_shown_frame *frame);
void json_frame_or_null(FILE *out, const struct lp_shown_frame *frame);
/* name: of the array; what is amiss with it is told by fields named after it. */
void json_stack(FILE *out, const char *name, const struct lp_stack *stack);

/* ---- json_stall.c: why the loop stood still ------------------------------- */

void json_slow_callback(FILE *out, const struct lp_slow_callback *slow);
void json_slow_iteration(FILE *out, const struct lp_slow_iteration *slow);

/* ---- json_summary.c -------------------------------------------------------- */

void json_self(FILE *out, const struct lp_self *self);
void json_loop_summary(FILE *out, const struct lp_loop_summary *summary);
void json_callback_summary(FILE *out, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *summary, bool queue, bool sampled);
void json_limited(FILE *out, const struct lp_limited *limited);
void json_cause_summary(FILE *out, const struct lp_loop_info *loop, const struct lp_cause *cause);
void json_task_summary(FILE *out, const struct lp_loop_info *loop,
		       const struct lp_callback_summary *summary);

/* ---- json_findings.c: what got lost ---------------------------------------- */

void json_lost(FILE *out, const struct lp_finding *finding);
void json_lost_summary(FILE *out, const struct lp_finding_count *count);

#endif /* LP_SINKS_JSON_FIELDS_H */
