// SPDX-License-Identifier: BSD-2-Clause
#include "loop_stack.h"

#include "process/memory.h"
#include "running_loops.h"
#include "runtime/cpython/objects/frames.h"
#include "wire/syscalls.h"

#include <string.h>

/* A thread waits for the GIL on its mutex or its condition. */
static bool waits_for_gil(const struct lp_instance *instance, const struct lp_wait *wait)
{
	const struct lp_python *python = &instance->layout.python;
	uint64_t address = python->thread_base;
	uint32_t i;

	for (i = 0; i < python->gil_steps && i < LP_CHAIN_STEPS; i++)
		address = memory_u64(instance->pid, address + python->thread_offsets[i]);
	return syscall_argument(wait->syscall) == LP_ARGUMENT_FUTEX && address &&
	       wait->arguments[0] - (address + python->gil_offset) < LP_GIL_BYTES;
}

static void append(struct lp_loop_stack *stack, uint64_t code, uint64_t instruction)
{
	stack->frames[stack->depth++] = (struct lp_raw_frame){ code, instruction };
}

/* Reads the frames of the callback, which end at the frame of the loop that dispatches it. */
static enum lp_stack_shows read_callback(const struct lp_cpython *python,
					 const struct lp_running_loop *loop,
					 struct lp_loop_stack *stack)
{
	const struct lp_python_loop *own = &loop->facts.python;
	uint64_t dispatch = 0, run_once = 0, mask = ~(uint64_t)python->row.frame.tag_mask;
	struct lp_raw_frame frames[LP_STACK_DEPTH];
	bool cut;
	int depth, i;

	if (cpython_loop_code(python, &dispatch, &run_once) || !dispatch)
		return LP_SHOWS_NOTHING;
	depth = cpython_read_stack(python, loop->thread_state, frames, LP_STACK_DEPTH, &cut);
	for (i = 0; i < depth && i < LP_STACK_FRAMES; i++) {
		uint64_t code = frames[i].code & mask;

		if (code == dispatch) {
			stack->flags |= LP_STACK_TO_LOOP;
			return LP_SHOWS_CALLBACK;
		}
		if (code == run_once || code == own->run_once_code || code == own->forever_code)
			return LP_SHOWS_LOOP;
		append(stack, code, frames[i].instruction);
	}
	/* the stack is deeper than what is read, so that the loop's frame is not in it */
	stack->flags |= LP_STACK_CUT;
	return cut && depth > 0 ? LP_SHOWS_CALLBACK : LP_SHOWS_NOTHING;
}

/*
 * The same for uvloop, which has no frame of its own.  Reads the frames of the callback if they can
 * be recognised; otherwise the whole stack, which is a callback if the thread is blocked in
 * anything but the poll of its loop.
 */
static enum lp_stack_shows read_uvloop(const struct lp_cpython *python,
				       const struct lp_running_loop *loop,
				       const struct lp_wait *wait, bool blocked,
				       struct lp_loop_stack *stack)
{
	uint64_t mask = ~(uint64_t)python->row.frame.tag_mask;
	struct lp_raw_frame frames[LP_STACK_DEPTH];
	int depth, i, within;
	bool cut;

	if (syscall_argument(wait->syscall) == LP_ARGUMENT_DESCRIPTOR &&
	    wait->arguments[0] + 1 == loop->descriptor)
		return LP_SHOWS_LOOP;
	depth = cpython_read_stack(python, loop->thread_state, frames, LP_STACK_DEPTH, &cut);
	within = depth > 0 ? cpython_callback_frames(python, frames, depth) : -1;
	if (within <= 0 && !blocked)
		return LP_SHOWS_NOTHING;
	if (within >= 0)
		stack->flags |= LP_STACK_TO_LOOP;
	for (i = 0; i < (within >= 0 ? within : depth) && i < LP_STACK_FRAMES; i++)
		append(stack, frames[i].code & mask, frames[i].instruction);
	return depth > 0 ? LP_SHOWS_CALLBACK : LP_SHOWS_NOTHING;
}

void cpython_loop_stack(const struct lp_instance *instance, const struct lp_running_loop *loop,
			const struct lp_wait *wait, bool asleep, struct lp_loop_stack *stack)
{
	const struct lp_cpython *python = instance->reader;

	memset(stack, 0, sizeof(*stack));
	stack->waits_for_lock = asleep && waits_for_gil(instance, wait);
	stack->shows =
		loop->kind == LP_LOOP_UVLOOP
			? read_uvloop(python, loop, wait, asleep && !stack->waits_for_lock, stack)
			: read_callback(python, loop, stack);
}
