// SPDX-License-Identifier: BSD-2-Clause
#include "events.h"

#include "../text.h"
#include "stalls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What ran, once in its loop however often its code object was made anew. */
struct lp_model_callback {
	struct lp_model_callback *next;
	struct lp_callback_info info;
	/* of slots that were given back; the live ones add to it */
	uint64_t retired_slow;
	struct lp_histogram retired_run, retired_queue;
	/* at the last interval */
	uint64_t before_slow;
	struct lp_histogram before_run, before_queue;
	/* filled while a summary is made */
	uint64_t slow;
	struct lp_histogram run, queue;
};

struct lp_model_loop {
	struct lp_model_loop *next;
	struct lp_loop_info info;
	struct lp_stalls *stalls;
	struct lp_model_callback *callbacks;
	size_t callback_count;
	struct lp_event_loop_stats stats, before;
	uint64_t end_ns; /* 0 while it lives */
};

/* A callback slot of the BPF side, while somebody uses it. */
struct lp_model_slot {
	struct lp_model_loop *loop;
	struct lp_model_callback *callback;
	struct lp_event_callback_stats stats;
};

struct lp_model {
	const struct lp_observer *observer;
	void *context;
	struct lp_run run;
	struct lp_model_loop *loops, **last_loop;
	size_t loop_count;
	struct lp_model_loop *by_slot[LP_MAX_LOOPS];
	struct lp_model_slot *slots[LP_MAX_CALLBACKS];
	struct lp_event_target *targets;
	size_t target_count;
	/* what found no slot of its own: of all loops together */
	struct lp_model_loop other;
	uint64_t lost[LP_LOST_KINDS], lost_before[LP_LOST_KINDS];
	uint64_t interval_start_ns;
	uint64_t last_event_ns;
	bool ended;
};

int model_new(const struct lp_observer *observer, void *context, struct lp_model **result)
{
	struct lp_model *model = calloc(1, sizeof(*model));

	*result = model;
	if (!model)
		return -ENOMEM;
	model->observer = observer;
	model->context = context;
	model->last_loop = &model->loops;
	return 0;
}

static void free_callbacks(struct lp_model_callback *callback)
{
	while (callback) {
		struct lp_model_callback *next = callback->next;

		free(callback);
		callback = next;
	}
}

void model_free(struct lp_model *model)
{
	struct lp_model_loop *loop;
	size_t i;

	if (!model)
		return;
	while ((loop = model->loops)) {
		model->loops = loop->next;
		stalls_free(loop->stalls);
		free_callbacks(loop->callbacks);
		free(loop);
	}
	free_callbacks(model->other.callbacks);
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		free(model->slots[i]);
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

static void on_target(void *context, const struct lp_event_target *event)
{
	struct lp_model *model = context;
	struct lp_event_target *grown;
	size_t i;

	for (i = 0; i < model->target_count; i++) {
		if (model->targets[i].event.pid == event->event.pid) {
			model->targets[i] = *event;
			return;
		}
	}
	grown = realloc(model->targets, (model->target_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	model->targets = grown;
	grown[model->target_count++] = *event;
}

static void on_loop(void *context, const struct lp_event_loop *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = calloc(1, sizeof(*loop));
	char comm[LP_COMM_BYTES + 1] = "";
	size_t i;

	if (!loop || event->event.loop >= LP_MAX_LOOPS || model->ended)
		goto failed;
	loop->stalls = stalls_new(tell_slow, model);
	if (!loop->stalls)
		goto failed;
	loop_of(model, &event->event);
	loop->info.id = (uint32_t)++model->loop_count;
	loop->info.pid = (pid_t)event->event.pid;
	loop->info.tid = (pid_t)event->tid;
	memcpy(comm, event->comm, LP_COMM_BYTES);
	text_copy(loop->info.comm, sizeof(loop->info.comm), comm);
	for (i = 0; i < model->target_count; i++) {
		const struct lp_event_target *target = &model->targets[i];

		if (target->event.pid != event->event.pid)
			continue;
		text_copy(loop->info.runtime, sizeof(loop->info.runtime), target->runtime);
		text_copy(loop->info.version, sizeof(loop->info.version), target->version);
		text_copy(loop->info.exe, sizeof(loop->info.exe), target->exe);
		text_copy(loop->info.container, sizeof(loop->info.container), target->container);
		break;
	}
	*model->last_loop = loop;
	model->last_loop = &loop->next;
	model->by_slot[event->event.loop] = loop;
	if (model->observer->loop)
		model->observer->loop(model->context, &loop->info);
	return;
failed:
	free(loop);
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
							  .name = "other" };

static void on_slow(void *context, const struct lp_decoded_slow *event)
{
	struct lp_model *model = context;
	struct lp_model_loop *loop = loop_of(model, &event->wire->event);
	const struct lp_model_slot *slot = model->slots[event->wire->callback];
	const struct lp_callback_info *info = &unknown_callback;

	if (!loop)
		return;
	if (slot && slot->loop == loop && slot->callback)
		info = &slot->callback->info;
	stalls_add_slow(loop->stalls, &loop->info, info, event);
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
		stalls_add_stack(loop->stalls, event);
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
	model->by_slot[event->loop] = NULL;
	for (i = 0; i < LP_MAX_CALLBACKS; i++)
		if (model->slots[i] && model->slots[i]->loop == loop)
			retire_slot(model->slots[i]);
}

static void on_loop_stats(void *context, const struct lp_event_loop_stats *event)
{
	struct lp_model_loop *loop = loop_of(context, &event->event);

	if (loop)
		loop->stats = *event;
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

static void on_lost(void *context, const struct lp_event_lost *event)
{
	struct lp_model *model = context;

	memcpy(model->lost, event->counts, sizeof(model->lost));
}

/* ---- summaries ---------------------------------------------------------- */

double loop_utilization(const struct lp_loop_summary *summary)
{
	uint64_t all = summary->busy_ns + summary->idle_ns;

	return all ? (double)summary->busy_ns / (double)all : 0;
}

static int by_total(const void *left, const void *right)
{
	const struct lp_callback_summary *a = left, *b = right;

	return a->run.sum_ns < b->run.sum_ns ? 1 : a->run.sum_ns > b->run.sum_ns ? -1 : 0;
}

/* All loops, the one without a name first: model->other, then the others in order. */
static struct lp_model_loop *next_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	return loop == &model->other ? model->loops : loop->next;
}

/* The kernel counts on while it is read, field by field: a difference never wraps. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* Adds up what each callback counted, in its live slots and before. */
static void gather(struct lp_model *model)
{
	struct lp_model_callback *callback;
	struct lp_model_loop *loop;
	size_t i;

	for (loop = &model->other; loop; loop = next_loop(model, loop))
		for (callback = loop->callbacks; callback; callback = callback->next) {
			callback->slow = callback->retired_slow;
			callback->run = callback->retired_run;
			callback->queue = callback->retired_queue;
		}
	for (i = 0; i < LP_MAX_CALLBACKS; i++) {
		const struct lp_model_slot *slot = model->slots[i];

		if (!slot || !slot->callback)
			continue;
		slot->callback->slow += slot->stats.slow;
		histogram_merge(&slot->callback->run, &slot->stats.run);
		histogram_merge(&slot->callback->queue, &slot->stats.queue);
	}
}

static void summarise_callbacks(struct lp_model_loop *loop, bool interval,
				struct lp_loop_summary *summary)
{
	struct lp_model_callback *callback;

	summary->items =
		calloc(loop->callback_count ? loop->callback_count : 1, sizeof(*summary->items));
	for (callback = loop->callbacks; callback && summary->items; callback = callback->next) {
		struct lp_callback_summary *item = &summary->items[summary->callback_count];

		item->callback = &callback->info;
		if (interval) {
			item->slow = since(callback->slow, callback->before_slow);
			histogram_subtract(&item->run, &callback->run, &callback->before_run);
			histogram_subtract(&item->queue, &callback->queue, &callback->before_queue);
		} else {
			item->slow = callback->slow;
			item->run = callback->run;
			item->queue = callback->queue;
		}
		if (histogram_count(&item->run))
			summary->callback_count++;
	}
	if (summary->items)
		qsort(summary->items, summary->callback_count, sizeof(*summary->items), by_total);
}

static void summarise_loop(struct lp_model_loop *loop, bool interval, uint64_t since_ns,
			   uint64_t now_ns, struct lp_loop_summary *summary)
{
	const struct lp_event_loop_stats none = { .wall_start_ns = 0 };
	const struct lp_event_loop_stats *now = &loop->stats;
	const struct lp_event_loop_stats *before = interval ? &loop->before : &none;
	uint64_t start = now->wall_start_ns > since_ns ? now->wall_start_ns : since_ns;
	uint64_t end = loop->end_ns ? loop->end_ns : now_ns;

	memset(summary, 0, sizeof(*summary));
	summary->loop = loop->info.id ? &loop->info : NULL;
	if (now->wall_start_ns && end > start)
		summary->wall_ns = end - start;
	summary->busy_ns = since(now->busy_ns, before->busy_ns);
	summary->idle_ns = since(now->idle_ns, before->idle_ns);
	summary->iterations = since(now->iterations, before->iterations);
	summary->callbacks = since(now->callbacks, before->callbacks);
	summary->slow_callbacks = since(now->slow, before->slow);
	if (interval)
		histogram_subtract(&summary->iteration, &now->iteration, &before->iteration);
	else
		summary->iteration = now->iteration;
	summarise_callbacks(loop, interval, summary);
}

static bool summarise(struct lp_model *model, bool interval, uint64_t now_ns,
		      struct lp_summary *summary)
{
	struct lp_model_loop *loop;
	size_t i;

	memset(summary, 0, sizeof(*summary));
	summary->now_ns = now_ns;
	summary->since_ns = interval ? model->interval_start_ns : model->run.start_ns;
	summary->loops = calloc(model->loop_count + 1, sizeof(*summary->loops));
	if (!summary->loops)
		return false;
	for (loop = model->loops; loop; loop = loop->next) {
		/* one that was over before the interval has nothing to say in it */
		if (interval && loop->end_ns && loop->end_ns < summary->since_ns)
			continue;
		summarise_loop(loop, interval, summary->since_ns, now_ns,
			       &summary->loops[summary->loop_count++]);
	}
	if (model->other.callbacks)
		summarise_loop(&model->other, interval, summary->since_ns, now_ns,
			       &summary->loops[summary->loop_count++]);
	for (i = 0; i < LP_LOST_KINDS; i++)
		summary->lost[i] = since(model->lost[i], interval ? model->lost_before[i] : 0);
	return true;
}

static void free_summary(struct lp_summary *summary)
{
	size_t i;

	for (i = 0; i < summary->loop_count; i++)
		free(summary->loops[i].items);
	free(summary->loops);
}

static void begin_interval(struct lp_model *model, uint64_t now_ns)
{
	struct lp_model_callback *callback;
	struct lp_model_loop *loop;

	for (loop = &model->other; loop; loop = next_loop(model, loop)) {
		loop->before = loop->stats;
		for (callback = loop->callbacks; callback; callback = callback->next) {
			callback->before_slow = callback->slow;
			callback->before_run = callback->run;
			callback->before_queue = callback->queue;
		}
	}
	memcpy(model->lost_before, model->lost, sizeof(model->lost));
	model->interval_start_ns = now_ns;
}

static void on_interval(void *context, const struct lp_event_end *event)
{
	struct lp_summary interval, total;
	struct lp_model *model = context;
	uint64_t now = event->event.time_ns;

	if (!model->observer->interval || model->ended)
		return;
	gather(model);
	if (summarise(model, true, now, &interval)) {
		if (summarise(model, false, now, &total)) {
			model->observer->interval(model->context, &interval, &total);
			free_summary(&total);
		}
		free_summary(&interval);
	}
	begin_interval(model, now);
}

static void finish(struct lp_model *model, uint64_t now_ns, enum lp_end_reason reason)
{
	struct lp_run_end end = { .end_ns = now_ns,
				  .reason = reason,
				  .lost_events = model->lost[LP_LOST_RING] };
	struct lp_summary total;

	if (model->ended)
		return;
	model->ended = true;
	model_advance(model, UINT64_MAX);
	gather(model);
	if (summarise(model, false, now_ns, &total)) {
		if (model->observer->end)
			model->observer->end(model->context, &total, &end);
		free_summary(&total);
	}
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
		if (!loop->end_ns)
			stalls_advance(loop->stalls, now_ns);
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
	.lost = on_lost,
	.interval = on_interval,
	.end = on_end,
};
