// SPDX-License-Identifier: BSD-2-Clause
/*
 * A trace for Perfetto (ui.perfetto.dev).  Each loop has tracks with its slow callbacks and
 * findings, its slow iterations, and its utilization; the parts of a stall are slices in it.
 */
#include "perfetto_packet.h"

#include "model/finding_kinds.h"
#include "stall_sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Entries of the hash tables of track ends; loops with the same entry replace each other in it. */
#define LOOPS_MAX 4096
#define STACK_TEXT_MAX 8192

struct track_end {
	uint32_t loop;
	uint64_t ns; /* end of the last slice, in the clock of the trace */
};

struct trace_sink {
	struct lp_stall_sink stalls;
	struct lp_perfetto_writer writer;
	bool unix_time; /* merged captures: times are since 1970, as each host has its clock */
	bool lost_track; /* the track of findings without a loop has been written */
	struct track_end *callbacks, *iterations; /* by loop ID modulo LOOPS_MAX */
	/* of the stall that is being written: where the next part begins, its end, its track */
	uint64_t at_ns, end_ns, track;
	char *text; /* buffer of STACK_TEXT_MAX bytes */
};

/* Tracks of a loop: the low three bits of a track number, under the ID of the loop. */
enum track_of_loop {
	TRACK_THREAD = 1,
	TRACK_ITERATIONS = 2,
	TRACK_BUSY = 3,
	TRACK_PROCESS = 4,
};

#define TRACK_LOST 7

static uint64_t track_of(const struct lp_loop_info *loop, enum track_of_loop which)
{
	return loop ? (uint64_t)loop->id << 3 | which : TRACK_LOST;
}

static uint64_t time_of(const struct trace_sink *trace, const struct lp_loop_info *loop,
			uint64_t ns)
{
	return trace->unix_time && loop ? loop_unix_ns(loop, ns) : ns;
}

static void on_run(void *context, const struct lp_run *run)
{
	struct trace_sink *trace = context;

	trace->unix_time = run->sources > 1;
	perfetto_write_clocks(&trace->writer, trace->unix_time, run->start_ns, run->start_unix_ns);
}

/*
 * Writes the tracks of a loop.  With several hosts, and for folded loops, a track has a name
 * instead of process and thread, as process IDs are only valid on one host.
 */
static void on_loop(void *context, const struct lp_loop_info *loop)
{
	struct trace_sink *trace = context;
	bool named = trace->unix_time || loop->folded || loop->pid <= 0;
	char name[sizeof(loop->host) + sizeof(loop->comm) + sizeof(loop->unit) + 64];

	if (named) {
		snprintf(name, sizeof(name), "%s%s%s pid %d tid %d", loop->host,
			 loop->host[0] ? " " : "", stall_parts_service(loop), loop->pid, loop->tid);
		perfetto_write_track(&trace->writer, track_of(loop, TRACK_THREAD), 0, name);
	} else {
		perfetto_write_process(&trace->writer, track_of(loop, TRACK_PROCESS), loop->pid,
				       stall_parts_service(loop));
		perfetto_write_thread(&trace->writer, track_of(loop, TRACK_THREAD), loop->pid,
				      loop->tid, loop->comm);
	}
	perfetto_write_track(&trace->writer, track_of(loop, TRACK_ITERATIONS),
			     track_of(loop, TRACK_THREAD), "slow iterations");
	perfetto_write_counter(&trace->writer, track_of(loop, TRACK_BUSY),
			       track_of(loop, TRACK_THREAD), "loop busy", "%");
}

/* Writes the stack of a part, a line for each frame, innermost first as in the text format. */
static void fill_stack(char *text, const struct lp_stall_part *part)
{
	size_t used = 0, i;

	text[0] = '\0';
	for (i = part->depth; i > 1 && used < STACK_TEXT_MAX; i--) {
		const struct lp_part_frame *place = &part->places[i - 1];
		int size;

		if (i - 1 == part->cause_at)
			continue;
		size = snprintf(text + used, STACK_TEXT_MAX - used, "%s%s%s%s", used ? "\n" : "",
				place->function, place->file[0] ? "  " : "", place->file);
		used += size > 0 ? (size_t)size : 0;
		if (place->line && used < STACK_TEXT_MAX) {
			size = snprintf(text + used, STACK_TEXT_MAX - used, ":%u", place->line);
			used += size > 0 ? (size_t)size : 0;
		}
	}
}

static const char *part_name(const struct lp_stall_part *part)
{
	if (part->label[0])
		return part->label;
	return part->places[part->depth - 1].function;
}

/*
 * Writes a part of a stall as a slice.  Its time is known but not its instants: parts follow each
 * other from the start of the stall, and a note says that each is a sum.
 */
static void write_part(void *context, const struct lp_stall *stall,
		       const struct lp_stall_part *part)
{
	struct trace_sink *trace = context;
	struct lp_perfetto_event event = { .type = LP_PERFETTO_BEGIN,
					   .time_ns = trace->at_ns,
					   .track = trace->track,
					   .category = stall_part_cause_name(part->cause),
					   .name = part_name(part) };
	uint64_t left_ns = trace->end_ns - trace->at_ns;

	(void)stall;
	fill_stack(trace->text, part);
	perfetto_begin_event(&trace->writer, &event);
	perfetto_note_text(&trace->writer, "cause", stall_part_cause_name(part->cause));
	perfetto_note_number(&trace->writer, "total_ns", part->ns);
	if (part->count)
		perfetto_note_number(&trace->writer, "count", part->count);
	if (part->syscall[0])
		perfetto_note_text(&trace->writer, "syscall", part->syscall);
	if (part->target[0])
		perfetto_note_text(&trace->writer, "target", part->target);
	if (trace->text[0])
		perfetto_note_text(&trace->writer, "stack", trace->text);
	perfetto_note_text(&trace->writer, "when", "a sum, not its place in time");
	perfetto_end_event(&trace->writer);
	trace->at_ns += part->ns < left_ns ? part->ns : left_ns;
	perfetto_end_slice(&trace->writer, trace->at_ns, trace->track);
}

static void note_place(struct lp_perfetto_writer *writer, const char *name,
		       const struct lp_shown_frame *frame)
{
	char text[1024];

	if (!frame)
		return;
	snprintf(text, sizeof(text), "%s  %s:%u", frame->function, frame->file, frame->line);
	perfetto_note_text(writer, name, text);
}

static void note_stall(struct lp_perfetto_writer *writer, const struct lp_stall *stall)
{
	const struct lp_slow_callback *slow = stall->slow;

	perfetto_note_number(writer, "duration_ns", stall->duration_ns);
	if (stall->in_progress)
		perfetto_note_text(writer, "in_progress", "when the run ended");
	if (stall->callback.file[0])
		perfetto_note_text(writer, "file", stall->callback.file);
	if (stall->callback.line)
		perfetto_note_number(writer, "line", stall->callback.line);
	if (stall->iteration)
		perfetto_note_number(writer, "callbacks", stall->iteration->callbacks);
	if (!slow)
		return;
	if (slow->handler) {
		note_place(writer, "at", slow->handler);
		perfetto_note_text(writer, "run_by", stall->callback.function);
	}
	if (slow->task)
		perfetto_note_text(writer, "task", slow->task_name);
	if (slow->queue_delay_ns != LP_NO_QUEUE_DELAY)
		perfetto_note_number(writer, "queue_delay_ns", slow->queue_delay_ns);
	if (slow->delayed_known) {
		perfetto_note_number(writer, "delayed_callbacks", slow->delayed_callbacks);
		perfetto_note_number(writer, "delayed_events", slow->delayed_events);
	}
}

/*
 * Sets start and end of a stall.  The start is moved to the end of the previous slice of the track,
 * as slices must not overlap but stalls of a damaged capture may.
 */
static void place_stall(struct trace_sink *trace, const struct lp_stall *stall)
{
	struct track_end *ends = stall->slow ? trace->callbacks : trace->iterations;
	uint32_t id = stall->loop ? stall->loop->id : 0;
	struct track_end *end = &ends[id % LOOPS_MAX];

	trace->at_ns = time_of(trace, stall->loop, stall->start_ns);
	trace->end_ns = trace->at_ns + (stall->end_ns - stall->start_ns);
	if (end->loop == id && trace->at_ns < end->ns)
		trace->at_ns = end->ns;
	if (trace->end_ns < trace->at_ns)
		trace->end_ns = trace->at_ns;
	*end = (struct track_end){ .loop = id, .ns = trace->end_ns };
}

static void write_stall(void *context, const struct lp_stall *stall)
{
	struct trace_sink *trace = context;
	struct lp_perfetto_event event = { .type = LP_PERFETTO_BEGIN,
					   .category = stall->slow ? "slow_callback"
								   : "slow_iteration",
					   .name = !stall->slow ? "slow iteration"
						   : stall->slow->handler
							   ? stall->slow->handler->function
							   : stall->callback.function };

	place_stall(trace, stall);
	trace->track = track_of(stall->loop, stall->slow ? TRACK_THREAD : TRACK_ITERATIONS);
	event.time_ns = trace->at_ns;
	event.track = trace->track;
	perfetto_begin_event(&trace->writer, &event);
	note_stall(&trace->writer, stall);
	perfetto_end_event(&trace->writer);
	stall_parts_report(stall, write_part, trace);
	perfetto_end_slice(&trace->writer, trace->end_ns, trace->track);
}

static void on_finding(void *context, const struct lp_finding *finding)
{
	struct trace_sink *trace = context;
	struct lp_perfetto_event event = { .type = LP_PERFETTO_INSTANT,
					   .time_ns =
						   time_of(trace, finding->loop, finding->time_ns),
					   .track = track_of(finding->loop, TRACK_THREAD),
					   .category = "lost",
					   .name = finding_row(finding->kind)->name };

	if (!finding->loop && !trace->lost_track)
		perfetto_write_track(&trace->writer, TRACK_LOST, 0, "lost, of no known loop");
	trace->lost_track = trace->lost_track || !finding->loop;
	perfetto_begin_event(&trace->writer, &event);
	if (finding->name[0])
		perfetto_note_text(&trace->writer, "name", finding->name);
	if (finding->file[0])
		perfetto_note_text(&trace->writer, "file", finding->file);
	if (finding->line)
		perfetto_note_number(&trace->writer, "line", finding->line);
	if (finding->task_name[0])
		perfetto_note_text(&trace->writer, "task", finding->task_name);
	if (finding->exception_type[0])
		perfetto_note_text(&trace->writer, "exception", finding->exception_type);
	if (finding->exception_message[0])
		perfetto_note_text(&trace->writer, "message", finding->exception_message);
	note_place(&trace->writer, "created_at", finding->created);
	note_place(&trace->writer, "found_at",
		   finding->stack.depth ? finding->stack.frames[0] : NULL);
	perfetto_end_event(&trace->writer);
}

/* A counter is valid from its instant on: the share of an interval is written at its start. */
static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	struct trace_sink *trace = context;
	size_t i;

	(void)total;
	for (i = 0; i < interval->loop_count; i++) {
		const struct lp_loop_summary *loop = &interval->loops[i];

		if (loop->loop && loop->busy_ns + loop->idle_ns)
			perfetto_write_count(&trace->writer,
					     time_of(trace, loop->loop, interval->since_ns),
					     track_of(loop->loop, TRACK_BUSY),
					     100 * loop_utilization(loop));
	}
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct trace_sink *trace = context;

	(void)total;
	(void)end;
	once_per_stall_end(&trace->stalls.once);
	if (trace->writer.failed)
		document_fail(&trace->stalls.document, -ENOMEM);
	document_end(&trace->stalls.document);
}

static int trace_close(struct lp_sink *sink)
{
	struct trace_sink *trace = (struct trace_sink *)sink;

	perfetto_writer_free(&trace->writer);
	free(trace->callbacks);
	free(trace->iterations);
	free(trace->text);
	return stall_sink_free(&trace->stalls);
}

static int trace_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		      struct lp_error *error)
{
	struct trace_sink *trace =
		stall_sink_new(sizeof(*trace), path, "trace", true, write_stall, error);

	(void)terminal;
	*sink = NULL;
	if (!trace)
		return error->code;
	trace->callbacks = calloc(LOOPS_MAX, sizeof(*trace->callbacks));
	trace->iterations = calloc(LOOPS_MAX, sizeof(*trace->iterations));
	trace->text = malloc(STACK_TEXT_MAX);
	if (!trace->callbacks || !trace->iterations || !trace->text) {
		free(trace->callbacks);
		free(trace->iterations);
		free(trace->text);
		return stall_sink_no_memory(&trace->stalls, error);
	}
	perfetto_writer_start(&trace->writer, trace->stalls.document.out);
	trace->stalls.sink.close = trace_close;
	trace->stalls.sink.observer.run = on_run;
	trace->stalls.sink.observer.loop = on_loop;
	trace->stalls.sink.observer.finding = on_finding;
	trace->stalls.sink.observer.interval = on_interval;
	trace->stalls.sink.observer.end = on_end;
	*sink = &trace->stalls.sink;
	return 0;
}

const struct lp_format trace_format = {
	.name = "trace",
	.suffix = ".pftrace",
	.open = trace_open,
};
