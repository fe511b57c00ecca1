// SPDX-License-Identifier: BSD-2-Clause
/* The sets of labels, and which of them have their own series. */
#include "series_internal.h"

#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A set of labels of loops, and the series in which it is counted. */
struct lp_label_set {
	struct lp_loop_labels labels;
	struct lp_loop_series *loops; /* NULL: the series were replaced by those of others */
	uint64_t round; /* last round with a loop of the set */
	/* if loops is NULL: observed time when they were replaced, and so far in this round */
	uint64_t wall_ns, wall_before_ns;
};

static void clear_callback(struct lp_callback_series *callback)
{
	struct lp_exemplar *exemplar = callback->exemplars, *next;

	for (; exemplar; exemplar = next) {
		next = exemplar->next;
		free(exemplar);
	}
	free(callback->run);
	free(callback->queue);
	free(callback->name);
	free(callback->file);
}

void series_free_callback(void *callback)
{
	clear_callback(callback);
	free(callback);
}

static uint64_t hash_of(const struct lp_loop_labels *labels)
{
	struct lp_hash hash = hash_begin();

	hash_bytes(&hash, labels, sizeof(*labels));
	return hash_end(&hash);
}

static bool has_labels(const void *entry, const void *key)
{
	const struct lp_label_set *set = entry;

	return !memcmp(&set->labels, key, sizeof(set->labels));
}

static void free_loop(struct lp_loop_series *loop)
{
	map_free_entries(&loop->callbacks, series_free_callback);
	clear_callback(&loop->other);
	free(loop);
}

static struct lp_loop_series *add_loop(struct lp_series *series,
				       const struct lp_loop_labels *labels)
{
	struct lp_loop_series *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->other.name = strdup("other");
	loop->other.file = strdup("");
	if (!loop->other.name || !loop->other.file) {
		free_loop(loop);
		return NULL;
	}
	if (labels) {
		loop->known = true;
		loop->labels = *labels;
	}
	loop->counted_ns = series->now_ns;
	if (!series->last)
		series->last = &series->loops;
	*series->last = loop;
	series->last = &loop->next;
	return loop;
}

/* Returns the series of "other" or of no loop, made when first needed; NULL: out of memory. */
static struct lp_loop_series *special_loop(struct lp_series *series, struct lp_loop_series **loop,
					   const struct lp_loop_labels *labels)
{
	if (!*loop)
		*loop = add_loop(series, labels);
	if (*loop)
		(*loop)->full = true;
	return *loop;
}

/* Frees the series that are idle for longest.  Returns false if none may be replaced. */
static bool evict_idle(struct lp_series *series)
{
	struct lp_loop_series **at, **found = NULL, *idle;
	struct lp_label_set *set;
	size_t next = 0;

	for (at = &series->loops; *at; at = &(*at)->next) {
		if (!(*at)->known || *at == series->other ||
		    series->now_ns - (*at)->counted_ns < LP_SERIES_IDLE_NS)
			continue;
		if (!found || (*at)->counted_ns < (*found)->counted_ns)
			found = at;
	}
	if (!found)
		return false;
	idle = *found;
	while ((set = map_next_pointer(&series->sets, &next))) {
		if (set->loops != idle)
			continue;
		set->loops = NULL;
		set->wall_ns = idle->numbers.wall_ns;
	}
	*found = idle->next;
	if (!*found)
		series->last = found;
	series->callback_count -= idle->own_count;
	free_loop(idle);
	series->set_count--;
	return true;
}

bool series_same_owner(const struct lp_loop_labels *left, const struct lp_loop_labels *right)
{
	return !strcmp(left->unit, right->unit) && !strcmp(left->container, right->container) &&
	       !strcmp(left->pod, right->pod) && !strcmp(left->host, right->host);
}

/*
 * Returns whether the unit, container or pod has its share of sets.  Without a share one program
 * could take all of them: it chooses the names of its threads, and each is a set of labels.
 */
static bool owner_has_its_part(const struct lp_series *series, const struct lp_loop_labels *labels)
{
	const struct lp_loop_series *loop;
	size_t count = 0;

	for (loop = series->loops; loop; loop = loop->next)
		count += loop->known && loop != series->other &&
			 series_same_owner(&loop->labels, labels);
	return count >= LP_SERIES_SHARE(LP_SERIES_SETS);
}

/* Returns new series for a set of labels, or those of "other"; NULL: out of memory. */
static struct lp_loop_series *place_set_of(struct lp_series *series,
					   const struct lp_loop_labels *labels)
{
	struct lp_loop_labels other = { .runtime = "other", .service = "other" };

	if (owner_has_its_part(series, labels) ||
	    (series->set_count >= LP_SERIES_SETS && !evict_idle(series))) {
		snprintf(other.host, sizeof(other.host), "%s", series->by_host ? "other" : "");
		return special_loop(series, &series->other, &other);
	}
	series->set_count++;
	return add_loop(series, labels);
}

/* Returns the labels of a loop, with unused bytes 0 for memcmp(). */
static struct lp_loop_labels labels_of(const struct lp_series *series,
				       const struct lp_loop_info *info)
{
	struct lp_loop_labels labels;

	memset(&labels, 0, sizeof(labels));
	snprintf(labels.runtime, sizeof(labels.runtime), "%s", info->runtime);
	snprintf(labels.service, sizeof(labels.service), "%s", info->comm);
	snprintf(labels.unit, sizeof(labels.unit), "%s", info->unit);
	snprintf(labels.container, sizeof(labels.container), "%s", info->container);
	snprintf(labels.pod, sizeof(labels.pod), "%s", info->pod);
	if (series->by_host)
		snprintf(labels.host, sizeof(labels.host), "%s", info->host);
	return labels;
}

static struct lp_label_set *set_of(struct lp_series *series, const struct lp_loop_info *info)
{
	struct lp_loop_labels labels = labels_of(series, info);
	uint64_t hash = hash_of(&labels);
	struct lp_label_set *set = map_find(&series->sets, hash, has_labels, &labels);

	if (set)
		return set;
	set = calloc(1, sizeof(*set));
	if (!set)
		return NULL;
	set->labels = labels;
	set->loops = place_set_of(series, &labels);
	if (!set->loops || !map_add(&series->sets, hash, set)) {
		/* new series stay, empty */
		free(set);
		return NULL;
	}
	return set;
}

int series_loop_of(struct lp_series *series, const struct lp_loop_info *info,
		   const struct lp_loop_summary *summary, struct lp_loop_series **loop)
{
	struct lp_label_set *set;

	*loop = NULL;
	if (!info) {
		*loop = special_loop(series, &series->unknown, NULL);
		return *loop ? 0 : -ENOMEM;
	}
	set = set_of(series, info);
	if (!set)
		return -ENOMEM;
	if (set->round != series->round) {
		set->round = series->round;
		/* the loops are active again: they get series if there is space */
		if (!set->loops && set->wall_before_ns > set->wall_ns &&
		    (series->set_count < LP_SERIES_SETS || evict_idle(series)))
			set->loops = place_set_of(series, &set->labels);
		set->wall_before_ns = 0;
	}
	if (!set->loops && summary)
		set->wall_before_ns += summary->wall_ns;
	*loop = set->loops;
	return 0;
}

void series_sweep_sets(struct lp_series *series)
{
	struct lp_label_set *set;
	size_t at = 0;

	while ((set = map_next_pointer(&series->sets, &at))) {
		if ((set->loops && set->loops != series->other) || set->round == series->round)
			continue;
		map_remove_last(&series->sets, &at);
		free(set);
	}
	series->sets_overflow = 0;
	for (at = 0; (set = map_next_pointer(&series->sets, &at));)
		series->sets_overflow += !set->loops || set->loops == series->other;
}

void series_free(struct lp_series *series)
{
	struct lp_loop_series *loop = series->loops, *next;

	for (; loop; loop = next) {
		next = loop->next;
		free_loop(loop);
	}
	map_free_entries(&series->sets, free);
	free(series->arena);
	memset(series, 0, sizeof(*series));
}
