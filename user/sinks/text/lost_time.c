// SPDX-License-Identifier: BSD-2-Clause
#include "lost_time.h"

#include "base/text.h"
#include "base/macros.h"
#include "labels.h"
#include "print.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "where the loop's time went"
#define HELD_BY "held by '"
#define ROWS_MAX 20
#define INDENT 4
#define GAP 2
#define TIME_COLUMNS 7
/* The part of the busy time, in one of so many, from which on the rest has a row of its own. */
#define REST_PARTS 100
#define REST "the rest, below the threshold"
/* Narrowest columns, so that tables align. */
#define NAME_LEAST 30
#define PLACE_LEAST 16

struct lost_time_columns {
	size_t name, place, times, kind;
};

static const char *const kinds[LP_CAUSE_KINDS] = {
	[LP_CAUSE_ON_CPU] = "on CPU",	    [LP_CAUSE_BLOCKED] = "blocked", [LP_CAUSE_GIL] = "GIL",
	[LP_CAUSE_RUN_QUEUE] = "run queue", [LP_CAUSE_GC] = "GC",
};

const char *text_cause_name(enum lp_cause_kind kind, const char *syscall, const char *function)
{
	switch (kind) {
	case LP_CAUSE_BLOCKED:
		return syscall;
	case LP_CAUSE_GIL:
		return "waiting for the GIL";
	case LP_CAUSE_RUN_QUEUE:
		return "waiting for a CPU";
	case LP_CAUSE_GC:
		return "collecting garbage";
	default:
		return function && *function ? function : "computing";
	}
}

/* The same; for a blocking call the system call without its target. */
static const char *name_of(const struct lp_cause *cause)
{
	return text_cause_name(cause->kind, cause->syscall,
			       cause->frame ? cause->frame->function : NULL);
}

static const char *target_of(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_BLOCKED ? cause->target : "";
}

static bool has_holder(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_GIL && cause->held_by[0];
}

/* Returns the parts of the path in a row: a package's own file has the same name in all packages. */
static unsigned int row_parts(const struct lp_shown_frame *frame)
{
	const char *name = text_path_end(frame->file ? frame->file : "", 1);

	return !strcmp(name, "__init__.py") || !strcmp(name, "__main__.py") ? 2 : 1;
}

static void place_of(const struct lp_cause *cause, char *place, size_t size)
{
	*place = '\0';
	if (has_holder(cause))
		snprintf(place, size, HELD_BY "%s'", cause->held_by);
	else if (cause->frame)
		text_frame_place(cause->frame, row_parts(cause->frame), place, size);
}

/* Reduces columns that are too wide: places to two fifths of the space, names to the rest. */
static void share_space(struct lost_time_columns *columns, size_t space)
{
	size_t left = space - min_u64(columns->name, space);

	columns->place = min_u64(columns->place, max_u64(left, space * 2 / 5));
	columns->name = min_u64(columns->name, space - columns->place);
}

static struct lost_time_columns measure(const struct lp_terminal *terminal,
					const struct lp_cause *causes, size_t count)
{
	struct lost_time_columns columns = { NAME_LEAST, PLACE_LEAST, strlen("times"), 0 };
	char place[LP_TEXT_PLACE_MAX];
	size_t i, space;

	for (i = 0; i < count; i++) {
		const struct lp_cause *cause = &causes[i];
		const char *target = target_of(cause);
		size_t name = text_columns(name_of(cause));

		if (*target)
			name += strlen(" on ") + text_columns(target);
		place_of(cause, place, sizeof(place));
		columns.name = max_u64(columns.name, name);
		columns.place = max_u64(columns.place, text_columns(place));
		columns.times =
			max_u64(columns.times, (size_t)snprintf(NULL, 0, "%" PRIu64, cause->count));
		columns.kind = max_u64(columns.kind, strlen(kinds[cause->kind]));
	}
	space = terminal->columns - INDENT - 4 * GAP - TIME_COLUMNS - columns.times - columns.kind;
	share_space(&columns, space);
	return columns;
}

/*
 * Merges the waits for one holder of the GIL into one row: the table has no column for the line of
 * the holder, so that the rows would look alike.  Returns the new number of causes.
 */
static size_t merge_holders(struct lp_cause *causes, size_t count)
{
	size_t i, j, merged = 0;

	for (i = 0; i < count; i++) {
		for (j = 0; j < merged; j++)
			if (has_holder(&causes[i]) && has_holder(&causes[j]) &&
			    !strcmp(causes[i].held_by, causes[j].held_by))
				break;
		if (j == merged) {
			causes[merged++] = causes[i];
			continue;
		}
		causes[j].count += causes[i].count;
		causes[j].total_ns += causes[i].total_ns;
	}
	return merged;
}

static int by_total(const void *left, const void *right)
{
	const struct lp_cause *a = left, *b = right;

	return a->total_ns < b->total_ns ? 1 : a->total_ns > b->total_ns ? -1 : 0;
}

/*
 * Returns the group of a row's label: the first row with the same kind and the same label in the
 * other column, which only this column can distinguish.
 */
static unsigned int group_of(const struct lp_cause *causes, const struct lp_text_label *others,
			     size_t row)
{
	size_t i;

	for (i = 0; i < row; i++)
		if (causes[i].kind == causes[row].kind &&
		    !strcmp(others[i].shown[0] ? others[i].shown : others[i].text,
			    others[row].shown[0] ? others[row].shown : others[row].text))
			break;
	return (unsigned int)i;
}

static void name_label(const struct lp_cause *cause, char *before, size_t size,
		       struct lp_text_label *label)
{
	const char *target = target_of(cause);

	*before = '\0';
	if (*target)
		snprintf(before, size, "%s on ", name_of(cause));
	*label = (struct lp_text_label){ .prefix = before,
					 .text = *target ? target : name_of(cause),
					 .detail = "",
					 .twins = true };
}

/* place and whole are buffers of LP_TEXT_PLACE_MAX bytes, to which the label points. */
static void place_label(const struct lp_cause *cause, char *place, char *whole,
			struct lp_text_label *label)
{
	bool holder = has_holder(cause);

	*whole = '\0';
	place_of(cause, place, LP_TEXT_PLACE_MAX);
	if (!holder && cause->frame)
		text_frame_place(cause->frame, UINT_MAX, whole, LP_TEXT_PLACE_MAX);
	*label = (struct lp_text_label){ .prefix = holder ? HELD_BY : "",
					 .text = holder ? place + strlen(HELD_BY) : place,
					 .detail = whole,
					 .instead = true };
}

static void print_row(FILE *file, const struct lost_time_columns *columns,
		      const struct lp_cause *cause, const struct lp_text_label *name,
		      const struct lp_text_label *place)
{
	fprintf(file, "%*s", INDENT, "");
	text_label_print(file, name, columns->name);
	fprintf(file, "%*s", GAP, "");
	text_label_print(file, place, columns->place);
	fprintf(file, "%*s", GAP, "");
	text_print_time(file, cause->total_ns, TIME_COLUMNS);
	fprintf(file, "%*s%*" PRIu64 "%*s%s\n", GAP, "", (int)columns->times, cause->count, GAP, "",
		kinds[cause->kind]);
}

static void print_rows(FILE *file, const struct lp_terminal *terminal,
		       const struct lost_time_columns *columns, const struct lp_cause *causes,
		       size_t count)
{
	char places[ROWS_MAX][LP_TEXT_PLACE_MAX], wholes[ROWS_MAX][LP_TEXT_PLACE_MAX];
	char before[ROWS_MAX][LP_SYSCALL_NAME_MAX + 8];
	struct lp_text_label name[ROWS_MAX], place[ROWS_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		name_label(&causes[i], before[i], sizeof(before[i]), &name[i]);
		place_label(&causes[i], places[i], wholes[i], &place[i]);
	}
	for (i = 0; i < count; i++)
		name[i].group = group_of(causes, place, i);
	text_labels_fit(name, count, columns->name, terminal);
	for (i = 0; i < count; i++)
		place[i].group = group_of(causes, name, i);
	text_labels_fit(place, count, columns->place, terminal);
	for (i = 0; i < count; i++)
		print_row(file, columns, &causes[i], &name[i], &place[i]);
}

/*
 * Returns the busy time that no cause accounts for, in ns.  Waits are counted however short they
 * were, so that it was spent on the CPU: by what was not late, as only late segments are sampled.
 */
static uint64_t rest_of(const struct lp_loop_summary *loop)
{
	uint64_t rest = loop->busy_ns;
	size_t i;

	for (i = 0; i < loop->cause_count; i++)
		rest = saturating_sub(rest, loop->causes[i].total_ns);
	return rest && rest >= loop->busy_ns / REST_PARTS ? rest : 0;
}

static void print_rest(FILE *file, const struct lost_time_columns *columns, uint64_t rest_ns)
{
	fprintf(file, "%*s%-*s%*s", INDENT, "", (int)(columns->name + GAP + columns->place), REST,
		GAP, "");
	text_print_time(file, rest_ns, TIME_COLUMNS);
	fprintf(file, "%*s%*s%*s%s\n", GAP, "", (int)columns->times, "", GAP, "",
		kinds[LP_CAUSE_ON_CPU]);
}

void text_lost_time_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop)
{
	size_t all = loop->cause_count, count;
	uint64_t rest_ns = rest_of(loop);
	struct lp_cause *causes;
	struct lost_time_columns columns;

	if (!all && !(rest_ns && loop_never_waits(loop)))
		return;
	causes = calloc(all + 1, sizeof(*causes));
	if (!causes)
		return;
	if (all)
		memcpy(causes, loop->causes, all * sizeof(*causes));
	all = merge_holders(causes, all);
	qsort(causes, all, sizeof(*causes), by_total);
	count = min_u64(all, ROWS_MAX);
	columns = measure(terminal, causes, count);
	fprintf(file, "%-*s%*s%*s%*s\n", (int)(INDENT + columns.name + columns.place + 2 * GAP),
		TITLE, TIME_COLUMNS, "time", GAP, "", (int)columns.times, "times");
	print_rows(file, terminal, &columns, causes, count);
	if (all > count)
		fprintf(file, "%*sand %zu more that took less time in all (-j has them)\n", INDENT,
			"", all - count);
	if (rest_ns)
		print_rest(file, &columns, rest_ns);
	fputc('\n', file);
	free(causes);
}
