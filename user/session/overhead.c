// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the targets and the host pay: hits times what a hit costs on this machine.
 *
 * Probes count their hits themselves.  Hooks run for every poll and context switch of the
 * host, and a count of their own would make each dearer: so the kernel counts now and then,
 * for a fiftieth of the time, how often all of them run and how long
 * (BPF_ENABLE_STATS, kernel 5.8), and in between the same is taken to go on.
 */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT_NS (100 * NS_PER_MS)
#define COUNT_FIRST_NS (200 * NS_PER_MS)
#define COUNT_EACH_NS (5000 * NS_PER_MS)
/*
 * What a hook costs beside its program, as orders of magnitude: a context switch calls it
 * directly; a clock is an interrupt, with its way in and out of a virtual machine.
 */
#define SWITCH_NS 20
#define CLOCK_NS 3000
#define PROBES_LEAST 100
/* Until it is measured: the programs on dispatches ran for 0.4 to 1 us on the same machine. */
#define PROGRAM_NS 700

void session_open_overhead(struct lp_session *session)
{
	session->costs.counting = -1;
	session->costs.program_ns = PROGRAM_NS;
	session->costs.hooks_until_ns = clock_now();
	session->costs.count_ns = session->costs.hooks_until_ns + COUNT_FIRST_NS;
}

void session_close_overhead(struct lp_session *session)
{
	if (session->costs.counting >= 0)
		close(session->costs.counting);
	session->costs.counting = -1;
}

/* ---- hits of probes ---- */

/* A hit of this process's probes. */
static double hit_cost(struct lp_session *session, const struct lp_attachment *attachment)
{
	bool stepped = attachment->roles[LP_PROBE_DISPATCH].stepped ||
		       attachment->roles[LP_PROBE_READY].stepped;

	return session_hit_ns(session, stepped) + session->costs.program_ns;
}

static double book(struct lp_session *session, const struct lp_attachment *attachment,
		   uint64_t *booked, uint64_t now)
{
	/* what user space writes into struct lp_process may set its count back a little */
	uint64_t hits = now > *booked ? now - *booked : 0;
	double cost = hits ? (double)hits * hit_cost(session, attachment) : 0;

	*booked = now;
	session->costs.probe_hits += hits;
	session->costs.probe_ns += cost;
	return cost;
}

double session_book_loop(struct lp_session *session, uint32_t slot)
{
	struct lp_loop_costs *account = &session->accounts[slot];

	if (!account->attachment)
		return 0;
	return book(session, account->attachment, &account->hits,
		    ((const struct lp_loop *)mapped_array_at(&session->loops, slot))->probe_hits);
}

double session_book(struct lp_session *session, struct lp_attachment *attachment)
{
	int map = bpf_map__fd(session->skeleton->maps.processes);
	uint32_t slot, key = (uint32_t)attachment->pid;
	struct lp_process process;
	double cost, most = 0;

	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next) {
		cost = session_book_loop(session, slot);
		if (cost > most)
			most = cost;
	}
	/* whose these are is not known: as if one thread paid for all of them */
	if (!bpf_map_lookup_elem(map, &key, &process)) {
		cost = book(session, attachment, &attachment->hits, process.probe_hits);
		if (session->config.queue)
			most += cost; /* most are of the loop that makes its callbacks ready */
		else if (cost > most)
			most = cost;
	}
	return most;
}

/* ---- hooks ---- */

/* What a run of this program costs beside the program. */
static double beside_ns(const struct lp_session *session, const struct bpf_program *program)
{
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_PERF_EVENT:
		return CLOCK_NS;
	case BPF_PROG_TYPE_TRACEPOINT:
		return session->costs.poll_ns / 2;
	case BPF_PROG_TYPE_TRACING:
		return program == session->skeleton->progs.lp_sched_switch
			       ? SWITCH_NS
			       : session->costs.poll_ns / 2;
	default:
		return SWITCH_NS;
	}
}

static void add_program(const struct lp_session *session, const struct bpf_program *program,
			struct lp_run_counts *counts)
{
	struct bpf_prog_info info;
	uint32_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_program__fd(program) < 0 ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return;
	if (bpf_program__type(program) == BPF_PROG_TYPE_KPROBE) {
		counts->probe_hits += (double)info.run_cnt;
		counts->probe_ns += (double)info.run_time_ns;
		return;
	}
	counts->hook_hits += (double)info.run_cnt;
	counts->hook_ns +=
		(double)info.run_time_ns + (double)info.run_cnt * beside_ns(session, program);
}

/* Of all programs since they were loaded, as far as the kernel counted. */
static void count_all(const struct lp_session *session, struct lp_run_counts *counts)
{
	struct bpf_program *program;

	memset(counts, 0, sizeof(*counts));
	bpf_object__for_each_program(program, session->skeleton->obj)
	{
		add_program(session, program, counts);
	}
	if (!session->findings_object)
		return;
	bpf_object__for_each_program(program, session->findings_object->obj)
	{
		add_program(session, program, counts);
	}
}

/* What is taken at the present rate becomes a part of the sum. */
static void extrapolate(struct lp_overhead *costs, uint64_t now_ns)
{
	double passed = now_ns > costs->hooks_until_ns ? (double)(now_ns - costs->hooks_until_ns)
						       : 0;

	costs->hook_hits += passed * costs->hook_hits_rate;
	costs->hook_ns += passed * costs->hook_rate;
	costs->hooks_until_ns = now_ns;
}

static void begin_count(struct lp_session *session, uint64_t now_ns)
{
	struct lp_overhead *costs = &session->costs;

	costs->counting = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (costs->counting < 0) {
		log_detail(
			"the kernel does not count how often programs run: %s; what hooks cost is not known",
			strerror(-costs->counting));
		costs->counting = -1;
		costs->count_ns = UINT64_MAX;
		return;
	}
	costs->counting_since_ns = now_ns;
	count_all(session, &costs->before);
}

static void end_count(struct lp_session *session, uint64_t now_ns)
{
	struct lp_overhead *costs = &session->costs;
	double passed = (double)(now_ns - costs->counting_since_ns);
	const struct lp_run_counts *before = &costs->before;
	struct lp_run_counts after;

	close(costs->counting);
	costs->counting = -1;
	costs->count_ns = now_ns + COUNT_EACH_NS;
	count_all(session, &after);
	/* at first the time until now is taken to have been as this part of it */
	if (costs->counted)
		extrapolate(costs, costs->counting_since_ns);
	costs->counted = true;
	costs->hook_hits_rate = (after.hook_hits - before->hook_hits) / passed;
	costs->hook_rate = (after.hook_ns - before->hook_ns) / passed;
	extrapolate(costs, now_ns);
	/* few hits tell little */
	if (after.probe_hits - before->probe_hits >= PROBES_LEAST)
		costs->program_ns = (after.probe_ns - before->probe_ns) /
				    (after.probe_hits - before->probe_hits);
}

uint64_t session_measure(struct lp_session *session, uint64_t now_ns)
{
	struct lp_overhead *costs = &session->costs;

	if (costs->counting < 0 && now_ns >= costs->count_ns)
		begin_count(session, now_ns);
	else if (costs->counting >= 0 && now_ns >= costs->counting_since_ns + COUNT_NS)
		end_count(session, now_ns);
	return costs->counting >= 0 ? costs->counting_since_ns + COUNT_NS : costs->count_ns;
}

void session_spending(struct lp_session *session, uint64_t now_ns, struct lp_spending *spending)
{
	struct lp_attachment *attachment;
	struct lp_overhead *costs = &session->costs;

	/* a run may be over before it is time for it */
	if (costs->counting >= 0 && !costs->counted &&
	    now_ns > costs->counting_since_ns + COUNT_NS / 10)
		end_count(session, now_ns);
	if (costs->counting < 0)
		extrapolate(costs, now_ns);
	for (attachment = session->attachments; attachment; attachment = attachment->next) {
		double cost = session_book(session, attachment);

		if (session->config.budget > 0)
			allowance_spend(&attachment->allowance, cost, now_ns);
	}
	spending->probe_hits = costs->probe_hits;
	spending->probe_ns = (uint64_t)costs->probe_ns;
	spending->hook_hits = (uint64_t)costs->hook_hits;
	spending->hook_ns = (uint64_t)costs->hook_ns;
	spending->bursts = costs->bursts;
	spending->attach_failures = costs->attach_failures;
}

size_t session_processes(const struct lp_session *session)
{
	const struct lp_attachment *attachment;
	size_t count = 0;

	for (attachment = session->attachments; attachment; attachment = attachment->next)
		count++;
	return count;
}

/* What the kernel says that a map takes: fs/proc's fdinfo, kernel/bpf/syscall.c. */
static uint64_t map_bytes(const struct bpf_map *map)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "memlock:", strlen("memlock:")))
			bytes = strtoull(line + strlen("memlock:"), NULL, 10);
	fclose(file);
	return bytes;
}

uint64_t session_map_bytes(struct lp_session *session)
{
	struct bpf_map *map;

	if (session->costs.map_bytes)
		return session->costs.map_bytes;
	bpf_object__for_each_map(map, session->skeleton->obj)
	{
		session->costs.map_bytes += map_bytes(map);
	}
	return session->costs.map_bytes;
}

void session_set_frequency(struct lp_session *session, unsigned int frequency)
{
	sampling_clock_set(session->clock, frequency);
}
