// SPDX-License-Identifier: BSD-2-Clause
#include "other_loops.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "objects/code.h"
#include "objects/frames.h"
#include "objects/threads.h"

#include <string.h>

/* The limits of a search: threads, frames of a thread, and CPU time in ns. */
#define OTHER_THREADS 256
#define OTHER_FRAMES 64
#define OTHER_CPU_NS (50 * NS_PER_MS)

struct lp_module_attribute {
	const char *module, *name;
};

/*
 * A class of the module that runs the loop, which tells at once that a program has not loaded it;
 * the file of the functions that are on the stack of a thread whose loop runs; and an attribute of
 * the module by which an asyncio loop runs in it, if there is one.
 */
static const struct lp_library {
	struct lp_module_attribute class;
	const char *file;
	struct lp_module_attribute asyncio;
	const char *name;
} libraries[] = {
	{ { "gevent.hub", "Hub" }, "gevent/hub.py", { "asyncio_gevent", "EventLoop" }, "gevent" },
	{ { "trio._core._run", "Runner" },
	  "trio/_core/_run.py",
	  { "trio_asyncio", "open_loop" },
	  "trio" },
	{ { "eventlet.hubs.hub", "BaseHub" },
	  "eventlet/hubs/hub.py",
	  { "eventlet.hubs.asyncio", "Hub" },
	  "eventlet" },
	{ { "curio.kernel", "Kernel" }, "curio/kernel.py", { NULL, NULL }, "curio" },
	{ { "twisted.internet.posixbase", "PosixReactorBase" },
	  "twisted/internet/base.py",
	  { "twisted.internet.asyncioreactor", "AsyncioSelectorReactor" },
	  "Twisted" },
};

static bool has_loaded(const struct lp_cpython *python, const struct lp_module_attribute *attribute)
{
	return attribute->module &&
	       cpython_module_attribute(python, attribute->module, attribute->name);
}

/* Returns whether a function of the library is on the stack; its modules only import it. */
static bool is_on_stack(const struct lp_cpython *python, uint64_t thread_state,
			const struct lp_library *library)
{
	size_t length = strlen(library->file), named;
	struct lp_raw_frame frames[OTHER_FRAMES], frame;
	struct lp_frame shown;
	bool cut;
	int depth = cpython_read_stack(python, thread_state, frames, OTHER_FRAMES, &cut), i;

	for (i = 0; i < depth; i++) {
		if (cpython_frame(python, &frames[i], &frame) ||
		    cpython_describe(python, &frame, &shown))
			continue;
		named = strlen(shown.file);
		if (named >= length && !strcmp(shown.file + named - length, library->file) &&
		    strcmp(shown.function, "<module>") != 0)
			return true;
	}
	return false;
}

static bool runs_loop_of(const struct lp_cpython *python, const struct lp_library *library)
{
	uint64_t state = cpython_first_thread(python);
	uint64_t end_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + OTHER_CPU_NS;
	size_t count;

	for (count = 0; state && count < OTHER_THREADS; count++) {
		if (is_on_stack(python, state, library))
			return true;
		if (clock_ns(CLOCK_THREAD_CPUTIME_ID) >= end_ns)
			break;
		state = cpython_next_thread(python, state);
	}
	return false;
}

const char *cpython_other_loops(const struct lp_cpython *python)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(libraries); i++)
		if (has_loaded(python, &libraries[i].class) &&
		    !has_loaded(python, &libraries[i].asyncio) &&
		    runs_loop_of(python, &libraries[i]))
			return libraries[i].name;
	return NULL;
}
