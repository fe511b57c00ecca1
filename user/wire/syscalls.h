/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls of x86-64 that may block, one row each: number, name, what it is on. */
#ifndef LP_WIRE_SYSCALLS_H
#define LP_WIRE_SYSCALLS_H

#include "wire.h"

/*
 * The name of a system call by its number, or of a wait in none (LP_SYSCALL_...).
 * "syscall_NNN" for one that is not in the table; the text of that holds until the
 * next call.
 */
const char *syscall_name(int number);

/* Which argument tells what it is on: enum lp_argument. */
unsigned int syscall_argument(int number);

#endif /* LP_WIRE_SYSCALLS_H */
