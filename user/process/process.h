/* SPDX-License-Identifier: BSD-2-Clause */
/* A process to profile, held by a descriptor so that its PID cannot come to mean another. */
#ifndef LP_PROCESS_PROCESS_H
#define LP_PROCESS_PROCESS_H

#include "base/error.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_process_info {
	pid_t pid;
	int descriptor; /* pidfd: readable once the process has ended */
	uint64_t start_ticks; /* /proc/PID/stat field 22 */
	char comm[32];
	char exe[256]; /* as its own mount namespace names it; cut if longer */
	char container[65]; /* 64 hexadecimal digits, or "" */
	char unit[LP_UNIT_BYTES]; /* as in struct lp_cgroup */
	char pod[LP_POD_BYTES];
	uint64_t owner; /* as in struct lp_cgroup */
};

/* Opens a process. Returns 0, or a negative errno with a sentence for the user. */
int process_open(pid_t pid, struct lp_process_info *process, struct lp_error *error);
void process_close(struct lp_process_info *process);

/* Reads its names anew, after an exec. */
void process_refresh(struct lp_process_info *process);

/* Has it ended, or is the PID somebody else's by now? */
bool process_ended(const struct lp_process_info *process);

/* Clock ticks since boot at which it started; 0 if there is no such process. */
uint64_t process_start_ticks(pid_t pid);

/* The PID of its parent; 0 if there is no such process. */
pid_t process_parent(pid_t pid);

/*
 * The PID of the process that forked it, if that is known: that of its parent, if
 * both run the same program file.  Otherwise 0.
 */
pid_t process_forked_from(pid_t pid);

/* Every PID of the host. Returns how many; *pids is to be freed. Negative errno on failure. */
ssize_t process_list(pid_t **pids);

/* How many threads it has; 0 if there is no such process. */
size_t process_threads(pid_t pid);

/* Has it an epoll descriptor?  True as well where that cannot be told. */
bool process_has_epoll(pid_t pid);

/* Is it in a cgroup, given as cgroup_normalise leaves it, or below?  False once it has ended. */
bool process_is_within(pid_t pid, const char *cgroup);

#endif /* LP_PROCESS_PROCESS_H */
