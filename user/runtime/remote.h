/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading targets from another process, which may hang in the place of this one: the
 * pages and the files of a target are served by whom its owner likes, for instance by a
 * FUSE server that never answers.  A process that did not answer is unreadable from then
 * on: all that would read it fails at once with -ETIMEDOUT.  Whether it answers again is
 * tried now and then, without waiting for it.  There is one of it in a run.
 */
#ifndef LP_REMOTE_H
#define LP_REMOTE_H

#include <stddef.h>
#include <stdint.h>

/*
 * From now on memory_read and its like (target/memory.h) go there.  To be called before
 * anything is attached.  Returns 0 or a negative errno.
 */
int remote_begin(void);
void remote_end(void);

/* Waits end when this descriptor is readable; -1: none. */
void remote_stop_on(int descriptor);

/* The run is to end: a process that does not answer costs next to no time from now on. */
void remote_hurry(void);

/* Readable when remote_turn has something to do. */
int remote_descriptor(void);
/* Tries unreadable processes again.  Returns when to be called again (CLOCK_MONOTONIC). */
uint64_t remote_turn(uint64_t now_ns);

/* How many processes did not answer, ever. */
size_t remote_unreadable(void);

#endif /* LP_REMOTE_H */
