/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for slow readers of a pipe, a terminal or a socket.  After the end of a run, which a
 * signal or its duration brings, readers are waited for one more second in all.
 */
#ifndef LP_FILES_WRITING_H
#define LP_FILES_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sets what ends the run: the descriptor stop becoming readable (a signalfd for SIGINT), or
 * the instant end_ns of CLOCK_MONOTONIC; UINT64_MAX: no such instant.
 */
void writing_end_at(int stop, uint64_t end_ns);

/* The run has ended; stop is not polled any more. */
void writing_end(void);

/* Back to the initial state: writes wait without a limit. */
void writing_reset(void);

/*
 * Waits until the descriptor takes data, or until a write would fail at once.  Returns false
 * if the time to wait is over.
 */
bool writing_wait(int descriptor);

/*
 * Writes all of data, in pieces of PIPE_BUF where a write may block.  Returns 0, -ETIMEDOUT
 * if the time to wait is over, or another negative errno.
 */
int writing_put(int descriptor, const void *data, size_t size);

#endif /* LP_FILES_WRITING_H */
