// SPDX-License-Identifier: BSD-2-Clause
/* Summaries of all loops, since the start or since the last interval. */
#include "model_internal.h"

#include "lifetimes.h"
#include "base/macros.h"

#include <stdlib.h>
#include <string.h>

/* The least busy time of a loop that is said never to wait. */
#define NEVER_WAITS_NS 1000000000ULL
/* The longest time in ns between two records of a loop whose polls return at once. */
#define AWAKE_FRESH_NS 2500000000ULL

double loop_utilization(const struct lp_loop_summary *summary)
{
	/* floating point, as the sum of times of a damaged capture may exceed 64 bits */
	double busy = (double)summary->busy_ns, all = busy + (double)summary->idle_ns;

	return all > 0 ? busy / all : 0;
}

/* Returns whether the times are known in which its polls returned at once, and suffice. */
static bool has_awake_time(const struct lp_loop_summary *summary)
{
	return (summary->awake_iterations || summary->waited_only) &&
	       summary->awake_ns >= NEVER_WAITS_NS;
}

struct lp_awake_rate loop_awake_rate(const struct lp_loop_summary *summary)
{
	bool whole = !has_awake_time(summary);
	uint64_t ns = whole ? summary->wall_ns : summary->awake_ns;
	uint64_t iterations = whole ? summary->iterations : summary->awake_iterations;

	return (struct lp_awake_rate){
		/* a time that began before an interval is reported in the one in which it ends */
		.ns = min_u64(ns, summary->wall_ns),
		.iterations_a_second = ns ? (double)iterations * 1e9 / (double)ns : 0,
		.whole = whole,
	};
}

bool loop_is_awake(const struct lp_loop_summary *summary, uint64_t now_ns)
{
	if (!has_awake_time(summary))
		return loop_never_waits(summary);
	return saturating_sub(now_ns, summary->awake_until_ns) <= AWAKE_FRESH_NS;
}

bool loop_never_waits(const struct lp_loop_summary *summary)
{
	if (has_awake_time(summary))
		return true;
	/* polls that return at once may be long, as the thread lost its CPU in them: then the time
	 * counts for which the thread was observed not to sleep */
	if (summary->awake_ns > summary->wall_ns / 2 && summary->busy_ns > summary->idle_ns / 3)
		return summary->busy_ns >= NEVER_WAITS_NS &&
		       awake_polls_at_once(summary->iterations, 0, summary->wall_ns);
	return summary->busy_ns >= NEVER_WAITS_NS && summary->busy_ns >= summary->idle_ns / 2 &&
	       awake_polls_at_once(summary->iterations, summary->idle_ns, summary->wall_ns);
}

uint64_t loop_rest_ns(const struct lp_loop_summary *summary)
{
	uint64_t rest_ns = summary->busy_ns;
	size_t i;

	for (i = 0; i < summary->cause_count; i++)
		rest_ns = saturating_sub(rest_ns, summary->causes[i].total_ns);
	return rest_ns;
}

static int by_total(const void *left, const void *right)
{
	const struct lp_callback_summary *a = left, *b = right;

	return a->run.sum_ns < b->run.sum_ns ? 1 : a->run.sum_ns > b->run.sum_ns ? -1 : 0;
}

/*
 * Returns the lifetimes of a callback's tasks, NULL if none has ended.  Those of an interval are in
 * callback->interval_lifetimes.
 */
static const struct lp_lifetimes *lifetimes_of(struct lp_model_callback *callback, bool interval)
{
	if (!interval || !callback->lifetimes || !callback->before_lifetimes)
		return callback->lifetimes;
	if (!callback->interval_lifetimes)
		callback->interval_lifetimes = calloc(1, sizeof(*callback->interval_lifetimes));
	if (!callback->interval_lifetimes)
		return NULL;
	lifetimes_subtract(callback->interval_lifetimes, callback->lifetimes,
			   callback->before_lifetimes);
	return lifetimes_count(callback->interval_lifetimes) ? callback->interval_lifetimes : NULL;
}

/* Stands for a histogram that was not allocated. */
static const struct lp_histogram empty;

static const struct lp_histogram *or_empty(const struct lp_histogram *histogram)
{
	return histogram ? histogram : &empty;
}

/* Returns whether a callback may have counts to report; most have none in an interval. */
static bool is_reported(struct lp_model_callback *callback, bool interval)
{
	if (interval && callback->before_run &&
	    callback->before_run->sum_ns == callback->run.sum_ns &&
	    callback->before_slow == callback->slow && !callback->lifetimes)
		return false;
	return histogram_count(&callback->run) || callback->slow || callback->lifetimes;
}

static void fill_callback(struct lp_model_callback *callback, bool interval,
			  struct lp_callback_summary *item)
{
	item->callback = &callback->info;
	item->lifetimes = lifetimes_of(callback, interval);
	if (!interval) {
		item->slow = callback->slow;
		item->run = callback->run;
		item->queue = *or_empty(callback->queue);
		return;
	}
	item->slow = saturating_sub(callback->slow, callback->before_slow);
	histogram_subtract(&item->run, &callback->run, or_empty(callback->before_run));
	histogram_subtract(&item->queue, or_empty(callback->queue),
			   or_empty(callback->before_queue));
}

static void summarise_callbacks(struct lp_model_loop *loop, bool interval,
				struct lp_loop_summary *summary)
{
	struct lp_model_callback *callback;
	size_t count = 0;

	for (callback = loop->callbacks.first; callback; callback = callback->next)
		count += is_reported(callback, interval);
	if (!count)
		return;
	summary->items = calloc(count, sizeof(*summary->items));
	for (callback = loop->callbacks.first; callback && summary->items;
	     callback = callback->next) {
		struct lp_callback_summary *item = &summary->items[summary->callback_count];

		if (!is_reported(callback, interval))
			continue;
		fill_callback(callback, interval, item);
		/* a callback that was slow between two bursts has no entry in a histogram */
		if (histogram_count(&item->run) || item->slow || item->lifetimes)
			summary->callback_count++;
	}
	if (summary->items)
		qsort(summary->items, summary->callback_count, sizeof(*summary->items), by_total);
}

static void fill_coverage(const struct lp_event_coverage *now,
			  const struct lp_event_coverage *before, struct lp_loop_summary *summary)
{
	summary->suppressed = saturating_sub(now->suppressed, before ? before->suppressed : 0);
	summary->suppressed_iterations = saturating_sub(now->suppressed_iterations,
							before ? before->suppressed_iterations : 0);
	summary->traced_ns = saturating_sub(now->traced_ns, before ? before->traced_ns : 0);
	summary->traced_known = now->event.size != 0;
}

/* Fills in observed, busy and idle time, all up to the loop's last state. */
static void fill_window(const struct lp_model_loop *loop, bool interval,
			struct lp_loop_summary *summary)
{
	uint64_t busy_ns;

	summary->wall_ns = saturating_sub(loop->wall_ns, interval ? loop->wall_before_ns : 0);
	busy_ns = saturating_sub(loop->stats.busy_ns,
				 interval && loop->before ? loop->before->stats.busy_ns : 0);
	summary->busy_ns = model_busy(busy_ns, summary->wall_ns);
	summary->idle_ns = summary->wall_ns - summary->busy_ns;
}

static void fill_memory(const struct lp_model_loop *loop, bool interval,
			struct lp_loop_summary *summary)
{
	struct lp_memory_waits waits = loop->memory_waits;

	if (interval && loop->before)
		memory_waits_subtract(&waits, &loop->before->memory_waits);
	memory_shortage_fill(&loop->memory_limit, &waits, summary->wall_ns, &summary->memory);
}

static void summarise_loop(struct lp_model_loop *loop, bool interval,
			   struct lp_loop_summary *summary)
{
	const struct lp_event_loop_stats none = { .wall_start_ns = 0 };
	const struct lp_event_loop_stats *now = &loop->stats;
	const struct lp_event_loop_stats *before = interval && loop->before ? &loop->before->stats
									    : &none;
	size_t i;

	memset(summary, 0, sizeof(*summary));
	summary->loop = loop->info.id ? &loop->info : NULL;
	fill_window(loop, interval, summary);
	fill_memory(loop, interval, summary);
	summary->iterations = saturating_sub(now->iterations, before->iterations);
	summary->callbacks = saturating_sub(now->callbacks, before->callbacks);
	summary->slow_callbacks = saturating_sub(now->slow, before->slow);
	summary->folded = loop->folded;
	summary->awake_ns = loop->awake_ns - (interval ? loop->awake_before_ns : 0);
	summary->awake_iterations =
		loop->awake_iterations - (interval ? loop->awake_iterations_before : 0);
	summary->waited_only = now->event.reserved & LP_STATS_WAITED;
	summary->awake_until_ns = loop->awake_until_ns;
	summary->awake = interval && !loop->awake_in_interval ? "" : loop->awake;
	summary->tasks = loop->tasks.waiting ? &loop->tasks : NULL;
	for (i = 0; i < LP_ENDING_KINDS; i++)
		summary->ends[i] = loop->ends[i] - (interval ? loop->ends_before[i] : 0);
	fill_coverage(&loop->coverage, interval && loop->before ? &loop->before->coverage : NULL,
		      summary);
	if (interval)
		histogram_subtract(&summary->iteration, &now->iteration, &before->iteration);
	else
		summary->iteration = now->iteration;
	summarise_callbacks(loop, interval, summary);
	if (loop->causes)
		summary->cause_count = lost_time_list(loop->causes, interval, &summary->causes);
}

/*
 * Adds the cost of the loopprof that recorded a source.  The wall times of all sources are added as
 * well, so that cost / wall_ns is the mean share.
 */
static void add_self(const struct lp_model_source *source, struct lp_self *into)
{
	const struct lp_event_self *now = &source->self, *base = &source->self_base;

	into->wall_ns += saturating_sub(now->wall_ns, base->wall_ns);
	into->cpu_ns += saturating_sub(now->cpu_ns, base->cpu_ns);
	into->probe_hits += saturating_sub(now->probe_hits, base->probe_hits);
	into->probe_ns += saturating_sub(now->probe_ns, base->probe_ns);
	into->hook_hits += saturating_sub(now->hook_hits, base->hook_hits);
	into->hook_ns += saturating_sub(now->hook_ns, base->hook_ns);
	into->bursts += saturating_sub(now->bursts, base->bursts);
	into->attach_failures += saturating_sub(now->attach_failures, base->attach_failures);
	into->resident_bytes += now->resident_bytes;
	into->map_bytes += now->map_bytes;
	into->targets += now->targets;
	into->loops += now->loops;
	if (now->frequency > into->frequency)
		into->frequency = now->frequency;
	if (now->budget_ppm > into->budget_ppm)
		into->budget_ppm = now->budget_ppm;
}

static void add_findings(const struct lp_findings *findings, bool interval,
			 struct lp_summary *summary)
{
	struct lp_finding_count *list, *grown;
	size_t count = findings_list(findings, interval, &list);

	summary->findings_dropped += findings_dropped(findings, interval);
	if (!summary->findings) {
		summary->findings = list;
		summary->finding_count = count;
		return;
	}
	grown = realloc(summary->findings,
			(summary->finding_count + count + 1) * sizeof(*summary->findings));
	if (grown && list) {
		memcpy(grown + summary->finding_count, list, count * sizeof(*list));
		summary->finding_count += count;
	}
	if (grown)
		summary->findings = grown;
	free(list);
}

/* Returns the losses of one kind: those that the source reports, and records that were ignored. */
static uint64_t lost_of(const struct lp_model_source *source, size_t kind)
{
	return saturating_sub(source->lost[kind], source->lost_base[kind]) +
	       (kind == LP_LOST_INSTANTS ? source->impossible : 0);
}

static void add_source(const struct lp_model *model, const struct lp_model_source *source,
		       bool interval, struct lp_summary *summary)
{
	size_t i;

	for (i = 0; i < LP_LOST_KINDS; i++)
		summary->lost[i] += lost_of(source, i);
	for (i = 0; interval && i < LP_LOST_KINDS; i++)
		summary->lost[i] = saturating_sub(summary->lost[i], model->lost_before[i]);
	if (source->findings)
		add_findings(source->findings, interval, summary);
	endings_summarise(&source->endings, interval, summary);
	limited_summarise(&source->limited, summary);
	if (source->self_known) {
		summary->self_known = true;
		add_self(source, &summary->self);
	}
}

static void summarise_of_source(struct lp_model *model, struct lp_model_loop *loop, bool interval,
				struct lp_summary *summary)
{
	/* loops that ended before the interval are not a part of it */
	if (interval && (loop->folded ? loop->wall_ns == loop->wall_before_ns
				      : loop->end_ns && loop->end_ns < model->interval_start_ns))
		return;
	summarise_loop(loop, interval, &summary->loops[summary->loop_count++]);
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
	for (loop = model->loops; loop; loop = loop->next)
		summarise_of_source(model, loop, interval, summary);
	if (model->other.callbacks.first)
		summarise_of_source(model, &model->other, interval, summary);
	for (i = 0; i < model->source_count; i++)
		add_source(model, model->sources[i], interval, summary);
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
	free(summary->ends);
	free(summary->limited);
}

static void begin_loop_interval(struct lp_model_loop *loop)
{
	struct lp_model_callback *callback;

	if (!loop->before)
		loop->before = calloc(1, sizeof(*loop->before));
	if (loop->before) {
		loop->before->stats = loop->stats;
		loop->before->coverage = loop->coverage;
		loop->before->memory_waits = loop->memory_waits;
	}
	loop->wall_before_ns = loop->wall_ns;
	loop->awake_in_interval = false;
	loop->awake_before_ns = loop->awake_ns;
	loop->awake_iterations_before = loop->awake_iterations;
	memcpy(loop->ends_before, loop->ends, sizeof(loop->ends_before));
	if (loop->causes)
		lost_time_begin_interval(loop->causes);
	for (callback = loop->callbacks.first; callback; callback = callback->next)
		callback_begin_interval(callback);
}

static void begin_interval(struct lp_model *model, uint64_t now_ns)
{
	struct lp_model_source *source = model->source;
	struct lp_model_loop *loop;
	size_t i;

	findings_begin_interval(source->findings);
	endings_begin_interval(&source->endings);
	begin_loop_interval(&model->other);
	for (loop = model->loops; loop; loop = loop->next)
		begin_loop_interval(loop);
	for (i = 0; i < LP_LOST_KINDS; i++)
		model->lost_before[i] = lost_of(source, i);
	model->interval_start_ns = now_ns;
}

void model_report_interval(struct lp_model *model, uint64_t now_ns)
{
	struct lp_summary interval, total;
	struct lp_model_loop *loop;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop->segments)
			segments_count(loop->segments, false);
	if (summarise(model, true, now_ns, &interval)) {
		if (summarise(model, false, now_ns, &total)) {
			model->observer->interval(model->context, &interval, &total);
			free_summary(&total);
		}
		free_summary(&interval);
	}
	begin_interval(model, now_ns);
}

void model_report_end(struct lp_model *model, const struct lp_run_end *end)
{
	struct lp_summary total;

	if (!summarise(model, false, end->end_ns, &total))
		return;
	if (model->observer->end)
		model->observer->end(model->context, &total, end);
	free_summary(&total);
}
