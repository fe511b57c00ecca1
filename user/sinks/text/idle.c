// SPDX-License-Identifier: BSD-2-Clause
#include "idle.h"

#include "base/text.h"
#include "print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define TEXT_MAX (LP_WAITED_FOR_BYTES + 256)

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t *length,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*length = text_append(text, TEXT_MAX, *length, format, arguments);
	va_end(arguments);
}

static void add_tasks(char *text, size_t *length, const struct lp_waiting_tasks *tasks, bool live)
{
	const char *verb = !live ? "waited" : tasks->waiting == 1 ? "waits" : "wait";

	add(text, length, "%" PRIu32 " task%s %s", tasks->waiting, text_plural(tasks->waiting),
	    verb);
	if (!live)
		add(text, length, " at the end");
	if (tasks->most == tasks->waiting)
		add(text, length, " for %s", tasks->waited_for);
	else if (tasks->most)
		add(text, length, ", %" PRIu32 " of them for %s", tasks->most, tasks->waited_for);
	if (tasks->deadlocked)
		add(text, length, ", %" PRIu32 " in a deadlock", tasks->deadlocked);
}

void text_idle_print(FILE *file, const struct lp_terminal *terminal, const char *before,
		     const struct lp_loop_summary *loop, bool live)
{
	char text[TEXT_MAX], command[64];
	size_t length = 0;

	if (!loop->tasks) {
		fprintf(file, "%s\n", before);
		return;
	}
	add(text, &length, "%s%s", before, *before ? "; " : "");
	add_tasks(text, &length, loop->tasks, live);
	if (!live) {
		text_print_wrapped(file, terminal, 0, 0, text);
		return;
	}
	add(text, &length, ":");
	snprintf(command, sizeof(command), "loopprof tasks -p %d", loop->loop->pid);
	/* the command is not cut in two */
	if (text_columns(text) + 1 + strlen(command) <= terminal->columns) {
		fprintf(file, "%s %s\n", text, command);
		return;
	}
	text_print_wrapped(file, terminal, 0, 0, text);
	fprintf(file, "    %s\n", command);
}
