/* SPDX-License-Identifier: BSD-2-Clause */
/* What a capture holds, counted while it is written, for the line at the end of `record`. */
#ifndef LP_COMMANDS_RECORDED_H
#define LP_COMMANDS_RECORDED_H

#include "capture/recorder.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>

/* A zeroed one has counted nothing. */
struct lp_recorded {
	uint64_t loops, stalls, findings;
	uint64_t lost[LP_LOST_KINDS];
	bool runs[LP_MAX_LOOPS]; /* the loop in this slot is counted */
};

/* Counts a valid record. */
void recorded_take(struct lp_recorded *recorded, const struct lp_event *record);

/* Writes "x.lpc: 143 KiB, 2 loops, 14 stalls; ...", with what was lost. */
void recorded_text(char *text, size_t size, const struct lp_recorded *recorded, const char *path,
		   const struct lp_recorder_totals *totals);

#endif /* LP_COMMANDS_RECORDED_H */
