// SPDX-License-Identifier: BSD-2-Clause
#include "never_waits.h"

#include "model/own_frames.h"
#include "base/text.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

/* The number of callbacks that are named. */
#define NAMED_MAX 3
/* A callback runs in each iteration if it has so many hundredths of their number of runs. */
#define EACH_PERCENT 90

/* Returns whether a callback ran about as often as the loop polled, or more often. */
static bool is_in_each(const struct lp_loop_summary *loop, const struct lp_callback_summary *item)
{
	return loop->iterations &&
	       (double)histogram_count(&item->run) * 100 >= (double)loop->iterations * EACH_PERCENT;
}

/* Returns the callback that samples have shown most often; NULL: none. */
static const struct lp_callback_summary *most_sampled(const struct lp_loop_summary *loop)
{
	const struct lp_callback_summary *most = NULL;
	size_t i;

	for (i = 0; i < loop->callback_count; i++)
		if (!most || histogram_count(&loop->items[i].run) > histogram_count(&most->run))
			most = &loop->items[i];
	return most;
}

static void append_callback(char *text, size_t size, const struct lp_callback_info *callback)
{
	size_t used = strlen(text);

	if (callback->file[0])
		snprintf(text + used, size - used, "%s (%.100s:%u)", callback->name,
			 text_path_end(callback->file, own_frames_parts(callback->file)),
			 callback->line);
	else
		snprintf(text + used, size - used, "%s", callback->name);
}

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

static void append_callbacks(char *text, size_t size, const struct lp_loop_summary *loop,
			     double iterations_a_second)
{
	const char *before = "; in each iteration: ";
	size_t i, named = 0;

	for (i = 0; i < loop->callback_count && named < NAMED_MAX; i++) {
		char rate[32];
		double runs;

		if (!is_in_each(loop, &loop->items[i]))
			continue;
		append(text, size, before);
		append_callback(text, size, loop->items[i].callback);
		/* its runs within that time are not known: those of an average iteration count */
		runs = (double)histogram_count(&loop->items[i].run) / (double)loop->iterations;
		snprintf(rate, sizeof(rate), ", %.0f/s", runs * iterations_a_second);
		append(text, size, rate);
		before = "; ";
		named++;
	}
}

void text_never_waits_print(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_loop_summary *loop, bool sampled)
{
	char text[NAMED_MAX * (LP_NAME_MAX + 256) + 512];
	const struct lp_callback_summary *most = sampled ? most_sampled(loop) : NULL;
	struct lp_awake_rate rate = loop_awake_rate(loop);
	char lasted[48] = "", time[32];

	if (!loop_never_waits(loop))
		return;
	if (!rate.whole) {
		text_duration(time, sizeof(time), rate.ns);
		snprintf(lasted, sizeof(lasted), " for %s", time);
	}
	if (loop->waited_only)
		snprintf(text, sizeof(text), "always busy%s: each poll returned at once", lasted);
	else
		snprintf(text, sizeof(text),
			 "always busy%s: %.0f iterations/s, each poll %s at once", lasted,
			 rate.iterations_a_second, rate.whole ? "returns" : "returned");
	if (loop->awake && *loop->awake) {
		append(text, sizeof(text), " with ");
		append(text, sizeof(text), loop->awake);
	}
	if (!sampled)
		append_callbacks(text, sizeof(text), loop, rate.iterations_a_second);
	if (most) {
		append(text, sizeof(text), "; most samples show ");
		append_callback(text, sizeof(text), most->callback);
	}
	text_print_wrapped(file, terminal, 0, 0, text);
	fputc('\n', file);
}
