// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"

#include "model/names.h"

static void write_times(struct lp_json_writer *json, const struct lp_times *time)
{
	if (!time->known) {
		json_null(json, "time");
		return;
	}
	json_object(json, "time");
	json_number(json, "on_cpu_ns", time->on_cpu_ns);
	json_number(json, "blocked_ns", time->blocked_ns);
	json_number(json, "gil_ns", time->gil_ns);
	json_number(json, "run_queue_ns", time->run_queue_ns);
	if (time->gc_known)
		json_number(json, "gc_ns", time->gc_ns);
	else
		json_null(json, "gc_ns");
	if (time->gc_recorded) {
		json_bool(json, "gc_exact", time->gc_exact);
		json_number(json, "gc_generation", time->gc_generation);
	}
	json_end(json);
}

/* Writes the name and the ID of a thread; 0: the ID is not known. */
static void write_thread(struct lp_json_writer *json, const char *name, pid_t tid)
{
	json_text(json, "thread", name);
	if (tid)
		json_signed(json, "tid", tid);
	else
		json_null(json, "tid");
}

static void write_waker(struct lp_json_writer *json, const struct lp_waker *waker)
{
	json_object(json, "woken_by");
	write_thread(json, waker->thread, waker->tid);
	json_stack(json, "stack", &waker->stack);
	json_end(json);
}

static void write_blocked(struct lp_json_writer *json, const struct lp_breakdown *breakdown)
{
	size_t i;

	json_array(json, "blocked");
	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];

		json_object(json, NULL);
		json_text(json, "syscall", blocked->syscall);
		json_number(json, "duration_ns", blocked->duration_ns);
		json_number(json, "count", blocked->count);
		json_text_or_null(json, "target", blocked->target);
		if (blocked->file_system && *blocked->file_system)
			json_text(json, "file_system", blocked->file_system);
		if (blocked->local[0])
			json_text(json, "local", blocked->local);
		if (*blocked->dns_name)
			json_text(json, "dns_name", blocked->dns_name);
		json_stack(json, "stack", &blocked->stack);
		if (blocked->woken && breakdown->waker.known)
			write_waker(json, &breakdown->waker);
		json_end(json);
	}
	json_end(json);
	if (!breakdown->blocked_dropped)
		return;
	json_object(json, "blocked_beyond");
	json_number(json, "count", breakdown->blocked_dropped);
	json_number(json, "duration_ns", breakdown->blocked_dropped_ns);
	json_end(json);
}

/* Captures of older versions have neither times nor the causes of samples. */
static void write_samples(struct lp_json_writer *json, const struct lp_breakdown *breakdown)
{
	static const enum lp_cause_kind causes[LP_SAMPLE_REASONS] = {
		[LP_SAMPLE_ON_CPU] = LP_CAUSE_ON_CPU,  [LP_SAMPLE_BLOCKED] = LP_CAUSE_BLOCKED,
		[LP_SAMPLE_GIL] = LP_CAUSE_GIL,	       [LP_SAMPLE_RUN_QUEUE] = LP_CAUSE_RUN_QUEUE,
		[LP_SAMPLE_GIL_HOLDER] = LP_CAUSE_GIL, [LP_SAMPLE_LOCK_HOLDER] = LP_CAUSE_BLOCKED,
		[LP_SAMPLE_WAKER] = LP_CAUSE_BLOCKED,
	};
	size_t i;

	json_array(json, "samples");
	for (i = 0; i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];

		json_object(json, NULL);
		json_number(json, "count", sample->count);
		if (breakdown->time.known) {
			json_text(json, "cause", cause_name(causes[sample->reason]));
			json_bool(json, "collecting", sample->collecting);
		} else {
			json_null(json, "cause");
			json_null(json, "collecting");
		}
		json_stack(json, "stack", &sample->stack);
		json_end(json);
	}
	json_end(json);
}

static void write_gil(struct lp_json_writer *json, const struct lp_gil_holder *gil)
{
	if (!gil->known) {
		json_null(json, "gil");
		return;
	}
	json_object(json, "gil");
	write_thread(json, gil->thread, gil->tid);
	json_stack(json, "stack", &gil->stack);
	json_end(json);
}

/* Writes whom the loop waited for, if that was read while it did. */
static void write_ends(struct lp_json_writer *json, const struct lp_breakdown *breakdown)
{
	const struct lp_lock_holder *holder = &breakdown->holder;

	if (holder->known) {
		json_object(json, "held_by");
		write_thread(json, holder->thread, holder->tid);
		json_bool(json, "own_loop", holder->own_loop);
		json_bool(json, "is_task", holder->is_task);
		json_bool(json, "result", holder->gives_result);
		if (holder->ends)
			json_bool(json, "end", true);
		if (holder->since_ns)
			json_number(json, "since_ns", holder->since_ns);
		else
			json_null(json, "since_ns");
		json_stack(json, "stack", &holder->stack);
		json_end(json);
	}
	if (breakdown->end) {
		json_object(json, "stands_in");
		json_other_end(json, breakdown->end);
		json_end(json);
	}
}

static void write_neighbours(struct lp_json_writer *json, const struct lp_shortage *shortage)
{
	size_t i;

	json_array(json, "neighbours");
	for (i = 0; i < shortage->neighbour_count; i++) {
		const struct lp_cpu_neighbour *neighbour = &shortage->neighbours[i];

		json_object(json, NULL);
		json_text(json, "comm", neighbour->name);
		json_signed(json, "pid", neighbour->pid);
		json_bool(json, "own", neighbour->own);
		json_number(json, "duration_ns", neighbour->duration_ns);
		json_end(json);
	}
	json_end(json);
}

static void write_shortage(struct lp_json_writer *json, const struct lp_shortage *shortage)
{
	json_object(json, "shortage");
	json_number(json, "throttled_ns", shortage->throttled_ns);
	if (shortage->period_us) {
		json_object(json, "quota");
		json_text(json, "cgroup", shortage->quota_cgroup);
		json_number(json, "quota_us", shortage->quota_us);
		json_number(json, "period_us", shortage->period_us);
		json_end(json);
	} else {
		json_null(json, "quota");
	}
	write_neighbours(json, shortage);
	if (shortage->steal_ns) {
		json_object(json, "steal");
		json_number(json, "steal_ns", shortage->steal_ns);
		json_number(json, "window_ns", shortage->steal_window_ns);
		json_number(json, "cpus", shortage->steal_cpus);
		json_end(json);
	} else {
		json_null(json, "steal");
	}
	json_memory(json, &shortage->memory);
	json_end(json);
}

static void write_breakdown(struct lp_json_writer *json, const struct lp_breakdown *breakdown)
{
	write_times(json, &breakdown->time);
	write_blocked(json, breakdown);
	write_samples(json, breakdown);
	write_gil(json, &breakdown->gil);
	write_ends(json, breakdown);
	if (shortage_is_known(&breakdown->shortage))
		write_shortage(json, &breakdown->shortage);
}

static void begin(struct lp_json_writer *json, const char *type, const struct lp_loop_info *loop,
		  uint64_t start_ns, uint64_t duration_ns, bool in_progress, bool began_before)
{
	json_loop_line(json, type, loop);
	json_number(json, "start_ns", start_ns);
	json_number(json, "duration_ns", duration_ns);
	json_bool(json, "in_progress", in_progress);
	if (began_before)
		json_bool(json, "began_before", true);
}

static void write_callback(struct lp_json_writer *json, const struct lp_slow_callback *slow)
{
	json_object(json, "callback");
	json_text(json, "kind", callback_kind_name(slow->callback->kind));
	json_place(json, slow->callback);
	json_text_or_null(json, "task", slow->task ? slow->task_name : NULL);
	json_address_or_null(json, "task_id", slow->task);
	json_end(json);
}

static void write_frame_if_known(struct lp_json_writer *json, const char *name,
				 const struct lp_shown_frame *frame)
{
	if (frame)
		json_frame(json, name, frame);
}

static void write_eager(struct lp_json_writer *json, const struct lp_eager_info *eager)
{
	if (!eager)
		return;
	json_object(json, "eager_task");
	json_place(json, &eager->callback);
	json_text_or_null(json, "task", eager->task_name);
	if (eager->several)
		json_bool(json, "several", true);
	json_end(json);
}

static void write_delayed(struct lp_json_writer *json, const struct lp_slow_callback *slow)
{
	if (!slow->delayed_known) {
		json_null(json, "delayed");
		return;
	}
	json_object(json, "delayed");
	json_number(json, "callbacks", slow->delayed_callbacks);
	json_number(json, "events", slow->delayed_events);
	json_end(json);
}

void json_slow_callback(struct lp_json_writer *json, const struct lp_slow_callback *slow)
{
	begin(json, "slow_callback", slow->loop, slow->start_ns, slow->duration_ns,
	      slow->in_progress, slow->began_before);
	write_callback(json, slow);
	write_frame_if_known(json, "handler", slow->handler);
	write_frame_if_known(json, "own", slow->own);
	write_frame_if_known(json, "package_call", slow->package_call);
	write_eager(json, slow->eager);
	write_breakdown(json, &slow->breakdown);
	write_delayed(json, slow);
	json_stack(json, "await_chain", &slow->breakdown.await_chain);
}

void json_slow_iteration(struct lp_json_writer *json, const struct lp_slow_iteration *slow)
{
	size_t i;

	begin(json, "slow_iteration", slow->loop, slow->start_ns, slow->duration_ns,
	      slow->in_progress, slow->began_before);
	json_number(json, "end_ns", slow_iteration_end_ns(slow));
	json_number(json, "callbacks", slow->callbacks);
	json_array(json, "top");
	for (i = 0; i < slow->top_count; i++) {
		json_object(json, NULL);
		json_place(json, slow->top[i].callback);
		json_number(json, "count", slow->top[i].count);
		json_number(json, "total_ns", slow->top[i].total_ns);
		json_end(json);
	}
	json_end(json);
	write_breakdown(json, &slow->breakdown);
}
