// SPDX-License-Identifier: BSD-2-Clause
#include "session_internal.h"

#include "base/log.h"
#include "base/macros.h"
#include "privileges/rights.h"
#include "process/memory.h"
#include "process/process.h"
#include "wire/syscalls.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"
/*
 * The number of slots that are made available before the run begins. Each takes a system call;
 * session_fill_slots adds the rest.
 */
#define SLOTS_AT_FIRST 128

/* The verifier has refused a program: libbpf prints its log, at whatever level. */
static bool verifier_refused;

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	/* tools/bpf-strip.sh has removed the line info of the objects */
	if (strstr(format, "missing .BTF.ext line info"))
		level = LIBBPF_DEBUG;
	if (strstr(format, "BEGIN PROG LOAD LOG"))
		verifier_refused = true;
	if (log_level() < LP_LOG_DEBUG && !(level == LIBBPF_WARN && log_level() >= LP_LOG_DETAIL))
		return 0;
	log_library(format, arguments);
	return 0;
}

/* Makes the slots from first to end - 1 available. Returns 0 or a negative errno. */
static int fill_queue(struct bpf_map *map, uint32_t first, uint32_t end)
{
	uint32_t i;

	for (i = first; i < end && i < bpf_map__max_entries(map); i++)
		if (bpf_map_update_elem(bpf_map__fd(map), NULL, &i, BPF_ANY))
			return -errno;
	return 0;
}

int session_fill_slots(struct lp_session *session)
{
	struct bpf_map *loops = session->skeleton->maps.free_loops;
	int err = fill_queue(loops, SLOTS_AT_FIRST, LP_NO_LOOP);

	if (!err)
		err = fill_queue(loops, LP_NO_LOOP + 1, UINT32_MAX);
	return err ? err
		   : fill_queue(session->skeleton->maps.free_callbacks, SLOTS_AT_FIRST, UINT32_MAX);
}

static int enable_program(struct lp_session *session, const char *prefix, const char *name)
{
	struct bpf_program *program;
	char full[64];

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	program = bpf_object__find_program_by_name(session->skeleton->obj, full);
	return program ? bpf_program__set_autoload(program, true) : -ENOENT;
}

/* Enables the programs on the poll calls, of bpf/poll.bpf.c: sample mode needs none. */
static int choose_poll_programs(struct lp_session *session, const struct lp_features *features)
{
	size_t i;
	int err = 0;

	if (session->config.sampling)
		return 0;
	session->tracepoints = !features->fentry;
	if (session->tracepoints) {
		bpf_program__set_autoattach(session->skeleton->progs.lp_sys_enter, false);
		bpf_program__set_autoattach(session->skeleton->progs.lp_sys_exit, false);
		bpf_program__set_autoattach(session->skeleton->progs.lp_sys_other, false);
		err = enable_program(session, "lp_sys_enter", "");
		if (!err)
			err = enable_program(session, "lp_sys_other", "");
		return err ? err : enable_program(session, "lp_sys_exit", "");
	}
	for (i = 0; !err && i < LP_POLL_CALLS; i++) {
		if (!features->poll_calls[i])
			continue;
		err = enable_program(session,
				     lp_poll_calls[i].epoll && features->register_types
					     ? "lp_epoll_"
					     : "lp_enter_",
				     lp_poll_calls[i].name);
		if (!err)
			err = enable_program(session, "lp_exit_", lp_poll_calls[i].name);
	}
	return err;
}

static int attach_tracepoint(struct lp_session *session, struct bpf_program *program,
			     const char *name)
{
	const struct lp_attach_request request = { .program = bpf_program__fd(program),
						   .tracepoint = name };
	bool first;

	return attacher_attach(session->attacher, &request, &first);
}

/* Attaches the two tracepoints of a poll call. A call that this kernel lacks is not an error. */
static int attach_tracepoints(struct lp_session *session, size_t call)
{
	char enter[64], leave[64];
	int probe;

	snprintf(enter, sizeof(enter), "sys_enter_%s", lp_poll_calls[call].name);
	snprintf(leave, sizeof(leave), "sys_exit_%s", lp_poll_calls[call].name);
	/* the exit first: an entry without an exit would be a poll that never returns */
	probe = attach_tracepoint(session, session->skeleton->progs.lp_sys_exit, leave);
	if (probe < 0)
		return probe == -ENOENT ? 0 : probe;
	session->polls[call][1] = probe;
	probe = attach_tracepoint(session,
				  lp_poll_calls[call].epoll ? session->skeleton->progs.lp_sys_enter
							    : session->skeleton->progs.lp_sys_other,
				  enter);
	if (probe < 0) {
		attacher_detach(session->attacher, session->polls[call][1]);
		session->polls[call][1] = 0;
		return probe;
	}
	session->polls[call][0] = probe;
	return 0;
}

int session_follow_polls(struct lp_session *session, bool all)
{
	size_t i;
	int err = 0;

	for (i = 0; session->tracepoints && !err && i < LP_POLL_CALLS; i++)
		if ((all || lp_poll_calls[i].epoll) && !session->polls[i][0])
			err = attach_tracepoints(session, i);
	/* what the kernel did not finish is tried again when a loop needs it */
	session->all_polls |= all && err != -EBUSY;
	return err;
}

bool session_hooks_polls(const struct lp_session *session)
{
	return !session->config.sampling;
}

bool session_lacks_polls(const struct lp_session *session)
{
	return session->tracepoints && !session->all_polls;
}

/* Mounts tracefs if it is not mounted, as tracepoints are found by their files. */
static void mount_tracefs(void)
{
	if (access("/sys/kernel/tracing/events", F_OK) &&
	    access("/sys/kernel/debug/tracing/events", F_OK))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

static int choose_programs(struct lp_session *session, const struct lp_features *features)
{
	const struct lp_session_config *config = &session->config;
	int err = choose_poll_programs(session, features);
	const char *program;
	size_t role, i;

	if (!err)
		err = enable_program(session, "lp_nothing", "");
	for (role = 0; !err && role < LP_PROBE_ROLES; role++) {
		program = role_program(config, (enum lp_probe_role)role);
		if (program && session_roles[role].object == LP_OBJECT_MAIN)
			err = enable_program(session, program, "");
	}
	for (i = 0; !err && i < LP_RECLAIMS; i++)
		if (features->reclaims[i])
			err = enable_program(session, lp_reclaims[i].program, "");
	if (!err)
		err = enable_program(session, "lp_sched_switch", "");
	if (!err)
		err = enable_program(session, "lp_clock", "");
	if (!err)
		err = enable_program(session, config->follow ? "lp_any_exec" : "lp_process_exec",
				     "");
	if (!err && config->follow)
		err = enable_program(session, "lp_process_fork", "");
	return err;
}

static void detach_polls(struct lp_session *session)
{
	size_t i;

	for (i = 0; i < LP_POLL_CALLS; i++) {
		attacher_detach(session->attacher, session->polls[i][0]);
		attacher_detach(session->attacher, session->polls[i][1]);
		session->polls[i][0] = session->polls[i][1] = 0;
	}
}

/*
 * Sets the configuration of the programs, which is constant once they are loaded, and the sizes of
 * the maps that this run does not need.
 */
static void configure(struct lp_session *session)
{
	struct lp_config *config = (struct lp_config *)&session->skeleton->rodata->lp_config;
	int number;

	config->bursts = !session->config.sampling && session->config.budget > 0;
	config->sampling = session->config.sampling || config->bursts;
	config->want_native = session->config.native;
	config->want_kernel = session->config.kernel;
	config->lifetimes = session->config.lifetimes;
	config->origins = session->config.origins;
	config->inner = session->config.inner;
	config->queue = session->config.queue;
	config->wrong_thread = session->config.findings >> LP_FINDING_WRONG_THREAD & 1;
	for (number = 0; number < LP_SYSCALLS; number++)
		config->arguments[number] = (__u8)syscall_argument(number);
	if (!session->config.queue) {
		bpf_map__set_max_entries(session->skeleton->maps.queue_stats, 1);
		bpf_map__set_max_entries(session->skeleton->maps.ready_times, 1);
	}
	if (!config->inner)
		bpf_map__set_max_entries(session->skeleton->maps.await_chains, 1);
	if (!config->origins)
		bpf_map__set_max_entries(session->skeleton->maps.origins, 1);
	if (!(session->config.findings >> LP_FINDING_CANCELLED & 1)) {
		bpf_map__set_max_entries(session->skeleton->maps.cancels, 1);
		bpf_map__set_max_entries(session->skeleton->maps.cancel_turns, 1);
		bpf_map__set_max_entries(session->skeleton->maps.outer_cancels, 1);
	}
	if (!config->lifetimes)
		bpf_map__set_max_entries(session->skeleton->maps.task_lifetimes, 1);
	if (!config->wrong_thread) {
		bpf_map__set_max_entries(session->skeleton->maps.owners, 1);
		bpf_map__set_max_entries(session->skeleton->maps.threadsafe, 1);
	}
}

/* Fills in the sentence for a kernel whose types cannot be read. Returns err. */
static int refuse_btf(int err, struct lp_error *error)
{
	if (!access(BTF_PATH, R_OK))
		return error_set(
			error, err,
			"cannot read the types of the kernel's data (" BTF_PATH
			"): the limit of memory may be too low: allow 100 MB (ulimit -d, ulimit -v)");
	return error_set(
		error, err,
		"the kernel does not show the types of its data (there is no " BTF_PATH
		"): use a kernel with CONFIG_DEBUG_INFO_BTF=y, as all big distributions have, and a mounted /sys");
}

/*
 * Fills in the sentence for a failed load and returns err. right is the right that the failed step
 * needs.
 */
static int refuse_load(int err, enum lp_right right, const struct lp_features *features,
		       struct lp_error *error)
{
	static const char *const failures[LP_RIGHTS] = {
		[LP_RIGHT_BPF] = "not allowed to load BPF programs",
		[LP_RIGHT_TRACEFS] = "not allowed to search for tracepoints in tracefs",
		[LP_RIGHT_EVENTS] = "not allowed to open clocks on the CPUs",
	};
	struct rlimit files = { 0, 0 };

	/* the verifier's own refusals have the same code as a missing right */
	if ((err == -EPERM || err == -EACCES) && !verifier_refused)
		return rights_refuse(error, err, right, failures[right]);
	if (features->btf && err != -EMFILE)
		return refuse_btf(err, error);
	if (err == -EBUSY)
		return error_set(
			error, err,
			"the kernel attaches nothing now: another program is putting a probe into a file, and the kernel waits for a process that uses that file and is stuck in the kernel, mostly in a page fault. End that process: ps -eo pid,wchan:32,comm lists it, often with request_wait_answer (a FUSE or network file system that does not answer)");
	if (err == -EMFILE) {
		getrlimit(RLIMIT_NOFILE, &files);
		return error_set(
			error, err,
			"too many open files: at most %llu are allowed; allow 1024 (ulimit -n 1024, in a systemd unit LimitNOFILE=)",
			(unsigned long long)files.rlim_cur);
	}
	return error_set(
		error, err,
		"the kernel refuses the BPF programs: %s; `loopprof check` shows what is missing, -vv shows the verifier's log",
		strerror(-err));
}

static int load(struct lp_session *session, struct lp_error *error)
{
	enum lp_right right = LP_RIGHT_BPF;
	struct lp_features features;
	double poll_ns;
	int err;

	session->skeleton = loopprof_bpf__open();
	if (!session->skeleton) {
		err = errno ? -errno : -ENOMEM;
		return error_set(error, err, "cannot open the BPF object: %s", strerror(-err));
	}
	session_choose_map_sizes(session);
	configure(session);
	features_probe(&features);
	err = choose_programs(session, &features);
	if (!err)
		err = loopprof_bpf__load(session->skeleton);
	poll_ns = session_time_poll();
	if (!err)
		err = loopprof_bpf__attach(session->skeleton);
	if (!err && session->tracepoints) {
		right = LP_RIGHT_TRACEFS;
		mount_tracefs();
		err = session_follow_polls(session, false);
	}
	if (!err)
		right = LP_RIGHT_EVENTS;
	if (!err)
		err = sampling_clock_start(session->skeleton->progs.lp_clock,
					   session->config.frequency, &session->clock);
	poll_ns = session_time_poll() - poll_ns;
	session->costs.poll_ns = poll_ns > 0 ? poll_ns : 0;
	log_detail("here the hooks on a poll cost %.0f ns", session->costs.poll_ns);
	if (err) {
		detach_polls(session);
		loopprof_bpf__destroy(session->skeleton);
		session->skeleton = NULL;
		return attacher_explain(session->attacher, err, "the run cannot begin", error)
			       ? err
			       : refuse_load(err, right, &features, error);
	}
	return 0;
}

/* Maps the arrays that BPF and user space share, and fills the queues of free slots. */
static int open_maps(struct lp_session *session)
{
	const struct {
		struct lp_mapped_array *array;
		struct bpf_map *map;
	} arrays[] = {
		{ &session->loops, session->skeleton->maps.loops },
		{ &session->stalls, session->skeleton->maps.stalls },
		{ &session->filter, session->skeleton->maps.process_filter },
		{ &session->callbacks, session->skeleton->maps.callback_stats },
		{ &session->queues, session->skeleton->maps.queue_stats },
		{ &session->lost, session->skeleton->maps.lost },
		{ &session->holding, session->skeleton->maps.holdings },
		{ &session->buckets, session->skeleton->maps.thread_buckets },
	};
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(arrays); i++)
		err = mapped_array_open(arrays[i].array, arrays[i].map, PROT_READ | PROT_WRITE);
	if (!err)
		err = holdings_open(&session->holdings, mapped_array_at(&session->holding, 0),
				    mapped_array_capacity(&session->holding));
	if (!err)
		err = fill_queue(session->skeleton->maps.free_loops, 0, SLOTS_AT_FIRST);
	if (!err)
		err = fill_queue(session->skeleton->maps.free_findings, 0, LP_MAX_FINDINGS);
	/* slot 0 of the callbacks is "other" and is never assigned */
	if (!err)
		err = fill_queue(session->skeleton->maps.free_callbacks, 1, SLOTS_AT_FIRST);
	return err;
}

int session_new(const struct lp_session_config *config, struct lp_session **result,
		struct lp_error *error)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct lp_session *session = calloc(1, sizeof(*session));
	int err;

	*result = NULL;
	if (!session)
		return error_set(error, -ENOMEM, "out of memory");
	session->config = *config;
	/* sample mode has no probes that could be attached in bursts */
	if (config->sampling)
		session->config.budget = 0;
	session_open_overhead(session);
	/* before the programs are loaded, so that the process has no copy of anything large */
	err = attacher_new(NULL, &session->attacher);
	if (err) {
		error_set(error, err, "cannot start the process that attaches probes: %s",
			  strerror(-err));
		goto cleanup;
	}
	attacher_judge_by(session->attacher, memory_answers, process_owner);
	libbpf_set_print(print_libbpf);
	/*
	 * Kernel 5.10 counts maps against RLIMIT_MEMLOCK, 5.11 and later against the cgroup. If the
	 * limit cannot be raised, loading fails with a message.
	 */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = load(session, error);
	if (err)
		goto cleanup;
	if (config->share)
		session->shared = shared_uprobes_new(session->attacher);
	err = open_maps(session);
	if (err) {
		error_set(error, err, "cannot set up the BPF maps: %s", strerror(-err));
		goto cleanup;
	}
	*result = session;
	return 0;
cleanup:
	session_free(session);
	return err;
}

void session_free(struct lp_session *session)
{
	struct lp_attachment *attachment, *next;

	if (!session)
		return;
	if (session->disagreeing)
		log_warning(
			"%zu process%s showed functions in memory that %s files do not confirm: these were not probed (-v names them)",
			session->disagreeing, session->disagreeing > 1 ? "es" : "",
			session->disagreeing > 1 ? "their" : "its");
	for (attachment = session->attachments; attachment; attachment = next) {
		next = attachment->next;
		session_detach(session, attachment);
	}
	shared_uprobes_free(session->shared);
	session_watch_wakeups(session, false);
	session_close_overhead(session);
	detach_polls(session);
	attacher_free(session->attacher);
	sampling_clock_stop(session->clock);
	mapped_array_close(&session->loops);
	mapped_array_close(&session->stalls);
	mapped_array_close(&session->filter);
	mapped_array_close(&session->callbacks);
	mapped_array_close(&session->queues);
	mapped_array_close(&session->lost);
	mapped_array_close(&session->buckets);
	holdings_close(&session->holdings);
	mapped_array_close(&session->holding);
	session_free_late_objects(session);
	loopprof_bpf__destroy(session->skeleton);
	free(session);
}

void session_end_at(struct lp_session *session, int descriptor, uint64_t end_ns)
{
	attacher_end_at(session->attacher, descriptor, end_ns);
}

uint64_t session_attaching_cpu_ns(const struct lp_session *session)
{
	return attacher_cpu_ns(session->attacher);
}

int session_ring(const struct lp_session *session)
{
	return bpf_map__fd(session->skeleton->maps.events);
}
