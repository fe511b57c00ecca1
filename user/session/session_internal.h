/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a session and the functions that the files of this folder share. Not to be included
 * elsewhere.
 */
#ifndef LP_SESSION_SESSION_INTERNAL_H
#define LP_SESSION_SESSION_INTERNAL_H

#include "session.h"

#include "allowance.h"
#include "attacher.h"
#include "sampling_clock.h"
#include "features.h"
#include "holdings.h"
#include "loopprof.skel.h"
#include "mapped_array.h"
#include "roles.h"
#include "shared_uprobes.h"

enum lp_burst_state {
	LP_BURST_NONE, /* no probe that times callbacks is attached */
	LP_BURST_ON,
	LP_BURST_ENDING, /* until all loops of the process have noticed the end */
};

struct lp_attachment {
	struct lp_attachment *next;
	pid_t pid;
	struct lp_attached_role {
		int probes[LP_PROBE_SITES]; /* numbers of the attacher; 0: none */
		/* in place of probes[i] if the probe is shared */
		struct lp_shared_link *shares[LP_PROBE_SITES];
		uint64_t addresses[LP_PROBE_SITES]; /* its keys in the map sites; 0: it has none */
		bool resolved; /* the probe is attached, or cannot be in this build of Python */
		/* the probe that each burst attaches, owned; NULL: none, or not found yet */
		struct lp_probe *probe;
		/* the kernel executes the probed instruction in single step: hits are expensive */
		bool stepped;
	} roles[LP_PROBE_ROLES];
	uint32_t facts; /* the facts that BPF has: bits, 1 << enum lp_fact */
	/*
	 * slot of the first of its loops, which are linked by lp_loop_costs.next; LP_NO_SLOT: none
	 */
	uint32_t loops;
	uint64_t hits; /* hits of struct lp_process up to which the costs are charged */
	enum lp_burst_state burst;
	bool reported; /* that a burst could not begin */
	/* the probes for bursts have to be found again; session_next_to_examine has not returned it
	 */
	bool must_be_examined;
	bool disagrees; /* its memory shows functions that its files do not have */
	uint64_t begin_ns; /* instant before which no burst begins, as the last one could not */
	/* instant until which its loops may take to notice the end of a burst */
	uint64_t patience_ns;
	uint64_t turn_ns; /* instant of the next turn of its bursts */
	struct lp_allowance allowance;
};

#define LP_NO_SLOT UINT32_MAX

/* The part of a loop that only user space knows, by the slot of its struct lp_loop. */
struct lp_loop_costs {
	/* the loop's process; NULL: the slot is no loop of a process */
	struct lp_attachment *attachment;
	uint32_t next; /* slot of the next loop of the same process; LP_NO_SLOT: none */
	uint64_t hits; /* probe hits up to which the costs are charged */
	uint64_t run_queue_ns; /* run queue time up to which bursts have taken it into account */
	uint64_t traced_ns; /* ns in bursts that are over */
};

/* Runs and run times in ns of programs, as far as the kernel has counted them. */
struct lp_run_counts {
	double probe_hits, probe_ns; /* probe_ns is without the cost of the trap */
	double hook_hits, hook_ns;
};

struct lp_overhead {
	/* cost of a hit, emulated and in single step, without the program; 0: not measured yet */
	double hit_ns, stepped_ns;
	double program_ns; /* average run time of the probes' programs */
	double poll_ns; /* cost of both hooks on a poll, in a thread that is no loop */
	int counting; /* descriptor that makes the kernel count; -1: it does not count */
	bool counted; /* the kernel has counted once at least */
	/* beginning of the current count and instant of the next one */
	uint64_t counting_since_ns, count_ns;
	struct lp_run_counts before; /* counts at counting_since_ns */
	double hook_hits_rate, hook_rate; /* hits, and ns, per ns of the last count */
	/* instant up to which the sums hook_hits and hook_ns are computed */
	uint64_t hooks_until_ns;
	double hook_hits, hook_ns;
	uint64_t probe_hits;
	double probe_ns;
	uint64_t bursts;
	uint64_t attach_failures;
	uint64_t map_bytes;
};

/* A BPF object that is loaded after the first one. */
struct lp_late_object {
	struct bpf_object *object; /* NULL: it is not loaded */
	void *skeleton; /* of the type that bpftool has made for it */
	struct lp_config *config; /* constant once it is loaded */
	volatile __u32 *stopped; /* its copy of lp_stopped */
	int refused; /* negative errno with which it could not be opened, loaded or attached, or 0 */
};

struct lp_session {
	struct lp_session_config config;
	struct loopprof_bpf *skeleton;
	struct lp_late_object late[LP_OBJECTS]; /* that of LP_OBJECT_MAIN is not used */
	struct lp_attachment *attachments;
	/* number of processes that have set a byte of the filter */
	uint16_t followed[LP_FILTER_BYTES];
	/* roles that were reported as not attached: bits, 1 << enum lp_probe_role */
	uint32_t warned;
	size_t disagreeing; /* processes with functions in memory that their files do not have */
	struct lp_attacher *attacher;
	bool failed; /* see session_has_failed */
	struct lp_shared_uprobes *shared; /* NULL: each process has probes of its own */
	bool tracepoints; /* the kernel has no fentry: polls are attached by tracepoints */
	bool all_polls; /* with tracepoints: all poll calls are attached */
	/* with tracepoints: the probes on entry and exit of each call; 0: none */
	int polls[LP_POLL_CALLS][2];
	struct lp_sampling_clock *clock;
	struct bpf_link *wakeups; /* see session_watch_wakeups; NULL: it is not attached */
	struct lp_overhead costs;
	struct lp_loop_costs accounts[LP_MAX_LOOPS];
	uint64_t begin_ns; /* instant before which no burst begins */
	bool without_bursts; /* no burst begins, see session_allow_bursts */
	bool must_be_examined; /* an attachment may have to be */
	struct lp_mapped_array loops, stalls, callbacks, queues, lost, buckets, filter, holding;
	struct lp_holdings holdings;
};

/*
 * Loads an object, unless it is loaded.  Returns 0 or a negative errno; what the kernel has refused
 * is not tried again.
 */
int session_load_object(struct lp_session *session, enum lp_role_object which);
/* Returns an object; NULL if it is not loaded. */
struct bpf_object *session_object(const struct lp_session *session, enum lp_role_object which);
void session_free_late_objects(struct lp_session *session);

/* Sets the sizes of the maps, before the programs are loaded. */
void session_choose_map_sizes(struct lp_session *session);

/*
 * Detaches all probes of a process and frees the attachment, which the caller must not use any
 * more.
 */
void session_detach(struct lp_session *session, struct lp_attachment *attachment);

/*
 * Attaches a role's probe; with bursts only finds it, for the next burst. Returns 0, also if the
 * role has one already, -EAGAIN if it cannot be found yet, or another negative errno with a
 * sentence.
 */
int session_attach_role(struct lp_session *session, struct lp_attachment *attachment,
			const struct lp_instance *instance, enum lp_probe_role role,
			struct lp_error *error);
/* Detaches a role's probe, if it has one, and forgets it: the role is open again. */
void session_detach_role(struct lp_session *session, struct lp_attachment *attachment,
			 enum lp_probe_role role);

/* Returns whether a probe is found without which a burst would measure nothing. */
bool session_has_callback_probes(const struct lp_attachment *attachment);

/*
 * Attaches the probes that time callbacks, as far as they are found, and detaches them. Attaching
 * returns 0, or a negative errno with a sentence; after -ESTALE session_discard_callback_probes
 * discards them, so that they are found again by the next examination of the process.
 */
int session_attach_callback_probes(struct lp_session *session, struct lp_attachment *attachment,
				   struct lp_error *error);
void session_detach_callback_probes(struct lp_session *session, struct lp_attachment *attachment);
void session_discard_callback_probes(struct lp_session *session, struct lp_attachment *attachment);
struct lp_attachment *session_attachment(const struct lp_session *session, pid_t pid);

/*
 * Opens the allowance of a process that is added. Its first burst begins at once, unless several
 * processes are in a burst already.
 */
void session_open_bursts(struct lp_session *session, struct lp_attachment *attachment);
/*
 * Makes trace_ns of a loop follow the burst of its process, for a new loop and at the beginning and
 * end of a burst.
 */
void session_join_burst(struct lp_session *session, uint32_t slot);
/*
 * Adds the duration of a burst that is over to the total of the loop and clears it, so that the
 * next burst may begin.
 */
void session_harvest_burst(struct lp_session *session, uint32_t slot);

/*
 * Charges the hits since the last call of a loop's thread, or of a whole process. Returns the cost
 * in ns, of a process that of the thread that has paid most.
 */
double session_book_loop(struct lp_session *session, uint32_t slot);
double session_book(struct lp_session *session, struct lp_attachment *attachment);
void session_open_overhead(struct lp_session *session);
void session_close_overhead(struct lp_session *session);
/*
 * Returns the ns that a hit of a probe costs before its program begins. The first call measures it,
 * which takes some ten milliseconds.
 */
double session_hit_ns(struct lp_session *session, bool stepped);
/* Returns the ns of one poll call that does not wait, or 0 if it cannot be measured. */
double session_time_poll(void);

/*
 * Charges the last hits of a loop and removes it from the loops of its process. To be called before
 * its slot is released.
 */
void session_forget_loop(struct lp_session *session, uint32_t slot);

/* Returns the ns after which a callback is late, so that it is sampled: a part of the threshold. */
uint64_t session_late_ns(uint64_t threshold_ns);

#endif /* LP_SESSION_SESSION_INTERNAL_H */
