/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session is made of: for the files of this folder only. */
#ifndef LP_SESSION_SESSION_INTERNAL_H
#define LP_SESSION_SESSION_INTERNAL_H

#include "session.h"

#include "allowance.h"
#include "sampling_clock.h"
#include "link_closer.h"
#include "features.h"
#include "holdings.h"
#include "loopprof.skel.h"
#include "lost.skel.h"
#include "mapped_array.h"
#include "roles.h"
#include "shared_uprobes.h"

enum lp_burst_state {
	LP_BURST_NONE, /* no probe is attached but those on lost things */
	LP_BURST_ON,
	LP_BURST_ENDING, /* until its loops have seen that it is over */
};

struct lp_attachment {
	struct lp_attachment *next;
	pid_t pid;
	struct lp_attached_role {
		struct bpf_link *links[LP_PROBE_SITES];
		struct lp_shared_link *shares[LP_PROBE_SITES]; /* instead of a link */
		uint64_t addresses[LP_PROBE_SITES]; /* in the map places; 0: not there */
		bool resolved; /* attached, or not to be found in this build */
		struct lp_probe *probe; /* what bursts attach, anew each time; NULL: nothing yet */
		bool stepped; /* the kernel emulates no instruction there: dear hits */
	} roles[LP_PROBE_ROLES];
	bool knows_lifecycle; /* so does BPF */
	bool knows_uvloop; /* the same */
	/* its loops, by their slots; LP_NO_SLOT: no more */
	uint32_t loops;
	uint64_t hits; /* of struct lp_process, as booked */
	enum lp_burst_state burst;
	bool refused; /* a burst could not begin: it is sampled for good */
	bool disagrees; /* its memory shows functions that its files do not have */
	uint64_t patience_ns; /* so long its loops may take to see the end of a burst */
	uint64_t turn_ns; /* nothing to be done before */
	struct lp_allowance allowance;
};

#define LP_NO_SLOT UINT32_MAX

/* Beside struct lp_loop, slot for slot: what only user space knows. */
struct lp_loop_costs {
	struct lp_attachment *attachment; /* NULL: no loop */
	uint32_t next; /* of the same process */
	uint64_t hits; /* as booked */
	uint64_t run_queue_ns; /* the same */
	uint64_t traced_ns; /* in bursts that are over */
};

/* Runs of programs, as far as the kernel counted; their costs in ns. */
struct lp_run_counts {
	double probe_hits, probe_ns; /* without what comes before the program */
	double hook_hits, hook_ns;
};

struct lp_overhead {
	double hit_ns, stepped_ns; /* 0: not measured yet */
	double program_ns; /* what the probes' programs run for, on the average */
	double poll_ns; /* both hooks on a poll, for a thread that is no loop */
	int counting; /* while the kernel counts: a descriptor, else -1 */
	bool counted; /* once at least */
	uint64_t counting_since_ns, count_ns; /* when it began, when it is to begin again */
	struct lp_run_counts before; /* it began */
	double hook_hits_rate, hook_rate; /* for each ns that passes, as counted last */
	uint64_t hooks_until_ns; /* their sums below are of this moment */
	double hook_hits, hook_ns;
	uint64_t probe_hits;
	double probe_ns;
	uint64_t bursts;
	uint64_t attach_failures;
	uint64_t map_bytes;
	bool knows_uvloop; /* the same */
};

struct lp_session {
	struct lp_session_config config;
	struct loopprof_bpf *skeleton;
	struct lost_bpf *findings_object; /* what finds lost things; NULL: not loaded yet */
	bool findings_object_refused; /* nor will it be */
	struct lp_attachment *attachments;
	uint16_t followed[LP_FILTER_BYTES]; /* how many processes set a byte of the filter */
	uint32_t warned; /* of roles that could not be attached: bits, 1 << enum lp_probe_role */
	size_t disagreeing; /* processes with functions in memory that their files do not have */
	struct lp_link_closer *link_closer;
	struct lp_shared_uprobes *shared; /* NULL: each process has links of its own */
	bool tracepoints; /* instead of fentry */
	bool all_polls; /* then: more than the epoll calls are watched */
	struct bpf_link *polls[LP_POLL_CALLS][2]; /* then: entry and exit of each */
	struct lp_sampling_clock *clock;
	struct lp_overhead costs;
	struct lp_loop_costs accounts[LP_MAX_LOOPS];
	uint64_t begin_ns; /* no burst begins before: one at a time */
	struct lp_mapped_array loops, stalls, callbacks, queues, lost, buckets, filter, holding;
	struct lp_holdings holdings;
};

void session_free_findings_object(struct lp_session *session);

/* Sets the sizes of the maps, before they are made. */
void session_choose_map_sizes(struct lp_session *session);

/* Takes a process's probes away. */
void session_detach(struct lp_session *session, struct lp_attachment *attachment);

/* Attaches the probes that time callbacks, as far as they are found, and takes them away. */
int session_attach_callback_probes(struct lp_session *session, struct lp_attachment *attachment,
				   struct lp_error *error);
void session_detach_callback_probes(struct lp_session *session, struct lp_attachment *attachment);
struct lp_attachment *session_attachment(const struct lp_session *session, pid_t pid);

/* A process is added: its first burst begins with it, unless many have begun already. */
void session_open_bursts(struct lp_session *session, struct lp_attachment *attachment);
/* A loop of a process that is in a burst is so as well. */
void session_join_burst(struct lp_session *session, uint32_t slot);

/* Books the hits of a loop's thread, or of a whole process; returns what the thread that pays
 * most paid for them, in ns. */
double session_book_loop(struct lp_session *session, uint32_t slot);
double session_book(struct lp_session *session, struct lp_attachment *attachment);
void session_open_overhead(struct lp_session *session);
void session_close_overhead(struct lp_session *session);
/* What a hit of a probe costs before its program begins; measured when it is asked first, which
 * takes some ten milliseconds. */
double session_hit_ns(struct lp_session *session, bool stepped);
/* Of one poll call that does not wait, in ns. */
double session_time_poll(void);

/* The loop is gone, or its slot is: nothing of it is left here. */
void session_forget_loop(struct lp_session *session, uint32_t slot);

/* A callback is late, and looked at, after a part of the threshold. */
uint64_t session_late_ns(uint64_t threshold_ns);

#endif /* LP_SESSION_SESSION_INTERNAL_H */
