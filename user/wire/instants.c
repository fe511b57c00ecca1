// SPDX-License-Identifier: BSD-2-Clause
#include "instants.h"

#include "base/macros.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SPANS_MAX 5

#define BEGUN 1 /* the instant is always recorded and must not be 0 */
#define PARTS 2 /* the spans are disjoint parts of the time since the instant: so is their sum */

/*
 * The rule of one type of record.  Fields whose names end in at are offsets in the record; 0:
 * the type has no such field, as the record's head is there.
 */
struct lp_instant_rule {
	uint16_t type;
	uint16_t begin_at; /* an instant, not later than the record's own */
	uint16_t flags;
	uint16_t spans_at[SPANS_MAX]; /* durations, each no longer than the host's uptime */
	uint16_t histogram_at;
};

#define AT(type, member) (uint16_t) offsetof(struct type, member)

/*
 * Waits are not checked against the length of their segment: in sample mode the beginning of
 * a segment is only known by a sample, and may lie within a wait.
 */
static const struct lp_instant_rule rules[] = {
	{ LP_EVENT_SLOW, AT(lp_event_slow, start_ns), BEGUN, { 0 }, 0 },
	{ LP_EVENT_PROGRESS, AT(lp_event_slow, start_ns), BEGUN, { 0 }, 0 },
	{ LP_EVENT_ITERATION_END, 0, 0, { AT(lp_event_iteration_end, busy_ns) }, 0 },
	{ LP_EVENT_POLL_RETURN, 0, 0, { AT(lp_event_poll_return, poll_ns) }, 0 },
	{ LP_EVENT_SEGMENT_TIMES,
	  AT(lp_event_segment_times, account.segment_ns),
	  0,
	  { AT(lp_event_segment_times, account.blocked_ns),
	    AT(lp_event_segment_times, account.gil_ns),
	    AT(lp_event_segment_times, account.run_queue_ns),
	    AT(lp_event_segment_times, account.dropped_ns) },
	  0 },
	{ LP_EVENT_SLOW_ITERATION,
	  AT(lp_event_slow_iteration, start_ns),
	  BEGUN,
	  { AT(lp_event_slow_iteration, blocked_ns), AT(lp_event_slow_iteration, gil_ns),
	    AT(lp_event_slow_iteration, run_queue_ns) },
	  0 },
	{ LP_EVENT_LOOP_STATS,
	  AT(lp_event_loop_stats, wall_start_ns),
	  PARTS,
	  { AT(lp_event_loop_stats, busy_ns), AT(lp_event_loop_stats, idle_ns) },
	  AT(lp_event_loop_stats, iteration) },
	{ LP_EVENT_CALLBACK_STATS, 0, 0, { 0 }, AT(lp_event_callback_stats, run) },
	{ LP_EVENT_CAUSE, 0, 0, { AT(lp_event_cause, total_ns) }, 0 },
	{ LP_EVENT_CPU_WAITS,
	  AT(lp_event_cpu_waits, segment_ns),
	  0,
	  { AT(lp_event_cpu_waits, waits.throttled_ns), AT(lp_event_cpu_waits, waits.dropped_ns) },
	  0 },
	{ LP_EVENT_ITERATION_CPU_WAITS,
	  AT(lp_event_cpu_waits, segment_ns),
	  0,
	  { AT(lp_event_cpu_waits, waits.throttled_ns), AT(lp_event_cpu_waits, waits.dropped_ns) },
	  0 },
	{ LP_EVENT_MEMORY_WAITS,
	  AT(lp_event_memory_waits, segment_ns),
	  0,
	  { AT(lp_event_memory_waits, waits.cgroup_ns), AT(lp_event_memory_waits, waits.host_ns),
	    AT(lp_event_memory_waits, waits.fault_ns),
	    AT(lp_event_memory_waits, waits.memory_high_ns),
	    AT(lp_event_memory_waits, waits.refault_ns) },
	  0 },
	{ LP_EVENT_COLLECTIONS,
	  AT(lp_event_collections, segment_ns),
	  0,
	  { AT(lp_event_collections, total_ns) },
	  0 },
	{ LP_EVENT_STEAL, 0, 0, { AT(lp_event_steal, window_ns) }, 0 },
	{ LP_EVENT_RUN_QUEUE, 0, 0, { AT(lp_event_run_queue, total_ns) }, 0 },
	{ LP_EVENT_COVERAGE, 0, 0, { AT(lp_event_coverage, traced_ns) }, 0 },
	{ LP_EVENT_STACK_SAMPLE, AT(lp_event_stack_sample, segment_ns), 0, { 0 }, 0 },
	{ LP_EVENT_TASK_NAME, AT(lp_event_task_name, segment_ns), 0, { 0 }, 0 },
	{ LP_EVENT_OTHER_END, AT(lp_event_other_end, segment_ns), 0, { 0 }, 0 },
	{ LP_EVENT_DNS_NAME, AT(lp_event_dns_name, segment_ns), 0, { 0 }, 0 },
	{ LP_EVENT_PROCESS_END, AT(lp_event_process_end, ending.since_ns), 0, { 0 }, 0 },
	{ LP_EVENT_EAGER_TASK, AT(lp_event_eager_task, segment_ns), 0, { 0 }, 0 },
	{ LP_EVENT_AWAKE_SPAN, AT(lp_event_awake_span, begin_ns), 0, { 0 }, 0 },
	{ LP_EVENT_LOOP_STOPPED, AT(lp_event_loop_stopped, stopped_ns), 0, { 0 }, 0 },
	{ LP_EVENT_NOTICED, 0, 0, { AT(lp_event_noticed, late_ns) }, 0 },
	{ LP_EVENT_TASK_END,
	  AT(lp_event_task_end, created_ns),
	  PARTS,
	  { AT(lp_event_task_end, running_ns), AT(lp_event_task_end, queued_ns) },
	  0 },
};

static uint64_t number_at(const struct lp_event *record, uint16_t at)
{
	uint64_t number;

	memcpy(&number, (const char *)record + at, sizeof(number));
	return number;
}

/* Checks the durations of a histogram, which are sums of clock differences as well. */
static bool sums_may_be(const struct lp_event *record, uint16_t at)
{
	struct lp_histogram histogram;

	memcpy(&histogram, (const char *)record + at, sizeof(histogram));
	return histogram.sum_ns <= LP_SPAN_MAX_NS && histogram.max_ns <= LP_SPAN_MAX_NS &&
	       histogram.max_ns <= histogram.sum_ns;
}

static bool spans_may_be(const struct lp_event *record, const struct lp_instant_rule *rule,
			 uint64_t begin_ns)
{
	uint64_t most = record->time_ns - (rule->flags & PARTS ? begin_ns : 0), sum = 0;
	size_t i;

	most += LP_INSTANT_SLACK_NS;
	for (i = 0; i < SPANS_MAX && rule->spans_at[i]; i++) {
		uint64_t span_ns = number_at(record, rule->spans_at[i]);

		if (span_ns > most)
			return false;
		sum += span_ns;
		if (rule->flags & PARTS && sum > most)
			return false;
	}
	return true;
}

/* Checks a queue delay, which may also be LP_NO_QUEUE_DELAY. */
static bool queue_delay_may_be(const struct lp_event *record)
{
	uint64_t delay;

	if (record->type != LP_EVENT_SLOW && record->type != LP_EVENT_PROGRESS)
		return true;
	delay = number_at(record, AT(lp_event_slow, queue_delay_ns));
	return delay == LP_NO_QUEUE_DELAY || delay <= LP_SPAN_MAX_NS;
}

static const struct lp_instant_rule *rule_of(uint16_t type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

int instants_check(const struct lp_event *record)
{
	const struct lp_instant_rule *rule = rule_of(record->type);
	uint64_t begin_ns;

	if (record->time_ns > LP_SPAN_MAX_NS)
		return -ERANGE;
	if (!rule)
		return 0;
	begin_ns = rule->begin_at ? number_at(record, rule->begin_at) : 0;
	if (begin_ns > record->time_ns || (rule->flags & BEGUN && !begin_ns))
		return -ERANGE;
	if (!spans_may_be(record, rule, begin_ns) ||
	    (rule->histogram_at && !sums_may_be(record, rule->histogram_at)) ||
	    !queue_delay_may_be(record))
		return -ERANGE;
	return 0;
}
