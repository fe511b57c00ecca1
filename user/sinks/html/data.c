// SPDX-License-Identifier: BSD-2-Clause
#include "data.h"

#include "model/finding_kinds.h"
#include "model/names.h"
#include "sinks/losses.h"

#include <inttypes.h>

static void write_run(struct lp_json_writer *json, const struct lp_html_data *data,
		      const struct lp_run_end *end)
{
	const struct lp_run *run = &data->run;

	json_number(json, "version", 1);
	json_text(json, "tool", run->tool);
	json_text(json, "mode", run->mode);
	json_text(json, "host", run->host);
	json_number(json, "threshold_ns", run->threshold_ns);
	json_number(json, "start_us", run->start_unix_ns / 1000);
	json_number(json, "wall_ns", end->end_ns > run->start_ns ? end->end_ns - run->start_ns : 0);
	json_text(json, "reason", end_reason_name(end->reason));
	json_bool(json, "queue", run->queue);
	json_bool(json, "sampled", run->sampled);
	json_number(json, "budget_ppm", run->budget_ppm);
	json_number(json, "sources", run->sources);
	json_number(json, "omitted", data->store.omitted);
	json_number(json, "omitted_ns", data->store.omitted_ns);
	json_bool(json, "no_memory", data->store.no_memory);
}

static void write_self(struct lp_json_writer *json, const struct lp_summary *total)
{
	const struct lp_self *self = &total->self;
	char text[LP_LOSS_TEXT_MAX];
	size_t i;

	json_array(json, "lost");
	for (i = 0; i < LP_LOST_KINDS; i++) {
		if (!total->lost[i])
			continue;
		loss_text(text, sizeof(text), i, total->lost[i]);
		json_text(json, NULL, text);
	}
	json_end(json);
	if (!total->self_known) {
		json_null(json, "self");
		return;
	}
	json_object(json, "self");
	json_number(json, "wall_ns", self->wall_ns);
	json_number(json, "cpu_ns", self->cpu_ns);
	json_number(json, "probe_ns", self->probe_ns);
	json_number(json, "hook_ns", self->hook_ns);
	json_number(json, "bursts", self->bursts);
	json_number(json, "attach_failures", self->attach_failures);
	json_number(json, "resident_bytes", self->resident_bytes);
	json_number(json, "map_bytes", self->map_bytes);
	json_number(json, "budget_ppm", self->budget_ppm);
	json_end(json);
}

/* ---- stalls: an array for each of their fields ------------------------------------ */

/* Bits of a stall's flags, as in page/data.js. */
enum {
	ITERATION = 1,
	IN_PROGRESS = 2,
	TIME_KNOWN = 4,
	GC_KNOWN = 8,
	DELAYED_KNOWN = 16,
	BEGAN_BEFORE = 32
};

enum stall_field {
	STALL_LOOP,
	STALL_START,
	STALL_DURATION,
	STALL_CALLBACK,
	STALL_HANDLER,
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
	STALL_SLOW,
	STALL_FIELDS,
};

static const char *const stall_fields[STALL_FIELDS] = {
	[STALL_LOOP] = "loop",
	[STALL_START] = "start_us", /* difference from that of the previous stall */
	[STALL_DURATION] = "duration_us",
	[STALL_CALLBACK] = "callback",
	[STALL_HANDLER] = "handler",
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
	[STALL_SLOW] = "slow_us",
};

static uint64_t flags_of(const struct lp_page_stall *stall)
{
	return (stall->iteration ? ITERATION : 0) | (stall->in_progress ? IN_PROGRESS : 0) |
	       (stall->time_known ? TIME_KNOWN : 0) | (stall->gc_known ? GC_KNOWN : 0) |
	       (stall->delayed_known ? DELAYED_KNOWN : 0) |
	       (stall->began_before ? BEGAN_BEFORE : 0);
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
	case STALL_HANDLER:
		return stall->handler;
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
	case STALL_SLOW:
		return stall->slow_ns / 1000;
	default:
		return stall->parts_ns[LP_CAUSE_ON_CPU + (field - STALL_ON_CPU)] / 1000;
	}
}

_Static_assert(STALL_GC - STALL_ON_CPU == LP_CAUSE_GC && LP_CAUSE_KINDS == LP_CAUSE_GC + 1,
	       "the parts are in the order of the causes");

static void write_stalls(struct lp_json_writer *json, const struct lp_page_store *store)
{
	int field;
	size_t i;

	json_object(json, "stalls");
	json_number(json, "count", store->stall_count);
	for (field = 0; field < STALL_FIELDS; field++) {
		uint64_t before_us = 0;

		json_newline(json);
		json_array(json, stall_fields[field]);
		for (i = 0; i < store->stall_count; i++) {
			json_number(json, NULL,
				    stall_value(&store->stalls[i], (enum stall_field)field,
						before_us));
			before_us = store->stalls[i].start_ns / 1000;
		}
		json_end(json);
	}
	json_end(json);
}

/*
 * A part is [kind, count, stack, ...].  LP_PAGE_BLOCKED adds us, call, target, local, file
 * system and DNS names; LP_PAGE_SAMPLE adds reason and collecting; LP_PAGE_TOP adds us and
 * callback; LP_PAGE_SHORTAGE adds us and words; LP_PAGE_WAKER, which follows
 * its LP_PAGE_BLOCKED, has a thread's id for the count, and adds its name.
 */
static void write_part(struct lp_json_writer *json, const struct lp_page_part *part)
{
	json_array(json, NULL);
	json_number(json, NULL, part->kind);
	json_number(json, NULL, part->count);
	json_number(json, NULL, part->stack);
	switch (part->kind) {
	case LP_PAGE_BLOCKED:
		json_number(json, NULL, part->total_ns / 1000);
		json_number(json, NULL, part->name);
		json_number(json, NULL, part->target);
		json_number(json, NULL, part->local);
		json_number(json, NULL, part->file_system);
		json_number(json, NULL, part->dns_name);
		break;
	case LP_PAGE_SAMPLE:
		json_number(json, NULL, part->reason);
		json_number(json, NULL, part->collecting);
		break;
	case LP_PAGE_SHORTAGE:
		json_number(json, NULL, part->total_ns / 1000);
		json_number(json, NULL, part->name);
		break;
	case LP_PAGE_WAKER:
		json_number(json, NULL, part->name);
		break;
	case LP_PAGE_TOP:
		json_number(json, NULL, part->total_ns / 1000);
		json_number(json, NULL, part->callback);
		break;
	}
	json_end(json);
}

/*
 * A detail is [index of the stall, address of the task, queue delay in us or -1, await chain, GIL
 * holder known, name, TID and stack of the holder, dropped calls, us of those calls, part...].
 */
static void write_detail(struct lp_json_writer *json, size_t index,
			 const struct lp_page_stall *stall)
{
	const struct lp_page_detail *detail = stall->detail;
	char task[20];
	size_t i;

	json_array(json, NULL);
	json_number(json, NULL, index);
	snprintf(task, sizeof(task), "%" PRIx64, stall->task);
	json_text(json, NULL, task);
	if (detail->queue_delay_ns == LP_NO_QUEUE_DELAY)
		json_signed(json, NULL, -1);
	else
		json_number(json, NULL, detail->queue_delay_ns / 1000);
	json_number(json, NULL, detail->chain);
	json_number(json, NULL, detail->holder_known);
	json_number(json, NULL, detail->holder);
	json_signed(json, NULL, detail->holder_tid);
	json_number(json, NULL, detail->holder_stack);
	json_number(json, NULL, detail->dropped);
	json_number(json, NULL, detail->dropped_ns / 1000);
	for (i = 0; i < detail->part_count; i++)
		write_part(json, &detail->parts[i]);
	json_end(json);
}

static void write_details(struct lp_json_writer *json, const struct lp_page_store *store)
{
	size_t i;

	json_array(json, "details");
	for (i = 0; i < store->stall_count; i++) {
		if (!store->stalls[i].detail)
			continue;
		json_newline(json);
		write_detail(json, i, &store->stalls[i]);
	}
	json_end(json);
}

/* ---- findings ----------------------------------------------------------------------- */

static void write_finding(struct lp_json_writer *json, const struct lp_page_finding *found)
{
	json_object(json, NULL);
	json_number(json, "kind", found->kind);
	json_number(json, "loop", found->loop);
	json_number(json, "time_us", found->time_ns / 1000);
	json_number(json, "name", found->name);
	json_number(json, "file", found->file);
	json_number(json, "line", found->line);
	json_number(json, "task_name", found->task_name);
	json_number(json, "exception", found->exception_type);
	json_number(json, "message", found->exception_message);
	json_number(json, "created", found->created);
	json_number(json, "parked", found->parked);
	json_number(json, "stack", found->stack);
	json_number(json, "loop_stack", found->loop_stack);
	json_signed(json, "tid", found->tid);
	json_number(json, "late_us", found->late_ns / 1000);
	json_bool(json, "timer", found->timer);
	json_bool(json, "noticed", found->noticed);
	json_end(json);
}

static void write_finding_count(struct lp_json_writer *json, struct lp_page_tables *tables,
				const struct lp_finding_count *count)
{
	json_object(json, NULL);
	json_number(json, "kind", count->kind);
	json_number(json, "loop", count->loop ? count->loop->id : 0);
	json_number(json, "name", page_store_string(tables, count->name));
	json_number(json, "file", page_store_string(tables, count->file));
	json_number(json, "line", count->line);
	json_number(json, "exception", page_store_string(tables, count->exception_type));
	json_number(json, "message", page_store_string(tables, count->exception_message));
	json_number(json, "created", page_store_frame(tables, count->created));
	json_number(json, "place", page_store_frame(tables, count->place));
	json_number(json, "count", count->count);
	json_number(json, "late_us", count->late_max_ns / 1000);
	json_end(json);
}

static void write_findings(struct lp_json_writer *json, struct lp_page_store *store,
			   const struct lp_summary *total)
{
	bool occurred[LP_FINDING_KINDS] = { false };
	size_t i;

	json_array(json, "findings");
	for (i = 0; i < total->finding_count; i++) {
		json_newline(json);
		write_finding_count(json, &store->tables, &total->findings[i]);
		occurred[total->findings[i].kind] = true;
	}
	json_end(json);
	json_array(json, "found");
	for (i = 0; i < store->finding_count; i++) {
		json_newline(json);
		write_finding(json, &store->findings[i]);
		occurred[store->findings[i].kind] = true;
	}
	json_end(json);
	json_number(json, "findings_omitted", total->findings_dropped);
	json_array(json, "finding_kinds");
	for (i = 0; i < LP_FINDING_KINDS; i++) {
		const struct lp_finding_row *row = finding_row((enum lp_finding_kind)i);

		json_object(json, NULL);
		json_text(json, "title", row->title);
		json_text(json, "meaning", occurred[i] ? row->meaning : "");
		json_text(json, "silence", occurred[i] ? row->silence : "");
		json_text(json, "remedy", occurred[i] ? row->remedy : "");
		json_end(json);
	}
	json_end(json);
}

static void write_ends(struct lp_json_writer *json, const struct lp_summary *total)
{
	size_t i;

	json_array(json, "ends");
	for (i = 0; i < total->end_count; i++) {
		json_object(json, NULL);
		json_text(json, "reason", total->ends[i].reason);
		json_number(json, "count", total->ends[i].count);
		json_number(json, "stalled", total->ends[i].stalled);
		json_number(json, "longest_us", total->ends[i].stall_max_ns / 1000);
		json_end(json);
	}
	json_end(json);
}

/* ---- the tables to which the numbers above refer --------------------------------------- */

static void write_strings(struct lp_json_writer *json, const struct lp_intern *strings)
{
	uint32_t number;

	json_array(json, "strings");
	/* number 0 means that there is no string */
	json_text(json, NULL, "");
	for (number = 1; number <= strings->count; number++) {
		json_newline(json);
		json_text(json, NULL, tables_get(strings, number, NULL));
	}
	json_end(json);
}

/* [kind, coroutine, function, file, line, ...]: five numbers for each frame from number 1 on. */
static void write_frames(struct lp_json_writer *json, const struct lp_intern *frames)
{
	uint32_t number;

	json_array(json, "frames");
	for (number = 1; number <= frames->count; number++) {
		const struct lp_page_frame *frame = tables_get(frames, number, NULL);

		json_number(json, NULL, frame->kind);
		json_number(json, NULL, frame->coroutine);
		json_number(json, NULL, frame->function);
		json_number(json, NULL, frame->file);
		json_number(json, NULL, frame->line);
	}
	json_end(json);
}

/* [[flags, frame, ...], ...]: an array for each stack from number 1 on. */
static void write_stacks(struct lp_json_writer *json, const struct lp_intern *stacks)
{
	uint32_t number;
	size_t size, i;

	json_array(json, "stacks");
	for (number = 1; number <= stacks->count; number++) {
		const uint32_t *stack = tables_get(stacks, number, &size);

		json_array(json, NULL);
		for (i = 0; i < size / sizeof(*stack); i++)
			json_number(json, NULL, stack[i]);
		json_end(json);
	}
	json_end(json);
}

/* [kind, name, file, line, ...]: four numbers for each callback from number 1 on. */
static void write_callbacks(struct lp_json_writer *json, const struct lp_intern *callbacks)
{
	uint32_t number;

	json_array(json, "callbacks");
	for (number = 1; number <= callbacks->count; number++) {
		const struct lp_page_callback *callback = tables_get(callbacks, number, NULL);

		json_number(json, NULL, callback->kind);
		json_number(json, NULL, callback->name);
		json_number(json, NULL, callback->file);
		json_number(json, NULL, callback->line);
	}
	json_end(json);
}

void html_data_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total,
		     const struct lp_run_end *end)
{
	struct lp_page_store *store = &data->store;
	struct lp_json_writer json = json_writer(out);

	json.script = true;
	json_object(&json, NULL);
	write_run(&json, data, end);
	write_self(&json, total);
	html_loops_write(&json, data, total);
	write_stalls(&json, store);
	write_details(&json, store);
	write_findings(&json, store, total);
	write_ends(&json, total);
	/* last, as all of the above may add to the tables */
	write_callbacks(&json, &store->tables.callbacks);
	write_stacks(&json, &store->tables.stacks);
	write_frames(&json, &store->tables.frames);
	write_strings(&json, &store->tables.strings);
	json_end(&json);
}
