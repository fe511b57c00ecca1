/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a capture, counted while it is written, for the line at the end of `record`. */
#ifndef LP_COMMANDS_CAPTURE_COUNTS_H
#define LP_COMMANDS_CAPTURE_COUNTS_H

#include "capture/recorder.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>

/* Beginnings of the last stalls of a loop that were counted; 0: none. */
struct lp_counted_stalls {
	uint64_t callback_ns;
	uint64_t iteration_ns;
};

/* A zeroed one has counted nothing. */
struct lp_capture_counts {
	uint64_t loops, stalls, findings;
	uint64_t lost[LP_LOST_KINDS];
	bool runs[LP_MAX_LOOPS]; /* the loop in this slot is counted */
	struct lp_counted_stalls counted[LP_MAX_LOOPS]; /* by slot of the loop */
};

/* Counts a valid record. */
void capture_counts_add(struct lp_capture_counts *counts, const struct lp_event *record);

/* Writes "x.lpc: 143 KiB, 2 loops, 14 stalls; ...", with what was lost. */
void capture_counts_text(char *text, size_t size, const struct lp_capture_counts *counts,
			 const char *path, const struct lp_recorder_totals *totals);

#endif /* LP_COMMANDS_CAPTURE_COUNTS_H */
