// SPDX-License-Identifier: BSD-2-Clause
#include "text_change.h"

#include "sinks/text/print.h"
#include "base/text.h"
#include "base/macros.h"
#include "text_task.h"
#include "text_thread.h"
#include "base/wrap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Limits of lists; further entries are counted. */
#define GROUPS_SHOWN 8

static void explain(FILE *file, const struct lp_terminal *terminal, const char *text)
{
	fputs("      ", file);
	wrap_print(file, text, 6, "      ", terminal->columns);
}

void tasks_text_explain_finding(FILE *file, const struct lp_terminal *terminal,
				struct lp_text_detail *detail, enum lp_finding_kind kind)
{
	const struct lp_finding_row *row = finding_row(kind);
	const char *parts[] = { row->meaning, row->silence, row->remedy };
	size_t i;

	if (!detail->explain || detail->finding)
		return;
	detail->finding = true;
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i] && *parts[i])
			explain(file, terminal, parts[i]);
}

static const char *node_name(const struct lp_terminal *terminal,
			     const struct lp_tasks_snapshot *snapshot, uint32_t node, char *text,
			     size_t size)
{
	if (!graph_is_thread(&snapshot->list, node))
		return text_task_name(terminal, &snapshot->list.tasks[node], text, size);
	text_thread_name(graph_thread(&snapshot->list, node), text, size);
	return text;
}

/* Writes a circle of tasks and threads: "a -> b -> a". */
static void circle_text(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot,
			const struct lp_deadlock *deadlock)
{
	char name[LP_TASK_NAME_COLUMNS * 4 + 32], number[32];
	size_t i, shown = deadlock->count > LP_CIRCLE_SHOWN ? LP_CIRCLE_SHOWN : deadlock->count;

	for (i = 0; i < shown; i++)
		fprintf(file, "%s -> ",
			node_name(terminal, snapshot, deadlock->nodes[i], name, sizeof(name)));
	if (shown < deadlock->count)
		fprintf(file, "%s more -> ", text_task_number(deadlock->count - shown, number));
	fputs(node_name(terminal, snapshot, deadlock->nodes[0], name, sizeof(name)), file);
}

/* Explains the link from a task to the thread of its loop. */
static void print_link(FILE *file, const struct lp_tasks_snapshot *snapshot,
		       const struct lp_deadlock *deadlock, size_t at)
{
	uint32_t next = deadlock->nodes[(at + 1) % deadlock->count];
	const struct lp_task *task = &snapshot->list.tasks[deadlock->nodes[at]];

	if (graph_is_thread(&snapshot->list, next) && task->tid &&
	    task->tid == graph_thread(&snapshot->list, next)->tid)
		fputs("        its loop is run by that thread\n", file);
}

void tasks_text_deadlock(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot,
			 const struct lp_deadlock *deadlock, struct lp_text_detail *detail)
{
	const struct lp_rails rails = { "    ", "    " };
	char *text = NULL, number[32];
	size_t size = 0, i;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	circle_text(memory, terminal, snapshot, deadlock);
	if (deadlock->held_up)
		fprintf(memory, ", which holds up %s other task%s",
			text_task_number(deadlock->held_up, number),
			text_plural(deadlock->held_up));
	if (!fclose(memory)) {
		fprintf(file, "%sDEADLOCK%s: ", terminal->colour ? LP_RED : "",
			terminal->colour ? LP_PLAIN : "");
		wrap_print(file, text, strlen("DEADLOCK: "), "    ", terminal->columns);
	}
	free(text);
	for (i = 0; i < deadlock->count && i < LP_CIRCLE_SHOWN; i++) {
		uint32_t node = deadlock->nodes[i];

		if (graph_is_thread(&snapshot->list, node)) {
			text_thread_print(file, terminal, snapshot, node - snapshot->list.count,
					  detail->stack);
			continue;
		}
		text_task_print(file, terminal, snapshot, node, &rails);
		print_link(file, snapshot, deadlock, i);
		if (detail->stack)
			text_task_stack(file, terminal, snapshot, node, "            ");
	}
	if (!detail->explain || detail->deadlock)
		return;
	detail->deadlock = true;
	explain(file, terminal,
		"Each of these tasks waits for the next one, so none of them can go on, nor can who waits for them, unless a timeout or a cancellation ends it.");
	explain(file, terminal,
		"No error shows it, because the loop is idle and answers everything else.");
	explain(file, terminal,
		"Take locks in the same order everywhere, never take one again that is held, and do not await a task that needs what its waiter holds.");
}

/* Writes the coroutine of a group: "handle_client (server.py:88)". */
static void group_text(const struct lp_task_group *group, char *text, size_t size)
{
	const struct lp_shown_frame place = { .kind = LP_FRAME_PYTHON,
					      .line = group->line,
					      .file = group->file };
	char where[LP_TEXT_PLACE_MAX];
	size_t length;

	text_copy(text, size, *group->name ? group->name : "?");
	length = strlen(text);
	if (!*group->file)
		return;
	text_frame_place(&place, 1, where, sizeof(where));
	snprintf(text + length, size - length, " (%s)", where);
	text_sanitise(text);
}

static void print_growing(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_task_group *group, uint64_t now_ns)
{
	const struct lp_shown_frame created = { .kind = LP_FRAME_PYTHON,
						.line = group->created_line,
						.file = group->created_file };
	char text[1024], of[512], count[32], more[32], time[32], place[LP_TEXT_PLACE_MAX] = "";

	group_text(group, of, sizeof(of));
	text_duration(time, sizeof(time), now_ns - group->since_ns);
	if (*group->created_file)
		text_frame_place(&created, 1, place, sizeof(place));
	snprintf(text, sizeof(text),
		 "only growing: %s tasks of %s%s%s, %s more in the last %s, none has ended",
		 text_task_number(group->count, count), of, *place ? ", created at " : "", place,
		 text_task_number(group->count - group->since_count, more), time);
	text_sanitise(text);
	fprintf(file, "    %s", terminal->colour ? LP_RED : "");
	wrap_print(file, text, 4, "        ", terminal->columns);
	if (terminal->colour)
		fputs(LP_PLAIN, file);
}

static void print_group(FILE *file, const struct lp_terminal *terminal,
			const struct lp_task_group *group)
{
	char text[1024], of[512], started[32], ended[32], left[32];

	group_text(group, of, sizeof(of));
	snprintf(text, sizeof(text), "%s%s%s%s%s  %s, %s now", group->started ? "+" : "",
		 group->started ? text_task_number(group->started, started) : "",
		 group->started && group->ended ? " " : "", group->ended ? "-" : "",
		 group->ended ? text_task_number(group->ended, ended) : "", of,
		 text_task_number(group->count, left));
	text_sanitise(text);
	fputs("    ", file);
	wrap_print(file, text, 4, "        ", terminal->columns);
}

void tasks_text_change(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change,
		       struct lp_text_detail *detail, uint64_t unix_ns)
{
	char text[256], started[32], ended[32];
	size_t i, shown = 0, rest = 0;
	bool grows = false;

	if (!change->group_count && !change->deadlock_count)
		return;
	text_print_clock(file, unix_ns);
	snprintf(text, sizeof(text), "  pid %d: %s born, %s ended", now->process->pid,
		 text_task_number(change->started_count, started),
		 text_task_number(change->ended_count, ended));
	fprintf(file, "%s\n", text);
	for (i = 0; i < change->deadlock_count; i++)
		tasks_text_deadlock(file, terminal, now, change->deadlocks[i], detail);
	for (i = 0; i < change->group_count; i++) {
		const struct lp_task_group *group = change->groups[i];

		if (task_group_leaks(group)) {
			print_growing(file, terminal, group, now->list.time_ns);
			grows = true;
		} else if (shown < GROUPS_SHOWN) {
			print_group(file, terminal, group);
			shown++;
		} else {
			rest++;
		}
	}
	if (rest)
		fprintf(file, "    ... and of %s other coroutine%s\n",
			text_task_number(rest, started), text_plural(rest));
	if (!grows || !detail->explain || detail->growing)
		return;
	detail->growing = true;
	explain(file, terminal,
		"Tasks of that coroutine were created in each of the last intervals, and not one has ended: either the load still rises, or they wait for something that never comes and will fill the memory.");
	explain(file, terminal,
		"See with --stack where they are parked; give what they wait for a timeout (asyncio.timeout), or cancel them when the caller no longer waits.");
}
