// SPDX-License-Identifier: BSD-2-Clause
#include "wakers.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <sys/syscall.h>

#define MINUTE_NS (60 * NS_PER_S)
/* Limits of the stalls that are watched in a minute: of all processes, and of each. */
#define STALLS_MAX 20
#define STALLS_OF_PROCESS 5
/*
 * A callback is no longer watched when it has not waited for this time in ns. During a shorter time
 * it may have begun the next wait.
 */
#define PAUSE_NS (100 * NS_PER_MS)

/*
 * Returns the beginning of the callback that waits for a futex, or 0.  bpf/wakeups.bpf.c knows the
 * same call only, and not futex_wait.
 */
static uint64_t wakers_segment(const struct lp_session *session, uint32_t slot)
{
	const struct lp_loop *loop = session_loop(session, slot);
	const struct lp_wait_state *stall = session_stall(session, slot);
	uint64_t segment_ns;

	if (!loop || !stall || !__atomic_load_n(&stall->wait.since_ns, __ATOMIC_ACQUIRE))
		return 0;
	segment_ns = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	return stall->wait.segment_ns == segment_ns && stall->wait.reason == LP_SAMPLE_BLOCKED &&
			       stall->wait.syscall == SYS_futex
		       ? segment_ns
		       : 0;
}

/* Returns whether no more stalls are watched in this minute, and logs it once. */
static bool is_full(struct lp_watched *watched, unsigned int most, uint64_t now_ns)
{
	if (!watched->minute_ns || now_ns - watched->minute_ns >= MINUTE_NS)
		*watched = (struct lp_watched){ .minute_ns = now_ns };
	if (watched->count < most)
		return false;
	if (!watched->limit_logged)
		log_detail("the limit of %u stalls a minute is reached: wakers of further stalls "
			   "are not reported",
			   most);
	watched->limit_logged = true;
	return true;
}

/* Attaches the program, unless it is.  Returns whether it is. */
static bool wakers_attach(struct lp_wakers *wakers, struct lp_session *session)
{
	if (wakers->attached)
		return true;
	if (wakers->attach(session, true))
		return false;
	wakers->attached = true;
	log_detail("watching the host's wakeups to find the thread that ends the wait of a loop");
	return true;
}

void wakers_watch(struct lp_wakers *wakers, struct lp_session *session, struct lp_followed *target,
		  uint32_t slot, uint64_t now_ns)
{
	uint64_t segment_ns = wakers_segment(session, slot);
	size_t i;

	for (i = 0; i < wakers->count; i++)
		if (wakers->waits[i].slot == slot && wakers->waits[i].segment_ns == segment_ns)
			return;
	if (!segment_ns || wakers->count == LP_WAKERS_LOOPS ||
	    is_full(&target->watched, STALLS_OF_PROCESS, now_ns) ||
	    is_full(&wakers->watched, STALLS_MAX, now_ns) || !wakers_attach(wakers, session))
		return;
	target->watched.count++;
	wakers->watched.count++;
	wakers->waits[wakers->count++] = (struct lp_waker_wait){
		.slot = slot, .segment_ns = segment_ns, .since_ns = now_ns, .waited_ns = now_ns
	};
}

/* Returns whether a callback remains watched. */
static bool is_still_watched(const struct lp_session *session, struct lp_waker_wait *wait,
			     uint64_t now_ns)
{
	const struct lp_loop *loop = session_loop(session, wait->slot);

	if (!loop || now_ns - wait->since_ns >= MINUTE_NS ||
	    __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) != wait->segment_ns)
		return false;
	if (wakers_segment(session, wait->slot) == wait->segment_ns)
		wait->waited_ns = now_ns;
	return now_ns - wait->waited_ns < PAUSE_NS;
}

void wakers_check(struct lp_wakers *wakers, struct lp_session *session, uint64_t now_ns)
{
	size_t i, left = 0;

	if (!wakers->attached)
		return;
	for (i = 0; i < wakers->count; i++)
		if (is_still_watched(session, &wakers->waits[i], now_ns))
			wakers->waits[left++] = wakers->waits[i];
	wakers->count = left;
	if (left)
		return;
	wakers->attach(session, false);
	wakers->attached = false;
	log_detail("no longer watching the host's wakeups");
}
