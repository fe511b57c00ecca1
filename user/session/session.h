/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF side of a run. A session is the only owner of the skeletons, links and maps. */
#ifndef LP_SESSION_SESSION_H
#define LP_SESSION_SESSION_H

#include "base/error.h"
#include "runtime/runtime.h"
#include "wire/wire.h"

struct lp_session;

struct lp_session_config {
	bool inner; /* --inner: identify steps of tasks by their await chains */
	bool queue; /* --queue: measure queue delays */
	/*
	 * number of threads that may run loops; 0: not known, so that the maps have their full
	 * sizes
	 */
	size_t threads;
	bool share; /* attach probes to files, for all processes that run them */
	bool follow; /* report processes that fork or exec */
	bool sampling; /* sample mode: no probes that time callbacks */
	/* --budget: share of a thread's time for probes, 0.01 for one per cent; 0: no budget */
	double budget;
	bool native; /* include C frames in stacks */
	bool kernel; /* include the kernel's frames in stacks */
	uint32_t findings; /* kinds of findings to report: bits, 1 << enum lp_finding_kind */
	bool origins; /* record where tasks and coroutines were created */
	bool lifetimes; /* measure the lifetimes of tasks */
	unsigned int frequency; /* Hz of the clock that samples late loops */
};

/*
 * Loads the BPF programs and attaches those that do not depend on a process. Returns 0, or a
 * negative errno with a sentence. Free with session_free.
 */
int session_new(const struct lp_session_config *config, struct lp_session **session,
		struct lp_error *error);
void session_free(struct lp_session *session);

/*
 * Sets when the run ends: once the descriptor is readable, or at an instant of CLOCK_MONOTONIC. No
 * attachment is waited for after that.
 */
void session_end_at(struct lp_session *session, int descriptor, uint64_t end_ns);

/* Returns the CPU time in ns of the process that attaches and detaches. */
uint64_t session_attaching_cpu_ns(const struct lp_session *session);

/*
 * Makes BPF report the children of a process that is or may become a target and, in sample mode,
 * its threads that poll. A call with watch false undoes one with true.
 */
void session_follow_process(struct lp_session *session, pid_t pid, bool watch);

/*
 * Makes all slots available; session_new makes only some of them available. Returns 0 or a negative
 * errno.
 */
int session_fill_slots(struct lp_session *session);

/*
 * Attaches the tracepoints of the epoll calls or, with all, of every poll call, for a process whose
 * loops do not use epoll. Without fentry each of them slows the whole host a little, so that only
 * the epoll calls are attached at first. Does nothing if the kernel has fentry. Returns 0 or a
 * negative errno.
 */
int session_follow_polls(struct lp_session *session, bool all);

/*
 * Returns whether hooks notice all polls: not in sample mode, in which the scheduler shows those
 * that wait.
 */
bool session_hooks_polls(const struct lp_session *session);

/*
 * Returns whether some poll calls are not attached yet. False if the kernel has fentry, and in
 * sample mode.
 */
bool session_lacks_polls(const struct lp_session *session);

/*
 * Discards the times of a loop's current segment and iteration, as their beginning may be that of a
 * poll that was not noticed.
 */
void session_drop_iteration(struct lp_session *session, uint32_t slot);

/*
 * Begins to profile a process: all probes on its loops are attached, or none if one that is needed
 * fails. Probes that cannot be found yet (-EAGAIN) and those for findings are left to
 * session_complete_process. owner is the unit of the process, as in struct lp_process_info. Returns
 * 0, or a negative errno with a sentence.
 */
int session_add_process(struct lp_session *session, const struct lp_instance *instance,
			uint64_t owner, uint64_t threshold_ns, struct lp_error *error);

/*
 * Attaches the probes that could not be found before, and those for findings. Returns 0 if nothing
 * is missing, a positive number if a later call may attach more, or a negative errno with a
 * sentence. A probe that this build of Python lacks is reported once and not tried again.
 */
int session_complete_process(struct lp_session *session, const struct lp_instance *instance,
			     struct lp_error *error);

/*
 * Returns the roles whose probes are wanted of a process and not found yet; with all, also those
 * for findings, origins and lifetimes, which session_complete_process attaches.
 */
struct lp_open_roles session_open_roles(const struct lp_session *session, pid_t pid, bool all);

/* Counts a process to which the probes were not attached, as session_add_process gave -EBUSY. */
void session_count_unattached(struct lp_session *session);

/*
 * Detaches the shared probes that no process has used for a while, and reports whether attaching is
 * possible again. To be called now and then.
 */
void session_sweep(struct lp_session *session, uint64_t now_ns);

/*
 * Returns whether the process that attaches was ended by somebody else, and all probes with it, as
 * of the last session_sweep: the run has nothing to report from then on. A confined run has no
 * right to start another such process.
 */
bool session_has_failed(const struct lp_session *session);

/* Returns whether the programs recognise the frames of a loop itself in this process. */
bool session_knows_loops(const struct lp_session *session, pid_t pid);
void session_remove_process(struct lp_session *session, pid_t pid);

/*
 * Makes a thread a loop before its first dispatch is noticed. Returns the slot; -EEXIST if the
 * thread is a loop already; -EDQUOT if the process or its unit has reached its share of all loops;
 * -ENOSPC if no slot is left; or another negative errno.
 */
int session_add_loop(struct lp_session *session, const struct lp_instance *instance,
		     const struct lp_running_loop *running, uint64_t threshold_ns);

/*
 * Counts a loop that got no slot as lost and, with own_share, as over the share of its process.
 * Each thread is counted once. Returns whether it was counted by this call.
 */
bool session_refuse_loop(struct lp_session *session, pid_t pid, pid_t tid, bool own_share);

/* Returns the slot of a thread's loop, or -ENOENT. */
int session_find_loop(const struct lp_session *session, pid_t tid);
/*
 * Sample mode: updates the slot of a thread whose loop may have been replaced by another one of the
 * same kind. Returns whether it was.
 */
bool session_update_loop(struct lp_session *session, uint32_t slot,
			 const struct lp_running_loop *running);

enum lp_detected_state {
	LP_DETECTED_POLLING, /* the loop sleeps in its own poll */
	LP_DETECTED_RUNNING, /* an iteration is under way; no callback of it is known */
	LP_DETECTED_CALLBACK, /* a callback is under way */
};

/*
 * A segment that was under way when the loop was added, so that no probe has noticed its beginning.
 * It is timed from then on.
 */
struct lp_segment_begun {
	enum lp_detected_state state;
	uint64_t frame; /* see struct lp_running_loop */
	uint64_t slices; /* number of times that the thread was put on a CPU until then */
	/* the thread is in a callback and off the CPU, so that the following fields are known */
	bool blocked;
	uint32_t callback; /* slot of the callback */
	uint64_t task; /* address of the task; 0: none */
	struct lp_wait wait;
	struct lp_block block;
};

/*
 * Counts the callback of a loop that began at start_ns as that of an eager task, which runs within
 * it and has the slot `callback`; start_ns 0: none is. Only a slow callback is counted like this.
 */
void session_count_eager(struct lp_session *session, uint32_t slot, uint64_t start_ns,
			 uint32_t callback);

/*
 * Returns the slot of a callback of a loop, which is assigned if it has none, as BPF would do; 0 if
 * no slot is left. identity and check are as in struct lp_callback_key and struct
 * lp_callback_value. *is_new is set if the slot was assigned now, so that its name has not been
 * reported yet.
 */
uint32_t session_take_callback(struct lp_session *session, uint32_t slot, uint64_t identity,
			       uint64_t check, bool *is_new);

/* Returns whether callbacks are timed in bursts only (--budget). */
bool session_in_bursts(const struct lp_session *session);

/*
 * Begins a segment at now_ns, unless BPF has noticed a boundary of the loop meanwhile. Returns
 * whether it was begun.
 */
bool session_begin_segment(struct lp_session *session, uint32_t slot, uint64_t now_ns,
			   const struct lp_segment_begun *begun);
/*
 * Undoes the beginning of a poll at now_ns. Returns false if the poll has returned since, so that
 * BPF has counted it.
 */
bool session_take_poll_back(struct lp_session *session, uint32_t slot, uint64_t now_ns);

/*
 * Adds a loop to the loops of its process. Called for each new loop, whether BPF or user space has
 * found it; repeated calls do nothing.
 */
/* Lets BPF watch a loop that never waits, see struct lp_loop, or ends that. */
void session_watch_loop(struct lp_session *session, uint32_t slot, bool watch);
void session_loop_began(struct lp_session *session, uint32_t slot, pid_t pid);

/* Clears a slot and makes it available again. The caller must not read it any more. */
void session_release_loop(struct lp_session *session, uint32_t slot);
void session_release_callback(struct lp_session *session, uint32_t slot,
			      const struct lp_callback_key *key, pid_t pid);

/* ---- costs, see overhead.c ---- */

/* The costs since the run began. Those of hooks are estimates for the whole host. */
struct lp_spending {
	uint64_t probe_hits, probe_ns;
	uint64_t hook_hits, hook_ns;
	uint64_t bursts;
	uint64_t attach_failures; /* processes whose probes could not be attached */
};

/*
 * Measures from time to time how often and how long the programs run. Returns the instant of the
 * next call (CLOCK_MONOTONIC).
 */
uint64_t session_measure(struct lp_session *session, uint64_t now_ns);
void session_spending(struct lp_session *session, uint64_t now_ns, struct lp_spending *spending);

/* Changes the frequency of the clock that samples late loops, in Hz. */
void session_set_frequency(struct lp_session *session, unsigned int frequency);
size_t session_processes(const struct lp_session *session);
/* Returns the bytes that the maps take in the kernel. */
uint64_t session_map_bytes(struct lp_session *session);

/* ---- bursts of trace mode, see bursts.c ---- */

/*
 * Begins and ends bursts as the budget allows. Returns the instant of the next call
 * (CLOCK_MONOTONIC). Without a budget it does nothing and returns UINT64_MAX.
 */
uint64_t session_turn_bursts(struct lp_session *session, uint64_t now_ns);

/* Sets whether bursts may begin. Otherwise all of them end. They may when the run begins. */
void session_allow_bursts(struct lp_session *session, bool allowed);

/*
 * Returns a process whose probes for bursts have to be found again by an examination, as a file of
 * it has changed since the last one; each is returned once. 0: there is none.
 */
pid_t session_next_to_examine(struct lp_session *session);

/*
 * Returns the ns for which every callback of a loop was timed: in trace mode without a budget all
 * of the time, in sample mode 0.
 */
uint64_t session_traced_ns(const struct lp_session *session, uint32_t slot, uint64_t now_ns);

/*
 * Entries of the mapped maps, which BPF changes while they are read. NULL: there is no such slot
 * or, for session_queue, the run does not measure queue delays.
 */
const struct lp_loop *session_loop(const struct lp_session *session, uint32_t slot);
const struct lp_wait_state *session_stall(const struct lp_session *session, uint32_t slot);
const struct lp_callback_stats *session_callback(const struct lp_session *session, uint32_t slot);
const struct lp_queue_stats *session_queue(const struct lp_session *session, uint32_t slot);
uint64_t session_lost(const struct lp_session *session, enum lp_lost_kind kind);
/* Marks the stack of a finding as not a fault, so that BPF does not send it again. */
void session_expect(struct lp_session *session, const struct lp_event_raw_finding *finding);
/* Adds to the count of records that were lost, for losses in user space. */
void session_lose(struct lp_session *session, enum lp_lost_kind kind, uint64_t count);

/* Adds to the count of requests of a process that exceeded its share. */
void session_limit(struct lp_session *session, pid_t pid, enum lp_limited_kind kind,
		   uint64_t count);
/*
 * Fills in the LP_LIMITED_KINDS counts of a process. Returns false if it has none, or none any
 * more.
 */
bool session_limited(const struct lp_session *session, pid_t pid, uint64_t *counts);

/*
 * Attaches or detaches the program that reports who wakes a late loop that waits for a futex. While
 * it is attached, each wakeup of the host costs more. Returns 0, or a negative errno if it cannot
 * be attached, which is logged once; -EBUSY: not now, as bursts may not begin either.
 */
int session_watch_wakeups(struct lp_session *session, bool watch);

/* Calls take for every entry of the map of causes, and empties the map. */
typedef void (*lp_cause_taker)(void *context, const struct lp_cause_key *key,
			       const struct lp_cause_value *value);
void session_take_causes(struct lp_session *session, lp_cause_taker take, void *context);

/* Returns the descriptor of the ring buffer's map, for live/. The session owns it. */
int session_ring(const struct lp_session *session);

/*
 * Loads the BPF object of findings, unless it is loaded or no option needs it. Loading takes a
 * tenth of a second, for which the first process that is completed would wait otherwise. Returns
 * whether it is loaded.
 */
bool session_load_findings_object(struct lp_session *session);

/*
 * Stops the measurement of all loops, so that counters and records that are read afterwards agree
 * with each other. Returns the instant; what ran then is in progress at the end of the run.
 */
uint64_t session_stop(struct lp_session *session);

/*
 * Measures the cost of a hit of a probe, unless that was done or in sample mode. Attaching a probe
 * for it may take a tenth of a second, which is not available at the end of a short program.
 */
void session_calibrate(struct lp_session *session);

#endif /* LP_SESSION_SESSION_H */
