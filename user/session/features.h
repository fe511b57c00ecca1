/* SPDX-License-Identifier: BSD-2-Clause */
/* What this kernel offers to loopprof; asked of the kernel itself, never of its version. */
#ifndef LP_SESSION_FEATURES_H
#define LP_SESSION_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define LP_POLL_CALLS 8

/* The poll system calls, by the name that the programs of bpf/poll.bpf.c have. */
struct lp_poll_call {
	const char *name;
	bool epoll; /* its first argument is an epoll descriptor */
};

extern const struct lp_poll_call lp_poll_calls[LP_POLL_CALLS];

struct lp_features {
	int btf; /* 0, or why the kernel's BTF cannot be read: negative errno */
	int programs; /* may an empty uprobe program be loaded? 0 or negative errno */
	int ring_buffer;
	int uprobes; /* is there the perf PMU for uprobes? */
	int scheduler; /* may a program be attached to context switches? 0 or negative errno */
	int clock; /* may a clock be opened on a CPU? 0 or negative errno */
	bool run_delay; /* the scheduler tells how long a thread was ready to run */
	bool fentry; /* fentry and fexit can be loaded and attached */
	bool register_types; /* BTF knows struct pt_regs: a system call's arguments are readable */
	bool poll_calls[LP_POLL_CALLS]; /* the kernel has this call */
};

/* Fills all of it.  Takes a few milliseconds. */
void features_probe(struct lp_features *features);

#endif /* LP_SESSION_FEATURES_H */
