/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a single slow callback. */
#ifndef LP_TEST_TEXT_SLOW_FIXTURE_H
#define LP_TEST_TEXT_SLOW_FIXTURE_H

#include "text_fixture.h"

static const struct lp_stack counting = STACK(FRAME("is_prime", "/srv/app/primes.py", 31),
					      FRAME("prime_sum", "/srv/app/primes.py", 43),
					      COROUTINE("handle_report", "/srv/app/views.py", 92));

/* Returns what the text sink prints for a slow callback. */
static inline const char *rendered(const struct lp_slow_callback *slow,
				   const struct lp_terminal *terminal)
{
	struct lp_sink *sink = open_sink(terminal, false);

	sink->observer.slow(sink, slow);
	return written(sink, terminal->columns);
}

/* A slow callback of a task with this breakdown. */
static inline struct lp_slow_callback slow_report(uint64_t duration_ns,
						  const struct lp_breakdown *breakdown)
{
	return (struct lp_slow_callback){
		.loop = &loop,
		.callback = &report,
		.duration_ns = duration_ns,
		.queue_delay_ns = LP_NO_QUEUE_DELAY,
		.task = 16,
		.task_name = "GET /report",
		.breakdown = *breakdown,
	};
}

static inline void expect_slow(uint64_t duration_ns, const struct lp_breakdown *breakdown,
			       const char *wanted)
{
	struct lp_slow_callback slow = slow_report(duration_ns, breakdown);

	assert_string_equal(rendered(&slow, &wide), wanted);
}

#endif /* LP_TEST_TEXT_SLOW_FIXTURE_H */
