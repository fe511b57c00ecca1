/* SPDX-License-Identifier: BSD-2-Clause */
/* The ends of processes: why, and what their loops did then. */
#ifndef LP_MODEL_ENDINGS_H
#define LP_MODEL_ENDINGS_H

#include "report.h"
#include "wire/wire.h"

/* The limit of reasons that are counted individually; further ones are counted by their kind. */
#define LP_ENDINGS_MAX 64

struct lp_endings {
	struct lp_end_count *items; /* since the start; NULL: none yet */
	struct lp_end_count *before; /* the same at the last interval */
	size_t count;
};

/* The last slow callback of a loop, which its end may have cut off. */
struct lp_last_stall {
	struct lp_callback_info callback;
	struct lp_callback_info handler; /* as in struct lp_slow_callback; name "": none */
	char task_name[LP_TASK_NAME_MAX];
	uint64_t end_ns;
	uint64_t duration_ns;
};

/* Returns a copy of what is reported of a stall; NULL: there is none, or out of memory. */
struct lp_last_stall *endings_last_stall(const struct lp_slow_callback *slow);

/*
 * Fills in all but the process's name. loop, which may be NULL, is the one that the record names,
 * and last the stall that its end has cut off; NULL: none.
 */
void endings_fill(const struct lp_event_process_end *event, const struct lp_loop_info *loop,
		  const struct lp_last_stall *last, struct lp_process_end *end);

/* Fills in the stop of a loop. last, which may be NULL, is its last slow callback. */
void endings_fill_stop(const struct lp_event_loop_stopped *event, const struct lp_loop_info *loop,
		       uint64_t begin_ns, const struct lp_last_stall *last,
		       struct lp_loop_stop_report *stop);

void endings_count(struct lp_endings *endings, const struct lp_process_end *end);
void endings_begin_interval(struct lp_endings *endings);
/* Adds the counts of a source to a summary. */
void endings_summarise(const struct lp_endings *endings, bool interval, struct lp_summary *summary);
void endings_free(struct lp_endings *endings);

/* Writes the name of a signal, "SIGKILL" or "signal 40", and returns the text. */
const char *ending_signal_name(uint32_t number, char *text, size_t size);
/*
 * Writes who sent a signal: "gunicorn", "the kernel". pid: adds the PID of a process, as in
 * "gunicorn (pid 12)".
 */
void ending_sender(const struct lp_sent_signal *sent, bool pid, char *text, size_t size);

#endif /* LP_MODEL_ENDINGS_H */
