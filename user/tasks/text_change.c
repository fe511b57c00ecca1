// SPDX-License-Identifier: BSD-2-Clause
#include "text_change.h"

#include "sinks/text/print.h"
#include "base/text.h"
#include "text_task.h"
#include "wrap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of long circles and lists the rest is counted. */
#define GROUPS_SHOWN 8

static void explain(FILE *file, const struct lp_look *look, const char *text)
{
	fputs("      ", file);
	wrap_print(file, text, 6, "      ", look->columns);
}

void text_explain_finding(FILE *file, const struct lp_look *look, struct lp_told *told,
			  enum lp_finding_kind kind)
{
	const struct lp_finding_row *row = finding_row(kind);
	const char *parts[] = { row->meaning, row->silence, row->remedy };
	size_t i;

	if (!told->explain || told->finding)
		return;
	told->finding = true;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i] && *parts[i])
			explain(file, look, parts[i]);
}

/* "a -> b -> a" */
static void circle_text(FILE *file, const struct lp_look *look, const struct lp_tasks_view *view,
			const struct lp_deadlock *deadlock)
{
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], number[32];
	size_t i, shown = deadlock->count > LP_CIRCLE_SHOWN ? LP_CIRCLE_SHOWN : deadlock->count;

	for (i = 0; i < shown; i++)
		fprintf(file, "%s -> ",
			line_name(look, &view->list.tasks[deadlock->tasks[i]], name, sizeof(name)));
	if (shown < deadlock->count)
		fprintf(file, "%s more -> ", line_number(deadlock->count - shown, number));
	fputs(line_name(look, &view->list.tasks[deadlock->tasks[0]], name, sizeof(name)), file);
}

void text_deadlock(FILE *file, const struct lp_look *look, const struct lp_tasks_view *view,
		   const struct lp_deadlock *deadlock, struct lp_told *told)
{
	const struct lp_rails rails = { "    ", "    " };
	char *text = NULL, number[32];
	size_t size = 0, i;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	circle_text(memory, look, view, deadlock);
	if (deadlock->held_up)
		fprintf(memory, ", which holds up %s other task%s",
			line_number(deadlock->held_up, number), deadlock->held_up == 1 ? "" : "s");
	if (!fclose(memory)) {
		fprintf(file, "%sDEADLOCK%s: ", look->colour ? LP_RED : "",
			look->colour ? LP_PLAIN : "");
		wrap_print(file, text, strlen("DEADLOCK: "), "    ", look->columns);
	}
	free(text);
	for (i = 0; i < deadlock->count && i < LP_CIRCLE_SHOWN; i++) {
		line_task(file, look, view, deadlock->tasks[i], &rails);
		if (told->stack)
			line_stack(file, look, view, deadlock->tasks[i], "            ");
	}
	if (!told->explain || told->deadlock)
		return;
	told->deadlock = true;
	explain(file, look,
		"Each of these tasks waits for the next one, so none of them can go on, nor can who waits for them, unless a timeout or a cancellation ends it.");
	explain(file, look,
		"Nobody notices, because the loop is idle and answers everything else.");
	explain(file, look,
		"Take locks in the same order everywhere, never take one again that is held, and do not await a task that needs what its waiter holds.");
}

static void print_clock(FILE *file, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm parts;
	char text[32];

	if (!localtime_r(&seconds, &parts))
		memset(&parts, 0, sizeof(parts));
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	fprintf(file, "%s.%03d", text, (int)(unix_ns / 1000000 % 1000));
}

/* "handle_client (server.py:88)" */
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

static void print_growing(FILE *file, const struct lp_look *look, const struct lp_task_group *group,
			  uint64_t now_ns)
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
		 line_number(group->count, count), of, *place ? ", created at " : "", place,
		 line_number(group->count - group->since_count, more), time);
	text_sanitise(text);
	fprintf(file, "    %s", look->colour ? LP_RED : "");
	wrap_print(file, text, 4, "        ", look->columns);
	if (look->colour)
		fputs(LP_PLAIN, file);
}

static void print_group(FILE *file, const struct lp_look *look, const struct lp_task_group *group)
{
	char text[1024], of[512], born[32], ended[32], left[32];

	group_text(group, of, sizeof(of));
	snprintf(text, sizeof(text), "%s%s%s%s%s  %s, %s now", group->born ? "+" : "",
		 group->born ? line_number(group->born, born) : "",
		 group->born && group->ended ? " " : "", group->ended ? "-" : "",
		 group->ended ? line_number(group->ended, ended) : "", of,
		 line_number(group->count, left));
	text_sanitise(text);
	fputs("    ", file);
	wrap_print(file, text, 4, "        ", look->columns);
}

void text_change(FILE *file, const struct lp_look *look, const struct lp_tasks_view *now,
		 const struct lp_tasks_change *change, struct lp_told *told, uint64_t unix_ns)
{
	char text[256], born[32], ended[32];
	size_t i, shown = 0, rest = 0;
	bool grows = false;

	if (!change->group_count && !change->deadlock_count)
		return;
	print_clock(file, unix_ns);
	snprintf(text, sizeof(text), "  pid %d: %s born, %s ended", now->process->pid,
		 line_number(change->born_count, born), line_number(change->ended_count, ended));
	fprintf(file, "%s\n", text);
	for (i = 0; i < change->deadlock_count; i++)
		text_deadlock(file, look, now, change->deadlocks[i], told);
	for (i = 0; i < change->group_count; i++) {
		const struct lp_task_group *group = change->groups[i];

		if (group_leaks(group)) {
			print_growing(file, look, group, now->list.time_ns);
			grows = true;
		} else if (shown < GROUPS_SHOWN) {
			print_group(file, look, group);
			shown++;
		} else {
			rest++;
		}
	}
	if (rest)
		fprintf(file, "    ... and of %s other coroutine%s\n", line_number(rest, born),
			rest == 1 ? "" : "s");
	if (!grows || !told->explain || told->growing)
		return;
	told->growing = true;
	explain(file, look,
		"Tasks of that coroutine were created at each of the last looks, and not one has ended: either the load still rises, or they wait for something that never comes and will fill the memory.");
	explain(file, look,
		"See with --stack where they are parked; give what they wait for a timeout (asyncio.timeout), or cancel them when whoever asked has gone.");
}
