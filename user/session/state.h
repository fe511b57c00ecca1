/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session is made of: for the files of this folder only. */
#ifndef LP_SESSION_STATE_H
#define LP_SESSION_STATE_H

#include "session.h"

#include "clock.h"
#include "closer.h"
#include "features.h"
#include "loopprof.skel.h"
#include "lost.skel.h"
#include "mapped.h"
#include "shared.h"

struct lp_attachment {
	struct lp_attachment *next;
	pid_t pid;
	struct lp_attached_role {
		struct bpf_link *links[LP_PROBE_PLACES];
		struct lp_shared_link *shares[LP_PROBE_PLACES]; /* instead of a link */
		uint64_t addresses[LP_PROBE_PLACES]; /* in the map places; 0: not there */
		bool settled; /* attached, or not to be found in this build */
	} roles[LP_PROBE_ROLES];
	bool knows_lifecycle; /* so does BPF */
};

struct lp_session {
	struct lp_session_config config;
	struct loopprof_bpf *skeleton;
	struct lost_bpf *late; /* what finds lost things; NULL: not loaded yet */
	bool late_refused; /* nor will it be */
	struct lp_attachment *attachments;
	uint16_t watched[LP_FILTER_BYTES]; /* how many processes set a byte of the filter */
	uint32_t warned; /* of roles that could not be attached: bits, 1 << enum lp_probe_role */
	struct lp_closer *closer;
	struct lp_shared *shared; /* NULL: each process has links of its own */
	bool tracepoints; /* instead of fentry */
	bool all_polls; /* then: more than the epoll calls are watched */
	struct bpf_link *polls[LP_POLL_CALLS][2]; /* then: entry and exit of each */
	struct lp_clock *clock;
	struct lp_mapped loops, stalls, callbacks, queues, lost, buckets, filter;
};

/*
 * Loads what finds lost things, if that is wanted and not done yet.  Returns whether it is
 * there; a kernel that refuses it is told, once.
 */
bool session_load_late(struct lp_session *session);
void session_free_late(struct lp_session *session);

/* Sets the sizes of the maps, before they are made. */
void session_choose_rooms(struct lp_session *session);

/* Takes a process's probes away. */
void session_detach(struct lp_session *session, struct lp_attachment *attachment);

/* A callback is late, and looked at, after a part of the threshold. */
uint64_t session_late_ns(uint64_t threshold_ns);

#endif /* LP_SESSION_STATE_H */
