// SPDX-License-Identifier: BSD-2-Clause
#include "checkpoint.h"

#include "packed_record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Processes; of more, those that have no loop are forgotten first come, first go. */
#define TARGETS_MAX 8192
#define STACKS_MAX 8192
#define STACK_BUCKETS 2048

struct lp_replay_target {
	uint32_t pid;
	struct lp_packed *target, *labels;
};

struct lp_replay_loop {
	struct lp_packed *loop, *stats, *run_queue, *coverage;
};

struct lp_replay_name {
	uint32_t loop;
	struct lp_packed *name, *stats;
};

struct lp_replay_frame {
	uint32_t told; /* number of the last file that it was told in, from 1 on */
	struct lp_packed *frame;
};

/* A stack that causes and accounts name by its hash. */
struct lp_replay_stack {
	struct lp_replay_stack *next;
	uint64_t stack;
	uint32_t loop;
	uint32_t told;
	struct lp_packed *seen;
};

struct lp_replay {
	uint32_t file; /* from 1 on */
	struct lp_replay_target *targets;
	size_t target_count;
	struct lp_replay_loop loops[LP_MAX_LOOPS];
	struct lp_replay_name names[LP_MAX_CALLBACKS];
	struct lp_packed *lost, *self;
	struct lp_replay_frame *frames;
	size_t frame_room;
	struct lp_replay_stack *stacks[STACK_BUCKETS];
	size_t stack_count;
};

struct lp_replay *replay_new(void)
{
	struct lp_replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return NULL;
	replay->targets = calloc(TARGETS_MAX, sizeof(*replay->targets));
	if (!replay->targets) {
		free(replay);
		return NULL;
	}
	replay->file = 1;
	return replay;
}

static void drop_target(struct lp_replay *replay, size_t i)
{
	packed_drop(&replay->targets[i].target);
	packed_drop(&replay->targets[i].labels);
	replay->target_count--;
	memmove(&replay->targets[i], &replay->targets[i + 1],
		(replay->target_count - i) * sizeof(*replay->targets));
}

static void drop_name(struct lp_replay_name *name)
{
	packed_drop(&name->name);
	packed_drop(&name->stats);
}

static void drop_stack(struct lp_replay *replay, struct lp_replay_stack **at)
{
	struct lp_replay_stack *stack = *at;

	*at = stack->next;
	packed_drop(&stack->seen);
	free(stack);
	replay->stack_count--;
}

/* All of a loop's, or of all loops those that were told before that file. */
static void drop_stacks(struct lp_replay *replay, uint32_t loop, uint32_t before)
{
	struct lp_replay_stack **at;
	size_t i;

	for (i = 0; i < STACK_BUCKETS; i++) {
		at = &replay->stacks[i];
		while (*at) {
			if ((*at)->loop == loop || (*at)->told < before)
				drop_stack(replay, at);
			else
				at = &(*at)->next;
		}
	}
}

static void drop_loop(struct lp_replay *replay, uint32_t slot)
{
	struct lp_replay_loop *loop = &replay->loops[slot];
	size_t i;

	if (!loop->loop)
		return;
	packed_drop(&loop->loop);
	packed_drop(&loop->stats);
	packed_drop(&loop->run_queue);
	packed_drop(&loop->coverage);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		if (replay->names[i].name && replay->names[i].loop == slot)
			drop_name(&replay->names[i]);
	drop_stacks(replay, slot, 0);
}

void replay_free(struct lp_replay *replay)
{
	size_t i;

	if (!replay)
		return;
	while (replay->target_count)
		drop_target(replay, replay->target_count - 1);
	for (i = 0; i < LP_MAX_LOOPS; i++)
		drop_loop(replay, (uint32_t)i);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		drop_name(&replay->names[i]);
	for (i = 0; i < replay->frame_room; i++)
		packed_drop(&replay->frames[i].frame);
	drop_stacks(replay, LP_MAX_LOOPS, UINT32_MAX);
	packed_drop(&replay->lost);
	packed_drop(&replay->self);
	free(replay->frames);
	free(replay->targets);
	free(replay);
}

static uint32_t pid_of_loop(const struct lp_replay *replay, uint32_t slot)
{
	uint64_t room[LP_PACKED_RECORD_MAX / 8];

	return packed_get(replay->loops[slot].loop, room)->pid;
}

/* There is no room left: the oldest target goes that has no loop, or just the oldest. */
static void make_room_for_target(struct lp_replay *replay)
{
	uint32_t pids[LP_MAX_LOOPS] = { 0 }, slot, count = 0, i;
	size_t at;

	for (slot = 0; slot < LP_MAX_LOOPS; slot++)
		if (replay->loops[slot].loop)
			pids[count++] = pid_of_loop(replay, slot);
	for (at = 0; at < replay->target_count; at++) {
		for (i = 0; i < count && pids[i] != replay->targets[at].pid; i++)
			;
		if (i == count)
			break;
	}
	drop_target(replay, at < replay->target_count ? at : 0);
}

static size_t find_target(const struct lp_replay *replay, uint32_t pid)
{
	size_t i = 0;

	while (i < replay->target_count && replay->targets[i].pid != pid)
		i++;
	return i;
}

static void keep_target(struct lp_replay *replay, const struct lp_event *record)
{
	size_t i = find_target(replay, record->pid);

	if (i == replay->target_count) {
		if (replay->target_count == TARGETS_MAX)
			make_room_for_target(replay);
		i = replay->target_count++;
		replay->targets[i] = (struct lp_replay_target){ .pid = record->pid };
	}
	packed_set(&replay->targets[i].target, record);
	packed_drop(&replay->targets[i].labels);
}

static void keep_labels(struct lp_replay *replay, const struct lp_event *record)
{
	size_t i = find_target(replay, record->pid);

	if (i < replay->target_count)
		packed_set(&replay->targets[i].labels, record);
}

static void keep_process(struct lp_replay *replay, const struct lp_event *record)
{
	const struct lp_event_process *event = (const struct lp_event_process *)record;
	size_t i = find_target(replay, record->pid);

	if (event->action == LP_PROCESS_EXIT && i < replay->target_count)
		drop_target(replay, i);
}

static void keep_loop(struct lp_replay *replay, const struct lp_event *record)
{
	drop_loop(replay, record->loop);
	packed_set(&replay->loops[record->loop].loop, record);
}

static void keep_loop_end(struct lp_replay *replay, const struct lp_event *record)
{
	drop_loop(replay, record->loop);
}

static void keep_loop_stats(struct lp_replay *replay, const struct lp_event *record)
{
	packed_set(&replay->loops[record->loop].stats, record);
}

static void keep_run_queue(struct lp_replay *replay, const struct lp_event *record)
{
	packed_set(&replay->loops[record->loop].run_queue, record);
}

static void keep_coverage(struct lp_replay *replay, const struct lp_event *record)
{
	packed_set(&replay->loops[record->loop].coverage, record);
}

static void keep_name(struct lp_replay *replay, const struct lp_event *record)
{
	const struct lp_event_name *event = (const struct lp_event_name *)record;
	struct lp_replay_name *name;

	if (event->callback >= LP_MAX_CALLBACKS)
		return;
	name = &replay->names[event->callback];
	drop_name(name);
	name->loop = record->loop;
	packed_set(&name->name, record);
}

static void keep_callback_stats(struct lp_replay *replay, const struct lp_event *record)
{
	const struct lp_event_callback_stats *event =
		(const struct lp_event_callback_stats *)record;

	if (event->callback < LP_MAX_CALLBACKS)
		packed_set(&replay->names[event->callback].stats, record);
}

static void keep_lost(struct lp_replay *replay, const struct lp_event *record)
{
	packed_set(&replay->lost, record);
}

static void keep_self(struct lp_replay *replay, const struct lp_event *record)
{
	packed_set(&replay->self, record);
}

static void keep_frame(struct lp_replay *replay, const struct lp_event *record)
{
	const struct lp_event_frame *event = (const struct lp_event_frame *)record;
	size_t room = replay->frame_room ? replay->frame_room : 1024;

	if (event->frame >= LP_MAX_FRAMES)
		return;
	while (room <= event->frame)
		room *= 2;
	if (room > replay->frame_room) {
		struct lp_replay_frame *grown =
			realloc(replay->frames, room * sizeof(*replay->frames));

		if (!grown)
			return;
		memset(grown + replay->frame_room, 0, (room - replay->frame_room) * sizeof(*grown));
		replay->frames = grown;
		replay->frame_room = room;
	}
	if (packed_set(&replay->frames[event->frame].frame, record))
		replay->frames[event->frame].told = replay->file;
}

static struct lp_replay_stack **find_stack(struct lp_replay *replay, uint32_t loop, uint64_t stack)
{
	struct lp_replay_stack **at = &replay->stacks[(stack ^ stack >> 29 ^ loop) % STACK_BUCKETS];

	while (*at && ((*at)->stack != stack || (*at)->loop != loop))
		at = &(*at)->next;
	return at;
}

static void keep_seen(struct lp_replay *replay, const struct lp_event *record)
{
	const struct lp_event_seen *event = (const struct lp_event_seen *)record;
	struct lp_replay_stack **at;

	/* the others are of one stall and never named again */
	if (event->seen != LP_SEEN_BLOCKED && event->seen != LP_SEEN_GIL_HOLDER)
		return;
	if (replay->stack_count >= STACKS_MAX)
		drop_stacks(replay, LP_MAX_LOOPS, replay->file);
	at = find_stack(replay, record->loop, event->stack);
	if (!*at && replay->stack_count < STACKS_MAX) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return;
		(*at)->stack = event->stack;
		(*at)->loop = record->loop;
		replay->stack_count++;
	}
	if (*at && packed_set(&(*at)->seen, record))
		(*at)->told = replay->file;
}

static const struct lp_replay_row {
	uint16_t type;
	bool of_loop; /* its slot must be one */
	size_t size; /* at least */
	void (*keep)(struct lp_replay *replay, const struct lp_event *record);
} rows[] = {
	{ LP_EVENT_TARGET, false, sizeof(struct lp_event_target), keep_target },
	{ LP_EVENT_LABELS, false, sizeof(struct lp_event_labels), keep_labels },
	{ LP_EVENT_PROCESS, false, sizeof(struct lp_event_process), keep_process },
	{ LP_EVENT_LOOP, true, sizeof(struct lp_event_loop), keep_loop },
	{ LP_EVENT_LOOP_END, true, sizeof(struct lp_event), keep_loop_end },
	{ LP_EVENT_LOOP_STATS, true, sizeof(struct lp_event_loop_stats), keep_loop_stats },
	{ LP_EVENT_RUN_QUEUE, true, sizeof(struct lp_event_run_queue), keep_run_queue },
	{ LP_EVENT_COVERAGE, true, sizeof(struct lp_event_coverage), keep_coverage },
	{ LP_EVENT_NAME, true, sizeof(struct lp_event_name), keep_name },
	{ LP_EVENT_CALLBACK_STATS, false, sizeof(struct lp_event_callback_stats),
	  keep_callback_stats },
	{ LP_EVENT_LOST, false, sizeof(struct lp_event_lost), keep_lost },
	{ LP_EVENT_SELF, false, sizeof(struct lp_event_self), keep_self },
	{ LP_EVENT_FRAME, false, sizeof(struct lp_event_frame), keep_frame },
	{ LP_EVENT_SEEN, true, sizeof(struct lp_event_seen), keep_seen },
};

void replay_keep(struct lp_replay *replay, const struct lp_event *record)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type != record->type)
			continue;
		if (record->size >= rows[i].size &&
		    (!rows[i].of_loop || record->loop < LP_MAX_LOOPS))
			rows[i].keep(replay, record);
		return;
	}
}

static void hand_out(const struct lp_packed *packed, lp_record_taker take, void *context)
{
	uint64_t room[LP_PACKED_RECORD_MAX / 8];

	if (packed)
		take(context, packed_get(packed, room));
}

void replay_begin_file(struct lp_replay *replay, uint64_t now_ns, lp_record_taker take,
		       void *context)
{
	struct lp_event baseline = { .type = LP_EVENT_BASELINE,
				     .size = sizeof(baseline),
				     .time_ns = now_ns,
				     .loop = LP_MAX_LOOPS };
	size_t i;

	/* what the last file did not name will hardly be named by the next */
	drop_stacks(replay, LP_MAX_LOOPS, replay->file);
	replay->file++;
	for (i = 0; i < replay->target_count; i++) {
		hand_out(replay->targets[i].target, take, context);
		hand_out(replay->targets[i].labels, take, context);
	}
	for (i = 0; i < LP_MAX_LOOPS; i++)
		hand_out(replay->loops[i].loop, take, context);
	for (i = 0; i < LP_MAX_CALLBACKS; i++) {
		hand_out(replay->names[i].name, take, context);
		hand_out(replay->names[i].stats, take, context);
	}
	for (i = 0; i < LP_MAX_LOOPS; i++) {
		hand_out(replay->loops[i].stats, take, context);
		hand_out(replay->loops[i].run_queue, take, context);
		hand_out(replay->loops[i].coverage, take, context);
	}
	hand_out(replay->lost, take, context);
	hand_out(replay->self, take, context);
	take(context, &baseline);
}

static void tell_frames(struct lp_replay *replay, const uint32_t *numbers, size_t count,
			lp_record_taker take, void *context)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct lp_replay_frame *frame;

		if (numbers[i] >= replay->frame_room)
			continue;
		frame = &replay->frames[numbers[i]];
		if (!frame->frame || frame->told == replay->file)
			continue;
		frame->told = replay->file;
		hand_out(frame->frame, take, context);
	}
}

static void tell_stack(struct lp_replay *replay, uint32_t loop, uint64_t name, lp_record_taker take,
		       void *context)
{
	uint64_t room[LP_PACKED_RECORD_MAX / 8];
	struct lp_replay_stack *stack = *find_stack(replay, loop, name);
	struct lp_event_seen *seen;

	if (!stack || !stack->seen || stack->told == replay->file)
		return;
	stack->told = replay->file;
	packed_get(stack->seen, room);
	seen = (struct lp_event_seen *)(void *)room;
	/* what the name stands for, and no sample of a stall */
	seen->segment_ns = 0;
	tell_frames(replay, seen->frames, seen->depth, take, context);
	take(context, &seen->event);
}

static void before_account(struct lp_replay *replay, const struct lp_event *record,
			   lp_record_taker take, void *context)
{
	const struct lp_event_account *event = (const struct lp_event_account *)record;
	uint32_t i;

	for (i = 0; i < event->account.block_count && i < LP_BLOCKS &&
		    offsetof(struct lp_event_account, account.blocks[i + 1]) <= record->size;
	     i++)
		tell_stack(replay, record->loop, event->account.blocks[i].stack, take, context);
}

static void before_found(struct lp_replay *replay, const struct lp_event *record,
			 lp_record_taker take, void *context)
{
	const struct lp_event_found *event = (const struct lp_event_found *)record;
	size_t count = (record->size - sizeof(*event)) / sizeof(event->frames[0]);
	const uint32_t single[] = { event->created, event->parked };

	tell_frames(replay, single, 2, take, context);
	if ((size_t)event->depth + event->loop_depth < count)
		count = (size_t)event->depth + event->loop_depth;
	tell_frames(replay, event->frames, count, take, context);
}

void replay_before(struct lp_replay *replay, const struct lp_event *record, lp_record_taker take,
		   void *context)
{
	const struct lp_event_seen *seen = (const struct lp_event_seen *)record;

	/* the first file has told everything already */
	if (replay->file == 1)
		return;
	if (record->type == LP_EVENT_SEEN && record->size >= sizeof(*seen) &&
	    seen->depth <= (record->size - sizeof(*seen)) / sizeof(seen->frames[0]))
		tell_frames(replay, seen->frames, seen->depth, take, context);
	else if (record->type == LP_EVENT_CAUSE && record->size >= sizeof(struct lp_event_cause))
		tell_stack(replay, record->loop, ((const struct lp_event_cause *)record)->stack,
			   take, context);
	else if (record->type == LP_EVENT_ACCOUNT &&
		 record->size >= offsetof(struct lp_event_account, account.blocks))
		before_account(replay, record, take, context);
	else if (record->type == LP_EVENT_FOUND && record->size >= sizeof(struct lp_event_found))
		before_found(replay, record, take, context);
}
