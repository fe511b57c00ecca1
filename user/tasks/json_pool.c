// SPDX-License-Identifier: BSD-2-Clause
#include "json_pool.h"

#include "sinks/json/fields.h"

static void write_amount(struct lp_json_writer *json, const char *name, uint64_t amount)
{
	if (amount >= LP_POOL_UNLIMITED)
		json_null(json, name);
	else
		json_number(json, name, amount);
}

/* Writes the addresses of the tasks, and the ids of the threads, that use a pool. */
static void write_users(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			const char *tasks, const char *threads, const struct lp_pool_user *users,
			size_t count)
{
	size_t i;

	json_array(json, tasks);
	for (i = 0; i < count; i++)
		if (users[i].task)
			json_address(json, NULL, users[i].task);
	json_end(json);
	json_array(json, threads);
	for (i = 0; i < count; i++)
		if (!users[i].task)
			json_signed(json, NULL, snapshot->list.pool_threads[users[i].thread].tid);
	json_end(json);
}

static void write_threads(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
			  const struct lp_pool *pool)
{
	size_t i, at;

	json_array(json, "threads");
	for (i = 0; i < pool->worker_count; i++) {
		const struct lp_pool_worker *worker = &pool->workers[i];
		const struct lp_pool_thread *thread = &snapshot->list.pool_threads[worker->thread];

		json_object(json, NULL);
		json_signed(json, "tid", thread->tid);
		json_text(json, "thread", thread->name);
		json_bool(json, "busy", worker->busy);
		json_text_or_null(json, "function", worker->function);
		json_address_or_null(json, "task_id", worker->task);
		json_array(json, "stack");
		for (at = 0; worker->busy && at < thread->frame_count; at++) {
			const struct lp_shown_frame *frame =
				task_frames_find(snapshot->frames, &thread->frames[at], NULL);

			if (frame)
				json_frame(json, NULL, frame);
		}
		json_end(json);
		json_end(json);
	}
	json_end(json);
}

static void write_pool(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot,
		       const struct lp_pool *pool)
{
	static const char *const kinds[LP_POOL_KINDS] = {
		[LP_POOL_THREADS] = "threads",
		[LP_POOL_CONNECTIONS] = "connections",
		[LP_POOL_PERMITS] = "permits",
	};
	size_t i;

	json_line(json, "pool");
	json_signed(json, "pid", snapshot->process->pid);
	json_number(json, "loop_id", tasks_snapshot_loop_id(snapshot, pool->loop));
	json_text(json, "kind", kinds[pool->kind]);
	json_text(json, "name", pool->name);
	json_text(json, "class", pool->class);
	json_address(json, "id", pool->address);
	json_text_or_null(json, "detail", pool->detail);
	write_amount(json, "limit", pool->amounts[LP_POOL_LIMIT]);
	json_bool(json, "unlimited", pool->amounts[LP_POOL_LIMIT] == LP_POOL_UNLIMITED);
	write_amount(json, "out", pool->amounts[LP_POOL_OUT]);
	write_amount(json, "idle", pool->amounts[LP_POOL_IDLE]);
	write_amount(json, "waiting", pool->amounts[LP_POOL_WAITING]);
	write_users(json, snapshot, "holders", "holder_threads", pool->holders, pool->holder_count);
	write_users(json, snapshot, "waiters", "waiter_threads", pool->waiters, pool->waiter_count);
	write_threads(json, snapshot, pool);
	json_array(json, "queued");
	for (i = 0; i < pool->jobs_count; i++) {
		json_object(json, NULL);
		json_text(json, "function", pool->jobs[i].function);
		json_number(json, "count", pool->jobs[i].count);
		json_end(json);
	}
	json_end(json);
	json_bool(json, "partial", pool->partial);
	json_end(json);
	putc('\n', json->out);
}

void json_pools(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->list.pool_count; i++)
		write_pool(json, snapshot, &snapshot->list.pools[i]);
}
