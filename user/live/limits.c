// SPDX-License-Identifier: BSD-2-Clause
#include "limits.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/proc_file.h"

#include <string.h>
#include <unistd.h>

/* A quota is read again after this time: its files are read for stalls, of which there are many. */
#define AGAIN_NS NS_PER_S
#define CGROUP_TEXT_BYTES 4096
/* Steal below one in so many parts of the CPU time is not reported. */
#define STEAL_PARTS 100

static void read_quota(struct lp_limits *limits, pid_t pid, uint64_t now_ns)
{
	char text[CGROUP_TEXT_BYTES];

	if (limits->read_ns && now_ns - limits->read_ns < AGAIN_NS)
		return;
	limits->read_ns = now_ns;
	limits->known = proc_read(pid, "cgroup", text, sizeof(text)) > 0 &&
			cpu_quota_read(LP_CGROUP_MOUNTS, text, &limits->throttled, &limits->quota);
}

static void report_quota(struct lp_limits *limits, const struct lp_event *record,
			 lp_record_taker take, void *context)
{
	struct lp_event_cpu_quota event;

	read_quota(limits, (pid_t)record->pid, clock_now());
	if (!limits->known)
		return;
	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_CPU_QUOTA, sizeof(event), record->loop,
				 (pid_t)record->pid, record->time_ns);
	event.quota_us = limits->quota.quota_us;
	event.period_us = limits->quota.period_us;
	memcpy(event.cgroup, limits->quota.cgroup, sizeof(event.cgroup));
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
	const struct lp_event_segment_times *times = (const struct lp_event_segment_times *)record;

	if (record->type == LP_EVENT_CPU_WAITS && record->size >= sizeof(*waits) && limits &&
	    waits->waits.throttled_ns)
		report_quota(limits, record, take, context);
	if (record->type == LP_EVENT_SEGMENT_TIMES &&
	    record->size >= offsetof(struct lp_event_segment_times, account.blocks))
		report_steal(steal, record, times->account.segment_ns, take, context);
}
