// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include "wire/histogram.h"
#include "sinks/json/writer.h"
#include "model/names.h"

static const char *const verdicts[LP_VERDICTS] = {
	[LP_VERDICT_SAME] = "same",
	[LP_VERDICT_WORSE] = "worse",
	[LP_VERDICT_BETTER] = "better",
	[LP_VERDICT_UNSURE] = "unsure",
};

#define SHARE_MOST 1e9

static void write_share(struct lp_json_writer *json, const char *name, double share)
{
	/* an integer that a double cannot hold exactly is not a valid share */
	share = share > 0 ? share < SHARE_MOST ? share : SHARE_MOST : 0;
	json_millionths(json, name, (uint64_t)(share * 1e6 + 0.5));
}

static void write_side(struct lp_json_writer *json, const char *name, const struct lp_side *side,
		       double busy)
{
	json_object(json, name);
	json_number(json, "start_unix_ns", side->start_unix_ns);
	json_number(json, "span_ns", side->span_ns);
	json_text_or_null(json, "host", side->host);
	json_text_or_null(json, "mode", side->mode);
	json_number(json, "threshold_ns", side->threshold_ns);
	json_number(json, "loops", side->loops);
	json_number(json, "wall_ns", side->sum.wall_ns);
	json_number(json, "traced_ns", side->sum.traced_ns);
	json_number(json, "slow_callbacks", side->sum.slow_callbacks);
	write_share(json, "utilization", busy);
	json_end(json);
}

static void write_quantiles(struct lp_json_writer *json, const struct lp_quantile_shift *shifts)
{
	char name[16];
	size_t i;

	for (i = 0; i < LP_COMPARED_QUANTILES; i++) {
		snprintf(name, sizeof(name), "p%d", (int)(lp_compared_quantiles[i] * 100 + 0.5));
		json_object(json, name);
		json_number(json, "old_ns", shifts[i].old_ns);
		json_number(json, "new_ns", shifts[i].new_ns);
		json_text(json, "verdict", verdicts[shifts[i].verdict]);
		json_end(json);
	}
}

static void write_callback(FILE *out, const struct lp_callback_shift *shift)
{
	const struct lp_side_callback *shown = shift->new ? shift->new : shift->old;
	struct lp_json_writer json = json_writer(out);

	json_object(&json, NULL);
	json_text(&json, "type", "diff_callback");
	json_text(&json, "verdict", verdicts[shift->verdict]);
	json_text(&json, "kind", callback_kind_name(shown->info.kind));
	json_text_or_null(&json, "service", shown->service);
	json_text_or_null(&json, "name", shown->info.name);
	json_text_or_null(&json, "file", shown->info.file);
	json_number(&json, "line", shown->info.line);
	json_number(&json, "old_count", shift->old ? histogram_count(&shift->old->run) : 0);
	json_number(&json, "new_count", shift->new ? histogram_count(&shift->new->run) : 0);
	json_number(&json, "old_slow", shift->old ? shift->old->slow : 0);
	json_number(&json, "new_slow", shift->new ? shift->new->slow : 0);
	json_text(&json, "slow_verdict", verdicts[shift->slow]);
	write_quantiles(&json, shift->quantiles);
	json_end(&json);
	putc('\n', out);
}

static void write_cause(FILE *out, const struct lp_cause_shift *shift)
{
	const struct lp_side_cause *shown = shift->new ? shift->new : shift->old;
	struct lp_json_writer json = json_writer(out);

	json_object(&json, NULL);
	json_text(&json, "type", "diff_cause");
	json_text(&json, "verdict", verdicts[shift->verdict]);
	json_text(&json, "cause", cause_name(shown->kind));
	json_text_or_null(&json, "service", shown->service);
	json_text_or_null(&json, "syscall", shown->syscall);
	json_text_or_null(&json, "function", shown->function);
	json_text_or_null(&json, "file", shown->file);
	json_number(&json, "line", shown->line);
	json_number(&json, "old_count", shift->old ? shift->old->count : 0);
	json_number(&json, "new_count", shift->new ? shift->new->count : 0);
	json_number(&json, "old_ns", shift->old ? shift->old->total_ns : 0);
	json_number(&json, "new_ns", shift->new ? shift->new->total_ns : 0);
	write_share(&json, "old_share", shift->old_share);
	write_share(&json, "new_share", shift->new_share);
	json_end(&json);
	putc('\n', out);
}

void comparison_json(FILE *file, const struct lp_comparison *comparison)
{
	struct lp_json_writer json = json_writer(file);
	size_t i;

	json_object(&json, NULL);
	json_text(&json, "type", "diff_header");
	json_text(&json, "version", "1.0");
	write_side(&json, "old", comparison->old, comparison->old_busy);
	write_side(&json, "new", comparison->new, comparison->new_busy);
	json_text(&json, "slow_verdict", verdicts[comparison->stalls]);
	json_object(&json, "iteration");
	json_text(&json, "unit", "ns");
	write_quantiles(&json, comparison->iterations);
	json_end(&json);
	json_end(&json);
	putc('\n', file);
	for (i = 0; i < comparison->callback_count; i++)
		write_callback(file, &comparison->callbacks[i]);
	for (i = 0; i < comparison->cause_count; i++)
		write_cause(file, &comparison->causes[i]);
}

void comparison_json_end(FILE *file, const char *const *failed, size_t count)
{
	struct lp_json_writer json = json_writer(file);
	size_t i;

	json_object(&json, NULL);
	json_text(&json, "type", "diff_footer");
	json_array(&json, "failed");
	for (i = 0; i < count; i++)
		json_text(&json, NULL, failed[i]);
	json_end(&json);
	json_end(&json);
	putc('\n', file);
}
