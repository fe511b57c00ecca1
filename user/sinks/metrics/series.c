// SPDX-License-Identifier: BSD-2-Clause
#include "series_internal.h"

#include "model/loop_sums.h"
#include "wire/histogram.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/macros.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Limit of callbacks that are added for a stall, before a summary has them. */
#define FRESH_FROM_STALLS 1024

/* ---- callbacks --------------------------------------------------------------- */

static int compare_callbacks(const void *first, const void *second)
{
	const struct lp_callback_series *left = first, *right = second;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = strcmp(left->file, right->file);
	return order ? order : (int)left->kind - (int)right->kind;
}

static bool same_callback(const void *entry, const void *key)
{
	return !compare_callbacks(entry, key);
}

static uint64_t hash_of(const struct lp_callback_series *callback)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, callback->name);
	hash_text(&hash, callback->file);
	hash_number(&hash, callback->kind);
	return hash_end(&hash);
}

/*
 * Copies a name, replacing hexadecimal numbers of six digits or more by "0x.": names that are made
 * at run time may contain an address, "<Job at 0x7f31c0de>", and each would be a series.
 */
static void set_name(char name[LP_NAME_MAX], const char *from)
{
	size_t at = 0, digits;

	while (*from && at + 4 < LP_NAME_MAX) {
		digits = !strncmp(from, "0x", 2) ? strspn(from + 2, "0123456789abcdefABCDEF") : 0;
		if (digits >= 6) {
			memcpy(name + at, "0x.", 3);
			at += 3;
			from += 2 + digits;
		} else {
			name[at++] = *from++;
		}
	}
	name[at] = '\0';
}

static struct lp_callback_series *add_callback(struct lp_loop_series *loop,
					       const struct lp_callback_series *wanted)
{
	struct lp_callback_series *callback = calloc(1, sizeof(*callback));

	if (!callback)
		return NULL;
	callback->name = strdup(wanted->name);
	callback->file = strdup(wanted->file);
	callback->kind = wanted->kind;
	if (!callback->name || !callback->file ||
	    !map_add(&loop->callbacks, hash_of(callback), callback)) {
		series_free_callback(callback);
		return NULL;
	}
	callback->next = loop->fresh;
	loop->fresh = callback;
	return callback;
}

/* Returns the series of a callback, made if needed, or "other"; NULL: out of memory. */
static struct lp_callback_series *callback_of(struct lp_loop_series *loop,
					      const struct lp_callback_info *info)
{
	char name[LP_NAME_MAX];
	struct lp_callback_series wanted = {
		.name = name,
		.file = (char *)text_base_name(info->file),
		.kind = info->kind,
	};
	struct lp_callback_series *callback;

	set_name(name, info->name);
	callback = map_find(&loop->callbacks, hash_of(&wanted), same_callback, &wanted);
	if (callback)
		return callback;
	return loop->full ? &loop->other : add_callback(loop, &wanted);
}

/* ---- counting ----------------------------------------------------------------- */

/* Returns false for tasks that have only ended, without a run. */
static bool has_run(const struct lp_callback_summary *item)
{
	return !item->lifetimes || histogram_count(&item->run);
}

static int reserve_parts(struct lp_series *series, const struct lp_summary *total)
{
	size_t count = total->loop_count, i;
	struct lp_series_part *arena;

	for (i = 0; i < total->loop_count; i++)
		count += total->loops[i].callback_count;
	series->arena_used = 0;
	if (count <= series->arena_size)
		return 0;
	arena = realloc(series->arena, count * sizeof(*arena));
	if (!arena)
		return -ENOMEM;
	series->arena = arena;
	series->arena_size = count;
	return 0;
}

static void add_part(struct lp_series *series, struct lp_series_part **parts, const void *of)
{
	struct lp_series_part *part = &series->arena[series->arena_used++];

	part->of = of;
	part->next = *parts;
	*parts = part;
}

static int count_item(struct lp_series *series, struct lp_loop_series *loop,
		      const struct lp_callback_summary *item)
{
	struct lp_callback_series *callback;
	size_t i;

	if (item->lifetimes) {
		series->any_outcomes = true;
		for (i = 0; i < LP_OUTCOMES; i++)
			loop->now.outcomes[i] += item->lifetimes->outcomes[i];
	}
	if (!has_run(item))
		return 0;
	callback = callback_of(loop, item->callback);
	if (!callback)
		return -ENOMEM;
	if (callback == &loop->other)
		series->callbacks_overflow++;
	callback->total_ns += item->run.sum_ns;
	add_part(series, &callback->parts, item);
	return 0;
}

static int count_loop(struct lp_series *series, const struct lp_loop_summary *summary)
{
	struct lp_loop_series *loop;
	size_t i;
	int err = series_loop_of(series, summary->loop, summary, &loop);

	if (err || !loop)
		return err;
	for (i = 0; i < LP_ENDING_KINDS; i++)
		series->any_ends |= summary->ends[i] != 0;
	series->any_memory |= memory_shortage_is_known(&summary->memory);
	for (i = 0; i < LP_MEMORY_PARTS; i++)
		loop->now.memory_ns[i] +=
			memory_shortage_ns(&summary->memory, (enum lp_memory_part)i);
	for (i = 0; i < summary->cause_count; i++)
		loop->now.lost_ns[summary->causes[i].kind] += summary->causes[i].total_ns;
	/* without samples or bursts, all of the time is traced */
	if (series->whole && !summary->traced_ns)
		loop->now.traced_ns += summary->wall_ns;
	loop->now.never_waiting += loop_is_awake(summary, series->now_ns);
	add_part(series, &loop->parts, summary);
	for (i = 0; !err && i < summary->callback_count; i++)
		err = count_item(series, loop, &summary->items[i]);
	return err;
}

static int count_findings(struct lp_series *series, const struct lp_summary *total)
{
	size_t i;

	for (i = 0; i < total->finding_count; i++) {
		const struct lp_finding_count *count = &total->findings[i];
		struct lp_loop_series *loop;
		int err = series_loop_of(series, count->loop, NULL, &loop);

		if (err)
			return err;
		series->any_findings = true;
		if (loop)
			loop->now.findings[count->kind] += count->count;
	}
	return 0;
}

static int count_limited(struct lp_series *series, const struct lp_summary *total)
{
	size_t i, kind;

	for (i = 0; i < total->limited_count; i++) {
		const struct lp_limited *limited = &total->limited[i];
		struct lp_loop_series *loop;
		int err = series_loop_of(series, limited->loop, NULL, &loop);

		if (err)
			return err;
		series->any_limited = true;
		for (kind = 0; loop && kind < LP_LIMITED_KINDS; kind++)
			loop->now.limited[kind] += limited->counts[kind];
	}
	return 0;
}

/* ---- choice of the callbacks with their own series ------------------------------ */

struct candidate {
	struct lp_loop_series *loop;
	struct lp_callback_series *callback;
};

static int by_total(const void *first, const void *second)
{
	const struct candidate *left = first, *right = second;

	if (left->callback->total_ns != right->callback->total_ns)
		return left->callback->total_ns < right->callback->total_ns ? 1 : -1;
	return compare_callbacks(left->callback, right->callback);
}

static void take(struct lp_series *series, struct lp_loop_series *loop,
		 struct lp_callback_series *callback)
{
	struct lp_callback_series **end = &loop->own;

	while (*end && *end != &loop->other)
		end = &(*end)->next;
	callback->next = *end;
	*end = callback;
	callback->own = true;
	loop->own_count++;
	series->callback_count++;
}

static void leave(struct lp_series *series, struct lp_loop_series *loop,
		  struct lp_callback_series *callback)
{
	struct lp_series_part **end = &callback->parts;

	/* without parts it was added for a stall only, and gets another chance */
	if (callback->parts)
		loop->full = true;
	for (; *end; end = &(*end)->next)
		series->callbacks_overflow++;
	*end = loop->other.parts;
	loop->other.parts = callback->parts;
	map_remove_entry(&loop->callbacks, hash_of(callback), callback);
	series_free_callback(callback);
}

static size_t list_fresh(struct lp_series *series, struct candidate *list)
{
	struct lp_callback_series *callback;
	struct lp_loop_series *loop;
	size_t count = 0;

	for (loop = series->loops; loop; loop = loop->next) {
		for (callback = loop->fresh; callback; callback = callback->next, count++)
			if (list)
				list[count] = (struct candidate){ loop, callback };
		if (list)
			loop->fresh = NULL;
	}
	return count;
}

/* Returns the number of callbacks with their own series of the unit of a set of labels. */
static size_t count_of_owner(const struct lp_series *series, const struct lp_loop_series *of)
{
	const struct lp_loop_series *loop;
	size_t count = 0;

	for (loop = series->loops; loop; loop = loop->next)
		if (loop->own_count && series_same_owner(&loop->labels, &of->labels))
			count += loop->own_count;
	return count;
}

static bool has_space(const struct lp_series *series, const struct lp_loop_series *loop)
{
	return !loop->full && loop->own_count < LP_SERIES_CALLBACKS &&
	       series->callback_count < LP_SERIES_CALLBACKS_ALL &&
	       count_of_owner(series, loop) < LP_SERIES_SHARE(LP_SERIES_CALLBACKS_ALL);
}

static int decide(struct lp_series *series)
{
	size_t count = list_fresh(series, NULL), i;
	struct candidate *list;

	if (!count)
		return 0;
	list = calloc(count, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list_fresh(series, list);
	qsort(list, count, sizeof(*list), by_total);
	for (i = 0; i < count; i++) {
		struct lp_loop_series *loop = list[i].loop;

		if (list[i].callback->parts && has_space(series, loop))
			take(series, loop, list[i].callback);
		else
			leave(series, loop, list[i].callback);
	}
	free(list);
	return 0;
}

/* ---- numbers never decrease ------------------------------------------------------ */

static void raise_histogram(struct lp_histogram *histogram, const struct lp_histogram *now)
{
	size_t slot;

	histogram->sum_ns = max_u64(histogram->sum_ns, now->sum_ns);
	histogram->max_ns = max_u64(histogram->max_ns, now->max_ns);
	histogram->inverted_min_ns = max_u64(histogram->inverted_min_ns, now->inverted_min_ns);
	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		histogram->slots[slot] = max_u64(histogram->slots[slot], now->slots[slot]);
}

/* Adds the sum of the parts to the numbers of this round. */
static void add_sum(struct lp_loop_numbers *now, const struct lp_loop_summary *sum)
{
	size_t i;

	now->wall_ns += sum->wall_ns;
	now->traced_ns += sum->traced_ns;
	now->busy_ns += sum->busy_ns;
	now->idle_ns += sum->idle_ns;
	now->iterations += sum->iterations;
	now->callbacks += sum->callbacks;
	now->slow_callbacks += sum->slow_callbacks;
	now->suppressed += sum->suppressed;
	for (i = 0; i < LP_ENDING_KINDS; i++)
		now->ends[i] += sum->ends[i];
}

static void raise_numbers(struct lp_series *series, struct lp_loop_series *loop)
{
	uint64_t *to = (uint64_t *)&loop->numbers;
	const uint64_t *from = (const uint64_t *)&loop->now;
	struct lp_loop_summary sum = { .wall_ns = 0 };
	const struct lp_series_part *part;
	size_t i;

	for (part = loop->parts; part; part = part->next)
		loop_sums_add(&sum, part->of);
	add_sum(&loop->now, &sum);
	for (i = 0; i < sizeof(loop->now) / sizeof(*to); i++)
		if (from[i] > to[i]) {
			to[i] = from[i];
			loop->counted_ns = series->now_ns;
		}
	loop->numbers.never_waiting = loop->now.never_waiting;
	raise_histogram(&loop->iteration, &sum.iteration);
	loop->parts = NULL;
	memset(&loop->now, 0, sizeof(loop->now));
}

static int raise_callback(struct lp_callback_series *callback)
{
	struct lp_histogram run = { .sum_ns = 0 }, queue = { .sum_ns = 0 };
	const struct lp_series_part *part;

	for (part = callback->parts; part; part = part->next) {
		const struct lp_callback_summary *item = part->of;

		histogram_merge(&run, &item->run);
		/* empty without --queue */
		if (histogram_max(&item->queue))
			histogram_merge(&queue, &item->queue);
	}
	callback->parts = NULL;
	callback->total_ns = 0;
	if (!callback->run)
		callback->run = calloc(1, sizeof(run));
	if (!callback->queue && histogram_max(&queue))
		callback->queue = calloc(1, sizeof(queue));
	if (!callback->run || (!callback->queue && histogram_max(&queue)))
		return -ENOMEM;
	raise_histogram(callback->run, &run);
	if (callback->queue)
		raise_histogram(callback->queue, &queue);
	return 0;
}

static void report_other(struct lp_loop_series *loop)
{
	struct lp_callback_series **end = &loop->own;

	while (*end && *end != &loop->other)
		end = &(*end)->next;
	*end = &loop->other;
}

static int raise_all(struct lp_series *series)
{
	struct lp_callback_series *callback;
	struct lp_loop_series *loop;
	int err = 0;

	for (loop = series->loops; loop; loop = loop->next) {
		raise_numbers(series, loop);
		if (loop->other.parts)
			report_other(loop);
		for (callback = loop->own; !err && callback; callback = callback->next)
			err = raise_callback(callback);
	}
	return err;
}

/* Begins a round, and clears what a failed count has left. */
static void begin(struct lp_series *series, uint64_t now_ns)
{
	struct lp_callback_series *callback;
	struct lp_loop_series *loop;

	series->round++;
	series->now_ns = now_ns;
	series->callbacks_overflow = 0;
	series->fresh_from_stalls = 0;
	for (loop = series->loops; loop; loop = loop->next) {
		memset(&loop->now, 0, sizeof(loop->now));
		loop->parts = NULL;
		loop->other.parts = NULL;
		for (callback = loop->own; callback; callback = callback->next)
			callback->parts = NULL;
		for (callback = loop->fresh; callback; callback = callback->next) {
			callback->parts = NULL;
			callback->total_ns = 0;
		}
	}
}

int series_count(struct lp_series *series, const struct lp_summary *total)
{
	size_t i;
	int err;

	begin(series, total->now_ns);
	err = reserve_parts(series, total);
	for (i = 0; !err && i < total->loop_count; i++)
		err = count_loop(series, &total->loops[i]);
	if (!err)
		err = count_findings(series, total);
	if (!err)
		err = count_limited(series, total);
	if (!err)
		err = decide(series);
	if (!err)
		err = raise_all(series);
	if (!err)
		series_sweep_sets(series);
	return err;
}

void series_stall(struct lp_series *series, const struct lp_slow_callback *slow)
{
	struct lp_callback_series *callback;
	struct lp_exemplar exemplar, **at;
	struct lp_loop_series *loop;

	if (slow->in_progress || series_loop_of(series, slow->loop, NULL, &loop) || !loop)
		return;
	if (!loop->full && series->fresh_from_stalls >= FRESH_FROM_STALLS)
		return;
	callback = callback_of(loop, slow->callback);
	if (!callback)
		return;
	if (callback == loop->fresh && !callback->exemplars)
		series->fresh_from_stalls++;
	memset(&exemplar, 0, sizeof(exemplar));
	exemplar_set(&exemplar, slow, series->run_unix_ns);
	exemplar.round = series->round;
	for (at = &callback->exemplars; *at && (*at)->edge != exemplar.edge;)
		at = &(*at)->next;
	if (!*at)
		*at = calloc(1, sizeof(**at));
	else if ((*at)->round == exemplar.round && (*at)->duration_ns >= exemplar.duration_ns)
		return;
	if (!*at)
		return;
	exemplar.next = (*at)->next;
	**at = exemplar;
}
