/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads targets by another process, which may hang in the place of this one: the
 * pages and the files of a target may be served by any program, for instance by a
 * FUSE server that never answers.  A process that did not answer is unreadable from then
 * on: each read of it fails at once with -ETIMEDOUT.  Whether it answers again is
 * tried now and then, without waiting for it.  A run has one such reader.
 */
#ifndef LP_RUNTIME_REMOTE_REMOTE_H
#define LP_RUNTIME_REMOTE_REMOTE_H

#include "runtime/runtime.h"

/*
 * From now on the reader serves memory_read and its like (process/memory.h).  To be called before
 * anything is attached.  Returns 0 or a negative errno.
 */
int remote_begin(void);
void remote_end(void);
bool remote_has_begun(void);

/* Waits for answers end when this descriptor is readable; -1: none. */
void remote_stop_on(int descriptor);

/* The run is to end: a process that does not answer costs next to no time from now on. */
void remote_hurry(void);

/* Readable when remote_turn has something to do. */
int remote_descriptor(void);
/* Tries unreadable processes again.  Returns when to be called again (CLOCK_MONOTONIC). */
uint64_t remote_turn(uint64_t now_ns);

/* CPU time in ns that the workers took since the run began. */
uint64_t remote_cpu_ns(void);
/*
 * A clock in ns that counts the cost of reading targets: the CPU time of this thread and of the
 * workers.  Waiting for a CPU, which others have, costs nothing.
 */
uint64_t remote_clock(void);

/*
 * Sets the worker's function that unwinds C frames.  serve runs in the worker and has to be
 * given before remote_begin(); its arguments and its answer are of symbolise/.
 */
typedef ssize_t (*lp_native_server)(const void *arguments, size_t bytes, void *answer,
				    size_t capacity);
void remote_serve_native(lp_native_server serve);
ssize_t remote_ask_native(pid_t pid, const void *arguments, size_t bytes, const void **answer);

/* The number of processes that did not answer since the run began. */
size_t remote_unreadable(void);

/* A sentence for a negative result of worker_call; returns that. */
int remote_error(struct lp_error *error, pid_t pid, int err);

/* For runtime.c. */
bool remote_may_be_program(const char *path);
int remote_detect(const struct lp_process_info *process, struct lp_instance *instance,
		  struct lp_error *error);

/* ---- examining new targets without waiting for it, see examine.c -------------------- */

struct lp_examination;

/* The result of an examination. */
struct lp_examined {
	pid_t pid;
	uint64_t ticket; /* that of its wish */
	int code; /* the result of runtime_detect, or of worker_call */
	struct lp_error error;
	const struct lp_examination *examination; /* until the next is taken; NULL with an error */
};

/* The wish for an examination. */
struct lp_examine_wish {
	const struct lp_instance *known; /* the result of an earlier one; NULL: none */
	bool anew; /* known only decides whether a new look is worth its cost */
	bool always; /* also where no loop can run yet */
	uint64_t ticket; /* returned with the result */
	struct lp_open_roles open; /* wanted probes */
};

/* Is there room for one more?  Others that wait make those that take long end sooner. */
bool examine_is_free(bool others_wait);

/* Has a process examined.  Returns 0, or a negative errno as worker_call does. */
int examine_begin(const struct lp_process_info *process, const struct lp_examine_wish *wish);

/* Takes an examination that has ended or failed.  False: there is none. */
bool examine_take(struct lp_examined *examined);
/* Is an examination going on? */
bool examine_is_busy(void);

/* Waits for remote_descriptor(), at most so long.  False: the run is to stop. */
bool remote_wait(uint64_t ns);

/*
 * Makes an instance whose functions are served by a worker: those that find probes and
 * the like answer from the examination, until it is forgotten.  Returns 0 or a negative errno.
 */
int remote_instance(const struct lp_examined *examined, struct lp_instance *instance);
/* Answers from a later examination from now on.  Returns 0 or a negative errno. */
int remote_refresh(struct lp_instance *instance, const struct lp_examined *examined);
void remote_forget(struct lp_instance *instance);

#endif /* LP_RUNTIME_REMOTE_REMOTE_H */
