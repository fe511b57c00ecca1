// SPDX-License-Identifier: BSD-2-Clause
#include "stall_parts.h"

#include "model/names.h"

#include <stdio.h>
#include <string.h>

#define LABEL_MAX (LP_SYSCALL_NAME_MAX + LP_RESOURCE_TEXT_MAX + LP_TASK_NAME_MAX + 32)

const char *stall_part_cause_name(enum lp_part_cause cause)
{
	switch (cause) {
	case LP_PART_CALLBACKS:
		return "callbacks";
	case LP_PART_UNKNOWN:
		return "unknown";
	default:
		return cause_name(cause);
	}
}

/* The state of dividing one stall. */
struct parts_walk {
	const struct lp_stall *stall;
	lp_part_handler report; /* NULL in the first pass, which only determines the longest part */
	void *context;
	uint64_t left_ns; /* time of the stall that no part has yet */
	uint64_t longest_ns;
	size_t index, longest; /* of the next part, and of the longest one */
	struct lp_stall_part part;
	struct lp_part_frame places[LP_PART_FRAMES];
	char label[LABEL_MAX];
	char bracketed[LABEL_MAX + 2];
};

const char *stall_parts_service(const struct lp_loop_info *loop)
{
	if (!loop)
		return "?";
	return loop->unit[0] ? loop->unit : loop->comm;
}

static struct lp_part_frame place_of_callback(const struct lp_callback_info *callback)
{
	return (struct lp_part_frame){ LP_PART_FRAME_CODE, callback->line, callback->name,
				       callback->file };
}

struct lp_stall stall_parts_of_slow(const struct lp_slow_callback *slow)
{
	return (struct lp_stall){ .loop = slow->loop,
				  .slow = slow,
				  .start_ns = slow->start_ns,
				  .duration_ns = slow->duration_ns,
				  .end_ns = slow->start_ns + slow->duration_ns,
				  .in_progress = slow->in_progress,
				  .callback = place_of_callback(slow->callback),
				  .breakdown = &slow->breakdown };
}

struct lp_stall stall_parts_of_iteration(const struct lp_slow_iteration *iteration)
{
	return (struct lp_stall){ .loop = iteration->loop,
				  .iteration = iteration,
				  .start_ns = iteration->start_ns,
				  .duration_ns = iteration->duration_ns,
				  .end_ns = slow_iteration_end_ns(iteration),
				  .in_progress = iteration->in_progress,
				  .callback = { LP_PART_FRAME_CODE, 0, "[iteration]", "" },
				  .breakdown = &iteration->breakdown };
}

static struct lp_part_frame place_of_frame(const struct lp_shown_frame *frame)
{
	return (struct lp_part_frame){ LP_PART_FRAME_CODE, frame->line,
				       frame->function ? frame->function : "",
				       frame->file ? frame->file : "" };
}

static void push(struct parts_walk *walk, struct lp_part_frame place)
{
	if (walk->part.depth < LP_PART_FRAMES)
		walk->places[walk->part.depth++] = place;
}

static bool same_function(const struct lp_part_frame *place, const struct lp_shown_frame *frame)
{
	struct lp_part_frame other = place_of_frame(frame);

	return !strcmp(place->function, other.function) && !strcmp(place->file, other.file);
}

static bool stack_has(const struct lp_stack *stack, const struct lp_part_frame *place)
{
	uint32_t i;

	for (i = 0; i < stack->depth; i++)
		if (same_function(place, stack->frames[i]))
			return true;
	return false;
}

/* Pushes the part of the await chain outside a stack that does not reach the callback. */
static void push_chain(struct parts_walk *walk, const struct lp_stack *stack)
{
	const struct lp_stack *chain = &walk->stall->breakdown->await_chain;
	uint32_t i;

	if (!stack->cut && !stack->unreadable)
		return;
	for (i = 0; i < chain->depth; i++) {
		struct lp_part_frame place = place_of_frame(chain->frames[i]);

		if (stack_has(stack, &place))
			return;
		/* the callback was pushed without its current line, which the chain has */
		if (same_function(&walk->stall->callback, chain->frames[i]))
			walk->part.depth--;
		push(walk, place);
	}
}

/* Pushes service, callback, await chain and stack; the callback once, even if all have it. */
static void push_path(struct parts_walk *walk, const struct lp_stack *stack)
{
	uint32_t i;

	push(walk, (struct lp_part_frame){ LP_PART_FRAME_SERVICE, 0,
					   stall_parts_service(walk->stall->loop), "" });
	push(walk, walk->stall->callback);
	if (!stack || !stack->depth)
		return;
	push_chain(walk, stack);
	if (same_function(&walk->stall->callback, stack->frames[stack->depth - 1]) &&
	    walk->part.depth == 2)
		walk->part.depth--;
	else if (stack->cut)
		push(walk, (struct lp_part_frame){ LP_PART_FRAME_CODE, 0, "[...]", "" });
	for (i = stack->depth; i > 0; i--)
		push(walk, place_of_frame(stack->frames[i - 1]));
}

/* Begins a part with the label in walk->label, "" for none. */
static void begin_part(struct parts_walk *walk, enum lp_part_cause cause,
		       const struct lp_stack *stack)
{
	walk->part = (struct lp_stall_part){ .cause = cause,
					     .syscall = "",
					     .target = "",
					     .label = walk->label,
					     .places = walk->places };
	push_path(walk, stack);
	walk->part.cause_at = LP_PART_FRAMES;
}

static void push_cause(struct parts_walk *walk)
{
	snprintf(walk->bracketed, sizeof(walk->bracketed), "[%s]", walk->label);
	/* replaces the innermost frame if there is no space */
	if (walk->part.depth == LP_PART_FRAMES)
		walk->part.depth--;
	walk->part.cause_at = walk->part.depth;
	push(walk, (struct lp_part_frame){ LP_PART_FRAME_CAUSE, 0, walk->bracketed, "" });
}

/* Returns ns or the time that is left, whichever is less: parts never exceed the stall. */
static uint64_t take(struct parts_walk *walk, uint64_t ns)
{
	ns = ns < walk->left_ns ? ns : walk->left_ns;
	walk->left_ns -= ns;
	return ns;
}

static void end_part(struct parts_walk *walk, uint64_t ns, uint64_t count)
{
	if (!ns)
		return;
	if (!walk->report && ns > walk->longest_ns) {
		walk->longest_ns = ns;
		walk->longest = walk->index;
	}
	walk->part.ns = ns;
	walk->part.count = count;
	walk->part.longest = walk->index++ == walk->longest;
	if (walk->part.cause_at > walk->part.depth)
		walk->part.cause_at = walk->part.depth;
	if (walk->report)
		walk->report(walk->context, walk->stall, &walk->part);
}

static void set_label(struct parts_walk *walk, const char *first, const char *second,
		      const char *third)
{
	snprintf(walk->label, sizeof(walk->label), "%s%s%s%s%s", first, *second ? " " : "", second,
		 *third ? " " : "", third);
}

/* Reports the blocked time of a stall: its calls, then the rest of ns as an unknown call. */
static void report_blocked(struct parts_walk *walk, uint64_t ns)
{
	const struct lp_breakdown *breakdown = walk->stall->breakdown;
	uint64_t part_ns;
	size_t i;

	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];

		part_ns = blocked->duration_ns < ns ? blocked->duration_ns : ns;
		ns -= part_ns;
		set_label(walk, "blocked", blocked->syscall, blocked->target);
		begin_part(walk, LP_PART_BLOCKED, &blocked->stack);
		walk->part.syscall = blocked->syscall;
		walk->part.target = blocked->target;
		push_cause(walk);
		end_part(walk, part_ns, blocked->count);
	}
	if (!ns)
		return;
	set_label(walk, "blocked", "", "");
	begin_part(walk, LP_PART_BLOCKED, NULL);
	push_cause(walk);
	end_part(walk, ns, breakdown->blocked_dropped);
}

static void label_gil(struct parts_walk *walk)
{
	const struct lp_gil_holder *gil = &walk->stall->breakdown->gil;
	char thread[32];

	snprintf(thread, sizeof(thread), "thread %d", gil->tid);
	if (gil->known && (gil->thread[0] || gil->tid))
		set_label(walk, "GIL held by", gil->thread[0] ? gil->thread : thread, "");
	else
		set_label(walk, "GIL", "", "");
}

/* Pushes the stack of the holder of the GIL, below the frame of the cause. */
static void push_holder(struct parts_walk *walk)
{
	const struct lp_stack *stack = &walk->stall->breakdown->gil.stack;
	uint32_t i;

	for (i = walk->stall->breakdown->gil.known ? stack->depth : 0; i > 0; i--)
		push(walk, place_of_frame(stack->frames[i - 1]));
}

static void push_label_of(struct parts_walk *walk, enum lp_part_cause cause)
{
	static const char *const labels[LP_PART_CAUSES] = {
		[LP_PART_ON_CPU] = "on CPU",
		[LP_PART_RUN_QUEUE] = "run queue",
		[LP_PART_GC] = "GC",
	};

	if (cause == LP_PART_GIL)
		label_gil(walk);
	else
		set_label(walk, labels[cause] ? labels[cause] : "", "", "");
	if (walk->label[0])
		push_cause(walk);
	if (cause == LP_PART_GIL)
		push_holder(walk);
}

static bool is_of(const struct lp_sample *sample, enum lp_part_cause cause)
{
	static const enum lp_sample_reason reason[LP_PART_CAUSES] = {
		[LP_PART_ON_CPU] = LP_SAMPLE_ON_CPU,
		[LP_PART_GIL] = LP_SAMPLE_GIL,
		[LP_PART_RUN_QUEUE] = LP_SAMPLE_RUN_QUEUE,
	};

	return sample->count && (cause == LP_PART_UNKNOWN || sample->reason == reason[cause]);
}

static uint64_t samples_of(const struct lp_breakdown *breakdown, enum lp_part_cause cause)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < breakdown->sample_count; i++)
		if (is_of(&breakdown->samples[i], cause))
			total += breakdown->samples[i].count;
	return total;
}

/* Divides the time of a cause among its samples; rounds the running sum, so that none is lost. */
static void report_sampled(struct parts_walk *walk, enum lp_part_cause cause, uint64_t ns)
{
	const struct lp_breakdown *breakdown = walk->stall->breakdown;
	uint64_t total = samples_of(breakdown, cause), counted = 0, reported_ns = 0;
	size_t i;

	for (i = 0; total && i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];
		enum lp_part_cause part_cause = cause;
		uint64_t upto_ns;

		if (!is_of(sample, cause))
			continue;
		if (cause == LP_PART_ON_CPU && sample->collecting)
			part_cause = LP_PART_GC;
		counted += sample->count;
		upto_ns = (uint64_t)((unsigned __int128)ns * counted / total);
		begin_part(walk, part_cause, &sample->stack);
		push_label_of(walk, part_cause);
		end_part(walk, upto_ns - reported_ns, sample->count);
		reported_ns = upto_ns;
	}
	if (total)
		return;
	begin_part(walk, cause, NULL);
	push_label_of(walk, cause);
	end_part(walk, ns, 0);
}

static void walk_slow(struct parts_walk *walk)
{
	const struct lp_times *time = &walk->stall->breakdown->time;

	if (!time->known) {
		report_sampled(walk, LP_PART_UNKNOWN, take(walk, UINT64_MAX));
		return;
	}
	report_blocked(walk, take(walk, time->blocked_ns));
	report_sampled(walk, LP_PART_GIL, take(walk, time->gil_ns));
	report_sampled(walk, LP_PART_RUN_QUEUE, take(walk, time->run_queue_ns));
	report_sampled(walk, LP_PART_ON_CPU, take(walk, UINT64_MAX));
}

/* Reports the rest of an iteration: other callbacks if there were any, else samples. */
static void report_rest(struct parts_walk *walk, uint64_t callbacks_reported)
{
	bool others = walk->stall->iteration->callbacks > callbacks_reported;
	enum lp_part_cause cause = walk->stall->breakdown->time.known ? LP_PART_ON_CPU
								      : LP_PART_UNKNOWN;

	if (!others) {
		report_sampled(walk, cause, take(walk, UINT64_MAX));
		return;
	}
	set_label(walk, "other callbacks", "", "");
	begin_part(walk, LP_PART_CALLBACKS, NULL);
	push_cause(walk);
	end_part(walk, take(walk, UINT64_MAX), 0);
}

/*
 * Reports the parts of an iteration.  The time of its callbacks is known by callback but not by
 * cause; stacks, blocking calls and samples are of the time before the first callback.
 */
static void walk_iteration(struct parts_walk *walk)
{
	const struct lp_slow_iteration *iteration = walk->stall->iteration;
	const struct lp_breakdown *breakdown = walk->stall->breakdown;
	uint64_t callbacks = iteration->slow_callbacks, known_ns = 0;
	size_t i;

	walk->label[0] = '\0';
	for (i = 0; i < iteration->top_count; i++) {
		begin_part(walk, LP_PART_CALLBACKS, NULL);
		push(walk, place_of_callback(iteration->top[i].callback));
		end_part(walk, take(walk, iteration->top[i].total_ns), iteration->top[i].count);
		callbacks += iteration->top[i].count;
	}
	if (breakdown->time.known) {
		for (i = 0; i < breakdown->blocked_count; i++)
			known_ns += breakdown->blocked[i].duration_ns < walk->left_ns
					    ? breakdown->blocked[i].duration_ns
					    : walk->left_ns;
		report_blocked(walk, take(walk, known_ns));
		if (breakdown->gil.known || samples_of(breakdown, LP_PART_GIL))
			report_sampled(walk, LP_PART_GIL, take(walk, breakdown->time.gil_ns));
		if (samples_of(breakdown, LP_PART_RUN_QUEUE))
			report_sampled(walk, LP_PART_RUN_QUEUE,
				       take(walk, breakdown->time.run_queue_ns));
	}
	report_rest(walk, callbacks);
}

void stall_parts_report(const struct lp_stall *stall, lp_part_handler report, void *context)
{
	struct parts_walk walk;
	int pass;

	walk.stall = stall;
	walk.context = context;
	walk.longest = 0;
	walk.longest_ns = 0;
	/* the first pass determines the longest part */
	for (pass = 0; pass < 2; pass++) {
		walk.report = pass ? report : NULL;
		walk.index = 0;
		walk.left_ns = stall->duration_ns;
		if (stall->slow)
			walk_slow(&walk);
		else
			walk_iteration(&walk);
	}
}
