/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread of another process is blocked on, and the processes at the other end of it: of a
 * pipe, of a UNIX socket, of a lock of a file, or a child that is waited for. All of it is read
 * from /proc at one instant, and costs the processes nothing.
 */
#ifndef LP_PROCESS_OTHER_END_H
#define LP_PROCESS_OTHER_END_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Finds out what a thread is blocked on. Returns false if it runs or cannot be read. Searches for
 * processes end after limit_ns.
 */
bool other_end_read(pid_t pid, pid_t tid, uint64_t limit_ns, struct lp_other_end *end);

/*
 * Opens the socket by which the kernel is asked for peers of UNIX sockets, which cannot be opened
 * later by a process with few rights. Without it they are unknown.
 */
void other_end_prepare(void);

#endif /* LP_PROCESS_OTHER_END_H */
