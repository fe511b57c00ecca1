/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops whose threads are blocked within a callback: in which call, and who is at its other end. */
#ifndef LP_TASKS_BLOCKED_LOOP_H
#define LP_TASKS_BLOCKED_LOOP_H

#include "process/other_end.h"
#include "snapshot.h"

/* What the thread of a loop is blocked in. */
struct lp_blocked_loop {
	bool known; /* false: it runs, is in the poll of its loop, or cannot be read */
	struct lp_other_end end;
	char dns_name[LP_DNS_NAME_BYTES]; /* the name that it asks a name server for; or "" */
	const struct lp_shown_frame *own; /* innermost frame of the program; or NULL */
	const struct lp_shown_frame *parked; /* innermost frame; or NULL */
};

/*
 * Reads what the threads of all loops of a snapshot are blocked in, which costs the process
 * nothing.  Returns one for each loop, to be freed by the caller; NULL if out of memory.
 */
struct lp_blocked_loop *blocked_loop_read_all(const struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_BLOCKED_LOOP_H */
