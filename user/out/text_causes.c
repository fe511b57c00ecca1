// SPDX-License-Identifier: BSD-2-Clause
#include "text_causes.h"

#include "../text.h"
#include "text_print.h"

#include <inttypes.h>
#include <string.h>

#define TITLE "where the loop's time went"
#define HELD_BY "held by '"
#define ROWS_MAX 20
#define INDENT 4
#define GAP 2
#define TIME_COLUMNS 7
/* So that the table looks the same, whatever is in it. */
#define NAME_LEAST 30
#define PLACE_LEAST 16

struct columns {
	size_t name, place, times, kind;
};

static const char *const kinds[LP_CAUSE_KINDS] = {
	[LP_CAUSE_ON_CPU] = "on CPU",	    [LP_CAUSE_BLOCKED] = "blocked", [LP_CAUSE_GIL] = "GIL",
	[LP_CAUSE_RUN_QUEUE] = "run queue", [LP_CAUSE_GC] = "GC",
};

/* What it is called; a blocking call by its system call, whose target is told by itself. */
static const char *name_of(const struct lp_cause *cause)
{
	switch (cause->kind) {
	case LP_CAUSE_BLOCKED:
		return cause->syscall;
	case LP_CAUSE_GIL:
		return "waiting for the GIL";
	case LP_CAUSE_RUN_QUEUE:
		return "waiting for a CPU";
	case LP_CAUSE_GC:
		return "collecting garbage";
	default:
		return cause->frame && cause->frame->function ? cause->frame->function
							      : "computing";
	}
}

static const char *target_of(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_BLOCKED ? cause->target : "";
}

static bool has_holder(const struct lp_cause *cause)
{
	return cause->kind == LP_CAUSE_GIL && cause->held_by[0];
}

static void place_of(const struct lp_cause *cause, char *place, size_t size)
{
	*place = '\0';
	if (has_holder(cause))
		snprintf(place, size, HELD_BY "%s'", cause->held_by);
	else if (cause->frame)
		text_frame_place(cause->frame, 1, place, size);
}

/* Of a holder it is the name that is cut. */
static void print_place(FILE *file, const struct lp_look *look, const struct lp_cause *cause,
			size_t width)
{
	char place[LP_TEXT_PLACE_MAX];

	place_of(cause, place, sizeof(place));
	if (has_holder(cause) && text_columns(place) > width) {
		fputs(HELD_BY, file);
		text_print_end(file, look, place + strlen(HELD_BY), width - strlen(HELD_BY), true);
	} else {
		text_print_end(file, look, place, width, true);
	}
}

static size_t greater(size_t one, size_t other)
{
	return one > other ? one : other;
}

static size_t lesser(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* What is too wide is cut: places to two fifths of the room, names to the rest. */
static void share_room(struct columns *columns, size_t room)
{
	size_t left = room - lesser(columns->name, room);

	columns->place = lesser(columns->place, greater(left, room * 2 / 5));
	columns->name = lesser(columns->name, room - columns->place);
}

static struct columns measure(const struct lp_look *look, const struct lp_cause *causes,
			      size_t count)
{
	struct columns columns = { NAME_LEAST, PLACE_LEAST, strlen("times"), 0 };
	char place[LP_TEXT_PLACE_MAX];
	size_t i, room;

	for (i = 0; i < count; i++) {
		const struct lp_cause *cause = &causes[i];
		const char *target = target_of(cause);
		size_t name = text_columns(name_of(cause));

		if (*target)
			name += strlen(" on ") + text_columns(target);
		place_of(cause, place, sizeof(place));
		columns.name = greater(columns.name, name);
		columns.place = greater(columns.place, text_columns(place));
		columns.times =
			greater(columns.times, (size_t)snprintf(NULL, 0, "%" PRIu64, cause->count));
		columns.kind = greater(columns.kind, strlen(kinds[cause->kind]));
	}
	room = look->columns - INDENT - 4 * GAP - TIME_COLUMNS - columns.times - columns.kind;
	share_room(&columns, room);
	return columns;
}

static void print_row(FILE *file, const struct lp_look *look, const struct columns *columns,
		      const struct lp_cause *cause)
{
	fprintf(file, "%*s", INDENT, "");
	text_print_call(file, look, name_of(cause), target_of(cause), columns->name, true);
	fprintf(file, "%*s", GAP, "");
	print_place(file, look, cause, columns->place);
	fprintf(file, "%*s", GAP, "");
	text_print_time(file, cause->total_ns, TIME_COLUMNS);
	fprintf(file, "%*s%*" PRIu64 "%*s%s\n", GAP, "", (int)columns->times, cause->count, GAP, "",
		kinds[cause->kind]);
}

void text_causes_print(FILE *file, const struct lp_look *look, const struct lp_loop_summary *loop)
{
	size_t count = loop->cause_count, i;
	struct columns columns;

	if (!count)
		return;
	if (count > ROWS_MAX)
		count = ROWS_MAX;
	columns = measure(look, loop->causes, count);
	fprintf(file, "%-*s%*s%*s%*s\n", (int)(INDENT + columns.name + columns.place + 2 * GAP),
		TITLE, TIME_COLUMNS, "time", GAP, "", (int)columns.times, "times");
	for (i = 0; i < count; i++)
		print_row(file, look, &columns, &loop->causes[i]);
	if (loop->cause_count > count)
		fprintf(file, "%*sand %zu more that took less time in all (-j has them)\n", INDENT,
			"", loop->cause_count - count);
	fputc('\n', file);
}
