/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that goes on in the next line where it does not fit. */
#ifndef LP_TASKS_WRAP_H
#define LP_TASKS_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints words, and the end of the line.  column: those that are taken already; prefix:
 * what each further line begins with; columns: of the page.  A word that is longer than
 * a line is broken.
 */
void wrap_print(FILE *file, const char *text, size_t column, const char *prefix, size_t columns);

/* Copies a text, cut to so many columns: its beginning is kept. */
void wrap_keep_begin(char *to, size_t size, const char *from, size_t columns, const char *mark);
/* The same; its end is kept. */
void wrap_keep_end(char *to, size_t size, const char *from, size_t columns, const char *mark);

#endif /* LP_TASKS_WRAP_H */
