// SPDX-License-Identifier: BSD-2-Clause
#include "state.h"

#include "../text.h"
#include "own.h"
#include "lifetimes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tell_finding(void *context, const struct lp_finding *finding)
{
	struct lp_model *model = context;

	if (model->observer->finding)
		model->observer->finding(model->context, finding);
}

int model_new(const struct lp_observer *observer, void *context, struct lp_model **result)
{
	struct lp_model *model = calloc(1, sizeof(*model));

	*result = model;
	if (!model)
		return -ENOMEM;
	model->observer = observer;
	model->context = context;
	model->last_loop = &model->loops;
	model->frames = frames_new();
	if (model->frames)
		model->findings = findings_new(model->frames, tell_finding, model);
	if (model->findings)
		return 0;
	frames_free(model->frames);
	free(model);
	*result = NULL;
	return -ENOMEM;
}

static void free_callbacks(struct lp_model_callback *callback)
{
	while (callback) {
		struct lp_model_callback *next = callback->next;

		free(callback->lives);
		free(callback->before_lives);
		free(callback->interval_lives);
		free(callback);
		callback = next;
	}
}

static void free_loop(struct lp_model_loop *loop)
{
	stalls_free(loop->stalls);
	watch_free(loop->watch);
	causes_free(loop->causes);
	free_callbacks(loop->callbacks);
	free(loop);
}

void model_free(struct lp_model *model)
{
	struct lp_model_loop *loop;
	size_t i;

	if (!model)
		return;
	while ((loop = model->loops)) {
		model->loops = loop->next;
		free_loop(loop);
	}
	free_callbacks(model->other.callbacks);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		free(model->slots[i]);
	findings_free(model->findings);
	frames_free(model->frames);
	free(model->targets);
	free(model);
}

void model_begin(struct lp_model *model, const struct lp_run *run)
{
	model->run = *run;
	model->interval_start_ns = run->start_ns;
	model->last_event_ns = run->start_ns;
	if (model->observer->run)
		model->observer->run(model->context, &model->run);
}

static void tell_slow(void *context, const struct lp_slow *slow)
{
	struct lp_model *model = context;

	if (model->observer->slow)
		model->observer->slow(model->context, slow);
}

static struct lp_model_loop *loop_of(struct lp_model *model, const struct lp_event *event)
{
	if (event->time_ns > model->last_event_ns)
		model->last_event_ns = event->time_ns;
	/* nothing is told after the end of a run */
	if (model->ended)
		return NULL;
	return event->loop < LP_MAX_LOOPS ? model->by_slot[event->loop] : NULL;
}

static struct lp_model_target *target_of(const struct lp_model *model, uint32_t pid)
{
	size_t i;

	for (i = 0; i < model->target_count; i++)
		if (model->targets[i].target.event.pid == pid)
			return &model->targets[i];
	return NULL;
}

static void on_target(void *context, const struct lp_event_target *event)
{
	struct lp_model *model = context;
	struct lp_model_target *grown, *known = target_of(model, event->event.pid);

	if (!known) {
		grown = realloc(model->targets, (model->target_count + 1) * sizeof(*grown));
		if (!grown)
			return;
		model->targets = grown;
		known = &grown[model->target_count++];
	}
	known->target = *event;
	memset(&known->labels, 0, sizeof(known->labels));
}

static void on_labels(void *context, const struct lp_event_labels *event)
{
	struct lp_model_target *target = target_of(context, event->event.pid);

	if (target)
		target->labels = *event;
}

static void on_self(void *context, const struct lp_event_self *event)
{
	struct lp_model *model = context;

	model->self = *event;
	model->self_known = true;
}

static bool equip_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	loop->causes = causes_new();
	if (loop->causes)
		loop->watch = watch_new(model->frames, loop->causes);
	if (loop->watch)
		loop->stalls = stalls_new(loop->watch, tell_slow, model);
	return loop->stalls != NULL;
}

/* What it has from its process and from the run. */
static void label_loop(const struct lp_model *model, struct lp_loop_info *info)
{
	const struct lp_model_target *known = target_of(model, (uint32_t)info->pid);

	text_copy(info->host, sizeof(info->host), model->run.host ? model->run.host : "");
	info->unix_offset_ns = (int64_t)(model->run.start_unix_ns - model->run.start_ns);
	if (!known)
		return;
	text_copy(info->runtime, sizeof(info->runtime), known->target.runtime);
	text_copy(info->version, sizeof(info->version), known->target.version);
	text_copy(info->exe, sizeof(info->exe), known->target.exe);
	text_copy(info->container, sizeof(info->container), known->target.container);
	text_copy(info->unit, sizeof(info->unit), known->labels.unit);
	text_copy(info->pod, sizeof(info->pod), known->labels.pod);
}

static void on_loop(void *context, const struct lp_event_loop *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = calloc(1, sizeof(*loop));
	char comm[LP_COMM_BYTES + 1] = "";

	if (!loop)
		return;
	if (event->event.loop >= LP_MAX_LOOPS || model->ended || !equip_loop(model, loop))
		goto failed;
	loop_of(model, &event->event);
	loop->info.id = (uint32_t)++model->loop_count;
	loop->info.pid = (pid_t)event->event.pid;
	loop->info.tid = (pid_t)event->tid;
	memcpy(comm, event->comm, LP_COMM_BYTES);
	text_copy(loop->info.comm, sizeof(loop->info.comm), comm);
	label_loop(model, &loop->info);
	*model->last_loop = loop;
	model->last_loop = &loop->next;
	model->by_slot[event->event.loop] = loop;
	if (model->observer->loop)
		model->observer->loop(model->context, &loop->info);
	return;
failed:
	free_loop(loop);
}

static struct lp_model_callback *find_callback(struct lp_model_loop *loop,
					       const struct lp_callback_info *info)
{
	struct lp_model_callback *callback;

	for (callback = loop->callbacks; callback; callback = callback->next)
		if (callback->info.kind == info->kind && callback->info.line == info->line &&
		    !strcmp(callback->info.name, info->name) &&
		    !strcmp(callback->info.file, info->file))
			return callback;
	callback = calloc(1, sizeof(*callback));
	if (!callback)
		return NULL;
	callback->info = *info;
	callback->next = loop->callbacks;
	loop->callbacks = callback;
	loop->callback_count++;
	return callback;
}

/* Keeps what a slot counted, before it comes to mean something else. */
static void retire_slot(struct lp_model_slot *slot)
{
	if (!slot->callback)
		return;
	slot->callback->retired_slow += slot->stats.slow;
	histogram_merge(&slot->callback->retired_run, &slot->stats.run);
	histogram_merge(&slot->callback->retired_queue, &slot->stats.queue);
	memset(slot, 0, sizeof(*slot));
}

static void on_name(void *context, const struct lp_decoded_name *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->wire->event);
	struct lp_callback_info info = { .line = event->wire->first_line };
	struct lp_model_slot **slot = &model->slots[event->wire->callback];

	if (!loop)
		return;
	info.kind = event->wire->kind == LP_CALLBACK_TASK ? LP_MODEL_TASK : LP_MODEL_CALLBACK;
	text_copy(info.name, sizeof(info.name), event->name);
	text_copy(info.file, sizeof(info.file), event->file);
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return;
	retire_slot(*slot);
	(*slot)->loop = loop;
	(*slot)->callback = find_callback(loop, &info);
}

static const struct lp_callback_info unknown_callback = { .kind = LP_MODEL_CALLBACK,
							  .name = LP_UNKNOWN_CALLBACK };

/* The callback in a slot, if it is this loop's. */
static const struct lp_callback_info *callback_in(const struct lp_model *model,
						  const struct lp_model_loop *loop, uint32_t number)
{
	const struct lp_model_slot *slot = model->slots[number];

	return slot && slot->loop == loop && slot->callback ? &slot->callback->info
							    : &unknown_callback;
}

static void on_slow(void *context, const struct lp_decoded_slow *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->wire->event);

	if (loop)
		stalls_add_slow(loop->stalls, &loop->info,
				callback_in(model, loop, event->wire->callback), event);
}

static void on_progress(void *context, const struct lp_decoded_slow *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->wire->event);

	if (loop)
		stalls_add_progress(loop->stalls, &loop->info,
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
	struct lp_model_loop *loop = loop_of(model, &event->event);
	struct lp_slow_iteration slow = { .start_ns = event->start_ns,
					  .in_progress = event->in_progress,
					  .callbacks = event->callbacks };

	if (!loop || !model->observer->slow_iteration)
		return;
	slow.loop = &loop->info;
	fill_top(model, loop, event, &slow);
	stalls_explain_iteration(loop->stalls, event, &slow);
	model->observer->slow_iteration(model->context, &slow);
	reasons_clear(&slow.reasons);
}

static void on_frame(void *context, const struct lp_event_frame *event)
{
	struct lp_model *model = context;

	frames_add(model->frames, event);
}

static void on_seen(void *context, const struct lp_event_seen *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		watch_seen(loop->watch, event);
}

static void on_account(void *context, const struct lp_event_account *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		watch_account(loop->watch, event);
}

static void on_cause(void *context, const struct lp_event_cause *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		watch_cause(loop->watch, event);
}

static void on_task_name(void *context, const struct lp_event_task_name *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		watch_add_task_name(loop->watch, event);
}

static void on_run_queue(void *context, const struct lp_event_run_queue *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		causes_set_run_queue(loop->causes, event->count, event->total_ns);
}

static void on_iteration_end(void *context, const struct lp_event_iteration_end *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		stalls_iteration_end(loop->stalls, event);
}

static void on_poll_return(void *context, const struct lp_event_poll_return *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		stalls_poll_return(loop->stalls, event);
}

static void on_stack(void *context, const struct lp_event_stack *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		watch_old_stack(loop->watch, event);
}

static void on_loop_end(void *context, const struct lp_event *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, event);
	size_t i;

	if (!loop)
		return;
	stalls_advance(loop->stalls, UINT64_MAX);
	loop->end_ns = event->time_ns;
	/* of what has ended only the counts are kept: there may be many */
	stalls_free(loop->stalls);
	watch_free(loop->watch);
	loop->stalls = NULL;
	loop->watch = NULL;
	model->by_slot[event->loop] = NULL;
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		if (model->slots[i] && model->slots[i]->loop == loop)
			retire_slot(model->slots[i]);
}

static void on_loop_stats(void *context, const struct lp_event_loop_stats *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->event);
	const struct lp_loop_state state = {
		.loop = loop ? &loop->info : NULL,
		.time_ns = event->event.time_ns,
		.start_ns = event->wall_start_ns,
		.busy_ns = event->busy_ns,
		.idle_ns = event->idle_ns,
		.iterations = event->iterations,
		.slow_callbacks = event->slow,
		.iteration = &event->iteration,
	};

	if (!loop)
		return;
	loop->stats = *event;
	if (model->observer->loop_state)
		model->observer->loop_state(model->context, &state);
}

static void on_coverage(void *context, const struct lp_event_coverage *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		loop->coverage = *event;
}

static void on_callback_stats(void *context, const struct lp_event_callback_stats *event)
{
	struct lp_model *model = context;
	struct lp_model_slot *slot = model->slots[event->callback];
	struct lp_model_callback *other;

	if (event->callback == 0) {
		other = find_callback(&model->other, &unknown_callback);
		if (other) {
			other->retired_slow = event->slow;
			other->retired_run = event->run;
			other->retired_queue = event->queue;
		}
		return;
	}
	if (slot && slot->callback)
		slot->stats = *event;
}

/* The only loop of a process that is alive; NULL if there are none or several. */
static struct lp_model_loop *only_loop(struct lp_model *model, pid_t pid)
{
	struct lp_model_loop *loop, *only = NULL;

	for (loop = model->loops; loop; loop = loop->next) {
		if (loop->info.pid != pid || !loop->stalls)
			continue;
		if (only)
			return NULL;
		only = loop;
	}
	return only;
}

static void on_found(void *context, const struct lp_event_found *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->event);

	if (model->ended)
		return;
	/* the library asks on purpose, as logging does for each record since 3.12 */
	if (event->kind == LP_FINDING_NO_RUNNING_LOOP && file_is_library(event->file))
		return;
	if (!loop)
		loop = only_loop(model, (pid_t)event->event.pid);
	findings_add(model->findings, loop ? &loop->info : NULL, event);
}

static void on_noticed(void *context, const struct lp_event_noticed *event)
{
	struct lp_model *model = context;

	loop_of(model, &event->event);
	if (!model->ended)
		findings_noticed(model->findings, event);
}

static void on_task_end(void *context, const struct lp_event_task_end *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->event);
	const struct lp_model_slot *slot = model->slots[event->callback];
	struct lp_model_callback *callback = slot && loop == slot->loop ? slot->callback : NULL;

	if (!loop || !callback)
		return;
	if (!callback->lives)
		callback->lives = calloc(1, sizeof(*callback->lives));
	if (callback->lives)
		lifetimes_add(callback->lives, event);
}

static void on_lost(void *context, const struct lp_event_lost *event)
{
	struct lp_model *model = context;

	memcpy(model->lost, event->counts, sizeof(model->lost));
}

static void on_interval(void *context, const struct lp_event_end *event)
{
	struct lp_model *model = context;

	if (model->observer->interval && !model->ended)
		model_tell_interval(model, event->event.time_ns);
}

static void finish(struct lp_model *model, uint64_t now_ns, enum lp_end_reason reason)
{
	struct lp_run_end end = { .end_ns = now_ns,
				  .reason = reason,
				  .lost_events = model->lost[LP_LOST_RING] };

	if (model->ended)
		return;
	model->ended = true;
	findings_finish(model->findings, now_ns);
	model_advance(model, UINT64_MAX);
	model_tell_end(model, &end);
}

static void on_end(void *context, const struct lp_event_end *event)
{
	finish(context, event->event.time_ns,
	       event->reason < LP_END_REASONS ? (enum lp_end_reason)event->reason
					      : LP_END_INTERRUPT);
}

void model_end_early(struct lp_model *model, uint64_t now_ns)
{
	finish(model, now_ns ? now_ns : model->last_event_ns, LP_END_INTERRUPT);
}

void model_advance(struct lp_model *model, uint64_t now_ns)
{
	struct lp_model_loop *loop;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop->stalls)
			stalls_advance(loop->stalls, now_ns);
	findings_advance(model->findings, now_ns);
}

const struct lp_event_handlers model_handlers = {
	.loop = on_loop,
	.name = on_name,
	.slow = on_slow,
	.iteration_end = on_iteration_end,
	.poll_return = on_poll_return,
	.loop_end = on_loop_end,
	.target = on_target,
	.loop_stats = on_loop_stats,
	.callback_stats = on_callback_stats,
	.stack = on_stack,
	.account = on_account,
	.slow_iteration = on_slow_iteration,
	.frame = on_frame,
	.seen = on_seen,
	.progress = on_progress,
	.cause = on_cause,
	.task_name = on_task_name,
	.run_queue = on_run_queue,
	.found = on_found,
	.noticed = on_noticed,
	.task_end = on_task_end,
	.labels = on_labels,
	.self = on_self,
	.coverage = on_coverage,
	.lost = on_lost,
	.interval = on_interval,
	.end = on_end,
};
