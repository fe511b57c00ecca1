// SPDX-License-Identifier: BSD-2-Clause
#include "stall_breakdown.h"

#include "wire/resource_text.h"
#include "wire/syscalls.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Callbacks that were late, the last ones. */
#define SEGMENTS 4
/* Different stacks that are kept of one segment. */
#define SAMPLES_MAX 64

struct lp_seen_holder {
	uint32_t tid; /* 0: not known */
	uint64_t name; /* under which its stack was told last */
	uint32_t count;
};

#define HOLDERS_MAX 8

struct lp_segment {
	uint64_t start_ns; /* 0: unused */
	bool counted; /* its samples have been added to the causes */
	uint32_t period_us;
	size_t sample_count;
	struct lp_sample *samples;
	size_t holder_count;
	struct lp_seen_holder holders[HOLDERS_MAX];
	bool accounted;
	struct lp_account account;
	char task_name[LP_TASK_NAME_MAX];
};

struct lp_watch {
	struct lp_frames *frames;
	struct lp_causes *causes;
	struct lp_told_table *told;
	struct lp_segment segments[SEGMENTS];
	size_t next; /* to be used for the next segment */
	/* what came before an iteration's first callback: told when the iteration has ended */
	struct lp_segment gap;
};

struct lp_watch *watch_new(struct lp_frames *frames, struct lp_causes *causes)
{
	struct lp_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->frames = frames;
	watch->causes = causes;
	watch->told = told_new();
	if (watch->told)
		return watch;
	free(watch);
	return NULL;
}

/* The innermost line of Python: what C frames are on top of it, that line called. */
static const struct lp_shown_frame *innermost(const struct lp_stack *stack)
{
	uint32_t i;

	for (i = 0; i < stack->depth; i++)
		if (stack->frames[i]->kind == LP_FRAME_PYTHON)
			return stack->frames[i];
	return NULL;
}

/* What a late segment's samples stand for: its time on the CPU, if that is known. */
static void count_samples(struct lp_watch *watch, struct lp_segment *segment, uint64_t on_cpu_ns)
{
	uint64_t all = 0;
	size_t i;

	if (segment->counted)
		return;
	segment->counted = true;
	for (i = 0; i < segment->sample_count; i++)
		if (segment->samples[i].seen == LP_SEEN_ON_CPU)
			all += segment->samples[i].count;
	for (i = 0; i < segment->sample_count; i++) {
		const struct lp_sample *sample = &segment->samples[i];
		struct lp_cause key = { .kind = LP_CAUSE_ON_CPU };
		uint64_t time_ns = (uint64_t)sample->count * segment->period_us * 1000;

		if (sample->seen != LP_SEEN_ON_CPU)
			continue;
		if (on_cpu_ns)
			time_ns = on_cpu_ns / all * sample->count;
		if (sample->collecting)
			key.kind = LP_CAUSE_GC;
		key.frame = innermost(&sample->stack);
		causes_add(watch->causes, &key, sample->count, time_ns);
	}
}

static void free_samples(struct lp_sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		stack_clear(&samples[i].stack);
	free(samples);
}

static void drop_segment(struct lp_watch *watch, struct lp_segment *segment)
{
	count_samples(watch, segment, 0);
	free_samples(segment->samples, segment->sample_count);
	memset(segment, 0, sizeof(*segment));
}

void watch_finish(struct lp_watch *watch)
{
	size_t i;

	for (i = 0; i < SEGMENTS; i++)
		count_samples(watch, &watch->segments[i], 0);
	count_samples(watch, &watch->gap, 0);
}

void watch_free(struct lp_watch *watch)
{
	size_t i;

	if (!watch)
		return;
	for (i = 0; i < SEGMENTS; i++)
		drop_segment(watch, &watch->segments[i]);
	drop_segment(watch, &watch->gap);
	told_free(watch->told);
	free(watch);
}

static struct lp_segment *find_segment(const struct lp_watch *watch, uint64_t start_ns)
{
	size_t i;

	for (i = 0; i < SEGMENTS; i++)
		if (start_ns && watch->segments[i].start_ns == start_ns)
			return (struct lp_segment *)&watch->segments[i];
	return NULL;
}

static struct lp_segment *renew(struct lp_watch *watch, struct lp_segment *segment,
				uint64_t start_ns)
{
	drop_segment(watch, segment);
	segment->start_ns = start_ns;
	return segment;
}

/* NULL if there can be none. */
static struct lp_segment *segment_of(struct lp_watch *watch, uint64_t start_ns, bool gap)
{
	struct lp_segment *segment;

	if (!start_ns)
		return NULL;
	if (gap)
		return watch->gap.start_ns == start_ns ? &watch->gap
						       : renew(watch, &watch->gap, start_ns);
	segment = find_segment(watch, start_ns);
	if (segment)
		return segment;
	segment = &watch->segments[watch->next];
	watch->next = (watch->next + 1) % SEGMENTS;
	return renew(watch, segment, start_ns);
}

/* Takes the stack over. */
static void add_sample(struct lp_segment *segment, enum lp_seen seen, bool collecting,
		       struct lp_stack *stack)
{
	struct lp_sample *grown;
	size_t i;

	for (i = 0; i < segment->sample_count; i++) {
		struct lp_sample *sample = &segment->samples[i];

		if (sample->seen == seen && sample->collecting == collecting &&
		    stack_same(&sample->stack, stack)) {
			sample->count++;
			stack_clear(stack);
			return;
		}
	}
	grown = segment->sample_count < SAMPLES_MAX
			? realloc(segment->samples, (segment->sample_count + 1) * sizeof(*grown))
			: NULL;
	if (!grown) {
		stack_clear(stack);
		return;
	}
	segment->samples = grown;
	grown[segment->sample_count++] = (struct lp_sample){
		.count = 1, .seen = seen, .collecting = collecting, .stack = *stack
	};
}

static void add_holder(struct lp_segment *segment, const struct lp_event_seen *event)
{
	size_t i;

	for (i = 0; i < segment->holder_count; i++) {
		struct lp_seen_holder *holder = &segment->holders[i];

		if (holder->name != event->stack && (!event->tid || holder->tid != event->tid))
			continue;
		holder->name = event->stack;
		holder->tid = event->tid;
		holder->count++;
		return;
	}
	if (i < HOLDERS_MAX)
		segment->holders[segment->holder_count++] = (struct lp_seen_holder){
			.tid = event->tid, .name = event->stack, .count = 1
		};
}

void watch_seen(struct lp_watch *watch, const struct lp_event_seen *event)
{
	struct lp_segment *segment;
	struct lp_stack stack;

	if (event->seen == LP_SEEN_BLOCKED || event->seen == LP_SEEN_GIL_HOLDER)
		told_add(watch->told, watch->frames, event);
	if (event->seen == LP_SEEN_BLOCKED)
		return;
	segment = segment_of(watch, event->segment_ns, event->flags & LP_STACK_GAP);
	if (!segment)
		return;
	if (event->seen == LP_SEEN_GIL_HOLDER) {
		add_holder(segment, event);
		return;
	}
	if (event->period_us)
		segment->period_us = event->period_us;
	if (stack_from_event(&stack, watch->frames, event))
		add_sample(segment, (enum lp_seen)event->seen, event->flags & LP_STACK_COLLECTING,
			   &stack);
}

void watch_old_stack(struct lp_watch *watch, const struct lp_event_stack *event)
{
	struct lp_segment *segment = segment_of(watch, event->start_ns, false);
	/* cut, as that version had it: the rest could not be read */
	struct lp_stack stack = { .unreadable = event->cut };
	uint32_t i;

	if (!segment)
		return;
	segment->counted = true; /* nobody knows what it stands for */
	if (event->task_name[0])
		text_copy(segment->task_name, sizeof(segment->task_name), event->task_name);
	stack.frames = calloc(event->depth ? event->depth : 1, sizeof(*stack.frames));
	for (i = 0; stack.frames && i < event->depth; i++) {
		const struct lp_shown_frame *frame =
			frames_intern(watch->frames, event->frames[i].function,
				      event->frames[i].file, event->frames[i].line);

		if (frame)
			stack.frames[stack.depth++] = frame;
		else
			stack.unreadable = true;
	}
	add_sample(segment, LP_SEEN_ON_CPU, false, &stack);
}

void watch_add_task_name(struct lp_watch *watch, const struct lp_event_task_name *event)
{
	struct lp_segment *segment = segment_of(watch, event->segment_ns, false);

	if (segment)
		text_copy(segment->task_name, sizeof(segment->task_name), event->name);
}

const char *watch_task_name(const struct lp_watch *watch, uint64_t start_ns)
{
	const struct lp_segment *segment = find_segment(watch, start_ns);

	return segment ? segment->task_name : "";
}

void watch_account(struct lp_watch *watch, const struct lp_event_account *event)
{
	struct lp_segment *segment = segment_of(watch, event->account.segment_ns,
						event->event.reserved & LP_ACCOUNT_GAP);
	uint32_t count = event->account.block_count;

	if (!segment)
		return;
	segment->accounted = true;
	memcpy(&segment->account, &event->account,
	       offsetof(struct lp_account, blocks) + count * sizeof(event->account.blocks[0]));
}

void watch_cause(struct lp_watch *watch, const struct lp_event_cause *event)
{
	bool gil = event->seen == LP_SEEN_GIL;
	const struct lp_told *told = told_find(watch->told, event->stack, gil);
	struct lp_cause key = { .kind = gil ? LP_CAUSE_GIL : LP_CAUSE_BLOCKED };

	if (!gil)
		text_copy(key.syscall, sizeof(key.syscall), syscall_name(event->syscall));
	if (told) {
		key.frame = innermost(&told->stack);
		if (gil)
			text_copy(key.held_by, sizeof(key.held_by), told->thread);
		else if (!told->several)
			text_copy(key.target, sizeof(key.target), told->target);
	}
	causes_add(watch->causes, &key, event->count, event->total_ns);
}

void times_fill(struct lp_times *times, uint64_t duration_ns, uint64_t blocked_ns, uint64_t gil_ns,
		uint64_t run_queue_ns)
{
	/* numbers from a damaged capture may be anything */
	unsigned __int128 off = (unsigned __int128)blocked_ns + gil_ns + run_queue_ns;

	if (off > duration_ns) {
		/* a boundary that was only seen (sample mode) lies within a wait */
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

static int by_duration(const void *left, const void *right)
{
	const struct lp_blocked *a = left, *b = right;

	return a->duration_ns < b->duration_ns ? 1 : a->duration_ns > b->duration_ns ? -1 : 0;
}

static int by_count(const void *left, const void *right)
{
	const struct lp_sample *a = left, *b = right;

	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

static void fill_blocked(const struct lp_watch *watch, const struct lp_account *account,
			 struct lp_reasons *reasons)
{
	uint32_t i;

	reasons->blocked_beyond = account->beyond_count;
	reasons->blocked_beyond_ns = account->beyond_ns;
	if (!account->block_count)
		return;
	reasons->blocked = calloc(account->block_count, sizeof(*reasons->blocked));
	for (i = 0; reasons->blocked && i < account->block_count; i++) {
		const struct lp_block *block = &account->blocks[i];
		struct lp_blocked *blocked = &reasons->blocked[reasons->blocked_count];
		const struct lp_told *told = told_find(watch->told, block->stack, false);

		/* it was runnable again at once, or its end belongs to another segment */
		if (!block->count)
			continue;
		text_copy(blocked->syscall, sizeof(blocked->syscall), syscall_name(block->syscall));
		resource_text(&block->resource, blocked->target, sizeof(blocked->target));
		resource_local(&block->resource, blocked->local, sizeof(blocked->local));
		blocked->duration_ns = block->total_ns;
		blocked->count = block->count;
		if (told)
			stack_copy(&blocked->stack, &told->stack);
		reasons->blocked_count++;
	}
	if (reasons->blocked && reasons->blocked_count)
		qsort(reasons->blocked, reasons->blocked_count, sizeof(*reasons->blocked),
		      by_duration);
}

static void fill_samples(const struct lp_segment *segment, struct lp_reasons *reasons)
{
	size_t i;

	if (!segment->sample_count)
		return;
	reasons->samples = calloc(segment->sample_count, sizeof(*reasons->samples));
	for (i = 0; reasons->samples && i < segment->sample_count; i++) {
		struct lp_sample *sample = &reasons->samples[reasons->sample_count++];

		*sample = segment->samples[i];
		stack_copy(&sample->stack, &segment->samples[i].stack);
	}
	if (reasons->samples && reasons->sample_count)
		qsort(reasons->samples, reasons->sample_count, sizeof(*reasons->samples), by_count);
}

static void fill_holder(const struct lp_watch *watch, const struct lp_segment *segment,
			struct lp_gil_holder *gil)
{
	const struct lp_seen_holder *most = NULL;
	const struct lp_told *told;
	size_t i;

	for (i = 0; i < segment->holder_count; i++)
		if (!most || segment->holders[i].count > most->count)
			most = &segment->holders[i];
	told = most ? told_find(watch->told, most->name, true) : NULL;
	if (!told)
		return;
	gil->known = true;
	gil->tid = told->tid;
	text_copy(gil->thread, sizeof(gil->thread), told->thread);
	stack_copy(&gil->stack, &told->stack);
}

static const struct lp_stack *most_seen(const struct lp_reasons *reasons, enum lp_seen seen)
{
	size_t i;

	for (i = 0; i < reasons->sample_count; i++)
		if (reasons->samples[i].seen == seen)
			return &reasons->samples[i].stack;
	return NULL;
}

const struct lp_stack *reasons_stack(const struct lp_reasons *reasons)
{
	const struct lp_times *time = &reasons->time;
	const struct lp_stack *blocked = reasons->blocked_count ? &reasons->blocked[0].stack : NULL;
	const struct lp_stack *sampled = most_seen(reasons, LP_SEEN_ON_CPU);

	if (blocked && !blocked->depth)
		blocked = NULL;
	if (time->gil_ns > time->blocked_ns && time->gil_ns > time->on_cpu_ns &&
	    most_seen(reasons, LP_SEEN_GIL))
		return most_seen(reasons, LP_SEEN_GIL);
	if (time->run_queue_ns > time->blocked_ns && time->run_queue_ns > time->on_cpu_ns &&
	    most_seen(reasons, LP_SEEN_RUN_QUEUE))
		return most_seen(reasons, LP_SEEN_RUN_QUEUE);
	if (blocked && (!sampled || time->blocked_ns > time->on_cpu_ns))
		return blocked;
	return sampled ? sampled : reasons->sample_count ? &reasons->samples[0].stack : blocked;
}

/* The coroutines on the stack of a task's step await each other, from the outermost in. */
static void fill_chain(struct lp_reasons *reasons)
{
	const struct lp_stack *stack = reasons_stack(reasons);
	struct lp_stack *chain = &reasons->await_chain;
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

static void explain(struct lp_watch *watch, struct lp_segment *segment, uint64_t duration_ns,
		    struct lp_reasons *reasons)
{
	const struct lp_account *account = &segment->account;
	uint32_t collecting = account->collecting_samples;

	fill_samples(segment, reasons);
	fill_holder(watch, segment, &reasons->gil);
	if (segment->accounted) {
		times_fill(&reasons->time, duration_ns, account->blocked_ns, account->gil_ns,
			   account->run_queue_ns);
		if (account->samples) {
			if (collecting > account->samples)
				collecting = account->samples;
			reasons->time.gc_known = true;
			reasons->time.gc_ns =
				reasons->time.on_cpu_ns / account->samples * collecting;
		}
		fill_blocked(watch, account, reasons);
	}
	fill_chain(reasons);
}

void watch_reasons(struct lp_watch *watch, uint64_t start_ns, uint64_t duration_ns, bool over,
		   struct lp_reasons *reasons)
{
	struct lp_segment *segment = find_segment(watch, start_ns);

	memset(reasons, 0, sizeof(*reasons));
	if (!segment)
		return;
	explain(watch, segment, duration_ns, reasons);
	if (over)
		count_samples(watch, segment, reasons->time.on_cpu_ns);
}

void watch_gap_reasons(struct lp_watch *watch, uint64_t iteration_ns, uint64_t duration_ns,
		       struct lp_reasons *reasons)
{
	memset(reasons, 0, sizeof(*reasons));
	if (iteration_ns && watch->gap.start_ns == iteration_ns)
		explain(watch, &watch->gap, duration_ns, reasons);
}

void reasons_clear(struct lp_reasons *reasons)
{
	size_t i;

	for (i = 0; i < reasons->blocked_count; i++)
		stack_clear(&reasons->blocked[i].stack);
	free(reasons->blocked);
	free_samples(reasons->samples, reasons->sample_count);
	stack_clear(&reasons->gil.stack);
	stack_clear(&reasons->await_chain);
	memset(reasons, 0, sizeof(*reasons));
}
