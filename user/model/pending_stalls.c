// SPDX-License-Identifier: BSD-2-Clause
#include "pending_stalls.h"

#include "base/text.h"
#include "base/macros.h"
#include "breakdown.h"
#include "callbacks.h"
#include "stall_name.h"

#include <stdlib.h>
#include <string.h>

/* Events count as delayed only if the poll returned within this time: they were ready. */
#define POLL_READY_NS NS_PER_MS
/* The longest waits in ns, for the return of the poll and for the end of the iteration. */
#define POLL_WAIT_NS 20000000ULL
#define ITERATION_WAIT_NS 2000000000ULL

/* The limit of pending stalls of a loop, which only forged captures exceed. */
#define PENDING_MAX 256

/* A slow iteration that waits for the reports of its slow callbacks. */
struct pending_iteration {
	struct lp_slow_iteration slow;
	struct lp_callback_info top[LP_TOP_SHOWN];
};

struct lp_pending {
	struct lp_pending *next;
	struct pending_iteration *whole; /* owned; NULL: the stall is the callback in slow */
	struct lp_slow_callback slow;
	struct lp_callback_info named;
	struct lp_eager_info eager;
	uint64_t iteration;
	uint64_t end_ns;
	uint64_t iteration_end_ns; /* 0: it has not ended yet */
	uint32_t position;
};

struct lp_pending_stalls {
	const struct lp_stall_handlers *handlers;
	void *context;
	struct lp_segments *segments; /* not owned */
	struct lp_pending *first, *last;
	size_t count;
	/* sums of the slow callbacks of one iteration, which are not a part of its own time */
	uint64_t iteration;
	uint32_t slow_count;
	uint64_t blocked_ns, gil_ns, run_queue_ns;
	struct lp_event_cpu_waits cpu_waits; /* of the iteration that began at its segment_ns */
	uint64_t eager_ns; /* the segment of eager; 0: none */
	struct lp_eager_info eager;
};

struct lp_pending_stalls *pending_stalls_new(struct lp_segments *segments,
					     const struct lp_stall_handlers *handlers,
					     void *context)
{
	struct lp_pending_stalls *stalls = calloc(1, sizeof(*stalls));

	if (stalls) {
		stalls->segments = segments;
		stalls->handlers = handlers;
		stalls->context = context;
	}
	return stalls;
}

/* Reports the oldest stall. */
static void report_first(struct lp_pending_stalls *stalls)
{
	struct lp_pending *pending = stalls->first;

	stalls->first = pending->next;
	if (!stalls->first)
		stalls->last = NULL;
	stalls->count--;
	if (pending->whole) {
		stalls->handlers->slow_iteration(stalls->context, &pending->whole->slow);
		breakdown_clear(&pending->whole->slow.breakdown);
		free(pending->whole);
	} else {
		stalls->handlers->slow(stalls->context, &pending->slow);
		breakdown_clear(&pending->slow.breakdown);
	}
	free(pending);
}

static void append(struct lp_pending_stalls *stalls, struct lp_pending *pending)
{
	if (stalls->last)
		stalls->last->next = pending;
	else
		stalls->first = pending;
	stalls->last = pending;
	if (++stalls->count > PENDING_MAX)
		report_first(stalls);
}

void pending_stalls_free(struct lp_pending_stalls *stalls)
{
	if (!stalls)
		return;
	while (stalls->first)
		report_first(stalls);
	free(stalls);
}

static void fill_slow(const struct lp_pending_stalls *stalls, const struct lp_loop_info *loop,
		      const struct lp_callback_info *callback, const struct lp_decoded_slow *event,
		      struct lp_slow_callback *slow)
{
	slow->loop = loop;
	slow->callback = callback;
	slow->start_ns = event->wire->start_ns;
	slow->duration_ns = event->wire->event.time_ns - event->wire->start_ns;
	slow->began_before = event->wire->event.reserved & LP_STALL_BEGAN_BEFORE;
	slow->at_end = event->wire->event.reserved & LP_STALL_AT_END;
	slow->queue_delay_ns = event->wire->queue_delay_ns;
	slow->task = event->wire->task;
	slow->eager = stalls->eager_ns == slow->start_ns ? &stalls->eager : NULL;
	text_copy(slow->task_name, sizeof(slow->task_name), event->task_name);
	if (slow->task && !slow->task_name[0])
		text_copy(slow->task_name, sizeof(slow->task_name),
			  segments_task_name(stalls->segments, slow->start_ns));
}

/*
 * Names a callback by its stack if no event did, as for one that ran when its loop was detected.
 * The outermost frame below the loop gives the name and the line, which is not the first line of
 * the function then.
 */
static void name_by_stack(struct lp_slow_callback *slow, struct lp_callback_info *named)
{
	const struct lp_stack *stack = breakdown_stack(&slow->breakdown);
	const struct lp_shown_frame *outermost;

	if (slow->callback->file[0] || slow->callback->line || slow->task || !stack ||
	    !stack->depth || stack->cut || strcmp(slow->callback->name, LP_UNKNOWN_CALLBACK) != 0)
		return;
	outermost = stack->frames[stack->depth - 1];
	named->kind = outermost->coroutine ? LP_MODEL_TASK : LP_MODEL_CALLBACK;
	named->line = outermost->line;
	text_copy(named->name, sizeof(named->name), outermost->function);
	text_copy(named->file, sizeof(named->file), outermost->file);
	slow->callback = named;
}

void pending_stalls_add_eager(struct lp_pending_stalls *stalls,
			      const struct lp_event_eager_task *event)
{
	struct lp_callback_info *callback = &stalls->eager.callback;

	stalls->eager.several = event->event.reserved & LP_EAGER_SEVERAL;
	stalls->eager_ns = event->segment_ns;
	callback->kind = LP_MODEL_TASK;
	callback->line = event->line;
	text_copy(callback->name, sizeof(callback->name), event->name);
	text_copy(callback->file, sizeof(callback->file), event->file);
	text_copy(stalls->eager.task_name, sizeof(stalls->eager.task_name), event->task_name);
}

void pending_stalls_add_progress(struct lp_pending_stalls *stalls, const struct lp_loop_info *loop,
				 const struct lp_callback_info *callback,
				 const struct lp_decoded_slow *event)
{
	struct lp_slow_callback slow = { .in_progress = true };
	struct lp_callback_info named = { .line = 0 };

	fill_slow(stalls, loop, callback, event, &slow);
	segments_breakdown(stalls->segments, slow.start_ns, slow.duration_ns, false,
			   &slow.breakdown);
	name_by_stack(&slow, &named);
	stall_name_set(&slow);
	/* no further event explains the stalls that ended before it */
	if (slow.at_end)
		pending_stalls_advance(stalls, UINT64_MAX);
	stalls->handlers->slow(stalls->context, &slow);
	breakdown_clear(&slow.breakdown);
}

void pending_stalls_add_slow(struct lp_pending_stalls *stalls, const struct lp_loop_info *loop,
			     const struct lp_callback_info *callback,
			     const struct lp_decoded_slow *event)
{
	struct lp_pending *pending = calloc(1, sizeof(*pending));
	const struct lp_times *time;

	if (!pending)
		return;
	/* the slot may belong to another callback when the stall is reported */
	pending->named = *callback;
	fill_slow(stalls, loop, &pending->named, event, &pending->slow);
	segments_breakdown(stalls->segments, pending->slow.start_ns, pending->slow.duration_ns,
			   true, &pending->slow.breakdown);
	name_by_stack(&pending->slow, &pending->named);
	stall_name_set(&pending->slow);
	if (pending->slow.eager) {
		pending->eager = *pending->slow.eager;
		pending->slow.eager = &pending->eager;
	}
	pending->iteration = event->wire->iteration;
	pending->position = event->wire->position;
	pending->end_ns = event->wire->event.time_ns;
	if (stalls->iteration != pending->iteration) {
		stalls->iteration = pending->iteration;
		stalls->blocked_ns = stalls->gil_ns = stalls->run_queue_ns = 0;
		stalls->slow_count = 0;
	}
	time = &pending->slow.breakdown.time;
	stalls->slow_count++;
	stalls->blocked_ns += time->blocked_ns;
	stalls->gil_ns += time->gil_ns;
	stalls->run_queue_ns += time->run_queue_ns;
	append(stalls, pending);
}

void pending_stalls_add_cpu_waits(struct lp_pending_stalls *stalls,
				  const struct lp_event_cpu_waits *event)
{
	stalls->cpu_waits = *event;
}

/* Fills in why the iteration waited for a CPU.  The shortage of memory remains that of the gap. */
static void fill_shortage(struct lp_pending_stalls *stalls, uint64_t start_ns,
			  struct lp_breakdown *breakdown)
{
	const struct lp_memory_shortage memory = breakdown->shortage.memory;

	if (stalls->cpu_waits.segment_ns != start_ns)
		return;
	shortage_fill(segments_shortage(stalls->segments), &stalls->cpu_waits, start_ns,
		      breakdown->time.run_queue_ns, &breakdown->shortage);
	breakdown->shortage.memory = memory;
}

static void explain_iteration(struct lp_pending_stalls *stalls,
			      const struct lp_event_slow_iteration *event,
			      struct lp_slow_iteration *slow)
{
	struct lp_breakdown *breakdown = &slow->breakdown;
	bool same = stalls->iteration == event->iteration && event->slow_ns;
	uint64_t duration_ns = event->event.time_ns - event->start_ns - event->slow_ns;

	slow->duration_ns = duration_ns;
	slow->slow_ns = event->slow_ns;
	slow->slow_callbacks = same ? stalls->slow_count : 0;
	segments_gap_breakdown(stalls->segments, event->start_ns, duration_ns, breakdown);
	breakdown_fill_times(&breakdown->time, duration_ns,
			     saturating_sub(event->blocked_ns, same ? stalls->blocked_ns : 0),
			     saturating_sub(event->gil_ns, same ? stalls->gil_ns : 0),
			     saturating_sub(event->run_queue_ns, same ? stalls->run_queue_ns : 0));
	fill_shortage(stalls, event->start_ns, breakdown);
	/* gc_ns covers only the time before the first callback, and may exceed the scaled rest */
	if (breakdown->time.gc_ns > breakdown->time.on_cpu_ns) {
		breakdown->time.gc_ns = breakdown->time.on_cpu_ns;
		breakdown->time.gc_exact = false;
	}
}

/* Appends an iteration behind its slow callbacks.  Returns false if out of memory. */
static bool defer_iteration(struct lp_pending_stalls *stalls,
			    const struct lp_event_slow_iteration *event,
			    const struct lp_slow_iteration *slow)
{
	struct lp_pending *pending = calloc(1, sizeof(*pending));
	struct pending_iteration *whole = calloc(1, sizeof(*whole));
	size_t i;

	if (!pending || !whole) {
		free(pending);
		free(whole);
		return false;
	}
	whole->slow = *slow;
	/* the slots may belong to other callbacks when the iteration is reported */
	for (i = 0; i < slow->top_count; i++) {
		whole->top[i] = *slow->top[i].callback;
		whole->slow.top[i].callback = &whole->top[i];
	}
	pending->whole = whole;
	pending->iteration = event->iteration;
	pending->end_ns = pending->iteration_end_ns = event->event.time_ns;
	append(stalls, pending);
	return true;
}

void pending_stalls_add_iteration(struct lp_pending_stalls *stalls,
				  const struct lp_event_slow_iteration *event,
				  struct lp_slow_iteration *slow)
{
	explain_iteration(stalls, event, slow);
	if (slow->at_end)
		pending_stalls_advance(stalls, UINT64_MAX);
	if (!slow->in_progress && stalls->first && defer_iteration(stalls, event, slow))
		return;
	stalls->handlers->slow_iteration(stalls->context, slow);
	breakdown_clear(&slow->breakdown);
}

void pending_stalls_iteration_end(struct lp_pending_stalls *stalls,
				  const struct lp_event_iteration_end *event)
{
	struct lp_pending *pending;

	for (pending = stalls->first; pending; pending = pending->next) {
		if (pending->iteration != event->iteration)
			continue;
		pending->iteration_end_ns = event->event.time_ns;
		pending->slow.delayed_known = true;
		if (event->callbacks > pending->position)
			pending->slow.delayed_callbacks = event->callbacks - pending->position - 1;
	}
}

void pending_stalls_poll_return(struct lp_pending_stalls *stalls,
				const struct lp_event_poll_return *event)
{
	while (stalls->first && stalls->first->iteration <= event->iteration) {
		if (stalls->first->iteration == event->iteration && event->ready > 0 &&
		    event->poll_ns < POLL_READY_NS)
			stalls->first->slow.delayed_events = (uint32_t)event->ready;
		report_first(stalls);
	}
}

const struct lp_slow_callback *pending_stalls_cut_off(const struct lp_pending_stalls *stalls,
						      uint64_t time_ns)
{
	const struct lp_pending *pending, *newest = NULL;

	for (pending = stalls->first; pending; pending = pending->next)
		if (!pending->whole)
			newest = pending;
	return newest && newest->end_ns == time_ns ? &newest->slow : NULL;
}

void pending_stalls_advance(struct lp_pending_stalls *stalls, uint64_t now_ns)
{
	while (stalls->first) {
		const struct lp_pending *pending = stalls->first;
		uint64_t due = pending->iteration_end_ns ? pending->iteration_end_ns + POLL_WAIT_NS
							 : pending->end_ns + ITERATION_WAIT_NS;

		if (now_ns < due)
			return;
		report_first(stalls);
	}
}

bool pending_stalls_wait(const struct lp_pending_stalls *stalls)
{
	return stalls->first != NULL;
}
