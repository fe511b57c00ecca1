// SPDX-License-Identifier: BSD-2-Clause
#include "snapshot.h"

#include "base/text.h"
#include "wire/loop_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct lp_shown_frame *view_frame(const struct lp_tasks_view *view,
					const struct lp_task *task, size_t number)
{
	const struct lp_task_frame *frame = &task->frames[number];

	return task_frames_find(view->frames, &frame->raw, frame->name);
}

/* `async with lock`: what that calls in turn, Lock.acquire, tells more. */
static bool is_entry(const struct lp_shown_frame *frame)
{
	const char *dot = strrchr(frame->function, '.');

	return !strcmp(dot ? dot + 1 : frame->function, "__aenter__");
}

/* Also where its frames cannot be read the coroutine's definition may be known. */
static void find_place(struct lp_tasks_view *view, const struct lp_task *task,
		       struct lp_task_place *place)
{
	size_t i;

	place->definition = task_frames_find(view->frames, &task->code, NULL);
	if (task->frame_count)
		place->parked = view_frame(view, task, task->frame_count - 1);
	for (i = task->frame_count; i && !place->own; i--) {
		const struct lp_shown_frame *frame = view_frame(view, task, i - 1);

		if (frame && !frame_is_library(frame))
			place->own = frame;
		else if (frame && !(place->library && is_entry(frame)))
			place->library = frame;
	}
	if (!place->own)
		place->library = NULL;
	for (i = 0; i < view->loop_count; i++)
		if (view->list.loops[i].address == task->loop)
			break;
	place->loop = (uint32_t)i;
	place->copied = i < view->loop_count && view->list.loops[i].copied;
}

static void fill_loop(const struct lp_tasks_view *view, const struct lp_task_loop *from,
		      struct lp_loop_info *loop)
{
	const struct lp_process_info *process = view->process;
	const struct lp_instance *instance = view->instance;

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

int view_new(const struct lp_process_info *process, const struct lp_instance *instance,
	     struct lp_task_list *list, struct lp_tasks_view **result)
{
	struct lp_tasks_view *view = calloc(1, sizeof(*view));
	size_t i;
	int err;

	*result = NULL;
	if (!view) {
		task_list_free(list);
		return -ENOMEM;
	}
	view->process = process;
	view->instance = instance;
	view->list = *list;
	memset(list, 0, sizeof(*list));
	view->loop_count = view->list.loop_count;
	view->frames = task_frames_new(instance);
	view->places = calloc(view->list.count + 1, sizeof(*view->places));
	view->loops = calloc(view->loop_count + 1, sizeof(*view->loops));
	err = view->frames && view->places && view->loops ? graph_build(&view->list, &view->graph)
							  : -ENOMEM;
	if (err) {
		view_free(view);
		return err;
	}
	for (i = 0; i < view->list.count; i++)
		find_place(view, &view->list.tasks[i], &view->places[i]);
	for (i = 0; i < view->loop_count; i++) {
		fill_loop(view, &view->list.loops[i], &view->loops[i]);
		view->copied_loops += view->list.loops[i].copied;
	}
	if (view->copied_loops)
		view->copied_from = process_forked_from(process->pid);
	*result = view;
	return 0;
}

void view_free(struct lp_tasks_view *view)
{
	if (!view)
		return;
	graph_free(&view->graph);
	task_frames_free(view->frames);
	free(view->places);
	free(view->loops);
	task_list_free(&view->list);
	free(view);
}
