/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assignment of the elements of the map holdings to processes and to the units that they belong
 * to. The element of a process is free again once the process is removed and holds no entries any
 * more; that of a unit, once the elements of all of its processes are free.
 */
#ifndef LP_SESSION_HOLDINGS_H
#define LP_SESSION_HOLDINGS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_holdings {
	struct lp_holding *items; /* the mapped map, not owned; BPF counts in it as well */
	uint32_t capacity; /* number of elements; element 0 has the sums of all processes */
	uint32_t end; /* number of the element after the last one that was ever in use */
	struct lp_holder {
		pid_t pid; /* 0: the element is free or that of a unit */
		/*
		 * of a unit: number of its processes that have an element; 0: not the element of a
		 * unit
		 */
		uint32_t members;
		uint64_t owner; /* of a unit: as in struct lp_process_info */
		bool removed;
	} * holders;
	bool shared; /* several processes may share the tables, so that shares are limited */
	uint32_t loop_capacity;
};

/* items has capacity elements, is not owned and must outlive holdings. Returns 0 or -ENOMEM. */
int holdings_open(struct lp_holdings *holdings, void *items, uint32_t capacity);
void holdings_close(struct lp_holdings *holdings);

/*
 * Returns the number of the element of a process, which is assigned if it has none, or 0 if no
 * element is free for it or its unit: such a process has no limits and must not be profiled. owner
 * is the unit of the process, as in struct lp_process_info; 0: it has none.
 */
uint32_t holdings_add(struct lp_holdings *holdings, pid_t pid, uint64_t owner);
void holdings_remove(struct lp_holdings *holdings, pid_t pid);
/*
 * Returns the number of the element of a process, which may be a removed one with entries left, or
 * 0 if it has none.
 */
uint32_t holdings_find(const struct lp_holdings *holdings, pid_t pid);

/* Returns whether the process may have another loop, as lp_share_allows in BPF does. */
bool holdings_may_loop(const struct lp_holdings *holdings, uint32_t number);
void holdings_loop(struct lp_holdings *holdings, uint32_t number, int count);
void holdings_callback(struct lp_holdings *holdings, uint32_t number, int count);
/*
 * Clears the counts of causes of all elements. To be called when user space has emptied the table
 * of causes.
 */
void holdings_no_causes(struct lp_holdings *holdings);
void holdings_limit(struct lp_holdings *holdings, uint32_t number, enum lp_limited_kind kind,
		    uint64_t count);

#endif /* LP_SESSION_HOLDINGS_H */
