// SPDX-License-Identifier: BSD-2-Clause
#include "detected_loops.h"

#include "base/clocks.h"
#include "stuck_loop.h"

/* The limit of inspections of a thread that runs meanwhile. */
#define TRIES 4

uint32_t detected_loops_callback(struct lp_session *session, pid_t pid, uint32_t slot,
				 struct lp_running_callback *running, lp_record_taker take,
				 void *context)
{
	uint32_t callback;
	bool is_new;

	callback = session_take_callback(session, slot, running->name.identity, running->check,
					 &is_new);
	if (!is_new)
		return callback;
	running->name.event =
		event_head(LP_EVENT_NAME, sizeof(running->name), slot, pid, clock_now());
	running->name.callback = callback;
	take(context, &running->name.event);
	return callback;
}

/* Emits the name of the running callback if it is new.  Returns false if no slot is left for it. */
static bool name_running(struct lp_session *session, const struct lp_instance *instance,
			 uint32_t slot, const struct lp_event_raw_stack *raw,
			 struct lp_segment_begun *begun, lp_record_taker take, void *context)
{
	bool whole = raw->depth && raw->flags & LP_STACK_TO_LOOP;
	struct lp_running_callback running;

	instance->runtime->running_callback(instance, raw->thread_state,
					    whole ? raw->frames[raw->depth - 1].code : 0, &running);
	begun->task = running.task;
	begun->callback =
		detected_loops_callback(session, instance->pid, slot, &running, take, context);
	return begun->callback != 0;
}

bool detected_loops_begin(struct lp_session *session, const struct lp_instance *instance,
			  uint32_t slot, const struct lp_running_loop *running,
			  lp_record_taker take, void *context, struct lp_event_raw_stack *raw)
{
	struct lp_segment_begun begun;
	uint64_t now = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		stuck_loop_inspect(instance, running, raw, &begun);
		begun.frame = running->frame;
		if (begun.state == LP_DETECTED_CALLBACK && begun.blocked &&
		    !name_running(session, instance, slot, raw, &begun, take, context))
			begun.state = LP_DETECTED_RUNNING;
		now = clock_now();
		if (!session_begin_segment(session, slot, now, &begun))
			return false;
		/* a poll that returned before it was recorded must be taken back: BPF ignored it */
		if (begun.state != LP_DETECTED_POLLING ||
		    !stuck_loop_moved(instance, running, &begun) ||
		    !session_take_poll_back(session, slot, now))
			break;
	}
	if (begun.state != LP_DETECTED_CALLBACK || !begun.blocked)
		return false;
	raw->event = event_head(LP_EVENT_RAW_STACK, sizeof(*raw), slot, instance->pid, clock_now());
	raw->segment_ns = now;
	return true;
}
