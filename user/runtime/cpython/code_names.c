// SPDX-License-Identifier: BSD-2-Clause
#include "code_names.h"

#include "base/macros.h"
#include "base/text.h"

#include <string.h>

static const char *const frameworks[] = {
	"aiohttp",  "aiojobs",	  "anyio",	"arq",	    "asgiref", "blacksheep", "celery",
	"channels", "daphne",	  "django",	"falcon",   "fastapi", "flask",	     "granian",
	"grpc",	    "gunicorn",	  "hypercorn",	"litestar", "quart",   "robyn",	     "sanic",
	"socketio", "starlette",  "strawberry", "taskiq",   "tornado", "twisted",    "uvicorn",
	"uvloop",   "websockets", "werkzeug",	NULL,
};

static const char *const loop_files[] = { "/asyncio/events.py", "/asyncio/base_events.py",
					  "/asyncio/runners.py", NULL };

static const char *const library_directories[] = {
	"asyncio/", "collections/", "concurrent/", "email/", "encodings/",
	"html/",    "http/",	    "importlib/",  "json/",  "logging/",
	"sqlite3/", "unittest/",    "urllib/",	   "xml/",   "multiprocessing/",
	NULL,
};

static const char *const common_files[] = { "__init__.py", "__main__.py", NULL };

/* Top-level names that many distributions share. */
static const char *const namespaces[] = { "azure", "google", "zope" };

/* Files of the standard library in a bundle, where paths are relative. */
static const char *const bundled[] = {
	"asyncio/",	"concurrent/futures/", "contextlib.py", "functools.py",
	"importlib/",	"logging/__init__.py", "queue.py",	"runpy.py",
	"selectors.py", "socket.py",	       "ssl.py",	"subprocess.py",
	"threading.py",
};

static const struct lp_call_row calls[] = {
	{ LP_FRAME_NATIVE, NULL, "time_sleep", "time.sleep" },
	{ LP_FRAME_PYTHON, "/ssl.py", "load_default_certs", "ssl: loads certificates" },
	{ LP_FRAME_PYTHON, "/ssl.py", "create_default_context", "ssl: loads certificates" },
	{ LP_FRAME_PYTHON, "/ssl.py", "do_handshake", "ssl: handshake" },
	{ LP_FRAME_PYTHON, "/socket.py", "getaddrinfo", LP_WORDS_LOOK_UP },
	{ LP_FRAME_PYTHON, "/socket.py", "getfqdn", LP_WORDS_LOOK_UP },
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
	{ .function = NULL },
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *below_packages(const char *file)
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

/* Code that is frozen into the interpreter belongs to the library. */
static bool is_library(const char *file)
{
	const char *at = file;
	size_t i;

	if (begins(at, "<frozen "))
		return true;
	for (i = 0; i < ARRAY_SIZE(bundled); i++)
		if (begins(file, bundled[i]))
			return true;
	while ((at = strstr(at, "/lib"))) {
		at += strlen("/lib");
		at += strspn(at, "64");
		if (is_python_directory(at))
			return true;
	}
	return false;
}

/*
 * Code that is compiled from a string has a file name of any form, mostly in angle brackets.
 * "<string>" is that of "python -c" and the others are those of prompts, which are code of the
 * program; but libraries use "<string>" too, as dataclasses does (is_generated in objects/code.c).
 */
static bool is_generated(const char *file)
{
	static const char *const written[] = { "<string>", "<stdin>", "<console>", "<python-input-",
					       "<ipython-input-" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(written); i++)
		if (!strncmp(file, written[i], strlen(written[i])))
			return false;
	return *file == '<' || (*file && !strchr(file, '/') && !strchr(file, '.'));
}

static void cut_end(char *name, const char *end)
{
	if (text_ends_with(name, end))
		name[strlen(name) - strlen(end)] = '\0';
}

static void package(const char *below, char *name, size_t size)
{
	size_t length, i;

	text_copy(name, size, below);
	length = strcspn(name, "/");
	for (i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (length == strlen(namespaces[i]) && begins(name, namespaces[i]) && name[length])
			break;
	if (i < ARRAY_SIZE(namespaces)) {
		name[length] = '.';
		length += strcspn(name + length, "/");
	}
	name[length] = '\0';
	cut_end(name, ".py");
}

static void module(const char *file, char *name, size_t size)
{
	const char *below = below_packages(file);
	char *at;

	text_copy(name, size, below ? below : text_path_end(file, 1));
	if (!below && !strcmp(name, "__init__.py"))
		text_copy(name, size, text_path_end(file, 2));
	cut_end(name, ".py");
	cut_end(name, "/__init__");
	for (at = name; *at; at++)
		if (*at == '/')
			*at = '.';
}

const struct lp_code_names cpython_code_names = {
	.is_library = is_library,
	.below_packages = below_packages,
	.is_generated = is_generated,
	.package = package,
	.module = module,
	.library_directories = library_directories,
	.common_files = common_files,
	.frameworks = frameworks,
	.loop_files = loop_files,
	.importer = "<frozen importlib",
	.module_function = "<module>",
	.lock = "threading.Lock or RLock",
	.sleep = "time.sleep", /* up to 3.10 by select(), then until an instant */
	.calls = calls,
};
