/* SPDX-License-Identifier: BSD-2-Clause */
/* Parsers of option values. Each returns 0, or a negative errno for a value that is invalid. */
#ifndef LP_OPTIONS_VALUES_H
#define LP_OPTIONS_VALUES_H

#include "options.h"

/* "64M" sets *bytes and clears *ns; "1h" sets *ns and does not change *bytes. */
int option_rotate(const char *text, uint64_t *bytes, uint64_t *ns);

/* "1%" or "1" sets *ppm, in parts per million, from 1 to 1,000,000. */
int option_percent(const char *text, uint32_t *ppm);

/*
 * "prom=/var/x.prom"; the path of the export points into text. The name of the format is checked
 * later.
 */
int option_export(const char *text, struct lp_export *export);

int option_by(const char *text, enum lp_by *by);

/* Parses decimal digits. Returns -ERANGE for a number over most, which is at most LONG_MAX / 10. */
int option_number(const char *text, unsigned long most, unsigned long *number);

/* Checks that the text can be the path of a cgroup.  Its existence is checked later. */
int option_cgroup(const char *text);

/* "100ms", "2s", "1.5m", "250us"; a number without a unit is in seconds. */
int options_duration(const char *text, uint64_t *ns);

/* "64M", "1G", "500k"; a number without a unit is in bytes. */
int options_size(const char *text, uint64_t *bytes);

#endif /* LP_OPTIONS_VALUES_H */
