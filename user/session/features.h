/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The features of this kernel that loopprof uses. They are probed, never derived from the kernel's
 * version.
 */
#ifndef LP_SESSION_FEATURES_H
#define LP_SESSION_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define LP_POLL_CALLS 8
/* Tracepoints at which a thread begins or ends to reclaim memory. */
#define LP_RECLAIMS 4

/* The perf PMU of uprobes. */
#define LP_UPROBES_PATH "/sys/bus/event_source/devices/uprobe/type"

/* The system calls that poll, by the names that the programs of bpf/poll.bpf.c end with. */
struct lp_poll_call {
	const char *name;
	bool epoll; /* the first argument is an epoll descriptor */
};

extern const struct lp_poll_call lp_poll_calls[LP_POLL_CALLS];

/* A tracepoint that is attached to if the kernel has it. */
struct lp_optional_tracepoint {
	const char *name;
	const char *program;
};

extern const struct lp_optional_tracepoint lp_reclaims[LP_RECLAIMS];

struct lp_features {
	int btf; /* 0, or a negative errno if the kernel's BTF cannot be read */
	int programs; /* 0, or a negative errno if an empty uprobe program cannot be loaded */
	int ring_buffer;
	int uprobes; /* 0, or a negative errno if there is no perf PMU for uprobes */
	int scheduler; /* 0, or a negative errno if no program can be loaded for context switches */
	int clock; /* 0, or a negative errno if no clock event can be opened */
	/* the scheduler records how long a thread was ready to run (struct sched_info) */
	bool run_delay;
	bool fentry; /* fentry can be loaded and attached, from which fexit is concluded */
	/* the tracepoints of lp_reclaims with this index, of which kernels may lack some */
	bool reclaims[LP_RECLAIMS];
	/* BTF describes struct pt_regs, so that a system call's arguments can be read */
	bool register_types;
	/* the kernel has the call of lp_poll_calls with this index */
	bool poll_calls[LP_POLL_CALLS];
};

/* Fills in all fields. Takes a few milliseconds. */
void features_probe(struct lp_features *features);

#endif /* LP_SESSION_FEATURES_H */
