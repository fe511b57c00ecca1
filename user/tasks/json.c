// SPDX-License-Identifier: BSD-2-Clause
/* The tasks of a process as JSON lines. */
#include "sink.h"

#include "files/output_file.h"
#include "sinks/json/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_VERSION "1.0"
/* The most tasks that one change lists as unchanged. */
#define UNCHANGED_SHOWN 100

struct tasks_json_sink {
	struct lp_tasks_sink sink;
	FILE *out;
	int err; /* first failed write */
};

static FILE *out_of(struct lp_tasks_sink *sink)
{
	return ((struct tasks_json_sink *)sink)->out;
}

static void end_batch(struct lp_tasks_sink *base)
{
	struct tasks_json_sink *sink = (struct tasks_json_sink *)base;

	if (fflush(sink->out) && !sink->err)
		sink->err = -errno;
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
	if (value)
		fprintf(out, ",\"%s\":%" PRIu64, name, value);
	else
		fprintf(out, ",\"%s\":null", name);
}

static void write_frame(FILE *out, const char *name, const struct lp_shown_frame *frame)
{
	fprintf(out, ",\"%s\":", name);
	if (frame)
		json_frame(out, frame);
	else
		fputs("null", out);
}

/* Writes the addresses of tasks that are given by their numbers in the list. */
static void write_tasks(FILE *out, const char *name, const struct lp_task_list *list,
			const uint32_t *tasks, size_t count)
{
	size_t i;

	fprintf(out, ",\"%s\":[", name);
	for (i = 0; i < count; i++)
		fprintf(out, "%s\"0x%" PRIx64 "\"", i ? "," : "", list->tasks[tasks[i]].address);
	putc(']', out);
}

static void write_links(FILE *out, const char *name, const struct lp_task_list *list,
			const struct lp_csr_graph *links, uint32_t number)
{
	write_tasks(out, name, list, csr_graph_row(links, number), csr_graph_count(links, number));
}

static uint32_t loop_id(const struct lp_tasks_snapshot *snapshot, uint32_t number)
{
	uint32_t loop = snapshot->places[number].loop;

	return loop < snapshot->loop_count ? snapshot->loops[loop].id : 0;
}

/* ---- a task ---------------------------------------------------------------------- */

static void write_awaits(FILE *out, const struct lp_task *task)
{
	static const char *const kinds[LP_AWAITED_KINDS] = {
		[LP_AWAITED_TASK] = "task",   [LP_AWAITED_FUTURE] = "future",
		[LP_AWAITED_LOCK] = "lock",   [LP_AWAITED_QUEUE] = "queue",
		[LP_AWAITED_TIMER] = "timer", [LP_AWAITED_SOCKET] = "socket",
		[LP_AWAITED_OTHER] = "other",
	};

	if (task->awaited == LP_AWAITED_NOTHING) {
		fputs(",\"awaits\":null", out);
		return;
	}
	fprintf(out, ",\"awaits\":{\"kind\":\"%s\",\"class\":", kinds[task->awaited]);
	json_string(out, task->awaited_class);
	fprintf(out, ",\"id\":\"0x%" PRIx64 "\",\"detail\":", task->awaited_id);
	json_string_or_null(out, task->awaited_detail);
	putc('}', out);
}

/* Writes the await chain, outermost frame first, as in the records of slow callbacks. */
static void write_chain(FILE *out, const struct lp_tasks_snapshot *snapshot,
			const struct lp_task *task)
{
	const char *separator = "";
	size_t i;

	fputs(",\"await_chain\":[", out);
	for (i = 0; i < task->frame_count; i++) {
		const struct lp_shown_frame *frame = tasks_snapshot_frame(snapshot, task, i);

		if (!frame)
			continue;
		fputs(separator, out);
		json_frame(out, frame);
		separator = ",";
	}
	putc(']', out);
}

static void write_exception(FILE *out, const struct lp_task *task)
{
	if (task->state != LP_TASK_DONE) {
		fputs(",\"exception\":null", out);
		return;
	}
	fputs(",\"exception\":{\"type\":", out);
	json_string(out, task->exception_type);
	fputs(",\"message\":", out);
	json_string(out, task->exception_message);
	putc('}', out);
}

static void write_created(FILE *out, const struct lp_task *task)
{
	const struct lp_shown_frame frame = { .kind = LP_FRAME_PYTHON,
					      .line = task->created_line,
					      .function = (char *)task->created_function,
					      .file = (char *)task->created_file };

	write_frame(out, "created_at", task->created_file && *task->created_file ? &frame : NULL);
}

static void write_task(FILE *out, const struct lp_tasks_snapshot *snapshot, uint32_t number)
{
	static const char *const states[LP_TASK_STATES] = {
		[LP_TASK_RUNNING] = "running", [LP_TASK_READY] = "ready",
		[LP_TASK_WAITING] = "waiting", [LP_TASK_CANCELLING] = "cancelling",
		[LP_TASK_DONE] = "done",
	};
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_task_place *place = &snapshot->places[number];
	const struct lp_task_graph *graph = &snapshot->graph;

	fprintf(out,
		"{\"type\":\"task\",\"loop_id\":%" PRIu32 ",\"task\":", loop_id(snapshot, number));
	json_string(out, task->name);
	fprintf(out, ",\"task_id\":\"0x%" PRIx64 "\",\"state\":\"%s\",\"name\":", task->address,
		states[task->state]);
	json_string(out, task->coroutine);
	fputs(",\"file\":", out);
	json_string(out, place->definition ? place->definition->file : "");
	fprintf(out, ",\"line\":%" PRIu32, place->definition ? place->definition->line : 0);
	write_frame(out, "parked", place->parked);
	write_number(out, "since_ns", task->since_ns);
	write_number(out, "unchanged_since_ns", place->unmoved_ns);
	write_awaits(out, task);
	write_links(out, "holds", &snapshot->list, &graph->holders, number);
	write_links(out, "awaited_by", &snapshot->list, &graph->awaited_by, number);
	write_chain(out, snapshot, task);
	write_exception(out, task);
	write_created(out, task);
	if (place->copied)
		fputs(",\"copied\":true", out);
	fprintf(out, ",\"cut\":%s,\"partial\":%s}\n", task->cut ? "true" : "false",
		task->partial ? "true" : "false");
}

static void write_deadlock(FILE *out, const struct lp_tasks_snapshot *snapshot,
			   const struct lp_deadlock *deadlock)
{
	size_t i;

	fprintf(out, "{\"type\":\"deadlock\",\"loop_id\":%" PRIu32,
		loop_id(snapshot, deadlock->tasks[0]));
	write_tasks(out, "tasks", &snapshot->list, deadlock->tasks, deadlock->count);
	fputs(",\"names\":[", out);
	for (i = 0; i < deadlock->count; i++) {
		fputs(i ? "," : "", out);
		json_string(out, snapshot->list.tasks[deadlock->tasks[i]].name);
	}
	fprintf(out, "],\"held_up\":%zu}\n", deadlock->held_up);
}

/* ---- what has changed ------------------------------------------------------------- */

static void write_growing(FILE *out, const struct lp_tasks_change *change)
{
	const char *separator = "";
	size_t i;

	fputs(",\"growing\":[", out);
	for (i = 0; i < change->group_count; i++) {
		const struct lp_task_group *group = change->groups[i];
		const struct lp_shown_frame created = { .kind = LP_FRAME_PYTHON,
							.line = group->created_line,
							.function = group->created_function,
							.file = group->created_file };

		if (!task_group_leaks(group))
			continue;
		fprintf(out, "%s{\"name\":", separator);
		json_string(out, group->name);
		fputs(",\"file\":", out);
		json_string(out, group->file);
		fprintf(out, ",\"line\":%" PRIu32, group->line);
		write_frame(out, "created_at", *group->created_file ? &created : NULL);
		fprintf(out, ",\"count\":%zu,\"grown_by\":%zu,\"since_ns\":%" PRIu64 "}",
			group->count, group->count - group->since_count, group->since_ns);
		separator = ",";
	}
	putc(']', out);
}

struct unmoved {
	uint64_t since_ns;
	uint32_t task;
};

static int longest_first(const void *left, const void *right)
{
	const struct unmoved *a = left, *b = right;

	if (a->since_ns != b->since_ns)
		return a->since_ns < b->since_ns ? -1 : 1;
	return a->task < b->task ? -1 : a->task > b->task;
}

/* Writes the tasks that have not moved for the longest time. */
static void write_unchanged(FILE *out, const struct lp_tasks_snapshot *snapshot)
{
	struct unmoved *unmoved = malloc((snapshot->list.count + 1) * sizeof(*unmoved));
	size_t i, count = 0;

	for (i = 0; unmoved && i < snapshot->list.count; i++)
		if (snapshot->places[i].unmoved_ns)
			unmoved[count++] =
				(struct unmoved){ snapshot->places[i].unmoved_ns, (uint32_t)i };
	fprintf(out, ",\"unchanged_count\":%zu,\"unchanged\":[", count);
	if (count)
		qsort(unmoved, count, sizeof(*unmoved), longest_first);
	for (i = 0; i < count && i < UNCHANGED_SHOWN; i++)
		fprintf(out, "%s{\"task_id\":\"0x%" PRIx64 "\",\"unchanged_since_ns\":%" PRIu64 "}",
			i ? "," : "", snapshot->list.tasks[unmoved[i].task].address,
			unmoved[i].since_ns);
	putc(']', out);
	free(unmoved);
}

static void on_change(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *before,
		      const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change)
{
	FILE *out = out_of(base);
	size_t i;

	for (i = 0; i < change->started_count; i++)
		write_task(out, now, change->started[i]);
	for (i = 0; i < change->deadlock_count; i++)
		write_deadlock(out, now, change->deadlocks[i]);
	fprintf(out, "{\"type\":\"tasks_change\",\"pid\":%d,\"time_ns\":%" PRIu64,
		now->process->pid, now->list.time_ns);
	write_tasks(out, "born", &now->list, change->started, change->started_count);
	write_tasks(out, "ended", &before->list, change->ended, change->ended_count);
	write_growing(out, change);
	write_unchanged(out, now);
	fputs("}\n", out);
	end_batch(base);
}

/* ---- the sink ----------------------------------------------------------------------- */

static void on_begin(struct lp_tasks_sink *base, const struct lp_tasks_run *run)
{
	FILE *out = out_of(base);

	fputs("{\"type\":\"header\",\"version\":\"" JSON_VERSION "\",\"tool\":", out);
	json_string(out, run->tool);
	fprintf(out,
		",\"mode\":\"tasks\",\"start_ns\":%" PRIu64 ",\"start_unix_ns\":%" PRIu64
		",\"host\":",
		run->start_ns, run->start_unix_ns);
	json_string(out, run->host);
	fputs("}\n", out);
}

static void on_loop(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *snapshot,
		    size_t number)
{
	const struct lp_loop_info *loop = &snapshot->loops[number];
	FILE *out = out_of(base);

	fprintf(out, "{\"type\":\"loop\",\"loop_id\":%" PRIu32 ",\"pid\":%d", loop->id, loop->pid);
	/* a loop that is not running has no thread */
	write_number(out, "tid", (uint64_t)loop->tid);
	json_program(out, loop);
	fputs(",\"class\":", out);
	json_string_or_null(out, snapshot->list.loops[number].class);
	if (snapshot->list.loops[number].copied) {
		fputs(",\"copied\":true", out);
		write_number(out, "copied_from", (uint64_t)snapshot->copied_from);
	}
	fputs("}\n", out);
}

static void on_picture(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *snapshot)
{
	FILE *out = out_of(base);
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		write_task(out, snapshot, (uint32_t)i);
	for (i = 0; i < snapshot->graph.deadlock_count; i++)
		write_deadlock(out, snapshot, &snapshot->graph.deadlocks[i]);
	end_batch(base);
}

static void on_end(struct lp_tasks_sink *base, const struct lp_tasks_end *end)
{
	FILE *out = out_of(base);

	fprintf(out,
		"{\"type\":\"footer\",\"end_ns\":%" PRIu64
		",\"reason\":\"%s\",\"lost_events\":0,\"partial\":%s",
		end->end_ns, end->reason, end->partial ? "true" : "false");
	write_number(out, "paused_ns", end->paused_ns);
	fputs("}\n", out);
}

static int close_sink(struct lp_tasks_sink *base)
{
	struct tasks_json_sink *sink = (struct tasks_json_sink *)base;
	int err;

	end_batch(base);
	if (ferror(sink->out) && !sink->err)
		sink->err = -EIO;
	err = sink->err;
	free(sink);
	return err;
}

struct lp_tasks_sink *tasks_json_open(const struct lp_options *options)
{
	static const struct lp_tasks_sink functions = {
		.begin = on_begin,
		.loop = on_loop,
		.picture = on_picture,
		.change = on_change,
		.end = on_end,
		.close = close_sink,
	};
	struct tasks_json_sink *sink = calloc(1, sizeof(*sink));

	(void)options;
	if (!sink)
		return NULL;
	sink->sink = functions;
	sink->out = stdout;
	return &sink->sink;
}
