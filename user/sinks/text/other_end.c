// SPDX-License-Identifier: BSD-2-Clause
#include "other_end.h"

#include "base/text.h"
#include "wire/syscalls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct end_sentence {
	char *text;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct end_sentence *to, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	to->length = text_append(to->text, LP_OTHER_END_TEXT, to->length, format, arguments);
	va_end(arguments);
}

/* The first three descriptors have names that every program knows. */
static const char *const standard[] = { "stdin", "stdout", "stderr" };

static void add_file(struct end_sentence *to, const struct lp_other_end_file *file)
{
	if (file->descriptor < 0)
		return;
	if (file->descriptor < 3)
		add(to, " on %s (%s)", standard[file->descriptor], file->name);
	else if (*file->name)
		add(to, " on %s", file->name);
	else
		add(to, " on descriptor %d", file->descriptor);
}

static const char *state_word(char state)
{
	switch (state) {
	case 0:
	case 'X':
		return "which has ended";
	case 'Z':
		return "which has ended and is not waited for";
	case 'R':
		return "which runs";
	case 'T':
		return "which is stopped by a signal";
	case 't':
		return "which is stopped by a debugger";
	case 'D':
		return "which waits in the kernel";
	default:
		return "which sleeps";
	}
}

static void add_process(struct end_sentence *to, const struct lp_other_end_process *process)
{
	add(to, "pid %d (%s), %s", process->pid, process->comm, state_word(process->state));
	if (process->syscall < 0 || !strchr("SDI", process->state ? process->state : 'X'))
		return;
	add(to, " in %s", syscall_name(process->syscall));
	add_file(to, &process->file);
	if (process->waits_for_us)
		add(to, ": each waits for the other");
}

static void add_processes(struct end_sentence *to, const struct lp_other_end *end)
{
	size_t i;

	if (!end->count)
		add(to, end->itself ? "only this process itself"
				    : (end->cut ? "a process that was not found" : "no process"));
	for (i = 0; i < end->count && i < LP_OTHER_END_PROCESSES; i++) {
		if (i)
			add(to, "; and ");
		add_process(to, &end->processes[i]);
	}
	if (end->count > LP_OTHER_END_PROCESSES)
		add(to, "; and %u more", end->count - LP_OTHER_END_PROCESSES);
}

/* The words before the processes at the other end. */
static const char *const before[LP_OTHER_END_KINDS] = {
	[LP_OTHER_END_PIPE] = "its other end is held by ",
	[LP_OTHER_END_SOCKET] = "its other end is held by ",
	[LP_OTHER_END_LOCK] = "the lock is held by ",
	[LP_OTHER_END_SQLITE] = "the lock is held by ",
	[LP_OTHER_END_CHILD] = "it waits for the child ",
};

const char *text_other_end_name(const struct lp_other_end *end)
{
	return end->file.descriptor >= 0 && end->file.descriptor < 3
		       ? standard[end->file.descriptor]
		       : NULL;
}

void text_other_end_holders(const struct lp_other_end *end, char text[LP_OTHER_END_TEXT])
{
	struct end_sentence to = { .text = text };

	*text = '\0';
	if (end->kind >= LP_OTHER_END_KINDS || !before[end->kind])
		return;
	if (end->kind == LP_OTHER_END_SQLITE)
		add(&to, "SQLite waits for the lock of %s; ", end->file.name);
	add(&to, "%s", before[end->kind]);
	add_processes(&to, end);
}

void text_other_end(const struct lp_other_end *end, char text[LP_OTHER_END_TEXT])
{
	struct end_sentence to = { .text = text };

	*text = '\0';
	if (end->kind == LP_OTHER_END_SQLITE)
		add(&to, "SQLite waits for the lock of %s, in %s", end->file.name,
		    syscall_name(end->syscall));
	else if (end->syscall >= 0)
		add(&to, "%s", syscall_name(end->syscall));
	else
		add(&to, "a page fault");
	if (end->kind != LP_OTHER_END_SQLITE)
		add_file(&to, &end->file);
	if (end->kind >= LP_OTHER_END_KINDS || !before[end->kind])
		return;
	add(&to, "; %s", before[end->kind]);
	add_processes(&to, end);
}
