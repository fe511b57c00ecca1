/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes whose memory or files did not answer: they are left alone for ever longer times. */
#ifndef LP_PROCESS_UNREADABLE_H
#define LP_PROCESS_UNREADABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most entries; for a new one, the one that is tried next is removed. */
#define LP_UNREADABLE_MAX 64

struct lp_unreadable_process {
	pid_t pid; /* 0: empty */
	bool blocked; /* not to be read now */
	int hanging; /* descriptor of a process of ours that reads it still, plus 1; or 0 */
	uint64_t start_ticks; /* distinguishes it from a later process with the same PID */
	uint64_t retry_ns, step_ns;
	size_t bytes;
	void *request; /* the unanswered request, which is tried again */
};

/* Empty when all bytes are 0. */
struct lp_unreadable {
	size_t count; /* processes since the run began */
	struct lp_unreadable_process processes[LP_UNREADABLE_MAX];
};

/* Returns whether the process must not be read now. */
bool unreadable_has(const struct lp_unreadable *unreadable, pid_t pid);

/* Records an unanswered request.  Returns the entry; *first: it is the process's first. */
struct lp_unreadable_process *unreadable_mark(struct lp_unreadable *unreadable, pid_t pid,
					      uint64_t now_ns, const void *request, size_t bytes,
					      bool *first);

/*
 * Records a worker that hangs in reading it: no retry until the worker has ended.  Takes over
 * the descriptor, which may be -1.
 */
void unreadable_hangs(struct lp_unreadable_process *process, int descriptor);

/* Records that the process answers again. */
void unreadable_clear(struct lp_unreadable_process *process);

/* The entry of a process that is to be tried again, or NULL. */
struct lp_unreadable_process *unreadable_due(struct lp_unreadable *unreadable, uint64_t now_ns);
/* Records a retry without an answer. */
void unreadable_put_off(struct lp_unreadable_process *process, uint64_t now_ns);

void unreadable_free(struct lp_unreadable *unreadable);

#endif /* LP_PROCESS_UNREADABLE_H */
