/* SPDX-License-Identifier: BSD-2-Clause */
/* The resource that a system call blocked on, as text. */
#ifndef LP_WIRE_RESOURCE_TEXT_H
#define LP_WIRE_RESOURCE_TEXT_H

#include "wire.h"

#include <stddef.h>

/*
 * Writes the resource as sanitised UTF-8, cut to size: "tcp 10.0.3.7:5432" (the peer),
 * "/var/lib/x", "pipe:[4711]", "child 4712 (sort)", "lock 0x7f..."; "" if nothing is known.
 */
void resource_text(const struct lp_resource *resource, char *text, size_t size);

/*
 * Writes the local address of a connected internet socket, "10.0.0.5:40112"; "" for any other
 * resource.
 */
void resource_local(const struct lp_resource *resource, char *text, size_t size);

#endif /* LP_WIRE_RESOURCE_TEXT_H */
