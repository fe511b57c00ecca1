// SPDX-License-Identifier: BSD-2-Clause
#include "loop_kinds.h"

#include "base/macros.h"
#include "base/text.h"

#include <stdio.h>

/* One row for each kind, here because captures are read without an adapter. */
static const struct {
	const char *name;
	const char *files[2]; /* ends of the paths of the files whose frames are the loop's own */
} kinds[LP_LOOP_KINDS] = {
	[LP_LOOP_ASYNCIO] = { "asyncio", { "/asyncio/events.py", "/asyncio/base_events.py" } },
	[LP_LOOP_UVLOOP] = { "uvloop", { NULL } },
};

const char *loop_kind_name(enum lp_loop_kind kind)
{
	return (unsigned int)kind < LP_LOOP_KINDS ? kinds[kind].name : "";
}

void loop_kinds_text(unsigned int bits, const char *default_name, char *text, size_t size)
{
	size_t used = 0;
	int kind;

	snprintf(text, size, "%s", default_name);
	for (kind = 0; kind < LP_LOOP_KINDS && used < size; kind++)
		if (bits >> kind & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s",
						 used ? " and " : "",
						 loop_kind_name((enum lp_loop_kind)kind));
}

bool loop_kinds_own_file(const char *path)
{
	size_t kind, i;

	for (kind = 0; kind < LP_LOOP_KINDS; kind++)
		for (i = 0; i < ARRAY_SIZE(kinds[kind].files) && kinds[kind].files[i]; i++)
			if (text_ends_with(path, kinds[kind].files[i]))
				return true;
	return false;
}
