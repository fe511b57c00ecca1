// SPDX-License-Identifier: BSD-2-Clause
#include "model_internal.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct lp_loop_info *loop_of(const struct lp_model *model,
					  const struct lp_model_source *source, pid_t pid)
{
	const struct lp_model_loop *loop;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop->source == source && loop->info.pid == pid)
			return &loop->info;
	return NULL;
}

/*
 * Fills in the labels of an entry: those of one of the process's loops at the first event.  They
 * never change, because a count that moved to other labels would be in two series.
 */
static void label(struct lp_limited_item *item, const struct lp_model *model,
		  const struct lp_model_source *source, const struct lp_model_target *target)
{
	const struct lp_loop_info *loop = loop_of(model, source, item->limited.pid);

	if (loop)
		item->info = *loop;
	else
		model_label(&item->info, &source->run, target);
	if (!target)
		return;
	text_copy(item->limited.comm, sizeof(item->limited.comm), target->target.comm);
	if (!loop)
		text_copy(item->info.comm, sizeof(item->info.comm), target->target.comm);
}

static struct lp_limited_item *add_item(struct lp_limited_list *list)
{
	struct lp_limited_item *grown;

	/* grows one by one: few processes have an entry, and there may be thousands of captures */
	grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	list->items = grown;
	memset(&grown[list->count], 0, sizeof(*grown));
	return &grown[list->count++];
}

/* Returns the entry of a process, or that of PID 0 over the limit; NULL if out of memory. */
static struct lp_limited_item *item_of(struct lp_model_source *source, const struct lp_model *model,
				       pid_t pid, const struct lp_model_target *target)
{
	struct lp_limited_list *list = &source->limited;
	struct lp_limited_item *item;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].limited.pid == pid)
			return &list->items[i];
	if (list->count > LP_LIMITED_MOST)
		return &list->items[LP_LIMITED_MOST];
	item = add_item(list);
	/* the last entry is that of PID 0, and has no labels */
	if (item && list->count <= LP_LIMITED_MOST) {
		item->limited.pid = pid;
		label(item, model, source, target);
	}
	return item;
}

/*
 * Returns the counts of the last event about a process without a target, which are zeros at first;
 * NULL if there is no space.
 */
static uint64_t *last_of(struct lp_limited_list *list, uint32_t pid)
{
	struct lp_limited_last *grown;
	size_t i;

	for (i = 0; i < list->last_count; i++)
		if (list->last[i].pid == pid)
			return list->last[i].counts;
	if (list->last_count == LP_LIMITED_LAST)
		return NULL;
	grown = realloc(list->last, (list->last_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	list->last = grown;
	grown += list->last_count++;
	*grown = (struct lp_limited_last){ .pid = pid };
	/* the process had a target that was dropped since, and was counted up to then */
	for (i = 0; pid && i < list->count; i++)
		if ((uint32_t)list->items[i].limited.pid == pid)
			memcpy(grown->counts, list->items[i].limited.counts, sizeof(grown->counts));
	return grown->counts;
}

void limited_take(struct lp_model_source *source, const struct lp_model *model,
		  const struct lp_event_limited *event)
{
	struct lp_model_target *target = processes_find(&source->targets, event->event.pid);
	uint64_t *last = target ? target->limited : last_of(&source->limited, event->event.pid);
	struct lp_limited_item *item;
	size_t i;

	item = last ? item_of(source, model, (pid_t)event->event.pid, target) : NULL;
	for (i = 0; item && i < LP_LIMITED_KINDS; i++) {
		uint64_t before = last[i];

		/* counts restart at 0 if the process was added again or its PID was reused */
		if (event->counts[i] < before)
			before = 0;
		item->limited.counts[i] += event->counts[i] - before;
		last[i] = event->counts[i];
	}
}

void limited_summarise(const struct lp_limited_list *list, struct lp_summary *summary)
{
	struct lp_limited *grown;
	size_t i;

	if (!list->count)
		return;
	grown = realloc(summary->limited, (summary->limited_count + list->count) * sizeof(*grown));
	if (!grown)
		return;
	summary->limited = grown;
	for (i = 0; i < list->count; i++) {
		struct lp_limited *to = &grown[summary->limited_count++];

		*to = list->items[i].limited;
		to->loop = to->pid ? &list->items[i].info : NULL;
	}
}

void limited_free(struct lp_limited_list *list)
{
	free(list->items);
	free(list->last);
	memset(list, 0, sizeof(*list));
}
