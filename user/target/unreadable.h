/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes whose memory or files did not answer: they are left alone for ever longer times. */
#ifndef LP_UNREADABLE_H
#define LP_UNREADABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of more than these the one that is tried next is forgotten. */
#define LP_UNREADABLE_MAX 64

struct lp_unreadable_process {
	pid_t pid; /* 0: empty */
	bool blocked; /* not to be read now */
	int hanging; /* descriptor of a process of ours that reads it still, plus 1; or 0 */
	uint64_t start_ticks; /* tells it from a later process with the same PID */
	uint64_t retry_ns, step_ns;
	size_t bytes;
	void *request; /* that was not answered: what is tried again */
};

/* Zeroed it is empty. */
struct lp_unreadable {
	size_t count; /* processes, ever */
	struct lp_unreadable_process processes[LP_UNREADABLE_MAX];
};

/* Is it not to be read now? */
bool unreadable_has(const struct lp_unreadable *unreadable, pid_t pid);

/* It has not answered this request.  Returns its entry; *first: it is the first time. */
struct lp_unreadable_process *unreadable_mark(struct lp_unreadable *unreadable, pid_t pid,
					      uint64_t now_ns, const void *request, size_t bytes,
					      bool *first);

/*
 * A process that hangs in reading it: nothing else is tried until it has ended.  Takes over
 * the descriptor, which may be -1.
 */
void unreadable_hangs(struct lp_unreadable_process *process, int descriptor);

/* It answers again. */
void unreadable_clear(struct lp_unreadable_process *process);

/* One that is to be tried again, or NULL. */
struct lp_unreadable_process *unreadable_due(struct lp_unreadable *unreadable, uint64_t now_ns);
/* It was tried, and has not answered. */
void unreadable_put_off(struct lp_unreadable_process *process, uint64_t now_ns);

void unreadable_free(struct lp_unreadable *unreadable);

#endif /* LP_UNREADABLE_H */
