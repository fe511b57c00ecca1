/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures of one run that follow each other, as if they were one.  Each but the first
 * begins by telling again what was known: what the reader knows of it is left out, and
 * what ended in a part that is missing is ended.
 */
#ifndef LP_CAPTURE_SEGMENTS_H
#define LP_CAPTURE_SEGMENTS_H

#include "wire/record.h"

#include <stdbool.h>

struct lp_capture_segments;

struct lp_capture_segments *capture_segments_new(void);
void capture_segments_free(struct lp_capture_segments *chain);

/*
 * Hands a record on, or not.  replay: it tells again.  What is handed out may have
 * other records before it.
 */
void capture_segments_take(struct lp_capture_segments *chain, const struct lp_event *record,
			   bool checkpoint, lp_record_taker take, void *context);

#endif /* LP_CAPTURE_SEGMENTS_H */
