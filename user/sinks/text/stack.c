// SPDX-License-Identifier: BSD-2-Clause
#include "stack.h"

#include "base/text.h"
#include "model/own_frames.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 8
/* Runs of so many frames are printed as one line. */
#define IMPORT_RUN 3
#define PACKAGE_RUN 5
/* Without a frame of the program, so many innermost ones are always printed. */
#define FRAMES_LEAST 8
#define NAMES_SHOWN 4
/* Limits of innermost lines that are counted, and of those that are printed. */
#define LINES_MAX 64
#define LINES_SHOWN 5

struct sampled_line {
	const struct lp_shown_frame *frame;
	uint32_t count;
};

static const char *name_of(const struct lp_shown_frame *frame)
{
	return frame->function ? frame->function : "";
}

static bool same_text(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

static bool same_function(const struct lp_shown_frame *one, const struct lp_shown_frame *other)
{
	return one == other || (one->kind == other->kind && same_text(one->file, other->file) &&
				same_text(one->function, other->function));
}

static bool same_line(const struct lp_shown_frame *one, const struct lp_shown_frame *other)
{
	return one == other || (one->line == other->line && same_function(one, other));
}

uint32_t text_stack_fresh(const struct lp_stack *stack, const struct lp_stack *other)
{
	uint32_t common = 0;

	while (common < stack->depth && common < other->depth &&
	       same_line(stack->frames[stack->depth - 1 - common],
			 other->frames[other->depth - 1 - common]))
		common++;
	return stack->depth - common;
}

bool text_stack_has(const struct lp_stack *stack, const struct lp_shown_frame *frame)
{
	uint32_t i;

	for (i = 0; i < stack->depth; i++)
		if (same_function(stack->frames[i], frame))
			return true;
	return false;
}

void text_frame_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_shown_frame *frame, size_t names, size_t space)
{
	char place[LP_TEXT_PLACE_MAX];

	text_frame_place(frame, 2, place, sizeof(place));
	if (names + text_columns(place) > space)
		text_frame_place(frame, 1, place, sizeof(place));
	text_print_end(file, terminal, name_of(frame), names, *place != '\0');
	if (*place) {
		fputs("  ", file);
		text_print_end(file, terminal, place, space - names, false);
	}
	fputc('\n', file);
}

size_t text_frame_widest(const struct lp_shown_frame *frame, size_t widest, size_t space)
{
	size_t columns = text_columns(name_of(frame));

	columns = columns > widest ? columns : widest;
	return columns > space / 2 ? space / 2 : columns;
}

static bool is_package(const struct lp_shown_frame *frame)
{
	return own_frames_has_origin(frame, LP_ORIGIN_PACKAGE);
}

/* Returns the length of the run of frames at first of which is() is true. */
static uint32_t run_length(const struct lp_stack *stack, uint32_t first, uint32_t count,
			   bool (*is)(const struct lp_shown_frame *frame))
{
	uint32_t end = first;

	while (end < count && is(stack->frames[end]))
		end++;
	return end - first;
}

/*
 * Returns how many frames at i are printed as one line: those of imports, and those of packages
 * that called the program; 0: the frame is printed by itself.  own: a frame of the program is
 * further in.
 */
static uint32_t folded_at(const struct lp_terminal *terminal, const struct lp_stack *stack,
			  uint32_t i, uint32_t count, bool own)
{
	uint32_t length = run_length(stack, i, count, own_frames_is_import);

	if (terminal->all_frames)
		return 0;
	if (i && length >= IMPORT_RUN)
		return length;
	length = own || i >= FRAMES_LEAST ? run_length(stack, i, count, is_package) : 0;
	return length >= PACKAGE_RUN ? length : 0;
}

/* Prints "... 23 frames of fastapi, starlette, uvicorn". */
static void print_folded(FILE *file, const struct lp_stack *stack, uint32_t first, uint32_t length)
{
	char names[NAMES_SHOWN][LP_PACKAGE_MAX], name[LP_PACKAGE_MAX];
	uint32_t count = 0, i, at;

	fprintf(file, "%*s... %u frames of ", INDENT, "", length);
	if (own_frames_is_import(stack->frames[first])) {
		fputs("importlib\n", file);
		return;
	}
	for (i = first; i < first + length && count < NAMES_SHOWN; i++) {
		own_frames_package(stack->frames[i]->file, name, sizeof(name));
		for (at = 0; at < count && strcmp(names[at], name) != 0;)
			at++;
		if (at < count)
			continue;
		fprintf(file, "%s%s", count ? ", " : "", name);
		memcpy(names[count++], name, sizeof(name));
	}
	fputs(i < first + length ? " and others\n" : "\n", file);
}

void text_stack_print_frames(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_stack *stack, uint32_t count)
{
	size_t space = terminal->columns - INDENT - 2, widest = 0;
	uint32_t i, folded;
	bool own = false;

	for (i = 0; i < count; i += folded ? folded : 1) {
		folded = folded_at(terminal, stack, i, count, own);
		own = own || own_frames_has_origin(stack->frames[i], LP_ORIGIN_PROGRAM);
		if (!folded)
			widest = text_frame_widest(stack->frames[i], widest, space);
	}
	own = false;
	for (i = 0; i < count; i += folded ? folded : 1) {
		folded = folded_at(terminal, stack, i, count, own);
		own = own || own_frames_has_origin(stack->frames[i], LP_ORIGIN_PROGRAM);
		if (folded) {
			print_folded(file, stack, i, folded);
			continue;
		}
		fprintf(file, "%*s", INDENT, "");
		text_frame_print(file, terminal, stack->frames[i], widest, space);
	}
}

void text_stack_print(FILE *file, const struct lp_terminal *terminal, const struct lp_stack *stack)
{
	text_stack_print_frames(file, terminal, stack, stack->depth);
	if (stack->cut)
		fprintf(file, "%*s... (deeper than %u frames)\n", INDENT, "", stack->depth);
	if (stack->unreadable)
		fprintf(file, "%*s... (the %s could not be read)\n", INDENT, "",
			stack->depth ? "rest" : "stack");
}

static int by_count(const void *left, const void *right)
{
	const struct sampled_line *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->frame->line < b->frame->line ? -1 : a->frame->line > b->frame->line;
}

/* Sums up the samples by innermost line, most frequent first.  Returns the number of lines. */
static size_t count_lines(const struct lp_breakdown *breakdown, struct sampled_line *lines)
{
	size_t i, at, count = 0;

	for (i = 0; i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];

		if (sample->reason != LP_SAMPLE_ON_CPU || !sample->stack.depth)
			continue;
		for (at = 0; at < count; at++)
			if (same_line(lines[at].frame, sample->stack.frames[0]))
				break;
		if (at == LINES_MAX)
			continue;
		if (at == count)
			lines[count++] = (struct sampled_line){ .frame = sample->stack.frames[0] };
		lines[at].count += sample->count;
	}
	qsort(lines, count, sizeof(*lines), by_count);
	return count;
}

void text_stack_print_lines(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_breakdown *breakdown, uint32_t total)
{
	struct sampled_line lines[LINES_MAX] = { 0 };
	size_t i, count = count_lines(breakdown, lines), widest = 0, space;
	uint32_t elsewhere = total;
	int digits;

	if (count < 2)
		return;
	count = count > LINES_SHOWN ? LINES_SHOWN : count;
	digits = snprintf(NULL, 0, "%u", total);
	space = terminal->columns - INDENT - 2 * (size_t)digits - strlen(" of   ") - 2;
	for (i = 0; i < count; i++)
		widest = text_frame_widest(lines[i].frame, widest, space);
	for (i = 0; i < count; i++) {
		fprintf(file, "%*s%*u of %u  ", INDENT, "", digits, lines[i].count, total);
		text_frame_print(file, terminal, lines[i].frame, widest, space);
		elsewhere -= lines[i].count;
	}
	if (elsewhere)
		fprintf(file, "%*s%*u of %u  elsewhere\n", INDENT, "", digits, elsewhere, total);
}
