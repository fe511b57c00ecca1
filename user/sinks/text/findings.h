/* SPDX-License-Identifier: BSD-2-Clause */
/* What got lost, in the text format. */
#ifndef LP_SINKS_TEXT_FINDINGS_H
#define LP_SINKS_TEXT_FINDINGS_H

#include "sinks/sink.h"

/* The first one at its place, from behind the clock on. */
void text_finding_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_finding *finding);

/* The table of all places; nothing if there are none. */
void text_findings_print(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_summary *summary);

/* What the kinds that occurred mean; without explain, how to be told. */
void text_findings_explain(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_summary *summary, bool explain);

#endif /* LP_SINKS_TEXT_FINDINGS_H */
