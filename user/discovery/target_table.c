// SPDX-License-Identifier: BSD-2-Clause
/* The table of targets, by PID: processes that are profiled, waited for or refused. */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "process/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* Files for what a run opens later: probes, workers, outputs and further BPF programs. */
#define FILES_RESERVED 48

struct lp_target *target_find(const struct lp_targets *targets, pid_t pid)
{
	return map_pointer(&targets->by_pid, (uint64_t)pid);
}

uint64_t target_age_ns(const struct lp_target *target)
{
	uint64_t began, since;

	began = target->process.start_ticks * NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	since = clock_ns(CLOCK_BOOTTIME);
	return saturating_sub(since, began);
}

uint64_t target_owner(const struct lp_targets *targets, const struct lp_target *target)
{
	uint64_t owner = target->process.owner;

	if (!targets->config.all ||
	    (targets->config.cgroup && cgroup_is_owner(owner, targets->cgroup)))
		return 0;
	return owner;
}

/* Returns whether the unit of a new target has reached its share of all targets. */
static bool has_share(const struct lp_targets *targets, const struct lp_target *target)
{
	uint64_t owner = target_owner(targets, target);
	const struct lp_target *other;
	uint32_t count = 0;

	/* with the highest count the rest of the table decides, and nothing needs to be counted */
	if (!owner || target->named ||
	    lp_share_allows(UINT32_MAX, (uint32_t)targets->alive, LP_MAX_PROCESSES))
		return false;
	for (other = targets->first; other; other = other->next)
		count += target_owner(targets, other) == owner;
	return !lp_share_allows(count, (uint32_t)targets->alive, LP_MAX_PROCESSES);
}

static int refuse_share(struct lp_targets *targets, const struct lp_target *target,
			struct lp_error *error)
{
	const struct lp_process_info *process = &target->process;

	targets->dropped++;
	if (!targets->share_reported)
		log_warning(
			"%s has more Python processes than its part of %d: those over it are not profiled",
			process->unit[0]	? process->unit
			: process->container[0] ? process->container
						: "one cgroup",
			LP_MAX_PROCESSES);
	targets->share_reported = true;
	return error_set(error, -EDQUOT, "the unit of process %d has its part of all processes",
			 process->pid);
}

static int refuse(struct lp_targets *targets, struct lp_error *error)
{
	if (!targets->dropped++)
		log_warning(
			"more than %d processes at once that run Python, or may: the others are not profiled",
			LP_MAX_PROCESSES);
	return error_set(error, -ENOSPC, "more than %d Python processes at once", LP_MAX_PROCESSES);
}

/*
 * Returns whether enough files can be opened beside this one, which has the lowest free number: a
 * run without them can neither read nor attach to those that it follows already.
 */
static bool leaves_files(const struct lp_targets *targets, int descriptor)
{
	return descriptor >= 0 && (uint64_t)descriptor + FILES_RESERVED < targets->files;
}

static int refuse_files(struct lp_targets *targets, pid_t pid, struct lp_error *error)
{
	targets->dropped++;
	if (!targets->files_reported)
		log_warning(
			"at most %llu files may be open, which is too few for all processes: some are not profiled; allow more (ulimit -n, LimitNOFILE=)",
			(unsigned long long)targets->files);
	targets->files_reported = true;
	return error_set(error, -EMFILE, "too few open files are allowed for process %d", pid);
}

void target_check_files(struct lp_targets *targets)
{
	int descriptor = fcntl(targets->descriptor, F_DUPFD_CLOEXEC, 0);
	struct lp_error error;

	/* what cannot be opened of a process looks as if the process had ended */
	if (!leaves_files(targets, descriptor))
		refuse_files(targets, 0, &error);
	if (descriptor >= 0)
		close(descriptor);
}

struct lp_target *target_new(struct lp_targets *targets, pid_t pid, bool named,
			     struct lp_error *error)
{
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t since_ns = clock_now(); /* before anything is read of the process */
	struct lp_target *target;

	if (targets->alive >= LP_MAX_PROCESSES) {
		refuse(targets, error);
		return NULL;
	}
	target = calloc(1, sizeof(*target));
	if (!target) {
		error_set(error, -ENOMEM, "out of memory");
		return NULL;
	}
	if (process_open(pid, &target->process, error)) {
		if (error->code == -EMFILE)
			refuse_files(targets, pid, error);
		free(target);
		return NULL;
	}
	target->named = named;
	if (!leaves_files(targets, target->process.descriptor)) {
		refuse_files(targets, pid, error);
		goto fail;
	}
	if (has_share(targets, target)) {
		refuse_share(targets, target, error);
		goto fail;
	}
	if (!map_put(&targets->by_pid, (uint64_t)pid, (uintptr_t)target)) {
		error_set(error, -ENOMEM, "out of memory");
		goto fail;
	}
	event.data.u64 = (uint64_t)pid;
	epoll_ctl(targets->descriptor, EPOLL_CTL_ADD, target->process.descriptor, &event);
	target->since_ns = since_ns;
	target->retry_step_ns = LP_RETRY_FIRST_NS;
	target->next = targets->first;
	if (target->next)
		target->next->previous = target;
	targets->first = target;
	targets->alive++;
	session_follow_process(targets->config.session, pid, true);
	return target;
fail:
	process_close(&target->process);
	free(target);
	return NULL;
}

void target_forget_loops(struct lp_targets *targets, struct lp_target *target)
{
	target_unqueue(targets, target, LP_QUEUE_SEARCHES);
	free(target->found.loops);
	memset(&target->found, 0, sizeof(target->found));
	memset(&target->search, 0, sizeof(target->search));
}

void target_reset(struct lp_targets *targets, struct lp_target *target)
{
	if (target->state == LP_TARGET_ATTACHED) {
		live_report_limited(targets->config.live, target->process.pid);
		session_remove_process(targets->config.session, target->process.pid);
		live_remove_target(targets->config.live, target->process.pid);
		targets->profiled--;
	}
	target->state = LP_TARGET_WAITING;
	target_forget_loops(targets, target);
	if (target->instance.runtime && target->instance.reader)
		target->instance.runtime->release(&target->instance);
	memset(&target->instance, 0, sizeof(target->instance));
}

void target_drop(struct lp_targets *targets, struct lp_target *target)
{
	target_cancel_examination(targets, target);
	target_reset(targets, target);
	session_follow_process(targets->config.session, target->process.pid, false);
	map_remove(&targets->by_pid, (uint64_t)target->process.pid);
	if (target->previous)
		target->previous->next = target->next;
	else
		targets->first = target->next;
	if (target->next)
		target->next->previous = target->previous;
	process_close(&target->process);
	free(target);
	targets->alive--;
}
