// SPDX-License-Identifier: BSD-2-Clause
/* The ends of processes, each of which is reported once. */
#include "model_internal.h"

#include "base/text.h"

/*
 * Returns the loop of an ended process that the record names, or else any of that process.  Loops
 * of an earlier process with the same PID, and of one whose end was reported, are none of them.
 */
static struct lp_model_loop *loop_of_process(const struct lp_model_source *source,
					     const struct lp_event_process_end *event)
{
	struct lp_model_loop *loop, *any = NULL;

	for (loop = source->own; loop; loop = loop->next_own) {
		if (loop->info.pid != (pid_t)event->event.pid || loop->process_ended)
			continue;
		if (loop->info.tid == (pid_t)event->ending.tid)
			return loop;
		any = any ? any : loop;
	}
	return any;
}

static void report(struct lp_model *model, struct lp_model_source *source,
		   const struct lp_event_process_end *event, struct lp_model_loop *loop)
{
	const struct lp_model_target *target = processes_find(&source->targets, event->event.pid);
	const struct lp_last_stall *cut_off;
	struct lp_process_end end;

	cut_off = loop && loop->last && loop->last->end_ns == loop->end_ns ? loop->last : NULL;
	endings_fill(event, loop ? &loop->info : NULL, cut_off, &end);
	text_copy(end.comm, sizeof(end.comm),
		  target ? target->target.comm
		  : loop ? loop->info.comm
			 : "");
	endings_count(&source->endings, &end);
	if (loop)
		loop->ends[end.kind]++;
	if (model->observer->process_end)
		model->observer->process_end(model->context, &end);
	for (loop = source->own; loop; loop = loop->next_own)
		loop->process_ended |= loop->info.pid == end.pid;
}

/*
 * Several threads that exit at the same time may each record the end of their process: the first
 * record counts.  If the loop that it names has not ended yet, the end of the process is reported
 * when it has, as its last stall is known only then.
 */
void process_end_take(struct lp_model *model, const struct lp_event_process_end *event)
{
	struct lp_model_source *source = model->source;
	struct lp_model_target *target = processes_find(&source->targets, event->event.pid);
	struct lp_model_loop *loop;

	if (source->ended || (target && (target->overlapped || target->end.event.time_ns)))
		return;
	loop = source->slots ? loop_of_process(source, event) : NULL;
	if (!target && !loop)
		return;
	if (target)
		target->end = *event;
	if (target && loop && !loop->end_ns && loop->info.tid == (pid_t)event->ending.tid)
		return;
	report(model, source, event, loop);
	processes_end(&source->targets, event->event.pid);
}

void process_end_loop_ended(struct lp_model *model, struct lp_model_loop *loop)
{
	struct lp_model_source *source = model->source;
	struct lp_model_target *target = processes_find(&source->targets, (uint32_t)loop->info.pid);

	if (!target || target->ended || !target->end.event.time_ns ||
	    (pid_t)target->end.ending.tid != loop->info.tid)
		return;
	report(model, source, &target->end, loop);
	/* The process is removed from the list with its last loop. */
	target->ended = true;
}

void process_end_flush(struct lp_model *model, struct lp_model_source *source)
{
	size_t i;

	for (i = 0; i < source->targets.count; i++) {
		struct lp_model_target *target = &source->targets.items[i];

		if (!target->ended && target->end.event.time_ns)
			report(model, source, &target->end,
			       source->slots ? loop_of_process(source, &target->end) : NULL);
		target->ended |= target->end.event.time_ns != 0;
	}
}
