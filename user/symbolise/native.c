// SPDX-License-Identifier: BSD-2-Clause
#include "native.h"

#include "base/text.h"
#include "elf/unwind.h"
#include "elf/mapped_files.h"
#include "runtime/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 64
#define NAMES_MAX 4096 /* a power of two */
#define NAME_BYTES 160
#define COLD ".cold"
/*
 * Limit of the symbols that are read for one stack: some milliseconds. Other names wait for the
 * next stack.
 */
#define WORK_MAX (1U << 20)

struct name {
	uint64_t image; /* serial number of its image; 0: free */
	uint64_t function;
	char text[NAME_BYTES];
};

struct lp_native {
	struct lp_mapped_files *programs;
	size_t work; /* used for the current stack */
	struct lp_row row; /* row of the current frame */
	struct lp_row other; /* row used to find the frame's name */
	struct name names[NAMES_MAX];
};

struct lp_native *native_new(void)
{
	struct lp_native *native = calloc(1, sizeof(*native));

	if (!native)
		return NULL;
	native->programs = mapped_files_new();
	if (!native->programs) {
		free(native);
		return NULL;
	}
	return native;
}

void native_free(struct lp_native *native)
{
	if (!native)
		return;
	mapped_files_free(native->programs);
	free(native);
}

static const struct lp_native_helper *helper;

void native_help_by(const struct lp_native_helper *other)
{
	helper = other;
}

void native_forget(struct lp_native *native, pid_t pid)
{
	if (helper) {
		helper->forget(pid);
		return;
	}
	mapped_files_forget(native->programs, pid);
}

/* Names a function by its symbol, or a nameless part of one in the way of compilers. */
static void find_name(struct lp_native *native, const struct lp_image *image, uint64_t function,
		      uint64_t bytes, struct name *name)
{
	char text[NAME_BYTES - sizeof(COLD)];
	uint64_t whole;

	if (!image_symbol(image, function, text, sizeof(text), &native->work)) {
		text_copy(name->text, sizeof(name->text), text);
		return;
	}
	name->text[0] = '\0';
	if (!cold_part_of(image, function, bytes, &native->other, &whole, &native->work) &&
	    !image_symbol(image, whole, text, sizeof(text), &native->work)) {
		snprintf(name->text, sizeof(name->text), "%s" COLD, text);
		text_sanitise(name->text);
	}
}

/*
 * Returns the name of a function, or, if its beginning is not known (bytes is 0), of the one that
 * contains an address. "" if it has none; NULL if it has to wait.
 */
static const char *function_name(struct lp_native *native, const struct lp_location *location,
				 uint64_t function, uint64_t bytes)
{
	uint64_t hash =
		(location->serial + function) * 0x9e3779b97f4a7c15ULL; /* Fibonacci hashing */
	struct name *name = &native->names[hash >> 52 & (NAMES_MAX - 1)];

	if (name->image == location->serial && name->function == function)
		return name->text;
	if (native->work >= WORK_MAX)
		return NULL;
	find_name(native, location->image, function, bytes, name);
	name->image = location->serial;
	name->function = function;
	return name->text;
}

static void set_frame(struct lp_frame *frame, const char *function, const char *file)
{
	memset(frame, 0, sizeof(*frame));
	frame->kind = LP_FRAME_NATIVE;
	text_copy(frame->function, sizeof(frame->function), function);
	text_copy(frame->file, sizeof(frame->file), file);
}

enum walk_result {
	WALK_ON, /* continue with the caller, by native->row */
	WALK_LAST, /* the frame is the last one, as its caller cannot be determined */
	WALK_END, /* the frame is left out */
};

static enum walk_result describe(struct lp_native *native, pid_t pid, uint64_t address,
				 struct lp_frame *frame)
{
	struct lp_location location;
	char unnamed[32] = "[unknown]";
	uint64_t bytes = 0;
	const char *name;
	int err;

	mapped_files_locate(native->programs, pid, address, &location);
	if (!location.image) {
		/* Code without tables has one name: otherwise each address would be another
		 * function. */
		set_frame(frame, location.path[0] ? unnamed : "[anonymous]", location.path);
		return WALK_LAST;
	}
	err = eh_frame_find(location.image, location.address, &native->row);
	if (!err) {
		location.address = native->row.function;
		bytes = native->row.bytes;
		snprintf(unnamed, sizeof(unnamed), "0x%" PRIx64, location.address);
	}
	name = function_name(native, &location, location.address, bytes);
	if (!name || runtime_is_interpreter(name))
		return WALK_END;
	set_frame(frame, name[0] ? name : unnamed, location.path);
	return err ? WALK_LAST : WALK_ON;
}

static size_t walk(struct lp_native *native, pid_t pid, struct lp_registers *registers,
		   const struct lp_stack_copy *stack, struct lp_frame *frames, size_t capacity)
{
	enum walk_result result;
	bool returns = false;
	size_t depth = 0;

	while (depth < capacity) {
		/* a call that does not return may be its function's last instruction */
		result = describe(native, pid, registers->values[LP_REGISTER_IP] - returns,
				  &frames[depth]);
		if (result == WALK_END)
			break;
		depth++;
		if (result == WALK_LAST || unwind_step(&native->row, stack, registers))
			break;
		returns = !native->row.signal;
	}
	return depth;
}

static void set_register(struct lp_registers *registers, unsigned int number, uint64_t value)
{
	registers->values[number] = value;
	registers->known |= 1U << number;
}

size_t native_frames(struct lp_native *native, const struct lp_event_native *event,
		     struct lp_frame *frames, size_t capacity)
{
	struct lp_stack_copy stack = {
		.address = event->sp,
		.data = event->data,
		.bytes = event->bytes < LP_NATIVE_BYTES ? event->bytes : LP_NATIVE_BYTES,
	};
	struct lp_registers registers = { 0 };

	if (helper)
		return helper->frames(event, frames, capacity);
	/* Without registers the event has the kernel's frames only. */
	if (!event->ip || !event->sp)
		return 0;
	set_register(&registers, LP_REGISTER_IP, event->ip);
	set_register(&registers, LP_REGISTER_SP, event->sp);
	set_register(&registers, LP_REGISTER_BP, event->bp);
	set_register(&registers, LP_REGISTER_BX, event->bx);
	set_register(&registers, LP_REGISTER_12, event->r12);
	set_register(&registers, LP_REGISTER_12 + 1, event->r13);
	set_register(&registers, LP_REGISTER_12 + 2, event->r14);
	set_register(&registers, LP_REGISTER_12 + 3, event->r15);
	mapped_files_begin(native->programs);
	native->work = 0;
	return walk(native, (pid_t)event->event.pid, &registers, &stack, frames,
		    capacity < FRAMES_MAX ? capacity : FRAMES_MAX);
}
