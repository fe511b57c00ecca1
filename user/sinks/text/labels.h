/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names in a column of a table.  Wide names are cut, but no two rows of different
 * meaning are cut to the same.
 */
#ifndef LP_SINKS_TEXT_LABELS_H
#define LP_SINKS_TEXT_LABELS_H

#include "sinks/sink.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a label as shown; a column has at most four. */
#define LP_TEXT_LABEL_MAX 1024

struct lp_text_label {
	const char *prefix; /* shown whole where there is room, "recvfrom on "; "" if none */
	const char *text; /* its end is shown */
	const char *detail; /* distinguishes labels of the same text, "app/db.py:41"; or "" */
	bool instead; /* the detail is shown in place of the text, not behind it */
	bool twins; /* of the same text: they may look alike, since another column distinguishes
		       them */
	unsigned int group; /* the other columns distinguish labels of different groups */

	char shown[LP_TEXT_LABEL_MAX];
};

/* Fills in the shown text of each label, so many columns at most. */
void text_labels_fit(struct lp_text_label *labels, size_t count, size_t width,
		     const struct lp_terminal *terminal);

/*
 * The label of a callback, distinguished by its kind and its place, for which there are
 * LP_TEXT_PLACE_MAX bytes.
 */
struct lp_text_label text_callback_label(const struct lp_callback_info *callback, char *place);

/* Prints it, padded to the width. */
void text_label_print(FILE *file, const struct lp_text_label *label, size_t width);

#endif /* LP_SINKS_TEXT_LABELS_H */
