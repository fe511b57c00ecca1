// SPDX-License-Identifier: BSD-2-Clause
#include "awake.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "wire/resource_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>

/* A loop whose polls return at once has an iteration in this time on average, in ns, or more, */
#define ITERATION_NS_MOST (10 * NS_PER_MS)
/*
 * and a poll takes this time on average: that of the system call itself, and of waits for the CPU
 * within it.  An iteration may be as short as its poll, so that shares say nothing.
 */
#define AT_ONCE_NS 10000

bool awake_polls_at_once(uint64_t iterations, uint64_t idle_ns, uint64_t wall_ns)
{
	return iterations >= wall_ns / ITERATION_NS_MOST && idle_ns / AT_ONCE_NS <= iterations;
}

/* The first row of which the poll reported an event holds. */
static const struct awake_state {
	uint32_t events;
	const char *words;
} states[] = {
	{ EPOLLERR, "with an error" },
	{ EPOLLHUP | EPOLLRDHUP, "at its end" },
	{ EPOLLIN | EPOLLPRI, "readable" },
	{ EPOLLOUT, "writable" },
};

static const char *state_words(const struct lp_event_awake *event)
{
	size_t i;

	if (event->ended)
		return "at its end";
	for (i = 0; i < ARRAY_SIZE(states); i++)
		if (event->events & states[i].events)
			return states[i].words;
	return "ready";
}

void awake_text(const struct lp_event_awake *event, char *text, size_t size)
{
	char resource[LP_AWAKE_BYTES - 64];

	resource_text(&event->resource, resource, sizeof(resource));
	snprintf(text, size, "fd %" PRIu32 "%s%s%s %s", event->descriptor, *resource ? " (" : "",
		 resource, *resource ? ")" : "", state_words(event));
}
