/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings and lifetimes as the model reports them, for tests of the sinks. */
#ifndef LP_TEST_FINDING_FIXTURE_H
#define LP_TEST_FINDING_FIXTURE_H

#include "stall_fixture.h"

#define LIBRARY "/usr/lib/python3.11/asyncio/"

__attribute__((unused)) static const struct lp_stack dropping = STACK(
	FRAME("_warn_unawaited_coroutine", "/usr/lib/python3.11/warnings.py", 537),
	COROUTINE("handle_request", "/srv/app/views.py", 31),
	COROUTINE("serve", "/srv/app/server.py", 12), FRAME("Handle._run", LIBRARY "events.py", 80),
	FRAME("BaseEventLoop._run_once", LIBRARY "base_events.py", 1922),
	FRAME("<module>", "/srv/app/main.py", 9));
__attribute__((unused)) static const struct lp_stack scheduling =
	STACK(FRAME("BaseEventLoop.call_soon", LIBRARY "base_events.py", 761),
	      FRAME("on_message", "/srv/app/mqtt.py", 31),
	      FRAME("Thread.run", "/usr/lib/python3.11/threading.py", 975));
__attribute__((unused)) static const struct lp_stack polling =
	STACK(FRAME("EpollSelector.select", "/usr/lib/python3.11/selectors.py", 468),
	      FRAME("BaseEventLoop._run_once", LIBRARY "base_events.py", 1884));

/* A finding about the coroutine fetch_user, with the stack of handle_request. */
static inline struct lp_finding finding_of(enum lp_finding_kind kind,
					   const struct lp_loop_info *of_loop)
{
	return (struct lp_finding){
		.loop = of_loop,
		.kind = kind,
		.time_ns = 312 * MS,
		.pid = 42,
		.tid = 43,
		.name = "fetch_user",
		.file = "/srv/app/users.py",
		.line = 14,
		.task_name = "",
		.exception_type = "",
		.exception_message = "",
		.stack = dropping,
	};
}

static inline struct lp_finding_count count_of(enum lp_finding_kind kind,
					       const struct lp_loop_info *of_loop, uint64_t count)
{
	return (struct lp_finding_count){
		.loop = of_loop,
		.kind = kind,
		.name = "fetch_user",
		.file = "/srv/app/users.py",
		.line = 14,
		.exception_type = "",
		.exception_message = "",
		.place = dropping.frames[1],
		.count = count,
	};
}

/* Adds that many lifetimes of 100 ms each: 10 ms running, 20 ms queued, 70 ms waiting. */
static inline void add_lifetimes(struct lp_lifetimes *lifetimes, enum lp_task_outcome outcome,
				 uint64_t count)
{
	lifetimes->outcomes[outcome] += count;
	while (count--) {
		lp_histogram_add(&lifetimes->life, 100 * MS);
		lp_histogram_add(&lifetimes->running, 10 * MS);
		lp_histogram_add(&lifetimes->queued, 20 * MS);
		lp_histogram_add(&lifetimes->waiting, 70 * MS);
	}
}

#endif /* LP_TEST_FINDING_FIXTURE_H */
