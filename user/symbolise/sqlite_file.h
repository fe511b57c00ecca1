/* SPDX-License-Identifier: BSD-2-Clause */
/* The database whose lock SQLite waits for, which its sleeps between two attempts do not name. */
#ifndef LP_SYMBOLISE_SQLITE_FILE_H
#define LP_SYMBOLISE_SQLITE_FILE_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The processes that are remembered. */
#define LP_SQLITE_LOOK_UPS 8

/* The last look-up of a process. */
struct lp_sqlite_look_up {
	pid_t pid;
	uint64_t read_ns; /* when it was; 0: none was */
	char path[LP_RESOURCE_BYTES]; /* "": SQLite did not wait */
};

/* All zeros at first. */
struct lp_sqlite_file {
	struct lp_sqlite_look_up look_ups[LP_SQLITE_LOOK_UPS];
	uint64_t paused_until_ns; /* instant until which no process is looked up */
};

/*
 * Adds the path to the resource of a sleep, if that is one of SQLite's and a process has such a
 * lock of a file that this process has open.  A look-up takes a small share of the time; without
 * one the resource stays as it is.
 */
void sqlite_file_add(struct lp_sqlite_file *file, pid_t pid, struct lp_resource *resource);

#endif /* LP_SYMBOLISE_SQLITE_FILE_H */
