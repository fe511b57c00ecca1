/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of source lines: equal lines have the same number. */
#ifndef LP_SYMBOLISE_FRAME_NUMBERS_H
#define LP_SYMBOLISE_FRAME_NUMBERS_H

#include "runtime/runtime.h"

struct lp_frame_numbers;

/* NULL if out of memory. */
struct lp_frame_numbers *frame_numbers_new(void);
void frame_numbers_free(struct lp_frame_numbers *places);

/*
 * Returns the number of a source line; *is_new if it was not numbered before. There are at most
 * some ten thousand: later ones share the number of an unnamed line. Negative errno if out of
 * memory.
 */
int frame_numbers_get(struct lp_frame_numbers *places, const struct lp_frame *frame, bool *is_new);

#endif /* LP_SYMBOLISE_FRAME_NUMBERS_H */
