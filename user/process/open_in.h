/* SPDX-License-Identifier: BSD-2-Clause */
/* The open descriptors of a process, by the names that /proc/PID/fd shows. */
#ifndef LP_PROCESS_OPEN_IN_H
#define LP_PROCESS_OPEN_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The access that a descriptor has to have. */
enum lp_open_access {
	LP_OPEN_ANY,
	LP_OPEN_READS,
	LP_OPEN_WRITES,
};

/* Reads the name of a descriptor, sanitised and cut. False: it is not open. */
bool open_in_name(pid_t pid, int descriptor, char *name, size_t size);

/*
 * Reads a number that the kernel reports of a descriptor, "ino" or "Pid", without a call to its
 * file system, which may be stuck. Returns 0 if it cannot be read.
 */
int64_t open_in_number(pid_t pid, int descriptor, const char *key);

/*
 * Returns whether a process has a descriptor of that name, among its first 4096, as far as they
 * are read until an instant.
 */
bool open_in_process(pid_t pid, const char *name, enum lp_open_access access, uint64_t until_ns);

/*
 * Calls a function for each open descriptor of a process, 4096 at most, until it returns false or
 * an instant is reached.
 */
void open_in_each(pid_t pid, uint64_t until_ns,
		  bool (*function)(void *context, int directory, const char *descriptor),
		  void *context);

#endif /* LP_PROCESS_OPEN_IN_H */
