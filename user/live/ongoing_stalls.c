// SPDX-License-Identifier: BSD-2-Clause
#include "ongoing_stalls.h"

#include "base/macros.h"

#include <string.h>

#define PERIOD_MIN_NS 5000000ULL
#define PERIOD_MAX_NS 250000000ULL
/* The least duration in ns that is reported: shorter segments end before the report. */
#define LEAST_NS NS_PER_MS

uint64_t ongoing_stall_period_ns(uint64_t threshold_ns)
{
	uint64_t period = threshold_ns / 5;

	return period < PERIOD_MIN_NS	? PERIOD_MIN_NS
	       : period > PERIOD_MAX_NS ? PERIOD_MAX_NS
					: period;
}

static uint64_t segment_start(const struct lp_loop *loop)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);

	return start ? start : __atomic_load_n(&loop->iteration_start_ns, __ATOMIC_ACQUIRE);
}

/*
 * Returns the duration of a segment up to now. Between two callbacks the segment is the iteration,
 * whose slow callbacks are subtracted.
 */
static uint64_t segment_duration(const struct lp_loop *loop, uint64_t segment, uint64_t now_ns)
{
	uint64_t ns = saturating_sub(now_ns, segment);

	return segment != loop->start_ns ? saturating_sub(ns, loop->slow_ns) : ns;
}

bool ongoing_stall_due(struct lp_ongoing_stall *progress, const struct lp_loop *loop,
		       uint64_t now_ns)
{
	uint64_t segment = segment_start(loop);
	uint64_t lasted_ns = segment_duration(loop, segment, now_ns);

	if (!segment || now_ns <= segment)
		return false;
	if (progress->segment_ns != segment) {
		progress->segment_ns = segment;
		progress->next_ns = loop->threshold_ns > LEAST_NS ? loop->threshold_ns : LEAST_NS;
	}
	if (lasted_ns < progress->next_ns)
		return false;
	while (progress->next_ns <= lasted_ns && progress->next_ns < UINT64_MAX / 2)
		progress->next_ns *= 2;
	return true;
}

bool ongoing_stall_lasts(const struct lp_loop *loop, uint64_t now_ns)
{
	uint64_t segment = segment_start(loop);

	return segment && now_ns > segment &&
	       segment_duration(loop, segment, now_ns) >= loop->threshold_ns;
}

bool ongoing_stall_name_due(const struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			    uint64_t now_ns)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);

	return start && now_ns > start && now_ns - start >= loop->threshold_ns / 2 &&
	       progress->named_ns != start && loop->task;
}

void ongoing_stall_report_name(struct lp_ongoing_stall *progress,
			       const struct lp_instance *instance, const struct lp_loop *loop,
			       uint32_t slot, uint64_t now_ns, lp_record_taker take, void *context)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	struct lp_event_task_name event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_TASK_NAME, sizeof(event), slot, (pid_t)loop->pid, now_ns);
	event.segment_ns = start;
	instance->runtime->task_name(instance, loop->task, event.name, sizeof(event.name));
	/* if the step has ended meanwhile, the memory may have been that of another object */
	if (__atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) != start || !event.name[0])
		return;
	progress->named_ns = start;
	take(context, &event.event);
}

static void report_eager(const struct lp_eager_task *found, bool several, uint64_t segment_ns,
			 uint32_t slot, pid_t pid, uint64_t now_ns, lp_record_taker take,
			 void *context)
{
	struct lp_event_eager_task event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_EAGER_TASK, sizeof(event), slot, pid, now_ns);
	event.event.reserved = several ? LP_EAGER_SEVERAL : 0;
	event.segment_ns = segment_ns;
	event.line = found->line;
	memcpy(event.name, found->name, sizeof(event.name));
	memcpy(event.file, found->file, sizeof(event.file));
	memcpy(event.task_name, found->task_name, sizeof(event.task_name));
	take(context, &event.event);
}

bool ongoing_stall_report_eager(struct lp_ongoing_stall *progress,
				const struct lp_instance *instance, const struct lp_loop *loop,
				uint32_t slot, uint64_t now_ns, lp_record_taker take, void *context,
				struct lp_running_callback *callback)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	struct lp_eager_task found;

	if (!start || !instance->runtime->eager_task)
		return false;
	instance->runtime->eager_task(instance, loop->thread_state, loop->task, NULL, &found);
	/* if the callback has ended meanwhile, the task is not known to be one of it */
	if (!found.line || __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) != start)
		return false;
	progress->several_eager =
		progress->eager_ns == start &&
		(progress->several_eager || progress->eager.task != found.at.task);
	progress->eager_ns = start;
	progress->eager = found.at;
	*callback = found.callback;
	report_eager(&found, progress->several_eager, start, slot, (pid_t)loop->pid, now_ns, take,
		     context);
	return true;
}

void ongoing_stall_report_ended_eager(struct lp_ongoing_stall *progress,
				      const struct lp_instance *instance,
				      const struct lp_event_slow *slow, lp_record_taker take,
				      void *context)
{
	struct lp_eager_task found;

	if (!progress->eager_ns || progress->eager_ns != slow->start_ns)
		return;
	progress->eager_ns = 0;
	instance->runtime->eager_task(instance, 0, 0, &progress->eager, &found);
	if (found.line && found.task_name[0])
		report_eager(&found, progress->several_eager, slow->start_ns, slow->event.loop,
			     (pid_t)slow->event.pid, slow->event.time_ns, take, context);
}

/* Copies the times of the segment, and adds the wait in progress. */
static void fill_account(struct lp_segment_times *account, const struct lp_wait_state *stall,
			 uint64_t segment, uint64_t now_ns)
{
	const struct lp_wait *wait = &stall->wait;
	uint64_t since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE), off;
	/* read once, as the kernel may change it between the check and the use */
	uint32_t block = __atomic_load_n(&wait->block, __ATOMIC_RELAXED);

	*account = stall->account.account;
	if (account->segment_ns != segment || account->block_count > LP_BLOCKS) {
		memset(account, 0, sizeof(*account));
		account->segment_ns = segment;
	}
	if (wait->segment_ns != segment || (!since && !wait->off_ns))
		return;
	off = since && now_ns > since ? now_ns - since : wait->off_ns;
	if (wait->reason == LP_SAMPLE_GIL) {
		account->gil_ns += off;
		account->gil_waits++;
	} else if (wait->reason == LP_SAMPLE_RUN_QUEUE) {
		account->run_queue_ns += off;
		account->run_queue_waits++;
	} else {
		account->blocked_ns += off;
		if (block < account->block_count) {
			account->blocks[block].total_ns += off;
			account->blocks[block].count++;
		} else {
			account->dropped_ns += off;
			account->dropped_count++;
		}
	}
}

/* Returns how long, in ns, the loop has waited as its quota is used up; 0: it does not wait so. */
static uint64_t throttled_ns(const struct lp_wait *wait, uint64_t segment, uint64_t now_ns)
{
	uint64_t since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);

	return wait->segment_ns == segment && wait->reason == LP_SAMPLE_RUN_QUEUE &&
			       wait->throttled && since
		       ? saturating_sub(now_ns, since)
		       : 0;
}

/* Emits why the loop waited for a CPU in the segment, if it did. */
static void report_cpu_waits(const struct lp_wait_state *stall, const struct lp_event *head,
			     uint64_t segment, uint64_t now_ns, lp_record_taker take, void *context)
{
	/* who has the CPU is counted at the end of the wait */
	uint64_t lasted_ns = throttled_ns(&stall->wait, segment, now_ns);
	struct lp_event_cpu_waits event = stall->cpu;

	if (event.segment_ns != segment)
		memset(&event, 0, sizeof(event));
	event.waits.throttled_ns += lasted_ns;
	event.waits.throttled += lasted_ns != 0;
	if (!lasted_ns && !event.segment_ns)
		return;
	event.event = *head;
	event.event.type = LP_EVENT_CPU_WAITS;
	event.event.size = sizeof(event);
	event.segment_ns = segment;
	take(context, &event.event);
}

/* Adds the waits of a segment to those of its iteration. */
static void add_cpu_waits(struct lp_cpu_waits *into, const struct lp_cpu_waits *waits)
{
	struct lp_neighbour *least;
	size_t i, at;

	into->throttled_ns += waits->throttled_ns;
	into->throttled += waits->throttled;
	for (i = 0; i < LP_NEIGHBOURS; i++) {
		const struct lp_neighbour *added = &waits->neighbours[i];

		least = &into->neighbours[0];
		for (at = 0; at < LP_NEIGHBOURS && added->pid; at++) {
			struct lp_neighbour *neighbour = &into->neighbours[at];

			if (neighbour->pid == added->pid &&
			    !memcmp(neighbour->comm, added->comm, sizeof(added->comm)))
				break;
			if (neighbour->total_ns < least->total_ns)
				least = neighbour;
		}
		if (added->pid && at < LP_NEIGHBOURS)
			into->neighbours[at].total_ns += added->total_ns;
		else if (added->pid && least->total_ns < added->total_ns)
			*least = *added;
	}
}

/* Emits why the loop waited for a CPU in the iteration, without its slow callbacks, if it did. */
static void report_iteration_cpu_waits(const struct lp_wait_state *stall,
				       const struct lp_event *head, uint64_t iteration_ns,
				       lp_record_taker take, void *context)
{
	uint64_t lasted_ns = throttled_ns(&stall->wait, iteration_ns, head->time_ns);
	struct lp_event_cpu_waits event = stall->iteration_cpu;
	bool last = stall->cpu.segment_ns && stall->cpu_iteration_ns == iteration_ns;

	if (event.segment_ns != iteration_ns)
		memset(&event, 0, sizeof(event));
	if (last)
		add_cpu_waits(&event.waits, &stall->cpu.waits);
	event.waits.throttled_ns += lasted_ns;
	event.waits.throttled += lasted_ns != 0;
	if (!last && !lasted_ns && !event.segment_ns)
		return;
	event.event = *head;
	event.event.type = LP_EVENT_ITERATION_CPU_WAITS;
	event.event.size = sizeof(event);
	event.event.reserved = 0;
	event.segment_ns = iteration_ns;
	take(context, &event.event);
}

/* Emits what the segment lost because memory was short, if it did, up to now. */
static void report_memory_waits(const struct lp_wait_state *stall, const struct lp_event *head,
				uint64_t segment, uint64_t now_ns, lp_record_taker take,
				void *context)
{
	const struct lp_wait *wait = &stall->wait;
	uint64_t waits_since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);
	uint64_t reclaims_since = __atomic_load_n(&stall->reclaim.since_ns, __ATOMIC_ACQUIRE);
	struct lp_event_memory_waits event = stall->memory;
	uint64_t waited_ns, reclaimed_ns;

	/* what has ended meanwhile is in the sums, and must not be added once more */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE) != waits_since)
		waits_since = 0;
	if (__atomic_load_n(&stall->reclaim.since_ns, __ATOMIC_ACQUIRE) != reclaims_since)
		reclaims_since = 0;
	if (event.segment_ns != segment)
		memset(&event, 0, sizeof(event));
	waited_ns = wait->memory && wait->segment_ns == segment && waits_since
			    ? saturating_sub(now_ns, waits_since)
			    : 0;
	reclaimed_ns = reclaims_since >= segment ? saturating_sub(now_ns, reclaims_since) : 0;
	if (!event.segment_ns && !waited_ns && !reclaimed_ns)
		return;
	event.waits.memory_high_ns += wait->memory == LP_MEMORY_HIGH ? waited_ns : 0;
	event.waits.refault_ns += wait->memory == LP_MEMORY_REFAULT ? waited_ns : 0;
	event.waits.host_ns += stall->reclaim.of_host ? reclaimed_ns : 0;
	event.waits.cgroup_ns += stall->reclaim.of_host ? 0 : reclaimed_ns;
	event.waits.fault_ns += stall->reclaim.in_fault ? reclaimed_ns : 0;
	event.event = *head;
	event.event.type = LP_EVENT_MEMORY_WAITS;
	event.event.size = sizeof(event);
	event.segment_ns = segment;
	take(context, &event.event);
}

bool ongoing_stall_take_stack(struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			      const struct lp_wait_state *stall, uint32_t slot, uint64_t now_ns,
			      struct lp_event_raw_stack *raw)
{
	const struct lp_wait *wait = &stall->wait;
	uint64_t since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);
	uint64_t segment = segment_start(loop);
	uint32_t reason = wait->reason;

	if (!since || since == progress->wait_ns || !segment || wait->segment_ns != segment ||
	    reason == LP_SAMPLE_BLOCKED || now_ns < since)
		return false;
	*raw = stall->walked;
	/* BPF walks another stack only after it has changed one of these */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!__atomic_load_n(&wait->unsent, __ATOMIC_ACQUIRE) ||
	    __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE) != since ||
	    segment_start(loop) != segment)
		return false;
	raw->event = event_head(LP_EVENT_RAW_STACK, sizeof(*raw), slot, (pid_t)loop->pid, now_ns);
	raw->event.reserved = lp_wait_periods(now_ns - since);
	raw->segment_ns = segment;
	raw->reason = reason;
	raw->syscall = 0;
	memset(&raw->resource, 0, sizeof(raw->resource));
	if (segment != loop->start_ns)
		raw->flags |= LP_STACK_GAP;
	progress->wait_ns = since;
	return true;
}

/* Returns the head of the event that reports a segment. last: the run ends. */
static struct lp_event segment_head(const struct lp_event *head, enum lp_event_type type,
				    size_t size, bool began_before, bool last)
{
	struct lp_event event = event_head(type, size, head->loop, (pid_t)head->pid, head->time_ns);

	event.reserved = (began_before ? LP_STALL_BEGAN_BEFORE : 0) | (last ? LP_STALL_AT_END : 0);
	return event;
}

static void report_callback(const struct lp_instance *instance, const struct lp_loop *loop,
			    const struct lp_event *head, uint64_t segment, bool last,
			    lp_record_taker take, void *context)
{
	struct lp_event_slow event;

	memset(&event, 0, sizeof(event));
	event.event = segment_head(head, LP_EVENT_PROGRESS, sizeof(event),
				   loop->detected_segment_ns == segment, last);
	event.start_ns = segment;
	event.task = loop->task;
	event.queue_delay_ns = loop->queue_delay_ns;
	event.iteration = loop->iterations;
	event.callback = loop->callback;
	event.position = loop->position;
	if (event.task && instance)
		instance->runtime->copy_task_name(instance, event.task, &event);
	/* a callback that has ended meanwhile is reported by BPF */
	if (segment_start(loop) == segment && event.callback < LP_MAX_CALLBACKS)
		take(context, &event.event);
}

/* Reports an iteration in progress, while no callback runs: the loop may wait for the GIL. */
static void report_iteration(const struct lp_loop *loop,
			     const struct lp_event_segment_times *account, uint64_t segment,
			     bool last, lp_record_taker take, void *context)
{
	uint64_t lasted_ns = account->event.time_ns - segment;
	struct lp_event_slow_iteration event;

	memset(&event, 0, sizeof(event));
	event.event = segment_head(&account->event, LP_EVENT_SLOW_ITERATION, sizeof(event),
				   loop->detected_segment_ns == segment, last);
	event.start_ns = segment;
	event.iteration = loop->iterations;
	event.blocked_ns = account->account.blocked_ns;
	event.gil_ns = account->account.gil_ns;
	event.run_queue_ns = account->account.run_queue_ns;
	event.slow_ns = loop->slow_ns < lasted_ns ? loop->slow_ns : lasted_ns;
	event.callbacks = loop->iteration_callbacks;
	event.in_progress = 1;
	if (segment_start(loop) == segment)
		take(context, &event.event);
}

void ongoing_stall_report(const struct lp_instance *instance, const struct lp_loop *loop,
			  const struct lp_wait_state *stall, uint32_t slot, uint64_t now_ns,
			  bool last, lp_record_taker take, void *context)
{
	uint64_t segment = segment_start(loop);
	struct lp_event_segment_times account;
	bool gap;

	if (!segment || now_ns <= segment)
		return;
	gap = segment == loop->iteration_start_ns && segment != loop->start_ns;
	memset(&account, 0, sizeof(account));
	account.event =
		event_head(LP_EVENT_SEGMENT_TIMES, sizeof(account), slot, (pid_t)loop->pid, now_ns);
	account.event.reserved = gap ? LP_SEGMENT_GAP : 0;
	fill_account(&account.account, stall, segment, now_ns);
	report_cpu_waits(stall, &account.event, segment, now_ns, take, context);
	report_memory_waits(stall, &account.event, segment, now_ns, take, context);
	take(context, &account.event);
	if (gap)
		report_iteration_cpu_waits(stall, &account.event, segment, take, context);
	if (gap)
		report_iteration(loop, &account, segment, last, take, context);
	else
		report_callback(instance, loop, &account.event, segment, last, take, context);
}
