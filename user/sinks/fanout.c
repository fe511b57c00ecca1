// SPDX-License-Identifier: BSD-2-Clause
#include "fanout.h"

#include <errno.h>

#define LP_FORWARD(member, ...)                                                                    \
	do {                                                                                       \
		const struct lp_fanout *fanout = context;                                          \
		size_t i;                                                                          \
                                                                                                   \
		for (i = 0; i < fanout->count; i++)                                                \
			if (fanout->sinks[i]->observer.member)                                     \
				fanout->sinks[i]->observer.member(fanout->sinks[i], __VA_ARGS__);  \
	} while (0)

static void on_run(void *context, const struct lp_run *run)
{
	LP_FORWARD(run, run);
}

static void on_loop(void *context, const struct lp_loop_info *loop)
{
	LP_FORWARD(loop, loop);
}

static void on_slow(void *context, const struct lp_slow_callback *slow)
{
	LP_FORWARD(slow, slow);
}

static void on_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	LP_FORWARD(slow_iteration, slow);
}

static void on_finding(void *context, const struct lp_finding *finding)
{
	LP_FORWARD(finding, finding);
}

static void on_process_end(void *context, const struct lp_process_end *end)
{
	LP_FORWARD(process_end, end);
}

static void on_loop_stopped(void *context, const struct lp_loop_stop_report *stop)
{
	LP_FORWARD(loop_stopped, stop);
}

static void on_loop_state(void *context, const struct lp_loop_state *state)
{
	LP_FORWARD(loop_state, state);
}

static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	LP_FORWARD(interval, interval, total);
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	LP_FORWARD(end, total, end);
}

const struct lp_observer fanout_observer = {
	.run = on_run,
	.loop = on_loop,
	.slow = on_slow,
	.slow_iteration = on_slow_iteration,
	.finding = on_finding,
	.process_end = on_process_end,
	.loop_stopped = on_loop_stopped,
	.loop_state = on_loop_state,
	.interval = on_interval,
	.end = on_end,
};

int fanout_open(struct lp_fanout *fanout, const struct lp_format *format, const char *path,
		const struct lp_terminal *terminal, struct lp_error *error)
{
	int err;

	if (fanout->count == LP_FANOUT_SINKS)
		return error_set(error, -E2BIG, "at most %d outputs at once", LP_FANOUT_SINKS);
	err = format->open(path, terminal, &fanout->sinks[fanout->count], error);
	if (!err)
		fanout->count++;
	return err;
}

int fanout_close(struct lp_fanout *fanout)
{
	int first = 0, err;

	while (fanout->count) {
		err = fanout->sinks[fanout->count - 1]->close(fanout->sinks[fanout->count - 1]);
		fanout->count--;
		if (err)
			first = err;
	}
	return first;
}
