// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loops that run in a target already. They are added in portions, as a process may have a
 * thousand of them, and each takes many reads of its memory.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "runtime/remote/loop_search.h"

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
/* The time in ns to the next search for loops grows up to this. */
#define SCAN_SELDOM_NS (10000 * NS_PER_MS)
/* The next search for loops waits for at least this many times the duration of the last one. */
#define SEARCH_REST 4
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
/* The time in ns until poll calls that the kernel did not attach in time are tried again. */
#define POLLS_BUSY_NS (250 * NS_PER_MS)
/* A search that takes longer than either counts as slow. */
#define SLOW_CPU_NS (20 * NS_PER_MS)
#define SLOW_WALL_NS (200 * NS_PER_MS)

static int find_loops(const struct lp_target *target, struct lp_running_loop *loops)
{
	return target->instance.runtime->find_loops(&target->instance, loops, LP_MAX_LOOPS);
}

/*
 * Returns whether loops that were found use other poll calls than epoll's. A loop that does not run
 * in the poll of its own class, such as Qt's, may do so whatever descriptors the process has. Any
 * other loop does so if its process has no epoll descriptor. A loop closes its descriptor when it
 * ends, and so does a process. For this reason loops must still run after the descriptors were
 * read, and the descriptors are read once more.
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
 * Attaches all poll calls if loops that were found need them, which slows the whole host. Returns 0
 * if they are not needed, 1 if they were attached now, or -EBUSY if the kernel did not attach them
 * in time, so that this is to be called again. To be called before the loops are added: a poll that
 * is not noticed counts as blocking.
 */
static int follow_polls(struct lp_targets *targets, const struct lp_target *target,
			const struct lp_running_loop *loops, int count)
{
	int err;

	if (!session_lacks_polls(targets->config.session) || !poll_otherwise(target, loops, count))
		return 0;
	err = session_follow_polls(targets->config.session, true);
	if (err == -EBUSY) {
		if (!targets->polls_reported)
			log_process(
				"the kernel has not attached the poll system calls yet, and is asked again: until then, loops that do not use epoll, as those of process %d, are either left out or timed wrongly",
				target->process.pid);
		targets->polls_reported = true;
		return err;
	}
	if (err)
		log_process(
			"cannot watch all poll system calls: loops of process %d that do not use epoll are timed wrongly",
			target->process.pid);
	return 1;
}

void target_follow_polls(struct lp_targets *targets, const struct lp_target *target)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];

	if (session_lacks_polls(targets->config.session))
		follow_polls(targets, target, loops, find_loops(target, loops));
}

bool target_runs_loops(const struct lp_target *target)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];

	return find_loops(target, loops) > 0;
}

void targets_loop_event(struct lp_targets *targets, const struct lp_event_loop *event)
{
	struct lp_target *target = target_find(targets, (pid_t)event->event.pid);
	uint64_t now = clock_now();

	if (!session_lacks_polls(targets->config.session) || !target ||
	    target->state != LP_TARGET_ATTACHED || now < target->polls_ns)
		return;
	target->polls_ns = now + POLLS_PERIOD_NS;
	/* if its polls have to be followed, an iteration that it has begun is dropped */
	target_search_loops(targets, target, 1);
	targets_begin_searches(targets);
}

/*
 * Handles a thread that has a slot already. In sample mode its loop may have been replaced by
 * another one. Returns the slot if that is of another kind, so that it was added as a new loop, or
 * else -EEXIST or another negative errno.
 */
static int update_known_loop(struct lp_targets *targets, struct lp_target *target,
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

	/* a probe has added this loop already, and it may be in a poll whose beginning was not
	 * hooked */
	if (slot == -EEXIST && followed)
		session_drop_iteration(session, (uint32_t)session_find_loop(session, loop->tid));
	if (slot == -EEXIST)
		slot = update_known_loop(targets, target, loop);
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

/*
 * Retains loops that were found, for target_add_more. followed: as returned by follow_polls; if it
 * is -EBUSY, all of the loops wait for the poll calls.
 */
static void retain(struct lp_target *target, const struct lp_running_loop *loops, size_t count,
		   int followed)
{
	struct lp_found_loops *found = &target->found;

	found->loops = malloc(count * sizeof(*loops));
	if (!found->loops)
		return;
	memcpy(found->loops, loops, count * sizeof(*loops));
	found->count = count;
	found->followed = followed > 0;
	found->waits = followed == -EBUSY;
	found->since_ns = clock_now();
	found->due_ns = found->since_ns + (found->waits ? POLLS_BUSY_NS : PORTION_REST_NS);
}

/* Queues the search for loops that was requested, once the loops of the last one are added. */
static void queue_search(struct lp_targets *targets, struct lp_target *target)
{
	if (target->search.tries && !target->search.ticket && !target->found.loops)
		target_enqueue(targets, target, LP_QUEUE_SEARCHES);
}

/*
 * Tries the poll calls again for which loops wait. Returns whether they can be added now. Probes
 * may have added them meanwhile, in a poll that was not noticed.
 */
static bool end_wait(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_found_loops *found = &target->found;

	if (follow_polls(targets, target, found->loops, (int)found->count) == -EBUSY) {
		found->due_ns = clock_now() + POLLS_BUSY_NS;
		return false;
	}
	found->waits = false;
	found->followed = true;
	return true;
}

void target_add_more(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_found_loops *found = &target->found;
	uint64_t now = clock_now();

	if (now - found->since_ns >= FOUND_NS) {
		bool waited = found->waits;

		target_forget_loops(targets, target);
		target->search.waited = waited;
		target_search_loops(targets, target, 1);
		return;
	}
	if (found->waits && !end_wait(targets, target))
		return;
	found->next += add_until(targets, target, found->loops + found->next,
				 found->count - found->next, found->followed, now + PORTION_NS);
	found->due_ns = clock_now() + PORTION_REST_NS;
	if (found->next == found->count) {
		free(found->loops);
		memset(found, 0, sizeof(*found));
		queue_search(targets, target);
	}
}

/* Adds the first portion of loops, and retains the others. */
static void add_found(struct lp_targets *targets, struct lp_target *target,
		      const struct lp_running_loop *loops, size_t count, uint64_t portion_ns)
{
	int followed = follow_polls(targets, target, loops, (int)count);
	size_t done = 0;

	/* the loops of the last search have waited for poll calls that are attached now */
	if (!followed && target->search.waited)
		followed = 1;
	if (followed != -EBUSY)
		done = add_until(targets, target, loops, count, followed > 0,
				 clock_now() + portion_ns);
	target->search.waited = followed == -EBUSY;
	if (done < count)
		retain(target, loops + done, count - done, followed);
}

int target_add_loops(struct lp_targets *targets, struct lp_target *target, int tries,
		     unsigned int *kinds)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	uint64_t begun = clock_now();
	int count = 0, i;

	/*
	 * the stack of a running thread changes while it is read, so that one search may miss a
	 * loop
	 */
	for (i = 0; i < tries && count <= 0 && clock_now() - begun < TRIES_NS; i++)
		count = find_loops(target, loops);
	for (i = 0; i < count; i++)
		*kinds |= 1U << loops[i].kind;
	if (count > 0)
		add_found(targets, target, loops, (size_t)count, PORTION_FIRST_NS);
	return count;
}

void target_search_loops(struct lp_targets *targets, struct lp_target *target, unsigned int tries)
{
	struct lp_loop_search *search = &target->search;

	if (tries > search->tries) {
		search->tries = tries;
		search->until_ns = clock_now() + TRIES_NS;
	}
	queue_search(targets, target);
}

/*
 * Sets the instant of the next search after one that was due. The time to it grows while nothing
 * new is found. It is at least SEARCH_REST times the CPU time of the search, so that the searches
 * of one process take a fifth of a CPU at most.
 */
static void set_next_search(bool any, uint64_t took, uint64_t *due, uint64_t *step, uint64_t least)
{
	if (any)
		*step = least;
	else if (*step < SCAN_SELDOM_NS)
		*step += *step + least;
	*due = clock_now() + max_u64(*step, SEARCH_REST * took);
}

/* Handles the end of a search, which has added new loops or not. */
static void end_search(struct lp_target *target, bool any, uint64_t took)
{
	struct lp_loop_search *search = &target->search;

	if (search->scans)
		set_next_search(any, took, &target->scan_ns, &target->scan_step_ns,
				LP_SCAN_FIRST_NS);
	if (search->polled)
		set_next_search(any, took, &target->check_ns, &target->check_step_ns,
				LP_RETRY_FIRST_NS);
	search->scans = search->polled = false;
	search->ticket = 0;
}

static bool is_quick(const struct lp_target *target)
{
	return !target->search.slow;
}

void targets_begin_searches(struct lp_targets *targets)
{
	const struct lp_target_queue *waiting = &targets->queues[LP_QUEUE_SEARCHES];
	struct lp_target *target;
	int err;

	while (waiting->first) {
		enum lp_search_room room = loop_search_room(waiting->first != waiting->last);

		if (room == LP_SEARCH_NONE)
			return;
		target = targets_dequeue(targets, LP_QUEUE_SEARCHES,
					 room == LP_SEARCH_QUICK ? is_quick : NULL);
		if (!target)
			return;
		target->search.ticket = ++targets->searches;
		err = loop_search_begin(&target->instance, target->search.ticket);
		if (err == -ENOBUFS) {
			/* no worker can be started now, which is no fault of the process */
			target->search.ticket = 0;
			target_enqueue(targets, target, LP_QUEUE_SEARCHES);
			return;
		}
		if (err) {
			/* the process is unreadable, or too many are */
			target->search.tries = 0;
			end_search(target, false, 0);
		}
	}
}

static void take_loops(struct lp_targets *targets, struct lp_target *target,
		       const struct lp_loops_found *found)
{
	struct lp_loop_search *search = &target->search;
	size_t before = targets->new_loops;
	uint64_t begun = remote_clock();

	search->slow = found->cpu_ns > SLOW_CPU_NS || found->wall_ns > SLOW_WALL_NS;
	search->tries--;
	if (found->count > 0 || clock_now() >= search->until_ns)
		search->tries = 0;
	if (found->count > 0)
		add_found(targets, target, found->loops, (size_t)found->count, PORTION_NS);
	end_search(target, targets->new_loops > before, found->cpu_ns + remote_clock() - begun);
	queue_search(targets, target);
}

bool targets_take_loops(struct lp_targets *targets)
{
	struct lp_loops_found found;
	bool any = false;

	while (loop_search_take(&found)) {
		struct lp_target *target = target_find(targets, found.pid);

		any = true;
		/* it may be that of an earlier process with this PID, or of an earlier program */
		if (target && target->search.ticket && target->search.ticket == found.ticket)
			take_loops(targets, target, &found);
	}
	return any;
}
