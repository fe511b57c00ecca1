// SPDX-License-Identifier: BSD-2-Clause
#include "json_thread.h"

#include "sinks/json/fields.h"

static void write_stack(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			const struct lp_pool_thread *thread)
{
	size_t i;

	json_array(json, "stack");
	for (i = 0; i < thread->frame_count; i++) {
		const struct lp_shown_frame *frame =
			task_frames_find(snapshot->frames, &thread->frames[i], NULL);

		if (frame)
			json_frame(json, NULL, frame);
	}
	json_end(json);
}

/* Writes the tasks and the threads of which any one ends the wait. */
static void write_ends(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
		       const struct lp_thread_wait *wait)
{
	size_t i;

	json_array(json, "tasks");
	for (i = 0; i < wait->end_count; i++)
		if (wait->ends[i].task)
			json_address(json, NULL, wait->ends[i].task);
	json_end(json);
	json_array(json, "threads");
	for (i = 0; i < wait->end_count; i++) {
		const struct lp_pool_thread *thread =
			&snapshot->list.pool_threads[wait->ends[i].thread];

		if (wait->ends[i].task)
			continue;
		json_object(json, NULL);
		json_signed(json, "tid", thread->tid);
		json_text(json, "thread", thread->name);
		write_stack(json, snapshot, thread);
		json_end(json);
	}
	json_end(json);
}

static void write_thread(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			 const struct lp_pool_thread *thread)
{
	static const char *const kinds[LP_THREAD_AWAITED] = {
		[LP_THREAD_AWAITS_LOCK] = "lock",
		[LP_THREAD_AWAITS_FUTURE] = "future",
		[LP_THREAD_AWAITS_THREAD] = "thread",
		[LP_THREAD_AWAITS_OBJECT] = "object",
	};
	const struct lp_thread_wait *wait = &thread->wait;

	json_line(json, "thread");
	json_signed(json, "pid", snapshot->process->pid);
	json_signed(json, "tid", thread->tid);
	json_text(json, "thread", thread->name);
	json_text(json, "awaits", kinds[wait->kind]);
	json_text(json, "class", wait->class);
	json_address(json, "id", wait->id);
	if (wait->what)
		json_text(json, "what", wait->what);
	json_bool(json, "timed", wait->timed);
	json_bool(json, "queued", wait->queued);
	json_bool(json, "holder_ended", wait->owned && !wait->end_count);
	if (wait->loop)
		json_number(json, "loop_id", tasks_snapshot_loop_id(snapshot, wait->loop));
	write_ends(json, snapshot, wait);
	write_stack(json, snapshot, thread);
	json_end(json);
	putc('\n', json->out);
}

void json_threads(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->list.pool_thread_count; i++)
		if (snapshot->list.pool_threads[i].wait.kind)
			write_thread(json, snapshot, &snapshot->list.pool_threads[i]);
}
