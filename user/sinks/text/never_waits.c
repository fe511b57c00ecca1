// SPDX-License-Identifier: BSD-2-Clause
#include "never_waits.h"

#include "base/text.h"
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number of callbacks that are named. */
#define NAMED_MAX 3
/* A callback runs in each iteration if it has so many hundredths of their number of runs. */
#define EACH_PERCENT 90

/* Appends to a text, of which the end is left out if it is too long. */
#define APPEND(text, ...)                                                                          \
	do {                                                                                       \
		size_t used_ = strlen(text);                                                       \
		snprintf((text) + used_, sizeof(text) - used_, __VA_ARGS__);                       \
	} while (0)

static uint64_t a_second(const struct lp_loop_summary *loop, uint64_t count)
{
	return (uint64_t)((double)count * 1e9 / (double)loop->wall_ns);
}

/* Returns whether a callback ran about as often as the loop polled, or more often. */
static bool is_in_each(const struct lp_loop_summary *loop, const struct lp_callback_summary *item)
{
	return (double)histogram_count(&item->run) * 100 >= (double)loop->iterations * EACH_PERCENT;
}

void text_never_waits_print(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_loop_summary *loop, bool sampled)
{
	char text[NAMED_MAX * (LP_NAME_MAX + 256) + 256];
	const char *before = "; in each iteration: ";
	size_t i, named = 0;

	if (!loop_never_waits(loop))
		return;
	snprintf(text, sizeof(text),
		 "always busy: %" PRIu64 " iterations/s, each poll returns at once",
		 a_second(loop, loop->iterations));
	for (i = 0; !sampled && i < loop->callback_count && named < NAMED_MAX; i++) {
		const struct lp_callback_info *callback = loop->items[i].callback;

		if (!is_in_each(loop, &loop->items[i]))
			continue;
		APPEND(text, "%s%s", before, callback->name);
		if (callback->file[0])
			APPEND(text, " (%.100s:%u)", text_path_end(callback->file, 2),
			       callback->line);
		APPEND(text, ", %" PRIu64 "/s",
		       a_second(loop, histogram_count(&loop->items[i].run)));
		before = "; ";
		named++;
	}
	text_print_wrapped(file, terminal, 0, 0, text);
	fputc('\n', file);
}
