/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads targets in worker processes, so that only a worker hangs if a read never returns:
 * the pages and the files of a target may be served by any program, for instance by a FUSE
 * server.  A target that did not answer is unreadable from then on: each read of it fails
 * at once with -ETIMEDOUT.  It is tried again from time to time, without waiting for it.
 * A run has one such reader.
 */
#ifndef LP_RUNTIME_REMOTE_REMOTE_H
#define LP_RUNTIME_REMOTE_REMOTE_H

#include "runtime/runtime.h"

/*
 * Makes memory_read and its like (process/memory.h) use the reader.  To be called before anything
 * is attached.  Returns 0 or a negative errno.
 */
int remote_begin(void);
void remote_end(void);
bool remote_has_begun(void);

/*
 * Sets a descriptor, or an instant of CLOCK_MONOTONIC, that ends all reading of targets: when the
 * descriptor is readable or the instant has come, no request is sent and no answer is awaited.
 * -1, UINT64_MAX: none.
 */
void remote_stop_on(int descriptor);
void remote_end_at(uint64_t end_ns);
/* Returns whether reading has ended in this way. A process that has no reader reads without end. */
bool remote_is_over(void);

/*
 * Limits all further reads together to a part of a second, and each of them to less than before,
 * for a run that ends.
 */
void remote_limit_last_reads(void);

/* Returns a descriptor that is readable when a worker has answered or ended. */
int remote_descriptor(void);
/* Tries an unreadable process again.  Returns the time of the next call, CLOCK_MONOTONIC ns. */
uint64_t remote_turn(uint64_t now_ns);

/* CPU time in ns that the workers took since the run began. */
uint64_t remote_cpu_ns(void);
/*
 * Returns the CPU time in ns of this thread and of the workers, plus the time that it has waited
 * for workers that slept, as for a lock of the target. This is a clock for the cost of reading
 * targets, which does not count the time spent waiting for a CPU.
 */
uint64_t remote_clock(void);

/*
 * Sets the function that unwinds C frames in a worker.  To be called before remote_begin().
 * Its arguments and its answer are defined by symbolise/native_remote.c.
 */
typedef ssize_t (*lp_native_server)(const void *arguments, size_t bytes, void *answer,
				    size_t capacity);
void remote_serve_native(lp_native_server serve);
ssize_t remote_ask_native(pid_t pid, const void *arguments, size_t bytes, const void **answer);

/*
 * Sets the function that reads all tasks of a process in a worker.  To be called before
 * remote_begin().  Its answer is defined by tasks/waiting.c.
 */
typedef ssize_t (*lp_tasks_server)(const struct lp_instance *instance, void *answer,
				   size_t capacity);
void remote_serve_tasks(lp_tasks_server serve);
/* Has a worker call it for an instance of remote_instance().  A failure is not reported. */
ssize_t remote_ask_tasks(const struct lp_instance *instance, const void **answer);

/*
 * Reads the name that a thread asks a name server for; see name_query_read(). A failure is not
 * reported.
 */
bool remote_dns_name(pid_t pid, pid_t tid, char name[LP_DNS_NAME_BYTES]);

/* The number of processes that did not answer since the run began. */
size_t remote_unreadable(void);

/* Fills the error with a sentence for a negative result of worker_call.  Returns err. */
int remote_error(struct lp_error *error, pid_t pid, int err);

/* For detect.c: as runtime_may_be_program and runtime_detect. */
bool remote_may_be_program(const char *path);
int remote_detect(const struct lp_process_info *process, struct lp_instance *instance,
		  struct lp_error *error);

/* ---- examining new targets without waiting for it, see examine.c -------------------- */

struct lp_examination;

/* The result of an examination. */
struct lp_examined {
	pid_t pid;
	uint64_t ticket; /* that of the request */
	int code; /* the result of runtime_detect, or the negative one of worker_call */
	struct lp_error error;
	const struct lp_examination
		*examination; /* valid until the next examine_take; may be NULL */
};

/* What an examination reads. */
struct lp_examine_options {
	const struct lp_instance *known; /* the result of an earlier examination; NULL: none */
	bool anew; /* detect the runtime again, despite known, once the process can run a loop */
	bool always; /* find probes even if the process cannot run a loop yet */
	uint64_t ticket; /* returned with the result */
	struct lp_open_roles open; /* wanted probes */
};

/*
 * Returns whether another examination can begin.  others_wait: other processes wait for theirs,
 * which shortens the time limits of examinations.
 */
bool examine_is_free(bool others_wait);

/* Begins to examine a process.  Returns 0, -EBUSY, or a negative errno as worker_call does. */
int examine_begin(const struct lp_process_info *process, const struct lp_examine_options *options);

/* Takes the result of an examination that has ended or failed.  False: there is none. */
bool examine_take(struct lp_examined *examined);
/* Returns whether an examination has begun and was not taken yet. */
bool examine_is_busy(void);

/* Waits for remote_descriptor(), at most that many ns.  False: the run is to stop. */
bool remote_wait(uint64_t ns);

/*
 * Makes an instance whose functions are served by a worker.  Functions that find probes, offsets
 * and types return what the examination found, until remote_forget() drops it.  The instance is
 * freed by its release().  Returns 0 or a negative errno.
 */
int remote_instance(const struct lp_examined *examined, struct lp_instance *instance);
/* Replaces the examination by a later one.  Returns 0 or a negative errno. */
int remote_refresh(struct lp_instance *instance, const struct lp_examined *examined);
void remote_forget(struct lp_instance *instance);

#endif /* LP_RUNTIME_REMOTE_REMOTE_H */
