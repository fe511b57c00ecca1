// SPDX-License-Identifier: BSD-2-Clause
#include "capture_counts.h"

#include "base/macros.h"
#include "base/text.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void capture_counts_add(struct lp_capture_counts *counts, const struct lp_event *record)
{
	bool has_slot = record->loop < LP_MAX_LOOPS;
	const struct lp_event_slow_iteration *iteration;
	const struct lp_event_lost *lost;
	size_t i;

	switch (record->type) {
	case LP_EVENT_LOOP:
		counts->loops += has_slot && !counts->runs[record->loop];
		if (has_slot)
			counts->runs[record->loop] = true;
		return;
	case LP_EVENT_LOOP_END:
		if (has_slot)
			counts->runs[record->loop] = false;
		return;
	case LP_EVENT_SLOW:
		counts->stalls++;
		return;
	case LP_EVENT_SLOW_ITERATION:
		/* one that lasts is reported several times, and once more at its end */
		iteration = (const struct lp_event_slow_iteration *)record;
		counts->stalls += !iteration->in_progress;
		return;
	case LP_EVENT_FINDING:
		counts->findings++;
		return;
	case LP_EVENT_LOST:
		/* the counts of the whole run; the last record has all */
		lost = (const struct lp_event_lost *)record;
		for (i = 0; i < LP_LOST_KINDS; i++)
			counts->lost[i] = lost->counts[i];
		return;
	default:
		return;
	}
}

static void append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_append(text, size, strlen(text), format, arguments);
	va_end(arguments);
}

static void append_bytes(char *text, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1000 && i + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		i++;
	}
	append(text, size, i && value < 10 ? "%.1f %s" : "%.0f %s", value, units[i]);
}

void capture_counts_text(char *text, size_t size, const struct lp_capture_counts *counts,
			 const char *path, const struct lp_recorder_totals *totals)
{
	const char *before = "; lost: ";
	size_t i;

	snprintf(text, size, "%s: ", path);
	if (totals->files > 1)
		append(text, size, "%" PRIu64 " files, ", totals->files);
	append_bytes(text, size, totals->bytes);
	append(text, size, ", %" PRIu64 " loop%s, %" PRIu64 " stall%s", counts->loops,
	       text_plural(counts->loops), counts->stalls, text_plural(counts->stalls));
	if (counts->findings)
		append(text, size, ", %" PRIu64 " finding%s", counts->findings,
		       text_plural(counts->findings));
	for (i = 0; i < LP_LOST_KINDS; i++) {
		if (!counts->lost[i])
			continue;
		append(text, size, "%s%s %" PRIu64, before, lost_kind_name(i), counts->lost[i]);
		before = ", ";
	}
	append(text, size, "%s; `loopprof report %s` prints it",
	       *before == ';' ? "; nothing was lost" : "", path);
}
