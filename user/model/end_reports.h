/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the report of a run that is about the ends of processes and loops; see report.h. */
#ifndef LP_MODEL_END_REPORTS_H
#define LP_MODEL_END_REPORTS_H

#include "wire/wire.h"

#include <stdint.h>
#include <sys/types.h>

struct lp_callback_info;
struct lp_loop_info;

/* How a process ended. */
enum lp_ending_kind {
	LP_ENDING_EXITED = 0, /* exit code 0 */
	LP_ENDING_FAILED = 1, /* another exit code */
	LP_ENDING_KILLED = 2, /* by a signal that was sent */
	LP_ENDING_CRASHED = 3, /* by a signal of its own: a fault, abort() */
	LP_ENDING_OUT_OF_MEMORY = 4, /* by the kernel, to free memory */
	LP_ENDING_KINDS,
};

#define LP_REASON_MAX 192

/* A signal that a process got before its end. */
struct lp_sent_signal {
	uint32_t number; /* 0: none */
	enum lp_signal_origin origin;
	pid_t pid; /* the process that sent it */
	char comm[LP_COMM_BYTES * 4]; /* name of that process */
	uint64_t before_ns; /* how long before the end */
};

struct lp_process_end {
	pid_t pid;
	char comm[LP_COMM_BYTES * 4];
	/* the loop that was busy longest at the end, or idle longest; NULL: not known */
	const struct lp_loop_info *loop;
	uint64_t time_ns;
	uint64_t lived_ns; /* 0: not known */
	enum lp_ending_kind kind;
	uint32_t signal; /* the signal that ended it; 0: none */
	uint32_t exit_code;
	char reason[LP_REASON_MAX]; /* "SIGKILL from gunicorn"; without PIDs and times */
	struct lp_sent_signal sent; /* how that signal was sent, if it is known */
	struct lp_sent_signal request; /* an earlier one that asked the process to end */
	enum lp_loop_activity activity; /* the loop's, at the end */
	uint64_t activity_ns; /* how long it had lasted */
	/* the slow callback that the end has cut off, which was reported before; NULL: none */
	const struct lp_callback_info *callback;
	/* the coroutine or function of the program that names it; NULL: the callback does */
	const struct lp_callback_info *handler;
	const char *task_name; /* its task; "" if none */
};

/* The end of a loop whose process goes on. */
struct lp_loop_stop_report {
	const struct lp_loop_info *loop;
	uint64_t time_ns; /* when it stopped */
	enum lp_loop_stop reason;
	uint64_t ran_ns; /* since it was first observed */
	/* the slow callback with which or after which it stopped; NULL: none */
	const struct lp_callback_info *callback;
	const struct lp_callback_info *handler; /* as in struct lp_process_end */
	const char *task_name; /* its task; "" if none */
	uint64_t stall_ns; /* its duration */
};

/* Ends of processes for one reason, counted. */
struct lp_end_count {
	char reason[LP_REASON_MAX];
	enum lp_ending_kind kind;
	uint64_t count;
	uint64_t stalled; /* those in which the loop was in a stall */
	uint64_t stall_max_ns; /* the longest of these stalls */
};

#endif /* LP_MODEL_END_REPORTS_H */
