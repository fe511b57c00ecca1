// SPDX-License-Identifier: BSD-2-Clause
#include "cpython_stack.h"

#include "../target/memory.h"
#include "cpython_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 4096
#define LINE_TABLE_MAX (1 << 20)
/* sizeof of the part of a frame that is read: up to f_lasti, instr_ptr and owner */
#define FRAME_BYTES 112

static uint64_t top_frame(const struct lp_cpython *python, uint64_t thread_state)
{
	const struct lp_python_offsets *offsets = &python->row.probe;

	if (offsets->thread_cframe != LP_NO_FIELD)
		thread_state = memory_u64(python->pid, thread_state + offsets->thread_cframe);
	return thread_state ? memory_u64(python->pid, thread_state + offsets->thread_frame) : 0;
}

static uint64_t field(const uint8_t *object, uint16_t offset)
{
	uint64_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

/* Fills *frame; returns false for a frame that shows no Python code. */
static bool parse_frame(const struct lp_cpython *python, const uint8_t *object,
			struct lp_raw_frame *frame)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t mask = ~row->probe.tag_mask;

	if (row->frame_owner != LP_NO_FIELD && object[row->frame_owner] >= row->first_shim)
		return false;
	frame->code = field(object, row->probe.frame_code) & mask;
	if (row->code_bytecode == LP_NO_FIELD) {
		/* f_lasti, an int; 3.10 counts code units of two bytes */
		int32_t last = (int32_t)field(object, row->frame_instruction);

		frame->instruction = (uint64_t)(int64_t)(python->minor == 10 ? last * 2 : last);
	} else {
		frame->instruction =
			field(object, row->frame_instruction) - (frame->code + row->code_bytecode);
	}
	return frame->code != 0;
}

int cpython_read_stack(const struct lp_cpython *python, uint64_t thread_state,
		       struct lp_raw_frame *frames, size_t room, bool *cut)
{
	uint64_t address = top_frame(python, thread_state);
	uint8_t object[FRAME_BYTES];
	size_t count = 0, steps;

	*cut = false;
	/* shims make the chain longer than the stack; a damaged one may be a circle */
	for (steps = 0; address && steps < room * 2; steps++) {
		if (count == room)
			break;
		if (memory_read(python->pid, address, object, sizeof(object))) {
			*cut = true;
			return (int)count;
		}
		if (parse_frame(python, object, &frames[count]))
			count++;
		address = field(object, python->row.frame_previous);
	}
	*cut = address != 0;
	return (int)count;
}

int cpython_describe(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		     struct lp_frame *shown)
{
	const struct lp_cpython_row *row = &python->row;
	uint16_t name = row->probe.code_qualname;
	uint64_t table, size = 0;
	uint32_t first_line;
	uint8_t *lines;
	int err;

	memset(shown, 0, sizeof(*shown));
	if (name == LP_NO_FIELD)
		name = row->probe.code_name;
	err = cpython_string(python, memory_u64(python->pid, frame->code + name), shown->function,
			     sizeof(shown->function));
	if (err)
		return err;
	err = cpython_string(python,
			     memory_u64(python->pid, frame->code + row->probe.code_filename),
			     shown->file, sizeof(shown->file));
	if (err)
		return err;
	first_line = memory_u32(python->pid, frame->code + row->probe.code_first_line);
	table = memory_u64(python->pid, frame->code + row->code_lines);
	/* a bytes object: length at 16, bytes from 32 on */
	err = memory_read(python->pid, table + 16, &size, sizeof(size));
	if (err || size > LINE_TABLE_MAX)
		return 0;
	lines = malloc(size + 1);
	if (lines && !memory_read(python->pid, table + 32, lines, size))
		shown->line = cpython_line(python->minor, lines, size, first_line,
					   (int64_t)frame->instruction);
	free(lines);
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

/* Does this stack run asyncio's BaseEventLoop._run_once? */
static bool runs_loop(const struct lp_cpython *python, uint64_t thread_state)
{
	struct lp_raw_frame frames[LP_STACK_DEPTH];
	char name[32], file[512];
	int depth, i;
	bool cut;

	depth = cpython_read_stack(python, thread_state, frames, LP_STACK_DEPTH, &cut);
	for (i = 0; i < depth; i++) {
		const struct lp_python_offsets *offsets = &python->row.probe;

		if (cpython_string(python,
				   memory_u64(python->pid, frames[i].code + offsets->code_name),
				   name, sizeof(name)) ||
		    strcmp(name, "_run_once"))
			continue;
		if (!cpython_string(python,
				    memory_u64(python->pid,
					       frames[i].code + offsets->code_filename),
				    file, sizeof(file)) &&
		    ends_with(file, "base_events.py"))
			return true;
	}
	return false;
}

/*
 * The kernel's thread id.  3.11 and later keep it (as the thread's own PID
 * namespace counts); before, thread_id is pthread_self(), and glibc keeps the id
 * in struct pthread at 720 (nptl/descr.h, x86-64).  Believed only if the process
 * has such a thread.
 */
static pid_t thread_native_id(const struct lp_cpython *python, uint64_t thread_state)
{
	char path[64];
	pid_t tid;

	if (python->row.thread_native_id != LP_NO_FIELD)
		tid = (pid_t)memory_u32(python->pid, thread_state + python->row.thread_native_id);
	else
		tid = (pid_t)memory_u32(
			python->pid,
			memory_u64(python->pid, thread_state + python->row.probe.thread_id) + 720);
	snprintf(path, sizeof(path), "/proc/%d/task/%d", python->pid, tid);
	return tid > 0 && !access(path, F_OK) ? tid : 0;
}

int cpython_find_loops(const struct lp_cpython *python, pid_t *tids, uint64_t *states, size_t room)
{
	uint64_t interpreter = cpython_interpreter(python), state;
	size_t count = 0, threads;

	if (!interpreter)
		return -EAGAIN;
	state = memory_u64(python->pid, interpreter + python->row.interpreter_threads);
	for (threads = 0; state && threads < THREADS_MAX && count < room; threads++) {
		if (runs_loop(python, state)) {
			tids[count] = thread_native_id(python, state);
			states[count] = state;
			if (tids[count])
				count++;
		}
		state = memory_u64(python->pid, state + python->row.thread_next);
	}
	return (int)count;
}
