/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings in the text format. */
#ifndef LP_SINKS_TEXT_FINDINGS_H
#define LP_SINKS_TEXT_FINDINGS_H

#include "loop_name.h"

/* Prints a finding, after the time of day, which the caller has printed. */
void text_finding_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_text_loops *loops, const struct lp_finding *finding);

/* Prints the table of findings by place; nothing if there are none. */
void text_findings_print(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_summary *summary);

/* Prints what the kinds of the findings mean; without explain, a hint at --explain. */
void text_findings_explain(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_summary *summary, bool explain);

#endif /* LP_SINKS_TEXT_FINDINGS_H */
