// SPDX-License-Identifier: BSD-2-Clause
#include "lost_time.h"

#include "base/text.h"
#include "base/macros.h"
#include "labels.h"
#include "model/own_frames.h"
#include "print.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "where the loop's time went"
#define HELD_BY "held by '"
#define TAKEN_BY "by "
#define ROWS_MAX 20
#define INDENT 4
#define GAP 2
#define TIME_COLUMNS 7
/* The part of the busy time, in one of so many, from which on the rest has a row of its own. */
#define REST_PARTS 100
/* Bytes of a row's name without its prefix. */
#define NAME_BYTES (LP_NAME_MAX + LP_RESOURCE_TEXT_MAX)
#define MORE_CALLS ", ..."
/* Causes beyond so many, which have the least time, are not compared with the others. */
#define COMPARED_MAX 512
/* Columns of a target beside words. */
#define TARGET_LEAST 10
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

/* Writes "httpx AsyncClient.get", or the function alone if it is of no package. */
static void call_name(const struct lp_shown_frame *call, char *name, size_t size)
{
	char package[LP_PACKAGE_MAX];

	own_frames_package(call->file, package, sizeof(package));
	snprintf(name, size, "%s%s%s", package, *package ? " " : "", call->function);
}

/* Returns whether the name of a row is in words, with the system call beside them. */
static bool in_words(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_BLOCKED && cause->words[0];
}

/* Writes what a cause is called; of a blocking call without words and target the system call. */
static void name_of(const struct lp_cause *cause, char *name, size_t size)
{
	bool on_cpu = cause->kind == LP_CAUSE_ON_CPU;

	if (cause->throttled)
		snprintf(name, size, "throttled by its quota");
	else if (in_words(cause))
		snprintf(name, size, "%s (%s)", cause->words, cause->syscall);
	else if (on_cpu && cause->words[0])
		snprintf(name, size, "%s", cause->words);
	else if (on_cpu && cause->call)
		call_name(cause->call, name, size);
	else
		snprintf(name, size, "%s",
			 text_cause_name(cause->kind, cause->syscall,
					 cause->frame ? cause->frame->function : NULL));
}

static const char *target_of(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_BLOCKED ? cause->target : "";
}

static bool has_holder(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_GIL && cause->held_by[0];
}

#define PREFIX_BYTES 24
/* Bytes of the path of a cgroup, which is cut at a character. */
#define CGROUP_BYTES 101

/* Writes what precedes a name in the column of places: "held by '", "20 % " of a cgroup; or "". */
static void place_prefix(const struct lp_cause *cause, char prefix[PREFIX_BYTES])
{
	*prefix = '\0';
	if (cause->throttled && cause->quota_percent)
		snprintf(prefix, PREFIX_BYTES, "%" PRIu32 " %% ", cause->quota_percent);
	else if (has_holder(cause))
		snprintf(prefix, PREFIX_BYTES, HELD_BY);
	else if (cause->kind == LP_CAUSE_RUN_QUEUE && cause->held_by[0])
		snprintf(prefix, PREFIX_BYTES, TAKEN_BY);
}

/* Returns the line of a row: the program's innermost one, if it is known. */
static const struct lp_shown_frame *line_of(const struct lp_cause *cause)
{
	return cause->own ? cause->own : cause->frame;
}

/* Writes the place of a row, with less of its path if it takes more than so many columns. */
static void place_of(const struct lp_cause *cause, size_t columns, char *place, size_t size)
{
	const struct lp_shown_frame *line = line_of(cause);
	char prefix[PREFIX_BYTES], cgroup[CGROUP_BYTES];

	place_prefix(cause, prefix);
	text_copy(cgroup, sizeof(cgroup), cause->throttled ? cause->target : "");
	*place = '\0';
	if (cause->throttled)
		snprintf(place, size, "%s%s", prefix, cgroup);
	else if (*prefix)
		snprintf(place, size, "%s%s%s", prefix, cause->held_by,
			 has_holder(cause) ? "'" : "");
	else if (line)
		text_frame_place(line, 2, place, size);
	if (!*prefix && line && text_columns(place) > columns &&
	    !(line->file && own_frames_has_common_name(line->file)))
		text_frame_place(line, 1, place, size);
}

/*
 * Sets the columns of names and places, of at least the usual width, so that tables align.  Without
 * space for all, places are shortened, then names, and both if that is not enough.  wanted: columns
 * of names with their calls; shortest: those of places with little of their paths.
 */
static void share_space(struct lost_time_columns *columns, size_t wanted, size_t shortest,
			size_t space)
{
	size_t name = columns->name, place = max_u64(columns->place, PLACE_LEAST);

	if (name + place > space)
		place = min_u64(place, max_u64(shortest, space - min_u64(name, space)));
	if (name + place > space)
		place = min_u64(place, space * 9 / 20);
	columns->place = place;
	columns->name = min_u64(max_u64(name, wanted), space - place);
}

/* Returns the columns of the name of a row with its target; calls: and the calls beside words. */
static size_t label_columns(const struct lp_cause *cause, bool calls)
{
	char name[NAME_BYTES];

	if (in_words(cause) && !calls)
		return text_columns(cause->words) + (*target_of(cause) ? strlen(" ()") : 0) +
		       text_columns(target_of(cause));
	name_of(cause, name, sizeof(name));
	return text_columns(name) + (*target_of(cause) ? strlen(" on ") : 0) +
	       text_columns(target_of(cause));
}

static struct lost_time_columns measure(const struct lp_terminal *terminal,
					const struct lp_cause *causes, size_t count)
{
	struct lost_time_columns columns = { 0, 0, strlen("times"), 0 };
	char place[LP_TEXT_PLACE_MAX];
	size_t i, space, shortest = 0, wanted = NAME_LEAST;

	for (i = 0; i < count; i++) {
		const struct lp_cause *cause = &causes[i];

		columns.name = max_u64(columns.name, label_columns(cause, false));
		wanted = max_u64(wanted, label_columns(cause, true));
		place_of(cause, SIZE_MAX, place, sizeof(place));
		columns.place = max_u64(columns.place, text_columns(place));
		place_of(cause, 0, place, sizeof(place));
		shortest = max_u64(shortest, text_columns(place));
		columns.times =
			max_u64(columns.times, (size_t)snprintf(NULL, 0, "%" PRIu64, cause->count));
		columns.kind = max_u64(columns.kind, strlen(kinds[cause->kind]));
	}
	space = terminal->columns - INDENT - 4 * GAP - TIME_COLUMNS - columns.times - columns.kind;
	share_space(&columns, wanted, shortest, space);
	return columns;
}

static bool same_place(const struct lp_shown_frame *left, const struct lp_shown_frame *right)
{
	return left && right && left->line == right->line && !strcmp(left->file, right->file);
}

/*
 * Returns whether two causes are one row: waits for one holder of the GIL, whose line has no
 * column; what the same line of the program was for, however deep in a package or the import of a
 * module, and by whichever system call.
 */
static bool is_one_row(const struct lp_cause *left, const struct lp_cause *right)
{
	char names[2][NAME_BYTES];

	if (left->kind != right->kind)
		return false;
	if (left->kind == LP_CAUSE_GIL)
		return has_holder(left) && has_holder(right) &&
		       !strcmp(left->held_by, right->held_by);
	if (!same_place(left->own, right->own))
		return false;
	if (in_words(left) && in_words(right))
		return !strcmp(left->words, right->words);
	/* what a call is for may show only later */
	if (in_words(left) || in_words(right))
		return !strcmp(left->syscall, right->syscall) &&
		       !strcmp(target_of(left), target_of(right));
	name_of(left, names[0], sizeof(names[0]));
	name_of(right, names[1], sizeof(names[1]));
	return !strcmp(names[0], names[1]) && !strcmp(target_of(left), target_of(right));
}

/* Returns whether a list "readv, read" contains a system call, which is not empty. */
static bool has_call(const char *calls, const char *call)
{
	size_t length = strlen(call);
	const char *at;

	for (at = calls; (at = strstr(at, call)); at += length)
		if ((at == calls || at[-1] == ' ') && (!at[length] || at[length] == ','))
			return true;
	return false;
}

/* Adds the system call of a cause to those of its row, as long as they fit. */
static void add_call(struct lp_cause *row, const char *call)
{
	size_t used = strlen(row->syscall), length = strlen(call);

	if (!*call || text_ends_with(row->syscall, MORE_CALLS) || has_call(row->syscall, call))
		return;
	if (used + strlen(", ") + length + strlen(MORE_CALLS) < sizeof(row->syscall))
		snprintf(row->syscall + used, sizeof(row->syscall) - used, ", %s", call);
	else
		snprintf(row->syscall + used, sizeof(row->syscall) - used, MORE_CALLS);
}

/*
 * Merges causes that are one row.  They are sorted by time, and those after the first ones remain
 * as they are: the work does not grow with the square of their number.  Returns the new number.
 */
static size_t merge_rows(struct lp_cause *causes, size_t count)
{
	size_t i, j, merged = 0;

	for (i = 0; i < count; i++) {
		j = i < COMPARED_MAX ? 0 : merged;
		while (j < merged && !is_one_row(&causes[i], &causes[j]))
			j++;
		if (j == merged) {
			causes[merged++] = causes[i];
			continue;
		}
		causes[j].count += causes[i].count;
		causes[j].total_ns += causes[i].total_ns;
		add_call(&causes[j], causes[i].syscall);
		if (!causes[j].words[0])
			text_copy(causes[j].words, sizeof(causes[j].words), causes[i].words);
		if (strcmp(causes[j].target, causes[i].target) != 0)
			causes[j].target[0] = '\0';
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

/*
 * Writes words with what is known of the call: "DNS look-up (poll on udp 10.0.0.2:53)"; the system
 * call is left out if there is no space for it, then a target of which too little would be left.
 */
static void words_label(const struct lp_cause *cause, size_t columns, char *name, char *before)
{
	const char *target = target_of(cause), *call = cause->syscall;
	size_t words = text_columns(cause->words) + strlen(" ()");
	size_t target_columns = text_columns(target);

	snprintf(name, NAME_BYTES, "%s", cause->words);
	if (!*target && words + text_columns(call) <= columns)
		snprintf(name, NAME_BYTES, "%s (%s)", cause->words, call);
	if (!*target || words + min_u64(target_columns, TARGET_LEAST) > columns)
		return;
	if (words + text_columns(call) + strlen(" on ") + target_columns <= columns)
		snprintf(before, NAME_BYTES, "%s (%s on ", cause->words, call);
	else
		snprintf(before, NAME_BYTES, "%s (", cause->words);
	snprintf(name, NAME_BYTES, "%s)", target);
}

/* name and before are buffers of NAME_BYTES bytes, to which the label points. */
static void name_label(const struct lp_cause *cause, size_t columns, char *name, char *before,
		       struct lp_text_label *label)
{
	const char *target = target_of(cause);

	*before = '\0';
	if (in_words(cause)) {
		words_label(cause, columns, name, before);
	} else if (*target) {
		snprintf(before, NAME_BYTES, "%s on ", cause->syscall);
		snprintf(name, NAME_BYTES, "%s", target);
	} else {
		name_of(cause, name, NAME_BYTES);
	}
	*label = (struct lp_text_label){
		.prefix = before, .text = name, .detail = "", .twins = true
	};
}

/* The text of a row's place, to which its label points. */
struct lost_time_place {
	char prefix[PREFIX_BYTES];
	char place[LP_TEXT_PLACE_MAX];
	char whole[LP_TEXT_PLACE_MAX];
};

static void place_label(const struct lp_cause *cause, size_t columns, struct lost_time_place *text,
			struct lp_text_label *label)
{
	text->whole[0] = '\0';
	place_prefix(cause, text->prefix);
	place_of(cause, columns, text->place, sizeof(text->place));
	if (!text->prefix[0] && line_of(cause))
		text_frame_place(line_of(cause), UINT_MAX, text->whole, sizeof(text->whole));
	*label = (struct lp_text_label){ .prefix = text->prefix,
					 .text = text->place + strlen(text->prefix),
					 .detail = text->whole,
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
	/* too large for a small stack (ulimit -s 64) */
	static struct lost_time_place places[ROWS_MAX];
	static char before[ROWS_MAX][NAME_BYTES], names[ROWS_MAX][NAME_BYTES];
	struct lp_text_label name[ROWS_MAX], place[ROWS_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		name_label(&causes[i], columns->name, names[i], before[i], &name[i]);
		place_label(&causes[i], columns->place, &places[i], &place[i]);
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

/* Returns the time of the row of the rest; 0: it has none. */
static uint64_t rest_of(const struct lp_loop_summary *loop)
{
	uint64_t rest_ns = loop_rest_ns(loop);

	return rest_ns >= loop->busy_ns / REST_PARTS ? rest_ns : 0;
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
	all = merge_rows(causes, all);
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
