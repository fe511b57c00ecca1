// SPDX-License-Identifier: BSD-2-Clause
/* The tasks of a process as JSON lines. */
#include "sink.h"

#include "json_pool.h"
#include "json_thread.h"
#include "files/output_file.h"
#include "sinks/json/fields.h"
#include "blocked_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JSON_VERSION "1.0"
/* The most tasks that one change lists as unchanged. */
#define UNCHANGED_SHOWN 100

struct tasks_json_sink {
	struct lp_tasks_sink sink;
	struct lp_json_writer json;
	int err; /* first failed write */
};

static struct lp_json_writer *writer_of(struct lp_tasks_sink *sink)
{
	return &((struct tasks_json_sink *)sink)->json;
}

static void end_line(struct lp_json_writer *json)
{
	json_end(json);
	putc('\n', json->out);
}

static void end_batch(struct lp_tasks_sink *base)
{
	struct tasks_json_sink *sink = (struct tasks_json_sink *)base;

	if (fflush(sink->json.out) && !sink->err)
		sink->err = -errno;
}

/* Writes a number, or null for 0. */
static void write_number(struct lp_json_writer *json, const char *name, uint64_t value)
{
	if (value)
		json_number(json, name, value);
	else
		json_null(json, name);
}

/* Writes the addresses of tasks that are given by their numbers in the list. */
static void write_tasks(struct lp_json_writer *json, const char *name,
			const struct lp_task_list *list, const uint32_t *tasks, size_t count)
{
	size_t i;

	json_array(json, name);
	for (i = 0; i < count; i++)
		json_address(json, NULL, list->tasks[tasks[i]].address);
	json_end(json);
}

static void write_links(struct lp_json_writer *json, const char *name,
			const struct lp_task_list *list, const struct lp_csr_graph *links,
			uint32_t number)
{
	write_tasks(json, name, list, csr_graph_row(links, number), csr_graph_count(links, number));
}

static uint32_t loop_id(const struct lp_tasks_snapshot *snapshot, uint32_t number)
{
	uint32_t loop = snapshot->places[number].loop;

	return loop < snapshot->loop_count ? snapshot->loops[loop].id : 0;
}

/* Writes "created_at": a line of Python, or null if file is NULL or empty. */
static void write_created(struct lp_json_writer *json, const char *function, const char *file,
			  uint32_t line)
{
	const struct lp_shown_frame frame = { .kind = LP_FRAME_PYTHON,
					      .line = line,
					      .function = (char *)function,
					      .file = (char *)file };

	json_frame(json, "created_at", file && *file ? &frame : NULL);
}

/* ---- a task ---------------------------------------------------------------------- */

static void write_awaits(struct lp_json_writer *json, const struct lp_task *task)
{
	static const char *const kinds[LP_AWAITED_KINDS] = {
		[LP_AWAITED_TASK] = "task",   [LP_AWAITED_FUTURE] = "future",
		[LP_AWAITED_LOCK] = "lock",   [LP_AWAITED_QUEUE] = "queue",
		[LP_AWAITED_TIMER] = "timer", [LP_AWAITED_SOCKET] = "socket",
		[LP_AWAITED_OTHER] = "other",
	};

	if (task->awaited == LP_AWAITED_NOTHING) {
		json_null(json, "awaits");
		return;
	}
	json_object(json, "awaits");
	json_text(json, "kind", kinds[task->awaited]);
	json_text(json, "class", task->awaited_class);
	json_address(json, "id", task->awaited_id);
	json_text_or_null(json, "detail", task->awaited_detail);
	json_end(json);
}

/* Writes the await chain, outermost frame first, as in the records of slow callbacks. */
static void write_chain(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			const struct lp_task *task)
{
	size_t i;

	json_array(json, "await_chain");
	for (i = 0; i < task->frame_count; i++) {
		const struct lp_shown_frame *frame = tasks_snapshot_frame(snapshot, task, i);

		if (frame)
			json_frame(json, NULL, frame);
	}
	json_end(json);
}

static void write_task(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
		       uint32_t number)
{
	static const char *const states[LP_TASK_STATES] = {
		[LP_TASK_RUNNING] = "running", [LP_TASK_READY] = "ready",
		[LP_TASK_WAITING] = "waiting", [LP_TASK_CANCELLING] = "cancelling",
		[LP_TASK_DONE] = "done",
	};
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_task_place *place = &snapshot->places[number];
	const struct lp_task_graph *graph = &snapshot->graph;

	json_line(json, "task");
	json_number(json, "loop_id", loop_id(snapshot, number));
	json_text(json, "task", task->name);
	json_address(json, "task_id", task->address);
	json_text(json, "state", states[task->state]);
	json_text(json, "name", task->coroutine);
	json_text(json, "file", place->definition ? place->definition->file : "");
	json_number(json, "line", place->definition ? place->definition->line : 0);
	json_frame(json, "parked", place->parked);
	json_frame(json, "own", place->own);
	json_frame(json, "package_call", place->package);
	write_number(json, "since_ns", task->since_ns);
	write_number(json, "unchanged_since_ns", place->unmoved_ns);
	write_awaits(json, task);
	write_links(json, "holds", &snapshot->list, &graph->holders, number);
	write_links(json, "awaited_by", &snapshot->list, &graph->awaited_by, number);
	write_chain(json, snapshot, task);
	if (task->state == LP_TASK_DONE)
		json_exception(json, task->exception_type, task->exception_message);
	else
		json_null(json, "exception");
	write_created(json, task->created_function, task->created_file, task->created_line);
	if (place->copied)
		json_bool(json, "copied", true);
	if (place->unwoken)
		json_bool(json, "loop_asleep", true);
	json_bool(json, "cut", task->cut);
	json_bool(json, "partial", task->partial);
	end_line(json);
}

/* Writes the tasks and the threads of a circle. */
static void write_circle(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			 const struct lp_deadlock *deadlock)
{
	const struct lp_task_list *list = &snapshot->list;
	size_t i;

	json_array(json, "circle");
	for (i = 0; i < deadlock->count; i++) {
		uint32_t node = deadlock->nodes[i];

		json_object(json, NULL);
		if (graph_is_thread(list, node)) {
			json_signed(json, "tid", graph_thread(list, node)->tid);
			json_text(json, "thread", graph_thread(list, node)->name);
		} else {
			json_address(json, "task_id", list->tasks[node].address);
			json_text(json, "task", list->tasks[node].name);
		}
		json_end(json);
	}
	json_end(json);
}

static void write_deadlock(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			   const struct lp_deadlock *deadlock)
{
	const struct lp_task_list *list = &snapshot->list;
	uint32_t loop = 0;
	size_t i;

	for (i = 0; i < deadlock->count && !loop; i++)
		if (!graph_is_thread(list, deadlock->nodes[i]))
			loop = loop_id(snapshot, deadlock->nodes[i]);
	json_line(json, "deadlock");
	json_number(json, "loop_id", loop);
	json_array(json, "tasks");
	for (i = 0; i < deadlock->count; i++)
		if (!graph_is_thread(list, deadlock->nodes[i]))
			json_address(json, NULL, list->tasks[deadlock->nodes[i]].address);
	json_end(json);
	json_array(json, "names");
	for (i = 0; i < deadlock->count; i++)
		if (!graph_is_thread(list, deadlock->nodes[i]))
			json_text(json, NULL, list->tasks[deadlock->nodes[i]].name);
	json_end(json);
	write_circle(json, snapshot, deadlock);
	json_number(json, "held_up", deadlock->held_up);
	end_line(json);
}

/* ---- what has changed ------------------------------------------------------------- */

static void write_growing(struct lp_json_writer *json, const struct lp_tasks_change *change)
{
	size_t i;

	json_array(json, "growing");
	for (i = 0; i < change->group_count; i++) {
		const struct lp_task_group *group = change->groups[i];

		if (!task_group_leaks(group))
			continue;
		json_object(json, NULL);
		json_text(json, "name", group->name);
		json_text(json, "file", group->file);
		json_number(json, "line", group->line);
		write_created(json, group->created_function, group->created_file,
			      group->created_line);
		json_number(json, "count", group->count);
		json_number(json, "grown_by", group->count - group->since_count);
		json_number(json, "since_ns", group->since_ns);
		json_end(json);
	}
	json_end(json);
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
static void write_unchanged(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot)
{
	struct unmoved *unmoved = malloc((snapshot->list.count + 1) * sizeof(*unmoved));
	size_t i, count = 0;

	for (i = 0; unmoved && i < snapshot->list.count; i++)
		if (snapshot->places[i].unmoved_ns)
			unmoved[count++] =
				(struct unmoved){ snapshot->places[i].unmoved_ns, (uint32_t)i };
	if (count)
		qsort(unmoved, count, sizeof(*unmoved), longest_first);
	json_number(json, "unchanged_count", count);
	json_array(json, "unchanged");
	for (i = 0; i < count && i < UNCHANGED_SHOWN; i++) {
		json_object(json, NULL);
		json_address(json, "task_id", snapshot->list.tasks[unmoved[i].task].address);
		json_number(json, "unchanged_since_ns", unmoved[i].since_ns);
		json_end(json);
	}
	json_end(json);
	free(unmoved);
}

static void on_change(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *before,
		      const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change)
{
	struct lp_json_writer *json = writer_of(base);
	size_t i;

	for (i = 0; i < change->started_count; i++)
		write_task(json, now, change->started[i]);
	for (i = 0; i < change->deadlock_count; i++)
		write_deadlock(json, now, change->deadlocks[i]);
	json_line(json, "tasks_change");
	json_signed(json, "pid", now->process->pid);
	json_number(json, "time_ns", now->list.time_ns);
	write_tasks(json, "born", &now->list, change->started, change->started_count);
	write_tasks(json, "ended", &before->list, change->ended, change->ended_count);
	write_growing(json, change);
	write_unchanged(json, now);
	end_line(json);
	end_batch(base);
}

/* ---- the sink ----------------------------------------------------------------------- */

static void on_begin(struct lp_tasks_sink *base, const struct lp_tasks_run *run)
{
	struct lp_json_writer *json = writer_of(base);

	json_line(json, "header");
	json_text(json, "version", JSON_VERSION);
	json_text(json, "tool", run->tool);
	json_text(json, "mode", "tasks");
	json_number(json, "start_ns", run->start_ns);
	json_number(json, "start_unix_ns", run->start_unix_ns);
	json_text(json, "host", run->host);
	end_line(json);
}

/* Writes "stands_in": what the thread of a loop is blocked in, and the processes at its end. */
static void write_blocked_loop(struct lp_json_writer *json, const struct lp_blocked_loop *blocked)
{
	json_object(json, "stands_in");
	json_other_end(json, &blocked->end);
	if (*blocked->dns_name)
		json_text(json, "dns_name", blocked->dns_name);
	json_frame(json, "at", blocked->own ? blocked->own : blocked->parked);
	json_end(json);
}

static void on_loop(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *snapshot,
		    size_t number)
{
	const struct lp_loop_info *loop = &snapshot->loops[number];
	struct lp_json_writer *json = writer_of(base);

	json_loop_line(json, "loop", loop);
	json_signed(json, "pid", loop->pid);
	/* a loop that is not running has no thread */
	write_number(json, "tid", (uint64_t)loop->tid);
	json_program(json, loop);
	json_text_or_null(json, "class", snapshot->list.loops[number].class);
	if (snapshot->list.loops[number].copied) {
		json_bool(json, "copied", true);
		write_number(json, "copied_from", (uint64_t)snapshot->copied_from);
	}
	if (snapshot->blocked_loops && snapshot->blocked_loops[number].known)
		write_blocked_loop(json, &snapshot->blocked_loops[number]);
	end_line(json);
}

/* Writes a line with the tasks that have ended and that something refers to, if there are any. */
static void write_ended(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot)
{
	const struct lp_task_list *list = &snapshot->list;
	size_t i;

	if (!list->ended_total)
		return;
	json_line(json, "ended_tasks");
	json_signed(json, "pid", snapshot->process->pid);
	json_number(json, "count", list->ended_total);
	json_array(json, "coroutines");
	for (i = 0; i < list->ended_count; i++) {
		json_object(json, NULL);
		json_text(json, "name", list->ended[i].coroutine);
		json_number(json, "count", list->ended[i].count);
		json_end(json);
	}
	json_end(json);
	end_line(json);
}

static void on_snapshot(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *snapshot)
{
	struct lp_json_writer *json = writer_of(base);
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		write_task(json, snapshot, (uint32_t)i);
	for (i = 0; i < snapshot->graph.deadlock_count; i++)
		write_deadlock(json, snapshot, &snapshot->graph.deadlocks[i]);
	json_pools(json, snapshot);
	json_threads(json, snapshot);
	write_ended(json, snapshot);
	end_batch(base);
}

static void on_end(struct lp_tasks_sink *base, const struct lp_tasks_end *end)
{
	struct lp_json_writer *json = writer_of(base);

	json_line(json, "footer");
	json_number(json, "end_ns", end->end_ns);
	json_text(json, "reason", end->reason);
	json_number(json, "lost_events", 0);
	json_bool(json, "partial", end->partial);
	json_bool(json, "ended_partial", end->ended_partial);
	write_number(json, "paused_ns", end->paused_ns);
	end_line(json);
}

static int close_sink(struct lp_tasks_sink *base)
{
	struct tasks_json_sink *sink = (struct tasks_json_sink *)base;
	int err;

	end_batch(base);
	if (ferror(sink->json.out) && !sink->err)
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
		.snapshot = on_snapshot,
		.change = on_change,
		.end = on_end,
		.close = close_sink,
	};
	struct tasks_json_sink *sink = calloc(1, sizeof(*sink));

	(void)options;
	if (!sink)
		return NULL;
	sink->sink = functions;
	sink->json = json_writer(stdout);
	return &sink->sink;
}
