// SPDX-License-Identifier: BSD-2-Clause
/* Handlers of events: each updates the model, and reports what is complete. */
#include "model_internal.h"

#include "base/text.h"
#include "base/macros.h"
#include "finding_kinds.h"
#include "own_frames.h"
#include "lifetimes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int model_new(const struct lp_observer *observer, void *context, struct lp_model **result)
{
	struct lp_model *model = calloc(1, sizeof(*model));

	*result = model;
	if (!model)
		return -ENOMEM;
	model->places = source_lines_new();
	if (!model->places) {
		free(model);
		*result = NULL;
		return -ENOMEM;
	}
	model->observer = observer;
	model->context = context;
	model->last_loop = &model->loops;
	model->other.callbacks.in_all = &model->callback_count;
	return 0;
}

static void on_target(void *context, const struct lp_event_target *event)
{
	struct lp_model *model = context;

	processes_add(&model->source->targets, event);
}

static void on_labels(void *context, const struct lp_event_labels *event)
{
	struct lp_model *model = context;

	processes_add_labels(&model->source->targets, event);
}

static void on_process(void *context, const struct lp_event_process *event)
{
	struct lp_model *model = context;

	if (event->action == LP_PROCESS_EXIT)
		processes_end(&model->source->targets, event->event.pid);
}

static void on_process_end(void *context, const struct lp_event_process_end *event)
{
	process_end_take(context, event);
}

static void on_loop_stopped(void *context, const struct lp_event_loop_stopped *event)
{
	loop_events_stopped(context, event);
}

static void on_self(void *context, const struct lp_event_self *event)
{
	struct lp_model *model = context;

	model->source->self = *event;
	model->source->self_known = true;
}

static void on_loop(void *context, const struct lp_event_loop *event)
{
	loop_events_begin(context, event);
}

static void on_loop_end(void *context, const struct lp_event *event)
{
	loop_events_end(context, event);
}

/* Stores the name of a slot whose counts go to "other", for the stalls of that slot. */
static void name_slot(struct lp_model_slot *slot, const struct lp_callback_info *info)
{
	if (slot->callback->info.kind == info->kind &&
	    !strcmp(slot->callback->info.name, info->name))
		return;
	slot->name = malloc(sizeof(*slot->name));
	if (slot->name)
		*slot->name = *info;
}

static bool is_named(const struct lp_model_slot *slot, const struct lp_model_loop *loop,
		     const struct lp_model_callback *callback, const struct lp_callback_info *info)
{
	return slot->loop == loop && slot->callback == callback &&
	       (!slot->name || !strcmp(slot->name->name, info->name));
}

static void on_name(void *context, const struct lp_decoded_name *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->wire->event);
	struct lp_callback_info info = { .line = event->wire->first_line };
	struct lp_model_slot **slot = &model->source->slots->callbacks[event->wire->callback];
	struct lp_model_callback *callback;

	if (!loop)
		return;
	info.kind = event->wire->kind == LP_CALLBACK_TASK ? LP_MODEL_TASK : LP_MODEL_CALLBACK;
	text_copy(info.name, sizeof(info.name), event->name);
	text_copy(info.file, sizeof(info.file), event->file);
	callback = callbacks_find(&loop->callbacks, &info);
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot || !callback)
		return;
	/* a checkpoint repeats names: the counts of the slot go on */
	if (is_named(*slot, loop, callback, &info))
		return;
	model_slot_clear(*slot);
	(*slot)->loop = loop;
	(*slot)->callback = callback;
	name_slot(*slot, &info);
}

/* Returns the callback in a slot, or "other" if the slot is not one of the loop's. */
static const struct lp_callback_info *callback_in(const struct lp_model *model,
						  const struct lp_model_loop *loop, uint32_t number)
{
	const struct lp_model_slot *slot = model->source->slots->callbacks[number];

	if (!slot || slot->loop != loop || !slot->callback)
		return &unknown_callback;
	return slot->name ? slot->name : &slot->callback->info;
}

/* In captures of earlier versions a loop's event is up to so many ns after its first stall. */
#define PENDING_LATE_NS NS_PER_S

/* Returns whether a segment began after its loop was detected.  Counts those that did not. */
static bool is_observed_since(struct lp_model *model, const struct lp_model_loop *loop,
			      uint64_t start_ns)
{
	if (!loop)
		return false;
	if (start_ns + PENDING_LATE_NS >= loop->created_ns)
		return true;
	model->source->impossible++;
	return false;
}

static void on_slow(void *context, const struct lp_decoded_slow *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->wire->event);

	if (!is_observed_since(model, loop, event->wire->start_ns))
		return;
	pending_stalls_add_slow(loop->stalls, &loop->info,
				callback_in(model, loop, event->wire->callback), event);
	loop_events_slow(loop, event->wire->event.time_ns);
	model->source->waiting = true;
}

static void on_progress(void *context, const struct lp_decoded_slow *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->wire->event);

	if (is_observed_since(model, loop, event->wire->start_ns))
		pending_stalls_add_progress(loop->stalls, &loop->info,
					    callback_in(model, loop, event->wire->callback), event);
}

static void fill_top(const struct lp_model *model, const struct lp_model_loop *loop,
		     const struct lp_event_slow_iteration *event, struct lp_slow_iteration *slow)
{
	size_t i, at;

	for (i = 0; i < LP_TOP_ENTRIES; i++) {
		const struct lp_top_entry *entry = &event->top[i];

		if (!entry->count)
			continue;
		for (at = slow->top_count++; at && slow->top[at - 1].total_ns < entry->total_ns;
		     at--)
			slow->top[at] = slow->top[at - 1];
		slow->top[at].callback = callback_in(model, loop, entry->callback);
		slow->top[at].count = entry->count;
		slow->top[at].total_ns = entry->total_ns;
	}
}

static void on_slow_iteration(void *context, const struct lp_event_slow_iteration *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->event);
	uint16_t flags = event->event.reserved;
	struct lp_slow_iteration slow = { .start_ns = event->start_ns,
					  .in_progress = event->in_progress,
					  .began_before = flags & LP_STALL_BEGAN_BEFORE,
					  .at_end = flags & LP_STALL_AT_END,
					  .callbacks = event->callbacks };

	if (!is_observed_since(model, loop, event->start_ns))
		return;
	slow.loop = &loop->info;
	fill_top(model, loop, event, &slow);
	pending_stalls_add_iteration(loop->stalls, event, &slow);
}

static void on_frame(void *context, const struct lp_event_frame *event)
{
	struct lp_model *model = context;

	frames_add(model->source->frames, event);
}

static void on_stack_sample(void *context, const struct lp_event_stack_sample *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_sample(loop->segments, event);
}

static void on_account(void *context, const struct lp_event_segment_times *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_times(loop->segments, event);
}

static void on_cause(void *context, const struct lp_event_cause *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_cause(loop->segments, event);
}

static void on_task_name(void *context, const struct lp_event_task_name *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_task_name(loop->segments, event);
}

static void on_other_end(void *context, const struct lp_event_other_end *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_other_end(loop->segments, event);
}

static void on_dns_name(void *context, const struct lp_event_dns_name *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_dns_name(loop->segments, event);
}

static void on_eager_task(void *context, const struct lp_event_eager_task *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		pending_stalls_add_eager(loop->stalls, event);
}

static void on_waiting(void *context, const struct lp_event_waiting *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (!loop)
		return;
	loop->tasks.waiting = event->waiting;
	loop->tasks.deadlocked = event->deadlocked;
	loop->tasks.most = event->most;
	text_copy(loop->tasks.waited_for, sizeof(loop->tasks.waited_for), event->waited_for);
	text_sanitise(loop->tasks.waited_for);
}

static void on_iteration_end(void *context, const struct lp_event_iteration_end *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		pending_stalls_iteration_end(loop->stalls, event);
}

static void on_poll_return(void *context, const struct lp_event_poll_return *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		pending_stalls_poll_return(loop->stalls, event);
}

static void on_stack(void *context, const struct lp_event_stack *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);

	if (loop)
		segments_add_old_stack(loop->segments, event);
}

static void report_state(const struct lp_model *model, const struct lp_model_loop *loop)
{
	const struct lp_event_loop_stats *stats = &loop->stats;
	const struct lp_loop_state state = {
		.loop = &loop->info,
		.time_ns = stats->event.time_ns,
		.start_ns = loop->begin_ns,
		.busy_ns = model_busy(stats->busy_ns, loop->wall_ns),
		.idle_ns = saturating_sub(loop->wall_ns, stats->busy_ns),
		.iterations = stats->iterations,
		.slow_callbacks = stats->slow,
		.iteration = &stats->iteration,
	};

	if (model->observer->loop_state)
		model->observer->loop_state(model->context, &state);
}

static void on_loop_stats(void *context, const struct lp_event_loop_stats *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->event);
	const struct lp_event_loop_stats *base;

	if (!loop)
		return;
	loop->stats = *event;
	base = loop->base ? &loop->base->stats : NULL;
	if (base) {
		loop->stats.wall_start_ns = base->wall_start_ns;
		loop->stats.busy_ns = saturating_sub(event->busy_ns, base->busy_ns);
		loop->stats.idle_ns = saturating_sub(event->idle_ns, base->idle_ns);
		loop->stats.iterations = saturating_sub(event->iterations, base->iterations);
		loop->stats.callbacks = saturating_sub(event->callbacks, base->callbacks);
		loop->stats.slow = saturating_sub(event->slow, base->slow);
		histogram_subtract(&loop->stats.iteration, &event->iteration, &base->iteration);
	}
	/* captures of earlier versions may date the loop's event after its first boundary */
	if (loop->stats.wall_start_ns && loop->stats.wall_start_ns < loop->begin_ns)
		loop->begin_ns = loop->stats.wall_start_ns;
	loop->wall_ns = saturating_sub(event->event.time_ns, loop->begin_ns);
	report_state(model, loop);
}

static void on_coverage(void *context, const struct lp_event_coverage *event)
{
	struct lp_model_loop *loop = model_loop_of(context, &event->event);
	const struct lp_event_coverage *base;

	if (!loop)
		return;
	loop->coverage = *event;
	if (!loop->base)
		return;
	base = &loop->base->coverage;
	loop->coverage.traced_ns = saturating_sub(event->traced_ns, base->traced_ns);
	loop->coverage.suppressed = saturating_sub(event->suppressed, base->suppressed);
	loop->coverage.suppressed_ns = saturating_sub(event->suppressed_ns, base->suppressed_ns);
	loop->coverage.suppressed_iterations =
		saturating_sub(event->suppressed_iterations, base->suppressed_iterations);
}

/* Adds what a slot has counted since its last event to its callback. */
static void count_slot(struct lp_model_slot *slot, const struct lp_event_callback_stats *event)
{
	static const struct lp_histogram empty;
	struct lp_histogram *run = &slot->callback->run;

	slot->callback->slow += saturating_sub(event->slow, slot->slow);
	histogram_grow(&run, &event->run, &slot->run);
	histogram_grow(&slot->callback->queue, &event->queue, slot->queue ? slot->queue : &empty);
	slot->slow = event->slow;
	slot->run = event->run;
	if (!slot->queue && histogram_count(&event->queue))
		slot->queue = malloc(sizeof(*slot->queue));
	if (slot->queue)
		*slot->queue = event->queue;
}

static void on_callback_stats(void *context, const struct lp_event_callback_stats *event)
{
	struct lp_model *model = context;
	struct lp_model_slot **slot = &model->source->slots->callbacks[event->callback];

	if (model->source->ended)
		return;
	if (event->callback == 0) {
		if (!*slot)
			*slot = calloc(1, sizeof(**slot));
		if (*slot)
			(*slot)->callback =
				callbacks_find(&model->other.callbacks, &unknown_callback);
	}
	if (*slot && (*slot)->callback)
		count_slot(*slot, event);
}

/* Returns whether another source records the loop, or the process if loop is NULL, as well. */
static bool is_reported_elsewhere(const struct lp_model *model, const struct lp_model_loop *loop,
				  const struct lp_event *event)
{
	const struct lp_model_target *target;

	if (event->loop < LP_MAX_LOOPS && model->source->slots->overlapped[event->loop])
		return true;
	target = loop ? NULL : processes_find(&model->source->targets, event->pid);
	return target && target->overlapped;
}

static void on_finding(void *context, const struct lp_event_finding *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->event);

	if (model->source->ended)
		return;
	/* the standard library checks for a loop on purpose, as logging does since 3.12 */
	if (finding_row((enum lp_finding_kind)event->kind)->may_be_question &&
	    own_frames_is_library(event->file))
		return;
	if (!loop)
		loop = model_only_loop(model, (pid_t)event->event.pid);
	if (!is_reported_elsewhere(model, loop, &event->event))
		findings_add(model->source->findings, loop ? &loop->info : NULL, event);
}

static void on_noticed(void *context, const struct lp_event_noticed *event)
{
	struct lp_model *model = context;

	model_loop_of(model, &event->event);
	if (!model->source->ended)
		findings_noticed(model->source->findings, event);
}

static void on_task_end(void *context, const struct lp_event_task_end *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = model_loop_of(model, &event->event);
	const struct lp_model_slot *slot = model->source->slots->callbacks[event->callback];
	struct lp_model_callback *callback = slot && loop == slot->loop ? slot->callback : NULL;

	if (!loop || !callback)
		return;
	if (!callback->lifetimes)
		callback->lifetimes = calloc(1, sizeof(*callback->lifetimes));
	if (callback->lifetimes)
		lifetimes_add(callback->lifetimes, event);
}

static void on_lost(void *context, const struct lp_event_lost *event)
{
	struct lp_model *model = context;

	memcpy(model->source->lost, event->counts, sizeof(model->source->lost));
	model->source->lost_reported++;
}

static void on_limited(void *context, const struct lp_event_limited *event)
{
	struct lp_model *model = context;

	limited_take(model->source, model, event);
}

static void on_baseline(void *context, const struct lp_event *event)
{
	struct lp_model *model = context;

	model_loop_of(model, event);
	source_baseline(model->source);
}

static void on_interval(void *context, const struct lp_event_end *event)
{
	struct lp_model *model = context;

	if (model->observer->interval && !model->source->ended && model->source_count == 1)
		model_report_interval(model, event->event.time_ns);
}

static void on_end(void *context, const struct lp_event_end *event)
{
	struct lp_model *model = context;

	source_end(model, model->source, event->event.time_ns,
		   event->reason < LP_RUN_END_REASONS ? (enum lp_run_end_reason)event->reason
						      : LP_RUN_END_INTERRUPT);
}

const struct lp_event_handlers model_handlers = {
	.loop = on_loop,
	.name = on_name,
	.slow = on_slow,
	.iteration_end = on_iteration_end,
	.poll_return = on_poll_return,
	.loop_end = on_loop_end,
	.process = on_process,
	.process_end = on_process_end,
	.loop_stopped = on_loop_stopped,
	.target = on_target,
	.loop_stats = on_loop_stats,
	.callback_stats = on_callback_stats,
	.stack = on_stack,
	.account = on_account,
	.slow_iteration = on_slow_iteration,
	.frame = on_frame,
	.stack_sample = on_stack_sample,
	.progress = on_progress,
	.cause = on_cause,
	.task_name = on_task_name,
	.other_end = on_other_end,
	.dns_name = on_dns_name,
	.cpu_waits = loop_events_cpu_waits,
	.iteration_cpu_waits = loop_events_iteration_cpu_waits,
	.cpu_quota = loop_events_cpu_quota,
	.steal = loop_events_steal,
	.collections = loop_events_collections,
	.memory_limit = loop_events_memory_limit,
	.memory_waits = loop_events_memory_waits,
	.run_queue = loop_events_run_queue,
	.eager_task = on_eager_task,
	.awake = loop_events_awake,
	.awake_span = loop_events_awake_span,
	.waiting = on_waiting,
	.finding = on_finding,
	.noticed = on_noticed,
	.task_end = on_task_end,
	.labels = on_labels,
	.self = on_self,
	.coverage = on_coverage,
	.baseline = on_baseline,
	.lost = on_lost,
	.limited = on_limited,
	.interval = on_interval,
	.end = on_end,
};

int model_take(struct lp_model *model, const struct lp_event *record)
{
	int err = decode_event(record, record->size, &model_handlers, model);

	if (err == -ERANGE)
		model->source->impossible++;
	return err;
}
