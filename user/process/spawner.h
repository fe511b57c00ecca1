/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that forks workers: it holds nothing but a socket, and touches no target. */
#ifndef LP_PROCESS_SPAWNER_H
#define LP_PROCESS_SPAWNER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest request and the longest answer; a socket takes it in one piece. */
#define LP_WORKER_BYTES (160U << 10)
/* Runs in a worker.  Returns the bytes of the answer or a negative errno, which is the answer. */
typedef ssize_t (*lp_worker_server)(const void *request, size_t bytes, void *answer,
				    size_t capacity);

/* In front of each request and each answer on a worker's socket. */
struct lp_worker_head {
	uint64_t serial; /* of the request, and of its answer */
	int64_t result; /* of the server; in a request 0 */
	uint64_t cpu_ns; /* CPU time of the server; in a request 0 */
};

/* Forks the spawner.  Returns its PID and its socket, or a negative errno. */
pid_t spawner_start(lp_worker_server server, int *socket);

/*
 * Asks for a worker that serves what arrives at a socket, until that is closed. The descriptor of
 * the socket stays with the caller. Returns 0 or a negative errno.
 */
int spawner_ask(int spawner, int socket);

/*
 * Receives the spawner's next answer; there is one for each request, in the same order. Returns the
 * PID of the worker, with a descriptor of the process; -ENOBUFS if the host has too little of
 * something to fork one; or -EPIPE if the spawner has ended or is at fault, and is to be replaced.
 */
pid_t spawner_answer(int spawner, int *process);

#endif /* LP_PROCESS_SPAWNER_H */
