// SPDX-License-Identifier: BSD-2-Clause
#include "own_frames.h"

#include "base/macros.h"
#include "base/text.h"
#include "wire/loop_kinds.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Packages that call a program's handlers.  A program that is installed like them is not one. */
static const char *const frameworks[] = {
	"aiohttp",  "aiojobs",	  "anyio",	"arq",	    "asgiref", "blacksheep", "celery",
	"channels", "daphne",	  "django",	"falcon",   "fastapi", "flask",	     "granian",
	"grpc",	    "gunicorn",	  "hypercorn",	"litestar", "quart",   "robyn",	     "sanic",
	"socketio", "starlette",  "strawberry", "taskiq",   "tornado", "twisted",    "uvicorn",
	"uvloop",   "websockets", "werkzeug",
};

/* Top-level names that many distributions share. */
static const char *const namespaces[] = { "azure", "google", "zope" };

/* Files of the standard library in a bundle, where paths are relative. */
static const char *const bundled[] = {
	"asyncio/",	"concurrent/futures/", "contextlib.py", "functools.py",
	"importlib/",	"logging/__init__.py", "queue.py",	"runpy.py",
	"selectors.py", "socket.py",	       "ssl.py",	"subprocess.py",
	"threading.py",
};

const char *own_frames_below_packages(const char *file)
{
	static const char *const directories[] = { "/site-packages/", "/dist-packages/" };
	const char *below = NULL, *at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(directories); i++)
		for (at = file; (at = strstr(at, directories[i]));) {
			at += strlen(directories[i]);
			if (!below || at > below)
				below = at;
		}
	/* an egg or a wheel that is used as it is: /srv/eggs/httpx-0.27-py3.11.egg/httpx/api.py */
	if (!below && ((at = strstr(file, ".egg/")) || (at = strstr(file, ".whl/"))))
		below = at + strlen(".egg/");
	return below;
}

/* Returns whether the directory of a library is Python's: lib/python3.11/, lib64/python311.zip/. */
static bool is_python_directory(const char *at)
{
	if (!begins(at, "/python3"))
		return false;
	at += strlen("/python3");
	if (*at == '.') {
		at++;
		at += strspn(at, "0123456789t");
		return *at == '/';
	}
	at += strspn(at, "0123456789");
	return begins(at, ".zip/");
}

enum lp_frame_origin own_frames_origin(const char *file)
{
	const char *at = file;
	size_t i;

	if (begins(at, "<frozen "))
		return LP_ORIGIN_LIBRARY;
	if (own_frames_below_packages(file))
		return LP_ORIGIN_PACKAGE;
	for (i = 0; i < ARRAY_SIZE(bundled); i++)
		if (begins(file, bundled[i]))
			return LP_ORIGIN_LIBRARY;
	while ((at = strstr(at, "/lib"))) {
		at += strlen("/lib");
		at += strspn(at, "64");
		if (is_python_directory(at))
			return LP_ORIGIN_LIBRARY;
	}
	return LP_ORIGIN_PROGRAM;
}

/* Returns the number of parts of a path, at most three. */
static unsigned int count_parts(const char *path)
{
	unsigned int count = 1;

	for (; *path && count < 3; path++)
		count += *path == '/';
	return count;
}

unsigned int own_frames_parts(const char *file)
{
	const char *package = own_frames_below_packages(file);
	static const char *const names[] = {
		"asyncio/", "collections/", "concurrent/", "email/", "encodings/",
		"html/",    "http/",	    "importlib/",  "json/",  "logging/",
		"sqlite3/", "unittest/",    "urllib/",	   "xml/",   "multiprocessing/",
	};
	const char *end = text_path_end(file, 2);
	size_t i;

	if (package && count_parts(package) > 2)
		return 3;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (begins(end, names[i]))
			return own_frames_origin(file) == LP_ORIGIN_LIBRARY ? 2 : 3;
	return 2;
}

void own_frames_package(const char *file, char *name, size_t size)
{
	const char *below = own_frames_below_packages(file);
	size_t length, i;

	text_copy(name, size, below ? below : "");
	length = strcspn(name, "/");
	for (i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (length == strlen(namespaces[i]) && begins(name, namespaces[i]) && name[length])
			break;
	if (i < ARRAY_SIZE(namespaces)) {
		name[length] = '.';
		length += strcspn(name + length, "/");
	}
	name[length] = '\0';
	if (text_ends_with(name, ".py"))
		name[length - strlen(".py")] = '\0';
}

bool own_frames_has_origin(const struct lp_shown_frame *frame, enum lp_frame_origin origin)
{
	return frame && frame->kind == LP_FRAME_PYTHON && frame->file && *frame->file &&
	       own_frames_origin(frame->file) == origin;
}

bool own_frames_is_import(const struct lp_shown_frame *frame)
{
	return frame->kind == LP_FRAME_PYTHON && frame->file &&
	       begins(frame->file, "<frozen importlib");
}

static bool is_framework(const char *package)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(frameworks); i++)
		if (!strcmp(frameworks[i], package))
			return true;
	return false;
}

size_t own_frames_innermost(const struct lp_shown_frame *const *frames, size_t count)
{
	char outermost[LP_PACKAGE_MAX] = "", package[LP_PACKAGE_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		if (own_frames_has_origin(frames[i], LP_ORIGIN_PROGRAM))
			return i;
	for (i = count; i && !outermost[0]; i--) {
		if (!own_frames_has_origin(frames[i - 1], LP_ORIGIN_PACKAGE))
			continue;
		own_frames_package(frames[i - 1]->file, package, sizeof(package));
		if (!is_framework(package))
			text_copy(outermost, sizeof(outermost), package);
	}
	for (i = 0; i < count; i++) {
		if (!own_frames_has_origin(frames[i], LP_ORIGIN_PACKAGE))
			continue;
		own_frames_package(frames[i]->file, package, sizeof(package));
		if (!outermost[0] || !strcmp(package, outermost))
			return i;
	}
	return count;
}

bool own_frames_is_library(const char *file)
{
	return own_frames_origin(file) == LP_ORIGIN_LIBRARY;
}

static bool of_library(const struct lp_shown_frame *frame)
{
	return own_frames_is_library(frame->file);
}

static bool is_own(const struct lp_shown_frame *frame)
{
	return frame->kind == LP_FRAME_PYTHON && !of_library(frame);
}

static bool is_loop(const struct lp_shown_frame *frame)
{
	return of_library(frame) && loop_kinds_own_file(frame->file);
}

struct lp_stack own_frames_of(const struct lp_stack *stack)
{
	struct lp_stack own = *stack;
	uint32_t first = 0, end;

	while (first < stack->depth && !is_own(stack->frames[first]))
		first++;
	if (first == stack->depth)
		return own;
	for (end = first + 1; end < stack->depth && !is_loop(stack->frames[end]);)
		end++;
	if (end < stack->depth)
		own.cut = own.unreadable = false;
	/* the library's outermost frames only start the thread or the program */
	while (of_library(stack->frames[end - 1]))
		end--;
	own.frames += first;
	own.depth = end - first;
	return own;
}
