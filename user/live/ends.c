// SPDX-License-Identifier: BSD-2-Clause
#include "ends.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/other_end.h"
#include "runtime/remote/remote.h"
#include "wire/syscalls.h"

#include <string.h>

/* The time in ns that one search may take. */
#define SEARCH_NS (20 * NS_PER_MS)
/*
 * After a search, the same process is not searched for PAUSE_FACTOR times as long as it took, and
 * no process for PAUSE_FACTOR_ALL times as long, so that one process does not take the time from
 * the others. If only one process is followed, its pause is PAUSE_FACTOR times the CPU time of the
 * search, since a read of /proc/locks sleeps for 10 ms.
 */
#define PAUSE_FACTOR 50
#define PAUSE_FACTOR_ALL 9
/*
 * In the same stall, the holder of a lock of SQLite is searched again when this time in ns has
 * passed since it was found.
 */
#define SQLITE_AGAIN_NS NS_PER_S

/* A copy of a callback's wait, whose other end is searched. */
struct ends_wait {
	uint64_t segment_ns, since_ns;
	uint64_t stack, object;
	int syscall;
};

static bool read_wait(const struct lp_loop *loop, const struct lp_wait *wait,
		      struct ends_wait *found)
{
	found->segment_ns = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	found->since_ns = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);
	found->stack = wait->stack;
	found->object = wait->object;
	found->syscall = wait->syscall;
	return found->segment_ns && found->since_ns && wait->segment_ns == found->segment_ns &&
	       wait->reason == LP_SAMPLE_BLOCKED && found->syscall >= 0;
}

/*
 * Returns whether the wait goes on.  For a lock of SQLite, which is waited for by many sleeps, it
 * is enough that the callback does.
 */
static bool wait_lasts(const struct lp_loop *loop, const struct lp_wait *wait,
		       const struct ends_wait *begun, bool sleeps)
{
	struct ends_wait now;

	if (sleeps)
		return __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) == begun->segment_ns;
	return read_wait(loop, wait, &now) && now.segment_ns == begun->segment_ns &&
	       now.since_ns == begun->since_ns;
}

/* Returns whether a lock of SQLite was found. */
static bool report_end(const struct lp_instance *instance, const struct lp_loop *loop,
		       const struct lp_wait *wait, const struct ends_wait *begun, uint32_t slot,
		       lp_record_taker take, void *context)
{
	struct lp_event_other_end event;

	memset(&event, 0, sizeof(event));
	if (!other_end_read(instance->pid, (pid_t)loop->tid, SEARCH_NS, &event.end) ||
	    event.end.kind == LP_OTHER_END_NONE || event.end.syscall != begun->syscall ||
	    !wait_lasts(loop, wait, begun, event.end.kind == LP_OTHER_END_SQLITE))
		return false;
	event.event =
		event_head(LP_EVENT_OTHER_END, sizeof(event), slot, instance->pid, clock_now());
	event.segment_ns = begun->segment_ns;
	take(context, &event.event);
	return event.end.kind == LP_OTHER_END_SQLITE;
}

/* Returns whether the call waits for one UDP socket, as the kernel knows it. */
static bool waits_for_datagram(const struct lp_wait_state *stall)
{
	/* read once, as the kernel may change it between the check and the use */
	uint32_t block = __atomic_load_n(&stall->wait.block, __ATOMIC_RELAXED);

	return block < LP_BLOCKS &&
	       stall->account.account.blocks[block].resource.kind == LP_RESOURCE_UDP;
}

/* Reports the name that a call asks a name server for. */
static void report_name(const struct lp_instance *instance, const struct lp_loop *loop,
			const struct lp_wait *wait, const struct ends_wait *begun, uint32_t slot,
			lp_record_taker take, void *context)
{
	struct lp_event_dns_name event;

	memset(&event, 0, sizeof(event));
	if (!remote_dns_name(instance->pid, (pid_t)loop->tid, event.name) ||
	    !wait_lasts(loop, wait, begun, false))
		return;
	event.event =
		event_head(LP_EVENT_DNS_NAME, sizeof(event), slot, instance->pid, clock_now());
	event.segment_ns = begun->segment_ns;
	event.stack = begun->stack;
	event.object = begun->object;
	take(context, &event.event);
}

static bool find_holder(const struct lp_instance *instance, const struct lp_loop *loop,
			const struct lp_wait *wait, const struct ends_wait *begun, uint32_t slot,
			struct lp_event_raw_stack *holder)
{
	uint32_t flags;

	if (!instance->runtime->lock_holder ||
	    !instance->runtime->lock_holder(instance, (pid_t)loop->tid, holder) ||
	    !wait_lasts(loop, wait, begun, false))
		return false;
	flags = holder->flags;
	holder->event =
		event_head(LP_EVENT_RAW_STACK, sizeof(*holder), slot, instance->pid, clock_now());
	holder->segment_ns = begun->segment_ns;
	holder->reason = LP_SAMPLE_LOCK_HOLDER;
	holder->resource.kind = LP_RESOURCE_LOCK;
	holder->resource.number = begun->object;
	holder->flags = flags;
	return true;
}

static enum lp_ends_found search_holder(const struct lp_instance *instance,
					const struct lp_loop *loop, const struct lp_wait *wait,
					const struct ends_wait *begun, uint32_t slot,
					struct lp_event_raw_stack *holder)
{
	if (find_holder(instance, loop, wait, begun, slot, holder))
		return LP_ENDS_HOLDER;
	return wait_lasts(loop, wait, begun, false) ? LP_ENDS_NO_HOLDER : LP_ENDS_DONE;
}

/*
 * Returns whether the lock of SQLite that the callback waits for was found a short time ago. SQLite
 * waits by many sleeps, all of them for that lock.
 */
static bool is_found(const struct lp_ongoing_stall *progress, const struct ends_wait *begun,
		     uint64_t now_ns)
{
	return progress->sqlite_segment_ns == begun->segment_ns &&
	       now_ns < progress->sqlite_found_ns + SQLITE_AGAIN_NS;
}

bool ends_search_due(const struct lp_ongoing_stall *progress, const struct lp_loop *loop,
		     const struct lp_wait_state *stall, uint64_t now_ns)
{
	struct ends_wait begun;
	enum lp_argument argument;

	if (!read_wait(loop, &stall->wait, &begun) ||
	    begun.since_ns == progress->other_end_wait_ns ||
	    progress->sqlite_segment_ns == begun.segment_ns || now_ns <= begun.segment_ns ||
	    now_ns - begun.segment_ns < loop->threshold_ns / 2)
		return false;
	argument = syscall_argument(begun.syscall);
	return argument == LP_ARGUMENT_SLEEP || argument == LP_ARGUMENT_SLEEP_CLOCK;
}

/* Begins the pauses after a search. */
static void begin_pauses(struct lp_ends *ends, struct lp_followed *target, uint64_t begun_ns,
			 uint64_t begun_cpu_ns)
{
	uint64_t end_ns = clock_now(), took_ns = end_ns - begun_ns;
	uint64_t cpu_ns = saturating_sub(clock_ns(CLOCK_THREAD_CPUTIME_ID), begun_cpu_ns);

	ends->paused_until_ns = end_ns + PAUSE_FACTOR_ALL * took_ns;
	target->ends_paused_until_ns = end_ns + PAUSE_FACTOR * (ends->shared ? took_ns : cpu_ns);
}

enum lp_ends_found ends_search(struct lp_ends *ends, struct lp_followed *target,
			       struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			       const struct lp_wait_state *stall, uint32_t slot,
			       lp_record_taker take, void *context,
			       struct lp_event_raw_stack *holder)
{
	const struct lp_instance *instance = &target->instance;
	const struct lp_wait *wait = &stall->wait;
	uint64_t begun_ns = clock_now(), cpu_ns;
	enum lp_ends_found found = LP_ENDS_DONE;
	struct ends_wait begun;
	bool futex;

	if (!read_wait(loop, wait, &begun) || begun.since_ns == progress->other_end_wait_ns ||
	    is_found(progress, &begun, begun_ns))
		return LP_ENDS_DONE;
	futex = syscall_argument(begun.syscall) == LP_ARGUMENT_FUTEX;
	if (begun_ns < ends->paused_until_ns || begun_ns < target->ends_paused_until_ns)
		return futex ? LP_ENDS_NO_HOLDER : LP_ENDS_DONE;
	progress->other_end_wait_ns = begun.since_ns;
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (futex) {
		found = search_holder(instance, loop, wait, &begun, slot, holder);
	} else if (waits_for_datagram(stall)) {
		report_name(instance, loop, wait, &begun, slot, take, context);
	} else if (report_end(instance, loop, wait, &begun, slot, take, context)) {
		progress->sqlite_segment_ns = begun.segment_ns;
		progress->sqlite_found_ns = begun_ns;
	}
	begin_pauses(ends, target, begun_ns, cpu_ns);
	return found;
}
