/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source of records: those of the ring buffer, and those that user space adds: targets,
 * the state of counters, stacks of late callbacks.
 */
#ifndef LP_LIVE_LIVE_H
#define LP_LIVE_LIVE_H

#include "runtime/runtime.h"
#include "session/session.h"
#include "wire/record.h"

struct lp_live;

struct lp_live_config {
	struct lp_session *session;
	bool native, kernel; /* stacks include C frames, and frames of the kernel */
	uint32_t period_us; /* period of the clock that samples late loops */
	/* fills in LP_EVENT_SELF, all but the event's head */
	void (*fill_self)(void *context, struct lp_event_self *self);
	lp_record_taker take;
	void *context;
};

int live_new(const struct lp_live_config *config, struct lp_live **live);
void live_free(struct lp_live *live);

/* Returns a descriptor that is readable when there are records. */
int live_descriptor(const struct lp_live *live);

/* Begins a turn of the main loop, which limits the events that are read and the time for it. */
void live_begin_turn(struct lp_live *live);

/*
 * Emits records within the limits of this turn; records that are left keep the descriptor
 * readable.  Returns 0 if the ring buffer is empty, 1 if records may be left, or a negative errno.
 */
int live_drain(struct lp_live *live);

/* Add a process that is profiled from now on, and a loop of it that runs already. */
void live_add_target(struct lp_live *live, const struct lp_process_info *process,
		     const struct lp_instance *instance);
void live_add_loop(struct lp_live *live, const struct lp_instance *instance, uint32_t slot,
		   const struct lp_running_loop *running);
/* Ends a loop whose thread has begun to run another loop. */
void live_end_loop(struct lp_live *live, pid_t pid, uint32_t slot);
/*
 * Reports the requests of a process over its share, if there are new ones.  To be called before
 * the session removes the process, as its counts may end with that.
 */
void live_report_limited(struct lp_live *live, pid_t pid);
/* Ends all loops of a process, of whose threads no exit may have been reported. */
void live_remove_target(struct lp_live *live, pid_t pid);

/* Sets the period of the clock that samples late loops. */
void live_set_period(struct lp_live *live, uint32_t period_us);

/* Emits the state of all counters that have changed since the last call. */
void live_save(struct lp_live *live);

/*
 * Emits the state of the counters, then LP_EVENT_INTERVAL or LP_EVENT_END.  Before the end the rest
 * of the ring buffer is read, within bounds; records that are left then are counted as lost.
 */
void live_snapshot(struct lp_live *live, enum lp_event_type type, uint32_t reason);

/*
 * Reports stalls in progress.  Must be called every ongoing_stall_period_ns(); it costs little
 * while no loop is late.
 */
void live_check_stalls(struct lp_live *live);

/* Returns the number of loops that have not ended. */
size_t live_loops(const struct lp_live *live);

#endif /* LP_LIVE_LIVE_H */
