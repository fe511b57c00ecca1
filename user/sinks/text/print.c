// SPDX-License-Identifier: BSD-2-Clause
#include "print.h"

#include "base/macros.h"
#include "base/text.h"
#include "base/wrap.h"
#include "model/own_frames.h"
#include "sinks/terminal.h"

#include <string.h>
#include <time.h>

/* The target of a call gets at least this many columns; with less the whole text is cut. */
#define TARGET_LEAST 8
/* Least columns of a name and of a place. */
#define NAME_LEAST 16
#define PLACE_LEAST 10
/* The most columns of a task's name. */
#define TASK_NAME_MOST 24

void text_print_clock(FILE *file, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_S);
	struct tm parts;
	char text[32];

	if (!localtime_r(&seconds, &parts))
		memset(&parts, 0, sizeof(parts));
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	fprintf(file, "%s.%03d", text, (int)(unix_ns / NS_PER_MS % 1000));
}

void text_print_end(FILE *file, const struct lp_terminal *terminal, const char *text, size_t width,
		    bool pad)
{
	const char *mark = terminal_cut_mark(terminal);
	size_t mark_columns = text_columns(mark), columns = text_columns(text);

	if (columns <= width) {
		fprintf(file, "%s%*s", text, pad ? (int)(width - columns) : 0, "");
		return;
	}
	text = text_tail(text, width > mark_columns ? width - mark_columns : 0);
	columns = mark_columns + text_columns(text);
	fprintf(file, "%s%s%*s", mark, text, pad && columns < width ? (int)(width - columns) : 0,
		"");
}

void text_print_time(FILE *file, uint64_t ns, int width)
{
	char text[32];

	text_duration(text, sizeof(text), ns);
	fprintf(file, "%*s", width, text);
}

void text_print_call(FILE *file, const struct lp_terminal *terminal, const char *syscall,
		     const char *target, size_t width, bool pad)
{
	char whole[LP_SYSCALL_NAME_MAX + LP_RESOURCE_TEXT_MAX + 8];
	size_t before = text_columns(syscall) + strlen(" on ");

	if (*target && width >= before + TARGET_LEAST) {
		fprintf(file, "%s on ", syscall);
		text_print_end(file, terminal, target, width - before, pad);
		return;
	}
	snprintf(whole, sizeof(whole), "%s%s%s", syscall, *target ? " on " : "", target);
	text_print_end(file, terminal, whole, width, pad);
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

	/* many packages have a file of one name, which is not shortened therefore */
	if (frame->file && frame->kind == LP_FRAME_PYTHON &&
	    (parts == 2 || (parts == 1 && own_frames_has_origin(frame, LP_ORIGIN_PACKAGE))))
		parts = own_frames_parts(frame->file);
	/* an object file is shown by its base name: its directory identifies nothing */
	text_copy(file, sizeof(file),
		  text_path_end(frame->file ? frame->file : "",
				frame->kind == LP_FRAME_PYTHON ? parts : 1));
	if (frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	snprintf(place, size, "%s%s%s%s", file, line, *file && *mark ? " " : "", mark);
}

/*
 * Writes "  task 'name'", with the beginning and a mark of a long name; nothing if it is not known.
 * Returns its columns.
 */
static size_t task_text(const struct lp_terminal *terminal, const struct lp_text_who *who,
			size_t space, char *text, size_t size)
{
	const size_t frame = strlen("  task ''");
	char name[LP_CUT_NAME_BYTES(TASK_NAME_MOST)];
	size_t most;

	*text = '\0';
	if (!who->task || !*who->task || space <= frame)
		return 0;
	most = space - frame;
	terminal_cut_name(terminal, who->task, most < TASK_NAME_MOST ? most : TASK_NAME_MOST, name,
			  sizeof(name));
	snprintf(text, size, "  task '%s'", name);
	return text_columns(text);
}

/* Writes the place of " (file:line)", with two parts of the path if they fit, else one. */
static void place_text(const struct lp_text_who *who, size_t space, char *place, size_t size)
{
	const struct lp_shown_frame frame = { .kind = LP_FRAME_PYTHON,
					      .line = who->line,
					      .file = (char *)who->file };

	*place = '\0';
	if (!who->file[0])
		return;
	text_frame_place(&frame, 2, place, size);
	if (text_columns(place) + strlen(" ()") > space)
		text_frame_place(&frame, 1, place, size);
}

bool text_print_who(FILE *file, const struct lp_terminal *terminal, const struct lp_text_who *who,
		    size_t space)
{
	char task[LP_CUT_NAME_BYTES(TASK_NAME_MOST) + 16], place[LP_TEXT_PLACE_MAX];
	size_t name = text_columns(who->name), places = 0, tasks;
	size_t least = name < NAME_LEAST ? name : NAME_LEAST;
	bool whole;

	tasks = task_text(terminal, who, space - least, task, sizeof(task));
	place_text(who, space > name + tasks ? space - name - tasks : 0, place, sizeof(place));
	if (*place)
		places = text_columns(place) + strlen(" ()");
	if (places > space - tasks - least) {
		places = space - tasks - least;
		if (places < PLACE_LEAST)
			places = 0;
	}
	whole = who->call && *place &&
		name + tasks + places + strlen(", ") + text_columns(who->call) <= space;
	text_print_end(file, terminal, who->name, space - tasks - places, false);
	fputs(task, file);
	if (places) {
		fputs(" (", file);
		text_print_end(file, terminal, place, places - strlen(" ()"), false);
		fprintf(file, "%s%s)", whole ? ", " : "", whole ? who->call : "");
	}
	return whole;
}

void text_print_wrapped(FILE *file, const struct lp_terminal *terminal, size_t at, size_t indent,
			const char *text)
{
	bool fresh = !at;

	while (*text) {
		size_t bytes = wrap_word_bytes(text), gap = fresh ? 0 : 1, most, columns;
		char word[256];

		text_copy(word, bytes < sizeof(word) ? bytes + 1 : sizeof(word), text);
		columns = text_columns(word);
		if (at && at + gap + columns > terminal->columns) {
			fputc('\n', file);
			at = 0;
			gap = 0;
		}
		if (!at)
			at = (size_t)fprintf(file, "%*s", (int)indent, "");
		/* a word that is longer than a line is broken at the end of the line */
		most = text_head_bytes(word, strlen(word), terminal->columns - at - gap);
		word[most] = '\0';
		fprintf(file, "%*s%s", (int)gap, "", word);
		at += gap + text_columns(word);
		text += strlen(word);
		fresh = *text != ' ';
		text += strspn(text, " ");
	}
	fputc('\n', file);
}
