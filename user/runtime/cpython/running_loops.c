// SPDX-License-Identifier: BSD-2-Clause
/*
 * asyncio's module in C keeps each thread's running loop where it can be read at
 * once.  Where it does not, the thread's stack shows it.
 *
 * A process that is forked in a callback has a copy of the loop, of its tasks and of the
 * stack that leads to it, and runs no loop.  Its callback is on that stack and the module
 * in C names no loop, or one that another process has set.  A copied loop that is at its
 * own poll, or between two callbacks, runs nevertheless: the child has returned into it.
 *
 * The threads run on while their stacks are read.  A stack that changes meanwhile
 * may lead astray: to a frame that has been left, or to a coroutine's, which has no
 * previous one from when it yields.  So a stack without a loop in it is believed
 * only when it could be a whole one and looks the same some time later.
 */
#include "running_loops.h"

#include "base/clocks.h"
#include "process/memory.h"
#include "process/process.h"
#include "base/text.h"
#include "runtime/cpython/objects/code.h"
#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/objects/frames.h"
#include "runtime/cpython/objects/threads.h"
#include "uvloop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 4096
/*
 * A kernel thread has one thread state in the main interpreter; surplus entries of a
 * list belong to no thread.
 */
#define STATES_A_THREAD 2
#define STATES_MORE 64
/*
 * CPU time that one search may take, and its total time, as its thread may wait
 * for a CPU; it ends between two threads.
 */
#define SEARCH_NS 50000000ULL
#define SEARCH_MOST_NS 200000000ULL
/* A loop may be far below what it has called. */
#define SEARCH_DEPTH_MAX 8192
/* Frames read in all threads together: about a second. */
#define SEARCH_FRAMES_MAX (1 << 18)
/* How often a stack is looked at that changes meanwhile, and the time between. */
#define TRIES 16
#define TRY_PAUSE_US 100
/* C frames that are looked beyond for a Python frame, 3.11 and 3.12 */
#define OUTER_C_FRAMES 4

/* Include/cpython/code.h: CO_GENERATOR and the three of coroutines. */
#define CODE_FLAGS_GENERATOR (0x20 | 0x80 | 0x100 | 0x200)

/*
 * Up to 3.11 the running loop is in a PyRunningLoopHolder beside the PID that set it, which
 * makes it void in a forked child.  From 3.12 on the hook asyncio.events.on_fork clears it.
 */
#define HOLDER_LOOP 16
#define HOLDER_PID 24

/* uvloop's Loop: running, an int (bpf/uvloop.bpf.h) */
#define UVLOOP_RUNNING 56

/* Classes of a loop that are searched for its methods. */
#define CLASSES_MAX 32

#define BASE_EVENTS "asyncio.base_events"
#define BASE_EVENT_LOOP "BaseEventLoop"

/* The attribute of that name in the class's own dict, or 0. */
static uint64_t own_method(const struct lp_cpython *python, uint64_t type, const char *method)
{
	uint64_t dict = type ? memory_u64(python->pid, type + CPYTHON_TYPE_DICT) : 0;

	return dict ? cpython_dict_get(python, dict, method) : 0;
}

/* The code object of a function; 0 if it is no Python function. */
static uint64_t code_of(const struct lp_cpython *python, uint64_t function)
{
	if (!function || !python->function_type ||
	    memory_u64(python->pid, function + CPYTHON_OBJECT_TYPE) != python->function_type)
		return 0;
	return memory_u64(python->pid, function + python->row.function.func_code);
}

static uint64_t method_code(const struct lp_cpython *python, uint64_t type, const char *method)
{
	return code_of(python, own_method(python, type, method));
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

/* The same for a method that may be inherited. */
static uint64_t inherited_code(const struct lp_cpython *python, uint64_t type, const char *method)
{
	uint64_t classes[CLASSES_MAX], function = 0;
	ssize_t count, i;

	count = cpython_tuple(python, memory_u64(python->pid, type + CPYTHON_TYPE_MRO), classes,
			      CLASSES_MAX);
	for (i = 0; i < count && i < CLASSES_MAX && !function; i++)
		function = own_method(python, classes[i], method);
	return code_of(python, function);
}

/* The classes of loops, and those methods of asyncio's of which one is on a loop's stack. */
struct lp_loop_class {
	uint64_t type;
	uint64_t abstract; /* the class that loops of others derive from */
	uint64_t uvloop;
	uint64_t run_once;
	uint64_t run_forever; /* between two calls of the other */
	uint64_t dispatch; /* the code that is on the stack while a callback runs */
	bool noted; /* _asyncio has a record of the loop that a thread runs */
};

static void find_loop_class(const struct lp_cpython *python, struct lp_loop_class *class)
{
	class->type = cpython_module_attribute(python, BASE_EVENTS, BASE_EVENT_LOOP);
	class->abstract = cpython_module_attribute(python, "asyncio.events", "AbstractEventLoop");
	class->uvloop = cpython_uvloop_type(python);
	class->run_once = method_code(python, class->type, "_run_once");
	class->run_forever = method_code(python, class->type, "run_forever");
	class->dispatch = method_code(
		python, cpython_module_attribute(python, "asyncio.events", "Handle"), "_run");
	class->noted = cpython_module_attribute(python, "_asyncio", "_set_running_loop") != 0;
}

/* Modules/_asynciomodule.c: get_running_loop. */
uint64_t cpython_running_loop(const struct lp_cpython *python, uint64_t thread_state, bool *copied)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t dict, loop;

	*copied = false;
	if (row->thread.asyncio_running_loop != LP_NO_FIELD)
		return memory_u64(python->pid, thread_state + row->thread.asyncio_running_loop);
	dict = memory_u64(python->pid, thread_state + row->thread.dict);
	loop = dict ? cpython_dict_get(python, dict, "__asyncio_running_event_loop__") : 0;
	if (!loop || !row->asyncio.running_loop_holder)
		return loop;
	*copied = (pid_t)memory_u32(python->pid, loop + HOLDER_PID) != python->inner_pid;
	return *copied ? 0 : memory_u64(python->pid, loop + HOLDER_LOOP);
}

enum lp_loop_kind cpython_loop_kind(const struct lp_cpython *python, uint64_t loop)
{
	uint64_t type = cpython_uvloop_type(python);

	return type && cpython_is_instance(python, loop, type) ? LP_LOOP_UVLOOP : LP_LOOP_ASYNCIO;
}

bool cpython_loop_says_it_runs(const struct lp_cpython *python, uint64_t loop)
{
	uint64_t thread, ident;

	if (cpython_loop_kind(python, loop) == LP_LOOP_UVLOOP)
		return memory_u32(python->pid, loop + UVLOOP_RUNNING) == 1;
	/* threading.get_ident() while the loop runs, None otherwise */
	thread = cpython_instance_get(python, loop, "_thread_id");
	return thread && !cpython_int(python, thread, &ident);
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
	uint64_t code = frame->code & ~python->row.frame.tag_mask;
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
	uint64_t code = frame->code & ~python->row.frame.tag_mask;

	return memory_u32(python->pid, code + python->row.code.co_flags) & CODE_FLAGS_GENERATOR;
}

/* A thread of which it is not known yet whether it runs a loop. */
struct lp_candidate {
	uint64_t state;
	uint64_t last_hash; /* a hash of the stack that was seen last; 0: none that counts */
	bool resolved;
	bool runs_loop;
	bool void_loop; /* its running loop was set by another process */
	bool copied; /* its stack or state is a copy from the process that forked it */
	uint64_t object; /* its running loop, by asyncio's record; 0: its stack shows one */
	uint64_t uvloop; /* the Loop that it runs; 0: it runs one of asyncio's */
};

/* One search: frames that may still be read, and what for. */
struct lp_search {
	const struct lp_cpython *python;
	struct lp_loop_class class;
	size_t budget;
	uint64_t end_ns; /* of this thread's CPU time */
	uint64_t most_ns; /* CLOCK_MONOTONIC */
	/* the class of the loop that was filled last; most loops have the same */
	uint64_t filled_type, run_once, run_forever;
};

/* The kinds of stack of a thread. */
enum lp_stack_loop {
	LP_STACK_NO_LOOP,
	LP_STACK_LOOP, /* a loop's own code is innermost */
	LP_STACK_CALLBACK, /* a loop has called a callback */
};

/* Looks for a loop from a frame outwards. *hash: of the stack, 0 if it cannot be a whole one. */
static enum lp_stack_loop find_loop_from(struct lp_search *search, uint64_t top, uint64_t *hash)
{
	const struct lp_cpython *python = search->python;
	struct lp_frame_walk walk = {
		.python = python,
		.address = top,
		.left = search->budget < SEARCH_DEPTH_MAX ? search->budget : SEARCH_DEPTH_MAX,
	};
	struct lp_raw_frame frame = { 0 };
	bool found = false, called = false;

	*hash = 1;
	while (!found && cpython_next_frame(&walk, &frame)) {
		found = is_loop(python, &frame, &search->class);
		called |= search->class.dispatch &&
			  (frame.code & ~python->row.frame.tag_mask) == search->class.dispatch;
		*hash = (*hash ^ walk.address ^ frame.code ^ frame.instruction) * 0x100000001b3ULL;
	}
	search->budget -= walk.taken;
	if (!found && (walk.address || (frame.code && is_generator(python, &frame))))
		*hash = 0;
	if (!found)
		return LP_STACK_NO_LOOP;
	return called ? LP_STACK_CALLBACK : LP_STACK_LOOP;
}

/* Takes the loop that a stack shows. Returns whether the search is done. */
static bool take_stack(const struct lp_search *search, struct lp_candidate *candidate,
		       enum lp_stack_loop shown)
{
	bool copied = shown == LP_STACK_CALLBACK && search->class.noted;

	candidate->runs_loop = shown != LP_STACK_NO_LOOP && !copied;
	/* uvloop leaves no frame of its own on the stack */
	candidate->copied = copied || (candidate->void_loop && !candidate->runs_loop);
	return candidate->runs_loop;
}

/* A loop without any of asyncio's code that runs in Python, and so can be followed. */
static bool is_of_other_kind(const struct lp_search *search, uint64_t loop)
{
	const struct lp_cpython *python = search->python;

	return search->class.abstract &&
	       cpython_is_instance(python, loop, search->class.abstract) &&
	       inherited_code(python, memory_u64(python->pid, loop + CPYTHON_OBJECT_TYPE),
			      "run_forever");
}

/* The loop that the thread's own state names: this takes a few reads. */
static bool ask(struct lp_search *search, struct lp_candidate *candidate)
{
	const struct lp_cpython *python = search->python;
	uint64_t loop = cpython_running_loop(python, candidate->state, &candidate->void_loop);

	if (!loop)
		return false;
	if (search->class.uvloop && cpython_is_instance(python, loop, search->class.uvloop))
		candidate->uvloop = loop;
	else if (!cpython_is_instance(python, loop, search->class.type) &&
		 !is_of_other_kind(search, loop))
		return false;
	candidate->object = loop;
	candidate->resolved = candidate->runs_loop = true;
	return true;
}

static void inspect(struct lp_search *search, struct lp_candidate *candidate)
{
	const struct lp_cpython *python = search->python;
	const struct lp_cpython_row *row = &python->row;
	uint64_t hash, c_frame;
	int outer;

	if (ask(search, candidate))
		return;
	candidate->resolved = take_stack(
		search, candidate,
		find_loop_from(search, cpython_top_frame(python, candidate->state), &hash));
	candidate->resolved = candidate->resolved || (hash && hash == candidate->last_hash);
	candidate->last_hash = hash;
	if (candidate->resolved || candidate->copied || row->thread.cframe == LP_NO_FIELD)
		return;
	/*
	 * 3.11 and 3.12: the innermost frame is in a _PyCFrame on the C stack, which is
	 * rubbish for some instructions (Python/ceval.c: _PyEval_EvalFrameDefault links it
	 * before it is filled); its field previous leads to those further out.
	 */
	c_frame = memory_u64(python->pid, candidate->state + row->thread.cframe);
	for (outer = 0; outer < OUTER_C_FRAMES && c_frame && !candidate->resolved; outer++) {
		c_frame = memory_u64(python->pid, c_frame + row->thread.current_frame + 8);
		if (!c_frame)
			break;
		candidate->resolved = take_stack(
			search, candidate,
			find_loop_from(search,
				       memory_u64(python->pid, c_frame + row->thread.current_frame),
				       &hash));
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
	state = memory_u64(python->pid, interpreter + python->row.interpreter.threads_head);
	for (; list && state && count < most; count++) {
		list[count].state = state;
		state = memory_u64(python->pid, state + python->row.thread.next);
	}
	*candidates = list;
	return count;
}

/* Decides by the loop's class, which may be from any library. */
static void fill_code(struct lp_search *search, uint64_t object, struct lp_running_loop *loop)
{
	const struct lp_cpython *python = search->python;
	uint64_t type = object ? memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
	uint64_t run_forever;

	if (!type || !search->class.run_once)
		return;
	if (type != search->filled_type) {
		search->filled_type = type;
		search->run_once = inherited_code(python, type, "_run_once");
		run_forever = inherited_code(python, type, "run_forever");
		/* nest_asyncio has both of its own, and polls as asyncio does */
		search->run_forever = run_forever == search->class.run_forever ||
						      (search->run_once &&
						       search->run_once != search->class.run_once)
					      ? 0
					      : run_forever;
	}
	loop->run_once = search->run_once;
	loop->run_forever = search->run_forever;
}

static void fill_loop(struct lp_search *search, const struct lp_candidate *candidate,
		      struct lp_running_loop *loop)
{
	const struct lp_cpython *python = search->python;

	memset(loop, 0, sizeof(*loop));
	loop->tid = cpython_thread_id(python, candidate->state);
	loop->thread_state = candidate->state;
	if (!candidate->uvloop)
		fill_code(search, candidate->object, loop);
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
 * Reads every thread's state, then the stacks of those without a loop in it.  Where the time is
 * over before all were looked at, the next search goes on from there.
 */
static void search_threads(struct lp_search *search, struct lp_candidate *candidates,
			   size_t threads)
{
	size_t open = threads, i, *from = cpython_threads_cursor(search->python);
	size_t first = from && *from < threads ? *from : 0;
	int tries;

	for (i = 0; i < threads && has_time(search); i++)
		open -= ask(search, &candidates[i]);
	for (tries = 0; tries < TRIES && open && has_time(search); tries++) {
		if (tries)
			usleep(TRY_PAUSE_US);
		for (i = 0; i < threads && has_time(search); i++) {
			struct lp_candidate *candidate = &candidates[(first + i) % threads];

			if (candidate->resolved)
				continue;
			inspect(search, candidate);
			open -= candidate->resolved;
		}
		if (from)
			*from = i < threads ? (first + i) % threads : 0;
	}
}

/* Looks at all threads. *candidates is to be freed. Returns how many, or a negative errno. */
static ssize_t find_candidates(struct lp_search *search, struct lp_candidate **candidates)
{
	uint64_t interpreter = cpython_interpreter(search->python);
	size_t threads;

	*candidates = NULL;
	if (!interpreter)
		return -EAGAIN;
	give_time(search);
	find_loop_class(search->python, &search->class);
	threads = list_threads(search->python, interpreter, candidates);
	search_threads(search, *candidates, threads);
	/* a budget of its own, so that loops that were found are not lost */
	search->budget = 1;
	give_time(search);
	return (ssize_t)threads;
}

int cpython_find_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
		       size_t capacity)
{
	struct lp_search search = { .python = python, .budget = SEARCH_FRAMES_MAX };
	struct lp_candidate *candidates;
	ssize_t threads = find_candidates(&search, &candidates), i;
	size_t count = 0;

	for (i = 0; i < threads && count < capacity && has_time(&search); i++) {
		if (!candidates[i].runs_loop)
			continue;
		fill_loop(&search, &candidates[i], &loops[count]);
		count += loops[count].tid != 0;
	}
	free(candidates);
	return threads < 0 ? (int)threads : (int)count;
}

bool cpython_has_copied_loop(const struct lp_cpython *python)
{
	struct lp_search search = { .python = python, .budget = SEARCH_FRAMES_MAX };
	struct lp_candidate *candidates;
	ssize_t threads = find_candidates(&search, &candidates), i;
	bool copied = false;

	for (i = 0; i < threads && !copied; i++)
		copied = candidates[i].copied;
	free(candidates);
	return copied;
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
