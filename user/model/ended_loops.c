// SPDX-License-Identifier: BSD-2-Clause
/*
 * Folding of ended loops.  A service that restarts its workers has thousands of ended loops after
 * weeks.  The last ones are retained as they are; older ones are folded: their exact counts are
 * added to one loop for each set of labels.  Series of metrics are identified by the same labels,
 * so that no counter of a series ever decreases.
 */
#include "model_internal.h"

#include "loop_sums.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The limit of ended loops that are not folded. */
#define LP_RETAINED_LOOPS 256
/* The limit of sets of labels of folded loops; loops with other labels share one more. */
#define LP_FOLDED_LOOPS 512

/* The limit of loops of captures that are not folded, ended or not. */
#define LP_READ_LOOPS 2048

static bool same_labels(const struct lp_loop_info *left, const struct lp_loop_info *right)
{
	return !strcmp(left->comm, right->comm) && !strcmp(left->runtime, right->runtime) &&
	       !strcmp(left->unit, right->unit) && !strcmp(left->container, right->container) &&
	       !strcmp(left->pod, right->pod) && !strcmp(left->host, right->host);
}

static bool has_labels(const void *entry, const void *key)
{
	return same_labels(&((const struct lp_model_loop *)entry)->info, key);
}

static uint64_t hash_of(const struct lp_loop_info *info)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, info->comm);
	hash_text(&hash, info->unit);
	hash_text(&hash, info->container);
	hash_text(&hash, info->pod);
	hash_text(&hash, info->host);
	return hash_end(&hash);
}

static struct lp_model_loop *find_folded(struct lp_model *model, const struct lp_loop_info *info)
{
	return map_find(&model->folded, hash_of(info), has_labels, info);
}

/* Returns whether another loop that is not folded has the same labels. */
static bool labels_in_use(const struct lp_model *model, const struct lp_model_loop *but)
{
	const struct lp_model_loop *loop;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop != but && !loop->info.folded && same_labels(&loop->info, &but->info))
			return true;
	return false;
}

static struct lp_model_loop *make_folded(struct lp_model *model, const struct lp_loop_info *info)
{
	struct lp_model_loop *folded = calloc(1, sizeof(*folded));

	if (!folded)
		return NULL;
	folded->causes = lost_time_new();
	folded->callbacks.in_all = &model->callback_count;
	if (!folded->causes || !map_add(&model->folded, hash_of(info), folded)) {
		lost_time_free(folded->causes);
		free(folded);
		return NULL;
	}
	folded->info = *info;
	folded->info.pid = 0;
	folded->info.tid = 0;
	folded->info.folded = true;
	model->folded_count++;
	return folded;
}

/* Returns the folded loop that a loop is added to; a new one is reported.  NULL: no memory. */
static struct lp_model_loop *folded_for(struct lp_model *model, const struct lp_model_loop *loop)
{
	struct lp_model_loop *folded = find_folded(model, &loop->info);
	struct lp_loop_info other = { .unix_offset_ns = loop->info.unix_offset_ns };

	if (folded)
		return folded;
	/*
	 * A running loop with the same labels has a series of metrics that includes this loop's
	 * counts, and must go on to include them.  A report of several captures has no series;
	 * over the limit its loops are folded by name.
	 */
	if (model->folded_count < LP_FOLDED_LOOPS ||
	    (model->source_count == 1 && labels_in_use(model, loop))) {
		folded = make_folded(model, &loop->info);
	} else {
		bool named = model->source_count > 1 && model->folded_count < 2 * LP_FOLDED_LOOPS;

		text_copy(other.comm, sizeof(other.comm),
			  named ? loop->info.comm : LP_UNKNOWN_CALLBACK);
		folded = find_folded(model, &other);
		if (folded)
			return folded;
		folded = make_folded(model, &other);
	}
	if (folded)
		model_add_loop(model, folded);
	return folded;
}

static void add_before(struct lp_model_loop *into, const struct lp_loop_before *from)
{
	if (from && !into->before)
		into->before = calloc(1, sizeof(*into->before));
	if (!from || !into->before)
		return;
	loop_sums_add_stats(&into->before->stats, &from->stats);
	loop_sums_add_coverage(&into->before->coverage, &from->coverage);
	memory_waits_add(&into->before->memory_waits, &from->memory_waits);
}

/* Adds observed time and ends of processes, and the parts that earlier intervals have reported. */
static void add_wall(struct lp_model_loop *into, const struct lp_model_loop *loop)
{
	size_t i;

	into->wall_ns += loop->wall_ns;
	into->wall_before_ns += loop->wall_before_ns;
	for (i = 0; i < LP_ENDING_KINDS; i++) {
		into->ends[i] += loop->ends[i];
		into->ends_before[i] += loop->ends_before[i];
	}
}

static void fold(struct lp_model_loop *into, struct lp_model_loop *loop)
{
	loop_sums_join_labels(&into->info, &loop->info);
	into->folded++;
	add_wall(into, loop);
	loop_sums_add_stats(&into->stats, &loop->stats);
	loop_sums_add_coverage(&into->coverage, &loop->coverage);
	memory_waits_add(&into->memory_waits, &loop->memory_waits);
	if (loop->memory_limit.event.size)
		into->memory_limit = loop->memory_limit;
	add_before(into, loop->before);
	lost_time_merge(into->causes, loop->causes);
	callbacks_merge(&into->callbacks, &loop->callbacks);
	/* findings of a loop are in its own source, not in the selected one */
	findings_fold(loop->source->findings, &loop->info, &into->info);
}

static void unlink_loop(struct lp_model *model, struct lp_model_loop **at)
{
	struct lp_model_loop *loop = *at;

	*at = loop->next;
	if (!*at)
		model->last_loop = at;
	model->loop_count--;
}

/* Folds a loop and frees it.  Returns false if out of memory. */
static bool fold_at(struct lp_model *model, struct lp_model_loop **at)
{
	struct lp_model_loop *loop = *at, *into = folded_for(model, loop);

	if (!into)
		return false;
	fold(into, loop);
	unlink_loop(model, at);
	source_drop_loop(model, loop);
	if (loop->read)
		model->read_count--;
	else
		model->ended_count--;
	model_free_loop(loop);
	return true;
}

void model_fold(struct lp_model *model)
{
	struct lp_model_loop **at;

	if (model->ended_count <= LP_RETAINED_LOOPS)
		return;
	/* the list is in the order in which loops began: the first ended one is the oldest */
	for (at = &model->loops; *at; at = &(*at)->next)
		if (!(*at)->info.folded && (*at)->end_ns && !(*at)->read)
			break;
	if (*at)
		fold_at(model, at);
}

void model_fold_read(struct lp_model *model, struct lp_model_source *source)
{
	struct lp_model_loop **at, *loop;

	for (loop = source->own; loop; loop = loop->next_own) {
		/* these are in ended_count already */
		if (loop->end_ns)
			continue;
		loop->end_ns = source->end_ns;
		loop->read = true;
		model->read_count++;
	}
	for (at = &model->loops; *at && model->read_count > LP_READ_LOOPS;)
		if (!(*at)->read)
			at = &(*at)->next;
		else if (!fold_at(model, at))
			return;
}
