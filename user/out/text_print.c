// SPDX-License-Identifier: BSD-2-Clause
#include "text_print.h"

#include "../text.h"

#include <string.h>

/* A call's target is cut down to this before the call's own name is. */
#define TARGET_LEAST 8

void text_print_end(FILE *file, const struct lp_look *look, const char *text, size_t width,
		    bool pad)
{
	size_t mark_columns = look->utf8 ? 1 : 2, columns = text_columns(text);

	if (columns <= width) {
		fprintf(file, "%s%*s", text, pad ? (int)(width - columns) : 0, "");
		return;
	}
	while (columns + mark_columns > width && *text) {
		text++;
		while ((*text & 0xc0) == 0x80)
			text++;
		columns--;
	}
	fprintf(file, "%s%s", look->utf8 ? "\xe2\x80\xa6" : "..", text);
}

void text_print_time(FILE *file, uint64_t ns, int width)
{
	char text[32];

	text_duration(text, sizeof(text), ns);
	fprintf(file, "%*s", width, text);
}

void text_print_call(FILE *file, const struct lp_look *look, const char *syscall,
		     const char *target, size_t width, bool pad)
{
	char whole[LP_SYSCALL_NAME_MAX + LP_RESOURCE_TEXT_MAX + 8];
	size_t before = text_columns(syscall) + strlen(" on ");

	if (*target && width >= before + TARGET_LEAST) {
		fprintf(file, "%s on ", syscall);
		text_print_end(file, look, target, width - before, pad);
		return;
	}
	snprintf(whole, sizeof(whole), "%s%s%s", syscall, *target ? " on " : "", target);
	text_print_end(file, look, whole, width, pad);
}

void text_frame_place(const struct lp_shown_frame *frame, unsigned int parts, char *place,
		      size_t size)
{
	static const char *const marks[LP_FRAME_KINDS] = {
		[LP_FRAME_PYTHON] = "",
		[LP_FRAME_NATIVE] = "[C]",
		[LP_FRAME_KERNEL] = "[k]",
	};
	const char *mark = marks[frame->kind];
	char file[LP_TEXT_PLACE_MAX - 32], line[16] = "";

	/* an object file goes by its base name: its directory tells nothing */
	text_copy(file, sizeof(file),
		  text_path_end(frame->file ? frame->file : "",
				frame->kind == LP_FRAME_PYTHON ? parts : 1));
	if (frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	snprintf(place, size, "%s%s%s%s", file, line, *file && *mark ? " " : "", mark);
}
