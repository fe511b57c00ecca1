// SPDX-License-Identifier: BSD-2-Clause
#include "wire/finding_kinds.h"
#include "fields.h"

#include <inttypes.h>

static void write_what(FILE *out, enum lp_finding_kind kind, const char *name, const char *file,
		       uint32_t line)
{
	fprintf(out, "\"kind\":\"%s\",\"name\":", finding_row(kind)->name);
	json_string(out, name);
	fputs(",\"file\":", out);
	json_string(out, file);
	fprintf(out, ",\"line\":%" PRIu32, line);
}

static void write_exception(FILE *out, const char *type, const char *message)
{
	if (!type || !*type) {
		fputs(",\"exception\":null", out);
		return;
	}
	fputs(",\"exception\":{\"type\":", out);
	json_string(out, type);
	fputs(",\"message\":", out);
	json_string(out, message);
	putc('}', out);
}

static void write_stack_or_null(FILE *out, const char *name, const struct lp_stack *stack)
{
	putc(',', out);
	if (stack->depth)
		json_stack(out, name, stack);
	else
		fprintf(out, "\"%s\":null", name);
}

static void write_late(FILE *out, const struct lp_finding *finding)
{
	static const struct lp_stack none;
	bool foreign = finding->kind == LP_FINDING_WRONG_THREAD;

	if (foreign && !finding->timer)
		fprintf(out, ",\"late_ns\":%" PRIu64 ",\"noticed\":%s", finding->late_ns,
			finding->noticed ? "true" : "false");
	else
		fputs(",\"late_ns\":null,\"noticed\":null", out);
	write_stack_or_null(out, "loop_stack", foreign ? &finding->loop_stack : &none);
}

void json_lost(FILE *out, const struct lp_finding *finding)
{
	fprintf(out, "{\"type\":\"lost\",\"loop_id\":%" PRIu32 ",\"time_ns\":%" PRIu64 ",",
		json_loop_id(finding->loop), finding->time_ns);
	write_what(out, finding->kind, finding->name, finding->file, finding->line);
	fputs(",\"task\":", out);
	json_string_or_null(out, finding->task_name);
	if (finding->task)
		fprintf(out, ",\"task_id\":\"0x%" PRIx64 "\"", finding->task);
	else
		fputs(",\"task_id\":null", out);
	write_exception(out, finding->exception_type, finding->exception_message);
	fputs(",\"created_at\":", out);
	json_frame_or_null(out, finding->created);
	write_stack_or_null(out, "stack", &finding->stack);
	fprintf(out, ",\"pid\":%d,\"tid\":%d,\"parked\":", finding->pid, finding->tid);
	json_frame_or_null(out, finding->parked);
	write_late(out, finding);
	fprintf(out, ",\"more\":%s", finding->more ? "true" : "false");
}

void json_lost_summary(FILE *out, const struct lp_finding_count *count)
{
	fprintf(out, "{\"type\":\"lost_summary\",\"loop_id\":%" PRIu32 ",",
		json_loop_id(count->loop));
	write_what(out, count->kind, count->name, count->file, count->line);
	fprintf(out, ",\"count\":%" PRIu64 ",\"place\":", count->count);
	json_frame_or_null(out, count->place);
	fputs(",\"created_at\":", out);
	json_frame_or_null(out, count->created);
	write_exception(out, count->exception_type, count->exception_message);
	if (count->kind == LP_FINDING_WRONG_THREAD)
		fprintf(out, ",\"late_max_ns\":%" PRIu64, count->late_max_ns);
}
