// SPDX-License-Identifier: BSD-2-Clause
#include "series.h"

#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_A_POWER (1 << LP_HISTOGRAM_SCALE)

_Static_assert(LP_HISTOGRAM_BUCKETS == (LP_SPREAD_EDGES - 1) * SLOTS_A_POWER,
	       "the last power of two is the last edge");

static void spread_add(struct lp_spread *spread, const struct lp_histogram *histogram)
{
	size_t slot;

	spread->sum_ns += histogram->sum_ns;
	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		spread->counts[(slot + SLOTS_A_POWER - 1) / SLOTS_A_POWER] +=
			histogram->slots[slot];
}

uint64_t spread_count(const struct lp_spread *spread)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i <= LP_SPREAD_EDGES; i++)
		count += spread->counts[i];
	return count;
}

static int compare_callbacks(const void *first, const void *second)
{
	const struct lp_callback_series *left = first, *right = second;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = strcmp(left->file, right->file);
	return order ? order : (int)left->kind - (int)right->kind;
}

static void free_callback(void *node)
{
	struct lp_callback_series *callback = node;

	if (callback->own)
		free(callback->times);
	free(callback->name);
	free(callback->file);
	free(callback);
}

void series_free(struct lp_series *series)
{
	struct lp_loop_series *loop = series->loops, *next;

	for (; loop; loop = next) {
		next = loop->next;
		tdestroy(loop->tree, free_callback);
		free(loop);
	}
	series->loops = NULL;
}

static bool same_labels(const struct lp_loop_series *series, const struct lp_loop_info *loop)
{
	if (!loop)
		return !series->known;
	return series->known && !strcmp(series->runtime, loop->runtime) &&
	       !strcmp(series->service, loop->comm) && !strcmp(series->container, loop->container);
}

/* The series of a loop (NULL: of callbacks without one), made if there is none; NULL: no memory. */
static struct lp_loop_series *series_of_loop(struct lp_series *series,
					     const struct lp_loop_info *info)
{
	struct lp_loop_series **at = &series->loops, *loop;

	while (*at && !same_labels(*at, info))
		at = &(*at)->next;
	loop = *at;
	if (loop)
		return loop;
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return NULL;
	if (info) {
		loop->known = true;
		memcpy(loop->runtime, info->runtime, sizeof(loop->runtime));
		memcpy(loop->service, info->comm, sizeof(loop->service));
		memcpy(loop->container, info->container, sizeof(loop->container));
	}
	*at = loop;
	return loop;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct lp_callback_series *add_callback(struct lp_loop_series *loop,
					       const struct lp_callback_info *info)
{
	struct lp_callback_series *callback = calloc(1, sizeof(*callback));

	if (!callback)
		return NULL;
	callback->name = strdup(info->name);
	callback->file = strdup(base_name(info->file));
	callback->kind = info->kind;
	if (!callback->name || !callback->file ||
	    !tsearch(callback, &loop->tree, compare_callbacks)) {
		free_callback(callback);
		return NULL;
	}
	callback->next = loop->fresh;
	loop->fresh = callback;
	return callback;
}

static struct lp_callback_series *find_callback(const struct lp_loop_series *loop,
						const struct lp_callback_info *info)
{
	struct lp_callback_series wanted = {
		.name = (char *)info->name,
		.file = (char *)base_name(info->file),
		.kind = info->kind,
	};
	struct lp_callback_series **node = tfind(&wanted, &loop->tree, compare_callbacks);

	return node ? *node : NULL;
}

static void clear_counts(struct lp_series *series)
{
	struct lp_callback_series *callback;
	struct lp_loop_series *loop;

	for (loop = series->loops; loop; loop = loop->next) {
		loop->busy_ns = 0;
		loop->idle_ns = 0;
		loop->iterations = 0;
		loop->callbacks = 0;
		loop->slow_callbacks = 0;
		memset(loop->lost_ns, 0, sizeof(loop->lost_ns));
		memset(loop->findings, 0, sizeof(loop->findings));
		memset(loop->outcomes, 0, sizeof(loop->outcomes));
		memset(&loop->iteration, 0, sizeof(loop->iteration));
		memset(&loop->other, 0, sizeof(loop->other));
		for (callback = loop->own; callback; callback = callback->next)
			memset(callback->times, 0, sizeof(*callback->times));
	}
}

/* A task may end in an interval in which it does not run. */
static bool has_run(const struct lp_callback_summary *item)
{
	return !item->lifetimes || histogram_count(&item->run);
}

static void count_outcomes(struct lp_series *series, struct lp_loop_series *loop,
			   const struct lp_lifetimes *lifetimes)
{
	size_t i;

	series->any_outcomes = true;
	for (i = 0; i < LP_OUTCOMES; i++)
		loop->outcomes[i] += lifetimes->outcomes[i];
}

/* Counts a loop, and finds the callbacks that are new. */
static int count_loop(struct lp_series *series, const struct lp_loop_summary *summary)
{
	struct lp_loop_series *loop = series_of_loop(series, summary->loop);
	size_t i;

	if (!loop)
		return -ENOMEM;
	loop->busy_ns += summary->busy_ns;
	loop->idle_ns += summary->idle_ns;
	loop->iterations += summary->iterations;
	loop->callbacks += summary->callbacks;
	loop->slow_callbacks += summary->slow_callbacks;
	for (i = 0; i < summary->cause_count; i++)
		loop->lost_ns[summary->causes[i].kind] += summary->causes[i].total_ns;
	spread_add(&loop->iteration, &summary->iteration);
	if (!loop->known)
		return 0;
	for (i = 0; i < summary->callback_count; i++) {
		const struct lp_callback_summary *item = &summary->items[i];
		struct lp_callback_series *callback;

		if (item->lifetimes)
			count_outcomes(series, loop, item->lifetimes);
		if (!has_run(item))
			continue;
		callback = find_callback(loop, item->callback);
		if (!callback)
			callback = add_callback(loop, item->callback);
		if (!callback)
			return -ENOMEM;
		if (!callback->times)
			callback->total_ns += item->run.sum_ns;
	}
	return 0;
}

/* Takes the one with most run time out of the new ones. */
static struct lp_callback_series *take_greatest(struct lp_loop_series *loop)
{
	struct lp_callback_series **at, **greatest = &loop->fresh, *taken;

	for (at = &loop->fresh; *at; at = &(*at)->next)
		if ((*at)->total_ns > (*greatest)->total_ns)
			greatest = at;
	taken = *greatest;
	*greatest = taken->next;
	taken->next = NULL;
	return taken;
}

static void decide(struct lp_loop_series *loop)
{
	struct lp_callback_series *callback, **end = &loop->own;

	while (*end)
		end = &(*end)->next;
	while (loop->fresh && loop->own_count < LP_SERIES_CALLBACKS) {
		callback = take_greatest(loop);
		callback->times = calloc(1, sizeof(*callback->times));
		if (callback->times) {
			callback->own = true;
			*end = callback;
			end = &callback->next;
			loop->own_count++;
		} else {
			callback->times = &loop->other;
		}
	}
	for (; loop->fresh; loop->fresh = callback) {
		callback = loop->fresh->next;
		loop->fresh->times = &loop->other;
		loop->fresh->next = NULL;
	}
}

static void count_callbacks(struct lp_series *series, const struct lp_loop_summary *summary)
{
	struct lp_loop_series *loop = series_of_loop(series, summary->loop);
	size_t i;

	for (i = 0; i < summary->callback_count; i++) {
		const struct lp_callback_summary *item = &summary->items[i];
		struct lp_callback_times *times = &loop->other;

		if (!has_run(item))
			continue;
		if (loop->known)
			times = find_callback(loop, item->callback)->times;
		spread_add(&times->run, &item->run);
		spread_add(&times->queue, &item->queue);
	}
}

static int count_findings(struct lp_series *series, const struct lp_summary *total)
{
	size_t i;

	for (i = 0; i < total->finding_count; i++) {
		const struct lp_finding_count *count = &total->findings[i];
		struct lp_loop_series *loop = series_of_loop(series, count->loop);

		if (!loop)
			return -ENOMEM;
		series->any_findings = true;
		loop->findings[count->kind] += count->count;
	}
	return 0;
}

int series_count(struct lp_series *series, const struct lp_summary *total)
{
	struct lp_loop_series *loop;
	size_t i;

	clear_counts(series);
	for (i = 0; i < total->loop_count; i++)
		if (count_loop(series, &total->loops[i]))
			return -ENOMEM;
	for (loop = series->loops; loop; loop = loop->next)
		decide(loop);
	for (i = 0; i < total->loop_count; i++)
		count_callbacks(series, &total->loops[i]);
	return count_findings(series, total);
}
