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
 * Rows are here, not in an adapter, as captures are read without one.  A row applies if the frame
 * is among the innermost ones that are not the program's.
 */
static const struct call_row {
	enum lp_frame_kind kind;
	const char *file; /* end of the path of a Python file; NULL: any */
	const char *function; /* last part of the qualified name, or a C symbol */
	const char *words;
} rows[] = {
	{ LP_FRAME_NATIVE, NULL, "sqliteDefaultBusyCallback", "SQLite waits for a lock" },
	{ LP_FRAME_NATIVE, NULL, "sqlite3InvokeBusyHandler", "SQLite waits for a lock" },
	{ LP_FRAME_NATIVE, NULL, "time_sleep", "time.sleep" },
	{ LP_FRAME_NATIVE, NULL, "getaddrinfo", "DNS look-up" },
	{ LP_FRAME_NATIVE, NULL, "SSL_CTX_load_verify_locations", "ssl: loads certificates" },
	{ LP_FRAME_PYTHON, "/ssl.py", "load_default_certs", "ssl: loads certificates" },
	{ LP_FRAME_PYTHON, "/ssl.py", "create_default_context", "ssl: loads certificates" },
	{ LP_FRAME_PYTHON, "/ssl.py", "do_handshake", "ssl: handshake" },
	{ LP_FRAME_PYTHON, "/socket.py", "getaddrinfo", "DNS look-up" },
	{ LP_FRAME_PYTHON, "/socket.py", "getfqdn", "DNS look-up" },
	{ LP_FRAME_PYTHON, "/socket.py", "create_connection", "connects" },
	{ LP_FRAME_PYTHON, "/subprocess.py", "communicate", "subprocess communicate" },
	{ LP_FRAME_PYTHON, "/subprocess.py", "_execute_child", "starts a child process" },
	{ LP_FRAME_PYTHON, "/subprocess.py", "wait", "waits for a child process" },
	{ LP_FRAME_PYTHON, "/concurrent/futures/_base.py", "result", "concurrent Future.result" },
	{ LP_FRAME_PYTHON, "/queue.py", "get", "queue.Queue.get" },
	{ LP_FRAME_PYTHON, "/queue.py", "put", "queue.Queue.put" },
	{ LP_FRAME_PYTHON, "/threading.py", "join", "threading.Thread.join" },
	{ LP_FRAME_PYTHON, "/threading.py", "wait", "waits for a thread" },
	{ LP_FRAME_PYTHON, "/logging/__init__.py", "acquire", "logging: waits for its lock" },
	{ LP_FRAME_PYTHON, "/logging/__init__.py", "emit", "logging: writes a record" },
	{ LP_FRAME_PYTHON, "/logging/__init__.py", "flush", "logging: writes a record" },
	{ LP_FRAME_PYTHON, "/shutil.py", "copyfile", "shutil copies a file" },
	{ LP_FRAME_PYTHON, "/shutil.py", "rmtree", "shutil.rmtree" },
};

/* Returns whether a function's qualified name ends with a name. */
static bool has_name(const struct lp_shown_frame *frame, const char *name)
{
	const char *dot = frame->function ? strrchr(frame->function, '.') : NULL;

	return frame->function && !strcmp(dot ? dot + 1 : frame->function, name);
}

static const struct call_row *row_of(const struct lp_shown_frame *frame)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (frame->kind != rows[i].kind || !has_name(frame, rows[i].function))
			continue;
		if (!rows[i].file || (text_ends_with(frame->file, rows[i].file) &&
				      own_frames_is_library(frame->file)))
			return &rows[i];
	}
	return NULL;
}

/* Writes the name of a module by the path of its file: "sqlalchemy.orm", "httpx._client". */
static void module_name(const char *file, char *name, size_t size)
{
	const char *package = own_frames_below_packages(file);
	size_t length, i;

	text_copy(name, size, package ? package : text_path_end(file, 1));
	if (!package && !strcmp(name, "__init__.py"))
		text_copy(name, size, text_path_end(file, 2));
	if (text_ends_with(name, ".py"))
		name[strlen(name) - strlen(".py")] = '\0';
	if (text_ends_with(name, "/__init__"))
		name[strlen(name) - strlen("/__init__")] = '\0';
	length = strlen(name);
	for (i = 0; i < length; i++)
		if (name[i] == '/')
			name[i] = '.';
}

/*
 * Writes "import NAME" if the program's innermost function outside of a module imports one.  The
 * name is that of the first module whose code runs; the module that is searched for has none yet.
 */
static bool import_words(const struct lp_stack *stack, char *words, size_t size)
{
	uint32_t depth = stack->depth < FRAMES_MAX ? stack->depth : FRAMES_MAX, i, first;
	char name[LP_CALL_WORDS_MAX];

	for (first = depth; first && !own_frames_is_import(stack->frames[first - 1]);)
		first--;
	if (!first)
		return false;
	for (i = first; i; i--) {
		const struct lp_shown_frame *frame = stack->frames[i - 1];

		if (!own_frames_is_import(frame) && frame->function &&
		    !strcmp(frame->function, "<module>")) {
			module_name(frame->file, name, sizeof(name));
			snprintf(words, size, "import %s", name);
			return true;
		}
	}
	text_copy(words, size, "import");
	return true;
}

/*
 * Returns whether sleeps are those of SQLite, which tries to get a lock again after longer and
 * longer ones (sqliteDefaultBusyCallback).
 */
static bool is_sqlite_sleep(const struct lp_blocked *blocked)
{
	static const uint64_t delays_ms[] = { 1, 2, 5, 10, 15, 20, 25, 50 };
	uint64_t ns = blocked->sleep.ns, each;
	size_t i;

	if (blocked->sleep.kind != LP_SLEEP_FOR)
		return false;
	each = blocked->count ? blocked->duration_ns / blocked->count : 0;
	for (i = 0; i < ARRAY_SIZE(delays_ms); i++)
		if (ns == delays_ms[i] * NS_PER_MS)
			return each > ns + ns / 2;
	return false;
}

/* Returns whether the innermost frame is one that is not of Python's library, which called C. */
static bool is_called_from_outside(const struct lp_stack *stack)
{
	return stack->frames[0]->kind == LP_FRAME_PYTHON &&
	       !own_frames_is_library(stack->frames[0]->file);
}

/* Writes words for a sleep; before 3.11 time.sleep is a select() without descriptors. */
static void sleep_words(const struct lp_blocked *blocked, char *words, size_t size)
{
	bool selects = !strcmp(blocked->syscall, "pselect6") || !strcmp(blocked->syscall, "select");

	if ((selects && !blocked->target[0]) || blocked->sleep.kind == LP_SLEEP_UNTIL)
		text_copy(words, size, "time.sleep");
	else if (is_sqlite_sleep(blocked))
		text_copy(words, size, "SQLite waits for a lock");
}

void call_words_of_stack(const struct lp_stack *stack, char *words, size_t size)
{
	const struct call_row *row = NULL, *at;
	size_t own, i;

	*words = '\0';
	if (!stack->depth || import_words(stack, words, size))
		return;
	own = own_frames_innermost(stack->frames, stack->depth);
	/* the outermost row: what the program called */
	for (i = 0; i < own; i++) {
		at = row_of(stack->frames[i]);
		if (at)
			row = at;
	}
	if (row)
		text_copy(words, size, row->words);
}

void call_words_of(const struct lp_blocked *blocked, char *words, size_t size)
{
	call_words_of_stack(&blocked->stack, words, size);
	if (*words || !blocked->stack.depth)
		return;
	if (text_ends_with(blocked->target, ":53"))
		text_copy(words, size, "DNS look-up");
	else if (is_called_from_outside(&blocked->stack))
		sleep_words(blocked, words, size);
}
