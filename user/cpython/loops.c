// SPDX-License-Identifier: BSD-2-Clause
/*
 * asyncio's module in C keeps each thread's running loop where it can be read at
 * once.  Where it does not, the thread's stack tells.
 *
 * The threads run on while their stacks are read.  A stack that changes meanwhile
 * may lead astray: to a frame that has been left, or to a coroutine's, which has no
 * previous one from when it yields.  So a stack without a loop in it is believed
 * only when it could be a whole one and looks the same some time later.
 */
#include "loops.h"

#include "../clocks.h"
#include "../target/memory.h"
#include "../target/process.h"
#include "../text.h"
#include "code.h"
#include "stack.h"
#include "threads.h"
#include "uvloop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 4096
/*
 * A thread of the kernel has one thread state in the main interpreter; what a list has
 * over this is not of threads.
 */
#define STATES_A_THREAD 2
#define STATES_MORE 64
/*
 * CPU time that one search may take, and how long it may be in all, as its thread may wait
 * for a CPU; it ends between two threads.
 */
#define SEARCH_NS 50000000ULL
#define SEARCH_MOST_NS 200000000ULL
/* A loop may be far below what it has called. */
#define SEARCH_DEPTH_MAX 8192
/* Frames read in all threads together: about a second. */
#define SEARCH_FRAMES_MAX (1 << 18)
/* How often a stack is looked at that changes meanwhile, and the time between. */
#define LOOKS 16
#define LOOK_PAUSE_US 100
/* C frames that are looked beyond for a Python frame, 3.11 and 3.12 */
#define OUTER_C_FRAMES 4

/* Include/cpython/code.h: CO_GENERATOR and the three of coroutines. */
#define CODE_FLAGS_GENERATOR (0x20 | 0x80 | 0x100 | 0x200)

#define BASE_EVENTS "asyncio.base_events"
#define BASE_EVENT_LOOP "BaseEventLoop"

/* The code object of a class's own method; 0 if it is no Python function. */
static uint64_t method_code(const struct lp_cpython *python, uint64_t type, const char *method)
{
	uint64_t dict = type ? memory_u64(python->pid, type + CPYTHON_TYPE_DICT) : 0;
	uint64_t function = dict ? cpython_dict_get(python, dict, method) : 0;

	if (!function || !python->function_type ||
	    memory_u64(python->pid, function + CPYTHON_OBJECT_TYPE) != python->function_type)
		return 0;
	return memory_u64(python->pid, function + python->row.probe.function_code);
}

int cpython_loop_code(const struct lp_cpython *python, uint64_t *dispatch, uint64_t *run_once)
{
	*dispatch = method_code(
		python, cpython_module_attribute(python, "asyncio.events", "Handle"), "_run");
	*run_once = method_code(python,
				cpython_module_attribute(python, BASE_EVENTS, BASE_EVENT_LOOP),
				"_run_once");
	return 0;
}

/* The classes of loops, and those methods of asyncio's of which one is on a loop's stack. */
struct lp_loop_class {
	uint64_t type;
	uint64_t uvloop;
	uint64_t run_once;
	uint64_t run_forever; /* between two calls of the other */
};

static void find_loop_class(const struct lp_cpython *python, struct lp_loop_class *class)
{
	class->type = cpython_module_attribute(python, BASE_EVENTS, BASE_EVENT_LOOP);
	class->uvloop = cpython_uvloop_type(python);
	class->run_once = method_code(python, class->type, "_run_once");
	class->run_forever = method_code(python, class->type, "run_forever");
}

/* Modules/_asynciomodule.c: get_running_loop. */
uint64_t cpython_running_loop(const struct lp_cpython *python, uint64_t thread_state)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t dict, loop;

	if (row->thread_loop != LP_NO_FIELD)
		return memory_u64(python->pid, thread_state + row->thread_loop);
	dict = memory_u64(python->pid, thread_state + row->thread_dict);
	loop = dict ? cpython_dict_get(python, dict, "__asyncio_running_event_loop__") : 0;
	/* up to 3.11 in a PyRunningLoopHolder, its rl_loop */
	return loop && python->minor <= 11 ? memory_u64(python->pid, loop + 16) : loop;
}

enum lp_loop_kind cpython_loop_kind(const struct lp_cpython *python, uint64_t loop)
{
	uint64_t type = cpython_uvloop_type(python);

	return type && cpython_is_instance(python, loop, type) ? LP_LOOP_UVLOOP : LP_LOOP_ASYNCIO;
}

/* Up to 3.10, code objects have no qualified names. */
static bool is_named(const char *name, const char *method)
{
	size_t length = strlen(BASE_EVENT_LOOP ".");

	return !strcmp(name, method) ||
	       (!strncmp(name, BASE_EVENT_LOOP ".", length) && !strcmp(name + length, method));
}

/* By address, or where those are not known, by name. */
static bool is_loop(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		    const struct lp_loop_class *class)
{
	uint64_t code = frame->code & ~python->row.probe.tag_mask;
	struct lp_frame shown;

	if (class->run_once && class->run_forever)
		return code == class->run_once || code == class->run_forever;
	return !cpython_describe(python, frame, &shown) &&
	       (is_named(shown.function, "_run_once") || is_named(shown.function, "run_forever")) &&
	       text_ends_with(shown.file, "asyncio/base_events.py");
}

/* Is this the code of a generator or coroutine?  No thread begins with one. */
static bool is_generator(const struct lp_cpython *python, const struct lp_raw_frame *frame)
{
	uint64_t code = frame->code & ~python->row.probe.tag_mask;

	return memory_u32(python->pid, code + python->row.code_flags) & CODE_FLAGS_GENERATOR;
}

/* A thread of which it is not known yet whether it runs a loop. */
struct lp_candidate {
	uint64_t state;
	uint64_t seen; /* a hash of the stack that was seen last; 0: none that counts */
	bool settled;
	bool runs_loop;
	uint64_t uvloop; /* the Loop that it runs; 0: it runs one of asyncio's */
};

/* One search: frames that may still be read, and what for. */
struct lp_search {
	const struct lp_cpython *python;
	struct lp_loop_class class;
	size_t budget;
	uint64_t end_ns; /* of this thread's CPU time */
	uint64_t most_ns; /* CLOCK_MONOTONIC */
};

/* Looks for a loop from a frame outwards. *hash: of the stack, 0 if it cannot be a whole one. */
static bool find_loop_from(struct lp_search *search, uint64_t top, uint64_t *hash)
{
	const struct lp_cpython *python = search->python;
	struct lp_walk walk = {
		.python = python,
		.address = top,
		.left = search->budget < SEARCH_DEPTH_MAX ? search->budget : SEARCH_DEPTH_MAX,
	};
	struct lp_raw_frame frame = { 0 };
	bool found = false;

	*hash = 1;
	while (!found && cpython_next_frame(&walk, &frame)) {
		found = is_loop(python, &frame, &search->class);
		*hash = (*hash ^ walk.address ^ frame.code ^ frame.instruction) * 0x100000001b3ULL;
	}
	search->budget -= walk.taken;
	if (walk.address || (frame.code && is_generator(python, &frame)))
		*hash = 0;
	return found;
}

/* What the thread itself says that it runs: a few reads. */
static bool ask(struct lp_search *search, struct lp_candidate *candidate)
{
	const struct lp_cpython *python = search->python;
	uint64_t loop = cpython_running_loop(python, candidate->state);

	if (!loop)
		return false;
	if (search->class.uvloop && cpython_is_instance(python, loop, search->class.uvloop))
		candidate->uvloop = loop;
	else if (!cpython_is_instance(python, loop, search->class.type))
		return false;
	candidate->settled = candidate->runs_loop = true;
	return true;
}

static void look_at(struct lp_search *search, struct lp_candidate *candidate)
{
	const struct lp_cpython *python = search->python;
	const struct lp_python_offsets *offsets = &python->row.probe;
	uint64_t hash, c_frame;
	int outer;

	if (ask(search, candidate))
		return;
	candidate->runs_loop =
		find_loop_from(search, cpython_top_frame(python, candidate->state), &hash);
	candidate->settled = candidate->runs_loop || (hash && hash == candidate->seen);
	candidate->seen = hash;
	if (candidate->settled || offsets->thread_cframe == LP_NO_FIELD)
		return;
	/*
	 * 3.11 and 3.12: the innermost frame is in a _PyCFrame on the C stack, which is
	 * rubbish for some instructions (Python/ceval.c: _PyEval_EvalFrameDefault links it
	 * before it is filled); its field previous leads to those further out.
	 */
	c_frame = memory_u64(python->pid, candidate->state + offsets->thread_cframe);
	for (outer = 0; outer < OUTER_C_FRAMES && c_frame && !candidate->settled; outer++) {
		c_frame = memory_u64(python->pid, c_frame + offsets->thread_frame + 8);
		if (!c_frame)
			break;
		candidate->runs_loop = find_loop_from(
			search, memory_u64(python->pid, c_frame + offsets->thread_frame), &hash);
		candidate->settled = candidate->runs_loop;
	}
}

/* Threads of the main interpreter. *candidates is to be freed. Returns how many. */
static size_t list_threads(const struct lp_cpython *python, uint64_t interpreter,
			   struct lp_candidate **candidates)
{
	size_t count = 0, most = STATES_A_THREAD * process_threads(python->pid) + STATES_MORE;
	struct lp_candidate *list;
	uint64_t state;

	if (most > THREADS_MAX)
		most = THREADS_MAX;
	list = calloc(most, sizeof(*list));
	state = memory_u64(python->pid, interpreter + python->row.interpreter_threads);
	for (; list && state && count < most; count++) {
		list[count].state = state;
		state = memory_u64(python->pid, state + python->row.thread_next);
	}
	*candidates = list;
	return count;
}

static void fill_loop(const struct lp_cpython *python, const struct lp_candidate *candidate,
		      struct lp_running_loop *loop)
{
	memset(loop, 0, sizeof(*loop));
	loop->tid = cpython_thread_id(python, candidate->state);
	loop->thread_state = candidate->state;
	if (!candidate->uvloop || cpython_find_uvloop(python, &loop->uvloop))
		return;
	loop->kind = LP_LOOP_UVLOOP;
	loop->object = candidate->uvloop;
	loop->descriptor = cpython_uvloop_descriptor(python, candidate->uvloop);
}

static bool has_time(const struct lp_search *search)
{
	return search->budget && clock_now() < search->most_ns &&
	       clock_ns(CLOCK_THREAD_CPUTIME_ID) < search->end_ns;
}

static void give_time(struct lp_search *search)
{
	search->end_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + SEARCH_NS;
	search->most_ns = clock_now() + SEARCH_MOST_NS;
}

/*
 * Asks every thread, then looks at the stacks of those that do not say.  Where the time is
 * over before all were looked at, the next search goes on from there.
 */
static void search_threads(struct lp_search *search, struct lp_candidate *candidates,
			   size_t threads)
{
	size_t open = threads, i, *from = cpython_threads_cursor(search->python);
	size_t first = from && *from < threads ? *from : 0;
	int looks;

	for (i = 0; i < threads && has_time(search); i++)
		open -= ask(search, &candidates[i]);
	for (looks = 0; looks < LOOKS && open && has_time(search); looks++) {
		if (looks)
			usleep(LOOK_PAUSE_US);
		for (i = 0; i < threads && has_time(search); i++) {
			struct lp_candidate *candidate = &candidates[(first + i) % threads];

			if (candidate->settled)
				continue;
			look_at(search, candidate);
			open -= candidate->settled;
		}
		if (from)
			*from = i < threads ? (first + i) % threads : 0;
	}
}

int cpython_find_loops(const struct lp_cpython *python, struct lp_running_loop *loops, size_t room)
{
	struct lp_search search = { .python = python, .budget = SEARCH_FRAMES_MAX };
	uint64_t interpreter = cpython_interpreter(python);
	struct lp_candidate *candidates;
	size_t count = 0, threads, i;

	if (!interpreter)
		return -EAGAIN;
	give_time(&search);
	find_loop_class(python, &search.class);
	threads = list_threads(python, interpreter, &candidates);
	search_threads(&search, candidates, threads);
	/* of a time of its own: what was found is not to be lost */
	search.budget = 1;
	give_time(&search);
	for (i = 0; i < threads && count < room && has_time(&search); i++) {
		if (!candidates[i].runs_loop)
			continue;
		fill_loop(python, &candidates[i], &loops[count]);
		count += loops[count].tid != 0;
	}
	free(candidates);
	return (int)count;
}

/*
 * uvloop: a task's outermost coroutine is what the loop called.  Other callbacks look
 * like what had started the loop.
 */
int cpython_callback_frames(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			    int depth)
{
	while (depth && !is_generator(python, &frames[depth - 1]))
		depth--;
	return depth;
}
