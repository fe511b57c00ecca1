// SPDX-License-Identifier: BSD-2-Clause
#include "breakdown.h"

#include "stacks.h"

#include "wire/syscalls.h"

#include <stdlib.h>
#include <string.h>

void breakdown_fill_times(struct lp_times *times, uint64_t duration_ns, uint64_t blocked_ns,
			  uint64_t gil_ns, uint64_t run_queue_ns)
{
	/* the sum of numbers from a damaged capture may exceed 64 bits */
	unsigned __int128 off = (unsigned __int128)blocked_ns + gil_ns + run_queue_ns;

	if (off > duration_ns) {
		/* sample mode sees boundaries late, so that a wait may span one */
		blocked_ns = (uint64_t)((unsigned __int128)blocked_ns * duration_ns / off);
		gil_ns = (uint64_t)((unsigned __int128)gil_ns * duration_ns / off);
		run_queue_ns = (uint64_t)((unsigned __int128)run_queue_ns * duration_ns / off);
	}
	times->known = true;
	times->blocked_ns = blocked_ns;
	times->gil_ns = gil_ns;
	times->run_queue_ns = run_queue_ns;
	times->on_cpu_ns = duration_ns - blocked_ns - gil_ns - run_queue_ns;
}

static const struct lp_stack *most_sampled(const struct lp_breakdown *breakdown,
					   enum lp_sample_reason reason)
{
	size_t i;

	for (i = 0; i < breakdown->sample_count; i++)
		if (breakdown->samples[i].reason == reason)
			return &breakdown->samples[i].stack;
	return NULL;
}

const struct lp_stack *breakdown_stack(const struct lp_breakdown *breakdown)
{
	const struct lp_times *time = &breakdown->time;
	const struct lp_stack *blocked = breakdown->blocked_count ? &breakdown->blocked[0].stack
								  : NULL;
	const struct lp_stack *sampled = most_sampled(breakdown, LP_SAMPLE_ON_CPU);
	const struct lp_stack *gil = most_sampled(breakdown, LP_SAMPLE_GIL);
	const struct lp_stack *run_queue = most_sampled(breakdown, LP_SAMPLE_RUN_QUEUE);
	uint64_t worked_ns = time->blocked_ns > time->on_cpu_ns ? time->blocked_ns
								: time->on_cpu_ns;

	if (blocked && !blocked->depth)
		blocked = NULL;
	if (gil && time->gil_ns <= worked_ns)
		gil = NULL;
	if (run_queue && time->run_queue_ns > worked_ns &&
	    (!gil || time->run_queue_ns > time->gil_ns))
		return run_queue;
	if (gil)
		return gil;
	if (blocked && (!sampled || time->blocked_ns > time->on_cpu_ns))
		return blocked;
	return sampled ? sampled : breakdown->sample_count ? &breakdown->samples[0].stack : blocked;
}

void breakdown_fill_chain(struct lp_breakdown *breakdown)
{
	const struct lp_stack *stack = breakdown_stack(breakdown);
	struct lp_stack *chain = &breakdown->await_chain;
	uint32_t i;

	if (!stack || !stack->depth)
		return;
	chain->frames = calloc(stack->depth, sizeof(*chain->frames));
	chain->cut = stack->cut;
	chain->unreadable = stack->unreadable;
	for (i = stack->depth; chain->frames && i > 0; i--)
		if (stack->frames[i - 1]->coroutine)
			chain->frames[chain->depth++] = stack->frames[i - 1];
}

void breakdown_fill_collecting(struct lp_times *time, const struct lp_segment_times *account,
			       const struct lp_event_collections *recorded)
{
	uint32_t samples = account->samples;
	uint32_t collecting = account->collecting_samples;

	if (!samples)
		return;
	if (collecting > samples)
		collecting = samples;
	time->gc_known = true;
	time->gc_ns = time->on_cpu_ns / samples * collecting;
	if (!recorded->count)
		return;
	time->gc_recorded = true;
	time->gc_generation = recorded->generation;
	time->gc_exact = !recorded->partial && recorded->total_ns <= time->on_cpu_ns;
	if (time->gc_exact || recorded->total_ns > time->gc_ns)
		time->gc_ns = recorded->total_ns;
	if (time->gc_ns > time->on_cpu_ns)
		time->gc_ns = time->on_cpu_ns;
}

void breakdown_find_end(struct lp_breakdown *breakdown)
{
	const struct lp_other_end *end = breakdown->end;
	size_t i;

	for (i = 0; end && end->syscall >= 0 && i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];
		bool same = *end->file.name && !strcmp(blocked->target, end->file.name);

		if (strcmp(blocked->syscall, syscall_name(end->syscall)) != 0)
			continue;
		if (same || !breakdown->end_blocked)
			breakdown->end_blocked = i + 1;
		if (same)
			break;
	}
}

void breakdown_free_samples(struct lp_sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		stack_clear(&samples[i].stack);
	free(samples);
}

void breakdown_clear(struct lp_breakdown *breakdown)
{
	size_t i;

	for (i = 0; i < breakdown->blocked_count; i++)
		stack_clear(&breakdown->blocked[i].stack);
	free(breakdown->blocked);
	breakdown_free_samples(breakdown->samples, breakdown->sample_count);
	stack_clear(&breakdown->gil.stack);
	stack_clear(&breakdown->holder.stack);
	stack_clear(&breakdown->waker.stack);
	free(breakdown->end);
	stack_clear(&breakdown->await_chain);
	memset(breakdown, 0, sizeof(*breakdown));
}
