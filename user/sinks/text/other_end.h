/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for what a thread is blocked on, and for the processes at the other end of it. */
#ifndef LP_SINKS_TEXT_OTHER_END_H
#define LP_SINKS_TEXT_OTHER_END_H

#include "wire/wire.h"

#define LP_OTHER_END_TEXT 1024

/* Describes it in a sentence without a full stop: "read on stdin, whose ...". */
void text_other_end(const struct lp_other_end *end, char text[LP_OTHER_END_TEXT]);

/* Describes the processes only: "its other end is held by pid 7 (cat), which sleeps in read"; or
 * "". */
void text_other_end_holders(const struct lp_other_end *end, char text[LP_OTHER_END_TEXT]);

/* Returns the name of the call's descriptor that every program knows: "stdout"; or NULL. */
const char *text_other_end_name(const struct lp_other_end *end);

#endif /* LP_SINKS_TEXT_OTHER_END_H */
