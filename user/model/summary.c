// SPDX-License-Identifier: BSD-2-Clause
/* Summaries: what all loops have counted, since the start or the last interval. */
#include "state.h"

#include "lifetimes.h"

#include <stdlib.h>
#include <string.h>

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

/* What tasks of a callback lived, NULL if none has ended; of an interval, in its own room. */
static const struct lp_lifetimes *lives_of(struct lp_model_callback *callback, bool interval)
{
	if (!interval || !callback->lives || !callback->before_lives)
		return callback->lives;
	if (!callback->interval_lives)
		callback->interval_lives = calloc(1, sizeof(*callback->interval_lives));
	if (!callback->interval_lives)
		return NULL;
	lifetimes_subtract(callback->interval_lives, callback->lives, callback->before_lives);
	return lifetimes_count(callback->interval_lives) ? callback->interval_lives : NULL;
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
		item->lifetimes = lives_of(callback, interval);
		if (interval) {
			item->slow = since(callback->slow, callback->before_slow);
			histogram_subtract(&item->run, &callback->run, &callback->before_run);
			histogram_subtract(&item->queue, &callback->queue, &callback->before_queue);
		} else {
			item->slow = callback->slow;
			item->run = callback->run;
			item->queue = callback->queue;
		}
		if (histogram_count(&item->run) || item->lifetimes)
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
	summary->untold = since(loop->coverage.untold, interval ? loop->coverage_before.untold : 0);
	summary->traced_ns =
		since(loop->coverage.traced_ns, interval ? loop->coverage_before.traced_ns : 0);
	if (interval)
		histogram_subtract(&summary->iteration, &now->iteration, &before->iteration);
	else
		summary->iteration = now->iteration;
	summarise_callbacks(loop, interval, summary);
	if (loop->causes)
		summary->cause_count = causes_list(loop->causes, interval, &summary->causes);
}

static void fill_self(const struct lp_model *model, struct lp_summary *summary)
{
	const struct lp_event_self *self = &model->self;

	summary->self_known = model->self_known;
	summary->self = (struct lp_self){
		.wall_ns = self->wall_ns,
		.cpu_ns = self->cpu_ns,
		.probe_hits = self->probe_hits,
		.probe_ns = self->probe_ns,
		.hook_hits = self->hook_hits,
		.hook_ns = self->hook_ns,
		.bursts = self->bursts,
		.attach_failures = self->attach_failures,
		.resident_bytes = self->resident_bytes,
		.map_bytes = self->map_bytes,
		.targets = self->targets,
		.loops = self->loops,
		.frequency = self->frequency,
		.budget_ppm = self->budget_ppm,
	};
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
	summary->finding_count = findings_list(model->findings, interval, &summary->findings);
	summary->findings_beyond = findings_beyond(model->findings, interval);
	fill_self(model, summary);
	return true;
}

static void free_summary(struct lp_summary *summary)
{
	size_t i;

	for (i = 0; i < summary->loop_count; i++) {
		free(summary->loops[i].items);
		free(summary->loops[i].causes);
	}
	free(summary->loops);
	free(summary->findings);
}

static void begin_lives_interval(struct lp_model_callback *callback)
{
	if (!callback->lives)
		return;
	if (!callback->before_lives)
		callback->before_lives = calloc(1, sizeof(*callback->before_lives));
	if (callback->before_lives)
		*callback->before_lives = *callback->lives;
}

static void begin_loop_interval(struct lp_model_loop *loop)
{
	struct lp_model_callback *callback;

	loop->before = loop->stats;
	loop->coverage_before = loop->coverage;
	if (loop->causes)
		causes_begin_interval(loop->causes);
	for (callback = loop->callbacks; callback; callback = callback->next) {
		callback->before_slow = callback->slow;
		callback->before_run = callback->run;
		callback->before_queue = callback->queue;
		begin_lives_interval(callback);
	}
}

static void begin_interval(struct lp_model *model, uint64_t now_ns)
{
	struct lp_model_loop *loop;

	findings_begin_interval(model->findings);
	begin_loop_interval(&model->other);
	for (loop = model->loops; loop; loop = loop->next)
		begin_loop_interval(loop);
	memcpy(model->lost_before, model->lost, sizeof(model->lost));
	model->interval_start_ns = now_ns;
}

void model_tell_interval(struct lp_model *model, uint64_t now_ns)
{
	struct lp_summary interval, total;

	gather(model);
	if (summarise(model, true, now_ns, &interval)) {
		if (summarise(model, false, now_ns, &total)) {
			model->observer->interval(model->context, &interval, &total);
			free_summary(&total);
		}
		free_summary(&interval);
	}
	begin_interval(model, now_ns);
}

void model_tell_end(struct lp_model *model, const struct lp_run_end *end)
{
	struct lp_model_loop *loop;
	struct lp_summary total;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop->watch)
			watch_finish(loop->watch);
	gather(model);
	if (!summarise(model, false, end->end_ns, &total))
		return;
	if (model->observer->end)
		model->observer->end(model->context, &total, end);
	free_summary(&total);
}
