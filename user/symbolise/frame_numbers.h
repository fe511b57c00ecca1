/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers for places in the source, the same one for the same place. */
#ifndef LP_SYMBOLISE_FRAME_NUMBERS_H
#define LP_SYMBOLISE_FRAME_NUMBERS_H

#include "runtime/runtime.h"

struct lp_frame_numbers;

/* NULL if out of memory. */
struct lp_frame_numbers *frame_numbers_new(void);
void frame_numbers_free(struct lp_frame_numbers *places);

/*
 * The place's number; *is_new if nobody asked for it before.  There are at most
 * some ten thousand: what comes later shares the number of an unnamed place.
 * Negative errno if out of memory.
 */
int frame_numbers_get(struct lp_frame_numbers *places, const struct lp_frame *frame, bool *is_new);

#endif /* LP_SYMBOLISE_FRAME_NUMBERS_H */
