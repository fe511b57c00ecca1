// SPDX-License-Identifier: BSD-2-Clause
#include "snapshot.h"

#include "base/log.h"
#include "base/text.h"
#include "model/own_frames.h"
#include "wire/loop_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct lp_shown_frame *tasks_snapshot_frame(const struct lp_tasks_snapshot *snapshot,
						  const struct lp_task *task, size_t number)
{
	const struct lp_task_frame *frame = &task->frames[number];

	return task_frames_find(snapshot->frames, &frame->raw, frame->name);
}

/*
 * Returns whether the frame is the __aenter__ of `async with lock`: the frame that it calls,
 * Lock.acquire, is more specific.
 */
static bool is_entry(const struct lp_shown_frame *frame)
{
	const char *dot = strrchr(frame->function, '.');

	return !strcmp(dot ? dot + 1 : frame->function, "__aenter__");
}

/* Frames of a task that are considered, from the innermost one. */
#define PLACE_FRAMES 256

/*
 * Finds the program's own line among frames, innermost first, and what it has called there: the
 * function of an installed package, and the function of the standard library below which nothing
 * else is called.
 */
static void find_own(struct lp_task_place *place, const struct lp_shown_frame *const *frames,
		     size_t count)
{
	size_t own = own_frames_innermost(frames, count), i;

	if (own == count)
		return;
	place->own = frames[own];
	for (i = 0; i < own; i++) {
		const struct lp_shown_frame *frame = frames[i];

		if (!frame)
			continue;
		if (own_frames_origin(frame->file) != LP_ORIGIN_LIBRARY)
			place->package = frame;
		else if (!place->package && !(place->library && is_entry(frame)))
			place->library = frame;
	}
}

/*
 * Finds the frames of a task.  The coroutine's definition may be known even if its frames
 * cannot be read.
 */
static void find_place(struct lp_tasks_snapshot *snapshot, const struct lp_task *task,
		       struct lp_task_place *place)
{
	const struct lp_shown_frame *frames[PLACE_FRAMES];
	size_t i, count = 0;

	place->definition = task_frames_find(snapshot->frames, &task->code, NULL);
	if (task->frame_count)
		place->parked = tasks_snapshot_frame(snapshot, task, task->frame_count - 1);
	for (i = task->frame_count; i && count < PLACE_FRAMES; i--)
		frames[count++] = tasks_snapshot_frame(snapshot, task, i - 1);
	find_own(place, frames, count);
	place->loop = (uint32_t)tasks_snapshot_loop(snapshot, task->loop);
	place->copied = place->loop < snapshot->loop_count &&
			snapshot->list.loops[place->loop].copied;
}

static void fill_loop(const struct lp_tasks_snapshot *snapshot, const struct lp_task_loop *from,
		      struct lp_loop_info *loop)
{
	const struct lp_process_info *process = snapshot->process;
	const struct lp_instance *instance = snapshot->instance;

	loop->pid = process->pid;
	loop->tid = from->tid;
	text_copy(loop->comm, sizeof(loop->comm), process->comm);
	text_copy(loop->runtime, sizeof(loop->runtime),
		  from->kind ? loop_kind_name(from->kind) : instance->runtime_name);
	text_copy(loop->version, sizeof(loop->version), instance->version);
	text_copy(loop->exe, sizeof(loop->exe), process->exe);
	text_copy(loop->container, sizeof(loop->container), process->container);
	text_copy(loop->unit, sizeof(loop->unit), process->unit);
	text_copy(loop->pod, sizeof(loop->pod), process->pod);
	if (gethostname(loop->host, sizeof(loop->host) - 1))
		loop->host[0] = '\0';
	text_sanitise(loop->host);
}

int tasks_snapshot_new(const struct lp_process_info *process, const struct lp_instance *instance,
		       struct lp_task_list *list, struct lp_tasks_snapshot **result)
{
	struct lp_tasks_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	size_t i;
	int err;

	*result = NULL;
	if (!snapshot) {
		task_list_free(list);
		return -ENOMEM;
	}
	snapshot->process = process;
	snapshot->instance = instance;
	snapshot->list = *list;
	memset(list, 0, sizeof(*list));
	snapshot->loop_count = snapshot->list.loop_count;
	snapshot->frames = task_frames_new(instance);
	snapshot->places = calloc(snapshot->list.count + 1, sizeof(*snapshot->places));
	snapshot->loops = calloc(snapshot->loop_count + 1, sizeof(*snapshot->loops));
	err = snapshot->frames && snapshot->places && snapshot->loops
		      ? graph_build(&snapshot->list, &snapshot->graph)
		      : -ENOMEM;
	if (err) {
		tasks_snapshot_free(snapshot);
		return err;
	}
	for (i = 0; i < snapshot->list.count; i++)
		find_place(snapshot, &snapshot->list.tasks[i], &snapshot->places[i]);
	for (i = 0; i < snapshot->loop_count; i++) {
		fill_loop(snapshot, &snapshot->list.loops[i], &snapshot->loops[i]);
		snapshot->copied_loops += snapshot->list.loops[i].copied;
	}
	if (snapshot->copied_loops)
		snapshot->copied_from = process_forked_from(process->pid);
	*result = snapshot;
	return 0;
}

void tasks_snapshot_free(struct lp_tasks_snapshot *snapshot)
{
	if (!snapshot)
		return;
	graph_free(&snapshot->graph);
	task_frames_free(snapshot->frames);
	free(snapshot->places);
	free(snapshot->loops);
	free(snapshot->blocked_loops);
	task_list_free(&snapshot->list);
	free(snapshot);
}

size_t tasks_snapshot_loop(const struct lp_tasks_snapshot *snapshot, uint64_t address)
{
	size_t i;

	for (i = 0; i < snapshot->loop_count; i++)
		if (snapshot->list.loops[i].address == address)
			break;
	return i;
}

uint32_t tasks_snapshot_loop_id(const struct lp_tasks_snapshot *snapshot, uint64_t address)
{
	size_t loop = address ? tasks_snapshot_loop(snapshot, address) : snapshot->loop_count;

	return loop < snapshot->loop_count ? snapshot->loops[loop].id : 0;
}

void tasks_snapshot_note_unread(const struct lp_tasks_snapshot *snapshot, size_t loop, pid_t pid)
{
	const struct lp_task_loop *item = &snapshot->list.loops[loop];
	size_t i;

	if (!item->own_tasks || !item->tid)
		return;
	for (i = 0; i < snapshot->list.count; i++)
		if (snapshot->list.tasks[i].loop == item->address)
			return;
	log_note(
		"process %d runs a loop of class %s, whose tasks are of another class than asyncio's and are not shown; `loopprof -p %d` shows what holds them up",
		pid, item->class, pid);
}
