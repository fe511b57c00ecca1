// SPDX-License-Identifier: BSD-2-Clause
#include "stall_name.h"

#include "breakdown.h"
#include "own_frames.h"

#include <string.h>

/* Returns whether a file is of the program, or, if the program is installed, of its package. */
static bool is_of(const char *file, const char *package)
{
	char name[LP_PACKAGE_MAX];

	if (!*file)
		return false;
	if (!*package)
		return own_frames_origin(file) == LP_ORIGIN_PROGRAM;
	own_frames_package(file, name, sizeof(name));
	return !strcmp(name, package);
}

/* Returns whether what the loop ran has a name by which its author knows it. */
static bool names_itself(const struct lp_callback_info *callback, const char *package)
{
	const char *dot = strrchr(callback->name, '.');

	return is_of(callback->file, package) &&
	       strcmp(dot ? dot + 1 : callback->name, "<lambda>") != 0;
}

/*
 * Returns the innermost coroutine of the program; without one its innermost function, or NULL if
 * only coroutines are wanted.
 */
static const struct lp_shown_frame *innermost_of(const struct lp_stack *stack, const char *package,
						 bool coroutines)
{
	const struct lp_shown_frame *function = NULL;
	uint32_t i;

	for (i = 0; i < stack->depth; i++) {
		const struct lp_shown_frame *frame = stack->frames[i];

		if (frame->kind != LP_FRAME_PYTHON || frame->generated ||
		    !is_of(frame->file, package))
			continue;
		if (frame->coroutine)
			return frame;
		if (!function && !coroutines)
			function = frame;
	}
	return function;
}

static const struct lp_shown_frame *handler_of(const struct lp_callback_info *callback,
					       const struct lp_stack *stack)
{
	size_t own = own_frames_innermost(stack->frames, stack->depth);
	char package[LP_PACKAGE_MAX] = "";
	const struct lp_shown_frame *handler;
	bool itself;

	if (own == stack->depth)
		return NULL;
	own_frames_package(stack->frames[own]->file, package, sizeof(package));
	itself = names_itself(callback, package);
	/* a function names itself, and a coroutine unless it awaits another one of the program */
	if (itself && callback->kind != LP_MODEL_TASK)
		return NULL;
	handler = innermost_of(stack, package, itself);
	/* the path may name no package */
	if (!handler)
		return NULL;
	/* the callback awaits or calls nothing else of the program, or is a callable object, which
	 * is named by its class */
	if (!strcmp(handler->function, callback->name) ||
	    (!*callback->file &&
	     !strncmp(handler->function, callback->name, strlen(callback->name))))
		return NULL;
	return handler;
}

/* Finds the line that the program stands at, and the function of a package that it has called. */
static void find_own(struct lp_slow_callback *slow, const struct lp_stack *stack)
{
	size_t own = own_frames_innermost(stack->frames, stack->depth), i;

	if (own == stack->depth)
		return;
	slow->own = stack->frames[own];
	for (i = 0; i < own; i++)
		if (own_frames_has_origin(stack->frames[i], LP_ORIGIN_PACKAGE))
			slow->package_call = stack->frames[i];
}

/* Returns the stack up to what the loop ran, or up to the loop. */
static struct lp_stack callback_stack(const struct lp_callback_info *callback,
				      const struct lp_stack *stack)
{
	struct lp_stack within = own_frames_in_loop(stack);
	uint32_t i;

	for (i = within.depth; i && *callback->file; i--) {
		const struct lp_shown_frame *frame = within.frames[i - 1];

		if (frame->file && frame->function && !strcmp(frame->function, callback->name) &&
		    !strcmp(frame->file, callback->file)) {
			within.depth = i;
			break;
		}
	}
	return within;
}

void stall_name_set(struct lp_slow_callback *slow)
{
	const struct lp_callback_info *callback =
		slow->eager && !slow->eager->several ? &slow->eager->callback : slow->callback;
	const struct lp_stack *stack = breakdown_stack(&slow->breakdown);
	struct lp_stack within;

	if (!stack || !stack->depth)
		return;
	within = callback_stack(callback, stack);
	find_own(slow, &within);
	slow->handler = handler_of(callback, &within);
}
