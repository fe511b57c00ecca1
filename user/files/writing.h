/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for what takes data slowly or never: a pipe, a terminal, a socket.  A run that
 * is asked to end, or whose time is over, waits for no reader any longer than a second.
 */
#ifndef LP_FILES_WRITING_H
#define LP_FILES_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From now on waiting ends soon after the descriptor stop is readable (as a signalfd is
 * that takes SIGINT), and after the instant end_ns of CLOCK_MONOTONIC; UINT64_MAX: never.
 */
void writing_end_at(int stop, uint64_t end_ns);

/* The run is over now; stop is not looked at again. */
void writing_end(void);

/* Back to the beginning: waits for as long as it takes. */
void writing_reset(void);

/*
 * Waits until the descriptor takes data, or until a write would fail at once.
 * Returns false if the time for that wait is over.
 */
bool writing_wait(int descriptor);

/*
 * Writes all of data, in small pieces where a write may block.  Returns 0, -ETIMEDOUT if
 * the reader took none until the end, or another negative errno.
 */
int writing_put(int descriptor, const void *data, size_t size);

#endif /* LP_FILES_WRITING_H */
