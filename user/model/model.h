/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a run: its loops, their callbacks, the stalls.  Built from
 * decoded events, live or from a capture; tells an observer (out/) what is new.
 * All text in here is valid UTF-8 and sanitised for a terminal.
 */
#ifndef LP_MODEL_H
#define LP_MODEL_H

#include "../wire.h"
#include "histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LP_NAME_MAX 256
#define LP_FILE_MAX 512
#define LP_TASK_NAME_MAX 128

enum lp_end_reason {
	LP_END_INTERRUPT = 0,
	LP_END_DURATION = 1,
	LP_END_TARGET_EXITED = 2,
	LP_END_REASONS,
};

/* One run of loopprof, live or captured. */
struct lp_run {
	const char *tool; /* "loopprof X.Y.Z" */
	const char *mode; /* "trace" */
	const char *host;
	uint64_t threshold_ns;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_unix_ns; /* the same instant, CLOCK_REALTIME */
	bool queue; /* queue delays are measured */
};

struct lp_loop_info {
	uint32_t id; /* from 1 on; never used again in a run */
	pid_t pid;
	pid_t tid;
	char comm[LP_COMM_BYTES * 4];
	char runtime[16]; /* "asyncio" */
	char version[16]; /* "3.11.2" */
	char exe[LP_FILE_MAX];
	char container[65]; /* "" if none */
};

enum lp_model_kind { LP_MODEL_TASK, LP_MODEL_CALLBACK };

/* What ran: a coroutine or a function.  file is "" and line 0 where there is no source. */
struct lp_callback_info {
	enum lp_model_kind kind;
	char name[LP_NAME_MAX];
	char file[LP_FILE_MAX];
	uint32_t line;
};

struct lp_shown_frame {
	char *function;
	char *file;
	uint32_t line; /* 0: not known */
};

/* One stack seen during a stall, and how often. Innermost frame first. */
struct lp_sample {
	uint32_t count;
	uint32_t depth;
	bool cut; /* there were more frames */
	struct lp_shown_frame *frames;
};

struct lp_slow {
	const struct lp_loop_info *loop;
	const struct lp_callback_info *callback;
	uint64_t start_ns;
	uint64_t duration_ns;
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t task; /* address, 0: not a task */
	char task_name[LP_TASK_NAME_MAX]; /* "" if not a task, or unreadable */
	bool delayed_known;
	uint32_t delayed_callbacks; /* queued behind it in its iteration */
	uint32_t delayed_events; /* ready when the loop polled next */
	size_t sample_count;
	struct lp_sample *samples; /* most frequent first */
};

struct lp_callback_summary {
	const struct lp_callback_info *callback;
	uint64_t slow;
	struct lp_histogram run;
	struct lp_histogram queue; /* empty unless lp_run.queue */
};

struct lp_loop_summary {
	const struct lp_loop_info *loop;
	uint64_t wall_ns; /* from the first boundary seen to now, or to the loop's end */
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	struct lp_histogram iteration;
	size_t callback_count;
	struct lp_callback_summary *items; /* greatest total run time first */
};

/* busy / (busy + idle), 0 if both are 0. */
double loop_utilization(const struct lp_loop_summary *summary);

/* The state of all loops, those that have ended included. */
struct lp_summary {
	uint64_t now_ns;
	uint64_t since_ns; /* start of the time it covers */
	size_t loop_count;
	struct lp_loop_summary *loops;
	uint64_t lost[LP_LOST_KINDS];
};

struct lp_run_end {
	uint64_t end_ns;
	enum lp_end_reason reason;
	uint64_t lost_events; /* LP_LOST_RING */
};

/*
 * Who is told.  Any function may be NULL.  What the pointers point at belongs to
 * the model and holds only during the call.
 */
struct lp_observer {
	void (*run)(void *context, const struct lp_run *run);
	void (*loop)(void *context, const struct lp_loop_info *loop);
	void (*slow)(void *context, const struct lp_slow *slow);
	/* interval: since the last call; total: since the start. */
	void (*interval)(void *context, const struct lp_summary *interval,
			 const struct lp_summary *total);
	/* The last summary, then the end. */
	void (*end)(void *context, const struct lp_summary *total, const struct lp_run_end *end);
};

struct lp_model;

int model_new(const struct lp_observer *observer, void *context, struct lp_model **model);
void model_free(struct lp_model *model);

#endif /* LP_MODEL_H */
