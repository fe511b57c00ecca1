// SPDX-License-Identifier: BSD-2-Clause
#include "segments.h"

#include "wire/file_systems.h"
#include "wire/resource_text.h"
#include "wire/syscalls.h"
#include "base/macros.h"
#include "base/text.h"
#include "dns_names.h"
#include "breakdown.h"
#include "cause_place.h"
#include "lock_holders.h"

#include <stdlib.h>
#include <string.h>

/* The number of late segments that are retained, the last ones. */
#define SEGMENTS 4
/* The limit of different stacks of one segment. */
#define SAMPLES_MAX 64

/* A thread that held the GIL in samples of a segment, in one of its functions. */
struct lp_sampled_holder {
	uint32_t tid; /* 0: not known */
	uint64_t name; /* name of its stack in struct lp_known_stacks */
	uint32_t count;
};

#define HOLDERS_MAX 8

/* The part of a sample that was added to the lost time while its segment lasts. */
struct counted_sample {
	uint32_t count;
	uint64_t total_ns;
};

struct lp_segment {
	uint64_t start_ns; /* 0: unused */
	bool counted; /* all its samples have been added to the lost time */
	uint64_t number; /* among the segments whose samples were added; 0: none were yet */
	struct counted_sample *so_far; /* SAMPLES_MAX, by index of samples; owned; NULL: none */
	uint32_t period_us;
	size_t sample_count;
	struct lp_sample *samples;
	size_t holder_count;
	struct lp_sampled_holder holders[HOLDERS_MAX];
	bool accounted;
	struct lp_segment_times account;
	struct lp_event_cpu_waits cpu_waits; /* segment_ns is 0 if there were none */
	struct lp_memory_waits memory_waits;
	struct lp_event_collections collections; /* count is 0 if none are known */
	char task_name[LP_TASK_NAME_MAX];
	struct lp_lock_holder holder;
	struct lp_waker waker;
	struct lp_other_end *end; /* NULL: not known */
	struct lp_dns_names *dns_names; /* NULL: none are known */
};

struct lp_segments {
	struct lp_frames *frames;
	struct lp_lost_time *lost_time;
	struct lp_known_stacks *stacks;
	struct lp_segment items[SEGMENTS];
	size_t next; /* index in items of the oldest segment, which is replaced next */
	/* the time of an iteration before its first callback */
	struct lp_segment gap;
	struct lp_shortage_events shortage;
	uint64_t numbered; /* number of segments whose samples were added to the lost time */
};

struct lp_segments *segments_new(struct lp_frames *frames, struct lp_lost_time *lost_time)
{
	struct lp_segments *segments = calloc(1, sizeof(*segments));

	if (!segments)
		return NULL;
	segments->frames = frames;
	segments->lost_time = lost_time;
	segments->stacks = known_stacks_new();
	if (segments->stacks)
		return segments;
	free(segments);
	return NULL;
}

/* Adds one of a segment's samples to the lost time, without what was added of it before. */
static void count_sample(struct lp_segments *segments, const struct lp_segment *segment, size_t at,
			 uint64_t time_ns)
{
	const struct lp_sample *sample = &segment->samples[at];
	struct counted_sample none = { 0 },
			      *so_far = segment->so_far ? &segment->so_far[at] : &none;
	struct lp_cause key = { .kind = sample->collecting ? LP_CAUSE_GC : LP_CAUSE_ON_CPU };
	uint64_t added_ns = saturating_sub(time_ns, so_far->total_ns);

	if (sample->count == so_far->count && !added_ns)
		return;
	cause_place_set(&key, &sample->stack, NULL);
	lost_time_add_samples(segments->lost_time, &key, sample->count - so_far->count, added_ns,
			      segment->number);
	so_far->count = sample->count;
	so_far->total_ns += added_ns;
}

/*
 * Adds a segment's on-CPU samples to the lost time, each once.  Together they stand for on_cpu_ns;
 * if that is 0, each stands for the period of the sampling clock.  over: there will be no more.
 */
static void count_samples(struct lp_segments *segments, struct lp_segment *segment,
			  uint64_t on_cpu_ns, bool over)
{
	uint64_t all = 0;
	size_t i;

	if (segment->counted || (!over && !segment->sample_count))
		return;
	if (!over && !segment->so_far)
		segment->so_far = calloc(SAMPLES_MAX, sizeof(*segment->so_far));
	if (!over && !segment->so_far)
		return;
	segment->counted = over;
	if (!segment->number)
		segment->number = ++segments->numbered;
	for (i = 0; i < segment->sample_count; i++)
		if (segment->samples[i].reason == LP_SAMPLE_ON_CPU)
			all += segment->samples[i].count;
	for (i = 0; i < segment->sample_count; i++) {
		const struct lp_sample *sample = &segment->samples[i];
		uint64_t time_ns = (uint64_t)sample->count * segment->period_us * 1000;

		if (sample->reason != LP_SAMPLE_ON_CPU)
			continue;
		if (on_cpu_ns)
			time_ns = on_cpu_ns / all * sample->count;
		count_sample(segments, segment, i, time_ns);
	}
}

static void drop_segment(struct lp_segments *segments, struct lp_segment *segment)
{
	count_samples(segments, segment, 0, true);
	free(segment->so_far);
	breakdown_free_samples(segment->samples, segment->sample_count);
	stack_clear(&segment->holder.stack);
	stack_clear(&segment->waker.stack);
	free(segment->end);
	dns_names_free(segment->dns_names);
	memset(segment, 0, sizeof(*segment));
}

void segments_count(struct lp_segments *segments, bool over)
{
	size_t i;

	for (i = 0; i < SEGMENTS; i++)
		count_samples(segments, &segments->items[i], 0, over);
	count_samples(segments, &segments->gap, 0, over);
}

void segments_free(struct lp_segments *segments)
{
	size_t i;

	if (!segments)
		return;
	for (i = 0; i < SEGMENTS; i++)
		drop_segment(segments, &segments->items[i]);
	drop_segment(segments, &segments->gap);
	known_stacks_free(segments->stacks);
	free(segments);
}

static struct lp_segment *find_segment(const struct lp_segments *segments, uint64_t start_ns)
{
	size_t i;

	for (i = 0; i < SEGMENTS; i++)
		if (start_ns && segments->items[i].start_ns == start_ns)
			return (struct lp_segment *)&segments->items[i];
	return NULL;
}

static struct lp_segment *renew(struct lp_segments *segments, struct lp_segment *segment,
				uint64_t start_ns)
{
	drop_segment(segments, segment);
	segment->start_ns = start_ns;
	return segment;
}

/* Returns the segment that began then, in the place of the oldest if it is new.  NULL: no start. */
static struct lp_segment *segment_of(struct lp_segments *segments, uint64_t start_ns, bool gap)
{
	struct lp_segment *segment;

	if (!start_ns)
		return NULL;
	if (gap)
		return segments->gap.start_ns == start_ns
			       ? &segments->gap
			       : renew(segments, &segments->gap, start_ns);
	segment = find_segment(segments, start_ns);
	if (segment)
		return segment;
	segment = &segments->items[segments->next];
	segments->next = (segments->next + 1) % SEGMENTS;
	return renew(segments, segment, start_ns);
}

/* Adds samples with the same stack, and takes over the ownership of the stack. */
static void add_samples(struct lp_segment *segment, enum lp_sample_reason reason, bool collecting,
			struct lp_stack *stack, uint32_t count)
{
	struct lp_sample *grown;
	size_t i;

	for (i = 0; i < segment->sample_count; i++) {
		struct lp_sample *sample = &segment->samples[i];

		if (sample->reason == reason && sample->collecting == collecting &&
		    stack_same(&sample->stack, stack)) {
			sample->count = count < UINT32_MAX - sample->count ? sample->count + count
									   : UINT32_MAX;
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
		.count = count, .reason = reason, .collecting = collecting, .stack = *stack
	};
}

static void add_holder(struct lp_segment *segment, const struct lp_event_stack_sample *event)
{
	struct lp_sampled_holder *same_thread = NULL;
	size_t i;

	for (i = 0; i < segment->holder_count; i++) {
		struct lp_sampled_holder *holder = &segment->holders[i];

		if (holder->name == event->stack) {
			if (event->tid)
				holder->tid = event->tid;
			holder->count++;
			return;
		}
		if (event->tid && holder->tid == event->tid)
			same_thread = holder;
	}
	if (i < HOLDERS_MAX)
		segment->holders[segment->holder_count++] = (struct lp_sampled_holder){
			.tid = event->tid, .name = event->stack, .count = 1
		};
	else if (same_thread)
		same_thread->count++;
}

/* Returns how often the thread of an entry was sampled, in all of its functions. */
static uint32_t times_sampled(const struct lp_segment *segment, const struct lp_sampled_holder *of)
{
	uint32_t count = 0;
	size_t i;

	for (i = 0; i < segment->holder_count; i++)
		if (&segment->holders[i] == of || (of->tid && segment->holders[i].tid == of->tid))
			count += segment->holders[i].count;
	return count;
}

/* Returns the thread that was sampled most, in the function in which it was sampled most; or NULL. */
static const struct lp_sampled_holder *most_sampled(const struct lp_segment *segment)
{
	const struct lp_sampled_holder *most = NULL;
	size_t i;

	for (i = 0; i < segment->holder_count; i++) {
		const struct lp_sampled_holder *holder = &segment->holders[i];
		uint32_t count = times_sampled(segment, holder), before;

		before = most ? times_sampled(segment, most) : 0;
		if (count > before || (most && count == before && holder->tid == most->tid &&
				       holder->count > most->count))
			most = holder;
	}
	return most;
}

/* Returns the number of samples for which an event stands. */
static uint32_t sample_count(const struct lp_event_stack_sample *event)
{
	bool waits = event->reason == LP_SAMPLE_RUN_QUEUE || event->reason == LP_SAMPLE_GIL;

	return 1 + (waits ? event->event.reserved : 0);
}

void segments_add_sample(struct lp_segments *segments, const struct lp_event_stack_sample *event)
{
	struct lp_segment *segment;
	struct lp_stack stack;

	if (event->reason == LP_SAMPLE_BLOCKED || event->reason == LP_SAMPLE_GIL_HOLDER)
		known_stacks_add(segments->stacks, segments->frames, event);
	if (event->reason == LP_SAMPLE_BLOCKED)
		return;
	segment = segment_of(segments, event->segment_ns, event->flags & LP_STACK_GAP);
	if (!segment)
		return;
	if (event->reason == LP_SAMPLE_GIL_HOLDER) {
		add_holder(segment, event);
		return;
	}
	if (event->reason == LP_SAMPLE_LOCK_HOLDER) {
		lock_holder_take(&segment->holder, segments->frames, event);
		return;
	}
	if (event->reason == LP_SAMPLE_WAKER) {
		lock_waker_take(&segment->waker, segments->frames, event);
		return;
	}
	if (event->period_us)
		segment->period_us = event->period_us;
	if (stack_from_event(&stack, segments->frames, event))
		add_samples(segment, (enum lp_sample_reason)event->reason,
			    event->flags & LP_STACK_COLLECTING, &stack, sample_count(event));
}

void segments_add_old_stack(struct lp_segments *segments, const struct lp_event_stack *event)
{
	struct lp_segment *segment = segment_of(segments, event->start_ns, false);
	/* "cut" in those versions meant that the rest could not be read */
	struct lp_stack stack = { .unreadable = event->cut };
	uint32_t i;

	if (!segment)
		return;
	segment->counted = true; /* the time that the sample stands for is not known */
	if (event->task_name[0])
		text_copy(segment->task_name, sizeof(segment->task_name), event->task_name);
	stack.frames = calloc(event->depth ? event->depth : 1, sizeof(*stack.frames));
	for (i = 0; stack.frames && i < event->depth; i++) {
		const struct lp_shown_frame *frame =
			frames_intern(segments->frames, event->frames[i].function,
				      event->frames[i].file, event->frames[i].line);

		if (frame)
			stack.frames[stack.depth++] = frame;
		else
			stack.unreadable = true;
	}
	add_samples(segment, LP_SAMPLE_ON_CPU, false, &stack, 1);
}

void segments_add_other_end(struct lp_segments *segments, const struct lp_event_other_end *event)
{
	struct lp_segment *segment = segment_of(segments, event->segment_ns, false);

	if (segment && !segment->end)
		segment->end = malloc(sizeof(*segment->end));
	if (segment && segment->end)
		*segment->end = event->end;
}

void segments_add_dns_name(struct lp_segments *segments, const struct lp_event_dns_name *event)
{
	struct lp_segment *segment = segment_of(segments, event->segment_ns, false);

	if (segment && !segment->dns_names)
		segment->dns_names = dns_names_new();
	if (segment && segment->dns_names)
		dns_names_add(segment->dns_names, event);
}

void segments_add_task_name(struct lp_segments *segments, const struct lp_event_task_name *event)
{
	struct lp_segment *segment = segment_of(segments, event->segment_ns, false);

	if (segment)
		text_copy(segment->task_name, sizeof(segment->task_name), event->name);
}

const char *segments_task_name(const struct lp_segments *segments, uint64_t start_ns)
{
	const struct lp_segment *segment = find_segment(segments, start_ns);

	return segment ? segment->task_name : "";
}

void segments_add_times(struct lp_segments *segments, const struct lp_event_segment_times *event)
{
	struct lp_segment *segment = segment_of(segments, event->account.segment_ns,
						event->event.reserved & LP_SEGMENT_GAP);
	uint32_t count = event->account.block_count;

	if (!segment)
		return;
	segment->accounted = true;
	/* steal is measured for each record of times, and is not reported again if it is small */
	if (segments->shortage.steal.event.time_ns < event->event.time_ns)
		memset(&segments->shortage.steal, 0, sizeof(segments->shortage.steal));
	/* discards the collections of an earlier record: more may have followed */
	if (segment->collections.event.time_ns != event->event.time_ns)
		segment->collections.count = 0;
	memcpy(&segment->account, &event->account,
	       offsetof(struct lp_segment_times, blocks) +
		       count * sizeof(event->account.blocks[0]));
}

void segments_add_collections(struct lp_segments *segments,
			      const struct lp_event_collections *event)
{
	struct lp_segment *segment =
		segment_of(segments, event->segment_ns, event->event.reserved & LP_SEGMENT_GAP);

	if (segment)
		segment->collections = *event;
}

void segments_add_cpu_waits(struct lp_segments *segments, const struct lp_event_cpu_waits *event)
{
	struct lp_segment *segment =
		segment_of(segments, event->segment_ns, event->event.reserved & LP_SEGMENT_GAP);

	if (segment)
		segment->cpu_waits = *event;
}

void segments_add_memory_waits(struct lp_segments *segments,
			       const struct lp_event_memory_waits *event)
{
	struct lp_segment *segment =
		segment_of(segments, event->segment_ns, event->event.reserved & LP_SEGMENT_GAP);

	if (segment)
		segment->memory_waits = event->waits;
}

struct lp_shortage_events *segments_shortage(struct lp_segments *segments)
{
	return &segments->shortage;
}

void segments_add_cause(struct lp_segments *segments, const struct lp_event_cause *event)
{
	bool gil = event->reason == LP_SAMPLE_GIL;
	const struct lp_known_stack *known_stack =
		known_stacks_find(segments->stacks, event->stack, gil);
	struct lp_cause key = { .kind = gil ? LP_CAUSE_GIL : LP_CAUSE_BLOCKED,
				.count = event->count,
				.total_ns = event->total_ns };

	if (!gil)
		text_copy(key.syscall, sizeof(key.syscall), syscall_name(event->syscall));
	if (known_stack && gil) {
		cause_place_set_holder(&key, known_stack);
	} else if (known_stack) {
		if (!known_stack->several)
			text_copy(key.target, sizeof(key.target), known_stack->target);
		cause_place_set(&key, &known_stack->stack, &known_stack->sleep);
	}
	lost_time_add(segments->lost_time, &key, event->count, event->total_ns);
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

static void fill_blocked(const struct lp_segments *segments, const struct lp_segment *segment,
			 struct lp_breakdown *breakdown)
{
	const struct lp_segment_times *account = &segment->account;
	uint32_t i;

	breakdown->blocked_dropped = account->dropped_count;
	breakdown->blocked_dropped_ns = account->dropped_ns;
	if (!account->block_count)
		return;
	breakdown->blocked = calloc(account->block_count, sizeof(*breakdown->blocked));
	for (i = 0; breakdown->blocked && i < account->block_count; i++) {
		const struct lp_block *block = &account->blocks[i];
		struct lp_blocked *blocked = &breakdown->blocked[breakdown->blocked_count];
		const struct lp_known_stack *known_stack =
			known_stacks_find(segments->stacks, block->stack, false);

		/* the call did not wait, or its wait ended in another segment */
		if (!block->count)
			continue;
		text_copy(blocked->syscall, sizeof(blocked->syscall), syscall_name(block->syscall));
		resource_text(&block->resource, blocked->target, sizeof(blocked->target));
		resource_local(&block->resource, blocked->local, sizeof(blocked->local));
		blocked->sleep = stack_sleep(&block->resource);
		dns_names_of(segment->dns_names, block, blocked->dns_name);
		blocked->file_system = file_system_name(block->resource.file_system);
		blocked->duration_ns = block->total_ns;
		blocked->count = block->count;
		blocked->lock_address =
			syscall_argument(block->syscall) == LP_ARGUMENT_FUTEX ? block->object : 0;
		blocked->woken = lock_waker_ended(&segment->waker, block);
		if (known_stack)
			stack_copy(&blocked->stack, &known_stack->stack);
		/* what a sleep waits for was found when its stack was read */
		if (known_stack && blocked->sleep.kind == LP_SLEEP_FOR)
			text_copy(blocked->target, sizeof(blocked->target), known_stack->target);
		breakdown->blocked_count++;
	}
	if (breakdown->blocked && breakdown->blocked_count)
		qsort(breakdown->blocked, breakdown->blocked_count, sizeof(*breakdown->blocked),
		      by_duration);
}

static void fill_samples(const struct lp_segment *segment, struct lp_breakdown *breakdown)
{
	size_t i;

	if (!segment->sample_count)
		return;
	breakdown->samples = calloc(segment->sample_count, sizeof(*breakdown->samples));
	for (i = 0; breakdown->samples && i < segment->sample_count; i++) {
		struct lp_sample *sample = &breakdown->samples[breakdown->sample_count++];

		*sample = segment->samples[i];
		stack_copy(&sample->stack, &segment->samples[i].stack);
	}
	if (breakdown->samples && breakdown->sample_count)
		qsort(breakdown->samples, breakdown->sample_count, sizeof(*breakdown->samples),
		      by_count);
}

static void fill_holder(const struct lp_segments *segments, const struct lp_segment *segment,
			struct lp_gil_holder *gil)
{
	const struct lp_sampled_holder *most = most_sampled(segment);
	const struct lp_known_stack *known_stack;

	known_stack = most ? known_stacks_find(segments->stacks, most->name, true) : NULL;
	if (!known_stack)
		return;
	gil->known = true;
	gil->tid = known_stack->tid;
	text_copy(gil->thread, sizeof(gil->thread), known_stack->thread);
	stack_copy(&gil->stack, &known_stack->stack);
}

/* Copies whom the segment waited for. */
static void fill_ends(const struct lp_segment *segment, struct lp_breakdown *breakdown)
{
	breakdown->holder = segment->holder;
	if (!stack_copy(&breakdown->holder.stack, &segment->holder.stack))
		breakdown->holder.known = false;
	breakdown->waker = segment->waker;
	if (!stack_copy(&breakdown->waker.stack, &segment->waker.stack))
		breakdown->waker.known = false;
	breakdown->end = segment->end ? malloc(sizeof(*breakdown->end)) : NULL;
	if (breakdown->end)
		*breakdown->end = *segment->end;
}

static void explain(struct lp_segments *segments, struct lp_segment *segment, uint64_t duration_ns,
		    struct lp_breakdown *breakdown)
{
	const struct lp_segment_times *account = &segment->account;

	fill_samples(segment, breakdown);
	fill_holder(segments, segment, &breakdown->gil);
	fill_ends(segment, breakdown);
	if (segment->accounted) {
		breakdown_fill_times(&breakdown->time, duration_ns, account->blocked_ns,
				     account->gil_ns, account->run_queue_ns);
		shortage_fill(&segments->shortage,
			      segment->cpu_waits.segment_ns ? &segment->cpu_waits : NULL,
			      segment->start_ns, breakdown->time.run_queue_ns,
			      &breakdown->shortage);
		memory_shortage_fill(&segments->shortage.memory, &segment->memory_waits,
				     duration_ns, &breakdown->shortage.memory);
		breakdown_fill_collecting(&breakdown->time, account, &segment->collections);
		fill_blocked(segments, segment, breakdown);
		breakdown_find_end(breakdown);
	}
	breakdown_fill_chain(breakdown);
}

void segments_breakdown(struct lp_segments *segments, uint64_t start_ns, uint64_t duration_ns,
			bool over, struct lp_breakdown *breakdown)
{
	struct lp_segment *segment = find_segment(segments, start_ns);

	memset(breakdown, 0, sizeof(*breakdown));
	if (!segment)
		return;
	explain(segments, segment, duration_ns, breakdown);
	if (over)
		count_samples(segments, segment, breakdown->time.on_cpu_ns, true);
}

void segments_gap_breakdown(struct lp_segments *segments, uint64_t iteration_ns,
			    uint64_t duration_ns, struct lp_breakdown *breakdown)
{
	memset(breakdown, 0, sizeof(*breakdown));
	if (iteration_ns && segments->gap.start_ns == iteration_ns)
		explain(segments, &segments->gap, duration_ns, breakdown);
}
