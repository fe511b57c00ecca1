// SPDX-License-Identifier: BSD-2-Clause
#include "terminal.h"

#include "base/log.h"
#include "base/text.h"
#include "base/wrap.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Lines are not made narrower than this; a narrower terminal wraps them. */
#define COLUMNS_LEAST 64
/* Width of output that is not a terminal, or whose width is unknown. */
#define COLUMNS_ELSE 80

struct lp_terminal terminal_of_stdout(void)
{
	const char *no_colour = getenv("NO_COLOR");
	struct lp_terminal terminal = { .columns = COLUMNS_ELSE,
					.all_frames = log_level() >= LP_LOG_DETAIL };
	struct winsize size;

	terminal.utf8 = text_locale_is_utf8();
	if (!isatty(STDOUT_FILENO))
		return terminal;
	terminal.colour = !no_colour || !*no_colour;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		terminal.columns = size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
	return terminal;
}

const char *terminal_cut_mark(const struct lp_terminal *terminal)
{
	return terminal->utf8 ? "\xe2\x80\xa6" : "..";
}

void terminal_cut_name(const struct lp_terminal *terminal, const char *name, size_t columns,
		       char *text, size_t size)
{
	wrap_cut_end(text, size, name, columns, terminal_cut_mark(terminal));
}

size_t terminal_make_ascii(const char *text, size_t size, char *to)
{
	return text_make_ascii(text, size, to);
}
