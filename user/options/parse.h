/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser of the command line. */
#ifndef LP_OPTIONS_PARSE_H
#define LP_OPTIONS_PARSE_H

#include "options.h"

/*
 * Parses; prints help or version and exits with 0 where asked to.  Returns 0, or
 * 2 after it has said on stderr what is wrong with the usage.
 */
int options_parse(int argc, char **argv, struct lp_options *options);

/* --explain without anything to profile: explains everything. */
bool options_only_explain(const struct lp_options *options);
void options_free(struct lp_options *options);

#endif /* LP_OPTIONS_PARSE_H */
