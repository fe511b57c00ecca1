/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire's structs for user space: bpf/loopprof.h with the types it needs. */
#ifndef LP_WIRE_H
#define LP_WIRE_H

#include <linux/types.h>

#include "../bpf/loopprof.h"

#endif /* LP_WIRE_H */
