// SPDX-License-Identifier: BSD-2-Clause
/*
 * The events with which loops begin and end, of their waits for a CPU, and of the times in which
 * they never wait.
 */
#include "model_internal.h"

#include "base/macros.h"
#include "base/text.h"
#include "wire/loop_kinds.h"

#include <stdlib.h>
#include <string.h>

static void report_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_model *model = context;

	if (model->observer->slow)
		model->observer->slow(model->context, slow);
}

static void report_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_model *model = context;

	if (model->observer->slow_iteration)
		model->observer->slow_iteration(model->context, slow);
}

static const struct lp_stall_handlers stall_handlers = {
	.slow = report_slow,
	.slow_iteration = report_slow_iteration,
};

static bool equip_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	loop->causes = lost_time_new();
	if (loop->causes)
		loop->segments = segments_new(model->source->frames, loop->causes);
	if (loop->segments)
		loop->stalls = pending_stalls_new(loop->segments, &stall_handlers, model);
	return loop->stalls != NULL;
}

/* Fills in the labels of a loop.  A process may have several kinds of loops. */
static void label_loop(struct lp_model_loop *loop, const struct lp_run *run,
		       const struct lp_model_target *known, uint32_t kind)
{
	model_label(&loop->info, run, known);
	if (!known)
		return;
	/* the first kind is that of the process, whose name the target has */
	if (kind && *loop_kind_name((enum lp_loop_kind)kind))
		text_copy(loop->info.runtime, sizeof(loop->info.runtime),
			  loop_kind_name((enum lp_loop_kind)kind));
	loop->start_ticks = known->labels.start_ticks;
}

/* Returns whether an event repeats a known loop, as a checkpoint does, and freezes that loop. */
static bool is_repeated(const struct lp_model_source *source, const struct lp_event_loop *event)
{
	struct lp_model_loop *loop = source->slots->loops[event->event.loop];

	if (!loop || loop->info.pid != (pid_t)event->event.pid ||
	    loop->info.tid != (pid_t)event->tid)
		return false;
	loop->frozen = true;
	return true;
}

static struct lp_model_loop *make_loop(struct lp_model *model, const struct lp_event_loop *event)
{
	struct lp_model_loop *loop = calloc(1, sizeof(*loop));
	char comm[LP_COMM_BYTES + 1] = "";

	if (!loop)
		return NULL;
	loop->callbacks.in_all = &model->callback_count;
	if (!equip_loop(model, loop)) {
		model_free_loop(loop);
		return NULL;
	}
	loop->source = model->source;
	loop->created_ns = event->event.time_ns;
	loop->begin_ns = loop->created_ns;
	loop->info.pid = (pid_t)event->event.pid;
	loop->info.tid = (pid_t)event->tid;
	memcpy(comm, event->comm, LP_COMM_BYTES);
	text_copy(loop->info.comm, sizeof(loop->info.comm), comm);
	return loop;
}

void loop_events_begin(struct lp_model *model, const struct lp_event_loop *event)
{
	struct lp_model_source *source = model->source;
	uint32_t slot = event->event.loop;
	struct lp_model_target *target;
	struct lp_model_loop *loop;

	model_loop_of(model, &event->event);
	if (!lp_is_loop(slot) || source->ended || is_repeated(source, event))
		return;
	loop = make_loop(model, event);
	if (!loop)
		return;
	target = processes_find(&source->targets, event->event.pid);
	label_loop(loop, &source->run, target, event->kind);
	source->slots->overlapped[slot] =
		source_overlaps(model, &loop->info, loop->start_ticks, event->event.time_ns);
	if (source->slots->overlapped[slot]) {
		model->overlaps++;
		if (target)
			target->overlapped = true;
		source->slots->loops[slot] = NULL;
		model_free_loop(loop);
		return;
	}
	source->slots->loops[slot] = loop;
	processes_loop_began(&source->targets, event->event.pid);
	source_add_loop(model, loop);
	model_add_loop(model, loop);
}

void loop_events_slow(struct lp_model_loop *loop, uint64_t end_ns)
{
	const struct lp_slow_callback *slow = pending_stalls_cut_off(loop->stalls, end_ns);

	if (!slow || (loop->last && loop->last->end_ns == end_ns))
		return;
	free(loop->last);
	loop->last = endings_last_stall(slow);
}

/* Returns the loop that has stopped, which may have ended meanwhile; NULL: it is not known. */
static struct lp_model_loop *stopped_loop(struct lp_model *model,
					  const struct lp_event_loop_stopped *event)
{
	struct lp_model_loop *loop = model_loop_of(model, &event->event);

	if (loop)
		return loop;
	for (loop = model->source->own; loop; loop = loop->next_own)
		if (loop->end_ns && loop->info.pid == (pid_t)event->event.pid &&
		    loop->info.tid == (pid_t)event->tid)
			return loop;
	return NULL;
}

void loop_events_stopped(struct lp_model *model, const struct lp_event_loop_stopped *event)
{
	struct lp_model_loop *loop = stopped_loop(model, event);
	struct lp_loop_stop_report stop;

	if (!loop || model->source->ended || !model->observer->loop_stopped)
		return;
	endings_fill_stop(event, &loop->info, loop->begin_ns, loop->last, &stop);
	model->observer->loop_stopped(model->context, &stop);
}

void loop_events_end(struct lp_model *model, const struct lp_event *event)
{
	struct lp_model_source *source = model->source;
	struct lp_model_loop *loop = model_loop_of(model, event);
	size_t i;

	if (event->loop < LP_MAX_LOOPS)
		source->slots->overlapped[event->loop] = false;
	if (!loop)
		return;
	loop_events_slow(loop, event->time_ns);
	pending_stalls_advance(loop->stalls, UINT64_MAX);
	loop->end_ns = event->time_ns;
	process_end_loop_ended(model, loop);
	/* of an ended loop only the counts are retained, as there may be many */
	pending_stalls_free(loop->stalls);
	segments_free(loop->segments);
	free(loop->base);
	loop->stalls = NULL;
	loop->segments = NULL;
	loop->base = NULL;
	source->slots->loops[event->loop] = NULL;
	processes_loop_ended(&source->targets, (uint32_t)loop->info.pid);
	/* slots are used in turn: without this all of them would be allocated after days */
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		if (source->slots->callbacks[i] && source->slots->callbacks[i]->loop == loop)
			model_slot_free(&source->slots->callbacks[i]);
	model->ended_count++;
	model_fold(model);
}

void loop_events_cpu_quota(void *context, const struct lp_event_cpu_quota *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_shortage(loop->segments)->quota = *event;
}

void loop_events_steal(void *context, const struct lp_event_steal *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_shortage(loop->segments)->steal = *event;
}

void loop_events_collections(void *context, const struct lp_event_collections *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_collections(loop->segments, event);
}

void loop_events_memory_limit(void *context, const struct lp_event_memory_limit *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (!loop)
		return;
	segments_shortage(loop->segments)->memory = *event;
	loop->memory_limit = *event;
}

void loop_events_memory_waits(void *context, const struct lp_event_memory_waits *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop && event->segment_ns) {
		segments_add_memory_waits(loop->segments, event);
	} else if (loop) {
		loop->memory_waits = event->waits;
		if (loop->base)
			memory_waits_subtract(&loop->memory_waits, &loop->base->memory_waits);
	}
}

void loop_events_cpu_waits(void *context, const struct lp_event_cpu_waits *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop && event->segment_ns)
		segments_add_cpu_waits(loop->segments, event);
	else if (loop)
		loop->cpu_waits = event->waits;
}

void loop_events_iteration_cpu_waits(void *context, const struct lp_event_cpu_waits *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		pending_stalls_add_cpu_waits(loop->stalls, event);
}

void loop_events_run_queue(void *context, const struct lp_event_run_queue *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);
	struct lp_run_queue_waits waits = { .pid = event->event.pid };

	if (!loop)
		return;
	loop->run_queue = *event;
	waits.count = event->count;
	waits.total_ns = event->total_ns;
	waits.why = loop->cpu_waits;
	if (loop->base) {
		waits.count = saturating_sub(event->count, loop->base->run_queue.count);
		waits.total_ns = saturating_sub(event->total_ns, loop->base->run_queue.total_ns);
		shortage_subtract(&waits.why, &loop->base->cpu_waits);
	}
	waits.quota = &segments_shortage(loop->segments)->quota;
	lost_time_set_run_queue(loop->causes, &waits);
}

/* The time that a LP_EVENT_AWAKE stands for, and the longest from one to the next without a gap. */
#define AWAKE_NS NS_PER_S
#define AWAKE_GAP_NS (2500 * NS_PER_MS)

/* Adds the time from the last record to this one, as the loop is counted and watched in turns. */
static void count_awake(struct lp_model_loop *loop, uint64_t time_ns)
{
	uint64_t passed_ns = saturating_sub(time_ns, loop->awake_until_ns);

	/* a checkpoint repeats the last one */
	if (!passed_ns)
		return;
	loop->awake_ns += loop->awake_until_ns && passed_ns <= AWAKE_GAP_NS ? passed_ns : AWAKE_NS;
	loop->awake_until_ns = time_ns;
}

/* Captures of earlier versions have no such record: their AWAKE stands for the time before it. */
void loop_events_awake_span(void *context, const struct lp_event_awake_span *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);
	uint64_t end_ns = event->event.time_ns;

	if (!loop || end_ns <= loop->awake_until_ns)
		return;
	loop->awake_ns += saturating_sub(end_ns, max_u64(event->begin_ns, loop->awake_until_ns));
	loop->awake_iterations += event->iterations;
	loop->awake_until_ns = end_ns;
}

void loop_events_awake(void *context, const struct lp_event_awake *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (!loop)
		return;
	if (!loop->awake_iterations && !(loop->stats.event.reserved & LP_STATS_WAITED))
		count_awake(loop, event->event.time_ns);
	if (event->no_descriptor)
		return;
	awake_text(event, loop->awake, sizeof(loop->awake));
	loop->awake_in_interval = true;
}
