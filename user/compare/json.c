// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include "wire/histogram.h"
#include "sinks/escape.h"
#include "sinks/json/fields.h"
#include "model/names.h"

#include <inttypes.h>

static const char *const verdicts[LP_VERDICTS] = {
	[LP_VERDICT_SAME] = "same",
	[LP_VERDICT_WORSE] = "worse",
	[LP_VERDICT_BETTER] = "better",
	[LP_VERDICT_UNSURE] = "unsure",
};

#define SHARE_MOST 1e9

/* Not with %f: its decimal point is the locale's. */
static void write_share(FILE *out, const char *name, double share)
{
	uint64_t millionths;

	/* an integer that a double cannot hold exactly is no share */
	share = share > 0 ? share < SHARE_MOST ? share : SHARE_MOST : 0;
	millionths = (uint64_t)(share * 1e6 + 0.5);
	fprintf(out, ",\"%s\":%" PRIu64 ".%06" PRIu64, name, millionths / 1000000,
		millionths % 1000000);
}

static void write_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	if (*text)
		json_string(out, text);
	else
		fputs("null", out);
}

static void write_side(FILE *out, const char *name, const struct lp_side *side, double busy)
{
	fprintf(out, ",\"%s\":{\"start_unix_ns\":%" PRIu64 ",\"span_ns\":%" PRIu64, name,
		side->start_unix_ns, side->span_ns);
	write_text(out, "host", side->host);
	write_text(out, "mode", side->mode);
	fprintf(out,
		",\"threshold_ns\":%" PRIu64 ",\"loops\":%zu,\"wall_ns\":%" PRIu64
		",\"traced_ns\":%" PRIu64 ",\"slow_callbacks\":%" PRIu64,
		side->threshold_ns, side->loops, side->wall_ns, side->traced_ns, side->slow);
	write_share(out, "utilization", busy);
	putc('}', out);
}

static void write_quantiles(FILE *out, const struct lp_quantile_shift *shifts)
{
	size_t i;

	for (i = 0; i < LP_COMPARED_QUANTILES; i++)
		fprintf(out,
			",\"p%d\":{\"old_ns\":%" PRIu64 ",\"new_ns\":%" PRIu64
			",\"verdict\":\"%s\"}",
			(int)(lp_compared_quantiles[i] * 100 + 0.5), shifts[i].old_ns,
			shifts[i].new_ns, verdicts[shifts[i].verdict]);
}

static void write_callback(FILE *out, const struct lp_callback_shift *shift)
{
	const struct lp_side_callback *shown = shift->new ? shift->new : shift->old;

	fprintf(out, "{\"type\":\"diff_callback\",\"verdict\":\"%s\",\"kind\":\"%s\"",
		verdicts[shift->verdict], callback_kind_name(shown->info.kind));
	write_text(out, "service", shown->service);
	write_text(out, "name", shown->info.name);
	write_text(out, "file", shown->info.file);
	fprintf(out,
		",\"line\":%" PRIu32 ",\"old_count\":%" PRIu64 ",\"new_count\":%" PRIu64
		",\"old_slow\":%" PRIu64 ",\"new_slow\":%" PRIu64 ",\"slow_verdict\":\"%s\"",
		shown->info.line, shift->old ? histogram_count(&shift->old->run) : 0,
		shift->new ? histogram_count(&shift->new->run) : 0,
		shift->old ? shift->old->slow : 0, shift->new ? shift->new->slow : 0,
		verdicts[shift->slow]);
	write_quantiles(out, shift->quantiles);
	fputs("}\n", out);
}

static void write_cause(FILE *out, const struct lp_cause_shift *shift)
{
	const struct lp_side_cause *shown = shift->new ? shift->new : shift->old;

	fprintf(out, "{\"type\":\"diff_cause\",\"verdict\":\"%s\",\"cause\":\"%s\"",
		verdicts[shift->verdict], cause_name(shown->kind));
	write_text(out, "service", shown->service);
	write_text(out, "syscall", shown->syscall);
	write_text(out, "function", shown->function);
	write_text(out, "file", shown->file);
	fprintf(out,
		",\"line\":%" PRIu32 ",\"old_count\":%" PRIu64 ",\"new_count\":%" PRIu64
		",\"old_ns\":%" PRIu64 ",\"new_ns\":%" PRIu64,
		shown->line, shift->old ? shift->old->count : 0, shift->new ? shift->new->count : 0,
		shift->old ? shift->old->total_ns : 0, shift->new ? shift->new->total_ns : 0);
	write_share(out, "old_share", shift->old_share);
	write_share(out, "new_share", shift->new_share);
	fputs("}\n", out);
}

void comparison_json(FILE *file, const struct lp_comparison *comparison)
{
	size_t i;

	fputs("{\"type\":\"diff_header\",\"version\":\"1.0\"", file);
	write_side(file, "old", comparison->old, comparison->old_busy);
	write_side(file, "new", comparison->new, comparison->new_busy);
	fprintf(file, ",\"slow_verdict\":\"%s\",\"iteration\":{\"unit\":\"ns\"",
		verdicts[comparison->stalls]);
	write_quantiles(file, comparison->iterations);
	fputs("}}\n", file);
	for (i = 0; i < comparison->callback_count; i++)
		write_callback(file, &comparison->callbacks[i]);
	for (i = 0; i < comparison->cause_count; i++)
		write_cause(file, &comparison->causes[i]);
}

void comparison_json_end(FILE *file, const char *const *failed, size_t count)
{
	size_t i;

	fputs("{\"type\":\"diff_footer\",\"failed\":[", file);
	for (i = 0; i < count; i++) {
		if (i)
			putc(',', file);
		json_string(file, failed[i]);
	}
	fputs("]}\n", file);
}
