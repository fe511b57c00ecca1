// SPDX-License-Identifier: BSD-2-Clause
/*
 * Examinations of targets. Workers make them while the main loop goes on, so that an examination
 * that takes long or never ends delays only the targets behind it in the queue. Depending on the
 * result the target is attached, or the instant of its next examination is set.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <errno.h>

#define WAIT_NS (20 * NS_PER_MS)
#define RETRY_FAST_NS (300 * NS_PER_MS)
#define RETRY_LAST_NS (1000 * NS_PER_MS)
/*
 * A target that was not named on the command line is examined again after this part of its age, as
 * it may never load what runs a loop.
 */
#define RETRY_AGE_PART 8
#define RETRY_SELDOM_NS (30000 * NS_PER_MS)
/*
 * The time in ns after which a program without an interpreter counts as one that will never load
 * one.
 */
#define FOREIGN_PATIENCE_NS (3000 * NS_PER_MS)
/*
 * The number of examinations that are repeated because a file was changed meanwhile, as by a
 * package manager. The time between them grows to a second.
 */
#define STALE_TRIES 20

/* Returns the ns until the next examination of a target that is not ready. */
static uint64_t retry_step(struct lp_target *target, uint64_t age)
{
	/* an interpreter takes tens of milliseconds to start, and its first callbacks count */
	if (age <= RETRY_FAST_NS && (target->named || target->instance.reader))
		return target->retry_step_ns;
	if (!target->named && age / RETRY_AGE_PART > RETRY_LAST_NS)
		return age / RETRY_AGE_PART < RETRY_SELDOM_NS ? age / RETRY_AGE_PART
							      : RETRY_SELDOM_NS;
	return target->retry_step_ns < RETRY_LAST_NS ? target->retry_step_ns * 2
						     : target->retry_step_ns;
}

/* Returns whether a process without an interpreter counts as one that will never load one. */
static bool is_foreign(const struct lp_target *target, uint64_t now)
{
	/* a process that a scan found has usually finished loading */
	return !target->named &&
	       (now - target->since_ns >= FOREIGN_PATIENCE_NS ||
		(target->scanned && target_age_ns(target) >= FOREIGN_PATIENCE_NS));
}

void target_count_unattached(struct lp_targets *targets, struct lp_target *target)
{
	if (!target->unattached)
		session_count_unattached(targets->config.session);
	target->unattached = true;
}

/* Returns whether a target is examined again, as a file was changed meanwhile. */
static bool is_repeated(struct lp_target *target, int err)
{
	return err == -ESTALE && target->stale_tries++ < STALE_TRIES;
}

/*
 * Handles a target that was not attached, with the error of target_attach: sets the instant of the
 * next examination, or refuses or drops the target.
 */
static void refused(struct lp_targets *targets, struct lp_target *target, int err,
		    const struct lp_error *error)
{
	uint64_t now = clock_now();

	target->retry_step_ns = retry_step(target, now - target->since_ns);
	target->retry_ns = now + (target->named && target_age_ns(target) < LP_YOUNG_NS
					  ? LP_YOUNG_STEP_NS
					  : target->retry_step_ns);
	/* targets_reap drops it */
	if (process_ended(&target->process))
		return;
	if (err == -EAGAIN || (err == -ENOENT && !is_foreign(target, now)))
		return;
	if (is_repeated(target, err))
		return;
	/*
	 * the process does not answer, which was reported, or no worker could read it: both may
	 * change
	 */
	if (err == -ETIMEDOUT || err == -ETIME || err == -ECHILD || err == -EUSERS ||
	    err == -EDQUOT || err == -ENOBUFS || err == -ECANCELED)
		return;
	if (err == -EBUSY) {
		target_count_unattached(targets, target);
		return;
	}
	if (target->named)
		log_error("%s", error->text);
	else if (err != -ENOENT || !target->scanned)
		log_detail("%s", error->text);
	if (err == -ENOENT)
		targets_learn(targets, target, LP_OUTCOME_NO_INTERPRETER);
	else
		targets->failures++;
	if (err == -ENOENT || target->named)
		target_drop(targets, target);
	else
		target->state = LP_TARGET_REFUSED;
}

static void take_result(struct lp_targets *targets, struct lp_target *target,
			const struct lp_examined *examined)
{
	bool awaited = target == targets->awaited;
	struct lp_error error = { .code = 0 };
	int err;

	if (target->state == LP_TARGET_ATTACHED) {
		target_complete(targets, target, examined);
		return;
	}
	if (target->state != LP_TARGET_WAITING)
		return;
	err = target_attach(targets, target, examined, !awaited, &error);
	if (!err || err == -EAGAIN)
		targets_learn(targets, target, LP_OUTCOME_INTERPRETER);
	if (awaited && is_repeated(target, err)) {
		target_queue_examination(targets, target);
	} else if (awaited) {
		targets->awaited = NULL;
		targets->awaited_code = err;
		*targets->awaited_error = error;
	} else if (err) {
		refused(targets, target, err, &error);
	}
}

static void answer(struct lp_targets *targets, struct lp_target *target,
		   const struct lp_examined *examined)
{
	target->examining = false;
	target->ticket = 0;
	take_result(targets, target, examined);
}

static void begin(struct lp_targets *targets, struct lp_target *target)
{
	bool attached = target->state == LP_TARGET_ATTACHED;
	const struct lp_examine_options options = {
		.known = target->instance.reader ? &target->instance : NULL,
		.anew = !attached,
		.always = attached || target->named,
		.ticket = ++targets->tickets,
		.open = session_open_roles(targets->config.session, target->process.pid, attached),
	};
	struct lp_examined failed = { .pid = target->process.pid };

	target->ticket = options.ticket;
	failed.code = examine_begin(&target->process, &options);
	if (!failed.code)
		return;
	remote_error(&failed.error, target->process.pid, failed.code);
	answer(targets, target, &failed);
}

bool targets_examine(struct lp_targets *targets)
{
	const struct lp_target_queue *queue = &targets->queues[LP_QUEUE_EXAMINATIONS];
	struct lp_examined examined;
	bool any = false;

	while (examine_take(&examined)) {
		struct lp_target *target = target_find(targets, examined.pid);

		any = true;
		/*
		 * the result may be of an earlier process with this PID, or of an earlier program
		 * of it
		 */
		if (target && target->examining && target->ticket == examined.ticket)
			answer(targets, target, &examined);
	}
	any |= targets_take_loops(targets);
	while (queue->first && examine_is_free(queue->first != queue->last))
		begin(targets, targets_dequeue(targets, LP_QUEUE_EXAMINATIONS, NULL));
	targets_begin_searches(targets);
	return any;
}

void targets_wait_examined(struct lp_targets *targets, uint64_t ns)
{
	uint64_t end = clock_now() + ns;
	const struct lp_target_queue *queue = &targets->queues[LP_QUEUE_EXAMINATIONS];
	bool one = targets->awaited != NULL;

	do {
		targets_examine(targets);
		if (one ? !targets->awaited : !queue->first && !examine_is_busy())
			return;
	} while (clock_now() < end && remote_wait(WAIT_NS));
}
