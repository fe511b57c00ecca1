// SPDX-License-Identifier: BSD-2-Clause
#include "own_frames.h"

#include "wire/loop_kinds.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool own_frames_is_library(const char *file)
{
	const char *at = file;

	if (begins(at, "<frozen "))
		return true;
	while ((at = strstr(at, "/lib"))) {
		at += strlen("/lib");
		at += strspn(at, "64");
		if (!begins(at, "/python3."))
			continue;
		at += strlen("/python3.");
		at += strspn(at, "0123456789t");
		if (*at == '/' && !begins(at, "/site-packages/") && !begins(at, "/dist-packages/"))
			return true;
	}
	return false;
}

static bool of_library(const struct lp_shown_frame *frame)
{
	return own_frames_is_library(frame->file);
}

static bool is_own(const struct lp_shown_frame *frame)
{
	return frame->kind == LP_FRAME_PYTHON && !of_library(frame);
}

static bool is_loop(const struct lp_shown_frame *frame)
{
	return of_library(frame) && loop_kinds_own_file(frame->file);
}

struct lp_stack own_frames_of(const struct lp_stack *stack)
{
	struct lp_stack own = *stack;
	uint32_t first = 0, end;

	while (first < stack->depth && !is_own(stack->frames[first]))
		first++;
	if (first == stack->depth)
		return own;
	for (end = first + 1; end < stack->depth && !is_loop(stack->frames[end]);)
		end++;
	if (end < stack->depth)
		own.cut = own.unreadable = false;
	/* the library's outermost frames only start the thread or the program */
	while (of_library(stack->frames[end - 1]))
		end--;
	own.frames += first;
	own.depth = end - first;
	return own;
}
