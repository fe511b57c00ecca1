// SPDX-License-Identifier: BSD-2-Clause
#include "labels.h"

#include "base/text.h"
#include "print.h"
#include "sinks/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MOST (LP_TEXT_LABEL_MAX / 4 - 1)
/* Least columns of a text behind its prefix; with less the prefix is omitted. */
#define TEXT_LEAST 7

/* Ways to shorten a label, from the most readable one to the one that is always unique. */
enum label_level {
	LEVEL_END, /* the end of the text */
	LEVEL_BOTH_ENDS,
	LEVEL_LAST_NAME, /* both ends of the last part of a qualified name */
	LEVEL_DETAIL, /* the end of text and detail */
	LEVEL_DETAIL_BOTH_ENDS,
	LEVEL_NUMBER, /* with the number of the row */
};

static void append(char *shown, const char *text, size_t bytes)
{
	size_t at = strlen(shown);

	if (bytes > LP_TEXT_LABEL_MAX - 1 - at)
		bytes = LP_TEXT_LABEL_MAX - 1 - at;
	memcpy(shown + at, text, bytes);
	shown[at + bytes] = '\0';
}

/* Appends at most width columns of a text: its end, or its beginning and its end. */
static void append_cut(char *shown, const struct lp_terminal *terminal, const char *text,
		       size_t width, bool both_ends)
{
	const char *mark = terminal_cut_mark(terminal);
	size_t marks = text_columns(mark), head, left;

	if (text_columns(text) <= width) {
		append(shown, text, strlen(text));
		return;
	}
	left = width > marks ? width - marks : 0;
	head = both_ends ? left / 2 : 0;
	append(shown, text, text_head_bytes(text, strlen(text), head));
	append(shown, mark, strlen(mark));
	text = text_tail(text, left - head);
	append(shown, text, strlen(text));
}

static void show(struct lp_text_label *label, enum label_level level, size_t number, size_t width,
		 const struct lp_terminal *terminal)
{
	bool both_ends = level == LEVEL_BOTH_ENDS || level == LEVEL_LAST_NAME ||
			 level == LEVEL_DETAIL_BOTH_ENDS;
	const char *dot = level == LEVEL_LAST_NAME ? strrchr(label->text, '.') : NULL;
	char whole[LP_TEXT_LABEL_MAX], mark[24] = "";
	size_t prefix = text_columns(label->prefix);
	bool detail = level >= LEVEL_DETAIL && *label->detail;

	if (level == LEVEL_NUMBER)
		snprintf(mark, sizeof(mark), " #%zu", number);
	width = width > strlen(mark) ? width - strlen(mark) : 0;
	snprintf(whole, sizeof(whole), "%s%s%s",
		 detail && label->instead ? ""
		 : dot			  ? dot + 1
					  : label->text,
		 detail && !label->instead ? " " : "", detail ? label->detail : "");
	label->shown[0] = '\0';
	if (width >= prefix + TEXT_LEAST || prefix + text_columns(whole) <= width) {
		append(label->shown, label->prefix, strlen(label->prefix));
		width -= prefix;
	}
	append_cut(label->shown, terminal, whole, width, both_ends);
	append(label->shown, mark, strlen(mark));
}

static bool look_alike(const struct lp_text_label *one, const struct lp_text_label *other)
{
	if (one->group != other->group || strcmp(one->shown, other->shown) != 0)
		return false;
	return !one->twins || strcmp(one->text, other->text) != 0 ||
	       strcmp(one->prefix, other->prefix) != 0;
}

void text_labels_fit(struct lp_text_label *labels, size_t count, size_t width,
		     const struct lp_terminal *terminal)
{
	uint8_t *levels = calloc(count ? count : 1, sizeof(*levels));
	bool alike = true;
	size_t i, j, pass;

	width = width < WIDTH_MOST ? width : WIDTH_MOST;
	for (i = 0; i < count; i++)
		show(&labels[i], LEVEL_END, i + 1, width, terminal);
	for (pass = 0; levels && alike && pass < LEVEL_NUMBER; pass++) {
		alike = false;
		for (i = 0; i < count; i++)
			for (j = 0; j < count; j++)
				if (i != j && look_alike(&labels[i], &labels[j]))
					levels[i] = (uint8_t)(pass + 1);
		for (i = 0; i < count; i++) {
			if (levels[i] != pass + 1)
				continue;
			alike = true;
			show(&labels[i], (enum label_level)levels[i], i + 1, width, terminal);
		}
	}
	free(levels);
}

struct lp_text_label text_callback_label(const struct lp_callback_info *callback, char *place)
{
	const struct lp_shown_frame frame = { .kind = LP_FRAME_PYTHON,
					      .line = callback->line,
					      .file = (char *)callback->file };

	*place = '\0';
	if (callback->file[0])
		text_frame_place(&frame, 2, place, LP_TEXT_PLACE_MAX);
	return (struct lp_text_label){
		.prefix = "", .text = callback->name, .detail = place, .group = callback->kind
	};
}

void text_label_print(FILE *file, const struct lp_text_label *label, size_t width)
{
	size_t columns = text_columns(label->shown);

	fprintf(file, "%s%*s", label->shown, columns < width ? (int)(width - columns) : 0, "");
}
