/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner of a process, by the text of /proc/PID/cgroup: of version 1, of version 2, or both. */
#ifndef LP_PROCESS_CGROUP_H
#define LP_PROCESS_CGROUP_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_CONTAINER_DIGITS 64

/* Fields that are missing or malformed are "". */
struct lp_cgroup {
	char unit[LP_UNIT_BYTES]; /* the innermost service or scope that is not a container's */
	char pod[LP_POD_BYTES]; /* Kubernetes' uid, with dashes where it has any */
	char container[LP_CONTAINER_DIGITS + 1]; /* the outermost of nested ones */
	/*
	 * The part of the path that the members cannot choose, as a number: up to the outermost
	 * service, scope, container, pod or user's slice, or else two folders.  0: the root.
	 */
	uint64_t owner;
};

void cgroup_parse(const char *text, struct lp_cgroup *cgroup);

/*
 * Normalises a cgroup that a user has given, below /sys/fs/cgroup, with that prefix or without; ""
 * is the root. Returns 0, or -EINVAL if it has ".." in it or is too long.
 */
int cgroup_normalise(const char *given, char *path, size_t size);

/*
 * Returns whether the owner, as in struct lp_cgroup, is that of the processes in a normalised
 * cgroup itself. A cgroup of a version 1 hierarchy may have the name of the controller in front.
 */
bool cgroup_is_owner(uint64_t owner, const char *path);

/*
 * Returns whether there is this normalised cgroup in a hierarchy that is mounted at
 * /sys/fs/cgroup. True as well where nothing is mounted there.
 */
bool cgroup_exists(const char *path);

/*
 * Returns whether the text names this normalised cgroup, or one below it. A cgroup of a version 1
 * hierarchy may have the name of the controller in front.
 */
bool cgroup_is_within(const char *text, const char *path);

#endif /* LP_PROCESS_CGROUP_H */
