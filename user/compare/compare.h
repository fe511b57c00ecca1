/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two sides, each what the model told of one or more captures, held against each other.
 * A callback is the same one on both if its service, kind, name and the last two parts of
 * its file are: lines move between versions, and so do directories of releases.
 */
#ifndef LP_COMPARE_COMPARE_H
#define LP_COMPARE_COMPARE_H

#include "model/report.h"
#include "statistics.h"

#define LP_SERVICE_MAX 132
#define LP_COMPARED_QUANTILES 3

extern const double lp_compared_quantiles[LP_COMPARED_QUANTILES]; /* 0.5, 0.9, 0.99 */

/* A callback on one side. */
struct lp_side_callback {
	char service[LP_SERVICE_MAX];
	struct lp_callback_info info;
	uint64_t slow;
	struct lp_histogram run;
};

/* A line where loops lost time on one side. */
struct lp_side_cause {
	char service[LP_SERVICE_MAX];
	enum lp_cause_kind kind;
	char syscall[LP_SYSCALL_NAME_MAX];
	char function[LP_NAME_MAX]; /* "" if not known */
	char file[LP_FILE_MAX];
	uint32_t line;
	uint64_t count;
	uint64_t total_ns;
};

struct lp_side {
	/* a copy: what the model points at is gone by then */
	char host[80];
	char mode[16];
	uint64_t threshold_ns;
	uint64_t start_unix_ns;
	uint64_t span_ns; /* from its beginning to its end */
	size_t loops;
	uint64_t wall_ns, traced_ns, busy_ns, idle_ns; /* of all loops together */
	uint64_t callbacks, slow, suppressed;
	struct lp_histogram iteration;
	void *callback_tree, *cause_tree;
	size_t callback_count, cause_count;
	bool no_memory;
};

/* To be given to a model, with the side as context; filled when the run ends. */
extern const struct lp_observer side_observer;
void side_free(struct lp_side *side);
/* The order of callbacks and of causes, the same on both sides. */
int side_compare_callbacks(const void *first, const void *second);
int side_compare_causes(const void *first, const void *second);
/* Are the histograms of its callbacks of all of them, or of late ones only (sample mode)? */
bool side_is_timed(const struct lp_side *side);

enum lp_verdict {
	LP_VERDICT_SAME, /* a shift would have shown */
	LP_VERDICT_WORSE,
	LP_VERDICT_BETTER,
	LP_VERDICT_UNSURE, /* too few to tell */
	LP_VERDICTS,
};

struct lp_quantile_shift {
	uint64_t old_ns, new_ns;
	enum lp_verdict verdict;
};

struct lp_callback_shift {
	const struct lp_side_callback *old, *new; /* NULL: not there */
	struct lp_quantile_shift quantiles[LP_COMPARED_QUANTILES];
	enum lp_verdict slow; /* how often it is slow, a call; in sample mode, a time */
	enum lp_verdict verdict; /* of all of it: the worst that is certain */
	double weight; /* what to tell first: seconds that it costs more or less */
};

struct lp_cause_shift {
	const struct lp_side_cause *old, *new;
	enum lp_verdict verdict;
	double old_share, new_share; /* of the loops' time */
};

struct lp_comparison {
	const struct lp_side *old, *new;
	struct lp_quantile_shift iterations[LP_COMPARED_QUANTILES];
	enum lp_verdict stalls; /* slow callbacks in a time */
	double old_busy, new_busy; /* utilisation */
	size_t callback_count, cause_count;
	struct lp_callback_shift *callbacks; /* greatest weight first */
	struct lp_cause_shift *causes; /* greatest difference first */
};

/* Points into both sides.  Returns 0 or -ENOMEM. */
int comparison_make(struct lp_comparison *comparison, const struct lp_side *old,
		    const struct lp_side *new);
void comparison_free(struct lp_comparison *comparison);

/* As a gate: --fail-if.  See gate.c for the conditions. */
#define LP_GATE_SYNTAX                                                                             \
	"p50>10%, p90>10%, p99>10%, lag-p99>10%, busy>5%, stalls>10%, slower, new-stalls or new-blocking"
/* Returns 0, or -EINVAL if it is none. */
int gate_check(const char *condition);
/* Does it hold?  Only what is certain counts.  why: a sentence that says what made it hold. */
bool gate_holds(const char *condition, const struct lp_comparison *comparison, char *why,
		size_t size);

#endif /* LP_COMPARE_COMPARE_H */
