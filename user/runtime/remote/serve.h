/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of a worker for the main process, and their requests (process/worker.h). */
#ifndef LP_RUNTIME_REMOTE_SERVE_H
#define LP_RUNTIME_REMOTE_SERVE_H

#include "runtime/runtime.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Arguments follow the request; those that need a struct lp_packed_message have it in front of
 * them. */
enum lp_operation {
	LP_OPERATION_MEMORY, /* struct lp_piece...; the answer is their bytes */
	LP_OPERATION_NATIVE, /* as symbolise/native_remote.c has it */
	LP_OPERATION_MAY_BE_PROGRAM, /* a path; answers 0 or 1 */
	LP_OPERATION_EXAMINE, /* struct lp_examine; struct lp_examination */
	/* with a struct lp_packed_message */
	LP_OPERATION_FIND_LOOPS, /* struct lp_running_loop... */
	LP_OPERATION_READ_STACK, /* struct lp_stack_request; struct lp_stack_answer */
	LP_OPERATION_CALLBACK_FRAMES, /* struct lp_raw_frame...; their number */
	LP_OPERATION_DESCRIBE, /* struct lp_raw_frame; struct lp_frame */
	LP_OPERATION_DESCRIBE_STACK, /* struct lp_raw_frame...; struct lp_frame... */
	LP_OPERATION_LOOP_CODE, /* uint64_t[2] */
	LP_OPERATION_DESCRIBE_THREAD, /* uint64_t; struct lp_thread_answer */
	LP_OPERATION_HAS_COPIED_LOOP, /* 0 or 1, a byte */
	/* struct lp_event_raw_finding; struct lp_finding_places up to its last known frame */
	LP_OPERATION_DESCRIBE_FINDING,
	LP_OPERATION_RUNNING_CALLBACK, /* uint64_t[2]; struct lp_running_callback */
	LP_OPERATION_TASK_NAME, /* uint64_t; a text */
	LP_OPERATIONS,
};

/* In front of each request. */
struct lp_request {
	uint32_t operation;
	pid_t pid;
	uint64_t serial; /* the instance's: a worker remembers recent instances by it */
};

#define LP_PIECES 64

struct lp_piece {
	uint64_t address, bytes;
};

/* An instance without its caches, as it is sent from one process to another. */
struct lp_packed_message {
	struct lp_instance instance; /* runtime and reader are NULL */
	uint32_t runtime; /* by its number */
	uint32_t bytes;
	unsigned char reader[LP_PACKED_BYTES];
};

struct lp_examine {
	struct lp_process_info process;
	struct lp_open_roles open;
	bool known; /* a struct lp_packed_message follows: the runtime is not looked for again, ... */
	bool anew; /* ... unless it has loaded what it needs to run a loop */
	bool always; /* also if it has not loaded what it needs to run a loop */
};

#define LP_FUNCTION_BYTES 64

/* The result for a role; code as find_probe returns it. */
struct lp_examined_role {
	int32_t code;
	struct lp_error error;
	struct lp_probe probe; /* its function is NULL */
	char function[LP_FUNCTION_BYTES];
};

struct lp_examination {
	int32_t code; /* as runtime_detect returns it; nothing else is filled if it is not 0 */
	int32_t verified, uvloop_code,
		lifecycle_code; /* as the functions of the runtime return them */
	uint32_t roles; /* those that were looked for */
	bool may_run_loop;
	struct lp_error error; /* the sentence of code, or else of verified */
	struct lp_packed_message packed;
	struct lp_uvloop uvloop;
	struct lp_lifecycle lifecycle;
	struct lp_examined_role role[LP_PROBE_ROLES];
};

struct lp_stack_request {
	uint64_t thread_state;
	uint32_t capacity;
};

struct lp_stack_answer {
	int32_t depth;
	bool cut;
	struct lp_raw_frame frames[LP_STACK_DEPTH];
};

#define LP_THREAD_NAME_BYTES 256

struct lp_thread_answer {
	pid_t tid;
	char name[LP_THREAD_NAME_BYTES];
};

/* Sets the function that serves LP_OPERATION_NATIVE; NULL: none. */
extern ssize_t (*runtime_native_server)(const void *arguments, size_t bytes, void *answer,
					size_t capacity);

/* A server as workers_new wants it. */
ssize_t runtime_serve(const void *request, size_t bytes, void *answer, size_t capacity);

#endif /* LP_RUNTIME_REMOTE_SERVE_H */
