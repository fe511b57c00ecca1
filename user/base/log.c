// SPDX-License-Identifier: BSD-2-Clause
#include "log.h"

#include "clocks.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a line with its terminator: the longest path, and a sentence around it. */
#define LINE_BYTES 5000
/* The limit of warnings about single processes: this many at once, and one in each period in ns. */
#define PROCESS_WARNINGS 20
#define PROCESS_WARNING_NS (30 * NS_PER_S)

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

/*
 * The only function that writes to stderr. Messages quote names from outside, so that the line is
 * sanitised as a whole: no name can move the cursor or begin a line of its own, nor in the
 * journal. A line is one write, so that lines of several programs do not mix.
 */
static void write_line(const char *before, char *text)
{
	char line[LINE_BYTES];
	size_t length;

	if (wait_for && !wait_for(STDERR_FILENO))
		return;
	snprintf(line, sizeof(line), "loopprof: %s", before);
	length = strlen(line);
	/* one byte for the end of the line */
	text_fit(line + length, sizeof(line) - length - 1, text);
	length = strlen(line);
	if (!text_locale_is_utf8())
		length = text_make_ascii(line, length, line);
	line[length++] = '\n';
	fwrite(line, 1, length, stderr);
}

static void say(const char *kind, const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return;
	write_line(kind, text);
	free(text);
}

#define LP_LOG_FUNCTION(name, level, kind)                                                         \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		if ((level) > current_level)                                                       \
			return;                                                                    \
		va_start(arguments, format);                                                       \
		say(kind, format, arguments);                                                      \
		va_end(arguments);                                                                 \
	}

LP_LOG_FUNCTION(log_error, LP_LOG_ERROR, "error: ")
LP_LOG_FUNCTION(log_warning, LP_LOG_WARNING, "warning: ")
LP_LOG_FUNCTION(log_note, LP_LOG_NOTE, "")
LP_LOG_FUNCTION(log_detail, LP_LOG_DETAIL, "")

/* Returns whether the rate of warnings about single processes is within its limit. */
static bool may_warn_of_process(void)
{
	static unsigned int left = PROCESS_WARNINGS;
	static uint64_t since_ns;
	uint64_t now = clock_now(), more;

	if (left == PROCESS_WARNINGS)
		since_ns = now;
	more = (now - since_ns) / PROCESS_WARNING_NS;
	since_ns += more * PROCESS_WARNING_NS;
	left = (unsigned int)min_u64(left + more, PROCESS_WARNINGS);
	if (!left)
		return false;
	left--;
	return true;
}

void log_process(const char *format, ...)
{
	static bool reported;
	va_list arguments;

	if (current_level < LP_LOG_WARNING)
		return;
	if (current_level < LP_LOG_DETAIL && !may_warn_of_process()) {
		if (!reported)
			log_warning(
				"there are too many warnings about single processes: the rest of them is left out, -v prints all");
		reported = true;
		return;
	}
	va_start(arguments, format);
	say("warning: ", format, arguments);
	va_end(arguments);
}

void log_usage(const char *format, ...)
{
	char *text = NULL, *sentence = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text && asprintf(&sentence, "%s; see `loopprof --help`", text) >= 0) {
		write_line("", sentence);
		free(sentence);
	}
	free(text);
}

void log_library(const char *format, va_list arguments)
{
	char *text = NULL, *rest, *line;

	if (vasprintf(&text, format, arguments) < 0)
		return;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line)
			write_line("", line);
	free(text);
}
