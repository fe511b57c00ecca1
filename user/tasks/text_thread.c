// SPDX-License-Identifier: BSD-2-Clause
#include "text_thread.h"

#include "base/macros.h"
#include "base/text.h"
#include "base/wrap.h"
#include "sinks/text/print.h"
#include "sinks/text/stack.h"
#include "text_task.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENDS_SHOWN 3
#define THREADS_SHOWN 12
#define STACK_SHOWN 32

struct thread_sentence {
	char *text;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct thread_sentence *to,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	to->length = text_append(to->text, LP_THREAD_TEXT, to->length, format, arguments);
	va_end(arguments);
}

size_t text_thread_find(const struct lp_tasks_snapshot *snapshot, pid_t tid)
{
	size_t i;

	for (i = 0; tid && i < snapshot->list.pool_thread_count; i++)
		if (snapshot->list.pool_threads[i].tid == tid)
			return i;
	return SIZE_MAX;
}

void text_thread_name(const struct lp_pool_thread *thread, char *text, size_t size)
{
	char name[LP_TASK_NAME_COLUMNS * 4 + 8];

	wrap_cut_end(name, sizeof(name), *thread->name ? thread->name : "?", LP_TASK_NAME_COLUMNS,
		     "..");
	snprintf(text, size, "thread '%s'", name);
}

/* The line of a thread that tells most: of the program, or else the innermost one. */
static const struct lp_shown_frame *frame_of(const struct lp_tasks_snapshot *snapshot,
					     const struct lp_pool_thread *thread)
{
	const struct lp_shown_frame *own =
		task_frames_own(snapshot->frames, thread->frames, thread->frame_count);

	if (own || !thread->frame_count)
		return own;
	return task_frames_find(snapshot->frames, &thread->frames[0], NULL);
}

static const struct lp_task *find_task(const struct lp_tasks_snapshot *snapshot, uint64_t address)
{
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		if (snapshot->list.tasks[i].address == address)
			return &snapshot->list.tasks[i];
	return NULL;
}

static void add_place(struct thread_sentence *to, const struct lp_shown_frame *frame)
{
	char where[LP_TEXT_PLACE_MAX];

	if (!frame || !*frame->file)
		return;
	text_frame_place(frame, 2, where, sizeof(where));
	add(to, " at %s in %s", where, frame->function);
}

/* Adds the thread or the task by which a wait can end, and where it is. */
static void add_end(struct thread_sentence *to, const struct lp_tasks_snapshot *snapshot,
		    const struct lp_wait_end *end, size_t waiter)
{
	const struct lp_pool_thread *thread = &snapshot->list.pool_threads[end->thread];
	const struct lp_task *task = end->task ? find_task(snapshot, end->task) : NULL;
	char name[LP_TASK_NAME_COLUMNS * 4 + 32];

	if (!end->task && end->thread == waiter) {
		add(to, "itself");
	} else if (!end->task) {
		text_thread_name(thread, name, sizeof(name));
		add(to, "%s", name);
		add_place(to, frame_of(snapshot, thread));
	} else if (task) {
		const struct lp_task_place *place = &snapshot->places[task - snapshot->list.tasks];

		wrap_cut_end(name, sizeof(name), *task->name ? task->name : "?",
			     LP_TASK_NAME_COLUMNS, "..");
		add(to, "task '%s'", name);
		add_place(to, place->own ? place->own : place->parked);
	} else {
		add(to, "a task that is not listed");
	}
}

static void add_ends(struct thread_sentence *to, const struct lp_tasks_snapshot *snapshot,
		     size_t thread)
{
	const struct lp_thread_wait *wait = &snapshot->list.pool_threads[thread].wait;
	size_t i;

	for (i = 0; i < wait->end_count && i < ENDS_SHOWN; i++) {
		add(to, "%s", i ? " or by " : "");
		add_end(to, snapshot, &wait->ends[i], thread);
	}
	if (wait->end_count > ENDS_SHOWN)
		add(to, " or by %zu more", wait->end_count - ENDS_SHOWN);
}

static void add_lock(struct thread_sentence *to, const struct lp_tasks_snapshot *snapshot,
		     size_t thread)
{
	const struct lp_thread_wait *wait = &snapshot->list.pool_threads[thread].wait;

	add(to, "waits for a %s", wait->class);
	if (wait->end_count) {
		add(to, " that is held by ");
		add_ends(to, snapshot, thread);
	} else if (wait->owned) {
		add(to, " that is held by a thread that has ended");
	} else {
		add(to, ", whose holder Python does not record");
	}
}

/* Describes the loop that has not started the coroutine whose result is waited for. */
static void add_loop(struct thread_sentence *to, const struct lp_tasks_snapshot *snapshot,
		     size_t thread)
{
	const struct lp_pool_thread *waiter = &snapshot->list.pool_threads[thread];
	size_t loop = tasks_snapshot_loop(snapshot, waiter->wait.loop);

	if (loop == snapshot->loop_count || !snapshot->list.loops[loop].tid)
		add(to, "waits for the result of a coroutine of a loop that does not run");
	else if (snapshot->list.loops[loop].tid == waiter->tid)
		add(to, "waits for the result of a coroutine that only this same, blocked loop can "
			"run");
	else
		add(to, "waits for the result of a coroutine that loop %u has not started yet",
		    snapshot->loops[loop].id);
}

static void add_future(struct thread_sentence *to, const struct lp_tasks_snapshot *snapshot,
		       size_t thread)
{
	const struct lp_thread_wait *wait = &snapshot->list.pool_threads[thread].wait;

	if (wait->loop) {
		add_loop(to, snapshot, thread);
	} else if (!wait->end_count) {
		add(to, "waits for the result of a %s", wait->class);
	} else if (wait->queued) {
		add(to, "waits for the result of a job in the queue of a pool whose threads are "
			"all busy: ");
		add_ends(to, snapshot, thread);
	} else if (wait->ends[0].task) {
		add(to, "waits for the result of ");
		add_ends(to, snapshot, thread);
	} else {
		add(to, "waits for the result of a job of ");
		add_ends(to, snapshot, thread);
	}
}

void text_thread_wait(const struct lp_tasks_snapshot *snapshot, size_t thread,
		      char text[LP_THREAD_TEXT])
{
	const struct lp_thread_wait *wait = &snapshot->list.pool_threads[thread].wait;
	struct thread_sentence to = { .text = text };

	*text = '\0';
	switch (wait->kind) {
	case LP_THREAD_AWAITS_LOCK:
		add_lock(&to, snapshot, thread);
		break;
	case LP_THREAD_AWAITS_FUTURE:
		add_future(&to, snapshot, thread);
		break;
	case LP_THREAD_AWAITS_THREAD:
		add(&to, "waits for the end of ");
		add_ends(&to, snapshot, thread);
		break;
	case LP_THREAD_AWAITS_OBJECT:
		add(&to, "waits for %s", wait->what);
		break;
	default:
		return;
	}
	if (wait->timed)
		add(&to, ", with a timeout");
	text_sanitise(text);
}

static void print_stack(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot,
			const struct lp_pool_thread *thread)
{
	size_t space = terminal->columns > 24 ? terminal->columns - 14 : 10, widest = 0, i;
	size_t count = thread->frame_count < STACK_SHOWN ? thread->frame_count : STACK_SHOWN;
	const struct lp_shown_frame *frame;

	for (i = 0; i < count; i++) {
		frame = task_frames_find(snapshot->frames, &thread->frames[i], NULL);
		if (frame)
			widest = text_frame_widest(frame, widest, space);
	}
	for (i = 0; i < count; i++) {
		frame = task_frames_find(snapshot->frames, &thread->frames[i], NULL);
		if (!frame)
			continue;
		fputs("            ", file);
		text_frame_print(file, terminal, frame, widest, space);
	}
}

void text_thread_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *snapshot, size_t number, bool stack)
{
	const struct lp_pool_thread *thread = &snapshot->list.pool_threads[number];
	const struct lp_shown_frame *frame = frame_of(snapshot, thread);
	char name[LP_TASK_NAME_COLUMNS * 4 + 32], where[LP_TEXT_PLACE_MAX] = "";
	char what[LP_THREAD_TEXT], text[2 * LP_THREAD_TEXT];

	text_thread_name(thread, name, sizeof(name));
	text_thread_wait(snapshot, number, what);
	if (frame)
		text_frame_place(frame, 2, where, sizeof(where));
	snprintf(text, sizeof(text), "%s  %s  %s%s%s", name, frame ? frame->function : "?", where,
		 *where ? ": " : "", what);
	text_sanitise(text);
	fputs("    ", file);
	wrap_print(file, text, 4, "        ", terminal->columns);
	if (stack)
		print_stack(file, terminal, snapshot, thread);
}

bool text_thread_deadlocked(const struct lp_tasks_snapshot *snapshot, size_t thread)
{
	const struct lp_task_graph *graph = &snapshot->graph;
	size_t i, at;

	for (i = 0; i < graph->deadlock_count; i++)
		for (at = 0; at < graph->deadlocks[i].count; at++)
			if (graph->deadlocks[i].nodes[at] == snapshot->list.count + thread)
				return true;
	return false;
}

static bool runs_loop(const struct lp_tasks_snapshot *snapshot, pid_t tid)
{
	size_t i;

	for (i = 0; i < snapshot->loop_count; i++)
		if (snapshot->list.loops[i].tid == tid)
			return true;
	return false;
}

/* Returns whether an earlier thread at the same line waits for the same object. */
static bool is_alike(const struct lp_tasks_snapshot *snapshot, size_t thread)
{
	const struct lp_pool_thread *threads = snapshot->list.pool_threads;
	size_t i;

	for (i = 0; i < thread; i++)
		if (threads[i].wait.kind == threads[thread].wait.kind &&
		    threads[i].wait.id == threads[thread].wait.id &&
		    task_frames_same_line(frame_of(snapshot, &threads[i]),
					  frame_of(snapshot, &threads[thread])) &&
		    !runs_loop(snapshot, threads[i].tid))
			return true;
	return false;
}

void text_threads_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, bool stack)
{
	const struct lp_task_list *list = &snapshot->list;
	size_t i, shown = 0, more = 0;
	char number[32];

	for (i = 0; i < list->pool_thread_count; i++) {
		/* most threads that wait for a queue, an event or the like are idle */
		if (!list->pool_threads[i].wait.kind ||
		    list->pool_threads[i].wait.kind == LP_THREAD_AWAITS_OBJECT ||
		    runs_loop(snapshot, list->pool_threads[i].tid) ||
		    text_thread_deadlocked(snapshot, i))
			continue;
		if (shown == THREADS_SHOWN || is_alike(snapshot, i)) {
			more++;
			continue;
		}
		if (!shown++)
			fputs("\nthreads\n", file);
		text_thread_print(file, terminal, snapshot, i, stack);
	}
	if (more)
		fprintf(file, "    ... and %s more that wait\n", text_task_number(more, number));
}
