// SPDX-License-Identifier: BSD-2-Clause
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "privileges/open_files.h"
#include "process/cgroup.h"
#include "runtime/detect.h"
#include "runtime/remote/loop_search.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* The longest time in ns between two checks. */
#define CHECK_LAST_NS (1000 * NS_PER_MS)
/*
 * The number of calls for which the end of a process is postponed while the ring buffer has unread
 * records.
 */
#define REAP_TRIES 50
#define REAPED_AT_ONCE 16
/*
 * The time in ns after which one check stops. The due targets that are left come first in the next
 * one.
 */
#define CHECK_NS (40 * NS_PER_MS)
/* The longest wait in ns for the examination of a named process. */
#define AWAITED_NS (15000 * NS_PER_MS)
/* The longest wait in ns before a run begins; a target that takes longer is attached later. */
#define QUIET_NS (5000 * NS_PER_MS)
#define EXAMINED_NS (50 * NS_PER_MS)
/*
 * The number of iterations without a callback after which the probe counts as one that never fires.
 */
#define SILENT_ITERATIONS 20
/* Descriptors that a run of all processes needs: one for each, and those of the run itself. */
#define FILES_OF_TARGETS (LP_MAX_PROCESSES + 1024)

int targets_new(const struct lp_targets_config *config, struct lp_targets **result)
{
	struct lp_targets *targets = calloc(1, sizeof(*targets));
	int err = -ENOMEM;

	*result = NULL;
	if (!targets)
		return -ENOMEM;
	targets->config = *config;
	targets->descriptor = epoll_create1(EPOLL_CLOEXEC);
	if (targets->descriptor < 0)
		err = -errno;
	else if (config->all)
		targets->known = program_cache_new(runtime_may_be_program);
	if (targets->descriptor < 0 || (config->all && !targets->known))
		goto failed;
	/* each target has a descriptor of its process */
	targets->files = config->all ? open_files_raise(FILES_OF_TARGETS) : UINT64_MAX;
	if (targets->files < FILES_OF_TARGETS)
		log_detail(
			"fewer than %d processes can be followed, as the limit of open files cannot be raised: allow more (ulimit -n, LimitNOFILE=)",
			FILES_OF_TARGETS);
	err = config->cgroup
		      ? cgroup_normalise(config->cgroup, targets->cgroup, sizeof(targets->cgroup))
		      : 0;
	if (err)
		goto failed;
	*result = targets;
	return 0;
failed:
	targets_free(targets);
	return err;
}

void targets_free(struct lp_targets *targets)
{
	struct lp_target *target, *next;

	if (!targets)
		return;
	for (target = targets->first; target; target = next) {
		next = target->next;
		if (target->instance.runtime && target->instance.reader)
			target->instance.runtime->release(&target->instance);
		target_forget_loops(targets, target);
		process_close(&target->process);
		free(target);
	}
	map_free(&targets->by_pid);
	program_cache_free(targets->known);
	if (targets->descriptor >= 0)
		close(targets->descriptor);
	free(targets->scan.pids);
	free(targets);
}

/*
 * Names the child processes that run a loop in the sentence for a process that is no Python.
 * Returns err.
 */
static int explain_children(const struct lp_target *target, int err, struct lp_error *error)
{
	size_t count = targets_looping_descendants(target->process.pid, NULL, 0);

	if (!count)
		return err;
	return error_set(
		error, err,
		"process %d (%s) is not a Python process, but %zu of its child processes run%s an event loop; -s follows them",
		target->process.pid, target->process.comm, count, count == 1 ? "s" : "");
}

int targets_add(struct lp_targets *targets, pid_t pid, bool expect, struct lp_error *error)
{
	struct lp_target *target;
	size_t children = 0;
	int err;

	if (target_find(targets, pid))
		return 0;
	target = target_new(targets, pid, true, error);
	if (!target)
		return error->code;
	targets->awaited = target;
	targets->awaited_dropped = false;
	targets->awaited_error = error;
	targets->awaited_code = remote_error(error, pid, -ECANCELED);
	target_queue_examination(targets, target);
	targets_wait_examined(targets, AWAITED_NS);
	err = targets->awaited_code;
	targets->awaited = NULL;
	if (targets->awaited_dropped)
		return err;
	if (targets->config.subprocesses && (!err || err == -ENOENT))
		children = targets_consider_descendants(targets, pid);
	if (err == -ENOENT && (expect || children))
		return 0;
	/* which was reported */
	if (err == -EBUSY) {
		target_count_unattached(targets, target);
		target_put_off(target);
		return 0;
	}
	if (err == -ENOENT && !targets->config.subprocesses)
		err = explain_children(target, err, error);
	if (err)
		target_drop(targets, target);
	return err;
}

void targets_poller_event(struct lp_targets *targets, const struct lp_event_poller *event)
{
	struct lp_target *target = target_find(targets, (pid_t)event->event.pid);

	/*
	 * a thread that polls may run a loop of another class, whose module has been loaded since
	 */
	if (target && target->state == LP_TARGET_ATTACHED && !targets->config.sampling)
		target_queue_examination(targets, target);
	if (!target || target->state != LP_TARGET_ATTACHED)
		return;
	/*
	 * a server with many threads that poll and run no loop must not cause searches all the time
	 */
	if (event->event.time_ns >= target->check_ns) {
		target->search.polled = true;
		target_search_loops(targets, target, 1);
		targets_begin_searches(targets);
	} else if (target->scan_ns > target->check_ns) {
		/* BPF does not report this thread again for a while */
		target->scan_ns = target->check_ns;
	}
}

bool targets_attach_all(struct lp_targets *targets)
{
	struct lp_target *target;
	bool complete = true;

	targets_wait_examined(targets, QUIET_NS);
	for (target = targets->first; target; target = target->next)
		if (target->state == LP_TARGET_ATTACHED && target->incomplete)
			target_queue_examination(targets, target);
	targets_wait_examined(targets, QUIET_NS);
	for (target = targets->first; target; target = target->next)
		complete = complete && target->state == LP_TARGET_ATTACHED && !target->incomplete;
	return complete && targets->first;
}

static void warn_if_silent(struct lp_targets *targets, struct lp_target *target)
{
	const struct lp_loop *loop;
	uint32_t slot;

	/* between bursts the probe is not attached */
	if (session_in_bursts(targets->config.session))
		return;
	for (slot = 0;
	     !target->silence_reported && (loop = session_loop(targets->config.session, slot));
	     slot++) {
		if ((pid_t)loop->pid != target->process.pid || loop->callbacks ||
		    loop->iterations < SILENT_ITERATIONS)
			continue;
		log_process(
			"the probe on Context.run is attached to process %d but never fires, though its loop runs: this build of Python may have inlined it; please report its version (%s)",
			target->process.pid, target->instance.version);
		target->silence_reported = true;
	}
}

/* Returns whether a target has to be examined again: it is not attached, or lacks probes. */
static bool is_open(const struct lp_target *target)
{
	return target->state == LP_TARGET_WAITING || target->incomplete;
}

/*
 * Returns the instant of the next examination of a target or search for its loops, or UINT64_MAX.
 */
static uint64_t due_of(const struct lp_targets *targets, const struct lp_target *target)
{
	uint64_t due = UINT64_MAX;

	if (target->state == LP_TARGET_REFUSED)
		return due;
	if (target->found.loops)
		due = target->found.due_ns;
	else if (!is_open(target) && targets->config.sampling && !target->search.tries)
		due = target->scan_ns;
	return is_open(target) && !target->examining ? min_u64(due, target->retry_ns) : due;
}

/* Begins what is due of a target, or queues it if it needs a worker. */
static void check_target(struct lp_targets *targets, struct lp_target *target, uint64_t now)
{
	if (is_open(target) && !target->examining && now >= target->retry_ns)
		target_queue_examination(targets, target);
	if (target->found.loops) {
		if (now >= target->found.due_ns)
			target_add_more(targets, target);
	} else if (!is_open(target) && targets->config.sampling && !target->search.tries &&
		   now >= target->scan_ns) {
		target->search.scans = true;
		target_search_loops(targets, target, 1);
	}
}

/* Makes due the examination of processes that bursts cannot begin in without one. */
static void schedule_examinations(struct lp_targets *targets)
{
	struct lp_target *target;
	pid_t pid;

	while ((pid = session_next_to_examine(targets->config.session))) {
		target = target_find(targets, pid);
		if (!target || target->state != LP_TARGET_ATTACHED)
			continue;
		target->incomplete = true;
		/* the time to it grows each time, as a process may change its files all the time */
		target_put_off(target);
	}
}

uint64_t targets_check(struct lp_targets *targets, uint64_t now)
{
	uint64_t next_ns = now + CHECK_LAST_NS, due = targets_find_more(targets, now);
	struct lp_target *target, *next;
	bool whole = true;

	session_sweep(targets->config.session, now);
	schedule_examinations(targets);
	if (due < next_ns)
		next_ns = due;
	for (target = targets->first; target; target = next) {
		next = target->next;
		due = due_of(targets, target);
		if (due == UINT64_MAX && !targets->config.sampling && !targets->config.all &&
		    target->state == LP_TARGET_ATTACHED)
			warn_if_silent(targets, target);
		if (due > now) {
			next_ns = due < next_ns ? due : next_ns;
			continue;
		}
		/* a target that is due all the time waits until all others that are due had a turn */
		if (target->check_turn == targets->check_turn) {
			next_ns = min_u64(next_ns, now + LP_RETRY_FIRST_NS);
			continue;
		}
		if (clock_now() - now >= CHECK_NS || remote_is_over()) {
			next_ns = now;
			whole = false;
			continue;
		}
		if (now + LP_RETRY_FIRST_NS < next_ns)
			next_ns = now + LP_RETRY_FIRST_NS;
		check_target(targets, target, now);
		target->check_turn = targets->check_turn;
	}
	targets->check_turn += whole;
	targets_examine(targets);
	/* only a check notices a worker that hangs */
	if ((examine_is_busy() || loop_search_is_busy()) && now + EXAMINED_NS < next_ns)
		next_ns = now + EXAMINED_NS;
	return next_ns;
}

int targets_descriptor(const struct lp_targets *targets)
{
	return targets->descriptor;
}

/*
 * Returns whether a target that has ended stays in the table for now, as records of it may be
 * unread. It stays for REAP_TRIES calls at most.
 */
static bool must_wait(struct lp_target *target, bool more)
{
	return more && target->reap_tries++ < REAP_TRIES;
}

void targets_reap(struct lp_targets *targets)
{
	struct epoll_event events[REAPED_AT_ONCE];
	uint64_t until = clock_now() + CHECK_NS;
	bool more, waits = false;
	int count, i;

	/* the descriptor stays readable for those that are left */
	while (!waits && clock_now() < until && !remote_is_over() &&
	       (count = epoll_wait(targets->descriptor, events, REAPED_AT_ONCE, 0)) > 0) {
		/*
		 * records may have arrived while targets were attached; reading them may drop
		 * targets
		 */
		live_begin_turn(targets->config.live);
		more = live_drain(targets->config.live) > 0;
		for (i = 0; i < count; i++) {
			struct lp_target *target = target_find(targets, (pid_t)events[i].data.u64);

			if (!target || !process_ended(&target->process))
				continue;
			if (must_wait(target, more)) {
				waits = true;
				continue;
			}
			if (target->named)
				log_note("process %d has ended", target->process.pid);
			else if (target->state == LP_TARGET_WAITING && !target->instance.reader)
				targets_learn(targets, target, LP_OUTCOME_ENDED);
			target_drop(targets, target);
		}
	}
}

size_t targets_alive(const struct lp_targets *targets)
{
	return targets->alive;
}

size_t targets_attached(const struct lp_targets *targets)
{
	return targets->attached;
}

size_t targets_profiled(const struct lp_targets *targets)
{
	return targets->profiled;
}

uint64_t targets_failures(const struct lp_targets *targets)
{
	return targets->failures + targets->dropped;
}
