/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions for options whose value is not one field of a common type. Each is named in its row of
 * the table and gets the value as it was given, or NULL if the option has none. It returns 0, or 2
 * after a message on stderr about the error.
 */
#ifndef LP_OPTIONS_TAKE_H
#define LP_OPTIONS_TAKE_H

#include "options.h"

/* Writes a message to stderr and returns 2, the status of a wrong usage. */
#define usage_error(...) (log_usage(__VA_ARGS__), 2)

int take_pids(struct lp_options *options, const char *value);
int take_mode(struct lp_options *options, const char *value);
int take_findings(struct lp_options *options, const char *value);
int take_output(struct lp_options *options, const char *value);
int take_cgroup(struct lp_options *options, const char *value);
int take_export(struct lp_options *options, const char *value);
int take_budget(struct lp_options *options, const char *value);
int take_rotate(struct lp_options *options, const char *value);
int take_by(struct lp_options *options, const char *value);
int take_fail_if(struct lp_options *options, const char *value);
int take_verbose(struct lp_options *options, const char *value);
int take_quiet(struct lp_options *options, const char *value);

#endif /* LP_OPTIONS_TAKE_H */
