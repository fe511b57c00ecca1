/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three descriptors that a program begins with.  One that is closed is opened on
 * /dev/null, so that no file of ours gets its number; stdout becomes a stream that
 * remembers why a write failed and waits for no reader after the end of a run.
 */
#ifndef LP_FILES_STANDARD_H
#define LP_FILES_STANDARD_H

#include "base/error.h"

#include <stdbool.h>

/*
 * To be called first of all.  From then on a failed write to stdout that nobody has asked
 * for by standard_flush() is reported when the program exits, with status 1.
 */
void standard_open(void);

/* The descriptor that stdout writes to; it may be another one for the same file. */
int standard_descriptor(void);

/* To be called in a child when its descriptor 1 was opened on another file. */
void standard_replaced(void);

/*
 * A new descriptor for the file of another one; for a pipe or a terminal one that does not
 * block.  To be closed; a negative errno on failure.
 */
int standard_duplicate(int descriptor);

/* Can stdout be written at all?  Returns 0, or a negative errno with a sentence. */
int standard_check(struct lp_error *error);

/* Writes what stdout has buffered.  Returns the first failure of any write to it, or 0. */
int standard_flush(void);

#endif /* LP_FILES_STANDARD_H */
