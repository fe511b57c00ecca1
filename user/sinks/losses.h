/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences about what a run lost, for the text format and the page. */
#ifndef LP_SINKS_LOSSES_H
#define LP_SINKS_LOSSES_H

#include <stddef.h>
#include <stdint.h>

#define LP_LOSS_TEXT_MAX 192

/* Writes the sentence about a number of losses of a kind (enum lp_lost_kind), without its dot. */
void loss_text(char *text, size_t size, size_t kind, uint64_t count);

#endif /* LP_SINKS_LOSSES_H */
