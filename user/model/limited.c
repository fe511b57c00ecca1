// SPDX-License-Identifier: BSD-2-Clause
#include "state.h"

#include "../text.h"

#include <stdlib.h>
#include <string.h>

static struct lp_limited *item_of(struct lp_limited_list *list, pid_t pid)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].pid == pid)
			return &list->items[i];
	if (list->count < LP_LIMITED_MOST) {
		list->items[list->count].pid = pid;
		return &list->items[list->count++];
	}
	/* the last item has PID 0, and no name */
	list->count = LP_LIMITED_MOST + 1;
	return &list->items[LP_LIMITED_MOST];
}

void limited_take(struct lp_limited_list *list, const struct lp_event_limited *event,
		  const struct lp_labels *targets)
{
	const struct lp_model_target *target = labels_find(targets, event->event.pid);
	struct lp_limited *item = item_of(list, (pid_t)event->event.pid);
	size_t i;

	if (item->pid && target)
		text_copy(item->comm, sizeof(item->comm), target->target.comm);
	for (i = 0; i < LP_LIMITED_KINDS; i++)
		if (event->counts[i] > item->counts[i] || !item->pid)
			item->counts[i] = event->counts[i];
}

/* The loop provides the labels of its process. */
static const struct lp_loop_info *loop_of(const struct lp_model *model,
					  const struct lp_model_source *source, pid_t pid)
{
	const struct lp_model_loop *loop;

	for (loop = model->loops; loop; loop = loop->next)
		if (loop->source == source && loop->info.pid == pid)
			return &loop->info;
	return NULL;
}

void limited_summarise(const struct lp_limited_list *list, const struct lp_model *model,
		       const struct lp_model_source *source, struct lp_summary *summary)
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
		grown[summary->limited_count] = list->items[i];
		grown[summary->limited_count++].loop =
			list->items[i].pid ? loop_of(model, source, list->items[i].pid) : NULL;
	}
}
