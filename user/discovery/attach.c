// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaches to an examined target, and completes its probes.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "wire/loop_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRIES 10
#define RETRY_LAST_NS (30000 * NS_PER_MS)
/*
 * The time to the next examination grows, as a missing module may be loaded in a moment or never.
 * It is short for a named program that has just begun, which loads its modules within tens of
 * milliseconds and whose first callbacks count.
 */
void target_put_off(struct lp_target *target)
{
	if (target->named && target_age_ns(target) < LP_YOUNG_NS) {
		target->retry_ns = clock_now() + LP_YOUNG_STEP_NS;
		return;
	}
	target->retry_ns = clock_now() + target->retry_step_ns;
	if (target->retry_step_ns < RETRY_LAST_NS)
		target->retry_step_ns += target->retry_step_ns / 4;
}

static void complete(struct lp_targets *targets, struct lp_target *target)
{
	bool before = !target->incomplete;
	struct lp_error error;
	int open;

	if (!target->verified) {
		int err = target->instance.runtime->verify(&target->instance, &error);

		if (err && err != -EAGAIN) {
			if (target->named)
				log_error("%s", error.text);
			else
				log_detail("%s", error.text);
			targets->failures++;
			target_reset(targets, target);
			target->state = LP_TARGET_REFUSED;
			return;
		}
		target->verified = !err;
	}
	open = session_complete_process(targets->config.session, &target->instance, &error);
	if (open < 0) {
		log_process("%s; going on without", error.text);
		open = 0;
	}
	target->incomplete = open > 0 || !target->verified ||
			     !session_knows_loops(targets->config.session, target->process.pid);
	if (target->incomplete)
		target_put_off(target);
	else if (!before)
		log_detail("pid %d (%s): all of its probes are attached", target->process.pid,
			   target->process.comm);
}

void target_complete(struct lp_targets *targets, struct lp_target *target,
		     const struct lp_examined *examined)
{
	if (process_ended(&target->process) || examined->code ||
	    remote_refresh(&target->instance, examined)) {
		target_put_off(target);
		return;
	}
	complete(targets, target);
	remote_forget(&target->instance);
}

/* Fills in why the process has no loop that could be profiled. copied: it has copies of loops. */
static void explain_no_loop(const struct lp_targets *targets, const struct lp_target *target,
			    bool copied, char *text, size_t size)
{
	pid_t pid = target->process.pid, from;
	size_t children;

	if (copied) {
		from = process_forked_from(pid);
		if (from)
			snprintf(
				text, size,
				"forked by process %d, whose event loop does not run here; waiting for one to start",
				from);
		else
			snprintf(
				text, size,
				"forked by a process whose event loop does not run here; waiting for one to start");
		return;
	}
	children = targets_looping_descendants(pid, NULL, 0);
	if (children && targets->config.subprocesses)
		snprintf(
			text, size,
			"no event loop runs in it, but in %zu of its child processes, which -s follows",
			children);
	else if (children)
		snprintf(
			text, size,
			"no event loop runs in it, but in %zu of its child processes: -s follows them",
			children);
	else
		snprintf(text, size, "no event loop runs yet; waiting for one to start");
}

/*
 * Fills in how many loops the process runs. Its children may run others: a supervisor of workers
 * may have a loop of its own, for its control socket.
 */
static void explain_loops(const struct lp_targets *targets, const struct lp_target *target,
			  int loops, char *text, size_t size)
{
	size_t children = targets->config.subprocesses
				  ? 0
				  : targets_looping_descendants(target->process.pid, NULL, 0);
	const char *count = loops == 1 ? "1 loop" : "several loops";

	if (children)
		snprintf(text, size,
			 "%s, and others in %zu of its child processes: -s follows them", count,
			 children);
	else
		snprintf(text, size, "%s", count);
}

static void log_attached(const struct lp_targets *targets, const struct lp_target *target,
			 int loops, unsigned int kinds)
{
	const struct lp_process_info *process = &target->process;
	char runtime[64], which[160] = "";

	if (target->named && loops <= 0)
		explain_no_loop(targets, target, loops == -ESTALE, which, sizeof(which));
	else if (target->named)
		explain_loops(targets, target, loops, which, sizeof(which));
	loop_kinds_text(kinds, target->instance.runtime_name, runtime, sizeof(runtime));

	if (target->named)
		log_note("pid %d (%s), %s on %s %s, %s", process->pid, process->comm, runtime,
			 target->instance.product, target->instance.version, which);
	else
		log_detail("pid %d (%s): attached, %s %s", process->pid, process->comm,
			   target->instance.product, target->instance.version);
}

static bool lacks_loops(const struct lp_instance *instance)
{
	return !instance->runtime->may_run_loop(instance);
}

/*
 * Fills in the error and returns a negative errno if the process runs loops that are not profiled,
 * and none of the others, as the user named it. Its children may run others.
 */
static int refuse_other_loops(const struct lp_targets *targets, struct lp_target *target,
			      struct lp_error *error)
{
	const struct lp_runtime *runtime = target->instance.runtime;
	const char *name = runtime->other_loops && !targets->config.subprocesses
				   ? runtime->other_loops(&target->instance)
				   : NULL;

	if (!name || (!lacks_loops(&target->instance) && target_runs_loops(target)))
		return 0;
	return error_set(
		error, -ENOTSUP,
		"process %d (%s) runs a loop of %s, which loopprof cannot profile, and none of %s; if its children run %s, add -s",
		target->process.pid, target->process.comm, name, target->instance.runtime_name,
		target->instance.runtime_name);
}

/* Sets the state of a target whose probes are attached, and plans the first search for loops. */
static void set_attached(struct lp_targets *targets, struct lp_target *target)
{
	target->state = LP_TARGET_ATTACHED;
	target->incomplete = true;
	target->stale_tries = 0;
	remote_forget(&target->instance);
	target->retry_ns = 0;
	target->retry_step_ns = LP_RETRY_FIRST_NS;
	target->scan_step_ns = LP_SCAN_FIRST_NS;
	target->scan_ns = clock_now() + LP_SCAN_FIRST_NS;
	targets->attached++;
	targets->profiled++;
	live_add_target(targets->config.live, &target->process, &target->instance);
}

/* Attaches the probes of a target that has been examined. */
static int add_process(struct lp_targets *targets, struct lp_target *target,
		       struct lp_instance *instance, struct lp_error *error)
{
	int err = instance->runtime->verify(instance, error);

	target->verified = !err;
	/*
	 * in trace mode BPF adds a loop as soon as the probes are attached, so the poll calls are
	 * attached before
	 */
	if (!err && !targets->config.sampling && target->named)
		target_follow_polls(targets, target);
	if (err && err != -EAGAIN)
		return err;
	return session_add_process(targets->config.session, instance, target_owner(targets, target),
				   targets->config.threshold_ns, error);
}

int target_attach(struct lp_targets *targets, struct lp_target *target,
		  const struct lp_examined *examined, bool wait_for_loops, struct lp_error *error)
{
	struct lp_instance instance;
	unsigned int kinds = 0;
	bool again;
	int err, loops = 0;

	*error = examined->error;
	if (examined->code)
		return examined->code;
	/* a probe would be attached to the next process with this PID */
	if (process_ended(&target->process))
		return error_set(error, -ESRCH, "process %d has just ended", target->process.pid);
	if (remote_instance(examined, &instance))
		return error_set(error, -ENOMEM, "out of memory");
	target_reset(targets, target);
	target->instance = instance;
	if (wait_for_loops && lacks_loops(&instance)) {
		remote_forget(&target->instance);
		return -EAGAIN;
	}
	err = wait_for_loops ? 0 : refuse_other_loops(targets, target, error);
	if (!err)
		err = add_process(targets, target, &instance, error);
	if (err) {
		target_reset(targets, target);
		return err;
	}
	set_attached(targets, target);
	/*
	 * In sample mode a process that has just begun is searched again later. Without samples a
	 * loop whose callback never ends is only found now.
	 */
	again = target_age_ns(target) <= LP_YOUNG_NS &&
		(targets->config.sampling || !target->named);
	if (target->named)
		loops = target_add_loops(targets, target, again ? 1 : TRIES, &kinds);
	else
		target_search_loops(targets, target, again ? 1 : TRIES);
	log_attached(targets, target, loops, kinds);
	return 0;
}
