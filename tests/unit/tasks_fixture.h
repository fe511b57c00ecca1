/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of tasks made by hand, and snapshots of them. */
#ifndef LP_TEST_TASKS_FIXTURE_H
#define LP_TEST_TASKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tasks/snapshot.h"

#define SECOND 1000000000ULL
#define LOOP 0x1000
#define ADDRESS(number) (0x7f0000000000ULL + (uint64_t)(number)*64)

/* Describes one frame, whose code field is the address of the description. */
static inline size_t describe_fake(const struct lp_instance *instance,
				   const struct lp_raw_frame *frames, size_t count,
				   struct lp_frame *shown)
{
	const struct lp_shown_frame *from = (const void *)(uintptr_t)frames->code;

	(void)instance;
	assert_int_equal(count, 1);
	memset(shown, 0, sizeof(*shown));
	shown->kind = LP_FRAME_PYTHON;
	shown->line = from->line + (uint32_t)frames->instruction;
	snprintf(shown->function, sizeof(shown->function), "%s", from->function);
	snprintf(shown->file, sizeof(shown->file), "%s", from->file);
	return 1;
}

static const struct lp_runtime fake_runtime = { .describe = describe_fake };
static const struct lp_instance instance = { .runtime = &fake_runtime,
					     .pid = 42,
					     .version = "3.11.2",
					     .runtime_name = "asyncio",
					     .product = "CPython" };
static const struct lp_process_info process = { .pid = 42, .comm = "gunicorn" };

#define FRAME(name, path, number)                                                                  \
	{                                                                                          \
		.kind = LP_FRAME_PYTHON, .function = (char *)(name), .file = (char *)(path),       \
		.line = (number)                                                                   \
	}
static const struct lp_shown_frame fetch = FRAME("fetch", "/srv/app/client.py", 12);
static const struct lp_shown_frame sleeping =
	FRAME("sleep", "/usr/lib/python3.11/asyncio/tasks.py", 639);

static inline struct lp_task_list new_list(size_t capacity, uint64_t time_ns)
{
	struct lp_task_list list = { .time_ns = time_ns, .loop_count = 1 };

	list.tasks = calloc(capacity + 1, sizeof(*list.tasks));
	list.loops = calloc(1, sizeof(*list.loops));
	list.arena = task_arena_new();
	list.loops[0] = (struct lp_task_loop){ .address = LOOP,
					       .tid = 42,
					       .class = "_UnixSelectorEventLoop",
					       .kind = LP_LOOP_ASYNCIO };
	return list;
}

/* Adds a task that waits in the first line of fetch. */
static inline struct lp_task *add_task(struct lp_task_list *list, size_t number, const char *name)
{
	struct lp_task *task = &list->tasks[list->count++];

	*task = (struct lp_task){
		.address = ADDRESS(number),
		.loop = LOOP,
		.tid = 42,
		.state = LP_TASK_WAITING,
		.name = task_arena_text(list->arena, name),
		.coroutine = "fetch",
		.code = { (uintptr_t)&fetch, 0 },
		.awaited_class = "",
		.awaited_detail = "",
		.exception_type = "",
		.exception_message = "",
		.created_function = "",
		.created_file = "",
	};
	task->frame_count = 1;
	task->frames = task_arena_take(list->arena, sizeof(*task->frames));
	task->frames[0].raw = task->code;
	return task;
}

static inline void add_edge(struct lp_task_list *list, struct lp_task *task, size_t to, bool holds)
{
	struct lp_task_edge *edges =
		task_arena_take(list->arena, (task->edge_count + 1) * sizeof(*edges));

	if (task->edge_count)
		memcpy(edges, task->edges, task->edge_count * sizeof(*edges));
	edges[task->edge_count++] = (struct lp_task_edge){ ADDRESS(to), holds };
	task->edges = edges;
	task->awaited = holds ? LP_AWAITED_LOCK : LP_AWAITED_TASK;
	task->awaited_class = holds ? "asyncio.locks.Lock" : "_asyncio.Task";
}

static inline struct lp_tasks_snapshot *new_view(struct lp_task_list *list)
{
	struct lp_tasks_snapshot *snapshot;

	assert_int_equal(tasks_snapshot_new(&process, &instance, list, &snapshot), 0);
	if (snapshot->loop_count) {
		/* tasks_snapshot_new() set it to the name of the machine that runs the test */
		snapshot->loops[0].host[0] = '\0';
		snapshot->loops[0].id = 1;
	}
	return snapshot;
}

/* From begin_capture to end_capture, stdout is a temporary file. */
static int retained_stdout = -1;
static FILE *captured;

static inline void begin_capture(void)
{
	fflush(stdout);
	retained_stdout = dup(STDOUT_FILENO);
	captured = tmpfile();
	assert_non_null(captured);
	assert_true(dup2(fileno(captured), STDOUT_FILENO) >= 0);
}

/* Returns what was written to stdout since begin_capture; the caller frees it. */
static inline char *end_capture(void)
{
	long size;
	char *text;

	fflush(stdout);
	assert_true(dup2(retained_stdout, STDOUT_FILENO) >= 0);
	close(retained_stdout);
	fseek(captured, 0, SEEK_END);
	size = ftell(captured);
	rewind(captured);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, captured), size);
	fclose(captured);
	return text;
}

#endif /* LP_TEST_TASKS_FIXTURE_H */
