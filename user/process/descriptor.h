/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between processes of loopprof that carry a descriptor, by a UNIX socket. */
#ifndef LP_PROCESS_DESCRIPTOR_H
#define LP_PROCESS_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Sends a message, with a descriptor unless that is negative. flags are those of sendmsg(2), in
 * addition to MSG_NOSIGNAL. Returns 0 or a negative errno.
 */
int descriptor_send(int socket, const void *message, size_t size, int descriptor, int flags);

/*
 * Waits for a message. Stores the descriptor that came with it, which the caller owns, or -1.
 * Returns the number of bytes; 0 at the end; -EMFILE if the limit of open files kept the descriptor
 * away, in which case the message was stored; or another negative errno.
 */
ssize_t descriptor_receive(int socket, void *message, size_t size, int *descriptor);

#endif /* LP_PROCESS_DESCRIPTOR_H */
