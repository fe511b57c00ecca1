/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the captures of one run as if they were one file.  Each file but the first begins
 * with a checkpoint: the part of it that the reader knows already is left out, and loops that
 * ended in a missing file are ended.
 */
#ifndef LP_CAPTURE_SEGMENTS_H
#define LP_CAPTURE_SEGMENTS_H

#include "wire/record.h"

#include <stdbool.h>

struct lp_capture_segments;

/*
 * from_start: the first file is the first one of its run, so that all counts are of files that were
 * given, also if that file has no records, as the disk was full.  Returns NULL if out of memory.
 */
struct lp_capture_segments *capture_segments_new(bool from_start);
void capture_segments_free(struct lp_capture_segments *segments);

/*
 * Passes a record to take(), or leaves it out; records that end loops may be passed before
 * it.  checkpoint: the record is part of a checkpoint.
 */
void capture_segments_take(struct lp_capture_segments *segments, const struct lp_event *record,
			   bool checkpoint, lp_record_taker take, void *context);

#endif /* LP_CAPTURE_SEGMENTS_H */
