// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_kinds.h"
#include "fields.h"

static void write_what(struct lp_json_writer *json, enum lp_finding_kind kind, const char *name,
		       const char *file, uint32_t line)
{
	json_text(json, "kind", finding_row(kind)->name);
	json_text(json, "name", name);
	json_text(json, "file", file);
	json_number(json, "line", line);
}

static void write_exception(struct lp_json_writer *json, const char *type, const char *message)
{
	if (type && *type)
		json_exception(json, type, message);
	else
		json_null(json, "exception");
}

static void write_stack_or_null(struct lp_json_writer *json, const char *name,
				const struct lp_stack *stack)
{
	if (stack->depth)
		json_stack(json, name, stack);
	else
		json_null(json, name);
}

static void write_late(struct lp_json_writer *json, const struct lp_finding *finding)
{
	static const struct lp_stack none;
	bool has_lateness = finding_row(finding->kind)->has_lateness;

	if (has_lateness && !finding->timer) {
		json_number(json, "late_ns", finding->late_ns);
		json_bool(json, "noticed", finding->noticed);
	} else {
		json_null(json, "late_ns");
		json_null(json, "noticed");
	}
	write_stack_or_null(json, "loop_stack", has_lateness ? &finding->loop_stack : &none);
}

static void write_cancel(struct lp_json_writer *json, const struct lp_finding *finding)
{
	if (finding->kind == LP_FINDING_CANCELLED && finding->noticed)
		json_number(json, "cancelled_ns", finding->time_ns - finding->late_ns);
	else
		json_null(json, "cancelled_ns");
	json_frame(json, "passed_on", finding->passed_on);
}

void json_lost(struct lp_json_writer *json, const struct lp_finding *finding)
{
	json_loop_line(json, "lost", finding->loop);
	json_number(json, "time_ns", finding->time_ns);
	write_what(json, finding->kind, finding->name, finding->file, finding->line);
	json_text_or_null(json, "task", finding->task_name);
	json_address_or_null(json, "task_id", finding->task);
	write_exception(json, finding->exception_type, finding->exception_message);
	json_frame(json, "created_at", finding->created);
	write_stack_or_null(json, "stack", &finding->stack);
	json_signed(json, "pid", finding->pid);
	json_signed(json, "tid", finding->tid);
	json_frame(json, "parked", finding->parked);
	write_late(json, finding);
	write_cancel(json, finding);
	json_bool(json, "more", finding->more);
}

void json_lost_summary(struct lp_json_writer *json, const struct lp_finding_count *count)
{
	json_loop_line(json, "lost_summary", count->loop);
	write_what(json, count->kind, count->name, count->file, count->line);
	json_number(json, "count", count->count);
	json_frame(json, "place", count->place);
	json_frame(json, "created_at", count->created);
	write_exception(json, count->exception_type, count->exception_message);
	if (finding_row(count->kind)->has_lateness)
		json_number(json, "late_max_ns", count->late_max_ns);
}
