/* SPDX-License-Identifier: BSD-2-Clause */
/* --help and the man page, on stdout. */
#ifndef LP_OPTIONS_HELP_H
#define LP_OPTIONS_HELP_H

#include "table.h"

/*
 * Sets the names of all formats and of those that --export takes, and the width of a line of help.
 * The texts are not copied. main() calls this before it parses the options, as formats and the
 * terminal belong to a higher layer.
 */
void help_set_page(const char *formats, const char *live_formats, size_t columns);

/* Prints the help of a command; NULL: of all commands. */
void help_print(const struct lp_command_row *command);

/* Prints the man page, as roff. */
void help_print_man(void);

#endif /* LP_OPTIONS_HELP_H */
