// SPDX-License-Identifier: BSD-2-Clause
#include "data.h"

#include "wire/finding_kinds.h"
#include "sinks/escape.h"
#include "model/names.h"

#include <inttypes.h>

void html_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	escape_script(out, text ? text : "");
}

void html_number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, ",\"%s\":%" PRIu64, name, value);
}

static void write_bool(FILE *out, const char *name, bool value)
{
	fprintf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void write_run(FILE *out, const struct lp_html_data *data, const struct lp_run_end *end)
{
	const struct lp_run *run = &data->run;

	fputs("{\"version\":1", out);
	html_text(out, "tool", run->tool);
	html_text(out, "mode", run->mode);
	html_text(out, "host", run->host);
	html_number(out, "threshold_ns", run->threshold_ns);
	html_number(out, "start_us", run->start_unix_ns / 1000);
	html_number(out, "wall_ns", end->end_ns > run->start_ns ? end->end_ns - run->start_ns : 0);
	html_text(out, "reason", end_reason_name(end->reason));
	write_bool(out, "queue", run->queue);
	write_bool(out, "sampled", run->sampled);
	html_number(out, "budget_ppm", run->budget_ppm);
	html_number(out, "sources", run->sources);
	html_number(out, "omitted", data->store.omitted);
	html_number(out, "omitted_ns", data->store.omitted_ns);
	write_bool(out, "no_memory", data->store.no_memory);
}

static void write_self(FILE *out, const struct lp_summary *total)
{
	const struct lp_self *self = &total->self;
	bool any = false;
	size_t i;

	fputs(",\"lost\":{", out);
	for (i = 0; i < LP_LOST_KINDS; i++) {
		if (!total->lost[i])
			continue;
		fprintf(out, "%s\"%s\":%" PRIu64, any ? "," : "", lost_kind_page_name(i),
			total->lost[i]);
		any = true;
	}
	fputs("},\"self\":", out);
	if (!total->self_known) {
		fputs("null", out);
		return;
	}
	fprintf(out, "{\"wall_ns\":%" PRIu64, self->wall_ns);
	html_number(out, "cpu_ns", self->cpu_ns);
	html_number(out, "probe_ns", self->probe_ns);
	html_number(out, "hook_ns", self->hook_ns);
	html_number(out, "bursts", self->bursts);
	html_number(out, "attach_failures", self->attach_failures);
	html_number(out, "resident_bytes", self->resident_bytes);
	html_number(out, "map_bytes", self->map_bytes);
	html_number(out, "budget_ppm", self->budget_ppm);
	putc('}', out);
}

/* ---- stalls: an array for each of their fields ------------------------------------ */

/* Bits of a stall's flags, as in page/data.js. */
enum { ITERATION = 1, IN_PROGRESS = 2, TIME_KNOWN = 4, GC_KNOWN = 8, DELAYED_KNOWN = 16 };

enum stall_field {
	STALL_LOOP,
	STALL_START,
	STALL_DURATION,
	STALL_CALLBACK,
	STALL_TASK_NAME,
	STALL_FLAGS,
	STALL_ON_CPU,
	STALL_BLOCKED,
	STALL_GIL,
	STALL_RUN_QUEUE,
	STALL_GC,
	STALL_STACK,
	STALL_CALL,
	STALL_TARGET,
	STALL_FIRST,
	STALL_SECOND,
	STALL_FIELDS,
};

static const char *const stall_fields[STALL_FIELDS] = {
	[STALL_LOOP] = "loop",
	[STALL_START] = "start_us", /* difference from that of the previous stall */
	[STALL_DURATION] = "duration_us",
	[STALL_CALLBACK] = "callback",
	[STALL_TASK_NAME] = "task_name",
	[STALL_FLAGS] = "flags",
	[STALL_ON_CPU] = "on_cpu_us",
	[STALL_BLOCKED] = "blocked_us",
	[STALL_GIL] = "gil_us",
	[STALL_RUN_QUEUE] = "run_queue_us",
	[STALL_GC] = "gc_us",
	[STALL_STACK] = "stack",
	[STALL_CALL] = "call",
	[STALL_TARGET] = "target",
	[STALL_FIRST] = "first",
	[STALL_SECOND] = "second",
};

static uint64_t flags_of(const struct lp_page_stall *stall)
{
	return (stall->iteration ? ITERATION : 0) | (stall->in_progress ? IN_PROGRESS : 0) |
	       (stall->time_known ? TIME_KNOWN : 0) | (stall->gc_known ? GC_KNOWN : 0) |
	       (stall->delayed_known ? DELAYED_KNOWN : 0);
}

static uint64_t stall_value(const struct lp_page_stall *stall, enum stall_field field,
			    uint64_t before_us)
{
	switch (field) {
	case STALL_LOOP:
		return stall->loop;
	case STALL_START:
		return stall->start_ns / 1000 - before_us;
	case STALL_DURATION:
		return stall->duration_ns / 1000;
	case STALL_CALLBACK:
		return stall->callback;
	case STALL_TASK_NAME:
		return stall->task_name;
	case STALL_FLAGS:
		return flags_of(stall);
	case STALL_STACK:
		return stall->stack;
	case STALL_CALL:
		return stall->call;
	case STALL_TARGET:
		return stall->target;
	case STALL_FIRST:
		return stall->first_count;
	case STALL_SECOND:
		return stall->second_count;
	default:
		return stall->parts_ns[LP_CAUSE_ON_CPU + (field - STALL_ON_CPU)] / 1000;
	}
}

_Static_assert(STALL_GC - STALL_ON_CPU == LP_CAUSE_GC && LP_CAUSE_KINDS == LP_CAUSE_GC + 1,
	       "the parts are in the order of the causes");

static void write_stalls(FILE *out, const struct lp_page_store *store)
{
	int field;
	size_t i;

	fprintf(out, ",\"stalls\":{\"count\":%zu", store->stall_count);
	for (field = 0; field < STALL_FIELDS; field++) {
		uint64_t before_us = 0;

		fprintf(out, ",\n\"%s\":[", stall_fields[field]);
		for (i = 0; i < store->stall_count; i++) {
			fprintf(out, "%s%" PRIu64, i ? "," : "",
				stall_value(&store->stalls[i], (enum stall_field)field, before_us));
			before_us = store->stalls[i].start_ns / 1000;
		}
		putc(']', out);
	}
	putc('}', out);
}

/*
 * A part is [kind, count, stack, ...].  LP_PAGE_BLOCKED adds us, call, target and local;
 * LP_PAGE_SAMPLE adds reason and collecting; LP_PAGE_TOP adds us and callback.
 */
static void write_part(FILE *out, const struct lp_page_part *part)
{
	fprintf(out, "[%d,%" PRIu32 ",%" PRIu32, part->kind, part->count, part->stack);
	if (part->kind == LP_PAGE_BLOCKED)
		fprintf(out, ",%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, part->total_ns / 1000,
			part->name, part->target, part->local);
	else if (part->kind == LP_PAGE_SAMPLE)
		fprintf(out, ",%d,%d", part->reason, part->collecting);
	else
		fprintf(out, ",%" PRIu64 ",%" PRIu32, part->total_ns / 1000, part->callback);
	putc(']', out);
}

/*
 * A detail is [index of the stall, address of the task, queue delay in us or -1, await chain, GIL
 * holder known, name, TID and stack of the holder, dropped calls, us of those calls, part...].
 */
static void write_detail(FILE *out, size_t index, const struct lp_page_stall *stall)
{
	const struct lp_page_detail *detail = stall->detail;
	size_t i;

	fprintf(out, "[%zu,\"%" PRIx64 "\",", index, stall->task);
	if (detail->queue_delay_ns == LP_NO_QUEUE_DELAY)
		fputs("-1", out);
	else
		fprintf(out, "%" PRIu64, detail->queue_delay_ns / 1000);
	fprintf(out, ",%" PRIu32 ",%d,%" PRIu32 ",%" PRId32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64,
		detail->chain, detail->holder_known, detail->holder, detail->holder_tid,
		detail->holder_stack, detail->dropped, detail->dropped_ns / 1000);
	for (i = 0; i < detail->part_count; i++) {
		putc(',', out);
		write_part(out, &detail->parts[i]);
	}
	putc(']', out);
}

static void write_details(FILE *out, const struct lp_page_store *store)
{
	bool any = false;
	size_t i;

	fputs(",\"details\":[", out);
	for (i = 0; i < store->stall_count; i++) {
		if (!store->stalls[i].detail)
			continue;
		fputs(any ? ",\n" : "\n", out);
		any = true;
		write_detail(out, i, &store->stalls[i]);
	}
	putc(']', out);
}

/* ---- findings ----------------------------------------------------------------------- */

static void write_finding(FILE *out, const struct lp_page_finding *found)
{
	fprintf(out,
		"{\"kind\":%" PRIu32 ",\"loop\":%" PRIu32 ",\"time_us\":%" PRIu64
		",\"name\":%" PRIu32 ",\"file\":%" PRIu32 ",\"line\":%" PRIu32
		",\"task_name\":%" PRIu32 ",\"exception\":%" PRIu32 ",\"message\":%" PRIu32
		",\"created\":%" PRIu32 ",\"parked\":%" PRIu32 ",\"stack\":%" PRIu32
		",\"loop_stack\":%" PRIu32 ",\"tid\":%" PRId32 ",\"late_us\":%" PRIu64,
		found->kind, found->loop, found->time_ns / 1000, found->name, found->file,
		found->line, found->task_name, found->exception_type, found->exception_message,
		found->created, found->parked, found->stack, found->loop_stack, found->tid,
		found->late_ns / 1000);
	write_bool(out, "timer", found->timer);
	write_bool(out, "noticed", found->noticed);
	putc('}', out);
}

static void write_finding_count(FILE *out, struct lp_page_tables *tables,
				const struct lp_finding_count *count)
{
	fprintf(out,
		"{\"kind\":%d,\"loop\":%" PRIu32 ",\"name\":%" PRIu32 ",\"file\":%" PRIu32
		",\"line\":%" PRIu32 ",\"exception\":%" PRIu32 ",\"message\":%" PRIu32
		",\"created\":%" PRIu32 ",\"place\":%" PRIu32 ",\"count\":%" PRIu64
		",\"late_us\":%" PRIu64 "}",
		count->kind, count->loop ? count->loop->id : 0,
		page_store_string(tables, count->name), page_store_string(tables, count->file),
		count->line, page_store_string(tables, count->exception_type),
		page_store_string(tables, count->exception_message),
		page_store_frame(tables, count->created), page_store_frame(tables, count->place),
		count->count, count->late_max_ns / 1000);
}

static void write_findings(FILE *out, struct lp_page_store *store, const struct lp_summary *total)
{
	bool occurred[LP_FINDING_KINDS] = { false };
	size_t i;

	fputs(",\"findings\":[", out);
	for (i = 0; i < total->finding_count; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_finding_count(out, &store->tables, &total->findings[i]);
		occurred[total->findings[i].kind] = true;
	}
	fputs("],\"found\":[", out);
	for (i = 0; i < store->finding_count; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_finding(out, &store->findings[i]);
		occurred[store->findings[i].kind] = true;
	}
	putc(']', out);
	html_number(out, "findings_beyond", total->findings_dropped);
	fputs(",\"finding_kinds\":[", out);
	for (i = 0; i < LP_FINDING_KINDS; i++) {
		const struct lp_finding_row *row = finding_row((enum lp_finding_kind)i);

		fputs(i ? ",{\"title\":" : "{\"title\":", out);
		escape_script(out, row->title);
		html_text(out, "meaning", occurred[i] ? row->meaning : "");
		html_text(out, "silence", occurred[i] ? row->silence : "");
		html_text(out, "remedy", occurred[i] ? row->remedy : "");
		putc('}', out);
	}
	putc(']', out);
}

/* ---- the tables to which the numbers above refer --------------------------------------- */

static void write_strings(FILE *out, const struct lp_blobs *strings)
{
	uint32_t number;

	/* number 0 means that there is no string */
	fputs(",\"strings\":[\"\"", out);
	for (number = 1; number <= strings->count; number++) {
		fputs(",\n", out);
		escape_script(out, blobs_get(strings, number, NULL));
	}
	putc(']', out);
}

/* [kind, coroutine, function, file, line, ...]: five numbers for each frame from number 1 on. */
static void write_frames(FILE *out, const struct lp_blobs *frames)
{
	uint32_t number;

	fputs(",\"frames\":[", out);
	for (number = 1; number <= frames->count; number++) {
		const struct lp_page_frame *frame = blobs_get(frames, number, NULL);

		fprintf(out, "%s%d,%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32, number > 1 ? "," : "",
			frame->kind, frame->coroutine, frame->function, frame->file, frame->line);
	}
	putc(']', out);
}

/* [[flags, frame, ...], ...]: an array for each stack from number 1 on. */
static void write_stacks(FILE *out, const struct lp_blobs *stacks)
{
	uint32_t number;
	size_t size, i;

	fputs(",\"stacks\":[", out);
	for (number = 1; number <= stacks->count; number++) {
		const uint32_t *stack = blobs_get(stacks, number, &size);

		fprintf(out, "%s[%" PRIu32, number > 1 ? "," : "", stack[0]);
		for (i = 1; i < size / sizeof(*stack); i++)
			fprintf(out, ",%" PRIu32, stack[i]);
		putc(']', out);
	}
	putc(']', out);
}

/* [kind, name, file, line, ...]: four numbers for each callback from number 1 on. */
static void write_callbacks(FILE *out, const struct lp_blobs *callbacks)
{
	uint32_t number;

	fputs(",\"callbacks\":[", out);
	for (number = 1; number <= callbacks->count; number++) {
		const struct lp_page_callback *callback = blobs_get(callbacks, number, NULL);

		fprintf(out, "%s%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32,
			number > 1 ? "," : "", callback->kind, callback->name, callback->file,
			callback->line);
	}
	putc(']', out);
}

void html_data_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total,
		     const struct lp_run_end *end)
{
	struct lp_page_store *store = &data->store;

	write_run(out, data, end);
	write_self(out, total);
	html_loops_write(out, data, total);
	write_stalls(out, store);
	write_details(out, store);
	write_findings(out, store, total);
	/* last, as all of the above may add to the tables */
	write_callbacks(out, &store->tables.callbacks);
	write_stacks(out, &store->tables.stacks);
	write_frames(out, &store->tables.frames);
	write_strings(out, &store->tables.strings);
	putc('}', out);
}
