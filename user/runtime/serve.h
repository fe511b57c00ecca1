/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker does for the main process, and how it is asked (target/worker.h). */
#ifndef LP_RUNTIME_SERVE_H
#define LP_RUNTIME_SERVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum lp_operation {
	LP_OPERATION_MEMORY, /* struct lp_piece...; the answer is their bytes */
	LP_OPERATIONS,
};

/* In front of each request. */
struct lp_request {
	uint32_t operation;
	pid_t pid;
};

#define LP_PIECES 64

struct lp_piece {
	uint64_t address, bytes;
};

/* A server as workers_new wants it. */
ssize_t runtime_serve(const void *request, size_t bytes, void *answer, size_t room);

#endif /* LP_RUNTIME_SERVE_H */
