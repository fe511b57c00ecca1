// SPDX-License-Identifier: BSD-2-Clause
#include "losses.h"

#include "base/macros.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>

/* What follows the count: after 1, after other numbers, and after both. */
static const struct {
	const char *one, *many, *why;
} losses[] = {
	[LP_LOST_RING] = { "event", "events",
			   "did not fit into the ring buffer: stalls may be missing" },
	[LP_LOST_LOOPS] = { "loop was", "loops were",
			    "over the limit (1152 in all, and fewer for one process or unit), "
			    "and not in the tables" },
	[LP_LOST_CALLBACKS] = { "run is", "runs are",
				"counted under \"other\": there were more than 4095 different "
				"callbacks, or too many of one process" },
	[LP_LOST_READY] = { "callback has", "callbacks have",
			    "no queue delay: too many were ready at once" },
	[LP_LOST_IDENTITY] = { "run is", "runs are",
			       "counted under \"other\": what ran could not be read" },
	[LP_LOST_CAUSES] = { "wait is", "waits are",
			     "missing where the loop's time went: too many different ones" },
	[LP_LOST_FINDINGS] = { "lost task, coroutine or exception",
			       "lost tasks, coroutines or exceptions",
			       "could not be reported: too many at once, or their code "
			       "could not be read any more" },
	[LP_LOST_LIFETIMES] = { "task is", "tasks are",
				"missing in the table of lifetimes: too many at once" },
	[LP_LOST_INSTANTS] = { "duration or record was", "durations or records were",
			       "left out, as the times are impossible" },
	[LP_LOST_UNREADABLE] = { "process", "processes",
				 "could not be read for a time: memory or files did not answer" },
};
_Static_assert(ARRAY_SIZE(losses) == LP_LOST_KINDS, "a kind of loss has one row");

void loss_text(char *text, size_t size, size_t kind, uint64_t count)
{
	snprintf(text, size, "%" PRIu64 " %s %s", count,
		 count == 1 ? losses[kind].one : losses[kind].many, losses[kind].why);
}
