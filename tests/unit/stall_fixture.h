/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks and stalls as the model reports them, for tests of the sinks. */
#ifndef LP_TEST_STALL_FIXTURE_H
#define LP_TEST_STALL_FIXTURE_H

#include "model/report.h"

#define MS 1000000ULL
#define NO_SLEEP                                                                                   \
	{                                                                                          \
		LP_SLEEP_NONE, 0                                                                   \
	}

/* Stands in for the model's own function in tests that do not link the model. */
__attribute__((weak)) double loop_utilization(const struct lp_loop_summary *summary)
{
	uint64_t known_ns = summary->busy_ns + summary->idle_ns;

	return known_ns ? (double)summary->busy_ns / (double)known_ns : 0;
}

#define FRAME(function, file, line)                                                                \
	&(const struct lp_shown_frame)                                                             \
	{                                                                                          \
		LP_FRAME_PYTHON, false, false, line, (char *)(function), (char *)(file)            \
	}
#define COROUTINE(function, file, line)                                                            \
	&(const struct lp_shown_frame)                                                             \
	{                                                                                          \
		LP_FRAME_PYTHON, true, false, line, (char *)(function), (char *)(file)             \
	}
#define NATIVE(function, file)                                                                     \
	&(const struct lp_shown_frame)                                                             \
	{                                                                                          \
		LP_FRAME_NATIVE, false, false, 0, (char *)(function), (char *)(file)               \
	}
#define KERNEL(function, file)                                                                     \
	&(const struct lp_shown_frame)                                                             \
	{                                                                                          \
		LP_FRAME_KERNEL, false, false, 0, (char *)(function), (char *)(file)               \
	}

#define STACK_OF(...)                                                                              \
	(const struct lp_shown_frame *[])                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define STACK(...)                                                                                 \
	{                                                                                          \
		.depth = sizeof(STACK_OF(__VA_ARGS__)) / sizeof(void *),                           \
		.frames = STACK_OF(__VA_ARGS__)                                                    \
	}

#endif /* LP_TEST_STALL_FIXTURE_H */
