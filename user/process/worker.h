/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of this program for reads that may never return: of the memory and
 * the files of a target, whose pages and files may be served by a program that does not
 * answer.  A thread in such a read keeps its whole process from ending, whatever signal
 * it gets.  A worker in one is given up: it gets SIGKILL, it is not waited for, and the
 * next request goes to a new process.  A worker that crashes takes nothing with it.
 *
 * Workers are forked by a process that is forked before anything is attached and that
 * holds nothing: no probe, map, output or terminal stays open because a worker hangs.
 */
#ifndef LP_PROCESS_WORKER_H
#define LP_PROCESS_WORKER_H

#include "spawner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Parts of a request. */
#define LP_WORKER_PARTS 4

struct lp_workers;
struct lp_worker;

/* Returns 0 or a negative errno.  To be called before threads and before anything is attached. */
int workers_new(lp_worker_server server, struct lp_workers **workers);
/* Ends all workers; does not wait for those that hang. */
void workers_free(struct lp_workers *workers);

/*
 * The descriptor whose readability means that the run is to stop; -1: none.  From then on
 * worker_call returns -ECANCELED: it sends no request, and waits for no answer.
 */
void workers_stop_on(struct lp_workers *workers, int descriptor);

/* The instant of CLOCK_MONOTONIC after which worker_call does the same; UINT64_MAX: none. */
void workers_end_at(struct lp_workers *workers, uint64_t end_ns);

/*
 * Returns the PID of the process that forks workers if it is stopped, by kill or a debugger, so
 * that worker_call may return -ENOBUFS; otherwise 0.
 */
pid_t workers_stopped(const struct lp_workers *workers);

/* Returns whether worker_call returns -ECANCELED now. */
bool workers_are_over(const struct lp_workers *workers);

/*
 * Returns a descriptor that is readable when a worker created with `watched` has answered or
 * ended.
 */
int workers_descriptor(const struct lp_workers *workers);

/*
 * Returns the number of workers that were given up and still hang, as they sleep where no signal
 * ends them. One whose read returns ends, and does not count any more.
 */
size_t workers_abandoned(struct lp_workers *workers);

/*
 * Sets the function that returns the unit of a process, 0 if it has none: processes and units may
 * each take a part of all places, see worker_places.h. Without it, all are of one unit.
 */
void workers_owners_by(struct lp_workers *workers, uint64_t (*owner_of)(pid_t pid));

/* CPU time that they took for requests that were answered. */
uint64_t workers_cpu_ns(const struct lp_workers *workers);
/*
 * Returns the ns that worker_call waited for answers while the worker slept, as for a lock of the
 * target. The first 20 ms of each call do not count, nor does the time that the worker waited for a
 * CPU.
 */
uint64_t workers_slept_ns(const struct lp_workers *workers);

/* The time in ns that a worker may take for a request before it is given up. */
struct lp_worker_limits {
	uint64_t still_ns; /* asleep in one place, as in a read that does not return */
	uint64_t cpu_ns; /* computing */
	uint64_t wall_ns; /* in all, without the time that it waits for a CPU */
};

/* No process is forked before it is needed.  NULL: out of memory. */
struct lp_worker *worker_new(struct lp_workers *workers, const struct lp_worker_limits *limits,
			     bool watched);
void worker_free(struct lp_worker *worker);
/* Sets the limits of later requests. */
void worker_set_limits(struct lp_worker *worker, const struct lp_worker_limits *limits);

/*
 * Sends a request and waits for the answer.  target: the process that is read, 0 if there is none.
 * Returns the bytes of the answer; the server's result if that was negative; or
 *   -ETIMEDOUT   the worker slept in one place for too long and was given up
 *   -ETIME       it took too much time otherwise, and was given up; as well if it waited for the
 *                memory lock of a target whose threads ran meanwhile, for several times as long
 *   -ECANCELED   the run is to stop; the worker is not given up
 *   -ECHILD      it ended by itself or was stopped
 *   -ENOBUFS     none can be forked now: a shortage of this host, whatever the target does
 *   -EUSERS      too many workers hang already, each in a read that does not return
 *   -EDQUOT      too many workers hang already in reads of this process, or of its unit
 *   -EMSGSIZE    the request is too long
 */
ssize_t worker_call(struct lp_worker *worker, pid_t target, const struct iovec *parts, size_t count,
		    void *answer, size_t capacity);

/* The same in two steps; one request at a time.  Returns 0 or as above. */
int worker_send(struct lp_worker *worker, pid_t target, const struct iovec *parts, size_t count);
/*
 * Does not wait. Returns false while there is no answer yet; otherwise *result is as above, and
 * -ECHILD without a request. To be called when the descriptor of all is readable, and now and then:
 * only then is a worker that hangs noticed.
 */
bool worker_receive(struct lp_worker *worker, void *answer, size_t capacity, ssize_t *result);
/* Returns whether there is a request without an answer. */
bool worker_is_busy(const struct lp_worker *worker);

/*
 * A descriptor of the process that was given up last, readable once that has ended: until
 * then nothing else will be answered either.  It is the caller's; -1: there is none.
 */
int worker_take_given_up(struct lp_worker *worker);

/* The worker process's number: a new process has no caches of the last one.  0: none runs. */
uint64_t worker_generation(const struct lp_worker *worker);

#endif /* LP_PROCESS_WORKER_H */
