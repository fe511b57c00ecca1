// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loops that run in a target already: they are searched for, and added in portions, as a
 * process may have a thousand of them and each takes many reads of its memory.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The least time in ns between two checks whether the loops of a process use epoll, which read all
 * of its descriptors and threads.
 */
#define POLLS_PERIOD_NS (1000 * NS_PER_MS)
/* The time in ns after which the search for loops in a new target is not repeated. */
#define TRIES_NS (100 * NS_PER_MS)
/*
 * The time in ns after which one portion of loops ends. That of a process which the user has named
 * is longer when it is attached, as the run has not begun then.
 */
#define PORTION_NS (20 * NS_PER_MS)
#define PORTION_FIRST_NS (500 * NS_PER_MS)
/* The time in ns until the next portion, in which other targets have theirs. */
#define PORTION_REST_NS (10 * NS_PER_MS)
/*
 * The time in ns after which loops that were found and not added yet are searched for again, as
 * their threads may do something else by then.
 */
#define FOUND_NS (2000 * NS_PER_MS)

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
		if (loops[i].own_poll)
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

void target_follow_polls(struct lp_targets *targets, const struct lp_target *target)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];

	if (session_lacks_polls(targets->config.session))
		follow_polls(targets, target, loops, find_loops(target, loops));
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

/* Adds one loop that was found. followed: all poll calls were attached because of the search. */
static void add(struct lp_targets *targets, struct lp_target *target,
		const struct lp_running_loop *loop, bool followed)
{
	struct lp_session *session = targets->config.session;
	int slot = session_add_loop(session, &target->instance, loop, targets->config.threshold_ns);

	/* a probe has added this loop already, and it may be in a poll that nobody saw */
	if (slot == -EEXIST && followed)
		session_drop_iteration(session, (uint32_t)session_find_loop(session, loop->tid));
	if (slot == -EEXIST)
		slot = meet_again(targets, target, loop);
	/* a loop that is refused counts as new, so that the next search for more loops comes soon */
	if (slot == -EDQUOT || slot == -ENOSPC)
		targets->new_loops += session_refuse_loop(session, target->process.pid, loop->tid,
							  slot == -EDQUOT);
	if (slot < 0)
		return;
	targets->new_loops++;
	live_add_loop(targets->config.live, &target->instance, (uint32_t)slot, loop);
}

/*
 * Adds loops until an instant, or until the run is to stop, but one at least. Returns the number of
 * those that it has handled.
 */
static size_t add_until(struct lp_targets *targets, struct lp_target *target,
			const struct lp_running_loop *loops, size_t count, bool followed,
			uint64_t until_ns)
{
	size_t done = 0;

	while (done < count) {
		add(targets, target, &loops[done++], followed);
		if (clock_now() >= until_ns || remote_is_over())
			break;
	}
	return done;
}

/* Retains loops that were found, for target_add_more. */
static void retain(struct lp_target *target, const struct lp_running_loop *loops, size_t count,
		   bool followed)
{
	struct lp_found_loops *found = &target->found;

	found->loops = malloc(count * sizeof(*loops));
	if (!found->loops)
		return;
	memcpy(found->loops, loops, count * sizeof(*loops));
	found->count = count;
	found->followed = followed;
	found->since_ns = clock_now();
	found->due_ns = found->since_ns + PORTION_REST_NS;
}

void target_add_more(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_found_loops *found = &target->found;
	uint64_t now = clock_now();

	if (now - found->since_ns >= FOUND_NS) {
		target_forget_loops(target);
		target_add_loops(targets, target, 1, NULL);
		return;
	}
	found->next += add_until(targets, target, found->loops + found->next,
				 found->count - found->next, found->followed, now + PORTION_NS);
	found->due_ns = clock_now() + PORTION_REST_NS;
	if (found->next == found->count)
		target_forget_loops(target);
}

int target_add_loops(struct lp_targets *targets, struct lp_target *target, int tries,
		     unsigned int *kinds)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	bool first = target->named && kinds, followed;
	uint64_t begun = clock_now();
	size_t done;
	int count = 0, i;

	/* the loops of the last search come first */
	if (target->found.loops)
		return 0;
	/*
	 * the stack of a running thread changes while it is read, so that one search may miss a
	 * loop
	 */
	for (i = 0; i < tries && count <= 0 && clock_now() - begun < TRIES_NS; i++)
		count = find_loops(target, loops);
	if (count <= 0)
		return count;
	for (i = 0; kinds && i < count; i++)
		*kinds |= 1U << loops[i].kind;
	followed = follow_polls(targets, target, loops, count);
	done = add_until(targets, target, loops, (size_t)count, followed,
			 clock_now() + (first ? PORTION_FIRST_NS : PORTION_NS));
	if (done < (size_t)count)
		retain(target, loops + done, (size_t)count - done, followed);
	return count;
}
