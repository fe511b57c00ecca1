/* SPDX-License-Identifier: BSD-2-Clause */
/* What a blocking call was on, for people. */
#ifndef LP_WIRE_RESOURCE_TEXT_H
#define LP_WIRE_RESOURCE_TEXT_H

#include "wire.h"

#include <stddef.h>

/*
 * "tcp 10.0.3.7:5432" (the other end), "/var/lib/x", "pipe:[4711]", "child 4712 (sort)", "lock
 * 0x7f...": sanitised UTF-8, cut to size; "" if there is nothing to tell.
 */
void resource_text(const struct lp_resource *resource, char *text, size_t size);

/* This end of a connected internet socket, "10.0.0.5:40112"; "" for anything else. */
void resource_local(const struct lp_resource *resource, char *text, size_t size);

#endif /* LP_WIRE_RESOURCE_TEXT_H */
