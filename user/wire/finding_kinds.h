/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of what gets lost: their names, and what each means to a person. One row a kind. */
#ifndef LP_WIRE_FINDING_KINDS_H
#define LP_WIRE_FINDING_KINDS_H

#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_finding_row {
	const char *name; /* in JSON and on the command line: "never_awaited" */
	const char *title; /* in text: "never awaited" */
	bool costly; /* its probe is attached only if --find asks for it */
	/* for --explain; each one or more sentences */
	const char *meaning;
	const char *silence; /* why nobody notices */
	const char *remedy;
};

/* NULL if there is no such kind. */
const struct lp_finding_row *finding_row(enum lp_finding_kind kind);

/*
 * Bits, 1 << kind, of a list as --find takes it: the free ones and those named, "all",
 * or "none".  Returns 0 or -EINVAL.
 */
int findings_parse(const char *list, uint32_t *kinds);

/* The free ones. */
uint32_t findings_default(void);

#endif /* LP_WIRE_FINDING_KINDS_H */
