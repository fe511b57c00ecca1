/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints text that is wrapped at the width of the page. */
#ifndef LP_BASE_WRAP_H
#define LP_BASE_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints words and the end of the line.  column: columns that are in use already; prefix:
 * beginning of each further line; columns: of the page.  A word that is longer than a line is
 * broken; a number and its unit are one word.
 */
void wrap_print(FILE *file, const char *text, size_t column, const char *prefix, size_t columns);

/* Returns the bytes of the next word, up to a space; a number and its unit are one word. */
size_t wrap_word_bytes(const char *text);

/* Copies a text, cut to a width in columns with a mark at its end. */
void wrap_cut_end(char *to, size_t size, const char *from, size_t columns, const char *mark);
/* Copies a text, cut to a width in columns with a mark at its beginning. */
void wrap_cut_begin(char *to, size_t size, const char *from, size_t columns, const char *mark);

#endif /* LP_BASE_WRAP_H */
