// SPDX-License-Identifier: BSD-2-Clause
/*
 * The costs of the run for the targets and the host: the number of hits times the cost of a hit on
 * this machine.
 *
 * Probes count their hits themselves. Hooks run for every poll and context switch of the host, and
 * a counter would make each of them more expensive. So the kernel counts the runs and run times of
 * all programs for a fiftieth of the time (BPF_ENABLE_STATS, kernel 5.8), and the rates between are
 * taken to be the same.
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
 * The costs in ns of a hook without its program, as orders of magnitude. A context switch calls it
 * directly; a clock is an interrupt, which a virtual machine has to enter and leave.
 */
#define SWITCH_NS 20
#define CLOCK_NS 3000
#define PROBES_LEAST 100
/*
 * The run time in ns of a probe's program until it is measured: the programs on dispatches ran for
 * 0.4 to 1 us on the machine of calibrate.c's defaults.
 */
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

/* Returns the ns that a hit of this process's probes costs, with the run time of the program. */
static double hit_cost(struct lp_session *session, const struct lp_attachment *attachment)
{
	bool stepped = false;
	size_t role;

	for (role = 0; role < LP_PROBE_ROLES; role++)
		stepped |= session_roles[role].each_callback && attachment->roles[role].stepped;
	return session_hit_ns(session, stepped) + session->costs.program_ns;
}

static double book(struct lp_session *session, const struct lp_attachment *attachment,
		   uint64_t *booked, uint64_t now)
{
	/*
	 * user space rewrites struct lp_process as a whole, which may set BPF's count back by a few
	 * hits
	 */
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
	/*
	 * the threads of these hits are not known: the sum counts as if one thread had paid for all
	 * of them
	 */
	if (!bpf_map_lookup_elem(map, &key, &process)) {
		cost = book(session, attachment, &attachment->hits, process.probe_hits);
		if (session->config.queue)
			/*
			 * most of these hits are of the thread of the loop that makes its own
			 * callbacks ready
			 */
			most += cost;
		else if (cost > most)
			most = cost;
	}
	return most;
}

/* ---- hooks ---- */

/* Returns the ns that a run of this program costs in addition to its run time. */
static double beside_ns(const struct lp_session *session, const struct bpf_program *program)
{
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_PERF_EVENT:
		return CLOCK_NS;
	case BPF_PROG_TYPE_TRACEPOINT:
		return session->costs.poll_ns / 2;
	case BPF_PROG_TYPE_TRACING:
		/* context switches and wakeups, or polls */
		return bpf_program__expected_attach_type(program) == BPF_TRACE_RAW_TP
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

/* Sums up the counts of all programs since they were loaded, as far as the kernel counted. */
static void count_all(const struct lp_session *session, struct lp_run_counts *counts)
{
	struct bpf_program *program;
	struct bpf_object *object;
	size_t i;

	memset(counts, 0, sizeof(*counts));
	for (i = 0; i < LP_OBJECTS; i++) {
		object = session_object(session, (enum lp_role_object)i);
		if (!object)
			continue;
		bpf_object__for_each_program(program, object)
		{
			add_program(session, program, counts);
		}
	}
}

/* Adds the costs of hooks from hooks_until_ns to now_ns at the present rates. */
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
	/* the first rates also stand for the time before they were measured */
	if (costs->counted)
		extrapolate(costs, costs->counting_since_ns);
	costs->counted = true;
	costs->hook_hits_rate = (after.hook_hits - before->hook_hits) / passed;
	costs->hook_rate = (after.hook_ns - before->hook_ns) / passed;
	extrapolate(costs, now_ns);
	/* an average over few hits is not reliable */
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

	/* a short run may end before the first period of counting does */
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

/*
 * Returns the bytes that the kernel reports for a map: "memlock" in its fdinfo
 * (kernel/bpf/syscall.c: bpf_map_show_fdinfo), or 0 if that cannot be read.
 */
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
