/* SPDX-License-Identifier: BSD-2-Clause */
/* A process to profile, held by a descriptor so that its PID cannot be reused for another. */
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
	char exe[256]; /* as in its own mount namespace; truncated if longer */
	char container[65]; /* 64 hexadecimal digits, or "" */
	char unit[LP_UNIT_BYTES]; /* as in struct lp_cgroup */
	char pod[LP_POD_BYTES];
	uint64_t owner; /* as in struct lp_cgroup */
};

/* Opens a process. Returns 0, or a negative errno with a sentence for the user. */
int process_open(pid_t pid, struct lp_process_info *process, struct lp_error *error);
void process_close(struct lp_process_info *process);

/* Reads its names again, after an exec. */
void process_refresh(struct lp_process_info *process);

/* Returns whether it has ended, or the PID belongs to another process by now. */
bool process_ended(const struct lp_process_info *process);

/* Clock ticks since boot at which it started; 0 if there is no such process. */
uint64_t process_start_ticks(pid_t pid);

/* The kernel's letter for the state of its first thread, as 'T': stopped; 0: there is none. */
char process_state(pid_t pid);
/* The PID of its parent; 0 if there is no such process. */
pid_t process_parent(pid_t pid);
/*
 * The id of one of its threads in the innermost PID namespace of that; 0 if there is no such
 * thread.
 */
pid_t process_inner_id(pid_t pid, pid_t tid);
/* Returns the unit of a process, as in struct lp_cgroup; 0: it has none. */
uint64_t process_owner(pid_t pid);

/*
 * The PID of the process that forked it, if that is known: that of its parent, if
 * both run the same program file.  Otherwise 0.
 */
pid_t process_forked_from(pid_t pid);

/* Lists all PIDs of the host. Returns their number, or a negative errno; *pids is to be freed. */
ssize_t process_list(pid_t **pids);

/*
 * Reads the real and the effective user of a process into *users, the real one in the lower half.
 * Returns false if there is no such process.
 */
bool process_users(pid_t pid, uint64_t *users);

/* Returns its number of threads; 0 if there is no such process. */
size_t process_threads(pid_t pid);

/*
 * Returns whether the first thread has ended while others run. The process is a zombie then, of
 * which the kernel shows neither program nor mappings.
 */
bool process_leader_ended(pid_t pid);

/* Returns whether it has an epoll descriptor; true as well if this is unknown. */
bool process_has_epoll(pid_t pid);

/*
 * Returns whether it is in a cgroup, as cgroup_normalise returns it, or below; false once it has
 * ended.
 */
bool process_is_within(pid_t pid, const char *cgroup);

#endif /* LP_PROCESS_PROCESS_H */
