// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include "base/macros.h"
#include "process/memory.h"

#include <string.h>

uint64_t cpython_top_frame(const struct lp_cpython *python, uint64_t thread_state)
{
	const struct lp_cpython_row *row = &python->row;

	if (row->thread.cframe != LP_NO_FIELD)
		thread_state = memory_u64(python->pid, thread_state + row->thread.cframe);
	return thread_state ? memory_u64(python->pid, thread_state + row->thread.current_frame) : 0;
}

static uint64_t field(const uint8_t *object, uint16_t offset)
{
	uint64_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

/* See lp_is_init_shim in ../../../../bpf/python/object.bpf.h. */
static bool is_init_shim(const struct lp_cpython *python, const struct lp_raw_frame *frame)
{
	uint64_t code = frame->code & ~python->row.frame.tag_mask;
	const struct lp_cpython_row *row = &python->row;

	if (!row->frame.init_shim ||
	    frame->instruction - (code + row->code.co_code_adaptive) >= LP_INIT_SHIM_BYTES)
		return false;
	return !memory_u32(python->pid, code + row->code.co_firstlineno) &&
	       memory_u64(python->pid, code + row->code.co_filename) ==
		       memory_u64(python->pid, code + row->code.co_name);
}

bool cpython_next_frame(struct lp_frame_walk *walk, struct lp_raw_frame *frame)
{
	const struct lp_cpython_row *row = &walk->python->row;
	uint8_t object[CPYTHON_FRAME_BYTES];

	while (walk->address && walk->left) {
		walk->left--;
		if (!(walk->taken & (walk->taken + 1)))
			walk->mark = walk->address;
		walk->taken++;
		if (memory_read(walk->python->pid, walk->address, object, sizeof(object))) {
			walk->left = 0;
			return false;
		}
		walk->address = field(object, row->frame.previous);
		if (walk->address == walk->mark)
			walk->left = 0;
		if (row->frame.owner != LP_NO_FIELD &&
		    object[row->frame.owner] >= row->frame.first_shim)
			continue;
		frame->code = field(object, row->frame.f_executable);
		frame->instruction = field(object, row->frame.instr_ptr);
		if (walk->python->row.code.co_code_adaptive == LP_NO_FIELD)
			frame->instruction &= UINT32_MAX; /* f_lasti, an int */
		if (frame->code & ~row->frame.tag_mask && !is_init_shim(walk->python, frame))
			return true;
	}
	return false;
}

int cpython_read_stack(const struct lp_cpython *python, uint64_t thread_state,
		       struct lp_raw_frame *frames, size_t capacity, bool *cut)
{
	/* shims (frames without Python code) take steps, too */
	struct lp_frame_walk walk = { .python = python,
				      .address = cpython_top_frame(python, thread_state),
				      .left = capacity * 2 };
	size_t count = 0;

	while (count < capacity && cpython_next_frame(&walk, &frames[count]))
		count++;
	*cut = walk.address != 0;
	return (int)count;
}

/*
 * Functions between C and Python frames: the one that runs byte code, or those that call it
 * (Python/ceval.c, Objects/call.c).  If 3.14 was built with tail calls, it consists of one function
 * an instruction.
 */
bool cpython_is_interpreter(const char *function)
{
	static const char *const prefixes[] = { "_PyEval_EvalFrame", "_PyEval_Vector",
						"_PyFunction_Vectorcall", "_TAIL_CALL_" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return true;
	return strstr(function, "_PyEval_EvalFrameDefault");
}
