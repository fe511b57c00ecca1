/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that attaches and detaches the probes of a run. To put a uprobe into a file, the kernel
 * takes the memory lock of each process that maps the file, and no signal ends its wait: a process
 * that waits in a page fault or an mmap() for a FUSE server that does not answer holds its lock
 * until that server answers. Closing a uprobe, and opening or closing a tracepoint, waits for the
 * same. Only this process waits then; the run goes on, and ends, without it.
 */
#ifndef LP_SESSION_ATTACHER_H
#define LP_SESSION_ATTACHER_H

#include "base/error.h"
#include "elf/mapped_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_attacher;

/* A place where a program is attached: a tracepoint, or an offset of a file. */
struct lp_attach_request {
	/* descriptor of the BPF program; -1: the file is checked and nothing is attached */
	int program;
	const char *tracepoint; /* name of a tracepoint of a system call; NULL: it is a file */
	pid_t pid; /* the process that has mapped the file */
	bool for_host; /* for every process that runs the file, not for this one alone */
	const char *path; /* opens the file in the process; at most 63 bytes */
	const struct lp_file_facts *known; /* of the examined file; NULL: not compared */
	uint64_t offset; /* in the file */
};

/*
 * Opens an enabled probe, in the process. Returns its descriptor, 0 if the file was only checked,
 * or a negative errno.
 */
typedef int (*lp_attach_function)(const struct lp_attach_request *request);

/*
 * Forks the process, which holds no descriptor of the caller. To be called while the memory of the
 * caller is small and has no threads. attach: NULL for the kernel's probes. Returns 0 or a negative
 * errno.
 */
int attacher_new(lp_attach_function attach, struct lp_attacher **attacher);

/*
 * Sets when the run ends: once this descriptor is readable (-1: none), or at an instant of
 * CLOCK_MONOTONIC. Nothing is waited for after that.
 */
void attacher_end_at(struct lp_attacher *attacher, int descriptor, uint64_t end_ns);

/*
 * Sets by what the run decides who is at fault if an attachment waits: answers returns whether the
 * memory of a process answers now, owner_of the unit of a process, 0 if it has none. Without them,
 * each process is at fault itself, and all are of one unit.
 */
void attacher_judge_by(struct lp_attacher *attacher, bool (*answers)(pid_t pid),
		       uint64_t (*owner_of)(pid_t pid));

/*
 * Attaches. Returns the number of the probe, which is positive; 0 if the file was only checked; or
 * a negative errno:
 *   -EBUSY   the kernel does not finish with this request or an earlier one, or the run is to end;
 *            *first is set if this is the request that could not be finished in time
 *   -ETIMEDOUT  the memory of the process does not answer, which was reported
 *   -EDQUOT  attachments to the process, or to others of its unit, waited so long for its memory
 *            lock that nothing is attached to it for some seconds; *first is set with the first
 *            such result
 *   -EPIPE   the attaching process has ended
 *   -ESTALE  the path opens no file or not the known one, or the pages of the file may be served
 *            by another user's program: it has to be examined again
 *   -EXDEV   with for_host: others than root may change the file
 *
 * A probe of which the caller got -EBUSY or -EDQUOT is detached as soon as the kernel has attached
 * it.
 */
int attacher_attach(struct lp_attacher *attacher, const struct lp_attach_request *request,
		    bool *first);

/* Returns whether the kernel has not finished with a request yet: nothing can be attached. */
bool attacher_busy(const struct lp_attacher *attacher);

/*
 * Returns the PID of the process that attaches if it is stopped, by kill or a debugger, so that it
 * attaches nothing; otherwise 0.
 */
pid_t attacher_stopped(const struct lp_attacher *attacher);

/*
 * Sets the sentence if a request failed because the process that attaches was killed (-EPIPE) or is
 * stopped (-EBUSY). failure: the beginning of the sentence, "cannot attach to process 42". Returns
 * false, without a sentence, if the failure has another reason.
 */
bool attacher_explain(const struct lp_attacher *attacher, int err, const char *failure,
		      struct lp_error *error);

/* Detaches a probe soon. Returns at once. 0, no probe, does nothing. */
void attacher_detach(struct lp_attacher *attacher, int probe);

enum lp_attacher_change {
	LP_ATTACHER_SAME,
	LP_ATTACHER_FREE, /* the kernel has finished a request that was given up */
	LP_ATTACHER_ENDED, /* the process has ended, and all probes with it */
};

/* Returns what has changed since the last call. To be called now and then. */
enum lp_attacher_change attacher_turn(struct lp_attacher *attacher);

/*
 * Returns the ns from attacher_detach to the removal of the probe from the kernel, a moving
 * average; 0 if none is known.
 */
uint64_t attacher_delay_ns(const struct lp_attacher *attacher);

/* Returns the CPU time of the process in ns. */
uint64_t attacher_cpu_ns(const struct lp_attacher *attacher);

/*
 * Detaches all probes. It waits for that if they are few and the kernel finishes in time. Otherwise
 * the process outlives the caller by the seconds that the kernel takes. NULL does nothing.
 */
void attacher_free(struct lp_attacher *attacher);

#endif /* LP_SESSION_ATTACHER_H */
