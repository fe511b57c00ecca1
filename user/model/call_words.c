// SPDX-License-Identifier: BSD-2-Clause
#include "call_words.h"

#include "own_frames.h"
#include "base/clocks.h"
#include "base/macros.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Stacks are searched down to this many frames from the innermost one. */
#define FRAMES_MAX 256

/*
 * Functions of C libraries; those of a runtime are rows of its adapter.  A row applies if the frame
 * is among the innermost ones that are not the program's.
 */
static const struct lp_call_row c_libraries[] = {
	{ LP_FRAME_NATIVE, NULL, "sqliteDefaultBusyCallback", "SQLite waits for a lock" },
	{ LP_FRAME_NATIVE, NULL, "sqlite3InvokeBusyHandler", "SQLite waits for a lock" },
	{ LP_FRAME_NATIVE, NULL, "getaddrinfo", LP_WORDS_LOOK_UP },
	{ LP_FRAME_NATIVE, NULL, "SSL_CTX_load_verify_locations", "ssl: loads certificates" },
	{ .function = NULL },
};

/* Returns whether a function's qualified name ends with a name. */
static bool has_name(const struct lp_shown_frame *frame, const char *name)
{
	const char *dot = frame->function ? strrchr(frame->function, '.') : NULL;

	return frame->function && !strcmp(dot ? dot + 1 : frame->function, name);
}

static const struct lp_call_row *row_among(const struct lp_call_row *row,
					   const struct lp_shown_frame *frame)
{
	for (; row->function; row++) {
		if (frame->kind != row->kind || !has_name(frame, row->function))
			continue;
		if (!row->file ||
		    (text_ends_with(frame->file, row->file) && own_frames_is_library(frame->file)))
			return row;
	}
	return NULL;
}

static const struct lp_call_row *row_of(const struct lp_shown_frame *frame)
{
	const struct lp_call_row *row = row_among(c_libraries, frame);
	const struct lp_code_names *names;
	size_t i;

	for (i = 0; !row && (names = code_names_at(i)); i++)
		row = row_among(names->calls, frame);
	return row;
}

/*
 * Writes "import NAME" if the program's innermost function outside of a module imports one.  The
 * name is that of the first module whose code runs; the module that is searched for has none yet.
 */
static bool import_words(const struct lp_stack *stack, char *words, size_t size)
{
	uint32_t depth = stack->depth < FRAMES_MAX ? stack->depth : FRAMES_MAX, i, first;
	const struct lp_code_names *names = NULL;
	char name[LP_CALL_WORDS_MAX];

	for (first = depth; first; first--) {
		names = own_frames_importer(stack->frames[first - 1]);
		if (names)
			break;
	}
	if (!first)
		return false;
	for (i = first; i; i--) {
		const struct lp_shown_frame *frame = stack->frames[i - 1];

		if (!own_frames_is_import(frame) && frame->function && names->module_function &&
		    !strcmp(frame->function, names->module_function)) {
			names->module(frame->file, name, sizeof(name));
			snprintf(words, size, "import %s", name);
			return true;
		}
	}
	text_copy(words, size, "import");
	return true;
}

/*
 * Returns whether sleeps are those of SQLite, which tries to get a lock again after longer and
 * longer ones (sqliteDefaultBusyCallback). The list in process/other_end.c also has the last
 * length, 100 ms: sleeps that begin with it do not become longer, and may be the program's.
 */
static bool is_sqlite_sleep(const struct lp_blocked *blocked)
{
	static const uint64_t delays_ms[] = { 1, 2, 5, 10, 15, 20, 25, 50 };
	uint64_t ns = blocked->sleep.ns, each;
	size_t i;

	if (blocked->sleep.kind != LP_SLEEP_FOR)
		return false;
	/* a lock of that file was found */
	if (blocked->target[0])
		return true;
	each = blocked->count ? blocked->duration_ns / blocked->count : 0;
	for (i = 0; i < ARRAY_SIZE(delays_ms); i++)
		if (ns == delays_ms[i] * NS_PER_MS)
			return each > ns + ns / 2;
	return false;
}

/* Returns whether the innermost frame is one that is not of the runtime's library, which called C. */
static bool is_called_from_outside(const struct lp_stack *stack)
{
	return stack->frames[0]->kind == LP_FRAME_PYTHON &&
	       !own_frames_is_library(stack->frames[0]->file);
}

/* Returns words for a sleep by a function of a runtime's library; "" if none has any. */
static const char *library_sleep(void)
{
	const struct lp_code_names *names;
	size_t i;

	for (i = 0; (names = code_names_at(i)); i++)
		if (names->sleep)
			return names->sleep;
	return "";
}

/* Writes words for a sleep. */
static void sleep_words(const struct lp_blocked *blocked, char *words, size_t size)
{
	bool selects = !strcmp(blocked->syscall, "pselect6") || !strcmp(blocked->syscall, "select");

	if ((selects && !blocked->target[0]) || blocked->sleep.kind == LP_SLEEP_UNTIL)
		text_copy(words, size, library_sleep());
	else if (is_sqlite_sleep(blocked))
		text_copy(words, size, "SQLite waits for a lock");
}

/* Returns whether a row is that of a function that looks up a name, whoever called it. */
static bool is_look_up(const struct lp_call_row *row)
{
	return !strcmp(row->words, LP_WORDS_LOOK_UP);
}

/* Returns whether a call waits for a name server, by its socket, whatever function called it. */
static bool asks_name_server(const struct lp_blocked *blocked)
{
	const char *target = blocked->target;

	return *blocked->dns_name || (blocked->stack.depth && text_ends_with(target, ":53") &&
				      (!strncmp(target, "udp ", 4) || !strncmp(target, "tcp ", 4)));
}

void call_words_of_stack(const struct lp_stack *stack, char *words, size_t size)
{
	const struct lp_call_row *row = NULL, *at;
	size_t own, i;

	*words = '\0';
	if (!stack->depth || import_words(stack, words, size))
		return;
	own = own_frames_innermost(stack->frames, stack->depth);
	/* the outermost row is what the program called, unless a function in it looks up a name */
	for (i = 0; i < own && !(row && is_look_up(row)); i++) {
		at = row_of(stack->frames[i]);
		if (at)
			row = at;
	}
	if (row)
		text_copy(words, size, row->words);
}

void call_words_of(const struct lp_blocked *blocked, char *words, size_t size)
{
	static const char of[] = LP_WORDS_LOOK_UP " of ";

	if (*blocked->dns_name && strlen(of) + strlen(blocked->dns_name) < size) {
		snprintf(words, size, "%s%s", of, blocked->dns_name);
		return;
	}
	if (asks_name_server(blocked)) {
		text_copy(words, size, LP_WORDS_LOOK_UP);
		return;
	}
	call_words_of_stack(&blocked->stack, words, size);
	if (!*words && blocked->stack.depth && is_called_from_outside(&blocked->stack))
		sleep_words(blocked, words, size);
}

const char *call_words_of_lock(void)
{
	const struct lp_code_names *names;
	size_t i;

	for (i = 0; (names = code_names_at(i)); i++)
		if (names->lock)
			return names->lock;
	return "";
}
