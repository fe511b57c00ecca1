/* SPDX-License-Identifier: BSD-2-Clause */
/* The locks of files, as /proc/locks lists them: those of flock() and fcntl(). */
#ifndef LP_PROCESS_FILE_LOCKS_H
#define LP_PROCESS_FILE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A line of /proc/locks. */
struct lp_file_lock {
	uint64_t number; /* one that waits has the number of the one that it waits for */
	bool waits;
	bool exclusive;
	bool posix; /* of fcntl(), of a process */
	pid_t pid; /* its holder; not positive: it belongs to an open file, not to a process */
	uint64_t inode;
	uint64_t start, end; /* the bytes of the file */
};

/* Parses a line. False: it is none of a lock. */
bool file_locks_parse(const char *line, struct lp_file_lock *lock);

/* Finds the locks that a process waits for. Returns their number, or that which fits. */
size_t file_locks_blocking(pid_t pid, struct lp_file_lock *locks, size_t capacity);

/*
 * Finds the locks of SQLite on files that a process has open, which prevent another connection from
 * writing: one lock of each process and kind. The search ends at an instant, with what was found
 * until then. Returns their number, or that which fits, and the process's descriptor of the file.
 */
size_t file_locks_of_sqlite(pid_t pid, struct lp_file_lock *locks, size_t capacity,
			    uint64_t until_ns, int *descriptor);

#endif /* LP_PROCESS_FILE_LOCKS_H */
