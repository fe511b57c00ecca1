// SPDX-License-Identifier: BSD-2-Clause
#include "callbacks.h"

#include "lifetimes.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

const struct lp_callback_info unknown_callback = { .kind = LP_MODEL_CALLBACK,
						   .name = LP_UNKNOWN_CALLBACK };

static uint64_t hash_of(const struct lp_callback_info *info)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, info->name);
	hash_text(&hash, info->file);
	hash_number(&hash, info->line);
	return hash_end(&hash);
}

static bool has_info(const void *entry, const void *key)
{
	const struct lp_callback_info *left = &((const struct lp_model_callback *)entry)->info;
	const struct lp_callback_info *right = key;

	return left->kind == right->kind && left->line == right->line &&
	       !strcmp(left->name, right->name) && !strcmp(left->file, right->file);
}

static bool is_full(const struct lp_callbacks *callbacks)
{
	return callbacks->by_name.count >= LP_RETAINED_CALLBACKS ||
	       (callbacks->in_all && *callbacks->in_all >= LP_RETAINED_CALLBACKS_IN_ALL);
}

struct lp_model_callback *callbacks_find(struct lp_callbacks *callbacks,
					 const struct lp_callback_info *info)
{
	uint64_t hash = hash_of(info);
	struct lp_model_callback *callback = map_find(&callbacks->by_name, hash, has_info, info);

	if (callback)
		return callback;
	if (is_full(callbacks)) {
		info = &unknown_callback;
		hash = hash_of(info);
		callback = map_find(&callbacks->by_name, hash, has_info, info);
		if (callback)
			return callback;
	}
	callback = calloc(1, sizeof(*callback));
	if (!callback || !map_add(&callbacks->by_name, hash, callback)) {
		free(callback);
		return NULL;
	}
	callback->info = *info;
	callback->next = callbacks->first;
	callbacks->first = callback;
	if (callbacks->in_all)
		++*callbacks->in_all;
	return callback;
}

void callback_reset(struct lp_model_callback *callback)
{
	callback->slow = callback->before_slow = 0;
	memset(&callback->run, 0, sizeof(callback->run));
	free(callback->queue);
	free(callback->before_run);
	free(callback->before_queue);
	free(callback->lifetimes);
	free(callback->before_lifetimes);
	free(callback->interval_lifetimes);
	callback->queue = callback->before_run = callback->before_queue = NULL;
	callback->lifetimes = callback->before_lifetimes = callback->interval_lifetimes = NULL;
}

void callback_subtract(struct lp_model_callback *callback, uint64_t slow,
		       const struct lp_histogram *run, const struct lp_histogram *queue)
{
	callback->slow -= slow < callback->slow ? slow : callback->slow;
	histogram_subtract(&callback->run, &callback->run, run);
	if (callback->queue && queue)
		histogram_subtract(callback->queue, callback->queue, queue);
}

void callbacks_free(struct lp_callbacks *callbacks)
{
	struct lp_model_callback *callback;

	while ((callback = callbacks->first)) {
		callbacks->first = callback->next;
		callback_reset(callback);
		free(callback);
	}
	if (callbacks->in_all)
		*callbacks->in_all -= callbacks->by_name.count;
	map_free(&callbacks->by_name);
	memset(callbacks, 0, sizeof(*callbacks));
}

static void add_histogram(struct lp_histogram **into, const struct lp_histogram *from)
{
	if (!from)
		return;
	if (!*into)
		*into = calloc(1, sizeof(**into));
	if (*into)
		histogram_merge(*into, from);
}

static void add_lifetimes(struct lp_lifetimes **into, const struct lp_lifetimes *from)
{
	if (!from)
		return;
	if (!*into)
		*into = calloc(1, sizeof(**into));
	if (*into)
		lifetimes_merge(*into, from);
}

void callbacks_merge(struct lp_callbacks *into, struct lp_callbacks *from)
{
	const struct lp_model_callback *other;
	struct lp_model_callback *callback;

	/* callbacks that are moved must not count twice for the limit of all loops */
	if (from->in_all)
		*from->in_all -= from->by_name.count;
	from->in_all = NULL;
	for (other = from->first; other; other = other->next) {
		callback = callbacks_find(into, &other->info);
		if (!callback)
			continue;
		callback->slow += other->slow;
		callback->before_slow += other->before_slow;
		histogram_merge(&callback->run, &other->run);
		add_histogram(&callback->queue, other->queue);
		add_histogram(&callback->before_run, other->before_run);
		add_histogram(&callback->before_queue, other->before_queue);
		add_lifetimes(&callback->lifetimes, other->lifetimes);
		add_lifetimes(&callback->before_lifetimes, other->before_lifetimes);
	}
	callbacks_free(from);
}

void callbacks_add_summary(struct lp_callbacks *into, const struct lp_callback_summary *summary)
{
	struct lp_model_callback *callback = callbacks_find(into, summary->callback);

	if (!callback)
		return;
	callback->slow += summary->slow;
	histogram_merge(&callback->run, &summary->run);
	if (histogram_count(&summary->queue))
		add_histogram(&callback->queue, &summary->queue);
	add_lifetimes(&callback->lifetimes, summary->lifetimes);
}

static void keep(void **before, const void *now, size_t size)
{
	if (!now)
		return;
	if (!*before)
		*before = malloc(size);
	if (*before)
		memcpy(*before, now, size);
}

void callback_begin_interval(struct lp_model_callback *callback)
{
	uint64_t before_ns = callback->before_run ? callback->before_run->sum_ns : 0;
	bool ran = before_ns != callback->run.sum_ns || callback->before_slow != callback->slow;

	if (ran) {
		callback->before_slow = callback->slow;
		keep((void **)&callback->before_run, &callback->run, sizeof(callback->run));
		keep((void **)&callback->before_queue, callback->queue, sizeof(*callback->queue));
	}
	keep((void **)&callback->before_lifetimes, callback->lifetimes,
	     sizeof(*callback->lifetimes));
}

void histogram_grow(struct lp_histogram **into, const struct lp_histogram *now,
		    const struct lp_histogram *before)
{
	struct lp_histogram added;

	histogram_subtract(&added, now, before);
	if (!histogram_count(&added) && !added.sum_ns)
		return;
	if (!*into)
		*into = calloc(1, sizeof(**into));
	if (*into)
		histogram_merge(*into, &added);
}
