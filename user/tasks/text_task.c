// SPDX-License-Identifier: BSD-2-Clause
#include "text_task.h"

#include "sinks/terminal.h"
#include "sinks/text/print.h"
#include "sinks/text/stack.h"
#include "base/text.h"
#include "base/wrap.h"
#include "model/own_frames.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define COROUTINE_COLUMNS 32
#define COROUTINE_LEAST 12
#define HOLDERS_SHOWN 3
/* Least width of a task's text, at any depth of the tree. */
#define SPACE_LEAST 36

struct text_piece {
	char text[2048];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text_piece *piece, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	piece->length =
		text_append(piece->text, sizeof(piece->text), piece->length, format, arguments);
	va_end(arguments);
}

/* Appends to a piece of text, with a separator. */
__attribute__((format(printf, 2, 3))) static void add_part(struct text_piece *piece,
							   const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* the text may have been cut within a character */
	text_sanitise(text);
	add(piece, "%s%s", piece->length ? ", " : "", text);
}

/* Returns the name of a task; without one, that of its coroutine. */
static const char *name_of(const struct lp_task *task)
{
	if (*task->name)
		return task->name;
	return *task->coroutine ? task->coroutine : "unnamed";
}

const char *text_task_name(const struct lp_terminal *terminal, const struct lp_task *task,
			   char *text, size_t size)
{
	terminal_cut_name(terminal, name_of(task), LP_TASK_NAME_COLUMNS, text, size);
	return text;
}

const char *text_task_number(uint64_t number, char text[32])
{
	char digits[32];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number), i, at = 0;

	for (i = 0; i < length; i++) {
		if (i && !((length - i) % 3))
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

static void coroutine_text(const struct lp_terminal *terminal, const struct lp_task *task,
			   size_t columns, char *text, size_t size)
{
	/*
	 * of a nested function's qualified name, the end is more specific than the enclosing
	 * function
	 */
	wrap_cut_begin(text, size, *task->coroutine ? task->coroutine : "?", columns,
		       terminal_cut_mark(terminal));
}

static void place_text(const struct lp_shown_frame *frame, unsigned int parts, char *text,
		       size_t size)
{
	text[0] = '\0';
	if (frame && frame->file[0])
		text_frame_place(frame, parts, text, size);
}

/* ---- in which state ------------------------------------------------------------- */

const char *text_task_state(enum lp_task_state state)
{
	/* a cancelled task may clean up, or have caught the exception and go on for good */
	static const char *const states[LP_TASK_STATES] = {
		[LP_TASK_RUNNING] = "running", [LP_TASK_READY] = "ready to run",
		[LP_TASK_WAITING] = "waiting", [LP_TASK_CANCELLING] = "cancelled and still going",
		[LP_TASK_DONE] = "finished",
	};

	return states[state];
}

static void state_text(const struct lp_tasks_snapshot *snapshot, uint32_t number,
		       struct text_piece *piece)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	uint64_t now = snapshot->list.time_ns, least = snapshot->places[number].unmoved_ns;
	char text[32];

	if (snapshot->places[number].copied && task->state != LP_TASK_DONE) {
		add(piece, "copied");
		return;
	}
	add(piece, "%s%s", text_task_state(task->state),
	    snapshot->places[number].unwoken ? " while its loop sleeps" : "");
	if (task->since_ns && task->since_ns <= now) {
		text_duration(text, sizeof(text), now - task->since_ns);
		add(piece, " %s", text);
	} else if (least && least < now) {
		text_duration(text, sizeof(text), now - least);
		add(piece, " at least %s", text);
	}
}

/* ---- what it waits for ----------------------------------------------------------- */

static const char *last_part(const char *dotted)
{
	const char *dot = strrchr(dotted, '.');

	return dot ? dot + 1 : dotted;
}

/* Returns whether a function, "Lock.acquire", is a method of a class, "package.locks.Lock". */
static bool has_class(const char *function, const char *class)
{
	const char *own = last_part(class);
	size_t length = strlen(own);

	return !strncmp(function, own, length) && function[length] == '.';
}

/*
 * Returns whether the object that the task waits for is only an implementation detail of the wait,
 * which the rest of the text describes.
 */
static bool is_means(const struct lp_task *task)
{
	static const bool means[LP_AWAITED_KINDS] = {
		[LP_AWAITED_NOTHING] = true, [LP_AWAITED_TASK] = true,	 [LP_AWAITED_FUTURE] = true,
		[LP_AWAITED_TIMER] = true,   [LP_AWAITED_SOCKET] = true,
	};

	return means[task->awaited];
}

static void add_holders(const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, uint32_t number,
			struct text_piece *what)
{
	const struct lp_csr_graph *holders = &snapshot->graph.holders;
	size_t count = csr_graph_count(holders, number), i;
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], more[32];

	for (i = 0; i < count && i < HOLDERS_SHOWN; i++) {
		uint32_t holder = csr_graph_row(holders, number)[i];

		text_task_name(terminal, &snapshot->list.tasks[holder], name, sizeof(name));
		if (holder == number)
			add_part(what, "%sitself", i ? "" : "held by ");
		else
			add_part(what, "%s'%s'", i ? "" : "held by ", name);
	}
	if (count > i)
		add_part(what, "and %s more", text_task_number(count - i, more));
	if (snapshot->graph.holder_unknown[number])
		add_part(what, count ? "and by a task that is not listed"
				     : "held by a task that is not listed");
}

/* Adds the call into an installed package: "in httpx AsyncClient.get". */
static void add_package(const struct lp_shown_frame *frame, struct text_piece *what)
{
	char package[LP_PACKAGE_MAX];

	own_frames_package(frame->file, package, sizeof(package));
	add_part(what, "in %s%s%s", package, *package ? " " : "", frame->function);
}

/* Adds the tasks that a task awaits: "awaits 'Task-7' of loop 2". */
static void add_awaited(const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, uint32_t number,
			struct text_piece *what)
{
	const struct lp_csr_graph *awaits = &snapshot->graph.awaits;
	uint32_t awaited = csr_graph_row(awaits, number)[0];
	uint32_t loop = snapshot->places[awaited].loop;
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], of[32] = "";

	text_task_name(terminal, &snapshot->list.tasks[awaited], name, sizeof(name));
	if (loop != snapshot->places[number].loop && loop < snapshot->loop_count)
		snprintf(of, sizeof(of), " of loop %u", snapshot->loops[loop].id);
	add_part(what,
		 csr_graph_count(awaits, number) == 1 ? "awaits '%s'%s"
						      : "awaits '%s'%s and others",
		 name, of);
}

static void what_text(const struct lp_terminal *terminal, const struct lp_tasks_snapshot *snapshot,
		      uint32_t number, struct text_piece *what)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_shown_frame *library = snapshot->places[number].library;
	const char *class = task->awaited_class;
	size_t awaits = csr_graph_count(&snapshot->graph.awaits, number);
	bool gather = !strcmp(last_part(class), "_GatheringFuture");

	if (task->state == LP_TASK_DONE) {
		add_part(what, "%s", task->exception_type);
		return;
	}
	if (snapshot->places[number].package)
		add_package(snapshot->places[number].package, what);
	if (library && !gather)
		add_part(what, "in %s", library->function);
	if (gather)
		add_part(what, "in gather");
	else if (*class && !is_means(task) && !(library && has_class(library->function, class)))
		add_part(what, "%s", class);
	if (*task->awaited_detail)
		add_part(what, "%s", task->awaited_detail);
	add_holders(terminal, snapshot, number, what);
	if (what->length || !*class)
		return;
	if (task->awaited == LP_AWAITED_TASK && awaits)
		add_awaited(terminal, snapshot, number, what);
	else
		add_part(what,
			 task->awaited == LP_AWAITED_TASK ? "a task that is not listed" : "%s",
			 class);
}

/* ---- the whole ------------------------------------------------------------------- */

static size_t space_after(const struct lp_terminal *terminal, const char *prefix)
{
	size_t taken = text_columns(prefix);

	return terminal->columns > taken + SPACE_LEAST ? terminal->columns - taken : SPACE_LEAST;
}

static bool in_deadlock(const struct lp_tasks_snapshot *snapshot, uint32_t number)
{
	return snapshot->graph.stuck && snapshot->graph.stuck[number] &&
	       snapshot->graph.deadlock_count;
}

static void print_who(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_tasks_snapshot *snapshot, uint32_t number, const char *name)
{
	bool red = terminal->colour && in_deadlock(snapshot, number);

	fprintf(file, "%s%s%s", red ? LP_RED : "", name, red ? LP_PLAIN : "");
}

/* The pieces of a task's first line. */
struct head {
	char name[LP_TASK_NAME_COLUMNS * 4 + 8];
	char coroutine[COROUTINE_COLUMNS * 4 + 8];
	struct text_piece state; /* state and source line */
};

/*
 * Fills the first line.  On a narrow terminal the directory of a source line of the program is
 * dropped first, then a part of the coroutine's name.
 */
static void fill_head(struct head *head, const struct lp_terminal *terminal,
		      const struct lp_tasks_snapshot *snapshot, uint32_t number, size_t space)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_task_place *place = &snapshot->places[number];
	const struct lp_shown_frame *frame = place->own	     ? place->own
					     : place->parked ? place->parked
							     : place->definition;
	char where[LP_TEXT_PLACE_MAX];
	size_t taken, coroutine;

	text_task_name(terminal, task, head->name, sizeof(head->name));
	coroutine_text(terminal, task, COROUTINE_COLUMNS, head->coroutine, sizeof(head->coroutine));
	coroutine = text_columns(head->coroutine);
	head->state.length = 0;
	state_text(snapshot, number, &head->state);
	taken = text_columns(head->name) + text_columns(head->state.text) + strlen("    , ");
	place_text(frame, 2, where, sizeof(where));
	if (taken + coroutine + text_columns(where) > space)
		place_text(frame, 1, where, sizeof(where));
	taken += text_columns(where);
	if (taken + coroutine > space)
		coroutine_text(terminal, task,
			       space > taken + COROUTINE_LEAST ? space - taken : COROUTINE_LEAST,
			       head->coroutine, sizeof(head->coroutine));
	add(&head->state, "%s%s%s", *where ? ", " : "", where,
	    task->partial ? ", partly read" : "");
}

void text_task_print(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t number,
		     const struct lp_rails *rails)
{
	struct text_piece what = { .length = 0 };
	struct head head;
	char next[1024];
	size_t taken;

	fill_head(&head, terminal, snapshot, number, space_after(terminal, rails->first));
	what_text(terminal, snapshot, number, &what);
	fputs(rails->first, file);
	print_who(file, terminal, snapshot, number, head.name);
	fprintf(file, "  %s  ", head.coroutine);
	snprintf(next, sizeof(next), "%s    ", rails->next);
	taken = text_columns(rails->first) + text_columns(head.name) +
		text_columns(head.coroutine) + strlen("    ");
	if (what.length &&
	    taken + text_columns(head.state.text) + strlen(": ") + text_columns(what.text) <=
		    terminal->columns) {
		fprintf(file, "%s: %s\n", head.state.text, what.text);
		return;
	}
	wrap_print(file, head.state.text, taken, next, terminal->columns);
	if (what.length) {
		fputs(next, file);
		wrap_print(file, what.text, text_columns(next), next, terminal->columns);
	}
}

void text_task_reference(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot, uint32_t number,
			 const struct lp_rails *rails, const char *where)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], text[512], coroutine[COROUTINE_COLUMNS * 4 + 8];

	text_task_name(terminal, task, name, sizeof(name));
	coroutine_text(terminal, task, COROUTINE_COLUMNS, coroutine, sizeof(coroutine));
	snprintf(text, sizeof(text), "%s  %s", coroutine, where);
	fputs(rails->first, file);
	print_who(file, terminal, snapshot, number, name);
	fputs("  ", file);
	wrap_print(file, text, text_columns(rails->first) + text_columns(name) + 2, rails->next,
		   terminal->columns);
}

void text_task_stack(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t number, const char *prefix)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	size_t space = space_after(terminal, prefix) - 2, widest = 0, i;
	char created[LP_TEXT_PLACE_MAX];

	for (i = task->frame_count; i; i--) {
		const struct lp_shown_frame *frame = tasks_snapshot_frame(snapshot, task, i - 1);

		if (frame)
			widest = text_frame_widest(frame, widest, space);
	}
	if (task->cut)
		fprintf(file, "%s... (the chain goes on)\n", prefix);
	for (i = task->frame_count; i; i--) {
		const struct lp_shown_frame *frame = tasks_snapshot_frame(snapshot, task, i - 1);

		fputs(prefix, file);
		if (frame)
			text_frame_print(file, terminal, frame, widest, space);
		else
			fputs("(a frame that could not be read)\n", file);
	}
	if (task->created_file && *task->created_file) {
		const struct lp_shown_frame at = { .kind = LP_FRAME_PYTHON,
						   .line = task->created_line,
						   .file = (char *)task->created_file };

		text_frame_place(&at, 2, created, sizeof(created));
		fprintf(file, "%screated at ", prefix);
		text_print_end(file, terminal, created, space - strlen("created at "), false);
		fputc('\n', file);
	}
}

void text_task_finished(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, uint32_t number,
			const char *prefix)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], coroutine[COROUTINE_COLUMNS * 4 + 8], next[64];
	char where[LP_TEXT_PLACE_MAX];
	struct text_piece text = { .length = 0 };

	text_task_name(terminal, task, name, sizeof(name));
	coroutine_text(terminal, task, COROUTINE_COLUMNS, coroutine, sizeof(coroutine));
	place_text(snapshot->places[number].definition, 2, where, sizeof(where));
	add(&text, "%s  %s  %s%s%s%s%s", name, coroutine, where, *where ? ": " : "",
	    *task->exception_type ? task->exception_type : "an exception",
	    *task->exception_message ? ": " : "", task->exception_message);
	text_sanitise(text.text);
	snprintf(next, sizeof(next), "%s    ", prefix);
	fputs(prefix, file);
	wrap_print(file, text.text, text_columns(prefix), next, terminal->columns);
}

void text_task_more(FILE *file, const struct lp_terminal *terminal,
		    const struct lp_tasks_snapshot *snapshot, const struct lp_alike_entry *entry,
		    const char *part, const struct lp_rails *rails)
{
	const struct lp_task *task = &snapshot->list.tasks[entry->task];
	char number[32], text[128];

	snprintf(text, sizeof(text), "... and %s more like it, %s%s",
		 text_task_number(entry->more, number),
		 snapshot->places[entry->task].copied ? "copied" : text_task_state(task->state),
		 part);
	fputs(rails->first, file);
	wrap_print(file, text, text_columns(rails->first), rails->next, terminal->columns);
}
