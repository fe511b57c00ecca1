/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of how long tasks lived. */
#ifndef LP_TEXT_LIVES_H
#define LP_TEXT_LIVES_H

#include "sink.h"

/* Nothing if no task has ended that is known of. */
void text_lives_print(FILE *file, const struct lp_look *look, const struct lp_loop_summary *loop);

#endif /* LP_TEXT_LIVES_H */
