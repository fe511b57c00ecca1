/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source: the ring buffer, and what user space adds to it (the targets,
 * the state of the counters, stacks of late callbacks).
 */
#ifndef LP_LIVE_LIVE_H
#define LP_LIVE_LIVE_H

#include "runtime/runtime.h"
#include "session/session.h"
#include "wire/record.h"

struct lp_live;

struct lp_live_config {
	struct lp_session *session;
	bool native, kernel; /* C frames and the kernel's, too */
	uint32_t period_us; /* of the clock that samples late loops */
	/* what the run itself takes, for LP_EVENT_SELF; all but the event's head */
	void (*fill_self)(void *context, struct lp_event_self *self);
	lp_record_taker take;
	void *context;
};

int live_new(const struct lp_live_config *config, struct lp_live **live);
void live_free(struct lp_live *live);

/* To be waited on: readable when there are records. */
int live_descriptor(const struct lp_live *live);

/* Begins a turn of the main loop, with its limits of events and of time. */
void live_begin_turn(struct lp_live *live);

/*
 * Hands out records within the limits of this turn; records that are left keep the descriptor
 * readable.  Returns 0 once all was handed out, 1 if more may be there, or a negative errno.
 */
int live_drain(struct lp_live *live);

/* A process that is profiled from now on, and a loop of it that runs already. */
void live_add_target(struct lp_live *live, const struct lp_process_info *process,
		     const struct lp_instance *instance);
void live_add_loop(struct lp_live *live, const struct lp_instance *instance, uint32_t slot,
		   const struct lp_running_loop *running);
/* A loop ends whose thread runs on, and another one in it. */
void live_end_loop(struct lp_live *live, pid_t pid, uint32_t slot);
/* Its loops end: for a process whose threads were not seen to exit. */
/*
 * Reports the requests of a process over its share, if there are new ones.  To be called before
 * the session removes the process, as its counts may end with that.
 */
void live_report_limited(struct lp_live *live, pid_t pid);
void live_remove_target(struct lp_live *live, pid_t pid);

/* The clock goes at another pace from now on. */
void live_set_period(struct lp_live *live, uint32_t period_us);

/* Hands out the state of all counters that have changed since the last time. */
void live_save(struct lp_live *live);

/*
 * The same, then LP_EVENT_INTERVAL or LP_EVENT_END.  Before the end the rest of the ring
 * buffer is read, within bounds; records that are left then are counted as lost.
 */
void live_snapshot(struct lp_live *live, enum lp_event_type type, uint32_t reason);

/*
 * Tells of stalls that last.  To be called each ongoing_stall_period_ns(); costs nothing
 * while no loop is late.
 */
void live_check_stalls(struct lp_live *live);

/* How many loops are live, and whether one of them has dispatched anything. */
size_t live_loops(const struct lp_live *live);

#endif /* LP_LIVE_LIVE_H */
