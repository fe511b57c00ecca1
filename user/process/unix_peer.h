/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers of UNIX sockets, which no file of /proc shows. */
#ifndef LP_PROCESS_UNIX_PEER_H
#define LP_PROCESS_UNIX_PEER_H

#include <stdint.h>

/* Opens the socket by which the kernel is asked; does nothing if it is open. */
void unix_peer_open(void);

/*
 * Returns the inode of the peer of a connected socket; 0 if it has none, is of another network
 * namespace, or is no UNIX socket.
 */
uint64_t unix_peer_inode(uint64_t inode);

#endif /* LP_PROCESS_UNIX_PEER_H */
