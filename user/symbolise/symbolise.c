// SPDX-License-Identifier: BSD-2-Clause
#include "symbolise_internal.h"

#include "base/text.h"
#include "base/macros.h"
#include "process/proc_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NATIVE_FRAMES 64

int symboliser_new(const struct lp_symboliser_config *config, struct lp_symboliser **result)
{
	struct lp_symboliser *symboliser = calloc(1, sizeof(*symboliser));

	*result = NULL;
	if (!symboliser)
		return -ENOMEM;
	symboliser->config = *config;
	symboliser->places = frame_numbers_new();
	symboliser->sample =
		calloc(1, sizeof(*symboliser->sample) +
				  LP_SAMPLE_FRAMES * sizeof(symboliser->sample->frames[0]));
	symboliser->shown = calloc(LP_STACK_FRAMES, sizeof(*symboliser->shown));
	symboliser->pending_native = malloc(sizeof(*symboliser->pending_native));
	if (config->native)
		symboliser->native = native_new();
	if (config->kernel)
		symboliser->kernel = kernel_new();
	if (!symboliser->places || !symboliser->shown || !symboliser->sample ||
	    !symboliser->pending_native) {
		symboliser_free(symboliser);
		return -ENOMEM;
	}
	*result = symboliser;
	return 0;
}

void symboliser_free(struct lp_symboliser *symboliser)
{
	if (!symboliser)
		return;
	native_free(symboliser->native);
	kernel_free(symboliser->kernel);
	frame_numbers_free(symboliser->places);
	free(symboliser->shown);
	free(symboliser->pending_native);
	free(symboliser->sample);
	free(symboliser);
}

void symboliser_forget(struct lp_symboliser *symboliser, pid_t pid)
{
	if (symboliser->native)
		native_forget(symboliser->native, pid);
}

void symboliser_set_period(struct lp_symboliser *symboliser, uint32_t period_us)
{
	symboliser->config.period_us = period_us;
}

void symboliser_store_native(struct lp_symboliser *symboliser, const struct lp_event_native *event)
{
	*symboliser->pending_native = *event;
	symboliser->has_pending_native = true;
}

int symboliser_number(struct lp_symboliser *symboliser, const struct lp_event *of,
		      const struct lp_frame *frame)
{
	struct lp_event_frame event;
	bool is_new;
	int number = frame_numbers_get(symboliser->places, frame, &is_new);

	if (number < 0 || !is_new)
		return number;
	memset(&event, 0, sizeof(event));
	event.event = *of;
	event.event.type = LP_EVENT_FRAME;
	event.event.size = sizeof(event);
	event.frame = (__u32)number;
	event.line = frame->line;
	event.kind = (__u16)frame->kind;
	event.coroutine = frame->coroutine;
	event.generated = frame->generated;
	text_copy(event.function, sizeof(event.function), frame->function);
	text_copy(event.file, sizeof(event.file), frame->file);
	symboliser->config.take(symboliser->config.context, &event.event);
	return number;
}

static void append(struct lp_symboliser *symboliser, const struct lp_frame *frame)
{
	struct lp_event_stack_sample *sample = symboliser->sample;
	int number;

	if (sample->depth >= LP_SAMPLE_FRAMES)
		return;
	number = symboliser_number(symboliser, &sample->event, frame);
	if (number >= 0)
		sample->frames[sample->depth++] = (__u32)number;
}

/* Returns whether the frame belongs to the call of loopprof's own program by the kernel. */
static bool is_our_own(const struct lp_frame *frame)
{
	static const char *const beginnings[] = { "bpf_trace_run", "__bpf_trace_", "__traceiter_",
						  "__perf_event_overflow", "bpf_overflow_handler" };
	size_t i;

	if (!strcmp(frame->file, "[bpf]"))
		return true;
	for (i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (!strncmp(frame->function, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

/* Returns whether a stack is that of another thread than the loop's. */
static bool is_other_thread(const struct lp_event_raw_stack *raw)
{
	return raw->reason == LP_SAMPLE_GIL_HOLDER || raw->reason == LP_SAMPLE_LOCK_HOLDER ||
	       raw->reason == LP_SAMPLE_WAKER;
}

/* The kernel's frames, and C frames on top of the innermost Python frame. */
static void append_native(struct lp_symboliser *symboliser, const struct lp_event_raw_stack *raw)
{
	const struct lp_event_native *pending_native = symboliser->pending_native;
	struct lp_frame frames[NATIVE_FRAMES];
	size_t count, i;

	/* Waits for the GIL are sent without native frames; the native part of another stack may
	 * have been lost. */
	if (!symboliser->has_pending_native || pending_native->event.loop != raw->event.loop ||
	    pending_native->event.time_ns < raw->event.time_ns || raw->reason == LP_SAMPLE_GIL ||
	    is_other_thread(raw))
		return;
	symboliser->has_pending_native = false;
	if (symboliser->kernel) {
		count = kernel_frames(symboliser->kernel, pending_native->kernel, LP_KERNEL_FRAMES,
				      frames, NATIVE_FRAMES);
		for (i = 0; i < count && is_our_own(&frames[i]); i++)
			;
		for (; i < count; i++)
			append(symboliser, &frames[i]);
	}
	if (symboliser->native) {
		count = native_frames(symboliser->native, pending_native, frames, NATIVE_FRAMES);
		for (i = 0; i < count; i++)
			append(symboliser, &frames[i]);
	}
}

static void append_python(struct lp_symboliser *symboliser, const struct lp_instance *instance,
			  const struct lp_event_raw_stack *raw)
{
	size_t described = 0;
	uint32_t i;

	if (instance)
		described = instance->runtime->describe(instance, raw->frames, raw->depth,
							symboliser->shown);
	for (i = 0; i < described; i++) {
		/* The walk did not know the loop's own code yet. */
		if (i && symboliser->shown[i].dispatches)
			return;
		append(symboliser, &symboliser->shown[i]);
	}
	/* The code object is not there any more, or was inconsistent while it was read: no wrong
	 * name is shown. */
	if (described < raw->depth)
		symboliser->sample->flags |= LP_STACK_UNREADABLE;
}

/* Names the thread, or the task, that a stack is of. */
static void name_thread(const struct lp_instance *instance, const struct lp_event_raw_stack *raw,
			struct lp_event_stack_sample *sample)
{
	const struct lp_runtime *runtime = instance->runtime;
	char name[LP_STACK_FUNCTION_BYTES] = "";
	pid_t tid = 0;

	if (raw->flags & LP_STACK_OF_TASK) {
		tid = (pid_t)raw->thread;
		if (runtime->task_name)
			runtime->task_name(instance, raw->thread_state, name, sizeof(name));
	} else if (raw->thread_state) {
		runtime->describe_thread(instance, raw->thread_state, (pid_t)raw->thread, &tid,
					 name, sizeof(name));
	}
	/* a thread that is none of the runtime's has the kernel's name only */
	if (raw->reason == LP_SAMPLE_WAKER && !tid) {
		tid = (pid_t)raw->waker;
		if (!*name)
			proc_thread_name((pid_t)raw->event.pid, tid, name, sizeof(name));
	}
	text_copy(sample->thread, sizeof(sample->thread), name);
	sample->tid = (__u32)tid;
}

void symboliser_take(struct lp_symboliser *symboliser, const struct lp_instance *instance,
		     const struct lp_event_raw_stack *raw, size_t size)
{
	struct lp_event_stack_sample *sample = symboliser->sample;

	if (raw->depth > LP_STACK_FRAMES || size < offsetof(struct lp_event_raw_stack, frames) +
							    raw->depth * sizeof(raw->frames[0]))
		return;
	memset(sample, 0, sizeof(*sample));
	sample->event = raw->event;
	sample->event.type = LP_EVENT_STACK_SAMPLE;
	sample->segment_ns = raw->segment_ns;
	sample->stack = raw->stack;
	sample->reason = raw->reason;
	sample->flags = raw->flags;
	sample->syscall = raw->syscall;
	sample->resource = raw->resource;
	sqlite_file_add(&symboliser->sqlite_file, (pid_t)raw->event.pid, &sample->resource);
	if (raw->reason == LP_SAMPLE_ON_CPU)
		sample->period_us = symboliser->config.period_us;
	append_native(symboliser, raw);
	append_python(symboliser, instance, raw);
	if (is_other_thread(raw) && instance)
		name_thread(instance, raw, sample);
	sample->event.size =
		(__u32)(sizeof(*sample) + sample->depth * sizeof(sample->frames[0]) + 7) / 8 * 8;
	symboliser->config.take(symboliser->config.context, &sample->event);
}
