/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names in a column of a table.  Wide names are shortened, but never so that two rows of
 * different meaning look alike.
 */
#ifndef LP_SINKS_TEXT_LABELS_H
#define LP_SINKS_TEXT_LABELS_H

#include "sinks/sink.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a label as shown; a column takes up to four. */
#define LP_TEXT_LABEL_MAX 1024

struct lp_text_label {
	const char *prefix; /* "recvfrom on ", shown completely or not at all; or "" */
	const char *text; /* the name, of which the end is shown if it is too wide */
	const char *detail; /* "app/db.py:41", shown if labels look alike without it; or "" */
	bool instead; /* the detail replaces the text instead of following it */
	bool twins; /* labels of the same text may look alike: another column differs */
	unsigned int group; /* other columns distinguish labels of different groups */

	char shown[LP_TEXT_LABEL_MAX];
};

/* Sets the shown text of each label, of at most width columns. */
void text_labels_fit(struct lp_text_label *labels, size_t count, size_t width,
		     const struct lp_terminal *terminal);

/*
 * Returns the label of a callback, with its kind as group and its place as detail.  place: buffer
 * of LP_TEXT_PLACE_MAX bytes, to which the label points.
 */
struct lp_text_label text_callback_label(const struct lp_callback_info *callback, char *place);

/* Prints the shown text, padded to width columns. */
void text_label_print(FILE *file, const struct lp_text_label *label, size_t width);

#endif /* LP_SINKS_TEXT_LABELS_H */
