// SPDX-License-Identifier: BSD-2-Clause
#include "lock_holders.h"

#include "base/text.h"
#include "wire/syscalls.h"

/* Returns the address of the lock of the wait that an event is about; 0: it is not known. */
static uint64_t lock_of(const struct lp_event_stack_sample *event)
{
	return event->resource.kind == LP_RESOURCE_LOCK ? event->resource.number : 0;
}

void lock_holder_take(struct lp_lock_holder *holder, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event)
{
	stack_clear(&holder->stack);
	holder->known = stack_from_event(&holder->stack, frames, event);
	holder->own_loop = event->flags & LP_STACK_OWN_LOOP;
	holder->is_task = event->flags & LP_STACK_OF_TASK;
	/* records of earlier versions do not say what the loop's own work was */
	holder->gives_result = event->flags & LP_STACK_RESULT ||
			       (holder->own_loop && !(event->flags & LP_STACK_LOCK));
	holder->ends = event->flags & LP_STACK_END;
	holder->is_thread_lock = event->flags & LP_STACK_LOCK;
	/* the target says since when */
	holder->since_ns = holder->is_task && event->stack < event->event.time_ns ? event->stack
										  : 0;
	holder->read_ns = event->event.time_ns;
	holder->lock_address = lock_of(event);
	holder->tid = (pid_t)event->tid;
	text_copy(holder->thread, sizeof(holder->thread), event->thread);
}

void lock_waker_take(struct lp_waker *waker, const struct lp_frames *frames,
		     const struct lp_event_stack_sample *event)
{
	stack_clear(&waker->stack);
	waker->known = stack_from_event(&waker->stack, frames, event);
	waker->tid = (pid_t)event->tid;
	waker->stack_hash = event->stack;
	waker->lock_address = lock_of(event);
	text_copy(waker->thread, sizeof(waker->thread), event->thread);
}

bool lock_waker_ended(const struct lp_waker *waker, const struct lp_block *block)
{
	return waker->known && waker->stack_hash == block->stack &&
	       syscall_argument(block->syscall) == LP_ARGUMENT_FUTEX &&
	       (!waker->lock_address || waker->lock_address == block->object);
}
