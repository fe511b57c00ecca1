// SPDX-License-Identifier: BSD-2-Clause
/*
 * The queue of targets that wait for an examination. Workers examine them apart from the main loop,
 * so that an examination that takes long or never ends delays only the targets behind it in the
 * queue.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/macros.h"

#include <errno.h>

#define WAIT_NS (20 * NS_PER_MS)

void target_ask(struct lp_targets *targets, struct lp_target *target)
{
	if (target->asked)
		return;
	target->asked = true;
	target->next_asked = NULL;
	if (targets->asked_last)
		targets->asked_last->next_asked = target;
	else
		targets->asked_first = target;
	targets->asked_last = target;
}

/* Removes a target from the queue, if it is in it. */
static void unqueue(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_target **at = &targets->asked_first, *last = NULL;

	while (*at && *at != target) {
		last = *at;
		at = &last->next_asked;
	}
	if (*at != target)
		return;
	*at = target->next_asked;
	if (targets->asked_last == target)
		targets->asked_last = last;
	target->next_asked = NULL;
}

void target_unask(struct lp_targets *targets, struct lp_target *target)
{
	if (targets->awaited == target) {
		targets->awaited = NULL;
		targets->awaited_dropped = true;
		targets->awaited_code = error_set(targets->awaited_error, -ESRCH,
						  "process %d has just ended", target->process.pid);
	}
	target->ticket = 0;
	if (target->asked)
		unqueue(targets, target);
	target->asked = false;
}

/* Returns the last ticket of the units that share a bucket with the target's unit. */
static uint64_t *served_of(struct lp_targets *targets, const struct lp_target *target)
{
	return &targets->served[(target->process.owner >> 8) % LP_OWNER_BUCKETS];
}

/*
 * Removes the next target from the queue: the first one of the unit whose last examination was
 * least recent. The queue must not be empty.
 */
static struct lp_target *next_asked(struct lp_targets *targets)
{
	struct lp_target *target, *next = targets->asked_first;

	for (target = next; target; target = target->next_asked)
		if (*served_of(targets, target) < *served_of(targets, next))
			next = target;
	*served_of(targets, next) = targets->tickets + 1;
	unqueue(targets, next);
	return next;
}

static void answer(struct lp_targets *targets, struct lp_target *target,
		   const struct lp_examined *examined)
{
	target->asked = false;
	target->ticket = 0;
	target_examined(targets, target, examined);
}

static void begin(struct lp_targets *targets, struct lp_target *target)
{
	bool attached = target->state == LP_TARGET_ATTACHED;
	const struct lp_examine_wish wish = {
		.known = target->instance.reader ? &target->instance : NULL,
		.anew = !attached,
		.always = attached || target->named,
		.ticket = ++targets->tickets,
		.open = session_open_roles(targets->config.session, target->process.pid, attached),
	};
	struct lp_examined failed = { .pid = target->process.pid };

	target->ticket = wish.ticket;
	failed.code = examine_begin(&target->process, &wish);
	if (!failed.code)
		return;
	remote_error(&failed.error, target->process.pid, failed.code);
	answer(targets, target, &failed);
}

bool targets_examine(struct lp_targets *targets)
{
	struct lp_examined examined;
	bool any = false;

	while (examine_take(&examined)) {
		struct lp_target *target = target_find(targets, examined.pid);

		any = true;
		/*
		 * the result may be of an earlier process with this PID, or of an earlier program
		 * of it
		 */
		if (target && target->asked && target->ticket == examined.ticket)
			answer(targets, target, &examined);
	}
	while (targets->asked_first && examine_is_free(targets->asked_first != targets->asked_last))
		begin(targets, next_asked(targets));
	return any;
}

void targets_wait_examined(struct lp_targets *targets, uint64_t ns)
{
	uint64_t end = clock_now() + ns;
	bool one = targets->awaited != NULL;

	do {
		targets_examine(targets);
		if (one ? !targets->awaited : !targets->asked_first && !examine_is_busy())
			return;
	} while (clock_now() < end && remote_wait(WAIT_NS));
}
