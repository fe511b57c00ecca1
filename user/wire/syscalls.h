/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls, one row each: name, number, and which argument names the resource.  Captures
 * carry the numbers of the machine that recorded them.
 */
#ifndef LP_WIRE_SYSCALLS_H
#define LP_WIRE_SYSCALLS_H

#include "wire.h"

/*
 * The name of a system call by its number, or of a wait outside of system calls
 * (LP_SYSCALL_...).  "syscall_NNN" for a number that is not in the table; that text is valid
 * until the next call.
 */
const char *syscall_name(int number);

/* The argument of a system call that names its resource: enum lp_argument. */
unsigned int syscall_argument(int number);

#endif /* LP_WIRE_SYSCALLS_H */
