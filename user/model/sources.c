// SPDX-License-Identifier: BSD-2-Clause
/* Sources of events: their runs, beginnings and ends, and loops that two of them have recorded. */
#include "model_internal.h"

#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report_finding(void *context, const struct lp_finding *finding)
{
	struct lp_model *model = context;

	if (model->observer->finding)
		model->observer->finding(model->context, finding);
}

void model_slot_clear(struct lp_model_slot *slot)
{
	free(slot->name);
	free(slot->queue);
	memset(slot, 0, sizeof(*slot));
}

void model_slot_free(struct lp_model_slot **slot)
{
	if (*slot)
		model_slot_clear(*slot);
	free(*slot);
	*slot = NULL;
}

/* Frees the memory that only events need. */
void source_free_slots(struct lp_model_source *source)
{
	size_t i;

	for (i = 0; source->slots && i < LP_MAX_CALLBACKS; i++)
		model_slot_free(&source->slots->callbacks[i]);
	free(source->slots);
	source->slots = NULL;
}

/* Allocates the memory that only events need, unless it is there.  Returns false without memory. */
static bool make_slots(struct lp_model_source *source)
{
	if (!source->slots)
		source->slots = calloc(1, sizeof(*source->slots));
	return source->slots != NULL;
}

static void free_source(struct lp_model_source *source)
{
	source_free_slots(source);
	findings_free(source->findings);
	frames_free(source->frames);
	processes_free(&source->targets);
	endings_free(&source->endings);
	limited_free(&source->limited);
	free(source);
}

void model_free(struct lp_model *model)
{
	struct lp_model_loop *loop;
	size_t i;

	if (!model)
		return;
	while ((loop = model->loops)) {
		model->loops = loop->next;
		model_free_loop(loop);
	}
	callbacks_free(&model->other.callbacks);
	free(model->other.before);
	for (i = 0; i < model->source_count; i++)
		free_source(model->sources[i]);
	source_lines_free(model->places);
	map_free(&model->alike);
	map_free(&model->folded);
	free(model->sources);
	free(model);
}

int model_add_source(struct lp_model *model, const struct lp_run *run)
{
	size_t count = model->source_count;
	struct lp_model_source *source = calloc(1, sizeof(*source)), **grown;

	/* the array has grown to a power of two, and is full when the count is one */
	grown = count & (count - 1) ? model->sources
				    : realloc(model->sources,
					      (count ? 2 * count : 1) * sizeof(*model->sources));

	if (grown)
		model->sources = grown;
	if (!source || !grown)
		goto failed;
	source->run = *run;
	source->last_event_ns = run->start_ns;
	source->frames = frames_new(model->places);
	if (source->frames)
		source->findings = findings_new(source->frames, report_finding, model);
	if (!source->findings || (!count && !make_slots(source)))
		goto failed;
	model->sources[model->source_count++] = source;
	if (!model->first || run->start_unix_ns < model->first->run.start_unix_ns)
		model->first = source;
	model->source = model->sources[0];
	return (int)count;
failed:
	if (source)
		free_source(source);
	return -ENOMEM;
}

bool model_select(struct lp_model *model, unsigned int source)
{
	if (source >= model->source_count)
		return true;
	if (!make_slots(model->sources[source]))
		return false;
	model->source = model->sources[source];
	return true;
}

static bool is_known(const uint8_t *boot_id)
{
	static const uint8_t zeros[16];

	return memcmp(boot_id, zeros, sizeof(zeros)) != 0;
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Returns the number of different host names of the sources; 0 if out of memory. */
static size_t count_hosts(const struct lp_model *model)
{
	const char **names = calloc(model->source_count, sizeof(*names));
	size_t hosts = 0, i;

	if (!names)
		return 0;
	for (i = 0; i < model->source_count; i++)
		names[i] = text_of(model->sources[i]->run.host);
	qsort(names, model->source_count, sizeof(*names), by_text);
	for (i = 0; i < model->source_count; i++)
		hosts += !i || strcmp(names[i - 1], names[i]) != 0;
	free(names);
	return hosts;
}

/* Adds the run of a source to the run of all sources. */
static void merge_run(struct lp_run *into, const struct lp_run *from)
{
	if (strcmp(text_of(into->mode), text_of(from->mode)) != 0)
		into->mode = "mixed";
	if (from->threshold_ns < into->threshold_ns)
		into->threshold_ns = from->threshold_ns;
	if (from->budget_ppm > into->budget_ppm)
		into->budget_ppm = from->budget_ppm;
	into->inner |= from->inner;
	into->queue |= from->queue;
	into->lifetimes |= from->lifetimes;
	into->explain |= from->explain;
	into->no_intervals |= from->no_intervals;
	into->sampled &= from->sampled;
	if (memcmp(into->boot_id, from->boot_id, sizeof(into->boot_id)) != 0)
		memset(into->boot_id, 0, sizeof(into->boot_id));
}

void model_start(struct lp_model *model)
{
	struct lp_run *run = &model->run;
	size_t i, hosts;

	if (!model->first)
		return;
	*run = model->first->run;
	for (i = 0; i < model->source_count; i++)
		merge_run(run, &model->sources[i]->run);
	if (model->source_count > 1) {
		run->sources = model->source_count;
		hosts = count_hosts(model);
		snprintf(model->host, sizeof(model->host), "%zu hosts", hosts);
		if (hosts > 1)
			run->host = model->host;
	}
	model->interval_start_ns = run->start_ns;
	if (model->observer->run)
		model->observer->run(model->context, run);
}

void model_begin(struct lp_model *model, const struct lp_run *run)
{
	if (model_add_source(model, run) >= 0)
		model_start(model);
}

/* ---- loops that two sources have recorded --------------------------------------------- */

static uint64_t hash_of(const struct lp_model_source *source, const struct lp_loop_info *info)
{
	struct lp_hash hash = hash_begin();

	hash_bytes(&hash, source->run.boot_id, sizeof(source->run.boot_id));
	hash_number(&hash, (uint64_t)info->pid);
	hash_number(&hash, (uint64_t)info->tid);
	return hash_end(&hash);
}

void source_add_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	loop->next_own = loop->source->own;
	loop->source->own = loop;
	/* without memory for that, a loop that two sources have recorded counts twice */
	if (model->source_count > 1)
		map_add(&model->alike, hash_of(loop->source, &loop->info), loop);
}

void source_drop_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	struct lp_model_loop **at = &loop->source->own;

	while (*at && *at != loop)
		at = &(*at)->next_own;
	if (*at)
		*at = loop->next_own;
	map_remove_entry(&model->alike, hash_of(loop->source, &loop->info), loop);
}

/* Returns whether the loop ended before now_ns.  Sources of one boot have the same clock. */
static bool is_over(const struct lp_model_loop *loop, uint64_t now_ns)
{
	uint64_t end_ns = loop->end_ns		? loop->end_ns
			  : loop->source->ended ? loop->source->end_ns
						: UINT64_MAX;

	return end_ns <= now_ns;
}

/* A loop that a source has recorded: see source_overlaps(). */
struct recorded_loop {
	const struct lp_model_source *source;
	const struct lp_loop_info *info;
	uint64_t start_ticks, begun_ns;
};

static bool is_same_loop(const void *entry, const void *key)
{
	const struct lp_model_loop *loop = entry;
	const struct recorded_loop *recorded = key;

	if (loop->source == recorded->source || loop->info.pid != recorded->info->pid ||
	    loop->info.tid != recorded->info->tid || is_over(loop, recorded->begun_ns))
		return false;
	if (loop->start_ticks && recorded->start_ticks &&
	    loop->start_ticks != recorded->start_ticks)
		return false;
	return !memcmp(loop->source->run.boot_id, recorded->source->run.boot_id,
		       sizeof(loop->source->run.boot_id));
}

/*
 * Of two sources the one whose event of the loop comes first counts it.  Loops with the same boot,
 * PID and TID at one time are the same; the start of the process is compared as well, because
 * a PID may be reused before the end of the first loop is recorded.
 */
bool source_overlaps(const struct lp_model *model, const struct lp_loop_info *info,
		     uint64_t start_ticks, uint64_t begun_ns)
{
	const struct lp_model_source *source = model->source;
	const struct recorded_loop recorded = { source, info, start_ticks, begun_ns };

	return model->source_count > 1 && is_known(source->run.boot_id) &&
	       map_find(&model->alike, hash_of(source, info), is_same_loop, &recorded);
}

uint64_t model_overlaps(const struct lp_model *model)
{
	return model->overlaps;
}

/* ---- segments that continue another one ------------------------------------------------ */

/*
 * Begins the counts of a loop at zero.  Cumulative counters of the kernel are stored to be
 * subtracted from later events; sums that the model adds up, as the histograms of callbacks, are
 * only reset.
 */
static void loop_baseline(struct lp_model_loop *loop, uint64_t now_ns)
{
	struct lp_model_callback *callback;

	loop->base = calloc(1, sizeof(*loop->base));
	if (!loop->base)
		return;
	loop->base->stats = loop->stats;
	loop->base->coverage = loop->coverage;
	loop->base->run_queue = loop->run_queue;
	loop->base->cpu_waits = loop->cpu_waits;
	loop->base->memory_waits = loop->memory_waits;
	loop->awake_ns = loop->awake_before_ns = 0;
	loop->awake_iterations = loop->awake_iterations_before = 0;
	memset(&loop->memory_waits, 0, sizeof(loop->memory_waits));
	memset(&loop->stats, 0, sizeof(loop->stats));
	memset(&loop->coverage, 0, sizeof(loop->coverage));
	loop->base->stats.wall_start_ns = now_ns;
	loop->stats.wall_start_ns = now_ns;
	loop->begin_ns = now_ns;
	loop->wall_ns = 0;
	lost_time_reset(loop->causes);
	for (callback = loop->callbacks.first; callback; callback = callback->next)
		callback_reset(callback);
}

/* The same for counts of no loop: lost events, callbacks without a slot, the cost of loopprof. */
static void source_base(struct lp_model_source *source)
{
	const struct lp_model_slot *other = source->slots->callbacks[0];

	/* "other" has the counts of all sources: only this source's part is subtracted */
	if (other && other->callback)
		callback_subtract(other->callback, other->slow, &other->run, other->queue);
	memcpy(source->lost_base, source->lost, sizeof(source->lost));
	source->self_base = source->self;
}

void source_baseline(struct lp_model_source *source)
{
	struct lp_model_loop *loop;

	if (source->ended)
		return;
	/* a loop that was read in the segment before is frozen since its event was repeated */
	for (loop = source->own; loop; loop = loop->next_own) {
		if (loop->frozen || loop->end_ns)
			continue;
		loop_baseline(loop, source->last_event_ns);
		loop->frozen = true;
	}
	if (!source->begun && source->lost_reported < 2)
		source_base(source);
	source->begun = true;
}

/* ---- time ----------------------------------------------------------------------------- */

void source_advance(struct lp_model_source *source, uint64_t now_ns)
{
	struct lp_model_loop *loop;

	findings_advance(source->findings, now_ns);
	/* this runs before each record of a capture, mostly without pending stalls */
	if (!source->waiting)
		return;
	source->waiting = false;
	for (loop = source->own; loop; loop = loop->next_own) {
		if (!loop->stalls)
			continue;
		pending_stalls_advance(loop->stalls, now_ns);
		source->waiting |= pending_stalls_wait(loop->stalls);
	}
}

void model_advance(struct lp_model *model, uint64_t now_ns)
{
	if (model->source)
		source_advance(model->source, now_ns);
}
