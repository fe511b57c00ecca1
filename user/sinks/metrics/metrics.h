/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metrics of all formats: a table of families, and the points of each family.  A format writes
 * points and has no code for single metrics.
 */
#ifndef LP_SINKS_METRICS_METRICS_H
#define LP_SINKS_METRICS_METRICS_H

#include "export_failures.h"
#include "series.h"

enum lp_family_type { LP_FAMILY_COUNTER, LP_FAMILY_GAUGE, LP_FAMILY_HISTOGRAM, LP_FAMILY_INFO };

/* Units in which numbers are stored. */
enum lp_unit { LP_IN_ONES, LP_IN_NS, LP_IN_BYTES, LP_IN_HERTZ, LP_IN_PPM, LP_UNITS };

struct lp_unit_row {
	const char *name; /* unit in Prometheus: "seconds"; NULL: none */
	const char *ucum; /* unit in OpenTelemetry: "s", "1" of a ratio; "": none */
	unsigned int decimals; /* a stored number is divided by 10^decimals */
};

struct lp_metrics;

struct lp_family {
	const char *name; /* name in Prometheus, with the unit, without _total of a counter */
	enum lp_family_type type;
	enum lp_unit unit;
	const char *help;
	const char *sampled_help; /* help in sample mode; NULL: as help */
	enum { LP_OF_LOOPS, LP_OF_ITERATIONS, LP_OF_CALLBACKS, LP_OF_RUN } of;
	/*
	 * Offset of the first number in struct lp_loop_numbers or struct lp_run_numbers, or of the
	 * histogram in struct lp_callback_series.
	 */
	size_t at;
	const char *label; /* label that distinguishes the numbers of a family; NULL: one number */
	const char *(*value)(size_t number); /* value of that label */
	size_t count; /* how many numbers; 0: one */
	size_t occasional; /* numbers from this index on are omitted if zero; 0: none is */
	/* LP_OF_LOOPS: offset of a number of the run, reported with label="other"; 0: none */
	size_t other_at;
	/* whether a run reports the family; NULL: every run does */
	bool (*is_reported)(const struct lp_metrics *metrics);
};

/* Numbers of the run.  All members are u64, as families refer to them by offset. */
struct lp_run_numbers {
	uint64_t one; /* 1, the value of an info family */
	uint64_t threshold_ns;
	uint64_t start_unix_ns;
	uint64_t findings_dropped;
	uint64_t lost[LP_LOST_KINDS];
	uint64_t sets, sets_overflow, callbacks, callbacks_overflow;
	uint64_t export_failures[LP_EXPORT_KINDS];
	uint64_t wall_ns, cpu_ns, resident_bytes, map_bytes;
	uint64_t probe_hits, probe_ns, hook_hits, hook_ns;
	uint64_t bursts, attach_failures, targets, loops, frequency, budget_ppm;
};

struct lp_metrics {
	struct lp_series series;
	struct lp_run_numbers numbers;
	bool queue;
	bool sampled;
	bool lifetimes;
	bool self_known;
	uint64_t now_unix_ns; /* time of the last summary: start plus monotonic time since */
	uint64_t start_ns;
};

/* A data point: labels, and a number or a histogram. */
struct lp_point {
	const struct lp_loop_series *loop; /* NULL: a point of the run */
	const struct lp_callback_series *callback; /* NULL: not a point of a callback */
	const char *label; /* further label; NULL: none */
	const char *value; /* value of that label */
	uint64_t number;
	const struct lp_histogram *histogram; /* LP_FAMILY_HISTOGRAM: replaces number */
	const struct lp_exemplar *exemplars; /* NULL: none */
};

typedef void (*lp_point_taker)(void *context, const struct lp_family *family,
			       const struct lp_point *point);

/* Sets the facts of the run.  by_host: the host of a loop is one of its labels. */
void metrics_begin(struct lp_metrics *metrics, const struct lp_run *run, bool by_host);
/* Sets all series and numbers from a summary of the whole run.  Returns 0 or -ENOMEM. */
int metrics_count(struct lp_metrics *metrics, const struct lp_summary *total);
void metrics_stall(struct lp_metrics *metrics, const struct lp_slow_callback *slow);
void metrics_free(struct lp_metrics *metrics);

/* Returns a family by its index in the table; NULL after the last one. */
const struct lp_family *family_at(size_t number);
const struct lp_unit_row *family_unit(const struct lp_family *family);
const char *family_help(const struct lp_family *family, const struct lp_metrics *metrics);
/* Returns whether a family is reported in this run. */
bool family_is_reported(const struct lp_family *family, const struct lp_metrics *metrics);
/* Calls take for each point of a family that belongs to loop, or to the run itself for NULL. */
void family_points(const struct lp_family *family, const struct lp_metrics *metrics,
		   const struct lp_loop_series *loop, lp_point_taker take, void *context);

/* Returns whether the stall was reported between the last two calls of metrics_count(). */
bool exemplar_is_new(const struct lp_metrics *metrics, const struct lp_exemplar *exemplar);

#define LP_NUMBER_MAX 32

/* Writes number / 10^decimals exactly, with a point in any locale, which %f does not. */
void metrics_print_number(char text[LP_NUMBER_MAX], uint64_t number, unsigned int decimals);

#endif /* LP_SINKS_METRICS_METRICS_H */
