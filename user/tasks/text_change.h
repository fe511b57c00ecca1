/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the text: deadlocks, what has changed, and what both mean. */
#ifndef LP_TASKS_TEXT_CHANGE_H
#define LP_TASKS_TEXT_CHANGE_H

#include "wire/finding_kinds.h"
#include "sinks/sink.h"
#include "diff.h"

/* How much is told; what has been explained in this run is not explained again. */
struct lp_text_detail {
	bool explain; /* anything at all */
	bool deadlock, growing, finding;
	bool stack; /* --stack: with await chains */
};

void tasks_text_deadlock(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot,
			 const struct lp_deadlock *deadlock, struct lp_text_detail *detail);

/* So many tasks of a deadlock are told of, the first ones. */
#define LP_CIRCLE_SHOWN 8

void tasks_text_explain_finding(FILE *file, const struct lp_terminal *terminal,
				struct lp_text_detail *detail, enum lp_finding_kind kind);

/* Nothing if nothing has changed.  unix_ns: when. */
void tasks_text_change(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change,
		       struct lp_text_detail *detail, uint64_t unix_ns);

#endif /* LP_TASKS_TEXT_CHANGE_H */
