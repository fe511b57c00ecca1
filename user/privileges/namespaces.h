/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks that process IDs and clocks here are the kernel's.  BPF programs read the
 * kernel's own: those of the initial PID namespace and of the initial time namespace.
 */
#ifndef LP_PRIVILEGES_NAMESPACES_H
#define LP_PRIVILEGES_NAMESPACES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum lp_namespace {
	LP_NAMESPACE_PROC, /* /proc shows another PID namespace than that of this process */
	LP_NAMESPACE_USER, /* a user namespace, whose root is not the kernel's */
	LP_NAMESPACE_PID, /* a PID namespace that is not the initial one */
	LP_NAMESPACE_TIME, /* a time namespace with offsets */
	LP_NAMESPACES
};

/* The words of `loopprof check` and of the refusal for one namespace. */
struct lp_namespace_row {
	const char *what; /* "process IDs" */
	const char *found; /* the text where it is right: "the kernel's" */
	const char *wrong; /* a clause: the fault, and its consequence */
	const char *fix;
	bool only_live; /* reading the tasks of a process does not need it */
};

extern const struct lp_namespace_row lp_namespaces[LP_NAMESPACES];

/*
 * Returns true where the namespace is right, or where that is unknown. proc is the directory that
 * is read: "/proc" except in tests.
 */
bool namespace_fits(const char *proc, enum lp_namespace which);

/*
 * The ns by which a process's CLOCK_MONOTONIC is ahead of that of this one: 0 unless one of
 * both is in a time namespace.  proc as above.
 */
int64_t namespaces_clock_shift(const char *proc, pid_t pid);

/* live: BPF programs will run.  Returns 0, or -ENOTSUP with a sentence. */
int namespaces_check(bool live, struct lp_error *error);

#endif /* LP_PRIVILEGES_NAMESPACES_H */
