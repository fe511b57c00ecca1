/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of findings: one row a kind, with its names, the words for users and what is particular
 * to it. The rows are on this floor because the options, all sinks and the model read them.
 */
#ifndef LP_MODEL_FINDING_KINDS_H
#define LP_MODEL_FINDING_KINDS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The line of the program that a finding is reported at, and by which it differs from others.
 * Except with LP_LINE_CALLER, findings differ as well if objects were created at different lines.
 */
enum lp_finding_line {
	LP_LINE_STACK, /* the innermost own frame of the stack */
	/*
	 * where the coroutine is suspended, as the stack shows only the code that happened to run
	 * at the detection
	 */
	LP_LINE_PARKED,
	/* that of the stack; they differ by where the object was created, if that is known */
	LP_LINE_CREATED,
	/*
	 * as LP_LINE_CREATED, but an object with a name differs by the name and never by the stack:
	 * objects are dropped at any line at which the garbage collector runs
	 */
	LP_LINE_DEFINED,
	/*
	 * the innermost frame of the stack that is the program's; without one, the line whose
	 * cancellation was passed on
	 */
	LP_LINE_CALLER,
};

struct lp_finding_row {
	const char *name; /* name in JSON and on the command line: "never_awaited" */
	const char *title; /* name in text: "never awaited" */
	/*
	 * what the probe costs, for --help: it is attached only if --find names the kind.  NULL:
	 * the kind is on by default
	 */
	const char *cost;
	/* the option that turns the kind on in place of --find, as it is no mistake; NULL: none */
	const char *option;
	/* explanations for --explain, each one or more sentences */
	const char *meaning;
	const char *silence; /* why the program itself reports nothing */
	const char *remedy;
	const char *stack_label; /* what happened at the stack: "dropped at" */
	const char *parked_label; /* ... where the coroutine is suspended; NULL: it is not shown */
	const char *anonymous; /* what an object without a name is that is no task; NULL: "" */
	enum lp_finding_line line;
	bool needs_queue; /* the kind is recognised when a callback is put into the queue */
	/* an object of the loop's own raised it: if parked is known, the stack shows nothing more */
	bool raised_by_loop;
	/*
	 * the program may only have asked: the kind is not reported where the library raises it,
	 * or where the program handles it
	 */
	bool may_be_question;
	bool has_lateness; /* it is reported once the loop notices, with the time until then */
};

/* The row of a kind; NULL if there is no such kind. */
const struct lp_finding_row *finding_row(enum lp_finding_kind kind);

/*
 * Parses the value of --find into bits, 1 << kind: the default kinds and those of the list,
 * "all", or "none".  Returns 0 or -EINVAL.
 */
int finding_kinds_parse(const char *list, uint32_t *kinds);

/* The kinds that are on by default, as bits. */
uint32_t finding_kinds_default(void);

/* Returns the name of the first of these kinds that is recognised in the queue; NULL: none is. */
const char *finding_kinds_in_queue(uint32_t kinds);

/*
 * Writes the kinds that --find turns on, the latest first: "a (costs b) or c (costs d)", or the
 * names alone, "a,c".  Return the text, cut to its size.
 */
const char *finding_kinds_offered(char *text, size_t size);
const char *finding_kinds_offered_names(char *text, size_t size);

#endif /* LP_MODEL_FINDING_KINDS_H */
