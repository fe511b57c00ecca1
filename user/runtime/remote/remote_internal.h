/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the main process's side: remote.c, remote_runtime.c, examine.c. */
#ifndef LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H
#define LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H

#include "process/worker.h"
#include "remote.h"
#include "serve.h"

/*
 * Has the reader serve a request, which is the first part.  Returns the bytes of the answer,
 * which stays until the next request, or a negative errno as worker_call does.
 */
ssize_t remote_ask(const struct iovec *parts, size_t count, const void **answer);

struct lp_workers *remote_workers(void);
/* Is the process unreadable, as its memory or files did not answer? */
bool remote_leaves_alone(pid_t pid);
/* A worker was given up with this request, because of its process. */
void remote_mark(struct lp_worker *worker, const struct iovec *parts, size_t count, int err);

/* Is the process to blame for this result? */
bool remote_is_hang(ssize_t result);

/* examine.c */
/* The examination of an instance that remote_instance made. */
const struct lp_packed_message *remote_packed(const struct lp_instance *instance);

int examine_open(void);
void examine_close(void);
/* Makes a text of bytes that a worker has sent. */
void remote_end_text(char *text, size_t size);
/* Checks an answer, which comes from a process that reads hostile memory. */
bool examination_is_sound(struct lp_examination *examination, ssize_t bytes);

#endif /* LP_RUNTIME_REMOTE_REMOTE_INTERNAL_H */
