// SPDX-License-Identifier: BSD-2-Clause
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum lp_log_level current_level = LP_LOG_NOTE;
static bool (*wait_for)(int descriptor); /* NULL: writes may block */

void log_set_level(enum lp_log_level level)
{
	current_level = level;
}

void log_set_wait(bool (*wait)(int descriptor))
{
	wait_for = wait;
}

enum lp_log_level log_level(void)
{
	return current_level;
}

static void say(enum lp_log_level level, const char *kind, const char *format, va_list arguments)
{
	if (level > current_level || (wait_for && !wait_for(STDERR_FILENO)))
		return;
	fprintf(stderr, "loopprof: %s", kind);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

#define LP_LOG_FUNCTION(name, level, kind)                                                         \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		va_start(arguments, format);                                                       \
		say(level, kind, format, arguments);                                               \
		va_end(arguments);                                                                 \
	}

LP_LOG_FUNCTION(log_error, LP_LOG_ERROR, "error: ")
LP_LOG_FUNCTION(log_warning, LP_LOG_WARNING, "warning: ")
LP_LOG_FUNCTION(log_note, LP_LOG_NOTE, "")
LP_LOG_FUNCTION(log_detail, LP_LOG_DETAIL, "")
