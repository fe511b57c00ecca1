/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of the terminal on stdout, for the text format. */
#ifndef LP_SINKS_TERMINAL_H
#define LP_SINKS_TERMINAL_H

#include "sink.h"

/*
 * Returns colour, character set and width of stdout, and whether -v asks for all frames.  Output
 * that is not a terminal has no colour and 80 columns; a narrow terminal counts as 64 columns.
 * NO_COLOR disables colour.
 */
struct lp_terminal terminal_of_stdout(void);

/* Returns what stands for the part of a text that is cut off. */
const char *terminal_cut_mark(const struct lp_terminal *terminal);

/* The least size of the text of terminal_cut_name(). */
#define LP_CUT_NAME_BYTES(columns) (4 * (columns) + 8)

/* Copies the name of a task or thread; if it is wider than columns, its beginning and the mark. */
void terminal_cut_name(const struct lp_terminal *terminal, const char *name, size_t columns,
		       char *text, size_t size);

/*
 * Replaces each character that is not ASCII by '?', for a locale that is not UTF-8; columns stay
 * aligned.  to receives the result and may be the text itself.  Returns the new length in bytes.
 */
size_t terminal_make_ascii(const char *text, size_t size, char *to);

#endif /* LP_SINKS_TERMINAL_H */
