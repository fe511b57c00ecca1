// SPDX-License-Identifier: BSD-2-Clause
#include "segments.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lp_chain_loop {
	uint64_t begun_ns; /* when it was told */
	uint32_t pid, tid;
	bool used;
	bool repeated; /* again, in this replay */
};

struct lp_chain_name {
	uint64_t identity;
	uint64_t named_ns;
	uint32_t loop;
	bool used;
};

/* What is in use now; as far as the highest slot that was. */
struct lp_capture_segments {
	struct lp_chain_loop *loops;
	uint32_t loop_end;
	struct lp_chain_name *names;
	uint32_t name_end;
	bool begun; /* something was handed out, so that a replay goes on from it */
	bool replaying;
};

struct lp_capture_segments *capture_segments_new(void)
{
	return calloc(1, sizeof(struct lp_capture_segments));
}

void capture_segments_free(struct lp_capture_segments *chain)
{
	if (!chain)
		return;
	free(chain->loops);
	free(chain->names);
	free(chain);
}

/* Makes an array reach beyond a slot; false: out of memory. */
static bool reach(void **items, uint32_t *end, size_t size, uint32_t slot)
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

static void forget_loop(struct lp_capture_segments *chain, uint32_t slot)
{
	uint32_t i;

	if (slot >= chain->loop_end || !chain->loops[slot].used)
		return;
	memset(&chain->loops[slot], 0, sizeof(chain->loops[slot]));
	for (i = 0; i < chain->name_end; i++)
		if (chain->names[i].loop == slot)
			chain->names[i].used = false;
}

/* Its end was told in a part that is missing. */
static void end_loop(struct lp_capture_segments *chain, uint32_t slot, uint64_t time_ns,
		     lp_record_taker take, void *context)
{
	struct lp_event end = { .type = LP_EVENT_LOOP_END,
				.size = sizeof(end),
				.time_ns = time_ns,
				.loop = slot,
				.pid = chain->loops[slot].pid };

	forget_loop(chain, slot);
	take(context, &end);
}

/* Is it to be handed on? */
static bool loop_is_new(struct lp_capture_segments *chain, const struct lp_event *record,
			lp_record_taker take, void *context)
{
	const struct lp_event_loop *event = (const struct lp_event_loop *)record;
	struct lp_chain_loop *loop;

	if (record->size < sizeof(*event) || record->loop >= LP_MAX_LOOPS ||
	    !reach((void **)&chain->loops, &chain->loop_end, sizeof(*loop), record->loop))
		return true;
	loop = &chain->loops[record->loop];
	if (chain->replaying && loop->used) {
		if (loop->begun_ns == record->time_ns && loop->pid == record->pid &&
		    loop->tid == event->tid) {
			loop->repeated = true;
			return false;
		}
		end_loop(chain, record->loop, record->time_ns, take, context);
	}
	*loop = (struct lp_chain_loop){ .begun_ns = record->time_ns,
					.pid = record->pid,
					.tid = event->tid,
					.used = true,
					.repeated = true };
	return true;
}

static bool name_is_new(struct lp_capture_segments *chain, const struct lp_event *record)
{
	const struct lp_event_name *event = (const struct lp_event_name *)record;
	struct lp_chain_name *name;

	if (record->size < sizeof(*event) || event->callback >= LP_MAX_CALLBACKS ||
	    !reach((void **)&chain->names, &chain->name_end, sizeof(*name), event->callback))
		return true;
	name = &chain->names[event->callback];
	/* what it has counted would be added to what was counted under the same name before */
	if (chain->replaying && name->used && name->identity == event->identity &&
	    name->loop == record->loop && name->named_ns == record->time_ns)
		return false;
	*name = (struct lp_chain_name){ .identity = event->identity,
					.named_ns = record->time_ns,
					.loop = record->loop,
					.used = true };
	return true;
}

static void begin_replay(struct lp_capture_segments *chain)
{
	uint32_t i;

	chain->replaying = chain->begun;
	for (i = 0; i < chain->loop_end; i++)
		chain->loops[i].repeated = false;
}

static void end_replay(struct lp_capture_segments *chain, uint64_t time_ns, lp_record_taker take,
		       void *context)
{
	uint32_t i;

	for (i = 0; chain->replaying && i < chain->loop_end; i++)
		if (chain->loops[i].used && !chain->loops[i].repeated)
			end_loop(chain, i, time_ns, take, context);
	chain->replaying = false;
	chain->begun = true;
}

void capture_segments_take(struct lp_capture_segments *chain, const struct lp_event *record,
			   bool checkpoint, lp_record_taker take, void *context)
{
	bool pass = true;

	if (checkpoint && chain->begun && !chain->replaying)
		begin_replay(chain);
	/* one that was cut in its replay: what it did not tell may live on */
	if (!checkpoint) {
		chain->replaying = false;
		chain->begun = true;
	}
	if (record->type == LP_EVENT_LOOP) {
		pass = loop_is_new(chain, record, take, context);
	} else if (record->type == LP_EVENT_NAME) {
		pass = name_is_new(chain, record);
	} else if (record->type == LP_EVENT_LOOP_END) {
		forget_loop(chain, record->loop);
	} else if (record->type == LP_EVENT_BASELINE) {
		/* only the first one: after that all that was counted is known or new */
		pass = !chain->begun;
		end_replay(chain, record->time_ns, take, context);
	}
	if (pass)
		take(context, record);
}
