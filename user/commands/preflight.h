/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks what a live command needs before it opens, loads or starts anything. */
#ifndef LP_COMMANDS_PREFLIGHT_H
#define LP_COMMANDS_PREFLIGHT_H

#include "base/error.h"
#include "options/options.h"

/* Returns 0, or a negative errno with a sentence. */
int preflight_check(const struct lp_options *options, struct lp_error *error);

/*
 * Warns of rights that are missing to read other processes. A run of all processes leaves those
 * out, and would appear to find none.
 */
void preflight_warn_of_rights(void);

#endif /* LP_COMMANDS_PREFLIGHT_H */
