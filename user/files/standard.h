/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptors 0, 1 and 2.  A closed one is opened on /dev/null, so that no other file
 * gets its number.  stdout becomes a stream that remembers why a write failed and that does
 * not wait for a reader after the end of a run.
 */
#ifndef LP_FILES_STANDARD_H
#define LP_FILES_STANDARD_H

#include "base/error.h"

/*
 * To be called first in main().  From then on, a failed write to stdout is reported at the
 * exit of the program, with status 1, unless standard_flush() has returned it before.
 */
void standard_open(void);

/*
 * Opens the closed descriptors 0 to 2 of a process that reads and writes nothing on /dev/null, so
 * that no other file gets their numbers.
 */
void standard_open_null(void);

/* The descriptor that stdout writes to, which may be a second one for the same file. */
int standard_descriptor(void);

/* To be called in a child after its descriptor 1 was replaced. */
void standard_replaced(void);

/*
 * Opens a new descriptor for the file of another one, non-blocking for a pipe or a terminal.
 * Returns it, to be closed, or a negative errno.
 */
int standard_duplicate(int descriptor);

/* Checks that stdout can be written.  Returns 0, or a negative errno with a sentence in error. */
int standard_check(struct lp_error *error);

/* Writes the buffered output.  Returns the first failure of any write to stdout, or 0. */
int standard_flush(void);

#endif /* LP_FILES_STANDARD_H */
