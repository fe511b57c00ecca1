/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of findings: their names, and explanations for users.  One row a kind. */
#ifndef LP_WIRE_FINDING_KINDS_H
#define LP_WIRE_FINDING_KINDS_H

#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_finding_row {
	const char *name; /* name in JSON and on the command line: "never_awaited" */
	const char *title; /* name in text: "never awaited" */
	/*
	 * the probe costs too much to be on by default: it is attached only if --find names the
	 * kind
	 */
	bool costly;
	/* explanations for --explain, each one or more sentences */
	const char *meaning;
	const char *silence; /* why the program itself reports nothing */
	const char *remedy;
};

/* The row of a kind; NULL if there is no such kind. */
const struct lp_finding_row *finding_row(enum lp_finding_kind kind);

/*
 * Parses the value of --find into bits, 1 << kind: the default kinds and those of the list,
 * "all", or "none".  Returns 0 or -EINVAL.
 */
int findings_parse(const char *list, uint32_t *kinds);

/* The kinds that are on by default, as bits. */
uint32_t findings_default(void);

#endif /* LP_WIRE_FINDING_KINDS_H */
