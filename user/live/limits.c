// SPDX-License-Identifier: BSD-2-Clause
#include "limits.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/proc_file.h"

#include <string.h>
#include <unistd.h>

/* A limit is read again after this time: its files are read for stalls, of which there are many. */
#define AGAIN_NS NS_PER_S
#define CGROUP_TEXT_BYTES 4096
/* Steal below one in so many parts of the CPU time is not reported. */
#define STEAL_PARTS 100
/*
 * Pages that are read again do not show which limit was reached: it is taken to be the cgroup's if
 * so many per cent of it are used, and else the host's.
 */
#define NEARLY_USED_PERCENT 90

static void read_quota(struct lp_limits *limits, pid_t pid, uint64_t now_ns)
{
	char text[CGROUP_TEXT_BYTES];

	if (limits->quota_read_ns && now_ns - limits->quota_read_ns < AGAIN_NS)
		return;
	limits->quota_read_ns = now_ns;
	limits->quota_known =
		proc_read(pid, "cgroup", text, sizeof(text)) > 0 &&
		cpu_quota_read(LP_CGROUP_MOUNTS, text, &limits->throttled, &limits->quota);
}

static void report_quota(struct lp_limits *limits, const struct lp_event *record,
			 lp_record_taker take, void *context)
{
	struct lp_event_cpu_quota event;

	read_quota(limits, (pid_t)record->pid, clock_now());
	if (!limits->quota_known)
		return;
	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_CPU_QUOTA, sizeof(event), record->loop,
				 (pid_t)record->pid, record->time_ns);
	event.quota_us = limits->quota.quota_us;
	event.period_us = limits->quota.period_us;
	memcpy(event.cgroup, limits->quota.cgroup, sizeof(event.cgroup));
	take(context, &event.event);
}

static void read_memory(struct lp_limits *limits, pid_t pid, uint64_t now_ns)
{
	char text[CGROUP_TEXT_BYTES];

	if (limits->memory_read_ns && now_ns - limits->memory_read_ns < AGAIN_NS)
		return;
	limits->memory_read_ns = now_ns;
	limits->cgroup_known = proc_read(pid, "cgroup", text, sizeof(text)) > 0 &&
			       memory_limit_read(LP_CGROUP_MOUNTS, text, &limits->cgroup);
	limits->host_known = memory_limit_read_host(&limits->host);
}

static bool is_nearly_used(const struct lp_memory_limit *limit)
{
	return limit && limit->used_bytes >= limit->limit_bytes / 100 * NEARLY_USED_PERCENT;
}

/* Returns the limit that explains the times; NULL: it is not known. */
static const struct lp_memory_limit *limit_of(const struct lp_limits *limits,
					      const struct lp_memory_waits *waits)
{
	const struct lp_memory_limit *cgroup = limits->cgroup_known ? &limits->cgroup : NULL;
	const struct lp_memory_limit *host = limits->host_known ? &limits->host : NULL;

	if (waits->cgroup_ns || waits->memory_high_ns)
		return waits->cgroup_ns + waits->memory_high_ns >= waits->host_ns ? cgroup : host;
	if (!waits->host_ns && is_nearly_used(cgroup))
		return cgroup;
	return waits->host_ns || is_nearly_used(host) ? host : NULL;
}

static void report_memory(struct lp_limits *limits, const struct lp_event *record,
			  const struct lp_memory_waits *waits, lp_record_taker take, void *context)
{
	const struct lp_memory_limit *limit;
	struct lp_event_memory_limit event;

	read_memory(limits, (pid_t)record->pid, clock_now());
	limit = limit_of(limits, waits);
	if (!limit)
		return;
	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_MEMORY_LIMIT, sizeof(event), record->loop,
				 (pid_t)record->pid, record->time_ns);
	event.used_bytes = limit->used_bytes;
	event.limit_bytes = limit->limit_bytes;
	event.kind = limit->kind;
	memcpy(event.cgroup, limit->cgroup, sizeof(event.cgroup));
	take(context, &event.event);
}

static void report_steal(struct lp_steal *steal, const struct lp_event *record, uint64_t segment_ns,
			 lp_record_taker take, void *context)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct lp_event_steal event;
	uint64_t window_ns;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_STEAL, sizeof(event), record->loop, (pid_t)record->pid,
				 clock_now());
	event.steal_ns = steal_since(steal, segment_ns, event.event.time_ns, &window_ns);
	event.window_ns = window_ns;
	event.cpus = cpus > 0 ? (uint32_t)cpus : 1;
	if (event.steal_ns >= event.window_ns / STEAL_PARTS * event.cpus && event.steal_ns)
		take(context, &event.event);
}

void limits_explain(struct lp_limits *limits, struct lp_steal *steal, const struct lp_event *record,
		    lp_record_taker take, void *context)
{
	const struct lp_event_cpu_waits *waits = (const struct lp_event_cpu_waits *)record;
	const struct lp_event_memory_waits *memory = (const struct lp_event_memory_waits *)record;
	const struct lp_event_segment_times *times = (const struct lp_event_segment_times *)record;

	if ((record->type == LP_EVENT_CPU_WAITS || record->type == LP_EVENT_ITERATION_CPU_WAITS) &&
	    record->size >= sizeof(*waits) && limits && waits->waits.throttled_ns)
		report_quota(limits, record, take, context);
	if (record->type == LP_EVENT_MEMORY_WAITS && record->size >= sizeof(*memory) && limits)
		report_memory(limits, record, &memory->waits, take, context);
	if (record->type == LP_EVENT_SEGMENT_TIMES &&
	    record->size >= offsetof(struct lp_event_segment_times, account.blocks))
		report_steal(steal, record, times->account.segment_ns, take, context);
}
