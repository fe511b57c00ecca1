/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Breakdown of a segment: where the time went in which its thread did not run. */
#ifndef LP_BPF_LOOP_STALL_BPF_H
#define LP_BPF_LOOP_STALL_BPF_H

#include "common.bpf.h"
#include "loop.bpf.h"
#include "walked.bpf.h"

/* A shorter wait for a CPU is not counted as one, as every wakeup takes a moment. */
#define LP_READY_LEAST_NS 100000
/* The most time between the beginning of a context switch and the program on sched_switch. */
#define LP_SWITCH_NS 500000

/*
 * Start of the current segment, which is a callback or the time before the first one; 0: the loop
 * polls.
 */
static __always_inline __u64 lp_segment_of(const struct lp_loop *loop)
{
	return loop->start_ns ? loop->start_ns : loop->iteration_start_ns;
}

static __always_inline void lp_segment_begin(struct lp_segment_times *account, __u64 segment_ns)
{
	if (account->segment_ns == segment_ns)
		return;
	__builtin_memset(account, 0, __builtin_offsetof(struct lp_segment_times, blocks));
	account->segment_ns = segment_ns;
}

/* Total time, in ns, for which the current thread was ready to run but had no CPU. */
static __always_inline __u64 lp_run_delay(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	/* Kernels without CONFIG_SCHED_INFO do not count it. */
	if (!bpf_core_field_exists(task->sched_info))
		return 0;
	return BPF_CORE_READ(task, sched_info.run_delay);
}

static __always_inline __u64 lp_migrations(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (!bpf_core_field_exists(task->se.nr_migrations))
		return 0;
	return BPF_CORE_READ(task, se.nr_migrations);
}

/*
 * From 6.12 on a thread that blocks may stay in the run queue until its time slice would have
 * ended. If it is moved to another CPU meanwhile, enqueue_task treats it as ready to run from then
 * on, and its run delay contains the whole wait. In this case the delay means nothing, and the
 * wait counts as blocked.
 */
static __always_inline bool lp_run_delay_is_true(const struct lp_wait *wait)
{
	return !wait->delayed || lp_migrations() == wait->migrations;
}

static __always_inline __u64 lp_run_time(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, se.sum_exec_runtime);
}

/*
 * Ends a wait whose end no tracepoint reported: idle CPUs of a 6.18 guest kernel sometimes switch
 * to a thread without it. The end is computed from the scheduler's count of the thread's run time,
 * which is at most one tick old.
 */
static __always_inline void lp_wait_end_unobserved(struct lp_wait *wait, __u64 now)
{
	__u64 off = lp_elapsed(now, wait->since_ns), ran = lp_age(lp_run_time(), wait->run_time_ns);

	wait->off_ns = off > ran ? off - ran : 1;
	wait->end_ns = wait->since_ns + wait->off_ns;
	wait->since_ns = 0;
}

/* The lengths of a wait that has ended, in ns. */
struct lp_wait_times {
	__u64 off_ns; /* the thread was blocked, or waited for the GIL */
	__u64 ready_ns; /* the thread was ready to run and had no CPU */
	bool waited; /* the wait counts as one for a CPU */
};

static __always_inline void lp_iteration_add_wait(struct lp_wait_state *stall,
						  const struct lp_wait_times *times)
{
	stall->iteration_run_queue_ns += times->ready_ns;
	if (stall->wait.reason == LP_SAMPLE_GIL)
		stall->iteration_gil_ns += times->off_ns;
	else
		stall->iteration_blocked_ns += times->off_ns;
}

static __always_inline void lp_segment_add_block(struct lp_segment_times *account, __u32 number,
						 __u64 off_ns)
{
	struct lp_block *block;

	account->blocked_ns += off_ns;
	if (number >= LP_BLOCKS) {
		account->dropped_ns += off_ns;
		account->dropped_count++;
		return;
	}
	block = &account->blocks[number & (LP_BLOCKS - 1)];
	block->total_ns += off_ns;
	block->count++;
	if (off_ns > block->longest_ns)
		block->longest_ns = off_ns;
}

static __always_inline void lp_segment_add_wait(struct lp_segment_times *account,
						const struct lp_wait *wait,
						const struct lp_wait_times *times)
{
	account->run_queue_ns += times->ready_ns;
	account->run_queue_waits += times->waited;
	if (wait->reason == LP_SAMPLE_GIL) {
		account->gil_ns += times->off_ns;
		account->gil_waits++;
	} else if (wait->reason == LP_SAMPLE_BLOCKED) {
		lp_segment_add_block(account, wait->block, times->off_ns);
	}
}

static __always_inline void lp_cause_key_fill(struct lp_cause_key *key, __u32 slot,
					      const struct lp_wait *wait)
{
	key->stack = wait->stack;
	key->loop = slot;
	key->syscall = wait->syscall;
	key->reason = wait->reason;
}

/* Adds a wait to the counts of its cause, by which the whole run is summed up. */
static __always_inline void lp_cause_add_wait(__u32 slot, const struct lp_wait *wait, __u64 off_ns)
{
	struct lp_cause_value *cause, fresh = {};
	struct lp_cause_key key = {};

	lp_cause_key_fill(&key, slot, wait);
	cause = bpf_map_lookup_elem(&causes, &key);
	if (cause) {
		cause->total_ns += off_ns;
		cause->count++;
		return;
	}
	/* User space removed the entry in the meantime. */
	fresh.count = 1;
	fresh.total_ns = off_ns;
	fresh.reported_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&causes, &key, &fresh, BPF_NOEXIST);
}

static __always_inline __u64 lp_least(__u64 left, __u64 right)
{
	return left < right ? left : right;
}

/*
 * Returns the index of the entry for threads with the name of this one; if there is none,
 * LP_NEIGHBOURS plus the index of the entry with the least time. own: the PID of the loop's process.
 */
static __always_inline __u32 lp_neighbour_find(const struct lp_cpu_waits *waits,
					       const struct lp_neighbour *wanted, __u32 own)
{
	const struct lp_neighbour *neighbour;
	__u64 least_ns = ~0ULL;
	__u32 i, least = 0;

	for (i = 0; i < LP_NEIGHBOURS; i++) {
		neighbour = &waits->neighbours[i];
		if (neighbour->comm[0] == wanted->comm[0] &&
		    neighbour->comm[1] == wanted->comm[1] &&
		    (neighbour->pid == own) == (wanted->pid == own) && neighbour->pid)
			return i;
		if (neighbour->total_ns < least_ns) {
			least_ns = neighbour->total_ns;
			least = i;
		}
	}
	return least + LP_NEIGHBOURS;
}

/*
 * Adds the time of the threads of one name to waits. If there is no entry for the name, that with
 * the least time is replaced. own: the PID of the loop's process.
 */
static __always_inline void lp_neighbour_merge(struct lp_wait_state *stall,
					       struct lp_cpu_waits *waits,
					       const struct lp_neighbour *added, __u32 own)
{
	struct lp_neighbour *neighbour;
	__u64 entry;

	/* the verifier does not know what a map holds: it checks what follows once for all entries */
	stall->neighbour = lp_neighbour_find(waits, added, own);
	entry = *(volatile __u64 *)&stall->neighbour;
	neighbour = &waits->neighbours[entry & (LP_NEIGHBOURS - 1)];
	if (entry >= LP_NEIGHBOURS) {
		waits->dropped_ns += neighbour->total_ns;
		neighbour->comm[0] = added->comm[0];
		neighbour->comm[1] = added->comm[1];
		neighbour->total_ns = 0;
		neighbour->count = 0;
	}
	neighbour->pid = added->pid;
	neighbour->total_ns += added->total_ns;
	neighbour->count += added->count;
}

/* From the waits of the segment to those of the loop, in bytes. */
#define LP_LOOP_WAITS                                                                              \
	(__builtin_offsetof(struct lp_wait_state, cpu_waits) -                                     \
	 __builtin_offsetof(struct lp_wait_state, cpu.waits))

/* Adds the time for which a taker had the CPU to the waits of the loop or of the segment. */
__weak __noinline int lp_neighbour_add(__u32 slot, __u32 of_loop, __u32 number)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_neighbour added = { .count = 1 };
	const struct lp_taker *taker;
	struct lp_cpu_waits *waits;

	if (!stall || !loop)
		return 0;
	taker = &stall->wait.takers[number & (LP_TAKERS - 1)];
	/* added, not chosen by a branch: the verifier checks what follows once */
	waits = (void *)&stall->cpu.waits + (of_loop & 1) * LP_LOOP_WAITS;
	if (!taker->ran_ns)
		return 0;
	added.total_ns = taker->ran_ns;
	added.comm[0] = taker->comm[0];
	added.comm[1] = taker->comm[1];
	added.pid = taker->pid;
	lp_neighbour_merge(stall, waits, &added, loop->pid);
	return 0;
}

/* Adds one of the neighbours of the segment to those of its iteration. */
__weak __noinline int lp_neighbour_of_iteration(__u32 slot, __u32 number)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_neighbour *added;

	if (!stall || !loop)
		return 0;
	added = &stall->cpu.waits.neighbours[number & (LP_NEIGHBOURS - 1)];
	if (added->pid)
		lp_neighbour_merge(stall, &stall->iteration_cpu.waits, added, loop->pid);
	return 0;
}

/*
 * Adds the waits for a CPU of the last segment, which has ended, to those of its iteration. The
 * waits of a slow callback are not the iteration's own: lp_cpu_waits_drop() has discarded them.
 */
__weak __noinline int lp_cpu_waits_end(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_cpu_waits *into;
	__u32 i;

	if (!stall || !stall->cpu.segment_ns)
		return 0;
	into = &stall->iteration_cpu.waits;
	if (stall->iteration_cpu.segment_ns != stall->cpu_iteration_ns) {
		__builtin_memset(into, 0, sizeof(*into));
		stall->iteration_cpu.segment_ns = stall->cpu_iteration_ns;
	}
	into->throttled_ns += stall->cpu.waits.throttled_ns;
	into->throttled += stall->cpu.waits.throttled;
	into->dropped_ns += stall->cpu.waits.dropped_ns;
	for (i = 0; i < LP_NEIGHBOURS; i++)
		lp_neighbour_of_iteration(slot, i);
	stall->cpu.segment_ns = 0;
	return 0;
}

/*
 * Ends the waits for a CPU of the last segment if a wait of another one has begun. Called by the
 * program itself, as lp_end_wait(), which adds the waits, has no stack left for it on 5.10.
 */
static __always_inline void lp_cpu_waits_next(const struct lp_wait_state *stall, __u32 slot)
{
	if (stall->cpu.segment_ns && stall->cpu.segment_ns != stall->wait.segment_ns)
		lp_cpu_waits_end(slot);
}

/* Discards the waits for a CPU of a slow callback. */
static __always_inline void lp_cpu_waits_drop(struct lp_wait_state *stall, __u64 segment_ns)
{
	if (stall->cpu.segment_ns == segment_ns)
		stall->cpu.segment_ns = 0;
}

/* Adds a wait for a CPU to the reasons for such waits, of its segment or of the loop. */
static __always_inline void lp_cpu_waits_add(struct lp_wait_state *stall, __u32 slot, bool of_loop)
{
	struct lp_cpu_waits *waits = of_loop ? &stall->cpu_waits : &stall->cpu.waits;
	__u32 i;

	if (stall->wait.throttled) {
		waits->throttled_ns += stall->wait.ready_ns;
		waits->throttled++;
		return;
	}
	for (i = 0; i < LP_TAKERS; i++)
		lp_neighbour_add(slot, of_loop, i);
}

/*
 * Limits the times of the first and of the last taker to the wait: these threads may have had the
 * CPU before the loop's thread was ready to run.
 */
static __always_inline void lp_takers_limit(struct lp_wait *wait)
{
	struct lp_taker *first = &wait->takers[LP_TAKER_FIRST];
	struct lp_taker *last = &wait->takers[LP_TAKER_LAST];

	last->ran_ns = lp_least(last->ran_ns, wait->ready_ns);
	first->ran_ns =
		lp_least(first->ran_ns, lp_age(wait->ready_ns, last->ran_ns > wait->first_ago_ns
								       ? last->ran_ns
								       : wait->first_ago_ns));
}

/* Adds a wait for a CPU to the reasons for such waits, of its segment and of the loop. */
static __always_inline void lp_book_cpu_wait(struct lp_wait_state *stall, __u32 slot)
{
	struct lp_wait *wait = &stall->wait;

	if (!wait->followed)
		lp_takers_limit(wait);
	if (stall->cpu.segment_ns != wait->segment_ns) {
		__builtin_memset(&stall->cpu.waits, 0, sizeof(stall->cpu.waits));
		stall->cpu.segment_ns = wait->segment_ns;
		stall->cpu_iteration_ns = wait->iteration_ns;
	}
	lp_cpu_waits_add(stall, slot, false);
	lp_cpu_waits_add(stall, slot, true);
}

/* Returns the times that a segment lost because memory was short; 0 if they were of another one. */
static __always_inline struct lp_memory_waits *lp_memory_waits_of(struct lp_wait_state *stall,
								  __u64 segment_ns)
{
	if (stall->memory.segment_ns != segment_ns) {
		__builtin_memset(&stall->memory.waits, 0, sizeof(stall->memory.waits));
		stall->memory.segment_ns = segment_ns;
	}
	return &stall->memory.waits;
}

static __always_inline void lp_memory_add_wait(struct lp_memory_waits *waits, __u32 reason,
					       __u64 off_ns)
{
	if (reason == LP_MEMORY_HIGH)
		waits->memory_high_ns += off_ns;
	else
		waits->refault_ns += off_ns;
}

/*
 * Returns how long a preempted thread had no CPU. The scheduler's count begins with the context
 * switch: the time of this and of other programs on sched_switch, which is none of the thread's CPU
 * time, is in it, but not in off_ns. A count that differs by more is of something else.
 */
static __always_inline __u64 lp_preempted_ns(const struct lp_wait *wait, __u64 run_delay_ns)
{
	return run_delay_ns > wait->off_ns && run_delay_ns - wait->off_ns < LP_SWITCH_NS
		       ? run_delay_ns
		       : wait->off_ns;
}

/*
 * Adds the wait that has ended to the breakdown. The scheduler counts how much of it the thread
 * was ready to run without a CPU, and has counted it when the thread runs again; a tracepoint on
 * wakeups, which would cost every wakeup of the host, is not needed.
 */
__weak __noinline int lp_book_wait(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_wait_times times = {};
	struct lp_wait *wait;

	if (!stall)
		return 0;
	wait = &stall->wait;
	if (wait->since_ns)
		lp_wait_end_unobserved(wait, bpf_ktime_get_ns());
	if (!wait->off_ns)
		return 0;
	if (lp_run_delay_is_true(wait))
		times.ready_ns = lp_age(lp_run_delay(), wait->run_delay_ns);
	if (wait->reason == LP_SAMPLE_RUN_QUEUE)
		times.ready_ns = lp_preempted_ns(wait, times.ready_ns);
	else if (times.ready_ns > wait->off_ns)
		times.ready_ns = wait->off_ns;
	times.off_ns = lp_age(wait->off_ns, times.ready_ns);
	/* The delay of every wakeup is not counted as a wait for a CPU. */
	times.waited = wait->reason == LP_SAMPLE_RUN_QUEUE || times.ready_ns >= LP_READY_LEAST_NS;
	wait->ready_ns = times.ready_ns;
	wait->lasted_ns = wait->off_ns;
	wait->off_ns = 0;
	stall->run_queue_ns += times.ready_ns;
	stall->run_queue_waits += times.waited;
	if (stall->iteration_ns == wait->iteration_ns)
		lp_iteration_add_wait(stall, &times);
	if (stall->account.account.segment_ns == wait->segment_ns)
		lp_segment_add_wait(&stall->account.account, wait, &times);
	if (wait->memory) {
		lp_memory_add_wait(lp_memory_waits_of(stall, wait->segment_ns), wait->memory,
				   times.off_ns);
		lp_memory_add_wait(&stall->memory_waits, wait->memory, times.off_ns);
	}
	if (wait->reason != LP_SAMPLE_RUN_QUEUE)
		lp_cause_add_wait(slot, wait, times.off_ns);
	return 0;
}

/*
 * Returns whether the stacks of a wait for a CPU or for the GIL are to be sent, and records the
 * time if they are.
 */
static __always_inline bool lp_wait_sampled(struct lp_wait_state *stall, __u64 segment, __u64 now)
{
	if (stall->sampled_ns >= segment && lp_age(now, stall->sampled_ns) < LP_WAIT_SAMPLE_NS)
		return false;
	stall->sampled_ns = now;
	return true;
}

/*
 * Sends the stack at which a wait began, if its segment was not late then and is late at the end of
 * the wait: a segment that ends right after the wait has no other stack.
 */
static __always_inline void lp_send_unsent(struct lp_wait_state *stall, struct lp_loop *loop,
					   __u32 slot)
{
	__u64 segment = stall->wait.segment_ns, end = stall->wait.end_ns;
	__u64 lasted = lp_age(end, segment);
	__u32 reason = stall->wait.reason;

	if (stall->wait.ready_ns >= loop->late_ns)
		reason = LP_SAMPLE_RUN_QUEUE;
	/* the stacks of calls that block are sent once for each cause */
	if (reason == LP_SAMPLE_BLOCKED || segment != lp_segment_of(loop) ||
	    lasted < loop->late_ns ||
	    lp_rate_limit_exceeded(loop->start_ns ? &loop->rate_limit : &loop->iteration_rate_limit,
				   end, lasted) ||
	    !lp_wait_sampled(stall, segment, end) || !lp_may_send_stack(slot, end))
		return;
	lp_walked_for(stall, loop, slot, reason, segment, end);
	/* a wait for the CPU may follow another wait, whose time is not its own */
	stall->walked.event.reserved = lp_wait_periods(
		reason == LP_SAMPLE_RUN_QUEUE ? stall->wait.ready_ns : stall->wait.lasted_ns);
	lp_report_walked(stall);
}

/*
 * Sample mode: notes that the callback at the beginning of a wait lasted until its end. The stack
 * of a call that blocks is always walked then, that of another wait maybe.
 */
static __always_inline void lp_note_wait_end(struct lp_loop *loop, const struct lp_wait *wait)
{
	__u64 begun = wait->end_ns - wait->lasted_ns;

	if (wait->segment_ns != lp_segment_of(loop) || wait->end_ns <= loop->last_sampled_ns ||
	    (wait->reason != LP_SAMPLE_BLOCKED && begun > loop->last_sampled_ns))
		return;
	loop->last_sampled_ns = wait->end_ns;
	loop->waited_until_ns = wait->end_ns;
}

/*
 * Ends the last wait of the current thread, which runs: adds it to the breakdown, and sends its
 * stack if the wait has made the segment late.
 */
__weak __noinline int lp_end_wait(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 reporting;

	if (!stall || !loop || !(stall->wait.off_ns || stall->wait.since_ns))
		return 0;
	/* a sample that interrupts this function would walk another stack */
	reporting = loop->reporting;
	lp_sampling_disable(loop);
	lp_book_wait(slot);
	if (lp_polls_unhooked())
		lp_note_wait_end(loop, &stall->wait);
	if (stall->wait.ready_ns >= LP_READY_LEAST_NS)
		lp_book_cpu_wait(stall, slot);
	if (stall->wait.unsent)
		lp_send_unsent(stall, loop, slot);
	stall->wait.unsent = 0;
	if (!reporting)
		lp_sampling_enable(loop);
	return 0;
}

/*
 * Discards the breakdown of a slow callback that is not reported. Its waits are not the
 * iteration's own; user space subtracts the waits of reported callbacks likewise.
 */
__weak __noinline int lp_drop_segment(__u32 slot, __u64 segment_ns)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_segment_times *account;

	if (!stall)
		return 0;
	lp_cpu_waits_drop(stall, segment_ns);
	account = &stall->account.account;
	if (account->segment_ns != segment_ns)
		return 0;
	if (stall->wait.iteration_ns != stall->iteration_ns ||
	    stall->iteration_blocked_ns < account->blocked_ns ||
	    stall->iteration_gil_ns < account->gil_ns ||
	    stall->iteration_run_queue_ns < account->run_queue_ns)
		return 0;
	stall->iteration_blocked_ns -= account->blocked_ns;
	stall->iteration_gil_ns -= account->gil_ns;
	stall->iteration_run_queue_ns -= account->run_queue_ns;
	return 0;
}

/* Sends the reasons for the waits for a CPU of a segment, if there was such a wait. */
static __always_inline void lp_report_cpu_waits(struct lp_wait_state *stall, __u32 slot, __u32 pid,
						__u64 segment_ns, __u64 now, __u32 flags)
{
	if (stall->cpu.segment_ns != segment_ns)
		return;
	lp_event_fill(&stall->cpu.event, LP_EVENT_CPU_WAITS, sizeof(stall->cpu), now, slot, pid);
	stall->cpu.event.reserved = flags;
	if (bpf_ringbuf_output(&events, &stall->cpu, sizeof(stall->cpu), 0))
		lp_lose(LP_LOST_RING);
}

/* Sends the reasons for the waits for a CPU of an iteration without its slow callbacks. */
__weak __noinline int lp_report_iteration_cpu_waits(__u32 slot, __u64 iteration_ns, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (!stall || !loop)
		return 0;
	lp_cpu_waits_end(slot);
	if (stall->iteration_cpu.segment_ns != iteration_ns)
		return 0;
	lp_event_fill(&stall->iteration_cpu.event, LP_EVENT_ITERATION_CPU_WAITS,
		      sizeof(stall->iteration_cpu), now, slot, loop->pid);
	if (bpf_ringbuf_output(&events, &stall->iteration_cpu, sizeof(stall->iteration_cpu), 0))
		lp_lose(LP_LOST_RING);
	return 0;
}

/* Sends the times that a segment lost because memory was short, if there were any. */
static __always_inline void lp_report_memory_waits(struct lp_wait_state *stall, __u32 slot,
						   __u32 pid, __u64 segment_ns, __u64 now,
						   __u32 flags)
{
	if (stall->memory.segment_ns != segment_ns)
		return;
	lp_event_fill(&stall->memory.event, LP_EVENT_MEMORY_WAITS, sizeof(stall->memory), now, slot,
		      pid);
	stall->memory.event.reserved = flags;
	if (bpf_ringbuf_output(&events, &stall->memory, sizeof(stall->memory), 0))
		lp_lose(LP_LOST_RING);
}

/*
 * Sends the breakdown of a segment, as many blocks as are in use. Called by the loop's own thread.
 */
__weak __noinline int lp_report_segment(__u32 slot, __u64 segment_ns, __u64 now, __u32 flags)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 count, bytes;

	if (!stall || !loop)
		return 0;
	lp_report_cpu_waits(stall, slot, loop->pid, segment_ns, now, flags);
	if (!(flags & LP_SEGMENT_GAP))
		lp_cpu_waits_drop(stall, segment_ns);
	lp_report_memory_waits(stall, slot, loop->pid, segment_ns, now, flags);
	lp_segment_begin(&stall->account.account, segment_ns);
	count = stall->account.account.block_count;
	if (count > LP_BLOCKS)
		count = LP_BLOCKS;
	bytes = __builtin_offsetof(struct lp_event_segment_times, account.blocks) +
		count * sizeof(struct lp_block);
	lp_event_fill(&stall->account.event, LP_EVENT_SEGMENT_TIMES, bytes, now, slot, loop->pid);
	stall->account.event.reserved = flags;
	stall->reported_ns = segment_ns;
	asm volatile("" : "+r"(bytes));
	if (bytes > sizeof(struct lp_event_segment_times))
		return 0;
	if (bpf_ringbuf_output(&events, &stall->account, bytes, 0))
		lp_lose(LP_LOST_RING);
	return 0;
}

#endif /* LP_BPF_LOOP_STALL_BPF_H */
