// SPDX-License-Identifier: BSD-2-Clause
/*
 * The C module _asyncio stores each thread's running loop, which takes a few reads.  Without
 * it, or if it names none, the loop is searched on the thread's stack.
 *
 * A process that is forked in a callback has a copy of the loop, of its tasks and of the
 * stack, and runs no loop: the callback is on its stack, and _asyncio names no loop, or one
 * that another process has set.  If the copied loop is in its own poll, or between two
 * callbacks, the loop does run: the child has returned into it.
 *
 * The threads run on while their stacks are read.  A walk along a stack that changes can end
 * too soon: in a frame that was left, or in that of a coroutine that has yielded, which has
 * no previous frame.  So a thread counts as one without a loop only if its stack was read to
 * an outermost frame that can be one, twice with the same content.
 */
#include "running_loops.h"

#include "base/clocks.h"
#include "privileges/namespaces.h"
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

/* More threads than a process has; the main thread is the last one in the list. */
#define THREADS_MAX 65536
/*
 * Thread states that are read for each kernel thread of the process.  A thread has one in the
 * main interpreter; further entries of a list do not belong to threads.
 */
#define STATES_A_THREAD 2
#define STATES_MORE 64
/*
 * The maximum CPU time of a search in ns, and its maximum duration, as it may have to wait for
 * a CPU.  A search that takes longer ends between two threads.
 */
#define SEARCH_NS 50000000ULL
#define SEARCH_MOST_NS 200000000ULL
/* Frames that are read of one stack: many may be further in than the loop's. */
#define SEARCH_DEPTH_MAX 8192
/* Frames that are read of all threads together. */
#define SEARCH_FRAMES_MAX (1 << 18)
/* How often a stack that changes is read, and the pause between. */
#define TRIES 16
#define TRY_PAUSE_US 100
/* 3.11 and 3.12: how many _PyCFrames further out are tried. */
#define OUTER_C_FRAMES 4

/*
 * Up to 3.11 the running loop is in a PyRunningLoopHolder together with the PID of the process
 * that set it: a loop with another PID does not count.  Since 3.12 asyncio.events.on_fork, a
 * hook, clears it in a forked child.
 */
#define HOLDER_LOOP 16
#define HOLDER_PID 24

/* uvloop.loop.Loop: _running, an int. */
#define UVLOOP_RUNNING 56

/* The number of base classes of a loop in which a method is searched. */
#define CLASSES_MAX 32

#define BASE_EVENTS "asyncio.base_events"
#define BASE_EVENT_LOOP "BaseEventLoop"

/* Returns the attribute of that name in the class's own dict, or 0. */
static uint64_t own_method(const struct lp_cpython *python, uint64_t type, const char *method)
{
	uint64_t dict = type ? memory_u64(python->pid, type + CPYTHON_TYPE_DICT) : 0;

	return dict ? cpython_dict_get(python, dict, method) : 0;
}

/* Returns the code object of a function; 0 if it is no Python function. */
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

/* As method_code, for a method that may be inherited. */
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

/* Returns whether a loop's class has another method of a name than BaseEventLoop. */
static bool replaces(const struct lp_cpython *python, uint64_t loop, const char *method)
{
	uint64_t base = cpython_module_attribute(python, BASE_EVENTS, BASE_EVENT_LOOP);

	return base && inherited_code(python, memory_u64(python->pid, loop + CPYTHON_OBJECT_TYPE),
				      method) != method_code(python, base, method);
}

bool cpython_makes_own_tasks(const struct lp_cpython *python, uint64_t loop)
{
	return replaces(python, loop, "create_task");
}

bool cpython_has_own_clock(const struct lp_cpython *python, uint64_t loop)
{
	/* the method of uvloop, in C, returns CLOCK_MONOTONIC in ms */
	return replaces(python, loop, "time") && cpython_loop_kind(python, loop) != LP_LOOP_UVLOOP;
}

/* The classes of loops, and the code of asyncio's methods, one of which is on a loop's stack. */
struct lp_loop_class {
	uint64_t type;
	uint64_t abstract; /* AbstractEventLoop, from which loops of other libraries derive */
	uint64_t uvloop;
	uint64_t run_once;
	uint64_t run_forever; /* alone on the stack between two calls of run_once */
	uint64_t dispatch; /* the code that is on the stack while a callback runs */
	bool stores_loops; /* _asyncio is loaded, which stores the loop that a thread runs */
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
	class->stores_loops = cpython_module_attribute(python, "_asyncio", "_set_running_loop") !=
			      0;
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

bool cpython_loop_is_running(const struct lp_cpython *python, uint64_t loop)
{
	uint64_t thread, ident;

	if (cpython_loop_kind(python, loop) == LP_LOOP_UVLOOP)
		return memory_u32(python->pid, loop + UVLOOP_RUNNING) == 1;
	/* threading.get_ident() while the loop runs, None otherwise */
	thread = cpython_instance_get(python, loop, "_thread_id");
	return thread && !cpython_int(python, thread, &ident);
}

/* Compares a name with a method of BaseEventLoop; up to 3.10 the class is not in the name. */
static bool is_named(const char *name, const char *method)
{
	size_t length = strlen(BASE_EVENT_LOOP ".");

	return !strcmp(name, method) ||
	       (!strncmp(name, BASE_EVENT_LOOP ".", length) && !strcmp(name + length, method));
}

/* Returns whether a frame is a loop's, by the address of its code, or else by its name. */
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

/* Returns whether a frame is that of a generator or coroutine: never a thread's outermost one. */
static bool is_generator(const struct lp_cpython *python, const struct lp_raw_frame *frame)
{
	uint64_t code = frame->code & ~python->row.frame.tag_mask;

	return memory_u32(python->pid, code + python->row.code.co_flags) & LP_CO_SUSPENDS;
}

/* A thread, and what a search has found out about it. */
struct lp_candidate {
	uint64_t state; /* address of its PyThreadState */
	uint64_t last_hash; /* the hash of its stack when it was read last; 0: it was incomplete */
	bool resolved; /* it is known whether it runs a loop */
	bool runs_loop;
	bool foreign_loop; /* its running loop was set by another process */
	bool copied; /* its stack or state is a copy from the process that forked it */
	uint64_t object; /* its running loop as _asyncio stores it; 0: only its stack has one */
	uint64_t uvloop; /* the uvloop Loop that it runs; 0: another loop */
};

/* One search among the threads of a process. */
struct lp_search {
	const struct lp_cpython *python;
	struct lp_loop_class class;
	size_t budget; /* frames that may still be read */
	uint64_t end_ns; /* this thread's CPU time when the search ends */
	uint64_t most_ns; /* the latest end, CLOCK_MONOTONIC */
	bool cut; /* some threads were left out */
	int64_t clock_shift; /* the process's CLOCK_MONOTONIC minus that of this one, in ns */
	/* the class of the loop that was filled last, which most loops have, and its methods' code */
	uint64_t filled_type, run_once, run_forever, end_time;
	bool own_poll; /* that class may poll by any call */
};

/* The kinds of stack of a thread. */
enum lp_stack_loop {
	LP_STACK_NO_LOOP,
	LP_STACK_LOOP, /* a loop that has not called a callback */
	LP_STACK_CALLBACK, /* a loop that has called a callback, which runs */
};

/* Searches a loop from a frame outwards.  *hash: of the stack; 0: it cannot be complete. */
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

/* Takes the kind of a thread's stack.  Returns whether the thread runs a loop. */
static bool take_stack(const struct lp_search *search, struct lp_candidate *candidate,
		       enum lp_stack_loop shown)
{
	bool copied = shown == LP_STACK_CALLBACK && search->class.stores_loops;

	candidate->runs_loop = shown != LP_STACK_NO_LOOP && !copied;
	/* a copied loop of uvloop has no frame on the stack, but _asyncio names it */
	candidate->copied = copied || (candidate->foreign_loop && !candidate->runs_loop);
	return candidate->runs_loop;
}

/* Returns whether a loop has no code of BaseEventLoop, but a run_forever in Python. */
static bool is_of_other_kind(const struct lp_search *search, uint64_t loop)
{
	const struct lp_cpython *python = search->python;

	return search->class.abstract &&
	       cpython_is_instance(python, loop, search->class.abstract) &&
	       inherited_code(python, memory_u64(python->pid, loop + CPYTHON_OBJECT_TYPE),
			      "run_forever");
}

/* Takes the loop that _asyncio stores for a thread.  False: there is none of a known kind. */
static bool take_stored_loop(struct lp_search *search, struct lp_candidate *candidate)
{
	const struct lp_cpython *python = search->python;
	uint64_t loop = cpython_running_loop(python, candidate->state, &candidate->foreign_loop);

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

	if (take_stored_loop(search, candidate))
		return;
	candidate->resolved = take_stack(
		search, candidate,
		find_loop_from(search, cpython_top_frame(python, candidate->state), &hash));
	candidate->resolved = candidate->resolved || (hash && hash == candidate->last_hash);
	candidate->last_hash = hash;
	if (candidate->resolved || candidate->copied || row->thread.cframe == LP_NO_FIELD)
		return;
	/*
	 * 3.11 and 3.12: the innermost frame is in a _PyCFrame on the C stack, which for a few
	 * instructions is not initialised (Python/ceval.c: _PyEval_EvalFrameDefault links it
	 * before it fills it); its field previous is the next _PyCFrame further out.
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

/* Lists the threads of the main interpreter in *candidates, to be freed.  Returns how many. */
static size_t list_threads(struct lp_search *search, struct lp_candidate **candidates)
{
	const struct lp_cpython *python = search->python;
	size_t count = 0, most = STATES_A_THREAD * process_threads(python->pid) + STATES_MORE;
	struct lp_candidate *list;
	uint64_t state;

	if (most > THREADS_MAX)
		most = THREADS_MAX;
	list = calloc(most, sizeof(*list));
	state = cpython_first_thread(python);
	for (; list && state && count < most; count++) {
		list[count].state = state;
		state = cpython_next_thread(python, state);
	}
	search->cut = state != 0;
	*candidates = list;
	return count;
}

/*
 * Returns the offset in a frame of the poll's code of the time after the poll; 0: it has none, or
 * that of another clock.
 */
static uint64_t end_time_of(const struct lp_search *search, uint64_t type, uint64_t run_once)
{
	uint16_t offset = cpython_local_offset(search->python, run_once, "end_time");
	bool own_clock = inherited_code(search->python, type, "time") !=
			 method_code(search->python, search->class.type, "time");

	return offset == LP_NO_FIELD || own_clock ? 0 : offset;
}

/* Fills the code objects of a loop by its class, which may be that of any library. */
static void fill_code(struct lp_search *search, uint64_t object, struct lp_running_loop *loop)
{
	const struct lp_cpython *python = search->python;
	uint64_t type = object ? memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
	bool own;

	if (!type || !search->class.run_once)
		return;
	if (type != search->filled_type) {
		search->filled_type = type;
		search->run_once = inherited_code(python, type, "_run_once");
		search->end_time = end_time_of(search, type, search->run_once);
		search->run_forever = inherited_code(python, type, "run_forever");
		own = search->run_forever != search->class.run_forever;
		/* nest_asyncio replaces both methods, and its _run_once polls as asyncio's does */
		if (own && search->run_once && search->run_once != search->class.run_once)
			search->run_forever = 0;
		search->own_poll = own && search->run_forever;
	}
	loop->facts.python.run_once_code = search->run_once;
	loop->facts.python.end_time = search->end_time;
	loop->facts.python.forever_code = search->run_forever;
	loop->own_poll = search->own_poll;
}

static void fill_loop(struct lp_search *search, const struct lp_candidate *candidate,
		      struct lp_running_loop *loop)
{
	const struct lp_cpython *python = search->python;

	memset(loop, 0, sizeof(*loop));
	loop->tid = cpython_thread_id(python, candidate->state);
	loop->facts.python.clock_shift = search->clock_shift;
	loop->thread_state = candidate->state;
	if (!candidate->uvloop)
		fill_code(search, candidate->object, loop);
	if (!candidate->uvloop || cpython_find_uvloop(python, &loop->facts.python.uvloop))
		return;
	loop->kind = LP_LOOP_UVLOOP;
	loop->object = candidate->uvloop;
	loop->descriptor = cpython_uvloop_descriptor(python, candidate->uvloop);
	loop->frame = cpython_top_frame(python, candidate->state);
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
 * Reads the loop that _asyncio stores for each thread, then the stacks of threads without one.
 * If the time is over before all stacks were read, the next search continues with the rest.
 */
static void search_threads(struct lp_search *search, struct lp_candidate *candidates,
			   size_t threads)
{
	size_t open = threads, i, *from = cpython_threads_cursor(search->python);
	size_t first = from && *from < threads ? *from : 0;
	int tries;

	for (i = 0; i < threads && has_time(search); i++)
		open -= take_stored_loop(search, &candidates[i]);
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
	search->cut |= !has_time(search);
}

/* Searches all threads.  Returns their number in *candidates, to be freed, or a negative errno. */
static ssize_t find_candidates(struct lp_search *search, struct lp_candidate **candidates)
{
	size_t threads;

	*candidates = NULL;
	if (!cpython_interpreter(search->python))
		return -EAGAIN;
	give_time(search);
	find_loop_class(search->python, &search->class);
	threads = list_threads(search, candidates);
	search_threads(search, *candidates, threads);
	/* the time limit begins anew for the caller, who describes the loops that were found */
	search->budget = 1;
	give_time(search);
	return (ssize_t)threads;
}

int cpython_find_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
		       size_t capacity)
{
	bool all;

	return cpython_find_all_loops(python, loops, capacity, &all);
}

int cpython_find_all_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
			   size_t capacity, bool *all)
{
	struct lp_search search = { .python = python,
				    .budget = SEARCH_FRAMES_MAX,
				    .clock_shift = namespaces_clock_shift("/proc", python->pid) };
	struct lp_candidate *candidates;
	ssize_t threads = find_candidates(&search, &candidates), i;
	bool copied = false;
	size_t count = 0;

	for (i = 0; i < threads && count < capacity && has_time(&search); i++) {
		copied |= candidates[i].copied;
		if (!candidates[i].runs_loop)
			continue;
		fill_loop(&search, &candidates[i], &loops[count]);
		count += loops[count].tid != 0;
	}
	*all = threads >= 0 && i == threads && !search.cut;
	free(candidates);
	if (threads < 0)
		return (int)threads;
	return !count && copied ? -ESTALE : (int)count;
}

#define RUNNERS 3

/* Reads the code of the functions that run a loop of uvloop's until a coroutine has ended. */
static void find_runners(const struct lp_cpython *python, uint64_t *codes)
{
	codes[0] = code_of(python, cpython_module_attribute(python, "asyncio.runners", "run"));
	codes[1] = method_code(
		python, cpython_module_attribute(python, "asyncio.runners", "Runner"), "run");
	codes[2] = code_of(python, cpython_module_attribute(python, "uvloop", "run"));
}

static bool is_runner(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		      const uint64_t *codes)
{
	uint64_t code = frame->code & ~python->row.frame.tag_mask;
	size_t i;

	for (i = 0; i < RUNNERS; i++)
		if (codes[i] && codes[i] == code)
			return true;
	return false;
}

/*
 * uvloop, which has no frame of its own: a callback's frames are those inside of the function that
 * runs the loop, if it is a known one. The frames of a callback that steps a task end with the
 * task's outermost coroutine. Other callbacks cannot be distinguished from the code that has
 * started the loop by a call of its own.
 */
int cpython_callback_frames(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			    int depth)
{
	uint64_t runners[RUNNERS];
	int inside = 0, within;

	find_runners(python, runners);
	while (inside < depth && !is_runner(python, &frames[inside], runners))
		inside++;
	within = inside;
	while (within && !is_generator(python, &frames[within - 1]))
		within--;
	return within ? within : inside < depth ? inside : -1;
}
