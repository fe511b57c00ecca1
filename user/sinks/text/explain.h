/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what a kind of finding means: for --explain, and below a summary. */
#ifndef LP_SINKS_TEXT_EXPLAIN_H
#define LP_SINKS_TEXT_EXPLAIN_H

#include "sinks/sink.h"

void text_explain_print(FILE *file, const struct lp_terminal *terminal, enum lp_finding_kind kind);

#endif /* LP_SINKS_TEXT_EXPLAIN_H */
