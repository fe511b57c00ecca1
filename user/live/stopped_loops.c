// SPDX-License-Identifier: BSD-2-Clause
#include "stopped_loops.h"

#include "base/macros.h"
#include "process/proc_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long a loop has not run, in ns, until it is reported. */
#define STOPPED_NS NS_PER_S
/* The flags in /proc/PID/stat, and that of a task that exits. */
#define FLAGS_FIELD 9
#define PF_EXITING 4

static void report(pid_t pid, uint32_t tid, uint32_t slot, uint64_t stopped_ns,
		   enum lp_loop_stop reason, uint64_t now_ns, lp_record_taker take, void *context)
{
	struct lp_event_loop_stopped event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_LOOP_STOPPED, sizeof(event), slot, pid, now_ns);
	event.stopped_ns = stopped_ns;
	event.tid = tid;
	event.reason = reason;
	take(context, &event.event);
}

/* When the thread left the loop; 0: it runs, or that is not known. */
static uint64_t left_ns(const struct lp_loop *loop)
{
	return __atomic_load_n(&loop->outside, __ATOMIC_ACQUIRE)
		       ? __atomic_load_n(&loop->stopped_ns, __ATOMIC_ACQUIRE)
		       : 0;
}

void stopped_loops_ended(struct lp_stopped_loops *stopped, const struct lp_loop *loop,
			 uint64_t now_ns)
{
	uint64_t left = left_ns(loop);

	/* one that was left so long ago was reported then */
	if (stopped->count == LP_STOPPED_LOOPS_MAX || (left && now_ns - left >= STOPPED_NS))
		return;
	stopped->waiting[stopped->count++] = (struct lp_stopped_loop){
		.pid = (pid_t)loop->pid,
		.tid = loop->tid,
		.ended_ns = now_ns,
		.stopped_ns = left ? left : now_ns,
	};
}

static void drop(struct lp_stopped_loops *stopped, size_t at)
{
	stopped->count--;
	memmove(&stopped->waiting[at], &stopped->waiting[at + 1],
		(stopped->count - at) * sizeof(stopped->waiting[0]));
}

void stopped_loops_forget(struct lp_stopped_loops *stopped, pid_t pid)
{
	size_t i;

	for (i = stopped->count; i > 0; i--)
		if (stopped->waiting[i - 1].pid == pid)
			drop(stopped, i - 1);
}

/*
 * Returns whether the thread has ended, and its process goes on: one that ends loses all of its
 * threads. A thread that exists runs a loop of another kind.
 */
static bool has_ended_alone(const struct lp_stopped_loop *loop)
{
	char path[64], text[LP_PROC_STAT_BYTES];
	const char *stat;

	snprintf(path, sizeof(path), "/proc/%d/task/%u", loop->pid, loop->tid);
	if (!access(path, F_OK))
		return false;
	stat = proc_stat(loop->pid, "stat", text);
	return stat && *stat != 'Z' && *stat != 'X' &&
	       !(proc_stat_number(stat, FLAGS_FIELD) & PF_EXITING);
}

void stopped_loops_check(struct lp_stopped_loops *stopped, const struct lp_followed_table *followed,
			 uint64_t now_ns, lp_record_taker take, void *context)
{
	struct lp_stopped_loop loop;

	while (stopped->count && now_ns > stopped->waiting[0].ended_ns &&
	       now_ns - stopped->waiting[0].ended_ns >= STOPPED_NS) {
		loop = stopped->waiting[0];
		drop(stopped, 0);
		if (followed_of(followed, loop.pid) && has_ended_alone(&loop))
			report(loop.pid, loop.tid, LP_NO_LOOP, loop.stopped_ns, LP_LOOP_STOP_THREAD,
			       now_ns, take, context);
	}
}

void stopped_loops_check_loop(uint64_t *reported_ns, const struct lp_loop *loop, uint32_t slot,
			      uint64_t now_ns, lp_record_taker take, void *context)
{
	uint64_t left = left_ns(loop);

	if (!left || left == *reported_ns || now_ns < left || now_ns - left < STOPPED_NS)
		return;
	*reported_ns = left;
	report((pid_t)loop->pid, loop->tid, slot, left, LP_LOOP_STOP_RUN, now_ns, take, context);
}
