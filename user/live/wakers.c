// SPDX-License-Identifier: BSD-2-Clause
#include "wakers.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "wire/syscalls.h"

/* Limits of the attachments: their duration, and their number in each minute. */
#define MINUTE_NS (60 * NS_PER_S)
#define ATTACHMENTS_MAX 20

/* Returns the beginning of the callback that waits for a futex, or 0. */
static uint64_t waiting_segment(const struct lp_session *session, uint32_t slot)
{
	const struct lp_loop *loop = session_loop(session, slot);
	const struct lp_wait_state *stall = session_stall(session, slot);
	uint64_t segment_ns;

	if (!loop || !stall || !__atomic_load_n(&stall->wait.since_ns, __ATOMIC_ACQUIRE))
		return 0;
	segment_ns = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	return stall->wait.segment_ns == segment_ns && stall->wait.reason == LP_SAMPLE_BLOCKED &&
			       syscall_argument(stall->wait.syscall) == LP_ARGUMENT_FUTEX
		       ? segment_ns
		       : 0;
}

/* Attaches the program, unless it was attached often in this minute.  Returns whether it is. */
static bool attach(struct lp_wakers *wakers, struct lp_session *session, uint64_t now_ns)
{
	if (wakers->since_ns)
		return true;
	if (!wakers->minute_ns || now_ns - wakers->minute_ns >= MINUTE_NS) {
		wakers->minute_ns = now_ns;
		wakers->attachments = 0;
	}
	if (wakers->attachments >= ATTACHMENTS_MAX)
		return false;
	wakers->attachments++;
	if (wakers->attach(session, true))
		return false;
	wakers->since_ns = now_ns;
	log_detail("the wakeups of the host are watched, as a loop waits for an unknown thread");
	return true;
}

void wakers_watch(struct lp_wakers *wakers, struct lp_session *session, uint32_t slot,
		  uint64_t now_ns)
{
	uint64_t segment_ns = waiting_segment(session, slot);
	size_t i;

	for (i = 0; i < wakers->count; i++)
		if (wakers->waits[i].slot == slot && wakers->waits[i].segment_ns == segment_ns)
			return;
	if (segment_ns && wakers->count < LP_WAKERS_LOOPS && attach(wakers, session, now_ns))
		wakers->waits[wakers->count++] =
			(struct lp_waker_wait){ .slot = slot, .segment_ns = segment_ns };
}

void wakers_check(struct lp_wakers *wakers, struct lp_session *session, uint64_t now_ns)
{
	size_t i, left = 0;

	if (!wakers->since_ns)
		return;
	for (i = 0; i < wakers->count; i++) {
		const struct lp_waker_wait *wait = &wakers->waits[i];

		if (waiting_segment(session, wait->slot) == wait->segment_ns)
			wakers->waits[left++] = *wait;
	}
	wakers->count = left;
	if (left && now_ns - wakers->since_ns < MINUTE_NS)
		return;
	wakers->attach(session, false);
	wakers->count = 0;
	wakers->since_ns = 0;
	log_detail("the wakeups of the host are no longer watched");
}
