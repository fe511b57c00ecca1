// SPDX-License-Identifier: BSD-2-Clause
#include "error.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A sentence quotes names of files, processes and arguments: it is sanitised as a whole. If a name
 * is too long, its middle is left out rather than the end of the sentence.
 */
static void set_text(struct lp_error *error, const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0) {
		text_copy(error->text, sizeof(error->text), "out of memory");
		return;
	}
	text_fit(error->text, sizeof(error->text), text);
	free(text);
}

int error_set(struct lp_error *error, int code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	va_start(arguments, format);
	set_text(error, format, arguments);
	va_end(arguments);
	return code;
}

void error_prefix(struct lp_error *error, const char *format, ...)
{
	struct lp_error prefix, both;
	va_list arguments;

	va_start(arguments, format);
	set_text(&prefix, format, arguments);
	va_end(arguments);
	error_set(&both, error->code, "%s%s", prefix.text, error->text);
	memcpy(error->text, both.text, sizeof(error->text));
}
