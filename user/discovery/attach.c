// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaches to an examined target, completes its probes, and adds the loops that run in it already.
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
#define SCAN_FIRST_NS (100 * NS_PER_MS)
#define RETRY_LAST_NS (30000 * NS_PER_MS)
/*
 * The least time in ns between two checks whether the loops of a process use epoll, which read all
 * of its descriptors and threads.
 */
#define POLLS_PERIOD_NS (1000 * NS_PER_MS)
/* The time in ns after which the search for loops in a new target is not repeated. */
#define TRIES_NS (100 * NS_PER_MS)

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
	if (!target->knows_loop_code)
		target->knows_loop_code =
			session_set_loop_code(targets->config.session, &target->instance);
	target->incomplete = open > 0 || !target->verified || !target->knows_loop_code;
	if (target->incomplete)
		target_put_off(target);
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

static int find_loops(const struct lp_target *target, struct lp_running_loop *loops)
{
	return target->instance.runtime->find_loops(&target->instance, loops, LP_MAX_LOOPS);
}

/*
 * Returns whether loops that were found use other poll calls than epoll's. A loop that does not run
 * in the poll of its own class, such as Qt's, may do so whatever descriptors the process has. Any
 * other loop does so if its process has no epoll descriptor. A loop that ends has closed its own
 * and a process that ends has none, so that loops have to run still and the descriptors are read
 * again.
 */
static bool poll_otherwise(const struct lp_target *target, const struct lp_running_loop *loops,
			   int count)
{
	static struct lp_running_loop still[LP_MAX_LOOPS];
	pid_t pid = target->process.pid;
	int i;

	for (i = 0; i < count; i++)
		if (loops[i].run_forever)
			return true;
	return count > 0 && !process_has_epoll(pid) && find_loops(target, still) > 0 &&
	       !process_has_epoll(pid);
}

/*
 * Attaches all poll calls if loops that were found need them, which slows the whole host. Returns
 * whether they were needed. To be called before the loops are added: a poll that is not noticed
 * counts as blocking.
 */
static bool follow_polls(struct lp_targets *targets, const struct lp_target *target,
			 const struct lp_running_loop *loops, int count)
{
	if (!session_lacks_polls(targets->config.session) || !poll_otherwise(target, loops, count))
		return false;
	if (session_follow_polls(targets->config.session, true))
		log_process(
			"cannot watch all poll system calls: loops of pid %d that do not use epoll are timed wrongly",
			target->process.pid);
	return true;
}

void targets_loop_event(struct lp_targets *targets, const struct lp_event_loop *event)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	struct lp_target *target = target_find(targets, (pid_t)event->event.pid);
	uint64_t now = clock_now();

	if (!session_lacks_polls(targets->config.session) || !target ||
	    target->state != LP_TARGET_ATTACHED || now < target->polls_ns)
		return;
	target->polls_ns = now + POLLS_PERIOD_NS;
	/* since its last boundary the loop may be in a poll that was not noticed */
	if (follow_polls(targets, target, loops, find_loops(target, loops)))
		session_drop_iteration(targets->config.session, event->event.loop);
}

/*
 * Handles a thread that has a slot already. In sample mode its loop may have been replaced by
 * another one. Returns the slot if that is of another kind, so that it was added as a new loop, or
 * else -EEXIST or another negative errno.
 */
static int meet_again(struct lp_targets *targets, struct lp_target *target,
		      const struct lp_running_loop *running)
{
	int slot = session_find_loop(targets->config.session, running->tid);
	const struct lp_loop *known;

	known = slot < 0 ? NULL : session_loop(targets->config.session, (uint32_t)slot);
	/* the number of a thread that has ended may be given to a thread of another process */
	if (!known || known->pid != (uint32_t)target->process.pid || !targets->config.sampling)
		return -EEXIST;
	if (known->kind == running->kind) {
		targets->new_loops +=
			session_update_loop(targets->config.session, (uint32_t)slot, running);
		return -EEXIST;
	}
	live_end_loop(targets->config.live, target->process.pid, (uint32_t)slot);
	return session_add_loop(targets->config.session, &target->instance, running,
				targets->config.threshold_ns);
}

int target_add_loops(struct lp_targets *targets, struct lp_target *target, int tries,
		     unsigned int *kinds)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	struct lp_session *session = targets->config.session;
	uint64_t begun = clock_now();
	int count = 0, i, slot;
	bool followed;

	/*
	 * the stack of a running thread changes while it is read, so that one search may miss a
	 * loop
	 */
	for (i = 0; i < tries && count <= 0 && clock_now() - begun < TRIES_NS; i++)
		count = find_loops(target, loops);
	followed = follow_polls(targets, target, loops, count);
	for (i = 0; i < count; i++) {
		if (kinds)
			*kinds |= 1U << loops[i].kind;
		slot = session_add_loop(session, &target->instance, &loops[i],
					targets->config.threshold_ns);
		/* a probe has added this loop already, and it may be in a poll that nobody saw */
		if (slot == -EEXIST && followed)
			session_drop_iteration(session,
					       (uint32_t)session_find_loop(session, loops[i].tid));
		if (slot == -EEXIST)
			slot = meet_again(targets, target, &loops[i]);
		/*
		 * a loop that is refused counts as new, so that the next search for more loops
		 * comes soon
		 */
		if (slot == -EDQUOT || slot == -ENOSPC)
			targets->new_loops += session_refuse_loop(session, target->process.pid,
								  loops[i].tid, slot == -EDQUOT);
		if (slot < 0)
			continue;
		targets->new_loops++;
		live_add_loop(targets->config.live, &target->instance, (uint32_t)slot, &loops[i]);
	}
	return count;
}

/* Fills in why the process has no loop that could be profiled. */
static void lack_text(const struct lp_targets *targets, const struct lp_target *target, char *text,
		      size_t size)
{
	pid_t pid = target->process.pid, from;
	size_t children;

	if (target->instance.runtime->has_copied_loop(&target->instance)) {
		from = process_forked_from(pid);
		if (from)
			snprintf(text, size,
				 "forked by process %d, whose event loop does not run here", from);
		else
			snprintf(text, size,
				 "forked by a process whose event loop does not run here");
		return;
	}
	children = targets_looping_descendants(pid, NULL, 0);
	if (children && targets->config.subprocesses)
		snprintf(text, size, "no event loop runs in it, but in %zu of its child processes",
			 children);
	else if (children)
		snprintf(
			text, size,
			"no event loop runs in it, but in %zu of its child processes: -s follows them",
			children);
	else
		snprintf(text, size, "no event loop runs yet");
}

static void log_attached(const struct lp_targets *targets, const struct lp_target *target,
			 int loops, unsigned int kinds)
{
	const struct lp_process_info *process = &target->process;
	char runtime[64], lack[128] = "";

	if (target->named && loops <= 0)
		lack_text(targets, target, lack, sizeof(lack));
	loop_kinds_text(kinds, target->instance.runtime_name, runtime, sizeof(runtime));

	if (target->named)
		log_note("pid %d (%s), %s on CPython %s, %s%s", process->pid, process->comm,
			 runtime, target->instance.version,
			 loops > 1    ? "several loops"
			 : loops == 1 ? "1 loop"
				      : lack,
			 loops > 0 ? "" : "; waiting for one to start");
	else
		log_detail("pid %d (%s): attached, CPython %s", process->pid, process->comm,
			   target->instance.version);
}

static bool lacks_loops(const struct lp_instance *instance)
{
	return !instance->runtime->may_run_loop(instance);
}

int target_attach(struct lp_targets *targets, struct lp_target *target,
		  const struct lp_examined *examined, bool wait_for_loops, struct lp_error *error)
{
	static struct lp_running_loop running[LP_MAX_LOOPS];
	struct lp_instance instance;
	unsigned int kinds = 0;
	bool again;
	int err, loops;

	*error = examined->error;
	if (examined->code)
		return examined->code;
	if (remote_instance(examined, &instance))
		return error_set(error, -ENOMEM, "out of memory");
	target_reset(targets, target);
	target->instance = instance;
	if (wait_for_loops && lacks_loops(&instance)) {
		remote_forget(&target->instance);
		return -EAGAIN;
	}
	err = instance.runtime->verify(&instance, error);
	target->verified = !err;
	/*
	 * in trace mode BPF adds a loop as soon as the probes are attached, so the poll calls are
	 * attached before
	 */
	if (!err && !targets->config.sampling && session_lacks_polls(targets->config.session))
		follow_polls(targets, target, running, find_loops(target, running));
	if (!err || err == -EAGAIN)
		err = session_add_process(targets->config.session, &instance,
					  target_owner(targets, target),
					  targets->config.threshold_ns, error);
	if (err) {
		target_reset(targets, target);
		return err;
	}
	target->state = LP_TARGET_ATTACHED;
	target->incomplete = true;
	remote_forget(&target->instance);
	target->knows_loop_code = session_set_loop_code(targets->config.session, &target->instance);
	target->retry_ns = 0;
	target->retry_step_ns = LP_RETRY_FIRST_NS;
	target->scan_step_ns = SCAN_FIRST_NS;
	target->scan_ns = clock_now() + SCAN_FIRST_NS;
	targets->attached++;
	targets->profiled++;
	live_add_target(targets->config.live, &target->process, &target->instance);
	/*
	 * In sample mode a process that has just begun is searched again later. Without samples a
	 * loop whose callback never ends is only found now.
	 */
	again = target_age_ns(target) <= LP_YOUNG_NS &&
		(targets->config.sampling || !target->named);
	loops = target_add_loops(targets, target, again ? 1 : TRIES, &kinds);
	log_attached(targets, target, loops, kinds);
	return 0;
}
