/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF side of a run: the only owner of the skeleton, the links and the maps.
 */
#ifndef LP_SESSION_SESSION_H
#define LP_SESSION_SESSION_H

#include "base/error.h"
#include "runtime/runtime.h"
#include "wire/wire.h"

struct lp_session;

struct lp_session_config {
	bool queue; /* --queue: measure queue delays */
	size_t threads; /* that may run loops, as far as is known; 0: as many as can be followed */
	bool share; /* attach to files, for all processes that run them */
	bool follow; /* report processes that fork and exec */
	bool sampling; /* sample mode: no uprobes */
	double budget; /* --budget: of a thread's time, for probes; 0: none */
	bool native; /* C frames, too */
	bool kernel; /* the kernel's frames, too */
	uint32_t findings; /* kinds of lost things to look for: bits, 1 << enum lp_finding_kind */
	bool origins; /* keep where tasks and coroutines were made */
	bool lifetimes; /* measure the lives of tasks */
	unsigned int frequency; /* of the clock that samples late loops, Hz */
};

/* Loads and attaches what does not depend on a process.  Free with session_free. */
int session_new(const struct lp_session_config *config, struct lp_session **session,
		struct lp_error *error);
void session_free(struct lp_session *session);

/*
 * Tells BPF of a process that is, or may become, a target: its children and, in sample
 * mode, its threads that poll are told about.  One false for each true.
 */
void session_follow_process(struct lp_session *session, pid_t pid, bool watch);

/* Makes all slots available; only some are until then.  Returns 0 or a negative errno. */
int session_fill_slots(struct lp_session *session);

/*
 * Where the kernel has no fentry, each poll call that is watched slows the whole
 * host a little: so only the epoll calls are at first.  all: the others as well,
 * for a process whose loops do not use epoll.  Does nothing where there is fentry.
 */
int session_follow_polls(struct lp_session *session, bool all);

/* Are there poll calls that nobody watches yet?  Never where there is fentry. */
bool session_lacks_polls(const struct lp_session *session);

/* Forgets what a loop does since its last boundary: the next one may have been missed. */
void session_drop_iteration(struct lp_session *session, uint32_t slot);

/*
 * Begins to profile a process: the probes on its loops are attached, all or none.
 * What cannot be found yet (-EAGAIN), and what lost things are found by, is left to
 * session_complete_process.  owner: the unit of the process, as in struct lp_process_info.
 */
int session_add_process(struct lp_session *session, const struct lp_instance *instance,
			uint64_t owner, uint64_t threshold_ns, struct lp_error *error);

/*
 * Attaches what was not there before; returns how many roles are still open, or
 * -errno.  A build in which lost things of a kind cannot be found is told, once.
 */
int session_complete_process(struct lp_session *session, const struct lp_instance *instance,
			     struct lp_error *error);

/*
 * Roles whose probes are wanted of a process and not found yet.  all: those of lost
 * things, too, which session_complete_process attaches.
 */
struct lp_open_roles session_open_roles(const struct lp_session *session, pid_t pid, bool all);

/* Detaches what no process has needed for a while. */
void session_sweep(struct lp_session *session, uint64_t now_ns);

/*
 * Tells BPF which code objects dispatch and poll (runtime op loop_code).  Returns
 * whether both are known.
 */
bool session_set_loop_code(struct lp_session *session, const struct lp_instance *instance);
void session_remove_process(struct lp_session *session, pid_t pid);

/*
 * Makes a thread a loop before it dispatches.  Returns its slot; -EEXIST if it is one
 * already; -EDQUOT if the process or its unit has its part of all loops, -ENOSPC if there is no
 * slot left; or another negative errno.
 */
int session_add_loop(struct lp_session *session, const struct lp_instance *instance,
		     const struct lp_running_loop *running, uint64_t threshold_ns);

/*
 * Counts a loop that got no slot, each thread's once: as lost, and if own_share as over the share
 * of the process.  Returns whether it was counted now.
 */
bool session_refuse_loop(struct lp_session *session, pid_t pid, pid_t tid, bool own_share);

/* The slot of a thread's loop, or a negative errno. */
int session_find_loop(const struct lp_session *session, pid_t tid);
/* Sample mode: a thread's loop is another object of the same kind by now.  Is it? */
bool session_update_loop(struct lp_session *session, uint32_t slot,
			 const struct lp_running_loop *running);

enum lp_adopted_state {
	LP_ADOPTED_POLLING, /* it sleeps in its own poll */
	LP_ADOPTED_RUNNING, /* it does anything else: an iteration is under way, ... */
	LP_ADOPTED_CALLBACK, /* ... and a callback */
};

/* The segment of a loop whose beginning no probe has noticed: it counts from now on. */
struct lp_segment_begun {
	enum lp_adopted_state state;
	uint64_t slices; /* how often the thread had been put on a CPU by then */
	bool blocked; /* in a callback and off the CPU: the rest is known as well */
	uint32_t callback; /* its slot */
	uint64_t task; /* address, 0: none */
	struct lp_wait wait;
	struct lp_block block;
};

/*
 * The slot of a callback of a loop, as BPF would find it; check: see struct
 * lp_callback_value.  *is_new: it has not been named yet.  0: there is none left.
 */
uint32_t session_take_callback(struct lp_session *session, uint32_t slot, uint64_t identity,
			       uint64_t check, bool *is_new);

/* Are callbacks timed in bursts only (--budget)? */
bool session_in_bursts(const struct lp_session *session);

/* Begins a segment, unless the loop has passed a boundary meanwhile.  Returns whether it did. */
bool session_begin_segment(struct lp_session *session, uint32_t slot, uint64_t now_ns,
			   const struct lp_segment_begun *begun);
/* Takes a poll back that was begun then.  False: it has returned since; BPF has counted it. */
bool session_take_poll_back(struct lp_session *session, uint32_t slot, uint64_t now_ns);

/* A slot has become a loop of this process, whoever found it. */
void session_loop_began(struct lp_session *session, uint32_t slot, pid_t pid);

/* Hands a slot back, emptied, once nothing of it will be read any more. */
void session_release_loop(struct lp_session *session, uint32_t slot);
void session_release_callback(struct lp_session *session, uint32_t slot,
			      const struct lp_callback_key *key, pid_t pid);

/* ---- what it costs, see costs.c ---- */

/* Cumulative; those of hooks are estimates for the whole host. */
struct lp_spending {
	uint64_t probe_hits, probe_ns;
	uint64_t hook_hits, hook_ns;
	uint64_t bursts;
	uint64_t attach_failures; /* processes whose probes could not be attached */
};

/* Looks now and then how much the programs run.  Returns when to be called again. */
uint64_t session_measure(struct lp_session *session, uint64_t now_ns);
void session_spending(struct lp_session *session, uint64_t now_ns, struct lp_spending *spending);

/* Of the clock that samples late loops, Hz. */
void session_set_frequency(struct lp_session *session, unsigned int frequency);
size_t session_processes(const struct lp_session *session);
/* What the maps take in the kernel. */
uint64_t session_map_bytes(struct lp_session *session);

/* ---- bursts of trace mode, see bursts.c ---- */

/*
 * Begins and ends bursts, as the budget allows; none begins where begin is false.
 * Returns when to be called again.  Does nothing without a budget.
 */
uint64_t session_turn_bursts(struct lp_session *session, bool begin, uint64_t now_ns);

/* For how long every callback of a loop was timed: in trace mode all of the time. */
uint64_t session_traced_ns(const struct lp_session *session, uint32_t slot, uint64_t now_ns);

/* Mapped from the kernel: they change while they are read.  NULL: there is no such slot. */
const struct lp_loop *session_loop(const struct lp_session *session, uint32_t slot);
const struct lp_wait_state *session_stall(const struct lp_session *session, uint32_t slot);
const struct lp_callback_stats *session_callback(const struct lp_session *session, uint32_t slot);
const struct lp_queue_stats *session_queue(const struct lp_session *session, uint32_t slot);
uint64_t session_lost(const struct lp_session *session, enum lp_lost_kind kind);
/* The stack of this finding is no fault: BPF need not send it again. */
void session_expect(struct lp_session *session, const struct lp_event_raw_finding *finding);
/* Counts what user space found no room for. */
void session_lose(struct lp_session *session, enum lp_lost_kind kind, uint64_t count);

/* The requests of a process over its share; counts: LP_LIMITED_KINDS of them. */
void session_limit(struct lp_session *session, pid_t pid, enum lp_limited_kind kind,
		   uint64_t count);
/* Fills in the counts; false: the process has none, or not any more. */
bool session_limited(const struct lp_session *session, pid_t pid, uint64_t *counts);

/* Hands out what has been counted by cause since the last time, and forgets it. */
typedef void (*lp_cause_taker)(void *context, const struct lp_cause_key *key,
			       const struct lp_cause_value *value);
void session_take_causes(struct lp_session *session, lp_cause_taker take, void *context);

/* The ring buffer's map, for source/. */
int session_ring(const struct lp_session *session);

/*
 * Loads the programs that find lost things, unless they are loaded or none is wanted, which takes
 * a tenth of a second: the first process that is completed waits for it otherwise.  Returns
 * whether they are there.
 */
bool session_load_findings_object(struct lp_session *session);

/*
 * Measures what a hit of a probe costs, unless that was done: to attach a probe for it may take
 * a tenth of a second, which would be missing when a short program ends.
 */
void session_calibrate(struct lp_session *session);

#endif /* LP_SESSION_SESSION_H */
