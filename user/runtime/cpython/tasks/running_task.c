// SPDX-License-Identifier: BSD-2-Clause
/*
 * Frames of a running task: its coroutine's frame is on the thread's stack, and the frames
 * of what it awaits or calls are further in.
 */
#include "task.h"

#include "process/memory.h"
#include "runtime/cpython/objects/frames.h"

#include <stdlib.h>
#include <string.h>

#define STACK_FRAMES_MAX 4096

struct lp_stack_frame_at {
	uint64_t address;
	struct lp_raw_frame raw;
};

/*
 * Reads a thread's stack, innermost first, up to the frame at the address outermost.  Returns
 * the number of frames, or 0 if that frame is not on the stack.
 */
static size_t stack_to(const struct lp_cpython *python, uint64_t state, uint64_t outermost,
		       struct lp_stack_frame_at *frames)
{
	struct lp_frame_walk walk = { .python = python,
				      .address = cpython_top_frame(python, state) };
	size_t count = 0, steps;

	for (steps = 0; walk.address && steps < STACK_FRAMES_MAX; steps++) {
		struct lp_stack_frame_at *frame = &frames[count];

		/* one frame a call, as the address of each frame is needed */
		frame->address = walk.address;
		walk.left = 1;
		if (cpython_next_frame(&walk, &frame->raw)) {
			count++;
			if (frame->address == outermost)
				return count;
		} else if (walk.address == frame->address) {
			break;
		}
	}
	return 0;
}

/* Returns a frame's qualified name, up to 3.10: that of its coroutine; or NULL. */
static const char *frame_name(const struct lp_task_reader *reader, uint64_t frame)
{
	const struct lp_cpython *python = reader->python;
	uint64_t coroutine;

	if (!python->row.frame.is_object || python->row.code.co_qualname != LP_NO_FIELD)
		return NULL;
	coroutine = memory_u64(python->pid, frame + python->row.frame.f_gen);
	return coroutine
		       ? cpython_coroutine_name(
				 reader, memory_u64(python->pid,
						    coroutine + python->row.coroutine.cr_qualname))
		       : NULL;
}

bool cpython_read_running(struct lp_task_reader *reader, struct lp_task *task,
			  const struct lp_await_chain *chain)
{
	const struct lp_loop_thread *thread = cpython_loop_thread(reader, task->loop);
	struct lp_stack_frame_at *frames;
	struct lp_task_frame *filled;
	size_t count, retained, i;

	if (!thread || !chain->count)
		return false;
	frames = malloc((STACK_FRAMES_MAX + 1) * sizeof(*frames));
	if (!frames)
		return false;
	count = stack_to(reader->python, thread->state, chain->links[0].frame, frames);
	retained = count < CPYTHON_CHAIN_MAX ? count : CPYTHON_CHAIN_MAX;
	filled = retained ? task_arena_take(reader->arena, retained * sizeof(*filled)) : NULL;
	for (i = 0; filled && i < retained; i++) {
		const struct lp_stack_frame_at *frame = &frames[count - 1 - i];

		filled[i].raw = frame->raw;
		filled[i].raw.code &= ~reader->python->row.frame.tag_mask;
		filled[i].name = frame_name(reader, frame->address);
	}
	free(frames);
	if (!filled)
		return false;
	task->state = LP_TASK_RUNNING;
	task->frames = filled;
	task->frame_count = retained;
	task->cut = count > retained;
	task->partial = false;
	return true;
}
