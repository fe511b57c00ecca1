/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints deadlocks, changes, and explanations of both. */
#ifndef LP_TASKS_TEXT_CHANGE_H
#define LP_TASKS_TEXT_CHANGE_H

#include "model/finding_kinds.h"
#include "sinks/sink.h"
#include "diff.h"

/* The amount of detail.  Each explanation is printed once in a run. */
struct lp_text_detail {
	bool explain; /* print explanations */
	bool deadlock, growing, finding;
	bool stack; /* --stack: print await chains */
};

void tasks_text_deadlock(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot,
			 const struct lp_deadlock *deadlock, struct lp_text_detail *detail);

/* The most tasks of a deadlock that are printed; further ones are counted. */
#define LP_CIRCLE_SHOWN 8

void tasks_text_explain_finding(FILE *file, const struct lp_terminal *terminal,
				struct lp_text_detail *detail, enum lp_finding_kind kind);

/* Prints a change, or nothing if it is empty.  unix_ns: time of the later snapshot. */
void tasks_text_change(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change,
		       struct lp_text_detail *detail, uint64_t unix_ns);

#endif /* LP_TASKS_TEXT_CHANGE_H */
