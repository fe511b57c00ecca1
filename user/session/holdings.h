/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assignment of the elements of the map holdings to processes and to the units that they
 * belong to.  An element of a process is free again once the process is removed and nothing is
 * held any more; one of a unit, once no element of its processes is left.
 */
#ifndef LP_SESSION_HOLDINGS_H
#define LP_SESSION_HOLDINGS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_holdings {
	struct lp_holding *items; /* mapped: BPF counts there */
	uint32_t capacity; /* element 0 is that of all together */
	uint32_t end; /* elements in use lie before this one */
	struct lp_holder {
		pid_t pid; /* 0: free, or that of a unit */
		uint32_t members; /* of a unit: the elements of its processes; 0: it is no unit's */
		uint64_t owner; /* of a unit: as in struct lp_process_info */
		bool removed;
	} * holders;
	bool shared; /* there may be several processes */
	uint32_t loop_capacity;
};

/* items: room elements, not owned. Returns 0 or -ENOMEM. */
int holdings_open(struct lp_holdings *holdings, void *items, uint32_t capacity);
void holdings_close(struct lp_holdings *holdings);

/*
 * The element of a process, which it gets if it has none; 0 where there is no room.  owner: the
 * unit of the process, as in struct lp_process_info; 0: it has none.
 */
uint32_t holdings_add(struct lp_holdings *holdings, pid_t pid, uint64_t owner);
void holdings_remove(struct lp_holdings *holdings, pid_t pid);
/* The element of a process, even a removed one with entries left; 0: it has none. */
uint32_t holdings_find(const struct lp_holdings *holdings, pid_t pid);

/* As in BPF: neither a process nor its unit ever has more of a table than is left in it. */
bool holdings_may_loop(const struct lp_holdings *holdings, uint32_t number);
void holdings_loop(struct lp_holdings *holdings, uint32_t number, int count);
void holdings_callback(struct lp_holdings *holdings, uint32_t number, int count);
/* To be called when user space has emptied the table of causes. */
void holdings_no_causes(struct lp_holdings *holdings);
void holdings_limit(struct lp_holdings *holdings, uint32_t number, enum lp_limited_kind kind,
		    uint64_t count);

#endif /* LP_SESSION_HOLDINGS_H */
