// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"

#include "model/names.h"

#include <inttypes.h>

static void write_times(FILE *out, const struct lp_times *time)
{
	if (!time->known) {
		fputs(",\"time\":null", out);
		return;
	}
	fprintf(out,
		",\"time\":{\"on_cpu_ns\":%" PRIu64 ",\"blocked_ns\":%" PRIu64
		",\"gil_ns\":%" PRIu64 ",\"run_queue_ns\":%" PRIu64 ",\"gc_ns\":",
		time->on_cpu_ns, time->blocked_ns, time->gil_ns, time->run_queue_ns);
	if (time->gc_known)
		fprintf(out, "%" PRIu64 "}", time->gc_ns);
	else
		fputs("null}", out);
}

static void write_blocked(FILE *out, const struct lp_breakdown *breakdown)
{
	size_t i;

	fputs(",\"blocked\":[", out);
	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];

		fputs(i ? ",{\"syscall\":" : "{\"syscall\":", out);
		json_string(out, blocked->syscall);
		fprintf(out, ",\"duration_ns\":%" PRIu64 ",\"count\":%" PRIu32 ",\"target\":",
			blocked->duration_ns, blocked->count);
		json_string_or_null(out, blocked->target);
		if (blocked->local[0]) {
			fputs(",\"local\":", out);
			json_string(out, blocked->local);
		}
		putc(',', out);
		json_stack(out, "stack", &blocked->stack);
		putc('}', out);
	}
	putc(']', out);
	if (breakdown->blocked_dropped)
		fprintf(out,
			",\"blocked_beyond\":{\"count\":%" PRIu32 ",\"duration_ns\":%" PRIu64 "}",
			breakdown->blocked_dropped, breakdown->blocked_dropped_ns);
}

/* Captures of older versions have neither times nor the causes of samples. */
static void write_samples(FILE *out, const struct lp_breakdown *breakdown)
{
	static const enum lp_cause_kind causes[LP_SAMPLE_REASONS] = {
		[LP_SAMPLE_ON_CPU] = LP_CAUSE_ON_CPU,  [LP_SAMPLE_BLOCKED] = LP_CAUSE_BLOCKED,
		[LP_SAMPLE_GIL] = LP_CAUSE_GIL,	       [LP_SAMPLE_RUN_QUEUE] = LP_CAUSE_RUN_QUEUE,
		[LP_SAMPLE_GIL_HOLDER] = LP_CAUSE_GIL,
	};
	size_t i;

	fputs(",\"samples\":[", out);
	for (i = 0; i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];

		fprintf(out, "%s{\"count\":%" PRIu32, i ? "," : "", sample->count);
		if (breakdown->time.known)
			fprintf(out, ",\"cause\":\"%s\",\"collecting\":%s,",
				cause_name(causes[sample->reason]),
				sample->collecting ? "true" : "false");
		else
			fputs(",\"cause\":null,\"collecting\":null,", out);
		json_stack(out, "stack", &sample->stack);
		putc('}', out);
	}
	putc(']', out);
}

static void write_gil(FILE *out, const struct lp_gil_holder *gil)
{
	if (!gil->known) {
		fputs(",\"gil\":null", out);
		return;
	}
	fputs(",\"gil\":{\"thread\":", out);
	json_string(out, gil->thread);
	if (gil->tid)
		fprintf(out, ",\"tid\":%d,", gil->tid);
	else
		fputs(",\"tid\":null,", out);
	json_stack(out, "stack", &gil->stack);
	putc('}', out);
}

static void write_breakdown(FILE *out, const struct lp_breakdown *breakdown)
{
	write_times(out, &breakdown->time);
	write_blocked(out, breakdown);
	write_samples(out, breakdown);
	write_gil(out, &breakdown->gil);
}

static void begin(FILE *out, const char *type, const struct lp_loop_info *loop, uint64_t start_ns,
		  uint64_t duration_ns, bool in_progress)
{
	fprintf(out,
		"{\"type\":\"%s\",\"loop_id\":%" PRIu32 ",\"start_ns\":%" PRIu64
		",\"duration_ns\":%" PRIu64 ",\"in_progress\":%s",
		type, json_loop_id(loop), start_ns, duration_ns, in_progress ? "true" : "false");
}

static void write_callback(FILE *out, const struct lp_slow_callback *slow)
{
	fprintf(out, ",\"callback\":{\"kind\":\"%s\",", callback_kind_name(slow->callback->kind));
	json_place(out, slow->callback);
	fputs(",\"task\":", out);
	json_string_or_null(out, slow->task ? slow->task_name : NULL);
	if (slow->task)
		fprintf(out, ",\"task_id\":\"0x%" PRIx64 "\"}", slow->task);
	else
		fputs(",\"task_id\":null}", out);
}

void json_slow_callback(FILE *out, const struct lp_slow_callback *slow)
{
	begin(out, "slow_callback", slow->loop, slow->start_ns, slow->duration_ns,
	      slow->in_progress);
	write_callback(out, slow);
	write_breakdown(out, &slow->breakdown);
	fputs(",\"delayed\":", out);
	if (slow->delayed_known)
		fprintf(out, "{\"callbacks\":%" PRIu32 ",\"events\":%" PRIu32 "},",
			slow->delayed_callbacks, slow->delayed_events);
	else
		fputs("null,", out);
	json_stack(out, "await_chain", &slow->breakdown.await_chain);
}

void json_slow_iteration(FILE *out, const struct lp_slow_iteration *slow)
{
	size_t i;

	begin(out, "slow_iteration", slow->loop, slow->start_ns, slow->duration_ns,
	      slow->in_progress);
	fprintf(out, ",\"callbacks\":%" PRIu32 ",\"top\":[", slow->callbacks);
	for (i = 0; i < slow->top_count; i++) {
		fputs(i ? ",{" : "{", out);
		json_place(out, slow->top[i].callback);
		fprintf(out, ",\"count\":%" PRIu32 ",\"total_ns\":%" PRIu64 "}", slow->top[i].count,
			slow->top[i].total_ns);
	}
	putc(']', out);
	write_breakdown(out, &slow->breakdown);
}
