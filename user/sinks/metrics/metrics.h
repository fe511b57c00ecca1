/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is told as metrics, in whatever format: one table of families, each with its
 * points.  A format writes points and knows no metric.
 */
#ifndef LP_SINKS_METRICS_METRICS_H
#define LP_SINKS_METRICS_METRICS_H

#include "export_failures.h"
#include "series.h"

enum lp_family_type { LP_FAMILY_COUNTER, LP_FAMILY_GAUGE, LP_FAMILY_HISTOGRAM, LP_FAMILY_INFO };

/* What a number counts, as it is kept. */
enum lp_unit { LP_IN_ONES, LP_IN_NS, LP_IN_BYTES, LP_IN_HERTZ, LP_IN_PPM, LP_UNITS };

struct lp_unit_row {
	const char *name; /* Prometheus': "seconds"; NULL: none */
	const char *ucum; /* OpenTelemetry's: "s"; "": none, as "1" is that of a ratio */
	unsigned int decimals; /* of a number, to make it one of the unit */
};

struct lp_metrics;

struct lp_family {
	const char *name; /* Prometheus', with its unit, without the _total of a counter */
	enum lp_family_type type;
	enum lp_unit unit;
	const char *help;
	const char *sampled_help; /* in sample mode; NULL: the same */
	enum { LP_OF_LOOPS, LP_OF_ITERATIONS, LP_OF_CALLBACKS, LP_OF_RUN } of;
	size_t at; /* of its first number in struct lp_loop_numbers or struct lp_run_numbers */
	/* of more numbers than one, what tells them apart */
	const char *label;
	const char *(*value)(size_t number);
	size_t count;
	size_t occasional; /* numbers from this one on are told only if there are any; 0: all */
	/* of loops: a number of the run that goes with it, as label="other"; 0: none */
	size_t other_at;
	bool (*is_reported)(const struct lp_metrics *metrics); /* NULL: always */
};

/* Of the run: nothing but u64. */
struct lp_run_numbers {
	uint64_t one; /* of an info */
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
	uint64_t now_unix_ns; /* of the last summary, by the clock that does not jump */
	uint64_t start_ns;
};

/* A line, as it were. */
struct lp_point {
	const struct lp_loop_series *loop; /* NULL: of the run */
	const struct lp_callback_series *callback; /* NULL: of none */
	const char *label; /* NULL: none */
	const char *value;
	uint64_t number;
	const struct lp_histogram *histogram; /* of a LP_FAMILY_HISTOGRAM, instead of a number */
	const struct lp_exemplar *exemplars;
};

typedef void (*lp_point_taker)(void *context, const struct lp_family *family,
			       const struct lp_point *point);

void metrics_begin(struct lp_metrics *metrics, const struct lp_run *run, bool by_host);
/* Returns 0 or -ENOMEM. */
int metrics_count(struct lp_metrics *metrics, const struct lp_summary *total);
void metrics_stall(struct lp_metrics *metrics, const struct lp_slow_callback *slow);
void metrics_free(struct lp_metrics *metrics);

/* All families in their order; NULL after the last. */
const struct lp_family *family_at(size_t number);
const struct lp_unit_row *family_unit(const struct lp_family *family);
const char *family_help(const struct lp_family *family, const struct lp_metrics *metrics);
/* Is there anything to be told of it in this run? */
bool family_is_reported(const struct lp_family *family, const struct lp_metrics *metrics);
/* Its points of some loops, or of the run itself (NULL). */
void family_points(const struct lp_family *family, const struct lp_metrics *metrics,
		   const struct lp_loop_series *loop, lp_point_taker take, void *context);

/* Was the stall in the time since the summary before? */
bool exemplar_is_new(const struct lp_metrics *metrics, const struct lp_exemplar *exemplar);

/* A number in its unit, exactly: not with %f, whose decimal point is the locale's. */
#define LP_NUMBER_MAX 32
void metrics_print_number(char text[LP_NUMBER_MAX], uint64_t number, unsigned int decimals);

#endif /* LP_SINKS_METRICS_METRICS_H */
