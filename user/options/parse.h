/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser of the command line. */
#ifndef LP_OPTIONS_PARSE_H
#define LP_OPTIONS_PARSE_H

#include "options.h"

/*
 * Parses the command line; prints help or version and exits with 0 if asked to.  Returns 0,
 * or 2 after a sentence on stderr about the wrong usage.
 */
int options_parse(int argc, char **argv, struct lp_options *options);

/*
 * Returns whether --explain was given without anything to profile, so that all explanations are
 * printed.
 */
bool options_only_explain(const struct lp_options *options);
void options_free(struct lp_options *options);

#endif /* LP_OPTIONS_PARSE_H */
