/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares two sides, each the summary of one or more captures.  Callbacks correspond if
 * their service, kind, name and the last two parts of their file are the same: lines move
 * between versions, and so do the directories of releases.
 */
#ifndef LP_COMPARE_COMPARE_H
#define LP_COMPARE_COMPARE_H

#include "model/report.h"
#include "statistics.h"
#include "base/map.h"

#define LP_SERVICE_MAX 132
#define LP_COMPARED_QUANTILES 3

/* The compared quantiles: 0.5, 0.9, 0.99. */
extern const double lp_compared_quantiles[LP_COMPARED_QUANTILES];

/* A callback on one side. */
struct lp_side_callback {
	char service[LP_SERVICE_MAX];
	struct lp_callback_info info;
	uint64_t slow;
	struct lp_histogram run;
};

/* A line where the loops of one side lost time. */
struct lp_side_cause {
	char service[LP_SERVICE_MAX];
	enum lp_cause_kind kind;
	char syscall[LP_SYSCALL_NAME_MAX];
	char function[LP_NAME_MAX]; /* "" if unknown */
	char file[LP_FILE_MAX];
	uint32_t line;
	uint64_t count;
	uint64_t occurrences; /* as in struct lp_cause */
	uint64_t total_ns;
};

struct lp_side {
	/* a copy, as the model is freed before the comparison */
	char host[80];
	char mode[16];
	uint64_t threshold_ns;
	uint64_t start_unix_ns;
	uint64_t span_ns; /* from the beginning to the end of the runs */
	size_t loops;
	struct lp_loop_summary sum; /* the counters of all loops; without lists */
	struct lp_map callbacks; /* struct lp_side_callback, by service, kind, name and file */
	struct lp_map causes; /* struct lp_side_cause, by all texts and the kind */
	bool no_memory;
};

/* The observer of a model whose context is the side; the side is filled when the run ends. */
extern const struct lp_observer side_observer;
void side_free(struct lp_side *side);
/* The orders by which callbacks and causes are sorted, the same for both sides. */
int side_compare_callbacks(const void *first, const void *second);
int side_compare_causes(const void *first, const void *second);
/*
 * Returns whether the histograms have all calls of the callbacks; in sample mode they only have
 * late ones.
 */
bool side_is_timed(const struct lp_side *side);
/* Returns the number of slow callbacks in an hour of a loop. */
double side_stalls_an_hour(const struct lp_side *side);

enum lp_verdict {
	LP_VERDICT_SAME, /* no difference, although one of relevance would have shown */
	LP_VERDICT_WORSE,
	LP_VERDICT_BETTER,
	LP_VERDICT_UNSURE, /* too little data */
	LP_VERDICTS,
};

struct lp_quantile_shift {
	uint64_t old_ns, new_ns;
	enum lp_verdict verdict;
};

struct lp_callback_shift {
	const struct lp_side_callback *old, *new; /* NULL: the side does not have it */
	struct lp_quantile_shift quantiles[LP_COMPARED_QUANTILES];
	/* verdict on the rate of slow calls: per call, or in sample mode per time */
	enum lp_verdict slow;
	enum lp_verdict verdict; /* verdict on the whole callback: the worst certain one */
	double weight; /* order of reports: seconds that it costs more or less */
};

struct lp_cause_shift {
	const struct lp_side_cause *old, *new;
	enum lp_verdict verdict;
	double old_share, new_share; /* shares of the loops' time */
};

struct lp_comparison {
	const struct lp_side *old, *new;
	struct lp_quantile_shift iterations[LP_COMPARED_QUANTILES];
	enum lp_verdict stalls; /* verdict on the rate of slow callbacks per time */
	double old_busy, new_busy; /* utilisations */
	size_t callback_count, cause_count;
	struct lp_callback_shift *callbacks; /* in descending order of weight */
	struct lp_cause_shift *causes; /* in descending order of difference */
};

/* Compares the sides; the result points into both.  Returns 0 or -ENOMEM. */
int comparison_make(struct lp_comparison *comparison, const struct lp_side *old,
		    const struct lp_side *new);
void comparison_free(struct lp_comparison *comparison);

/* The conditions of --fail-if; gate.c has their meaning. */
#define LP_GATE_SYNTAX                                                                             \
	"p50>10%, p90>10%, p99>10%, lag-p99>10%, busy>5%, stalls>10%, slower, new-stalls or new-blocking"
/* Checks the syntax of a condition.  Returns 0 or -EINVAL. */
int gate_check(const char *condition);
/*
 * Returns whether a condition holds; uncertain differences never make one hold.  why: set to a
 * sentence that names the difference.
 */
bool gate_holds(const char *condition, const struct lp_comparison *comparison, char *why,
		size_t size);

#endif /* LP_COMPARE_COMPARE_H */
