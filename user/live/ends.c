// SPDX-License-Identifier: BSD-2-Clause
#include "ends.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/other_end.h"
#include "runtime/remote/remote.h"
#include "wire/syscalls.h"

#include <string.h>

/*
 * The time in ns that one search may take. The pause after it is REST times as long as it took for
 * the same process, and REST_ALL times for all others, so that none takes the time from them.
 */
#define SEARCH_NS (20 * NS_PER_MS)
#define REST 50
#define REST_ALL 9

/* The wait of a callback that is searched for. */
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
static bool goes_on(const struct lp_loop *loop, const struct lp_wait *wait,
		    const struct ends_wait *begun, bool sleeps)
{
	struct ends_wait now;

	if (sleeps)
		return __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) == begun->segment_ns;
	return read_wait(loop, wait, &now) && now.segment_ns == begun->segment_ns &&
	       now.since_ns == begun->since_ns;
}

static void report_end(const struct lp_instance *instance, const struct lp_loop *loop,
		       const struct lp_wait *wait, const struct ends_wait *begun, uint32_t slot,
		       lp_record_taker take, void *context)
{
	struct lp_event_other_end event;

	memset(&event, 0, sizeof(event));
	if (!other_end_read(instance->pid, (pid_t)loop->tid, SEARCH_NS, &event.end) ||
	    event.end.kind == LP_END_NONE || event.end.syscall != begun->syscall ||
	    !goes_on(loop, wait, begun, event.end.kind == LP_END_SQLITE))
		return;
	event.event =
		event_head(LP_EVENT_OTHER_END, sizeof(event), slot, instance->pid, clock_now());
	event.segment_ns = begun->segment_ns;
	take(context, &event.event);
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
	    !goes_on(loop, wait, begun, false))
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
	    !goes_on(loop, wait, begun, false))
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
	return goes_on(loop, wait, begun, false) ? LP_ENDS_NO_HOLDER : LP_ENDS_DONE;
}

enum lp_ends_found ends_search(struct lp_ends *ends, struct lp_followed *target,
			       struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			       const struct lp_wait_state *stall, uint32_t slot,
			       lp_record_taker take, void *context,
			       struct lp_event_raw_stack *holder)
{
	const struct lp_instance *instance = &target->instance;
	const struct lp_wait *wait = &stall->wait;
	uint64_t begun_ns = clock_now(), end_ns;
	enum lp_ends_found found = LP_ENDS_DONE;
	struct ends_wait begun;
	bool futex;

	if (!read_wait(loop, wait, &begun) || begun.since_ns == progress->end_ns)
		return LP_ENDS_DONE;
	futex = syscall_argument(begun.syscall) == LP_ARGUMENT_FUTEX;
	if (begun_ns < ends->rest_ns || begun_ns < target->ends_rest_ns)
		return futex ? LP_ENDS_NO_HOLDER : LP_ENDS_DONE;
	progress->end_ns = begun.since_ns;
	if (futex)
		found = search_holder(instance, loop, wait, &begun, slot, holder);
	else if (waits_for_datagram(stall))
		report_name(instance, loop, wait, &begun, slot, take, context);
	else
		report_end(instance, loop, wait, &begun, slot, take, context);
	end_ns = clock_now();
	target->ends_rest_ns = end_ns + REST * (end_ns - begun_ns);
	ends->rest_ns = end_ns + REST_ALL * (end_ns - begun_ns);
	return found;
}
