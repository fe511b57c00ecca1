// SPDX-License-Identifier: BSD-2-Clause
/* The list of loops and their labels. */
#include "model_internal.h"

#include "base/text.h"

#include <stdlib.h>

void model_free_loop(struct lp_model_loop *loop)
{
	pending_stalls_free(loop->stalls);
	segments_free(loop->segments);
	lost_time_free(loop->causes);
	callbacks_free(&loop->callbacks);
	free(loop->base);
	free(loop->before);
	free(loop->last);
	free(loop);
}

void model_label(struct lp_loop_info *info, const struct lp_run *run,
		 const struct lp_model_target *known)
{
	text_copy(info->host, sizeof(info->host), run->host ? run->host : "");
	info->unix_offset_ns = (int64_t)(run->start_unix_ns - run->start_ns);
	if (!known)
		return;
	text_copy(info->runtime, sizeof(info->runtime), known->target.runtime);
	text_copy(info->version, sizeof(info->version), known->target.version);
	text_copy(info->exe, sizeof(info->exe), known->target.exe);
	text_copy(info->container, sizeof(info->container), known->target.container);
	text_copy(info->unit, sizeof(info->unit), known->labels.unit);
	text_copy(info->pod, sizeof(info->pod), known->labels.pod);
}

void model_add_loop(struct lp_model *model, struct lp_model_loop *loop)
{
	loop->info.id = ++model->loop_ids;
	*model->last_loop = loop;
	model->last_loop = &loop->next;
	model->loop_count++;
	if (model->observer->loop)
		model->observer->loop(model->context, &loop->info);
}

struct lp_model_loop *model_loop_of(struct lp_model *model, const struct lp_event *event)
{
	struct lp_model_source *source = model->source;

	if (event->time_ns > source->last_event_ns)
		source->last_event_ns = event->time_ns;
	/* events after the end of a source are ignored */
	if (source->ended)
		return NULL;
	return event->loop < LP_MAX_LOOPS ? source->slots->loops[event->loop] : NULL;
}

struct lp_model_loop *model_only_loop(const struct lp_model *model, pid_t pid)
{
	struct lp_model_loop *loop, *only = NULL;

	for (loop = model->source->own; loop; loop = loop->next_own) {
		if (loop->info.pid != pid || !loop->stalls)
			continue;
		if (only)
			return NULL;
		only = loop;
	}
	return only;
}
