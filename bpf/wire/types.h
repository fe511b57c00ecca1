/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The fixed-size integer types, of the kernel's BTF in BPF and of its headers in user space. */
#ifndef LP_BPF_WIRE_TYPES_H
#define LP_BPF_WIRE_TYPES_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#endif /* LP_BPF_WIRE_TYPES_H */
