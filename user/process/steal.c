// SPDX-License-Identifier: BSD-2-Clause
#include "steal.h"

#include "base/macros.h"
#include "proc_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/*
 * The time between two readings.  The kernel adds up the interrupts of all CPUs for each: on a host
 * without steal, which has no hypervisor as a rule, there are fewer.
 */
#define PERIOD_NS NS_PER_S
#define SELDOM_NS (10 * NS_PER_S)
/* A reading for a stall may be so old. */
#define RECENT_NS (100 * NS_PER_MS)
/* A window may begin later than the stall by one in so many parts of the stall. */
#define LATE_PART 10

bool steal_parse(const char *text, uint64_t *steal_ns)
{
	uint64_t ticks;
	long hertz = sysconf(_SC_CLK_TCK);

	if (hertz <= 0 || sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1)
		return false;
	*steal_ns = ticks * ((uint64_t)NS_PER_S / (uint64_t)hertz);
	return true;
}

static bool reading_take(struct lp_steal_reading *reading, uint64_t now_ns)
{
	char text[256];

	if (proc_read_host("stat", text, sizeof(text)) <= 0 ||
	    !steal_parse(text, &reading->steal_ns))
		return false;
	reading->time_ns = now_ns;
	return true;
}

void steal_turn(struct lp_steal *steal, uint64_t now_ns)
{
	const struct lp_steal_reading *last = &steal->readings[steal->last];
	struct lp_steal_reading reading;
	uint32_t next = (steal->last + 1) % LP_STEAL_READINGS;

	if (saturating_sub(now_ns, last->time_ns) < (last->steal_ns ? PERIOD_NS : SELDOM_NS) ||
	    !reading_take(&reading, now_ns))
		return;
	steal->readings[next] = reading;
	steal->last = next;
}

uint64_t steal_since(struct lp_steal *steal, uint64_t begin_ns, uint64_t now_ns,
		     uint64_t *window_ns)
{
	const struct lp_steal_reading *begin = &steal->readings[steal->last];
	uint32_t i;

	*window_ns = 0;
	if (!begin->time_ns || (saturating_sub(now_ns, steal->now.time_ns) >= RECENT_NS &&
				!reading_take(&steal->now, now_ns)))
		return 0;
	for (i = 0; i < LP_STEAL_READINGS && begin->time_ns > begin_ns; i++) {
		const struct lp_steal_reading *earlier =
			&steal->readings[(steal->last + LP_STEAL_READINGS - i) % LP_STEAL_READINGS];

		if (!earlier->time_ns)
			break;
		begin = earlier;
	}
	/* the readings may have begun during the stall, as in one that was in progress at the
	 * attach */
	if (saturating_sub(begin->time_ns, begin_ns) > saturating_sub(now_ns, begin_ns) / LATE_PART)
		return 0;
	*window_ns = saturating_sub(steal->now.time_ns, begin->time_ns);
	return saturating_sub(steal->now.steal_ns, begin->steal_ns);
}
