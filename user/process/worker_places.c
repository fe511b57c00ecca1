// SPDX-License-Identifier: BSD-2-Clause
#include "worker_places.h"

#include "base/macros.h"
#include "cpu_progress.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/*
 * Targets that hang one after the other must not take all time from the others. Each unit has a
 * quota of waits without an answer. Once it is used up, a worker that sleeps is given up after the
 * shortest time.
 */
#define WAIT_QUOTA_NS (600 * NS_PER_MS)
#define STILL_LEAST_NS (40 * NS_PER_MS)

static uint64_t owner_of(const struct lp_worker_places *places, pid_t target)
{
	return places->owner_of && target ? places->owner_of(target) : 0;
}

void worker_places_free(struct lp_worker_places *places)
{
	while (places->count)
		close(places->places[--places->count].descriptor);
}

static void reap(struct lp_worker_places *places)
{
	struct pollfd polled[LP_WORKERS_ENDING];
	size_t i;

	for (i = 0; i < places->count; i++)
		polled[i] = (struct pollfd){ .fd = places->places[i].descriptor, .events = POLLIN };
	if (!places->count || poll(polled, places->count, 0) <= 0)
		return;
	/* from the end, so that the elements in front stay where they are */
	for (i = places->count; i-- > 0;) {
		if (!polled[i].revents)
			continue;
		close(places->places[i].descriptor);
		places->places[i] = places->places[--places->count];
	}
}

/*
 * Returns whether a worker, which has got SIGKILL, sleeps where that does not end it. Otherwise it
 * ends as soon as it gets a CPU.
 */
static bool hangs(const struct lp_worker_place *place)
{
	return cpu_progress_read(place->worker).state == 'D';
}

size_t worker_places_taken(struct lp_worker_places *places)
{
	size_t taken = 0, i;

	reap(places);
	for (i = 0; i < places->count; i++)
		taken += hangs(&places->places[i]);
	return taken;
}

void worker_places_add(struct lp_worker_places *places, int descriptor, pid_t worker, pid_t target)
{
	reap(places);
	if (places->count == LP_WORKERS_ENDING) {
		close(descriptor);
		return;
	}
	places->places[places->count++] = (struct lp_worker_place){
		.descriptor = descriptor,
		.worker = worker,
		.target = target,
		.owner = owner_of(places, target),
	};
}

int worker_places_check(struct lp_worker_places *places, pid_t target)
{
	size_t taken = 0, of_target = 0, of_unit = 0, i;
	uint64_t owner;

	reap(places);
	/* the common case: neither a part nor all places can be taken */
	if (places->count < LP_WORKER_PLACES_OF_ONE)
		return 0;
	owner = owner_of(places, target);
	for (i = 0; i < places->count; i++) {
		const struct lp_worker_place *place = &places->places[i];

		if (!hangs(place))
			continue;
		taken++;
		of_target += target && place->target == target;
		of_unit += target && place->owner == owner;
	}
	if (of_target >= LP_WORKER_PLACES_OF_ONE || of_unit >= LP_WORKER_PLACES_OF_UNIT)
		return -EDQUOT;
	return taken >= LP_WORKER_PLACES || places->count == LP_WORKERS_ENDING ? -EUSERS : 0;
}

static struct lp_quota *waits_of(struct lp_worker_places *places, pid_t target)
{
	return &places->waits[(owner_of(places, target) >> 8) % LP_WAIT_QUOTAS];
}

uint64_t worker_places_longest_wait(struct lp_worker_places *places, pid_t target,
				    uint64_t still_ns, uint64_t now_ns)
{
	uint64_t left = quota_left(waits_of(places, target), WAIT_QUOTA_NS, now_ns);

	return min_u64(still_ns, max_u64(left, STILL_LEAST_NS));
}

void worker_places_spend(struct lp_worker_places *places, pid_t target, uint64_t ns,
			 uint64_t now_ns)
{
	quota_spend(waits_of(places, target), WAIT_QUOTA_NS, ns, now_ns);
}
