/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quotas of the time for which the main loop waits for attachments. A process that holds its memory
 * lock again and again, each time for less than the longest wait, uses up its own quota and that of
 * its unit; nothing is attached to it then until a part of it is refilled. Nothing here measures or
 * attaches.
 */
#ifndef LP_SESSION_ATTACH_TIMES_H
#define LP_SESSION_ATTACH_TIMES_H

#include "base/quota.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The quotas in ns. */
#define LP_ATTACH_TIME_OF_PROCESS UINT64_C(2000000000)
#define LP_ATTACH_TIME_OF_UNIT UINT64_C(4000000000)
#define LP_ATTACH_TIME_OF_HOST UINT64_C(6000000000)

/* The most entries of each kind; for a new one, the one that has spent least is removed. */
#define LP_ATTACH_TIMES 64

struct lp_attach_time {
	uint64_t key; /* 0: empty */
	struct lp_quota quota;
	bool used_up; /* until half of the quota is refilled */
};

/* Empty when all bytes are 0. */
struct lp_attach_times {
	uint64_t (*owner_of)(pid_t pid); /* NULL: all processes are of one unit */
	struct lp_attach_time processes[LP_ATTACH_TIMES], units[LP_ATTACH_TIMES];
	struct lp_quota host; /* waits for which no process is at fault, as far as is known */
};

/*
 * Returns whether the quota of a process, or of its unit, is used up, so that nothing is to be
 * attached to it now.
 */
bool attach_times_refuse(struct lp_attach_times *times, pid_t pid, uint64_t now_ns);

/*
 * Charges a process, and its unit, for a wait. Returns true if that has used up one of the
 * quotas.
 */
bool attach_times_charge(struct lp_attach_times *times, pid_t pid, uint64_t ns, uint64_t now_ns);

/* Charges the host for a wait. */
void attach_times_charge_host(struct lp_attach_times *times, uint64_t ns, uint64_t now_ns);

/* Returns the ns that are left of the quota of the host. */
uint64_t attach_times_left(struct lp_attach_times *times, uint64_t now_ns);

#endif /* LP_SESSION_ATTACH_TIMES_H */
