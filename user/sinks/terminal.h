/* SPDX-License-Identifier: BSD-2-Clause */
/* How text is to look on stdout. */
#ifndef LP_SINKS_TERMINAL_H
#define LP_SINKS_TERMINAL_H

#include "sink.h"

/* Colour and width are a terminal's; what is piped has 80 columns, as have narrow ones at least 64.
 */
struct lp_terminal terminal_of_stdout(void);

/*
 * Where the locale cannot show a character, a '?' stands for it, so that the columns
 * stay as they are.  Into to, which may be the text itself; returns the new length.
 */
size_t terminal_make_ascii(const char *text, size_t size, char *to);

#endif /* LP_SINKS_TERMINAL_H */
