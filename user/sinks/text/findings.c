// SPDX-License-Identifier: BSD-2-Clause
#include "findings.h"

#include "model/finding_kinds.h"
#include "model/own_frames.h"
#include "base/text.h"
#include "base/macros.h"
#include "explain.h"
#include "print.h"
#include "stack.h"
#include "stall.h"

#include <inttypes.h>
#include <string.h>

#define INDENT 4
#define GAP 2
#define TITLE "what got lost"
#define TITLE_CANCELLED "what got lost or was cancelled"
#define ROWS_MAX 20
#define NAME_LEAST 16
#define PLACE_LEAST 10
/* Bytes of a function with its line. */
#define CALLER_MAX (LP_NAME_MAX + LP_TEXT_PLACE_MAX + 32)

/* ---- a finding as it is reported ------------------------------------------------ */

static void print_head(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_finding *finding)
{
	const struct lp_finding_row *row = finding_row(finding->kind);
	bool anonymous = !finding->name[0] && !finding->task && row->anonymous;
	const struct lp_text_who who = {
		.name = anonymous ? row->anonymous : finding->name,
		.task = finding->task ? finding->task_name : NULL,
		.file = finding->file,
		.line = finding->line,
	};

	fprintf(file, "  %s%s%s", terminal->colour ? "\033[1;31m" : "", row->title,
		terminal->colour ? "\033[0m" : "");
	if (who.name[0] || who.task) {
		fputs(who.name[0] ? "  " : "", file);
		text_print_who(file, terminal, &who,
			       terminal->columns - LP_TEXT_CLOCK_COLUMNS - strlen(row->title) - 4);
	}
	fputc('\n', file);
}

static void print_exception(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_finding *finding)
{
	char text[LP_TYPE_MAX + LP_MESSAGE_MAX + 4];

	if (!finding->exception_type[0])
		return;
	snprintf(text, sizeof(text), "%s%s%s", finding->exception_type,
		 finding->exception_message[0] ? ": " : "", finding->exception_message);
	text_print_wrapped(file, terminal, 0, INDENT, text);
}

/* Writes a function and its line, after a word; "" for NULL. */
static const char *by(const char *word, const struct lp_shown_frame *frame, char *text, size_t size)
{
	char place[LP_TEXT_PLACE_MAX];

	text[0] = '\0';
	if (!frame)
		return text;
	text_frame_place(frame, 1, place, sizeof(place));
	snprintf(text, size, "%s%s (%s)", word, frame->function, place);
	return text;
}

/*
 * Returns who called cancel() if no function of the program or the runtime did: the loop, which was
 * given it by call_later(), call_soon_threadsafe() or add_signal_handler().
 */
static const char *no_caller(const struct lp_finding *finding)
{
	return finding->noticed && !finding->stack.unreadable
		       ? "by the loop: cancel() itself was a callback"
		       : "by an unknown caller";
}

/* Prints who called cancel(), when and with which message. */
static void print_caller(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_finding *finding)
{
	const struct lp_stack *stack = &finding->stack;
	size_t own = own_frames_innermost(stack->frames, stack->depth);
	const struct lp_shown_frame *caller =
		stack->depth ? stack->frames[min_u64(own, stack->depth - 1)] : NULL;
	char caller_text[CALLER_MAX], passed_on[CALLER_MAX], duration[32] = "";
	char text[2 * CALLER_MAX + LP_MESSAGE_MAX + 64];
	const char *message = finding->exception_message;

	by("by ", caller, caller_text, sizeof(caller_text));
	by(", passed on by ", finding->passed_on, passed_on, sizeof(passed_on));
	if (finding->noticed)
		text_duration(duration, sizeof(duration), finding->late_ns);
	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", caller ? caller_text : no_caller(finding),
		 passed_on, duration[0] ? ", " : "", duration, duration[0] ? " before its end" : "",
		 message[0] ? ": \"" : "", message, message[0] ? "\"" : "");
	text_print_wrapped(file, terminal, 0, INDENT, text);
}

static void print_frame(FILE *file, const struct lp_terminal *terminal, const char *label,
			const struct lp_shown_frame *frame)
{
	const struct lp_stack stack = { .depth = 1, .frames = &frame };

	if (!frame)
		return;
	fprintf(file, "%*s%s\n", INDENT, "", label);
	text_stack_print(file, terminal, &stack);
}

static void print_stack(FILE *file, const struct lp_terminal *terminal,
			const struct lp_finding *finding)
{
	const struct lp_stack own = own_frames_of(&finding->stack);

	if (!own.depth && !own.unreadable)
		return;
	fprintf(file, "%*s%s", INDENT, "", finding_row(finding->kind)->stack_label);
	if (finding->loop && finding->loop->tid != finding->tid)
		fprintf(file, ", in thread %d", finding->tid);
	fputc('\n', file);
	text_stack_print(file, terminal, &own);
}

static void print_late(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_finding *finding)
{
	char text[32];

	text_duration(text, sizeof(text), finding->late_ns);
	if (finding->timer)
		fprintf(file, "%*sa timer, which the loop may sleep through\n", INDENT, "");
	else
		fprintf(file, "%*s%s %s\n", INDENT, "",
			finding->noticed ? "noticed after" : "not noticed yet after", text);
	if (!finding->loop_stack.depth)
		return;
	fprintf(file, "%*sthe loop was in\n", INDENT, "");
	text_stack_print(file, terminal, &finding->loop_stack);
}

void text_finding_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_text_loops *loops, const struct lp_finding *finding)
{
	const struct lp_finding_row *row = finding_row(finding->kind);

	print_head(file, terminal, finding);
	text_loop_name_print(file, terminal, loops, finding->loop, finding->pid);
	if (row->line == LP_LINE_CALLER)
		print_caller(file, terminal, finding);
	else
		print_exception(file, terminal, finding);
	if (row->parked_label)
		print_frame(file, terminal, row->parked_label, finding->parked);
	/* raised by the loop itself: the stack has no frame of the program */
	if (!row->raised_by_loop || !finding->parked)
		print_stack(file, terminal, finding);
	print_frame(file, terminal, "created at", finding->created);
	if (row->has_lateness)
		print_late(file, terminal, finding);
	if (finding->more)
		fprintf(file, "%*smore tasks were pending than are listed\n", INDENT, "");
}

/* ---- the table of findings ------------------------------------------------------ */

struct finding_columns {
	size_t kind, name, place, times, loop;
};

static void name_of(const struct lp_finding_count *count, char *name, size_t size)
{
	char late[32];

	if (finding_row(count->kind)->has_lateness && count->late_max_ns) {
		text_duration(late, sizeof(late), count->late_max_ns);
		snprintf(name, size, "%s, up to %s late", count->name, late);
	} else if (finding_row(count->kind)->line == LP_LINE_CALLER) {
		snprintf(name, size, count->exception_message[0] ? "%s: \"%s\"" : "%s", count->name,
			 count->exception_message);
	} else {
		snprintf(name, size, "%s%s%s", count->name,
			 count->name[0] && count->exception_type[0] ? ": " : "",
			 count->exception_type);
	}
}

/* Writes the place where the fix belongs: where the object was created, if that is known. */
static void place_of(const struct lp_finding_count *count, char *place, size_t size)
{
	const struct lp_shown_frame defined = { .kind = LP_FRAME_PYTHON,
						.line = count->line,
						.file = (char *)count->file };
	const struct lp_shown_frame *frame = count->created ? count->created : count->place;

	/* the line of the program could not be read, as the process is ending */
	if (count->created && count->place && own_frames_is_library(count->created->file))
		frame = count->place;
	/* the place that dropped it is arbitrary: the coroutine's definition is better */
	if (!count->created && finding_row(count->kind)->line == LP_LINE_DEFINED && count->file[0])
		frame = &defined;
	*place = '\0';
	if (frame)
		text_frame_place(frame, 1, place, size);
}

static struct finding_columns measure(const struct lp_terminal *terminal,
				      const struct lp_summary *summary, size_t rows)
{
	struct finding_columns columns = { 0, NAME_LEAST, PLACE_LEAST, strlen("times"), 0 };
	char name[LP_NAME_MAX + LP_MESSAGE_MAX + 8], place[LP_TEXT_PLACE_MAX];
	size_t i, space, left;

	for (i = 0; i < rows; i++) {
		const struct lp_finding_count *count = &summary->findings[i];

		name_of(count, name, sizeof(name));
		place_of(count, place, sizeof(place));
		columns.kind = max_u64(columns.kind, strlen(finding_row(count->kind)->title));
		columns.name = max_u64(columns.name, text_columns(name));
		columns.place = max_u64(columns.place, text_columns(place));
		columns.times =
			max_u64(columns.times, (size_t)snprintf(NULL, 0, "%" PRIu64, count->count));
	}
	if (summary->loop_count > 1)
		columns.loop = strlen("loop");
	space = terminal->columns - INDENT - columns.kind - columns.times - 3 * GAP -
		(columns.loop ? columns.loop + GAP : 0);
	left = space - min_u64(columns.name, space);
	columns.place = min_u64(columns.place, max_u64(left, space / 2));
	columns.name = min_u64(columns.name, space - columns.place);
	return columns;
}

static void print_row(FILE *file, const struct lp_terminal *terminal,
		      const struct finding_columns *columns, const struct lp_finding_count *count)
{
	char name[LP_NAME_MAX + LP_MESSAGE_MAX + 8], place[LP_TEXT_PLACE_MAX];

	name_of(count, name, sizeof(name));
	place_of(count, place, sizeof(place));
	fprintf(file, "%*s%-*s%*s", INDENT, "", (int)columns->kind, finding_row(count->kind)->title,
		GAP, "");
	/* if it is too wide, the exception and the lateness are omitted */
	if (text_columns(name) > columns->name && count->name[0])
		text_copy(name, sizeof(name), count->name);
	text_print_end(file, terminal, name, columns->name, true);
	fprintf(file, "%*s", GAP, "");
	text_print_end(file, terminal, place, columns->place, true);
	fprintf(file, "%*s%*" PRIu64, GAP, "", (int)columns->times, count->count);
	if (columns->loop && count->loop)
		fprintf(file, "%*s%*" PRIu32, GAP, "", (int)columns->loop, count->loop->id);
	fputc('\n', file);
}

void text_findings_print(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_summary *summary)
{
	size_t rows = min_u64(summary->finding_count, ROWS_MAX), i;
	struct finding_columns columns;
	const char *title = TITLE;

	if (!rows)
		return;
	for (i = 0; i < rows; i++)
		if (summary->findings[i].kind == LP_FINDING_CANCELLED)
			title = TITLE_CANCELLED;
	columns = measure(terminal, summary, rows);
	fprintf(file, "\n%-*s%*s%s\n",
		(int)(INDENT + columns.kind + columns.name + columns.place + 3 * GAP), title,
		(int)columns.times, "times", columns.loop ? "  loop" : "");
	for (i = 0; i < rows; i++)
		print_row(file, terminal, &columns, &summary->findings[i]);
	if (summary->finding_count > rows)
		fprintf(file, "%*sand %zu more that were fewer (-j has them)\n", INDENT, "",
			summary->finding_count - rows);
	if (summary->findings_dropped)
		fprintf(file, "%*sand %" PRIu64 " at more places than can be listed\n", INDENT, "",
			summary->findings_dropped);
}

void text_findings_explain(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_summary *summary, bool explain)
{
	bool occurred[LP_FINDING_KINDS] = { false };
	size_t i;

	for (i = 0; i < summary->finding_count; i++)
		occurred[summary->findings[i].kind] = true;
	if (summary->finding_count && !explain)
		fputs("`loopprof --explain` says what these mean and what to do\n", file);
	for (i = 0; explain && i < LP_FINDING_KINDS; i++) {
		if (!occurred[i])
			continue;
		fputc('\n', file);
		text_explain_print(file, terminal, (enum lp_finding_kind)i);
	}
}
