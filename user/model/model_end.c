// SPDX-License-Identifier: BSD-2-Clause
/* The ends of sources, and the end of the run once all of them have ended. */
#include "model_internal.h"

#include "base/macros.h"

#include <stddef.h>

/* Converts an instant of a source's clock to the clock of the earliest source. */
static uint64_t in_first_clock(const struct lp_model *model, const struct lp_model_source *source,
			       uint64_t ns)
{
	const struct lp_run *first = &model->first->run;

	return ns - source->run.start_ns + source->run.start_unix_ns - first->start_unix_ns +
	       first->start_ns;
}

/* Reports the end of the run once all sources have ended. */
static void end_run(struct lp_model *model)
{
	struct lp_run_end end = { .reason = model->first->reason };
	size_t i;

	for (i = 0; i < model->source_count; i++) {
		const struct lp_model_source *source = model->sources[i];
		uint64_t end_ns = in_first_clock(model, source, source->end_ns);

		if (!source->ended)
			return;
		if (end_ns > end.end_ns)
			end.end_ns = end_ns;
		if (source->reason != end.reason)
			end.reason = LP_RUN_END_INTERRUPT;
		end.lost_events +=
			saturating_sub(source->lost[LP_LOST_RING], source->lost_base[LP_LOST_RING]);
	}
	model->ended = true;
	model_report_end(model, &end);
}

void source_end(struct lp_model *model, struct lp_model_source *source, uint64_t now_ns,
		enum lp_run_end_reason reason)
{
	struct lp_model_loop *loop;

	if (source->ended)
		return;
	process_end_flush(model, source);
	source->ended = true;
	source->end_ns = now_ns;
	source->reason = reason;
	findings_finish(source->findings, now_ns);
	source->waiting = true;
	source_advance(source, UINT64_MAX);
	for (loop = source->own; loop; loop = loop->next_own)
		if (loop->segments)
			segments_count(loop->segments, true);
	if (model->source_count == 1)
		end_run(model);
}

/* Frees all but the source's counts, because there may be thousands of sources. */
void model_end_source(struct lp_model *model, unsigned int number)
{
	struct lp_model_source *source;
	struct lp_model_loop *loop;

	if (number >= model->source_count)
		return;
	source = model->sources[number];
	source_end(model, source, source->last_event_ns, LP_RUN_END_INTERRUPT);
	/* events belong to the first source until another is selected */
	if (!number)
		return;
	if (model->source == source)
		model->source = model->sources[0];
	source_free_slots(source);
	for (loop = source->own; loop; loop = loop->next_own) {
		pending_stalls_free(loop->stalls);
		segments_free(loop->segments);
		loop->stalls = NULL;
		loop->segments = NULL;
	}
	if (findings_empty(source->findings)) {
		findings_free(source->findings);
		source->findings = NULL;
	}
	frames_free(source->frames);
	source->frames = NULL;
	processes_free(&source->targets);
	endings_free(&source->endings);
	model_fold_read(model, source);
}

void model_end_early(struct lp_model *model, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < model->source_count; i++)
		source_end(model, model->sources[i],
			   now_ns ? now_ns : model->sources[i]->last_event_ns,
			   LP_RUN_END_INTERRUPT);
	if (model->first && !model->ended)
		end_run(model);
}
