// SPDX-License-Identifier: BSD-2-Clause
#include "endings.h"

#include "base/macros.h"
#include "base/text.h"
#include "model/endings.h"
#include "print.h"
#include "stall.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define INDENT 4
#define ROWS_MAX 20
#define TITLE "how processes ended"
#define SENDER_MAX 192
#define LINE_MAX_BYTES (2 * SENDER_MAX + 256)

bool text_ending_matters(const struct lp_process_end *end)
{
	return end->kind != LP_ENDING_EXITED || end->request.number;
}

/* Writes "SIGTERM from systemd (pid 1)". */
static void write_signal(const struct lp_sent_signal *sent, char *text, size_t size)
{
	char name[32], sender[SENDER_MAX];

	ending_sender(sent, true, sender, sizeof(sender));
	snprintf(text, size, "%s from %s", ending_signal_name(sent->number, name, sizeof(name)),
		 sender);
}

/* Writes why the process ended: "SIGKILL from gunicorn (pid 12)", "exit code 1". */
static void write_why(const struct lp_process_end *end, char *text, size_t size)
{
	char name[32];

	ending_signal_name(end->signal, name, sizeof(name));
	if (!end->signal)
		snprintf(text, size, "exit code %u", end->exit_code);
	else if (end->kind == LP_ENDING_OUT_OF_MEMORY)
		snprintf(text, size, "%s from the kernel, as memory ran out", name);
	else if (end->kind == LP_ENDING_CRASHED && end->signal == SIGABRT)
		snprintf(text, size, "%s of its own (abort)", name);
	else if (end->kind == LP_ENDING_CRASHED)
		snprintf(text, size, "%s, a fault of its own", name);
	else if (!end->sent.number)
		snprintf(text, size, "%s from an unknown sender", name);
	else if (end->sent.pid == end->pid && end->sent.origin == LP_SIGNAL_BY_PROCESS)
		snprintf(text, size, "%s from itself", name);
	else
		write_signal(&end->sent, text, size);
}

/* Prints the last stall.  when: "during", if the end has cut it off. */
static void print_stall(FILE *file, const struct lp_terminal *terminal, const char *when,
			const struct lp_callback_info *callback, const char *task_name,
			uint64_t stall_ns)
{
	const struct lp_text_who who = {
		.name = callback->name,
		.task = *task_name ? task_name : NULL,
		.file = callback->file,
		.line = callback->line,
	};
	char lasted[32];
	int length;

	text_duration(lasted, sizeof(lasted), stall_ns);
	length = fprintf(file, "%*s%s a stall of %s  ", INDENT, "", when, lasted);
	text_print_who(file, terminal, &who, terminal->columns - (size_t)length);
	fputc('\n', file);
}

static void print_activity(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_process_end *end)
{
	char text[LINE_MAX_BYTES + LP_NAME_MAX], lasted[32];

	if (end->callback) {
		print_stall(file, terminal, "during", end->handler ? end->handler : end->callback,
			    end->task_name, end->activity_ns);
		return;
	}
	text_duration(lasted, sizeof(lasted), end->activity_ns);
	if (!end->loop)
		return;
	if (end->activity == LP_ACTIVITY_BUSY)
		snprintf(text, sizeof(text), "its loop had been busy for %s", lasted);
	else if (end->activity == LP_ACTIVITY_IDLE)
		snprintf(text, sizeof(text), "its loop had waited for events for %s", lasted);
	else
		snprintf(text, sizeof(text), "its loop did not run any more");
	text_print_wrapped(file, terminal, 0, INDENT, text);
}

void text_ending_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_text_loops *loops, const struct lp_process_end *end)
{
	char text[LINE_MAX_BYTES], why[SENDER_MAX + 64], request[SENDER_MAX + 64], time[32];
	size_t at = LP_TEXT_CLOCK_COLUMNS + 2;

	write_why(end, why, sizeof(why));
	fprintf(file, "  %s", terminal->colour ? "\033[1;31m" : "");
	at += (size_t)fprintf(file, "ended") + 1;
	fprintf(file, "%s ", terminal->colour ? "\033[0m" : "");
	snprintf(text, sizeof(text), "%s (pid %d) %s %s", end->comm, end->pid,
		 end->signal ? "by" : "with", why);
	text_print_wrapped(file, terminal, at, INDENT, text);
	if (end->request.number) {
		write_signal(&end->request, request, sizeof(request));
		text_duration(time, sizeof(time), end->request.before_ns);
		snprintf(text, sizeof(text), "%s after %s", time, request);
		text_print_wrapped(file, terminal, 0, INDENT, text);
	}
	text_loop_name_print(file, terminal, loops, end->loop, end->pid);
	print_activity(file, terminal, end);
	if (end->lived_ns) {
		text_duration(time, sizeof(time), end->lived_ns);
		fprintf(file, "%*sit had lived %s\n", INDENT, "", time);
	}
}

void text_loop_stop_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_stop_report *stop)
{
	char time[32];

	text_duration(time, sizeof(time), stop->ran_ns);
	fprintf(file, "  %sloop ended%s  %s (pid %d), thread %d\n",
		terminal->colour ? "\033[1;31m" : "", terminal->colour ? "\033[0m" : "",
		stop->loop->comm, stop->loop->pid, stop->loop->tid);
	if (stop->callback)
		print_stall(file, terminal, "after", stop->handler ? stop->handler : stop->callback,
			    stop->task_name, stop->stall_ns);
	fprintf(file, "%*s%s\n", INDENT, "",
		stop->reason == LP_LOOP_STOP_THREAD
			? "its thread has ended, and the process goes on"
			: "its thread goes on without it");
	fprintf(file, "%*sit had run for %s\n", INDENT, "", time);
}

void text_endings_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_summary *summary)
{
	size_t rows = min_u64(summary->end_count, ROWS_MAX), width = 0, room, i;
	uint64_t all = 0;
	bool matters = false;
	char longest[32];

	for (i = 0; i < summary->end_count; i++) {
		all += summary->ends[i].count;
		matters |= summary->ends[i].kind != LP_ENDING_EXITED;
		if (i < rows && text_columns(summary->ends[i].reason) > width)
			width = text_columns(summary->ends[i].reason);
	}
	if (all < 2 || !matters)
		return;
	room = terminal->columns > 60 ? terminal->columns - 36 : 24;
	width = width > room ? room : width;
	width = width > strlen(TITLE) - INDENT ? width : strlen(TITLE) - INDENT;
	fprintf(file, "\n%-*s  times  in a stall  longest\n", (int)(INDENT + width), TITLE);
	for (i = 0; i < rows; i++) {
		const struct lp_end_count *count = &summary->ends[i];

		fprintf(file, "%*s", INDENT, "");
		text_print_end(file, terminal, count->reason, width, true);
		text_duration(longest, sizeof(longest), count->stall_max_ns);
		fprintf(file, "  %5" PRIu64 "  %10" PRIu64 "  %7s\n", count->count, count->stalled,
			count->stalled ? longest : "");
	}
	if (summary->end_count > rows)
		fprintf(file, "%*sand %zu more reasons that were fewer (-j has them)\n", INDENT, "",
			summary->end_count - rows);
}
