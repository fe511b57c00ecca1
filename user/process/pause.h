/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stops a process for a moment, so that its memory can be read as it is at one instant. Its parent
 * is not notified; system calls that wait are interrupted, which a runtime retries. If loopprof
 * dies meanwhile the kernel resumes the process.
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

/*
 * Returns the number of threads that could not be stopped in time and may go on: those within the
 * kernel.
 */
size_t pause_missed(const struct lp_pause *pause);

/* Resumes the process; returns for how long it was stopped, in ns. */
uint64_t pause_end(struct lp_pause *pause);

#endif /* LP_PROCESS_PAUSE_H */
