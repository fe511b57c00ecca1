/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire's structs for user space: bpf/wire/wire.h with the types it needs. */
#ifndef LP_WIRE_WIRE_H
#define LP_WIRE_WIRE_H

#include <linux/types.h>

#include "../../bpf/wire/wire.h"

#endif /* LP_WIRE_WIRE_H */
