/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that have just begun a program, until they are worth a look: most have ended
 * by then, and those that fork only to exec run something else.
 */
#ifndef LP_DISCOVERY_NEW_PROCESSES_H
#define LP_DISCOVERY_NEW_PROCESSES_H

#include "program_cache.h"

#include <stddef.h>

#define LP_ARRIVALS 4096

struct lp_arrival {
	pid_t pid;
	bool keyed; /* key is known */
	uint64_t due_ns;
	struct lp_program_key key;
};

/* First in, first out; zeroed it is empty. */
struct lp_arrivals {
	size_t first, count;
	struct lp_arrival items[LP_ARRIVALS];
};

/* Returns false if there is no room: whoever is not taken has to be found otherwise. */
bool arrivals_put(struct lp_arrivals *arrivals, const struct lp_arrival *arrival);

/* Takes the next that is due.  Returns false if none is. */
bool arrivals_take(struct lp_arrivals *arrivals, uint64_t now_ns, struct lp_arrival *arrival);

/* When the next is due; UINT64_MAX: there is none. */
uint64_t arrivals_due(const struct lp_arrivals *arrivals);

#endif /* LP_DISCOVERY_NEW_PROCESSES_H */
