/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of both ends of a socket, as its network namespace lists them. */
#ifndef LP_PROCESS_SOCKETS_H
#define LP_PROCESS_SOCKETS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Searches /proc/PID/net for an internet socket. Returns whether it is there. The lists of a
 * process are read once for many questions: a socket that was made just now may not be in them.
 */
bool socket_by_inode(pid_t pid, uint64_t inode, struct lp_resource *resource);

#endif /* LP_PROCESS_SOCKETS_H */
