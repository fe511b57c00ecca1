// SPDX-License-Identifier: BSD-2-Clause
#include "metrics.h"

#include "model/finding_kinds.h"
#include "wire/histogram.h"
#include "base/version.h"
#include "base/macros.h"
#include "model/names.h"

#include <stddef.h>
#include <string.h>

static const struct lp_unit_row units[LP_UNITS] = {
	[LP_IN_ONES] = { NULL, "", 0 },	      [LP_IN_NS] = { "seconds", "s", 9 },
	[LP_IN_BYTES] = { "bytes", "By", 0 }, [LP_IN_HERTZ] = { "hertz", "Hz", 0 },
	[LP_IN_PPM] = { "ratio", "1", 6 },
};

static const char *finding_name(size_t kind)
{
	return finding_row((enum lp_finding_kind)kind)->name;
}

static const char *version(size_t number)
{
	(void)number;
	return LP_VERSION;
}

static bool any_findings(const struct lp_metrics *metrics)
{
	return metrics->series.any_findings;
}

static bool any_outcomes(const struct lp_metrics *metrics)
{
	return metrics->series.any_outcomes || metrics->lifetimes;
}

static bool any_limited(const struct lp_metrics *metrics)
{
	return metrics->series.any_limited;
}

static bool any_ends(const struct lp_metrics *metrics)
{
	return metrics->series.any_ends;
}

static bool any_memory(const struct lp_metrics *metrics)
{
	return metrics->series.any_memory;
}

static bool queue_measured(const struct lp_metrics *metrics)
{
	return metrics->queue;
}

static bool self_known(const struct lp_metrics *metrics)
{
	return metrics->self_known;
}

static bool budget_given(const struct lp_metrics *metrics)
{
	return metrics->self_known && metrics->numbers.budget_ppm;
}

#define OF_LOOPS(member) .of = LP_OF_LOOPS, .at = offsetof(struct lp_loop_numbers, member)
#define OF_RUN(member) .of = LP_OF_RUN, .at = offsetof(struct lp_run_numbers, member)
#define COUNTER .type = LP_FAMILY_COUNTER
#define GAUGE .type = LP_FAMILY_GAUGE
#define HISTOGRAM .type = LP_FAMILY_HISTOGRAM
#define SECONDS .unit = LP_IN_NS
#define SELF(member) OF_RUN(member), .is_reported = self_known

/* clang-format off */
static const struct lp_family families[] = {
	{ .name = "loopprof_loop_busy_seconds", COUNTER, SECONDS, OF_LOOPS(busy_ns),
	  .help = "Time that event loops spent between polls." },
	{ .name = "loopprof_loop_idle_seconds", COUNTER, SECONDS, OF_LOOPS(idle_ns),
	  .help = "Time that event loops spent in their polls." },
	{ .name = "loopprof_loop_watched_seconds", COUNTER, SECONDS, OF_LOOPS(wall_ns),
	  .help = "Time for which event loops have been watched." },
	{ .name = "loopprof_loop_traced_seconds", COUNTER, SECONDS, OF_LOOPS(traced_ns),
	  .help = "Of the time watched, that in which every callback was timed: what the histograms of callbacks are of." },
	{ .name = "loopprof_loop_iterations", COUNTER, OF_LOOPS(iterations),
	  .help = "Iterations of event loops.",
	  .sampled_help = "Iterations of event loops whose polls waited; those whose polls returned at once are not counted." },
	{ .name = "loopprof_loop_callbacks", COUNTER, OF_LOOPS(callbacks),
	  .help = "Callbacks that event loops ran." },
	{ .name = "loopprof_loop_slow_callbacks", COUNTER, OF_LOOPS(slow_callbacks),
	  .help = "Callbacks that ran for the slow threshold or longer." },
	{ .name = "loopprof_loop_untold_slow_callbacks", COUNTER, OF_LOOPS(suppressed),
	  .help = "Slow callbacks that were counted but not reported one by one, as there were too many at once." },
	{ .name = "loopprof_loops_never_waiting", GAUGE, OF_LOOPS(never_waiting),
	  .help = "Event loops whose polls return at once: something keeps them awake, or they are overloaded." },
	{ .name = "loopprof_loop_iteration_seconds", HISTOGRAM, SECONDS, .of = LP_OF_ITERATIONS,
	  .help = "Busy time of an iteration: the delay of an event that becomes ready meanwhile.",
	  .sampled_help = "Busy time of iterations whose polls waited, and of others that samples found late." },
	/* not by line or system call: a program has too many of them for series */
	{ .name = "loopprof_loop_lost_seconds", COUNTER, SECONDS, OF_LOOPS(lost_ns),
	  .label = "cause", .value = cause_name, .count = LP_CAUSE_KINDS,
	  .help = "Time that event loops lost, by cause; on_cpu and gc: in late callbacks, by samples." },
	{ .name = "loopprof_loop_memory_seconds", COUNTER, SECONDS, OF_LOOPS(memory_ns),
	  .label = "reason", .value = memory_part_name, .count = LP_MEMORY_PARTS, .is_reported = any_memory,
	  .help = "Time that event loops lost because memory was short: in direct reclaim, throttled above memory.high, or waiting for reclaimed pages to be read again (refault)." },
	/* not loopprof_lost, which counts the losses of loopprof itself */
	{ .name = "loopprof_findings", COUNTER, OF_LOOPS(findings),
	  .label = "kind", .value = finding_name, .count = LP_FINDING_KINDS, .is_reported = any_findings,
	  .other_at = offsetof(struct lp_run_numbers, findings_dropped),
	  .help = "Coroutines, tasks, exceptions and callbacks of the program that got lost, by kind." },
	{ .name = "loopprof_tasks_ended", COUNTER, OF_LOOPS(outcomes),
	  .label = "outcome", .value = outcome_name, .count = LP_OUTCOMES, .is_reported = any_outcomes,
	  .help = "Tasks that have ended, by outcome." },
	{ .name = "loopprof_processes_ended", COUNTER, OF_LOOPS(ends),
	  .label = "how", .value = ending_kind_name, .count = LP_ENDING_KINDS, .is_reported = any_ends,
	  .help = "Processes with event loops that have ended, by how." },
	{ .name = "loopprof_callback_run_seconds", HISTOGRAM, SECONDS, .of = LP_OF_CALLBACKS,
	  .at = offsetof(struct lp_callback_series, run),
	  .help = "Time that a callback held its event loop, while that was traced: see loopprof_loop_traced_seconds.",
	  .sampled_help = "Time that a callback held its event loop, by samples of late iterations only." },
	{ .name = "loopprof_callback_queue_delay_seconds", HISTOGRAM, SECONDS,
	  .of = LP_OF_CALLBACKS, .at = offsetof(struct lp_callback_series, queue),
	  .is_reported = queue_measured,
	  .help = "Time from when a callback was made ready to its start." },
	{ .name = "loopprof_lost", COUNTER, OF_RUN(lost),
	  .label = "kind", .value = lost_kind_name, .count = LP_LOST_KINDS,
	  /* kinds from this one on are not measured in each run */
	  .occasional = LP_LOST_FINDINGS,
	  .help = "Events and measurements that loopprof itself had to drop." },
	{ .name = "loopprof_limited", COUNTER, OF_LOOPS(limited),
	  .label = "kind", .value = limited_kind_name, .count = LP_LIMITED_KINDS, .is_reported = any_limited,
	  .help = "What processes asked for over their part of what all share, and did not get." },
	{ .name = "loopprof_slow_threshold_seconds", GAUGE, SECONDS, OF_RUN(threshold_ns),
	  .help = "Run time from which on a callback counts as slow." },
	{ .name = "loopprof_start_time_seconds", GAUGE, SECONDS, OF_RUN(start_unix_ns),
	  .help = "Unix time at which loopprof began to count." },
	{ .name = "loopprof_build_info", .type = LP_FAMILY_INFO, OF_RUN(one),
	  .label = "version", .value = version, .count = 1,
	  .help = "The version of loopprof." },
	{ .name = "loopprof_self_label_sets", GAUGE, OF_RUN(sets),
	  .help = "Sets of labels of event loops that have series of their own." },
	{ .name = "loopprof_self_label_sets_beyond", GAUGE, OF_RUN(sets_overflow),
	  .help = "Sets of labels that are counted under other, or no more, as there are too many." },
	{ .name = "loopprof_self_callback_series", GAUGE, OF_RUN(callbacks),
	  .help = "Callbacks that have series of their own." },
	{ .name = "loopprof_self_callbacks_beyond", GAUGE, OF_RUN(callbacks_overflow),
	  .help = "Callbacks that are counted under other, as there are too many." },
	{ .name = "loopprof_self_export_failures", COUNTER, OF_RUN(export_failures),
	  .label = "format", .value = export_kind_name, .count = LP_EXPORT_KINDS,
	  .help = "Times that a file of metrics could not be written." },
	{ .name = "loopprof_self_run_seconds", COUNTER, SECONDS, SELF(wall_ns),
	  .help = "Time for which loopprof has run." },
	{ .name = "loopprof_self_cpu_seconds", COUNTER, SECONDS, SELF(cpu_ns),
	  .help = "CPU time of loopprof's own process." },
	{ .name = "loopprof_self_resident_bytes", GAUGE, .unit = LP_IN_BYTES, SELF(resident_bytes),
	  .help = "Memory of loopprof's own process." },
	{ .name = "loopprof_self_map_bytes", GAUGE, .unit = LP_IN_BYTES, SELF(map_bytes),
	  .help = "Memory of its BPF maps in the kernel." },
	{ .name = "loopprof_self_probe_hits", COUNTER, SELF(probe_hits),
	  .help = "Hits of probes in the programs that are profiled." },
	{ .name = "loopprof_self_probe_cost_seconds", COUNTER, SECONDS, SELF(probe_ns),
	  .help = "What those cost the programs, by calibration." },
	{ .name = "loopprof_self_hook_hits", COUNTER, SELF(hook_hits),
	  .help = "Hits of hooks on polls and context switches of the host." },
	{ .name = "loopprof_self_hook_cost_seconds", COUNTER, SECONDS, SELF(hook_ns),
	  .help = "What those cost the host, by calibration." },
	{ .name = "loopprof_self_bursts", COUNTER, SELF(bursts),
	  .help = "Bursts of trace mode." },
	{ .name = "loopprof_self_attach_failures", COUNTER, SELF(attach_failures),
	  .help = "Processes that could not be profiled." },
	{ .name = "loopprof_self_targets", GAUGE, .unit = LP_IN_ONES, SELF(targets),
	  .help = "Processes that are profiled." },
	{ .name = "loopprof_self_loops", GAUGE, .unit = LP_IN_ONES, SELF(loops),
	  .help = "Event loops that are profiled." },
	{ .name = "loopprof_self_sampling_frequency_hertz", GAUGE, .unit = LP_IN_HERTZ, SELF(frequency),
	  .help = "Frequency of samples of a late event loop." },
	{ .name = "loopprof_self_budget_ratio", GAUGE, .unit = LP_IN_PPM, OF_RUN(budget_ppm),
	  .is_reported = budget_given,
	  .help = "What loopprof may cost, as a share of one CPU." },
};
/* clang-format on */

const struct lp_family *family_at(size_t number)
{
	return number < ARRAY_SIZE(families) ? &families[number] : NULL;
}

const struct lp_unit_row *family_unit(const struct lp_family *family)
{
	return &units[family->unit];
}

const char *family_help(const struct lp_family *family, const struct lp_metrics *metrics)
{
	return metrics->sampled && family->sampled_help ? family->sampled_help : family->help;
}

bool family_is_reported(const struct lp_family *family, const struct lp_metrics *metrics)
{
	return !family->is_reported || family->is_reported(metrics);
}

static uint64_t number_at(const void *numbers, size_t at, size_t number)
{
	uint64_t value;

	memcpy(&value, (const char *)numbers + at + number * sizeof(value), sizeof(value));
	return value;
}

static void number_points(const struct lp_family *family, const struct lp_loop_series *loop,
			  const void *numbers, lp_point_taker take, void *context)
{
	struct lp_point point = { .loop = loop, .label = family->label };
	size_t i;

	for (i = 0; i < (family->count ? family->count : 1); i++) {
		point.number = number_at(numbers, family->at, i);
		if (!point.number &&
		    ((family->occasional && i >= family->occasional) || (loop && !loop->known)))
			continue;
		if (family->label)
			point.value = family->value(i);
		take(context, family, &point);
	}
}

static void callback_points(const struct lp_family *family, const struct lp_loop_series *loop,
			    lp_point_taker take, void *context)
{
	static const struct lp_histogram empty;
	const struct lp_callback_series *callback;

	for (callback = loop->own; callback; callback = callback->next) {
		struct lp_point point = { .loop = loop, .callback = callback };

		memcpy(&point.histogram, (const char *)callback + family->at,
		       sizeof(point.histogram));
		if (point.histogram == callback->run)
			point.exemplars = callback->exemplars;
		if (!point.histogram)
			point.histogram = &empty;
		take(context, family, &point);
	}
}

/* Reports the number of the run that belongs to a family of loops, as label="other". */
static void other_point(const struct lp_family *family, const struct lp_metrics *metrics,
			lp_point_taker take, void *context)
{
	struct lp_point point = { .label = family->label, .value = "other" };

	if (family->other_at)
		point.number = number_at(&metrics->numbers, family->other_at, 0);
	if (point.number)
		take(context, family, &point);
}

void family_points(const struct lp_family *family, const struct lp_metrics *metrics,
		   const struct lp_loop_series *loop, lp_point_taker take, void *context)
{
	if (!loop && family->of == LP_OF_RUN) {
		number_points(family, NULL, &metrics->numbers, take, context);
	} else if (!loop) {
		other_point(family, metrics, take, context);
	} else if (family->of == LP_OF_LOOPS) {
		number_points(family, loop, &loop->numbers, take, context);
	} else if (family->of == LP_OF_ITERATIONS && loop->known) {
		struct lp_point point = { .loop = loop, .histogram = &loop->iteration };

		take(context, family, &point);
	} else if (family->of == LP_OF_CALLBACKS) {
		callback_points(family, loop, take, context);
	}
}

void metrics_begin(struct lp_metrics *metrics, const struct lp_run *run, bool by_host)
{
	metrics->queue = run->queue;
	metrics->sampled = run->sampled;
	metrics->lifetimes = run->lifetimes;
	metrics->start_ns = run->start_ns;
	metrics->numbers.one = 1;
	metrics->numbers.threshold_ns = run->threshold_ns;
	metrics->numbers.start_unix_ns = run->start_unix_ns;
	metrics->series.by_host = by_host;
	metrics->series.whole = !run->sampled && !run->budget_ppm;
	metrics->series.run_unix_ns = run->start_unix_ns;
}

static void set_self(struct lp_run_numbers *numbers, const struct lp_self *self)
{
	numbers->wall_ns = self->wall_ns;
	numbers->cpu_ns = self->cpu_ns;
	numbers->resident_bytes = self->resident_bytes;
	numbers->map_bytes = self->map_bytes;
	numbers->probe_hits = self->probe_hits;
	numbers->probe_ns = self->probe_ns;
	numbers->hook_hits = self->hook_hits;
	numbers->hook_ns = self->hook_ns;
	numbers->bursts = self->bursts;
	numbers->attach_failures = self->attach_failures;
	numbers->targets = self->targets;
	numbers->loops = self->loops;
	numbers->frequency = self->frequency;
	numbers->budget_ppm = self->budget_ppm;
}

int metrics_count(struct lp_metrics *metrics, const struct lp_summary *total)
{
	struct lp_run_numbers *numbers = &metrics->numbers;
	int err = series_count(&metrics->series, total);

	/* from the monotonic clock, as the wall clock may have been set back since */
	metrics->now_unix_ns = numbers->start_unix_ns;
	if (total->now_ns > metrics->start_ns)
		metrics->now_unix_ns += total->now_ns - metrics->start_ns;
	numbers->findings_dropped = total->findings_dropped;
	memcpy(numbers->lost, total->lost, sizeof(numbers->lost));
	numbers->sets = metrics->series.set_count;
	numbers->sets_overflow = metrics->series.sets_overflow;
	numbers->callbacks = metrics->series.callback_count;
	numbers->callbacks_overflow = metrics->series.callbacks_overflow;
	export_failures_get(numbers->export_failures);
	metrics->self_known = total->self_known;
	if (total->self_known)
		set_self(numbers, &total->self);
	return err;
}

void metrics_stall(struct lp_metrics *metrics, const struct lp_slow_callback *slow)
{
	series_stall(&metrics->series, slow);
}

void metrics_free(struct lp_metrics *metrics)
{
	series_free(&metrics->series);
}

bool exemplar_is_new(const struct lp_metrics *metrics, const struct lp_exemplar *exemplar)
{
	/* the last series_count() has begun the next round */
	return exemplar->round + 1 == metrics->series.round;
}

static size_t print_digits(char *text, uint64_t number, unsigned int least)
{
	char reversed[24];
	size_t count = 0, i;

	do {
		reversed[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number || count < least);
	for (i = 0; i < count; i++)
		text[i] = reversed[count - 1 - i];
	return count;
}

void metrics_print_number(char text[LP_NUMBER_MAX], uint64_t number, unsigned int decimals)
{
	uint64_t one = 1, fraction;
	unsigned int i;
	size_t length;

	for (i = 0; i < decimals; i++)
		one *= 10;
	fraction = number % one;
	length = print_digits(text, number / one, 1);
	if (fraction) {
		for (; fraction % 10 == 0; decimals--)
			fraction /= 10;
		text[length++] = '.';
		length += print_digits(text + length, fraction, decimals);
	}
	text[length] = '\0';
}
