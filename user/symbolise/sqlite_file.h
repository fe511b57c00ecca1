/* SPDX-License-Identifier: BSD-2-Clause */
/* The database whose lock SQLite waits for, which its sleeps between two attempts do not name. */
#ifndef LP_SYMBOLISE_SQLITE_FILE_H
#define LP_SYMBOLISE_SQLITE_FILE_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The last look-up. */
struct lp_sqlite_file {
	pid_t pid;
	uint64_t read_ns; /* when it was; 0: none was */
	char path[LP_RESOURCE_BYTES]; /* "": SQLite did not wait */
};

/*
 * Adds the path to the resource of a sleep, if that is one of SQLite's and a process has such a
 * lock of a file that this process has open.
 */
void sqlite_file_add(struct lp_sqlite_file *last, pid_t pid, struct lp_resource *resource);

#endif /* LP_SYMBOLISE_SQLITE_FILE_H */
