// SPDX-License-Identifier: BSD-2-Clause
#include "targets.h"

#include "../log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define LOOPS_MAX 64
#define LOOKS 10
#define MILLISECOND 1000000ULL
#define RETRY_FIRST_NS (10 * MILLISECOND)
#define RETRY_FAST_NS (300 * MILLISECOND)
#define RETRY_LAST_NS (1000 * MILLISECOND)
/* A program that is no Python after this long will not become one. */
#define FOREIGN_PATIENCE_NS (3000 * MILLISECOND)
/* A loop that has polled so often and dispatched nothing: its probe does not fire. */
#define SILENT_ITERATIONS 20

enum lp_target_state {
	LP_TARGET_WAITING, /* not a Python yet, or one without asyncio */
	LP_TARGET_ATTACHED,
};

struct lp_target {
	struct lp_target *next;
	struct lp_process_info process;
	struct lp_instance instance;
	enum lp_target_state state;
	bool named; /* asked for by PID: it is told about */
	bool incomplete; /* some probes could not be found yet */
	bool verified;
	uint64_t look_ns; /* sample mode: no look for loops before, ... */
	uint64_t look_step_ns; /* ... and ever more seldom where none is found */
	bool told_code; /* of the loop, by which stacks end */
	bool silent_told;
	uint64_t since_ns;
	uint64_t retry_ns; /* next look */
	uint64_t retry_step_ns;
};

struct lp_targets {
	struct lp_targets_config config;
	struct lp_target *first;
	size_t alive;
	size_t attached;
	int descriptor; /* epoll on the pidfds of all */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int targets_new(const struct lp_targets_config *config, struct lp_targets **result)
{
	struct lp_targets *targets = calloc(1, sizeof(*targets));

	*result = targets;
	if (!targets)
		return -ENOMEM;
	targets->config = *config;
	targets->descriptor = epoll_create1(EPOLL_CLOEXEC);
	if (targets->descriptor >= 0)
		return 0;
	free(targets);
	*result = NULL;
	return -errno;
}

static void release_instance(struct lp_target *target)
{
	if (target->instance.runtime && target->instance.reader)
		target->instance.runtime->release(&target->instance);
	memset(&target->instance, 0, sizeof(target->instance));
}

static void detach(struct lp_targets *targets, struct lp_target *target)
{
	if (target->state != LP_TARGET_ATTACHED)
		return;
	target->state = LP_TARGET_WAITING;
	session_remove_process(targets->config.session, target->process.pid);
	live_remove_target(targets->config.live, target->process.pid);
}

static void free_target(struct lp_targets *targets, struct lp_target *target)
{
	detach(targets, target);
	release_instance(target);
	process_close(&target->process);
	free(target);
	targets->alive--;
}

void targets_free(struct lp_targets *targets)
{
	struct lp_target *target;

	if (!targets)
		return;
	while ((target = targets->first)) {
		targets->first = target->next;
		release_instance(target);
		process_close(&target->process);
		free(target);
	}
	close(targets->descriptor);
	free(targets);
}

static struct lp_target *find(struct lp_targets *targets, pid_t pid)
{
	struct lp_target *target = targets->first;

	while (target && target->process.pid != pid)
		target = target->next;
	return target;
}

/* Probes whose module was not loaded yet, and the check of the offsets. */
static void complete(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_error error;
	int open;

	if (!target->verified) {
		int err = target->instance.runtime->verify(&target->instance, &error);

		if (err && err != -EAGAIN) {
			log_error("%s", error.text);
			detach(targets, target);
			target->retry_ns = UINT64_MAX;
			return;
		}
		target->verified = !err;
	}
	open = session_complete_process(targets->config.session, &target->instance, &error);
	if (open < 0) {
		log_warning("%s; going on without", error.text);
		open = 0;
	}
	if (!target->told_code)
		target->told_code = session_tell_code(targets->config.session, &target->instance);
	target->incomplete = open > 0 || !target->verified || !target->told_code;
}

/* A loop was found: are its polls watched? */
static void watch_polls(struct lp_targets *targets, pid_t pid, uint32_t slot)
{
	if (!session_lacks_polls(targets->config.session) || process_has_epoll(pid))
		return;
	if (session_watch_polls(targets->config.session, true))
		log_warning(
			"cannot watch all poll system calls: loops of pid %d that do not use epoll are timed wrongly",
			pid);
	/* the end of the callback that runs may be a poll that nobody saw */
	session_drop_callback(targets->config.session, slot);
}

void targets_loop_event(struct lp_targets *targets, const struct lp_event_loop *event)
{
	watch_polls(targets, (pid_t)event->event.pid, event->event.loop);
}

/* Loops that run already are known before they dispatch the next time. */
static int add_running_loops(struct lp_targets *targets, struct lp_target *target, int looks)
{
	uint64_t states[LOOPS_MAX];
	pid_t tids[LOOPS_MAX];
	int count = 0, i, slot;

	/* the stack of a thread that runs changes while it is read: one look may miss it */
	for (i = 0; i < looks && count <= 0; i++)
		count = target->instance.runtime->find_loops(&target->instance, tids, states,
							     LOOPS_MAX);
	for (i = 0; i < count; i++) {
		slot = session_add_loop(targets->config.session, &target->instance, tids[i],
					states[i], targets->config.threshold_ns);
		if (slot < 0)
			continue;
		live_add_loop(targets->config.live, &target->instance, (uint32_t)slot, tids[i],
			      states[i]);
		if (targets->config.sampling)
			watch_polls(targets, target->process.pid, (uint32_t)slot);
	}
	return count;
}

void targets_poller_event(struct lp_targets *targets, const struct lp_event_poller *event)
{
	struct lp_target *target = find(targets, (pid_t)event->event.pid);
	size_t before;

	if (!target || target->state != LP_TARGET_ATTACHED ||
	    event->event.time_ns < target->look_ns)
		return;
	/* a server with many threads that poll and run no loop must not keep us busy */
	before = live_loops(targets->config.live);
	add_running_loops(targets, target, 1);
	if (live_loops(targets->config.live) > before)
		target->look_step_ns = RETRY_FIRST_NS;
	else if (target->look_step_ns < RETRY_LAST_NS)
		target->look_step_ns += target->look_step_ns + RETRY_FIRST_NS;
	target->look_ns = now_ns() + target->look_step_ns;
}

/* -EAGAIN: not yet. */
static int try_attach(struct lp_targets *targets, struct lp_target *target, bool wait_for_asyncio,
		      struct lp_error *error)
{
	struct lp_instance instance;
	int err, loops;

	err = runtime_detect(&target->process, &instance, error);
	if (err)
		return err;
	if (wait_for_asyncio && !instance.runtime->may_run_loop(&instance)) {
		instance.runtime->release(&instance);
		return -EAGAIN;
	}
	release_instance(target);
	target->instance = instance;
	err = instance.runtime->verify(&instance, error);
	target->verified = !err;
	if (!err || err == -EAGAIN)
		err = session_add_process(targets->config.session, &instance,
					  targets->config.threshold_ns, error);
	if (err) {
		release_instance(target);
		return err;
	}
	target->state = LP_TARGET_ATTACHED;
	target->incomplete = true;
	target->told_code = session_tell_code(targets->config.session, &target->instance);
	targets->attached++;
	live_add_target(targets->config.live, &target->process, &target->instance);
	loops = add_running_loops(targets, target, LOOKS);
	if (target->named)
		log_note("pid %d (%s), %s on CPython %s, %s%s", target->process.pid,
			 target->process.comm, instance.runtime_name, instance.version,
			 loops > 1    ? "several loops"
			 : loops == 1 ? "1 loop"
				      : "no event loop runs yet",
			 loops > 0 ? "" : "; waiting for one to start");
	else
		log_detail("pid %d (%s): attached, CPython %s", target->process.pid,
			   target->process.comm, instance.version);
	return 0;
}

static struct lp_target *new_target(struct lp_targets *targets, pid_t pid, bool named,
				    struct lp_error *error)
{
	struct lp_target *target = calloc(1, sizeof(*target));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = target };

	if (!target) {
		error_set(error, -ENOMEM, "out of memory");
		return NULL;
	}
	if (process_open(pid, &target->process, error)) {
		free(target);
		return NULL;
	}
	epoll_ctl(targets->descriptor, EPOLL_CTL_ADD, target->process.descriptor, &event);
	target->named = named;
	target->since_ns = now_ns();
	target->retry_step_ns = RETRY_FIRST_NS;
	target->next = targets->first;
	targets->first = target;
	targets->alive++;
	return target;
}

static void drop(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_target **at = &targets->first;

	while (*at != target)
		at = &(*at)->next;
	*at = target->next;
	free_target(targets, target);
}

int targets_add(struct lp_targets *targets, pid_t pid, bool expect, struct lp_error *error)
{
	struct lp_target *target;
	int err;

	if (find(targets, pid))
		return 0;
	target = new_target(targets, pid, true, error);
	if (!target)
		return error->code;
	err = try_attach(targets, target, false, error);
	if (err == -ENOENT && expect)
		return 0;
	if (err)
		drop(targets, target);
	return err;
}

/* What -a and -s find: tried at once, and again later if it is not ready. */
static void consider(struct lp_targets *targets, pid_t pid)
{
	struct lp_error error = { .code = 0 };
	struct lp_target *target;
	int err;

	if (pid == getpid() || find(targets, pid))
		return;
	target = new_target(targets, pid, false, &error);
	if (!target)
		return;
	err = try_attach(targets, target, true, &error);
	if (err && err != -EAGAIN && err != -ENOENT) {
		log_detail("%s", error.text);
		drop(targets, target);
	}
}

void targets_scan(struct lp_targets *targets)
{
	struct lp_target *target, *next;
	ssize_t count, i;
	pid_t *pids;

	count = process_list(&pids);
	for (i = 0; i < count; i++)
		consider(targets, pids[i]);
	free(pids);
	/* those that have been running for long and are no Python stay what they are */
	for (target = targets->first; target; target = next) {
		next = target->next;
		if (target->state == LP_TARGET_WAITING && !target->named) {
			struct lp_error error;
			struct lp_instance instance;
			int err = runtime_detect(&target->process, &instance, &error);

			if (!err)
				instance.runtime->release(&instance);
			else
				drop(targets, target);
		}
	}
}

/* The program was replaced: nothing that was known of the process holds. */
static void on_exec(struct lp_targets *targets, pid_t pid)
{
	struct lp_target *target = find(targets, pid);

	if (!target) {
		if (targets->config.all)
			consider(targets, pid);
		return;
	}
	if (target->state == LP_TARGET_ATTACHED && target->named)
		log_note("pid %d replaced its program (exec); waiting for a loop in the new one",
			 pid);
	detach(targets, target);
	release_instance(target);
	process_refresh(&target->process);
	target->since_ns = now_ns();
	target->retry_step_ns = RETRY_FIRST_NS;
	target->retry_ns = 0;
}

void targets_process_event(struct lp_targets *targets, const struct lp_event_process *event)
{
	if (event->action == LP_PROCESS_EXEC)
		on_exec(targets, (pid_t)event->event.pid);
	else if (event->action == LP_PROCESS_FORK && find(targets, (pid_t)event->parent) &&
		 (targets->config.all || targets->config.subprocesses))
		consider(targets, (pid_t)event->event.pid);
}

void targets_settle(struct lp_targets *targets)
{
	struct lp_target *target;

	for (target = targets->first; target; target = target->next)
		if (target->state == LP_TARGET_ATTACHED && target->incomplete)
			complete(targets, target);
}

static void warn_if_silent(struct lp_targets *targets, struct lp_target *target)
{
	uint32_t slot;

	for (slot = 0; slot < LP_MAX_LOOPS && !target->silent_told; slot++) {
		const struct lp_loop *loop = session_loop(targets->config.session, slot);

		if (!loop)
			break;
		if ((pid_t)loop->pid != target->process.pid || loop->callbacks ||
		    loop->iterations < SILENT_ITERATIONS)
			continue;
		log_warning(
			"the probe on Context.run is attached to pid %d but never fires, though its loop runs: this build of Python may have inlined it; please report its version (%s)",
			target->process.pid, target->instance.version);
		target->silent_told = true;
	}
}

static void retry(struct lp_targets *targets, struct lp_target *target, uint64_t now)
{
	struct lp_error error = { .code = 0 };
	int err;

	if (now < target->retry_ns)
		return;
	err = try_attach(targets, target, true, &error);
	/* an interpreter needs tens of milliseconds to come up, and its first callbacks count */
	if (now - target->since_ns > RETRY_FAST_NS && target->retry_step_ns < RETRY_LAST_NS)
		target->retry_step_ns *= 2;
	target->retry_ns = now + target->retry_step_ns;
	if (!err || err == -EAGAIN)
		return;
	if (err == -ENOENT && (target->named || now - target->since_ns < FOREIGN_PATIENCE_NS))
		return;
	if (target->named)
		log_error("%s", error.text);
	else
		log_detail("%s", error.text);
	drop(targets, target);
}

uint64_t targets_check(struct lp_targets *targets, uint64_t now)
{
	uint64_t next_ns = now + RETRY_LAST_NS;
	struct lp_target *target, *next;

	for (target = targets->first; target; target = next) {
		next = target->next;
		if (target->state == LP_TARGET_WAITING) {
			if (now + target->retry_step_ns < next_ns)
				next_ns = now + target->retry_step_ns;
			/* may drop it */
			retry(targets, target, now);
		} else if (target->incomplete) {
			complete(targets, target);
			next_ns = now + RETRY_FIRST_NS;
		} else if (targets->config.sampling) {
			add_running_loops(targets, target, 1);
		} else {
			warn_if_silent(targets, target);
		}
	}
	return next_ns;
}

int targets_descriptor(const struct lp_targets *targets)
{
	return targets->descriptor;
}

void targets_reap(struct lp_targets *targets)
{
	struct epoll_event events[64];
	int count, i;

	while ((count = epoll_wait(targets->descriptor, events, 64, 0)) > 0) {
		for (i = 0; i < count; i++) {
			struct lp_target *target = events[i].data.ptr;

			/* its last words are in the ring buffer */
			live_drain(targets->config.live);
			if (target->named)
				log_note("pid %d has ended", target->process.pid);
			drop(targets, target);
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
