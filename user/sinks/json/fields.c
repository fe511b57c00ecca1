// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"

#include "sinks/escape.h"

#include <inttypes.h>

void json_string(FILE *out, const char *text)
{
	escape_json(out, text ? text : "");
}

void json_string_or_null(FILE *out, const char *text)
{
	if (text && *text)
		escape_json(out, text);
	else
		fputs("null", out);
}

uint32_t json_loop_id(const struct lp_loop_info *loop)
{
	return loop ? loop->id : 0;
}

void json_program(FILE *out, const struct lp_loop_info *loop)
{
	fputs(",\"comm\":", out);
	json_string(out, loop->comm);
	fputs(",\"runtime\":", out);
	json_string(out, loop->runtime);
	fputs(",\"runtime_version\":", out);
	json_string(out, loop->version);
	fputs(",\"exe\":", out);
	json_string(out, loop->exe);
	fputs(",\"container\":", out);
	json_string_or_null(out, loop->container);
	fputs(",\"unit\":", out);
	json_string_or_null(out, loop->unit);
	fputs(",\"pod\":", out);
	json_string_or_null(out, loop->pod);
	fputs(",\"host\":", out);
	json_string_or_null(out, loop->host);
}

void json_place(FILE *out, const struct lp_callback_info *callback)
{
	fputs("\"name\":", out);
	json_string(out, callback->name);
	fputs(",\"file\":", out);
	json_string(out, callback->file);
	fprintf(out, ",\"line\":%" PRIu32, callback->line);
}

void json_frame(FILE *out, const struct lp_shown_frame *frame)
{
	static const char *const kinds[LP_FRAME_KINDS] = {
		[LP_FRAME_PYTHON] = "python",
		[LP_FRAME_NATIVE] = "native",
		[LP_FRAME_KERNEL] = "kernel",
	};

	fputs("{\"function\":", out);
	json_string(out, frame->function);
	fputs(",\"file\":", out);
	json_string(out, frame->file);
	fprintf(out, ",\"line\":%" PRIu32 ",\"kind\":\"%s\"}", frame->line, kinds[frame->kind]);
}

void json_frame_or_null(FILE *out, const struct lp_shown_frame *frame)
{
	if (frame)
		json_frame(out, frame);
	else
		fputs("null", out);
}

void json_stack(FILE *out, const char *name, const struct lp_stack *stack)
{
	uint32_t i;

	fprintf(out, "\"%s\":[", name);
	for (i = 0; i < stack->depth; i++) {
		if (i)
			putc(',', out);
		json_frame(out, stack->frames[i]);
	}
	putc(']', out);
	if (stack->cut)
		fprintf(out, ",\"%s_cut\":true", name);
	if (stack->unreadable)
		fprintf(out, ",\"%s_unreadable\":true", name);
}
