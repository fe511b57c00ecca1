/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that stands still for a moment, so that its memory can be read as it is at
 * one instant.  Its parent notices nothing; system calls that wait are interrupted, which
 * a runtime retries.  If loopprof dies meanwhile the kernel sets it going again.
 */
#ifndef LP_PROCESS_PAUSE_H
#define LP_PROCESS_PAUSE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_pause;

/* Returns 0, or a negative errno with a sentence and the process running. */
int pause_begin(pid_t pid, struct lp_pause **pause, struct lp_error *error);

/* Threads that could not be stopped in time, and may go on: those within the kernel. */
size_t pause_missed(const struct lp_pause *pause);

/* Sets it going; returns for how long it stood still, in ns. */
uint64_t pause_end(struct lp_pause *pause);

#endif /* LP_PROCESS_PAUSE_H */
