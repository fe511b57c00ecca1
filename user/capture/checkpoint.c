// SPDX-License-Identifier: BSD-2-Clause
#include "checkpoint.h"

#include "packed_record.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * The most processes that are retained.  When the table is full, the oldest one without a
 * loop is dropped.
 */
#define TARGETS_MAX 8192
#define STACKS_MAX 8192

struct lp_checkpoint_target {
	uint32_t pid;
	struct lp_packed_record *target, *labels;
};

struct lp_checkpoint_loop {
	struct lp_packed_record *loop, *stats, *cpu_quota, *cpu_waits, *run_queue;
	struct lp_packed_record *memory_limit, *memory_waits;
	struct lp_packed_record *awake, *coverage;
};

struct lp_checkpoint_name {
	uint32_t loop;
	struct lp_packed_record *name, *stats;
};

struct lp_checkpoint_frame {
	/* number of the last file that this frame was written to; the first file is 1 */
	uint32_t written;
	struct lp_packed_record *frame;
};

/* A stack that LP_EVENT_CAUSE and LP_EVENT_SEGMENT_TIMES refer to by its hash. */
struct lp_checkpoint_stack {
	uint64_t stack;
	uint32_t loop;
	uint32_t written;
	struct lp_packed_record *sample;
};

struct lp_checkpoint {
	uint32_t file; /* number of the current file; the first one is 1 */
	struct lp_checkpoint_target *targets;
	size_t target_count;
	struct lp_checkpoint_loop loops[LP_MAX_LOOPS];
	struct lp_checkpoint_name names[LP_MAX_CALLBACKS];
	struct lp_packed_record *lost, *self;
	struct lp_checkpoint_frame *frames;
	size_t frame_capacity;
	struct lp_map stacks; /* struct lp_checkpoint_stack, by stack and loop */
};

struct lp_checkpoint *checkpoint_new(void)
{
	struct lp_checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));

	if (!checkpoint)
		return NULL;
	checkpoint->targets = calloc(TARGETS_MAX, sizeof(*checkpoint->targets));
	if (!checkpoint->targets) {
		free(checkpoint);
		return NULL;
	}
	checkpoint->file = 1;
	return checkpoint;
}

static void drop_target(struct lp_checkpoint *checkpoint, size_t i)
{
	packed_record_drop(&checkpoint->targets[i].target);
	packed_record_drop(&checkpoint->targets[i].labels);
	checkpoint->target_count--;
	memmove(&checkpoint->targets[i], &checkpoint->targets[i + 1],
		(checkpoint->target_count - i) * sizeof(*checkpoint->targets));
}

static void drop_name(struct lp_checkpoint_name *name)
{
	packed_record_drop(&name->name);
	packed_record_drop(&name->stats);
}

/*
 * Drops the stacks of one loop.  With LP_NO_LOOP instead: those of all loops that were last
 * written to a file before that one.
 */
static void drop_stacks(struct lp_checkpoint *checkpoint, uint32_t loop, uint32_t before)
{
	struct lp_checkpoint_stack *stack;
	size_t at = 0;

	while ((stack = map_next_pointer(&checkpoint->stacks, &at))) {
		if (stack->loop != loop && stack->written >= before)
			continue;
		map_remove_last(&checkpoint->stacks, &at);
		packed_record_drop(&stack->sample);
		free(stack);
	}
}

static void drop_loop(struct lp_checkpoint *checkpoint, uint32_t slot)
{
	struct lp_checkpoint_loop *loop = &checkpoint->loops[slot];
	size_t i;

	if (!loop->loop)
		return;
	packed_record_drop(&loop->loop);
	packed_record_drop(&loop->stats);
	packed_record_drop(&loop->cpu_quota);
	packed_record_drop(&loop->cpu_waits);
	packed_record_drop(&loop->memory_limit);
	packed_record_drop(&loop->memory_waits);
	packed_record_drop(&loop->run_queue);
	packed_record_drop(&loop->awake);
	packed_record_drop(&loop->coverage);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		if (checkpoint->names[i].name && checkpoint->names[i].loop == slot)
			drop_name(&checkpoint->names[i]);
	drop_stacks(checkpoint, slot, 0);
}

void checkpoint_free(struct lp_checkpoint *checkpoint)
{
	size_t i;

	if (!checkpoint)
		return;
	while (checkpoint->target_count)
		drop_target(checkpoint, checkpoint->target_count - 1);
	for (i = 0; i < LP_MAX_LOOPS; i++)
		drop_loop(checkpoint, (uint32_t)i);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		drop_name(&checkpoint->names[i]);
	for (i = 0; i < checkpoint->frame_capacity; i++)
		packed_record_drop(&checkpoint->frames[i].frame);
	drop_stacks(checkpoint, LP_NO_LOOP, UINT32_MAX);
	map_free(&checkpoint->stacks);
	packed_record_drop(&checkpoint->lost);
	packed_record_drop(&checkpoint->self);
	free(checkpoint->frames);
	free(checkpoint->targets);
	free(checkpoint);
}

static uint32_t pid_of_loop(const struct lp_checkpoint *checkpoint, uint32_t slot)
{
	uint64_t buffer[LP_PACKED_RECORD_MAX / 8];

	return packed_record_get(checkpoint->loops[slot].loop, buffer)->pid;
}

/*
 * Makes room in the full table: drops the oldest target that has no loop, or else the oldest
 * one.
 */
static void reserve_target(struct lp_checkpoint *checkpoint)
{
	uint32_t pids[LP_MAX_LOOPS] = { 0 }, slot, count = 0, i;
	size_t at;

	for (slot = 0; slot < LP_MAX_LOOPS; slot++)
		if (checkpoint->loops[slot].loop)
			pids[count++] = pid_of_loop(checkpoint, slot);
	for (at = 0; at < checkpoint->target_count; at++) {
		for (i = 0; i < count && pids[i] != checkpoint->targets[at].pid; i++)
			;
		if (i == count)
			break;
	}
	drop_target(checkpoint, at < checkpoint->target_count ? at : 0);
}

static size_t find_target(const struct lp_checkpoint *checkpoint, uint32_t pid)
{
	size_t i = 0;

	while (i < checkpoint->target_count && checkpoint->targets[i].pid != pid)
		i++;
	return i;
}

static void retain_target(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	size_t i = find_target(checkpoint, record->pid);

	if (i == checkpoint->target_count) {
		if (checkpoint->target_count == TARGETS_MAX)
			reserve_target(checkpoint);
		i = checkpoint->target_count++;
		checkpoint->targets[i] = (struct lp_checkpoint_target){ .pid = record->pid };
	}
	packed_record_set(&checkpoint->targets[i].target, record);
	packed_record_drop(&checkpoint->targets[i].labels);
}

static void retain_labels(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	size_t i = find_target(checkpoint, record->pid);

	if (i < checkpoint->target_count)
		packed_record_set(&checkpoint->targets[i].labels, record);
}

static void retain_process(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	const struct lp_event_process *event = (const struct lp_event_process *)record;
	size_t i = find_target(checkpoint, record->pid);

	if (event->action == LP_PROCESS_EXIT && i < checkpoint->target_count)
		drop_target(checkpoint, i);
}

static void retain_process_end(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	size_t i = find_target(checkpoint, record->pid);

	if (i < checkpoint->target_count)
		drop_target(checkpoint, i);
}

static void retain_loop(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	drop_loop(checkpoint, record->loop);
	packed_record_set(&checkpoint->loops[record->loop].loop, record);
}

static void retain_loop_end(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	drop_loop(checkpoint, record->loop);
}

static void retain_loop_stats(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].stats, record);
}

static void retain_cpu_quota(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].cpu_quota, record);
}

static void retain_cpu_waits(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	/* those of one segment belong to its stall */
	if (!((const struct lp_event_cpu_waits *)record)->segment_ns)
		packed_record_set(&checkpoint->loops[record->loop].cpu_waits, record);
}

static void retain_memory_limit(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].memory_limit, record);
}

static void retain_memory_waits(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	if (!((const struct lp_event_memory_waits *)record)->segment_ns)
		packed_record_set(&checkpoint->loops[record->loop].memory_waits, record);
}

static void retain_run_queue(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].run_queue, record);
}

static void retain_awake(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].awake, record);
}

static void retain_coverage(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->loops[record->loop].coverage, record);
}

static void retain_name(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	const struct lp_event_name *event = (const struct lp_event_name *)record;
	struct lp_checkpoint_name *name;

	if (event->callback >= LP_MAX_CALLBACKS)
		return;
	name = &checkpoint->names[event->callback];
	drop_name(name);
	name->loop = record->loop;
	packed_record_set(&name->name, record);
}

static void retain_callback_stats(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	const struct lp_event_callback_stats *event =
		(const struct lp_event_callback_stats *)record;

	if (event->callback < LP_MAX_CALLBACKS)
		packed_record_set(&checkpoint->names[event->callback].stats, record);
}

static void retain_lost(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->lost, record);
}

static void retain_self(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	packed_record_set(&checkpoint->self, record);
}

static void retain_frame(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	const struct lp_event_frame *event = (const struct lp_event_frame *)record;

	if (event->frame >= LP_MAX_FRAMES ||
	    !ARRAY_RESERVE_ZEROED(checkpoint->frames, checkpoint->frame_capacity,
				  event->frame + 1UL, 1024))
		return;
	if (packed_record_set(&checkpoint->frames[event->frame].frame, record))
		checkpoint->frames[event->frame].written = checkpoint->file;
}

static uint64_t hash_of(const struct lp_checkpoint_stack *stack)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, stack->stack);
	hash_number(&hash, stack->loop);
	return hash_end(&hash);
}

static bool same_stack(const void *entry, const void *key)
{
	const struct lp_checkpoint_stack *stack = entry, *wanted = key;

	return stack->stack == wanted->stack && stack->loop == wanted->loop;
}

static struct lp_checkpoint_stack *find_stack(const struct lp_checkpoint *checkpoint, uint32_t loop,
					      uint64_t stack)
{
	const struct lp_checkpoint_stack wanted = { .stack = stack, .loop = loop };

	return map_find(&checkpoint->stacks, hash_of(&wanted), same_stack, &wanted);
}

/* Returns a new stack without a sample; NULL: the table is full, or out of memory. */
static struct lp_checkpoint_stack *add_stack(struct lp_checkpoint *checkpoint, uint32_t loop,
					     uint64_t name)
{
	struct lp_checkpoint_stack *stack;

	if (checkpoint->stacks.count >= STACKS_MAX)
		return NULL;
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return NULL;
	stack->stack = name;
	stack->loop = loop;
	if (map_add(&checkpoint->stacks, hash_of(stack), stack))
		return stack;
	free(stack);
	return NULL;
}

static void retain_stack_sample(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	const struct lp_event_stack_sample *event = (const struct lp_event_stack_sample *)record;
	struct lp_checkpoint_stack *stack;

	/* samples of other reasons belong to one stall and are never referred to again */
	if (event->reason != LP_SAMPLE_BLOCKED && event->reason != LP_SAMPLE_GIL_HOLDER)
		return;
	if (checkpoint->stacks.count >= STACKS_MAX)
		drop_stacks(checkpoint, LP_NO_LOOP, checkpoint->file);
	stack = find_stack(checkpoint, record->loop, event->stack);
	if (!stack)
		stack = add_stack(checkpoint, record->loop, event->stack);
	if (stack && packed_record_set(&stack->sample, record))
		stack->written = checkpoint->file;
}

static const struct lp_checkpoint_row {
	uint16_t type;
	bool of_loop; /* the record's slot must be that of a loop */
	size_t size; /* least size of the record */
	void (*retain)(struct lp_checkpoint *checkpoint, const struct lp_event *record);
} rows[] = {
	{ LP_EVENT_TARGET, false, sizeof(struct lp_event_target), retain_target },
	{ LP_EVENT_LABELS, false, sizeof(struct lp_event_labels), retain_labels },
	{ LP_EVENT_PROCESS, false, sizeof(struct lp_event_process), retain_process },
	{ LP_EVENT_PROCESS_END, false, sizeof(struct lp_event_process_end), retain_process_end },
	{ LP_EVENT_LOOP, true, sizeof(struct lp_event_loop), retain_loop },
	{ LP_EVENT_LOOP_END, true, sizeof(struct lp_event), retain_loop_end },
	{ LP_EVENT_LOOP_STATS, true, sizeof(struct lp_event_loop_stats), retain_loop_stats },
	{ LP_EVENT_CPU_QUOTA, true, sizeof(struct lp_event_cpu_quota), retain_cpu_quota },
	{ LP_EVENT_CPU_WAITS, true, sizeof(struct lp_event_cpu_waits), retain_cpu_waits },
	{ LP_EVENT_MEMORY_LIMIT, true, sizeof(struct lp_event_memory_limit), retain_memory_limit },
	{ LP_EVENT_MEMORY_WAITS, true, sizeof(struct lp_event_memory_waits), retain_memory_waits },
	{ LP_EVENT_RUN_QUEUE, true, sizeof(struct lp_event_run_queue), retain_run_queue },
	{ LP_EVENT_AWAKE, true, sizeof(struct lp_event_awake), retain_awake },
	{ LP_EVENT_COVERAGE, true, sizeof(struct lp_event_coverage), retain_coverage },
	{ LP_EVENT_NAME, true, sizeof(struct lp_event_name), retain_name },
	{ LP_EVENT_CALLBACK_STATS, false, sizeof(struct lp_event_callback_stats),
	  retain_callback_stats },
	{ LP_EVENT_LOST, false, sizeof(struct lp_event_lost), retain_lost },
	{ LP_EVENT_SELF, false, sizeof(struct lp_event_self), retain_self },
	{ LP_EVENT_FRAME, false, sizeof(struct lp_event_frame), retain_frame },
	{ LP_EVENT_STACK_SAMPLE, true, sizeof(struct lp_event_stack_sample), retain_stack_sample },
};

void checkpoint_add(struct lp_checkpoint *checkpoint, const struct lp_event *record)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].type != record->type)
			continue;
		if (record->size >= rows[i].size && (!rows[i].of_loop || lp_is_loop(record->loop)))
			rows[i].retain(checkpoint, record);
		return;
	}
}

static void hand_out(const struct lp_packed_record *packed, lp_record_taker take, void *context)
{
	uint64_t buffer[LP_PACKED_RECORD_MAX / 8];

	if (packed)
		take(context, packed_record_get(packed, buffer));
}

void checkpoint_begin_file(struct lp_checkpoint *checkpoint, uint64_t now_ns, lp_record_taker take,
			   void *context)
{
	struct lp_event baseline = { .type = LP_EVENT_BASELINE,
				     .size = sizeof(baseline),
				     .time_ns = now_ns,
				     .loop = LP_NO_LOOP };
	size_t i;

	/* a stack that the last file did not refer to will hardly be needed in the next one */
	drop_stacks(checkpoint, LP_NO_LOOP, checkpoint->file);
	checkpoint->file++;
	for (i = 0; i < checkpoint->target_count; i++) {
		hand_out(checkpoint->targets[i].target, take, context);
		hand_out(checkpoint->targets[i].labels, take, context);
	}
	for (i = 0; i < LP_MAX_LOOPS; i++)
		hand_out(checkpoint->loops[i].loop, take, context);
	for (i = 0; i < LP_MAX_CALLBACKS; i++) {
		hand_out(checkpoint->names[i].name, take, context);
		hand_out(checkpoint->names[i].stats, take, context);
	}
	for (i = 0; i < LP_MAX_LOOPS; i++) {
		hand_out(checkpoint->loops[i].stats, take, context);
		hand_out(checkpoint->loops[i].cpu_quota, take, context);
		hand_out(checkpoint->loops[i].cpu_waits, take, context);
		hand_out(checkpoint->loops[i].run_queue, take, context);
		hand_out(checkpoint->loops[i].memory_limit, take, context);
		hand_out(checkpoint->loops[i].memory_waits, take, context);
		hand_out(checkpoint->loops[i].awake, take, context);
		hand_out(checkpoint->loops[i].coverage, take, context);
	}
	hand_out(checkpoint->lost, take, context);
	hand_out(checkpoint->self, take, context);
	take(context, &baseline);
}

static void repeat_frames(struct lp_checkpoint *checkpoint, const uint32_t *numbers, size_t count,
			  lp_record_taker take, void *context)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct lp_checkpoint_frame *frame;

		if (numbers[i] >= checkpoint->frame_capacity)
			continue;
		frame = &checkpoint->frames[numbers[i]];
		if (!frame->frame || frame->written == checkpoint->file)
			continue;
		frame->written = checkpoint->file;
		hand_out(frame->frame, take, context);
	}
}

static void repeat_stack(struct lp_checkpoint *checkpoint, uint32_t loop, uint64_t name,
			 lp_record_taker take, void *context)
{
	uint64_t buffer[LP_PACKED_RECORD_MAX / 8];
	struct lp_checkpoint_stack *stack = find_stack(checkpoint, loop, name);
	struct lp_event_stack_sample *sample;

	if (!stack || !stack->sample || stack->written == checkpoint->file)
		return;
	stack->written = checkpoint->file;
	packed_record_get(stack->sample, buffer);
	sample = (struct lp_event_stack_sample *)(void *)buffer;
	/* the record only defines the stack's hash; it must not count as a sample of a stall */
	sample->segment_ns = 0;
	repeat_frames(checkpoint, sample->frames, sample->depth, take, context);
	take(context, &sample->event);
}

static void before_account(struct lp_checkpoint *checkpoint, const struct lp_event *record,
			   lp_record_taker take, void *context)
{
	const struct lp_event_segment_times *event = (const struct lp_event_segment_times *)record;
	uint32_t i;

	for (i = 0; i < event->account.block_count && i < LP_BLOCKS &&
		    offsetof(struct lp_event_segment_times, account.blocks[i + 1]) <= record->size;
	     i++)
		repeat_stack(checkpoint, record->loop, event->account.blocks[i].stack, take,
			     context);
}

static void before_finding(struct lp_checkpoint *checkpoint, const struct lp_event *record,
			   lp_record_taker take, void *context)
{
	const struct lp_event_finding *event = (const struct lp_event_finding *)record;
	size_t count = (record->size - sizeof(*event)) / sizeof(event->frames[0]);
	const uint32_t single[] = { event->created, event->parked };

	repeat_frames(checkpoint, single, 2, take, context);
	if ((size_t)event->depth + event->loop_depth < count)
		count = (size_t)event->depth + event->loop_depth;
	repeat_frames(checkpoint, event->frames, count, take, context);
}

void checkpoint_before(struct lp_checkpoint *checkpoint, const struct lp_event *record,
		       lp_record_taker take, void *context)
{
	const struct lp_event_stack_sample *sample = (const struct lp_event_stack_sample *)record;

	/* the first file has every frame and stack already */
	if (checkpoint->file == 1)
		return;
	if (record->type == LP_EVENT_STACK_SAMPLE && record->size >= sizeof(*sample) &&
	    sample->depth <= (record->size - sizeof(*sample)) / sizeof(sample->frames[0]))
		repeat_frames(checkpoint, sample->frames, sample->depth, take, context);
	else if (record->type == LP_EVENT_CAUSE && record->size >= sizeof(struct lp_event_cause))
		repeat_stack(checkpoint, record->loop,
			     ((const struct lp_event_cause *)record)->stack, take, context);
	else if (record->type == LP_EVENT_SEGMENT_TIMES &&
		 record->size >= offsetof(struct lp_event_segment_times, account.blocks))
		before_account(checkpoint, record, take, context);
	else if (record->type == LP_EVENT_FINDING &&
		 record->size >= sizeof(struct lp_event_finding))
		before_finding(checkpoint, record, take, context);
}
