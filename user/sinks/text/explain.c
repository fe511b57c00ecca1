// SPDX-License-Identifier: BSD-2-Clause
#include "explain.h"

#include "model/finding_kinds.h"
#include "print.h"

#define INDENT 4
/* Widest lines of prose, for readability. */
#define COLUMNS_MOST 100

static void print_part(FILE *file, const struct lp_terminal *terminal, const char *label,
		       const char *text)
{
	int columns = fprintf(file, "%*s%s", INDENT, "", label);

	text_print_wrapped(file, terminal, (size_t)columns, INDENT, text);
}

void text_explain_print(FILE *file, const struct lp_terminal *terminal, enum lp_finding_kind kind)
{
	const struct lp_finding_row *row = finding_row(kind);
	struct lp_terminal page = *terminal;

	if (page.columns > COLUMNS_MOST)
		page.columns = COLUMNS_MOST;
	fprintf(file, "%s%s%s (%s)%s%s\n", terminal->colour ? "\033[1m" : "", row->title,
		terminal->colour ? "\033[0m" : "", row->name,
		row->option || row->cost ? ", only with " : "",
		row->option ? row->option
		: row->cost ? "--find"
			    : "");
	text_print_wrapped(file, &page, 0, INDENT, row->meaning);
	print_part(file, &page, "Why it is easily missed:", row->silence);
	print_part(file, &page, "What to do:", row->remedy);
}
