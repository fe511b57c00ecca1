/* SPDX-License-Identifier: BSD-2-Clause */
/* The rights of this process, and the capabilities that it lacks for the others. */
#ifndef LP_PRIVILEGES_RIGHTS_H
#define LP_PRIVILEGES_RIGHTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lp_right {
	LP_RIGHT_BPF, /* load BPF programs and maps */
	LP_RIGHT_TRACEFS, /* find the tracepoints */
	LP_RIGHT_EVENTS, /* open clocks and probes: perf_event_open() */
	LP_RIGHT_PROBES, /* attach uprobes */
	LP_RIGHT_MEMORY, /* read the memory of processes of other users */
	LP_RIGHT_FILES, /* open the files that a process has mapped */
	LP_RIGHT_KERNEL, /* names of the kernel's functions */
	LP_RIGHTS
};

struct lp_right_row {
	const char *what; /* the action that it allows, an infinitive */
	uint64_t all_of; /* capabilities that are all needed, as bits */
	uint64_t or_one_of; /* capabilities each of which replaces all of them */
	uint64_t of_others; /* needed as well for processes of other users */
	const char *without; /* the functions that work without it; NULL: no profile at all */
};

extern const struct lp_right_row lp_rights[LP_RIGHTS];

/* The effective capabilities as bits. */
uint64_t rights_effective(void);

bool right_held(enum lp_right right, uint64_t effective);

/* Returns the names of the capabilities that it lacks, "CAP_BPF + CAP_PERFMON". */
void right_missing(enum lp_right right, uint64_t effective, char *text, size_t size);

/*
 * Returns whether this process lacks capabilities that the right requires for processes of other
 * users, and their names.
 */
bool right_lacks(enum lp_right right, char *text, size_t size);

/* Called at the start of the program, before it restricts itself. */
void rights_begin(void);

/*
 * Returns whether a seccomp filter was installed on this process before it began, as containers
 * do.
 */
bool rights_filtered(void);

/*
 * Returns whether a kernel of this release counts BPF maps as locked memory. Linux did so before
 * 5.11.
 */
bool rights_count_locked_memory(const char *release);

/* The kernel's lockdown: "none", "integrity", "confidentiality"; "" if that is not known. */
void rights_lockdown(char *text, size_t size);

/*
 * Sets the sentence of a failure with -EPERM or -EACCES: the failed action, the missing right,
 * and the remedy.  failure is its beginning, "cannot inspect process 42".  Returns err.
 */
int rights_refuse(struct lp_error *error, int err, enum lp_right right, const char *failure);

#endif /* LP_PRIVILEGES_RIGHTS_H */
