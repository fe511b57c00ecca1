// SPDX-License-Identifier: BSD-2-Clause
#include "loop_kinds.h"

#include <stdio.h>

#define NAME_ROW(kind, name) [LP_LOOP_##kind] = (name),

static const char *const names[LP_LOOP_KINDS] = { LP_LOOP_KIND_ROWS(NAME_ROW) };

const char *loop_kind_name(enum lp_loop_kind kind)
{
	return (unsigned int)kind < LP_LOOP_KINDS ? names[kind] : "";
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
