// SPDX-License-Identifier: BSD-2-Clause
#include "awake.h"

#include "base/macros.h"
#include "model/awake.h"
#include "process/cpu_progress.h"
#include "resource.h"

#include <string.h>

/* The polls of a loop are counted for this time in ns before it may be watched. */
#define COUNTED_NS NS_PER_S
/* The time in ns for the next count after a doubtful one, which reads its thread's CPU time, too. */
#define COUNTED_AGAIN_NS (250 * NS_PER_MS)
/*
 * A loop is watched for WATCHED_NS if samples have then shown CALLBACKS_ENOUGH of its callbacks,
 * else until they have, for at most WATCHED_MOST_NS: a loop with short callbacks spends most of its
 * time in its own code.
 */
#define WATCHED_NS (60 * NS_PER_MS)
#define WATCHED_MOST_NS (800 * NS_PER_MS)
/* The time in ns after which a loop is not watched any more for the descriptor that is ready. */
#define WATCHED_BY_SAMPLES_NS (400 * NS_PER_MS)
#define CALLBACKS_ENOUGH 3
/* A poll that lasts for this time in ns, or longer, has not returned at once. */
#define SLEPT_NS (10 * NS_PER_MS)

/* Reports the time since the last change between counting and watching, in which no poll waited. */
static void report_span(const struct lp_awake *awake, struct lp_session *session, uint32_t slot,
			uint64_t now_ns, lp_record_taker take, void *context)
{
	const struct lp_loop *loop = session_loop(session, slot);
	uint64_t iterations = __atomic_load_n(&loop->iterations, __ATOMIC_ACQUIRE);
	struct lp_event_awake_span event;

	memset(&event, 0, sizeof(event));
	event.event =
		event_head(LP_EVENT_AWAKE_SPAN, sizeof(event), slot, (pid_t)loop->pid, now_ns);
	event.begin_ns = awake->since_ns + awake->slept_ns;
	/* samples do not count them */
	if (session_hooks_polls(session))
		event.iterations = saturating_sub(iterations, awake->iterations);
	take(context, &event.event);
}

static void report(struct lp_session *session, uint32_t slot, uint64_t now_ns, lp_record_taker take,
		   void *context)
{
	const struct lp_loop *loop = session_loop(session, slot);
	uint32_t descriptor = __atomic_load_n(&loop->ready_descriptor, __ATOMIC_ACQUIRE);
	struct lp_event_awake event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_AWAKE, sizeof(event), slot, (pid_t)loop->pid, now_ns);
	event.no_descriptor = !descriptor;
	if (descriptor) {
		event.descriptor = descriptor - 1;
		event.events = loop->ready_events;
		event.ended = loop->ready_ended;
		resource_of_descriptor((pid_t)loop->pid, event.descriptor, &event.resource);
	}
	take(context, &event.event);
}

/* Returns the ns for which the loop's thread has run or waited for a CPU; 0: not known. */
static uint64_t read_runnable(const struct lp_loop *loop)
{
	struct lp_cpu_progress progress = cpu_progress_read((pid_t)loop->tid);

	return progress.ran_ns + progress.waited_ns;
}

static void count_from(struct lp_awake *awake, const struct lp_loop *loop, uint64_t now_ns)
{
	awake->since_ns = now_ns;
	awake->slept_ns = 0;
	awake->idle_ns = __atomic_load_n(&loop->idle_ns, __ATOMIC_ACQUIRE);
	awake->iterations = __atomic_load_n(&loop->iterations, __ATOMIC_ACQUIRE);
	awake->unslept = __atomic_load_n(&loop->unslept, __ATOMIC_ACQUIRE);
	awake->callbacks = __atomic_load_n(&loop->callbacks, __ATOMIC_ACQUIRE);
	awake->runnable_ns = awake->doubtful ? read_runnable(loop) : 0;
}

/*
 * Adds the time since the last check for which the loop has slept in its poll, so that only a part
 * of the second in which its polls begin to return at once counts.
 */
static void note_sleep(struct lp_awake *awake, const struct lp_loop *loop, uint64_t now_ns)
{
	uint64_t poll_ns = __atomic_load_n(&loop->poll_start_ns, __ATOMIC_ACQUIRE);
	uint64_t since_ns = max_u64(awake->since_ns, awake->checked_ns);

	if (poll_ns && saturating_sub(now_ns, poll_ns) >= SLEPT_NS)
		awake->slept_ns += saturating_sub(now_ns, max_u64(since_ns, poll_ns));
	awake->checked_ns = now_ns;
}

/* Returns whether the time since the last change between counting and watching suffices. */
static bool has_lasted(const struct lp_awake *awake, const struct lp_session *session,
		       const struct lp_loop *loop, uint64_t passed_ns)
{
	uint64_t callbacks = __atomic_load_n(&loop->callbacks, __ATOMIC_ACQUIRE);

	if (!awake->watching)
		return passed_ns >= (awake->doubtful ? COUNTED_AGAIN_NS : COUNTED_NS);
	if (passed_ns >= WATCHED_MOST_NS)
		return true;
	if (passed_ns < WATCHED_NS ||
	    saturating_sub(callbacks, awake->callbacks) < CALLBACKS_ENOUGH)
		return false;
	/* the descriptor that is ready is known from samples, of which some show the poll */
	return session_hooks_polls(session) || passed_ns >= WATCHED_BY_SAMPLES_NS ||
	       __atomic_load_n(&loop->ready_descriptor, __ATOMIC_RELAXED);
}

/*
 * Returns whether the polls of the time that was counted returned at once.  On a busy machine the
 * thread may lose its CPU in a poll that does not sleep, which makes it long: the time for which
 * the thread has slept is an upper limit.
 */
static bool polls_at_once(struct lp_awake *awake, const struct lp_loop *loop, uint64_t counted_ns)
{
	uint64_t idle_ns = saturating_sub(loop->idle_ns, awake->idle_ns);
	uint64_t iterations = saturating_sub(loop->iterations, awake->iterations);
	uint64_t runnable_before_ns = awake->runnable_ns;

	awake->doubtful = awake_polls_at_once(iterations, 0, counted_ns) &&
			  !awake_polls_at_once(iterations, idle_ns, counted_ns);
	if (awake->doubtful && runnable_before_ns)
		idle_ns = min_u64(idle_ns,
				  saturating_sub(counted_ns, saturating_sub(read_runnable(loop),
									    runnable_before_ns)));
	/* a poll in progress is not counted as idle yet */
	return !__atomic_load_n(&loop->outside, __ATOMIC_RELAXED) &&
	       max_u64(idle_ns, awake->slept_ns) < counted_ns / 3 * 2 &&
	       awake_polls_at_once(iterations, idle_ns, counted_ns);
}

/*
 * Returns whether no iteration of the time that was counted has waited in its poll, without hooks
 * on polls: samples have seen others.
 */
static bool never_slept(const struct lp_awake *awake, const struct lp_loop *loop)
{
	uint64_t unslept = saturating_sub(loop->unslept, awake->unslept);

	return unslept && saturating_sub(loop->iterations, awake->iterations) == unslept &&
	       !__atomic_load_n(&loop->poll_start_ns, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&loop->outside, __ATOMIC_RELAXED);
}

static bool never_waits(struct lp_awake *awake, const struct lp_session *session,
			const struct lp_loop *loop, uint64_t counted_ns)
{
	return session_hooks_polls(session) ? polls_at_once(awake, loop, counted_ns)
					    : never_slept(awake, loop);
}

void awake_check(struct lp_awake *awake, struct lp_session *session, uint32_t slot, uint64_t now_ns,
		 lp_record_taker take, void *context)
{
	const struct lp_loop *loop = session_loop(session, slot);
	uint64_t passed_ns = saturating_sub(now_ns, awake->since_ns);

	if (!loop)
		return;
	note_sleep(awake, loop, now_ns);
	if (!has_lasted(awake, session, loop, passed_ns))
		return;
	if (awake->watching) {
		session_watch_loop(session, slot, false);
		if (never_waits(awake, session, loop, passed_ns))
			report_span(awake, session, slot, now_ns, take, context);
		report(session, slot, now_ns, take, context);
		awake->watching = false;
	} else if (awake->since_ns && never_waits(awake, session, loop, passed_ns)) {
		session_watch_loop(session, slot, true);
		report_span(awake, session, slot, now_ns, take, context);
		awake->watching = true;
	}
	count_from(awake, loop, now_ns);
}
