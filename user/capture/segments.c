// SPDX-License-Identifier: BSD-2-Clause
#include "segments.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lp_segments_loop {
	uint64_t begun_ns; /* time of its LP_EVENT_LOOP, which identifies it in its slot */
	uint32_t pid, tid;
	bool used;
	bool repeated; /* the current checkpoint contains it */
};

struct lp_segments_name {
	uint64_t identity;
	uint64_t named_ns;
	uint32_t loop;
	bool used;
};

/* The loops and names in use; each array has a row for every slot up to the highest used one. */
struct lp_capture_segments {
	struct lp_segments_loop *loops;
	uint32_t loop_end;
	struct lp_segments_name *names;
	uint32_t name_end;
	bool begun; /* nothing of the run is missing before: a checkpoint continues the sequence */
	bool in_checkpoint;
};

struct lp_capture_segments *capture_segments_new(bool from_start)
{
	struct lp_capture_segments *segments = calloc(1, sizeof(*segments));

	if (segments)
		segments->begun = from_start;
	return segments;
}

void capture_segments_free(struct lp_capture_segments *segments)
{
	if (!segments)
		return;
	free(segments->loops);
	free(segments->names);
	free(segments);
}

/* Grows an array until it has the slot; returns false if out of memory. */
static bool reserve_slot(void **items, uint32_t *end, size_t size, uint32_t slot)
{
	uint32_t wanted = *end ? *end : 16;
	uint8_t *grown;

	if (slot < *end)
		return true;
	while (wanted <= slot)
		wanted *= 2;
	grown = realloc(*items, wanted * size);
	if (!grown)
		return false;
	memset(grown + *end * size, 0, (wanted - *end) * size);
	*items = grown;
	*end = wanted;
	return true;
}

static void forget_loop(struct lp_capture_segments *segments, uint32_t slot)
{
	uint32_t i;

	if (slot >= segments->loop_end || !segments->loops[slot].used)
		return;
	memset(&segments->loops[slot], 0, sizeof(segments->loops[slot]));
	for (i = 0; i < segments->name_end; i++)
		if (segments->names[i].loop == slot)
			segments->names[i].used = false;
}

/* Ends a loop whose LP_EVENT_LOOP_END was in a missing file. */
static void end_loop(struct lp_capture_segments *segments, uint32_t slot, uint64_t time_ns,
		     lp_record_taker take, void *context)
{
	struct lp_event end = { .type = LP_EVENT_LOOP_END,
				.size = sizeof(end),
				.time_ns = time_ns,
				.loop = slot,
				.pid = segments->loops[slot].pid };

	forget_loop(segments, slot);
	take(context, &end);
}

/* Returns whether the loop is to be passed on, as the reader does not know it yet. */
static bool loop_is_new(struct lp_capture_segments *segments, const struct lp_event *record,
			lp_record_taker take, void *context)
{
	const struct lp_event_loop *event = (const struct lp_event_loop *)record;
	struct lp_segments_loop *loop;

	if (record->size < sizeof(*event) || !lp_is_loop(record->loop) ||
	    !reserve_slot((void **)&segments->loops, &segments->loop_end, sizeof(*loop),
			  record->loop))
		return true;
	loop = &segments->loops[record->loop];
	if (segments->in_checkpoint && loop->used) {
		if (loop->begun_ns == record->time_ns && loop->pid == record->pid &&
		    loop->tid == event->tid) {
			loop->repeated = true;
			return false;
		}
		end_loop(segments, record->loop, record->time_ns, take, context);
	}
	*loop = (struct lp_segments_loop){ .begun_ns = record->time_ns,
					   .pid = record->pid,
					   .tid = event->tid,
					   .used = true,
					   .repeated = true };
	return true;
}

static bool name_is_new(struct lp_capture_segments *segments, const struct lp_event *record)
{
	const struct lp_event_name *event = (const struct lp_event_name *)record;
	struct lp_segments_name *name;

	if (record->size < sizeof(*event) || event->callback >= LP_MAX_CALLBACKS ||
	    !reserve_slot((void **)&segments->names, &segments->name_end, sizeof(*name),
			  event->callback))
		return true;
	name = &segments->names[event->callback];
	/* a repeated name would make the reader begin its counters anew and count them twice */
	if (segments->in_checkpoint && name->used && name->identity == event->identity &&
	    name->loop == record->loop && name->named_ns == record->time_ns)
		return false;
	*name = (struct lp_segments_name){ .identity = event->identity,
					   .named_ns = record->time_ns,
					   .loop = record->loop,
					   .used = true };
	return true;
}

static void begin_checkpoint(struct lp_capture_segments *segments)
{
	uint32_t i;

	segments->in_checkpoint = segments->begun;
	for (i = 0; i < segments->loop_end; i++)
		segments->loops[i].repeated = false;
}

static void end_checkpoint(struct lp_capture_segments *segments, uint64_t time_ns,
			   lp_record_taker take, void *context)
{
	uint32_t i;

	for (i = 0; segments->in_checkpoint && i < segments->loop_end; i++)
		if (segments->loops[i].used && !segments->loops[i].repeated)
			end_loop(segments, i, time_ns, take, context);
	segments->in_checkpoint = false;
	segments->begun = true;
}

void capture_segments_take(struct lp_capture_segments *segments, const struct lp_event *record,
			   bool checkpoint, lp_record_taker take, void *context)
{
	bool pass = true;

	if (checkpoint && segments->begun && !segments->in_checkpoint)
		begin_checkpoint(segments);
	/* a checkpoint that was cut: loops that it did not reach may still run */
	if (!checkpoint) {
		segments->in_checkpoint = false;
		segments->begun = true;
	}
	if (record->type == LP_EVENT_LOOP) {
		pass = loop_is_new(segments, record, take, context);
	} else if (record->type == LP_EVENT_NAME) {
		pass = name_is_new(segments, record);
	} else if (record->type == LP_EVENT_LOOP_END) {
		forget_loop(segments, record->loop);
	} else if (record->type == LP_EVENT_BASELINE) {
		/* only the first baseline is passed on: after that, all counts are known or new */
		pass = !segments->begun;
		end_checkpoint(segments, record->time_ns, take, context);
	}
	if (pass)
		take(context, record);
}
