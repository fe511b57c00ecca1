// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"
#include "model/names.h"

/* Slot 0 is no bucket: it has the times of at most 2^-20 s. */
#define FIRST_BUCKET_SLOT 1

static void write_buckets(struct lp_json_writer *json, const struct lp_histogram *histogram)
{
	struct lp_slot_range used = histogram_used(histogram, FIRST_BUCKET_SLOT);
	bool any = used.first < used.end;
	size_t slot;

	/* the overflow slot becomes the bucket after the last one, which has its lower edge */
	json_signed(json, "offset",
		    any ? LP_HISTOGRAM_OFFSET + (int)(used.first - FIRST_BUCKET_SLOT) : 0);
	json_array(json, "buckets");
	for (slot = used.first; slot < used.end; slot++)
		json_number(json, NULL, histogram->slots[slot]);
	json_end(json);
}

static void write_histogram(struct lp_json_writer *json, const char *name,
			    const struct lp_histogram *histogram)
{
	json_object(json, name);
	json_number(json, "count", histogram_count(histogram));
	json_number(json, "sum_ns", histogram->sum_ns);
	json_number(json, "min_ns", histogram_min(histogram));
	json_number(json, "max_ns", histogram_max(histogram));
	json_number(json, "p50_ns", histogram_quantile(histogram, 0.5));
	json_number(json, "p90_ns", histogram_quantile(histogram, 0.9));
	json_number(json, "p99_ns", histogram_quantile(histogram, 0.99));
	json_number(json, "scale", LP_HISTOGRAM_SCALE);
	json_number(json, "zero_count", histogram->slots[0]);
	write_buckets(json, histogram);
	json_end(json);
}

static void write_waiting_tasks(struct lp_json_writer *json, const struct lp_waiting_tasks *tasks)
{
	json_object(json, "tasks");
	json_number(json, "waiting", tasks->waiting);
	json_number(json, "deadlocked", tasks->deadlocked);
	json_text_or_null(json, "waited_for", tasks->most ? tasks->waited_for : NULL);
	json_number(json, "most", tasks->most);
	json_end(json);
}

void json_loop_summary(struct lp_json_writer *json, const struct lp_loop_summary *summary)
{
	json_loop_line(json, "loop_summary", summary->loop);
	json_number(json, "wall_ns", summary->wall_ns);
	json_number(json, "busy_ns", summary->busy_ns);
	json_number(json, "idle_ns", summary->idle_ns);
	json_number(json, "rest_ns", loop_rest_ns(summary));
	json_millionths(json, "utilization", (uint64_t)(loop_utilization(summary) * 1e6 + 0.5));
	json_number(json, "iterations", summary->iterations);
	if (summary->waited_only)
		json_bool(json, "waited_only", true);
	json_number(json, "callbacks", summary->callbacks);
	json_number(json, "slow_callbacks", summary->slow_callbacks);
	json_number(json, "untold", summary->suppressed);
	json_number(json, "untold_iterations", summary->suppressed_iterations);
	json_number(json, "traced_ns", summary->traced_ns);
	if (summary->folded)
		json_number(json, "loops", summary->folded);
	if (loop_never_waits(summary) && summary->awake)
		json_text_or_null(json, "awake", summary->awake);
	if (loop_never_waits(summary) && !loop_awake_rate(summary).whole) {
		json_number(json, "awake_ns", summary->awake_ns);
		if (!summary->waited_only)
			json_number(json, "awake_iterations", summary->awake_iterations);
	}
	if (summary->tasks)
		write_waiting_tasks(json, summary->tasks);
	json_memory(json, &summary->memory);
	write_histogram(json, "iteration", &summary->iteration);
}

void json_self(struct lp_json_writer *json, const struct lp_self *self)
{
	json_line(json, "self");
	json_number(json, "wall_ns", self->wall_ns);
	json_number(json, "cpu_ns", self->cpu_ns);
	json_number(json, "probe_hits", self->probe_hits);
	json_number(json, "probe_ns", self->probe_ns);
	json_number(json, "hook_hits", self->hook_hits);
	json_number(json, "hook_ns", self->hook_ns);
	json_number(json, "bursts", self->bursts);
	json_number(json, "attach_failures", self->attach_failures);
	json_number(json, "resident_bytes", self->resident_bytes);
	json_number(json, "map_bytes", self->map_bytes);
	json_number(json, "targets", self->targets);
	json_number(json, "loops", self->loops);
	json_number(json, "frequency", self->frequency);
	json_number(json, "budget_ppm", self->budget_ppm);
}

void json_callback_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *summary, bool queue, bool sampled)
{
	json_loop_line(json, "callback_summary", loop);
	json_text(json, "kind", callback_kind_name(summary->callback->kind));
	json_place(json, summary->callback);
	json_number(json, "count", histogram_count(&summary->run));
	json_number(json, "slow", summary->slow);
	write_histogram(json, "run", &summary->run);
	if (queue)
		write_histogram(json, "queue", &summary->queue);
	else
		json_null(json, "queue");
	if (sampled)
		json_bool(json, "sampled", true);
}

void json_cause_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
			const struct lp_cause *cause)
{
	json_loop_line(json, "cause_summary", loop);
	json_text(json, "cause", cause_name(cause->kind));
	json_text_or_null(json, "syscall", cause->syscall);
	json_text_or_null(json, "target", cause->target);
	json_text_or_null(json, "held_by", cause->held_by);
	if (cause->throttled) {
		json_bool(json, "throttled", true);
		json_number(json, "quota_percent", cause->quota_percent);
	}
	json_frame(json, "frame", cause->frame);
	if (cause->own)
		json_frame(json, "own", cause->own);
	if (cause->call)
		json_frame(json, "call", cause->call);
	if (cause->words[0])
		json_text(json, "words", cause->words);
	json_number(json, "count", cause->count);
	json_number(json, "total_ns", cause->total_ns);
}

void json_limited(struct lp_json_writer *json, const struct lp_limited *limited)
{
	size_t i;

	json_line(json, "limited");
	json_signed(json, "pid", limited->pid);
	json_text_or_null(json, "comm", limited->comm);
	json_text_or_null(json, "unit", limited->loop ? limited->loop->unit : NULL);
	for (i = 0; i < LP_LIMITED_KINDS; i++)
		json_number(json, limited_kind_name(i), limited->counts[i]);
}

void json_task_summary(struct lp_json_writer *json, const struct lp_loop_info *loop,
		       const struct lp_callback_summary *summary)
{
	const struct lp_lifetimes *lifetimes = summary->lifetimes;
	size_t i;

	json_loop_line(json, "task_summary", loop);
	json_place(json, summary->callback);
	for (i = 0; i < LP_OUTCOMES; i++)
		json_number(json, outcome_name(i), lifetimes->outcomes[i]);
	write_histogram(json, "life", &lifetimes->life);
	write_histogram(json, "running", &lifetimes->running);
	write_histogram(json, "queued", &lifetimes->queued);
	write_histogram(json, "waiting", &lifetimes->waiting);
}
