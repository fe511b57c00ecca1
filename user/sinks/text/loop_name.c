// SPDX-License-Identifier: BSD-2-Clause
#include "loop_name.h"

#include "base/text.h"
#include "print.h"

#include <string.h>

#define INDENT 4

void text_loop_name(char *text, size_t size, const struct lp_loop_info *loop, bool hosts)
{
	const char *on = hosts && loop->host[0] && strcmp(loop->comm, loop->host) != 0 ? " on "
										       : "";

	if (loop->folded)
		snprintf(text, size, "%s%s%s", loop->comm, on, *on ? loop->host : "");
	else
		snprintf(text, size, "loop %u, %s pid %d thread %d%s%s", loop->id, loop->comm,
			 loop->pid, loop->tid, on, *on ? loop->host : "");
}

void text_loops_add(struct lp_text_loops *loops, const struct lp_loop_info *loop)
{
	if (!loops->count++)
		text_copy(loops->host, sizeof(loops->host), loop->host);
	else if (loop->host[0] && strcmp(loops->host, loop->host) != 0)
		loops->hosts = true;
}

void text_loop_name_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_text_loops *loops, const struct lp_loop_info *loop,
			  pid_t pid)
{
	char name[LP_LOOP_NAME_BYTES], text[LP_LOOP_NAME_BYTES + 8];

	if (loops->count < 2)
		return;
	if (loop)
		text_loop_name(name, sizeof(name), loop, loops->hosts);
	else
		snprintf(name, sizeof(name), "pid %d", pid);
	snprintf(text, sizeof(text), "in %s", name);
	text_print_wrapped(file, terminal, 0, INDENT, text);
}
