// SPDX-License-Identifier: BSD-2-Clause
#include "model/endings.h"
#include "model/names.h"
#include "fields.h"

static void write_signal(struct lp_json_writer *json, const char *field,
			 const struct lp_sent_signal *sent)
{
	char name[32];

	if (!sent->number) {
		json_null(json, field);
		return;
	}
	json_object(json, field);
	json_text(json, "name", ending_signal_name(sent->number, name, sizeof(name)));
	json_number(json, "number", sent->number);
	json_text(json, "origin", signal_origin_name(sent->origin));
	json_signed(json, "pid", sent->pid);
	json_text(json, "comm", sent->comm);
	json_number(json, "before_ns", sent->before_ns);
	json_end(json);
}

/* The callback that an end has cut off; NULL: none. */
static void write_callback(struct lp_json_writer *json, const struct lp_callback_info *callback,
			   const char *task_name)
{
	if (!callback) {
		json_null(json, "callback");
		return;
	}
	json_object(json, "callback");
	json_place(json, callback);
	json_text_or_null(json, "task", task_name);
	json_end(json);
}

/* The handler by which the stall is named; NULL: there is none. */
static void write_handler(struct lp_json_writer *json, const struct lp_callback_info *handler)
{
	struct lp_shown_frame frame = { .kind = LP_FRAME_PYTHON };

	if (!handler)
		return;
	frame.line = handler->line;
	frame.function = (char *)handler->name;
	frame.file = (char *)handler->file;
	json_frame(json, "handler", &frame);
}

void json_loop_end(struct lp_json_writer *json, const struct lp_loop_stop_report *stop)
{
	json_loop_line(json, "loop_end", stop->loop);
	json_number(json, "time_ns", stop->time_ns);
	json_signed(json, "pid", stop->loop->pid);
	json_signed(json, "tid", stop->loop->tid);
	json_text(json, "reason", loop_stop_name(stop->reason));
	json_number(json, "ran_ns", stop->ran_ns);
	write_callback(json, stop->callback, stop->task_name);
	if (stop->callback)
		json_number(json, "stall_ns", stop->stall_ns);
	else
		json_null(json, "stall_ns");
	write_handler(json, stop->handler);
}

void json_process_end(struct lp_json_writer *json, const struct lp_process_end *end)
{
	json_loop_line(json, "process_end", end->loop);
	json_number(json, "time_ns", end->time_ns);
	json_signed(json, "pid", end->pid);
	json_text(json, "comm", end->comm);
	json_text(json, "kind", ending_kind_name(end->kind));
	json_text(json, "reason", end->reason);
	if (end->signal) {
		json_null(json, "exit_code");
		json_number(json, "signal", end->signal);
	} else {
		json_number(json, "exit_code", end->exit_code);
		json_null(json, "signal");
	}
	write_signal(json, "sent", &end->sent);
	write_signal(json, "request", &end->request);
	json_number(json, "lived_ns", end->lived_ns);
	json_text(json, "activity", activity_name(end->activity));
	json_number(json, "activity_ns", end->activity_ns);
	write_callback(json, end->callback, end->task_name);
	write_handler(json, end->handler);
}

void json_process_end_summary(struct lp_json_writer *json, const struct lp_end_count *count)
{
	json_line(json, "process_end_summary");
	json_text(json, "kind", ending_kind_name(count->kind));
	json_text(json, "reason", count->reason);
	json_number(json, "count", count->count);
	json_number(json, "stalled", count->stalled);
	json_number(json, "stall_max_ns", count->stall_max_ns);
}
