/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of the JSON format.  A function that writes a line leaves its object open, as the
 * caller may add fields.
 */
#ifndef LP_SINKS_JSON_FIELDS_H
#define LP_SINKS_JSON_FIELDS_H

#include "model/report.h"
#include "writer.h"

/* ---- fields.c: fields that several kinds of lines have ------------------- */

/* Opens the object of a line, and writes its type; the second one, also the ID of a loop. */
void json_line(struct lp_json_writer *json, const char *type);
void json_loop_line(struct lp_json_writer *json, const char *type, const struct lp_loop_info *loop);
/* Returns the ID of a loop; 0 if loop is NULL. */
uint32_t json_loop_id(const struct lp_loop_info *loop);
/* Writes "comm" to "host": program, runtime and origin of a loop. */
void json_program(struct lp_json_writer *json, const struct lp_loop_info *loop);
/* Writes "name", "file" and "line" of a callback. */
void json_place(struct lp_json_writer *json, const struct lp_callback_info *callback);
/* Writes "exception". */
void json_exception(struct lp_json_writer *json, const char *type, const char *message);
/* Writes a frame, or null if it is NULL. */
void json_frame(struct lp_json_writer *json, const char *name, const struct lp_shown_frame *frame);
/* Writes "memory" if a loop lost time because memory was short. */
void json_memory(struct lp_json_writer *json, const struct lp_memory_shortage *memory);
/*
 * Writes an array of frames under a name.  An incomplete stack is followed by the field NAME_cut or
 * NAME_unreadable.
 */
void json_stack(struct lp_json_writer *json, const char *name, const struct lp_stack *stack);

/* ---- stall.c: slow callbacks and iterations ------------------------------- */

void json_slow_callback(struct lp_json_writer *json, const struct lp_slow_callback *slow);
void json_slow_iteration(struct lp_json_writer *json, const struct lp_slow_iteration *slow);

/* ---- other_end.c: the fields of who is at the other end of a call ------------ */

void json_other_end(struct lp_json_writer *json, const struct lp_other_end *end);

/* ---- summary.c: loops, callbacks, causes, tasks and loopprof itself -------- */

void json_self(struct lp_json_writer *json, const struct lp_self *self);
void json_loop_summary(struct lp_json_writer *json, const struct lp_loop_summary *summary);
void json_callback_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *summary, bool queue, bool sampled);
void json_limited(struct lp_json_writer *json, const struct lp_limited *limited);
void json_cause_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
			const struct lp_cause *cause);
void json_task_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
		       const struct lp_callback_summary *summary);

/* ---- endings.c: ends of processes and their counts -------------------------- */

void json_loop_end(struct lp_json_writer *json, const struct lp_loop_stop_report *stop);
void json_process_end(struct lp_json_writer *json, const struct lp_process_end *end);
void json_process_end_summary(struct lp_json_writer *json, const struct lp_end_count *count);

/* ---- findings.c: findings and their counts --------------------------------- */

void json_lost(struct lp_json_writer *json, const struct lp_finding *finding);
void json_lost_summary(struct lp_json_writer *json, const struct lp_finding_count *count);

#endif /* LP_SINKS_JSON_FIELDS_H */
