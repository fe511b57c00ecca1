/* SPDX-License-Identifier: BSD-2-Clause */
/* The limit of open files of this process (RLIMIT_NOFILE). */
#ifndef LP_PRIVILEGES_OPEN_FILES_H
#define LP_PRIVILEGES_OPEN_FILES_H

#include <stdint.h>

/* What a run with one process needs, and what one with a dozen does. */
#define LP_OPEN_FILES_ONE_PROCESS 96
#define LP_OPEN_FILES_DOZEN 256

/*
 * Raises the limit to a number of files, and never lowers it. The hard limit is raised as well
 * where that is allowed; otherwise it bounds the result. Returns the limit that applies then.
 */
uint64_t open_files_raise(uint64_t wanted);

/*
 * Restores the limits that this process had before its first call of open_files_raise, for a
 * program that it executes.
 */
void open_files_restore(void);

#endif /* LP_PRIVILEGES_OPEN_FILES_H */
