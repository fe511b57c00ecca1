/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the text: deadlocks, what has changed, and what both mean. */
#ifndef LP_TASKS_TEXT_CHANGE_H
#define LP_TASKS_TEXT_CHANGE_H

#include "wire/finding_kinds.h"
#include "sinks/sink.h"
#include "diff.h"

/* How much is told; what has been explained in this run is not explained again. */
struct lp_told {
	bool explain; /* anything at all */
	bool deadlock, growing, finding;
	bool stack; /* --stack: with await chains */
};

void text_deadlock(FILE *file, const struct lp_look *look, const struct lp_tasks_view *view,
		   const struct lp_deadlock *deadlock, struct lp_told *told);

/* So many tasks of a deadlock are told of, the first ones. */
#define LP_CIRCLE_SHOWN 8

void text_explain_finding(FILE *file, const struct lp_look *look, struct lp_told *told,
			  enum lp_finding_kind kind);

/* Nothing if nothing has changed.  unix_ns: when. */
void text_change(FILE *file, const struct lp_look *look, const struct lp_tasks_view *now,
		 const struct lp_tasks_change *change, struct lp_told *told, uint64_t unix_ns);

#endif /* LP_TASKS_TEXT_CHANGE_H */
