/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The kernel's types, the helpers of BPF, and the wire. */
#ifndef LP_BPF_LOOP_KERNEL_BPF_H
#define LP_BPF_LOOP_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "wire/wire.h"

#endif /* LP_BPF_LOOP_KERNEL_BPF_H */
