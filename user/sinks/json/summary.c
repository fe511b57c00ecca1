// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"
#include "base/macros.h"
#include "model/names.h"

#include <inttypes.h>

#define FIRST_BUCKET_SLOT 1
#define LAST_BUCKET_SLOT (LP_HISTOGRAM_SLOTS - 1)

static void write_buckets(FILE *out, const struct lp_histogram *histogram)
{
	size_t first = FIRST_BUCKET_SLOT, last = LAST_BUCKET_SLOT, slot;

	while (last >= FIRST_BUCKET_SLOT && !histogram->slots[last])
		last--;
	while (first < last && !histogram->slots[first])
		first++;
	if (last < FIRST_BUCKET_SLOT) {
		fputs("\"offset\":0,\"buckets\":[]", out);
		return;
	}
	/* the overflow slot becomes the bucket after the last one, which has its lower edge */
	fprintf(out, "\"offset\":%d,\"buckets\":[",
		LP_HISTOGRAM_OFFSET + (int)(first - FIRST_BUCKET_SLOT));
	for (slot = first; slot <= last; slot++)
		fprintf(out, "%s%" PRIu64, slot > first ? "," : "",
			(uint64_t)histogram->slots[slot]);
	putc(']', out);
}

static void write_histogram(FILE *out, const struct lp_histogram *histogram)
{
	fprintf(out,
		"{\"count\":%" PRIu64 ",\"sum_ns\":%" PRIu64 ",\"min_ns\":%" PRIu64
		",\"max_ns\":%" PRIu64 ",",
		histogram_count(histogram), (uint64_t)histogram->sum_ns, histogram_min(histogram),
		histogram_max(histogram));
	fprintf(out,
		"\"p50_ns\":%" PRIu64 ",\"p90_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64
		",\"scale\":%d,\"zero_count\":%" PRIu64 ",",
		histogram_quantile(histogram, 0.5), histogram_quantile(histogram, 0.9),
		histogram_quantile(histogram, 0.99), LP_HISTOGRAM_SCALE,
		(uint64_t)histogram->slots[0]);
	write_buckets(out, histogram);
	putc('}', out);
}

void json_loop_summary(FILE *out, const struct lp_loop_summary *summary)
{
	/* in millionths: the decimal point of %f depends on the locale */
	unsigned int utilization = (unsigned int)(loop_utilization(summary) * 1e6 + 0.5);

	fprintf(out,
		"{\"type\":\"loop_summary\",\"loop_id\":%" PRIu32 ",\"wall_ns\":%" PRIu64
		",\"busy_ns\":%" PRIu64 ",\"idle_ns\":%" PRIu64 ",\"utilization\":%u.%06u"
		",\"iterations\":%" PRIu64 ",\"callbacks\":%" PRIu64 ",\"slow_callbacks\":%" PRIu64
		",\"untold\":%" PRIu64 ",\"untold_iterations\":%" PRIu64 ",\"traced_ns\":%" PRIu64
		",",
		json_loop_id(summary->loop), summary->wall_ns, summary->busy_ns, summary->idle_ns,
		utilization / 1000000, utilization % 1000000, summary->iterations,
		summary->callbacks, summary->slow_callbacks, summary->suppressed,
		summary->suppressed_iterations, summary->traced_ns);
	if (summary->folded)
		fprintf(out, "\"loops\":%" PRIu64 ",", summary->folded);
	fputs("\"iteration\":", out);
	write_histogram(out, &summary->iteration);
}

void json_self(FILE *out, const struct lp_self *self)
{
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "wall_ns", self->wall_ns },
		{ "cpu_ns", self->cpu_ns },
		{ "probe_hits", self->probe_hits },
		{ "probe_ns", self->probe_ns },
		{ "hook_hits", self->hook_hits },
		{ "hook_ns", self->hook_ns },
		{ "bursts", self->bursts },
		{ "attach_failures", self->attach_failures },
		{ "resident_bytes", self->resident_bytes },
		{ "map_bytes", self->map_bytes },
		{ "targets", self->targets },
		{ "loops", self->loops },
		{ "frequency", self->frequency },
		{ "budget_ppm", self->budget_ppm },
	};
	size_t i;

	fputs("{\"type\":\"self\"", out);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		fprintf(out, ",\"%s\":%" PRIu64, fields[i].name, fields[i].value);
}

void json_callback_summary(FILE *out, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *summary, bool queue, bool sampled)
{
	fprintf(out, "{\"type\":\"callback_summary\",\"loop_id\":%" PRIu32 ",\"kind\":\"%s\",",
		json_loop_id(loop), callback_kind_name(summary->callback->kind));
	json_place(out, summary->callback);
	fprintf(out, ",\"count\":%" PRIu64 ",\"slow\":%" PRIu64 ",\"run\":",
		histogram_count(&summary->run), summary->slow);
	write_histogram(out, &summary->run);
	fputs(",\"queue\":", out);
	if (queue)
		write_histogram(out, &summary->queue);
	else
		fputs("null", out);
	if (sampled)
		fputs(",\"sampled\":true", out);
}

void json_cause_summary(FILE *out, const struct lp_loop_info *loop, const struct lp_cause *cause)
{
	fprintf(out,
		"{\"type\":\"cause_summary\",\"loop_id\":%" PRIu32 ",\"cause\":\"%s\",\"syscall\":",
		json_loop_id(loop), cause_name(cause->kind));
	json_string_or_null(out, cause->syscall);
	fputs(",\"target\":", out);
	json_string_or_null(out, cause->target);
	fputs(",\"held_by\":", out);
	json_string_or_null(out, cause->held_by);
	fputs(",\"frame\":", out);
	json_frame_or_null(out, cause->frame);
	fprintf(out, ",\"count\":%" PRIu64 ",\"total_ns\":%" PRIu64, cause->count, cause->total_ns);
}

void json_limited(FILE *out, const struct lp_limited *limited)
{
	size_t i;

	fprintf(out, "{\"type\":\"limited\",\"pid\":%d,\"comm\":", limited->pid);
	json_string_or_null(out, limited->comm[0] ? limited->comm : NULL);
	fputs(",\"unit\":", out);
	json_string_or_null(out,
			    limited->loop && limited->loop->unit[0] ? limited->loop->unit : NULL);
	for (i = 0; i < LP_LIMITED_KINDS; i++)
		fprintf(out, ",\"%s\":%" PRIu64, limited_kind_name(i), limited->counts[i]);
}

void json_task_summary(FILE *out, const struct lp_loop_info *loop,
		       const struct lp_callback_summary *summary)
{
	const struct lp_lifetimes *lifetimes = summary->lifetimes;
	size_t i;

	fprintf(out, "{\"type\":\"task_summary\",\"loop_id\":%" PRIu32 ",", json_loop_id(loop));
	json_place(out, summary->callback);
	for (i = 0; i < LP_OUTCOMES; i++)
		fprintf(out, ",\"%s\":%" PRIu64, outcome_name(i), lifetimes->outcomes[i]);
	fputs(",\"life\":", out);
	write_histogram(out, &lifetimes->life);
	fputs(",\"running\":", out);
	write_histogram(out, &lifetimes->running);
	fputs(",\"queued\":", out);
	write_histogram(out, &lifetimes->queued);
	fputs(",\"waiting\":", out);
	write_histogram(out, &lifetimes->waiting);
}
