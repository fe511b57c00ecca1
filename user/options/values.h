/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that options take.  Each returns 0, or -EINVAL for what it cannot be. */
#ifndef LP_OPTIONS_VALUES_H
#define LP_OPTIONS_VALUES_H

#include "options.h"

/* "64M" into *bytes or "1h" into *ns; the other stays as it is. */
int option_rotate(const char *text, uint64_t *bytes, uint64_t *ns);

/* "1%" or "1": in millionths, from 1 to all of them. */
int option_percent(const char *text, uint32_t *ppm);

/* "prom=/var/x.prom"; the path points into text.  Whether there is such a format is asked later. */
int option_export(const char *text, struct lp_export *export);

int option_by(const char *text, enum lp_by *by);

/* Decimal digits and nothing else, up to most, which is at most LONG_MAX / 10. */
int option_number(const char *text, unsigned long most, unsigned long *number);

/* Can the text be the path of a cgroup?  Its existence is checked later. */
int option_cgroup(const char *text);

/* "100ms", "2s", "1.5m", "250us"; a bare number is in seconds.  Returns 0 or -EINVAL. */
int options_duration(const char *text, uint64_t *ns);

/* "64M", "1G", "500k"; a bare number is in bytes.  Returns 0 or -EINVAL. */
int options_size(const char *text, uint64_t *bytes);

#endif /* LP_OPTIONS_VALUES_H */
