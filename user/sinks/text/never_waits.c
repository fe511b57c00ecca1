// SPDX-License-Identifier: BSD-2-Clause
#include "never_waits.h"

#include "model/own_frames.h"
#include "base/text.h"
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number of callbacks that are named. */
#define NAMED_MAX 3
/* A callback runs in each iteration if it has so many hundredths of their number of runs. */
#define EACH_PERCENT 90

static uint64_t a_second(const struct lp_loop_summary *loop, uint64_t count)
{
	return (uint64_t)((double)count * 1e9 / (double)loop->wall_ns);
}

/* Returns whether a callback ran about as often as the loop polled, or more often. */
static bool is_in_each(const struct lp_loop_summary *loop, const struct lp_callback_summary *item)
{
	return (double)histogram_count(&item->run) * 100 >= (double)loop->iterations * EACH_PERCENT;
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

static void append_callbacks(char *text, size_t size, const struct lp_loop_summary *loop)
{
	const char *before = "; in each iteration: ";
	size_t i, named = 0;

	for (i = 0; i < loop->callback_count && named < NAMED_MAX; i++) {
		char rate[32];

		if (!is_in_each(loop, &loop->items[i]))
			continue;
		append(text, size, before);
		append_callback(text, size, loop->items[i].callback);
		snprintf(rate, sizeof(rate), ", %" PRIu64 "/s",
			 a_second(loop, histogram_count(&loop->items[i].run)));
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

	if (!loop_never_waits(loop))
		return;
	snprintf(text, sizeof(text),
		 "always busy: %" PRIu64 " iterations/s, each poll returns at once",
		 a_second(loop, loop->iterations));
	if (loop->awake && *loop->awake) {
		append(text, sizeof(text), " with ");
		append(text, sizeof(text), loop->awake);
	}
	if (!sampled)
		append_callbacks(text, sizeof(text), loop);
	if (most) {
		append(text, sizeof(text), "; most samples show ");
		append_callback(text, sizeof(text), most->callback);
	}
	text_print_wrapped(file, terminal, 0, 0, text);
	fputc('\n', file);
}
