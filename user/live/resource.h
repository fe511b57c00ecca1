/* SPDX-License-Identifier: BSD-2-Clause */
/* What a descriptor of a process is, as /proc shows it. */
#ifndef LP_LIVE_RESOURCE_H
#define LP_LIVE_RESOURCE_H

#include "wire/wire.h"

#include <stdint.h>
#include <sys/types.h>

/* Fills in a zeroed resource.  A descriptor that cannot be read has its number only. */
void resource_of_descriptor(pid_t pid, uint64_t descriptor, struct lp_resource *resource);

#endif /* LP_LIVE_RESOURCE_H */
