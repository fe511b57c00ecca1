/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages and the memory that the run and the process that attaches for it share. */
#ifndef LP_SESSION_ATTACHER_INTERNAL_H
#define LP_SESSION_ATTACHER_INTERNAL_H

#include "attacher.h"

#define LP_ATTACH_NAME 64

/* A message of the run; the descriptor of the program goes with it. */
struct lp_attach_message {
	uint64_t serial;
	uint64_t offset;
	struct lp_file_facts facts;
	bool known, for_host, tracepoint, checks;
	pid_t pid;
	char name[LP_ATTACH_NAME]; /* the path, or the name of the tracepoint */
};

struct lp_attach_answer {
	uint64_t serial; /* of the message */
	uint64_t done_ns; /* instant at which the kernel had finished */
	int result; /* as attacher_attach, with the descriptor as the number of the probe */
};

/* An element of the pipe of probes that are to be detached. */
struct lp_detach_message {
	uint64_t taken_ns; /* instant of attacher_detach */
	int probe;
};

/* Memory that the run and the process share. */
struct lp_attacher_shared {
	/*
	 * The serial of the message whose probe the run waits for. Whichever of them sets it to 0
	 * first decides: if it is the process, it answers with the probe; if it is the run, the
	 * probe is given up.
	 */
	uint64_t awaited;
	uint64_t delay_ns, cpu_ns; /* as attacher_delay_ns and attacher_cpu_ns */
	uint64_t removed; /* number of probes that were detached */
};

/*
 * Serves the run until it closes its end of the socket; does not return. It closes all descriptors
 * except these two.
 */
void attacher_serve(struct lp_attacher_shared *shared, lp_attach_function attach, int socket,
		    int detached) __attribute__((noreturn));

/* Opens and enables a probe of the kernel, an lp_attach_function. */
int kernel_probe_open(const struct lp_attach_request *request);

#endif /* LP_SESSION_ATTACHER_INTERNAL_H */
