/* SPDX-License-Identifier: BSD-2-Clause */
/* What the threads of loops stand in, if it is not the poll of their loop, and whom they wait for. */
#ifndef LP_TASKS_STANDING_H
#define LP_TASKS_STANDING_H

#include "process/other_end.h"
#include "snapshot.h"

/* The thread of a loop that is blocked within a callback. */
struct lp_standing {
	bool known; /* false: it runs, is in the poll of its loop, or cannot be read */
	struct lp_other_end end;
	const struct lp_shown_frame *own; /* innermost frame of the program; or NULL */
	const struct lp_shown_frame *parked; /* innermost frame; or NULL */
};

/*
 * Reads what the threads of all loops of a snapshot stand in, which costs the process nothing.
 * Returns one for each of them, to be freed by the caller; NULL if out of memory.
 */
struct lp_standing *standing_read(const struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_STANDING_H */
