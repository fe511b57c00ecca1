/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations that a worker serves for the main process (process/worker.h). */
#ifndef LP_RUNTIME_REMOTE_SERVE_H
#define LP_RUNTIME_REMOTE_SERVE_H

#include "runtime/runtime.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A request is a struct lp_request and its arguments.  Each comment has the arguments, a
 * semicolon and the answer; `...` marks an array.
 */
enum lp_operation {
	LP_OPERATION_MEMORY, /* struct lp_piece...; their bytes */
	LP_OPERATION_NATIVE, /* see symbolise/native_remote.c */
	LP_OPERATION_DNS_NAME, /* pid_t; a text */
	LP_OPERATION_MAY_BE_PROGRAM, /* a path; 0 or 1, a byte */
	LP_OPERATION_EXAMINE, /* struct lp_examine; struct lp_examination */
	/* operations on an instance: a struct lp_packed_message comes before the arguments */
	LP_OPERATION_FIND_LOOPS, /* none; struct lp_running_loop... */
	LP_OPERATION_LOOP_STACK, /* struct lp_stack_request; struct lp_loop_stack */
	LP_OPERATION_DESCRIBE, /* struct lp_raw_frame...; struct lp_frame... */
	LP_OPERATION_DESCRIBE_THREAD, /* uint64_t[2]; struct lp_thread_answer */
	/* struct lp_event_raw_finding; struct lp_finding_places up to its last known frame */
	LP_OPERATION_DESCRIBE_FINDING,
	LP_OPERATION_RUNNING_CALLBACK, /* uint64_t[2]; struct lp_running_callback */
	LP_OPERATION_TASK_NAME, /* uint64_t; a text */
	LP_OPERATION_TASKS, /* none; see tasks/waiting.c */
	LP_OPERATION_LOCK_HOLDER, /* uint64_t; struct lp_event_raw_stack, or nothing */
	LP_OPERATION_EAGER_TASK, /* struct lp_eager_request; struct lp_eager_task */
	LP_OPERATION_COLLECTIONS, /* uint64_t[2]; struct lp_event_collections, or nothing */
	LP_OPERATIONS,
};

/* The head of each request. */
struct lp_request {
	uint32_t operation;
	pid_t pid;
	uint64_t serial; /* of the instance; a worker caches recent instances by it */
};

#define LP_PIECES 64

struct lp_piece {
	uint64_t address, bytes;
};

/* An instance without its caches, as it is sent from one process to another. */
struct lp_packed_message {
	struct lp_instance instance; /* runtime and reader are NULL */
	uint32_t runtime; /* its number, see runtime_number */
	uint32_t bytes; /* of reader */
	unsigned char reader[LP_PACKED_BYTES];
};

struct lp_examine {
	struct lp_process_info process;
	struct lp_open_roles open;
	bool known; /* a struct lp_packed_message follows, and the runtime is not detected again */
	bool anew; /* detect it nevertheless if the process has loaded what a loop needs */
	bool always; /* find probes even if the process has not loaded what a loop needs */
};

#define LP_FUNCTION_BYTES 64

/* The probe of one role. */
struct lp_examined_role {
	int32_t code; /* the result of find_probe */
	struct lp_error error;
	struct lp_probe probe; /* with NULL as its function, which follows as a text */
	char function[LP_FUNCTION_BYTES];
};

struct lp_examination {
	int32_t code; /* result of runtime_detect; if it is not 0, only error is filled */
	int32_t verified; /* the result of verify */
	int32_t fact_codes[LP_FACTS]; /* the results of find_fact */
	uint32_t roles; /* roles whose probes were searched, bits */
	bool may_run_loop;
	char other_loops[16]; /* "": none are known */
	struct lp_error error; /* the sentence of code, or else of verified */
	struct lp_packed_message packed;
	union lp_process_facts facts;
	struct lp_examined_role role[LP_PROBE_ROLES];
};

struct lp_stack_request {
	struct lp_running_loop loop;
	struct lp_wait wait;
	bool asleep;
};

struct lp_eager_request {
	uint64_t thread_state, task;
	struct lp_eager_address known; /* task 0: NULL */
};

#define LP_THREAD_NAME_BYTES 256

struct lp_thread_answer {
	pid_t tid;
	char name[LP_THREAD_NAME_BYTES];
};

/* The function that serves LP_OPERATION_NATIVE, set by remote_serve_native(); NULL: none. */
extern ssize_t (*runtime_native_server)(const void *arguments, size_t bytes, void *answer,
					size_t capacity);

/* The function that serves LP_OPERATION_TASKS, set by remote_serve_tasks(); NULL: none. */
extern ssize_t (*runtime_tasks_server)(const struct lp_instance *instance, void *answer,
				       size_t capacity);

/* The function that workers_new takes: serves a request in a worker. */
ssize_t serve_request(const void *request, size_t bytes, void *answer, size_t capacity);

#endif /* LP_RUNTIME_REMOTE_SERVE_H */
