/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the commands. Each returns the exit status. */
#ifndef LP_COMMANDS_COMMANDS_H
#define LP_COMMANDS_COMMANDS_H

#include "options/options.h"

int command_profile(const struct lp_options *options);
int command_report(const struct lp_options *options);
int command_tasks(const struct lp_options *options);
int command_explain(const struct lp_options *options);
int command_check(const struct lp_options *options);
int command_diff(const struct lp_options *options);

#endif /* LP_COMMANDS_COMMANDS_H */
