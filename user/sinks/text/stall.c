// SPDX-License-Identifier: BSD-2-Clause
#include "stall.h"

#include "base/text.h"
#include "base/macros.h"
#include "model/own_frames.h"
#include "print.h"
#include "breakdown.h"
#include "stack.h"

#include <string.h>

#define TOP_INDENT 8
#define RUN_BY "    run by "
#define STARTED_BY "    started eagerly by "
#define SEVERAL "    with several eager tasks, at last "

/* Prints the duration of a stall.  Returns the columns that are left on the line. */
static size_t print_duration(FILE *file, const struct lp_terminal *terminal, uint64_t ns,
			     bool in_progress, bool began_before)
{
	const char *format = in_progress    ? "still running after %s"
			     : began_before ? "at least %s"
					    : "%8s";
	char text[32];
	int columns;

	text_duration(text, sizeof(text), ns);
	fprintf(file, "  %s", terminal->colour ? "\033[1;31m" : "");
	columns = fprintf(file, format, text);
	fprintf(file, "%s  ", terminal->colour ? "\033[0m" : "");
	return terminal->columns - LP_TEXT_CLOCK_COLUMNS - (size_t)columns - 4;
}

static void print_began_before(FILE *file)
{
	fputs("    began before loopprof was attached, so it lasted longer\n", file);
}

/* Prints the numbers of callbacks and events that waited; one that is 0 is omitted. */
static void print_held_up(FILE *file, const struct lp_slow_callback *slow)
{
	uint32_t callbacks = slow->delayed_callbacks, events = slow->delayed_events;

	if (!callbacks && !events)
		return;
	fputs("    held up ", file);
	if (callbacks)
		fprintf(file, "%u callback%s", callbacks, text_plural(callbacks));
	if (events)
		fprintf(file, "%s%u ready event%s", callbacks ? " and " : "", events,
			text_plural(events));
	fputc('\n', file);
}

/* Returns whether one eager task took the time of a callback. */
static bool is_of_eager(const struct lp_slow_callback *slow)
{
	return slow->eager && !slow->eager->several;
}

/* Returns what ran when the loop was late: an eager task, or else the callback. */
static const struct lp_callback_info *what_ran(const struct lp_slow_callback *slow)
{
	return is_of_eager(slow) ? &slow->eager->callback : slow->callback;
}

/* Prints what ran a handler: "    run by RequestHandler.start (web_protocol.py:430)". */
static void print_wrapper(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_slow_callback *slow)
{
	const struct lp_callback_info *wrapper = what_ran(slow);
	const struct lp_text_who who = { .name = wrapper->name,
					 .file = wrapper->file,
					 .line = wrapper->line };

	fputs(RUN_BY, file);
	text_print_who(file, terminal, &who, terminal->columns - strlen(RUN_BY));
	fputc('\n', file);
}

/* Prints the callback that created an eager task: "    started by request  task 'r-1' (x.py:25)". */
static void print_creator(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_slow_callback *slow)
{
	const struct lp_text_who who = { .name = slow->callback->name,
					 .task = slow->task ? slow->task_name : NULL,
					 .file = slow->callback->file,
					 .line = slow->callback->line };

	fputs(STARTED_BY, file);
	text_print_who(file, terminal, &who, terminal->columns - strlen(STARTED_BY));
	fputc('\n', file);
}

/* Prints the last of the eager tasks that a callback created. */
static void print_last_eager(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_eager_info *eager)
{
	const struct lp_text_who who = { .name = eager->callback.name,
					 .task = eager->task_name,
					 .file = eager->callback.file,
					 .line = eager->callback.line };

	fputs(SEVERAL, file);
	text_print_who(file, terminal, &who, terminal->columns - strlen(SEVERAL));
	fputc('\n', file);
}

/* Fills in what names the stall: a handler, an eager task, or else the callback. */
static void name_stall(const struct lp_slow_callback *slow, struct lp_text_who *who)
{
	const struct lp_callback_info *callback = what_ran(slow);

	*who = (struct lp_text_who){ .name = callback->name,
				     .task = slow->task ? slow->task_name : NULL,
				     .file = callback->file,
				     .line = callback->line };
	if (is_of_eager(slow))
		who->task = slow->eager->task_name;
	if (slow->handler) {
		who->name = slow->handler->function;
		who->file = slow->handler->file;
		who->line = slow->handler->line;
	}
}

/* Returns whether the line that the program stands at is one of the function that names the stall. */
static bool stands_in_named(const struct lp_slow_callback *slow, const struct lp_text_who *who)
{
	return slow->own && !strcmp(slow->own->function, who->name) &&
	       !strcmp(slow->own->file, who->file);
}

/* Writes "in httpx AsyncClient.get"; "" if the program's line has called no package. */
static void call_text(const struct lp_slow_callback *slow, char *text, size_t size)
{
	char package[LP_PACKAGE_MAX];

	*text = '\0';
	if (!slow->own || !slow->package_call)
		return;
	own_frames_package(slow->package_call->file, package, sizeof(package));
	snprintf(text, size, "in %s %s", package, slow->package_call->function);
}

/*
 * Prints who, with the line that the program stands at and the call into a package if they fit;
 * else they follow on a line of their own: "    at shop/orders.py:21, in httpx AsyncClient.get".
 */
static void print_named(FILE *file, const struct lp_terminal *terminal,
			const struct lp_slow_callback *slow, size_t space)
{
	char call[LP_PACKAGE_MAX + LP_NAME_MAX], place[LP_TEXT_PLACE_MAX];
	char at[sizeof(call) + sizeof(place)];
	struct lp_text_who who;

	name_stall(slow, &who);
	call_text(slow, call, sizeof(call));
	if (*call && stands_in_named(slow, &who)) {
		who.line = slow->own->line;
		who.call = call;
	}
	if (text_print_who(file, terminal, &who, space))
		*call = '\0';
	fputc('\n', file);
	if (!*call)
		return;
	text_frame_place(slow->own, 2, place, sizeof(place));
	snprintf(at, sizeof(at), "%s, %s", place, call);
	fputs("    at ", file);
	text_print_end(file, terminal, at, terminal->columns - strlen("    at "), false);
	fputc('\n', file);
}

void text_stall_print_slow(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_text_loops *loops, const struct lp_slow_callback *slow)
{
	size_t space = print_duration(file, terminal, slow->duration_ns, slow->in_progress,
				      slow->began_before);
	char text[32];

	print_named(file, terminal, slow, space);
	if (slow->handler)
		print_wrapper(file, terminal, slow);
	if (is_of_eager(slow))
		print_creator(file, terminal, slow);
	else if (slow->eager)
		print_last_eager(file, terminal, slow->eager);
	text_loop_name_print(file, terminal, loops, slow->loop, 0);
	if (slow->began_before)
		print_began_before(file);
	text_breakdown_print(file, terminal, &slow->breakdown, slow->duration_ns, false);
	if (slow->queue_delay_ns != LP_NO_QUEUE_DELAY) {
		text_duration(text, sizeof(text), slow->queue_delay_ns);
		fprintf(file, "    had waited %s to run\n", text);
	}
	print_held_up(file, slow);
}

/* Returns whether the loop waited for the GIL for half of the time, before any callback ran. */
static bool began_without_gil(const struct lp_slow_iteration *slow)
{
	const struct lp_breakdown *breakdown = &slow->breakdown;
	bool before = breakdown->gil.known;
	size_t i;

	for (i = 0; i < breakdown->sample_count; i++)
		before = before || breakdown->samples[i].reason == LP_SAMPLE_GIL;
	return before && breakdown->time.known && breakdown->time.gil_ns >= slow->duration_ns / 2;
}

/* sampled: some callbacks ran between two samples, so that there may be more than were counted. */
static void print_what(FILE *file, const struct lp_slow_iteration *slow, bool sampled)
{
	const char *least = sampled ? "at least " : "";
	uint32_t others = (uint32_t)saturating_sub(slow->callbacks, slow->slow_callbacks);

	/* texts for a stall in progress must fit after "still running after" */
	if (began_without_gil(slow) && slow->in_progress && !slow->callbacks)
		fputs("waiting for the GIL, no callback yet\n", file);
	else if (slow->in_progress)
		fprintf(file, "%s%u callback%s in this iteration\n", least, slow->callbacks,
			text_plural(slow->callbacks));
	else if (began_without_gil(slow))
		fputs("waited for the GIL before its first callback\n", file);
	else if (!slow->callbacks)
		fputs("an iteration in which no callback was recorded\n", file);
	else if (slow->slow_callbacks && !others)
		fprintf(file, "an iteration between its callbacks, besides %u slow\n",
			slow->slow_callbacks);
	else if (slow->slow_callbacks)
		fprintf(file, "%s%u callback%s in one iteration, besides %u slow\n", least, others,
			text_plural(others), slow->slow_callbacks);
	else
		fprintf(file, "%s%u callback%s in one iteration, %s slow by itself\n", least,
			slow->callbacks, text_plural(slow->callbacks),
			slow->callbacks == 1 ? "not" : "none");
}

static struct lp_shown_frame frame_of(const struct lp_callback_info *callback)
{
	return (struct lp_shown_frame){ .kind = LP_FRAME_PYTHON,
					.line = callback->line,
					.function = (char *)callback->name,
					.file = (char *)callback->file };
}

/*
 * Prints the callbacks that took most time: "  7 x   214 ms  tick  app/ticks.py:12"; "7+ x" if they
 * were sampled.
 */
static void print_top(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_slow_iteration *slow, bool sampled)
{
	size_t i, widest = 0, space;
	struct lp_shown_frame frame;
	int digits = 1;

	for (i = 0; i < slow->top_count; i++) {
		int wanted = snprintf(NULL, 0, "%u", slow->top[i].count);

		digits = wanted > digits ? wanted : digits;
	}
	space = terminal->columns - TOP_INDENT - (size_t)digits - sampled -
		strlen(" x  312 ms    ");
	for (i = 0; i < slow->top_count; i++) {
		frame = frame_of(slow->top[i].callback);
		widest = text_frame_widest(&frame, widest, space);
	}
	for (i = 0; i < slow->top_count; i++) {
		if (!text_breakdown_matters(slow->top[i].total_ns, slow->duration_ns))
			continue;
		frame = frame_of(slow->top[i].callback);
		fprintf(file, "%*s%*u%s x ", TOP_INDENT, "", digits, slow->top[i].count,
			sampled ? "+" : "");
		text_print_time(file, slow->top[i].total_ns, 7);
		fputs("  ", file);
		text_frame_print(file, terminal, &frame, widest, space);
	}
}

void text_stall_print_iteration(FILE *file, const struct lp_terminal *terminal,
				const struct lp_text_loops *loops,
				const struct lp_slow_iteration *slow, bool sampled)
{
	print_duration(file, terminal, slow->duration_ns, slow->in_progress, slow->began_before);
	print_what(file, slow, sampled);
	text_loop_name_print(file, terminal, loops, slow->loop, 0);
	if (slow->began_before)
		print_began_before(file);
	print_top(file, terminal, slow, sampled);
	text_breakdown_print(file, terminal, &slow->breakdown, slow->duration_ns, true);
}
