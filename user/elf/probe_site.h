/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions of a function at which an uprobe is cheap. */
#ifndef LP_ELF_PROBE_SITE_H
#define LP_ELF_PROBE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernel emulates push, near call, jmp, jcc and nop under an uprobe (about
 * 0.6 us a hit) and single-steps the rest, at about fifteen times the cost
 * (arch/x86/kernel/uprobes.c: branch_setup_xol_ops, push_setup_xol_ops).
 *
 * Sets *offset to the first emulated instruction on the straight line from the
 * function's entry that every call passes once and before which no argument
 * register (rdi, rsi) is written.  Returns true, or false with *offset 0 if
 * there is none: then the entry has to do, at its price.
 */
bool probe_site_first_emulated(const uint8_t *code, size_t size, size_t *offset);

#endif /* LP_ELF_PROBE_SITE_H */
