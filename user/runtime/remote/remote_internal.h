/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the main process's side: remote.c, adapter.c, examine.c, loop_search.c and
 * begin.c.
 */
#ifndef LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H
#define LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H

#include "process/worker.h"
#include "remote.h"
#include "serve.h"

/*
 * Has the reader serve a request; its struct lp_request is the first part.  Returns the bytes of
 * *answer, which is valid until the next request, or a negative errno as worker_call does.
 */
ssize_t remote_ask(const struct iovec *parts, size_t count, const void **answer);

/* The same without a report, and without consequences for the process, if there is no answer. */
ssize_t remote_try(const struct iovec *parts, size_t count, const void **answer);
/* The same with smaller limits, for an answer that may be missing. */
ssize_t remote_try_briefly(const struct iovec *parts, size_t count, const void **answer);

/*
 * Starts the workers, which answer requests by server, and makes memory_read use them.  Returns 0
 * or a negative errno.
 */
int remote_open(lp_worker_server server);
void remote_close(void);
struct lp_workers *remote_workers(void);
/*
 * Returns the limits of one examination or search for loops, which are shorter while other
 * processes wait for theirs.
 */
const struct lp_worker_limits *remote_work_limits(bool others_wait);
/* Returns whether a process is unreadable: its memory or its files did not answer. */
bool remote_leaves_alone(pid_t pid);
/* Marks the process of a request as unreadable.  worker: the one that was given up with it. */
void remote_mark(struct lp_worker *worker, const struct iovec *parts, size_t count, int err);

/* Returns whether a result of worker_call is the fault of the process that was read. */
bool remote_is_hang(ssize_t result);

/* examine.c */
/* Returns the packed form of an instance that remote_instance has made. */
const struct lp_packed_message *remote_packed(const struct lp_instance *instance);

/* Returns the number by which workers recognise the instance. */
uint64_t remote_serial(const struct lp_instance *instance);
/* Copies and corrects the loops of an answer. Returns their number. */
int remote_take_loops(const void *answer, size_t bytes, struct lp_running_loop *loops,
		      size_t capacity);

int examine_open(void);
void examine_close(void);
/* Terminates a text that a worker has sent. */
void remote_end_text(char *text, size_t size);
/* Checks and corrects an answer, as the worker that sent it reads hostile memory. */
bool examination_is_sound(struct lp_examination *examination, ssize_t bytes);

#endif /* LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H */
