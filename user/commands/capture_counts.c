// SPDX-License-Identifier: BSD-2-Clause
#include "capture_counts.h"

#include "base/macros.h"
#include "base/text.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/*
 * Counts a stall by the first of its records.  A stall in progress is recorded several times, and
 * once more at its end, unless the run ends before.  A loop has one callback and one iteration at a
 * time.
 */
static void count_stall(struct lp_capture_counts *counts, const struct lp_event *record)
{
	struct lp_counted_stalls *counted = &counts->counted[record->loop];
	bool iteration = record->type == LP_EVENT_SLOW_ITERATION;
	uint64_t start_ns = iteration ? ((const struct lp_event_slow_iteration *)record)->start_ns
				      : ((const struct lp_event_slow *)record)->start_ns;
	uint64_t *last_ns = iteration ? &counted->iteration_ns : &counted->callback_ns;

	counts->stalls += start_ns != *last_ns;
	*last_ns = start_ns;
}

void capture_counts_add(struct lp_capture_counts *counts, const struct lp_event *record)
{
	bool has_slot = record->loop < LP_MAX_LOOPS;
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
	case LP_EVENT_PROGRESS:
	case LP_EVENT_SLOW_ITERATION:
		if (has_slot)
			count_stall(counts, record);
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
