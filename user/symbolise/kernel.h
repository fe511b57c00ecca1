/* SPDX-License-Identifier: BSD-2-Clause */
/* --kernel: names of the kernel's functions, from /proc/kallsyms. */
#ifndef LP_SYMBOLISE_KERNEL_H
#define LP_SYMBOLISE_KERNEL_H

#include "runtime/runtime.h"

#include <stdio.h>

struct lp_kernel;

/* Reads the symbols from lines in the format of /proc/kallsyms. */
struct lp_kernel *kernel_read(FILE *file);

/* Reads the symbols, which takes some tens of milliseconds. NULL if they cannot be read. */
struct lp_kernel *kernel_new(void);
void kernel_free(struct lp_kernel *kernel);

/* Fills the frames of addresses, ended by 0 or count, innermost first. Returns their number. */
size_t kernel_frames(const struct lp_kernel *kernel, const __u64 *addresses, size_t count,
		     struct lp_frame *frames, size_t capacity);

#endif /* LP_SYMBOLISE_KERNEL_H */
