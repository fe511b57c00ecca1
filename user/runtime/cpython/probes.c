// SPDX-License-Identifier: BSD-2-Clause
/*
 * Probes are found without symbols of static functions.  Context.run is found through the
 * method table of the exported PyContext_Type in the file, so that it can be probed before
 * the program runs.  Other functions are found through module and type objects of the live
 * process, as their modules may be loaded later, and places inside a function by the message
 * whose address they load.
 *
 * All processes that run a file hit the probes in it.  So objects of one process only select
 * the file: an address is probed only if the tables in the file confirm its function.
 */
#include "probes.h"

#include "elf/code_search.h"
#include "elf/function.h"
#include "base/macros.h"
#include "process/memory.h"
#include "defined.h"
#include "runtime/cpython/objects/instance.h"
#include "definer.h"
#include "uvloop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UVLOOP_CALLS_MAX 32
/* The name after PyInit_ in uvloop's module. */
#define UVLOOP_MODULE "loop"

/* PyTypeObject, the same in 3.8 to 3.15. */
#define TYPE_INIT 296
#define TYPE_NEW 312
#define TYPE_FINALIZE 392
#define TYPE_VECTORCALL 400
/* Include/typeslots.h; 0: heap types are not searched */
#define SLOT_INIT 60
#define SLOT_FINALIZE 80
#define SLOT_NONE 0
/* PyMethodDef.ml_flags: Include/methodobject.h, Include/cpython/methodobject.h */
#define METHOD_NO_ARGUMENTS 0x4
#define METHOD_DEFINING_CLASS 0x200

/* How a probe is found. */
enum lp_way {
	LP_WAY_NONE, /* processes of this runtime have no such probe */
	LP_WAY_DISPATCH, /* Context.run */
	LP_WAY_FUNCTION, /* a module's C function */
	LP_WAY_METHOD, /* a method of a type in a module */
	LP_WAY_SLOT, /* a slot of a type in a module */
	LP_WAY_MESSAGE, /* the instructions in _asyncio that load the address of a message */
	LP_WAY_EXCEPTION, /* the function that creates a RuntimeError */
	LP_WAY_COROUTINE, /* the returns of the function that creates a coroutine */
	LP_WAY_TASK, /* a method of a task that has to be written in C */
	LP_WAY_CANCELLED, /* where a step of a task ends with an exception */
	LP_WAY_UVLOOP, /* a C method (cdef) of a class of uvloop */
	LP_WAY_UVLOOP_METHOD, /* a method of uvloop's Loop that Python code calls */
	LP_WAY_UVLOOP_CALLS, /* other calls in uvloop that enter a context */
};

struct lp_probe_row {
	enum lp_way way;
	const char *module;
	const char *name; /* a function, a type or a class; for LP_WAY_MESSAGE the message */
	const char *method;
	uint16_t slot; /* offset in a type object; for uvloop the index in the table of C methods */
	uint16_t number; /* the number of the same slot in a PyType_Spec */
	/* another method of the same table in the file; for LP_WAY_UVLOOP the name in tracebacks */
	const char *beside;
	const char *function; /* for messages */
};

static const struct lp_probe_row rows[LP_PROBE_ROLES] = {
	[LP_PROBE_DISPATCH] = { .way = LP_WAY_DISPATCH, .function = "Context.run" },
	[LP_PROBE_RUNNING_LOOP] = { LP_WAY_FUNCTION, "_asyncio", "_set_running_loop",
				    .beside = "_get_running_loop",
				    .function = "_asyncio._set_running_loop" },
	[LP_PROBE_READY] = { LP_WAY_METHOD, "_collections", "deque", "append",
			     .beside = "appendleft", .function = "deque.append" },
	[LP_PROBE_DISPATCH_HANDLE] = { LP_WAY_UVLOOP, .name = "Handle", .slot = UVLOOP_HANDLE_RUN,
				       .beside = "uvloop.loop.Handle._run",
				       .function = "uvloop's Handle._run" },
	[LP_PROBE_DISPATCH_TIMER] = { LP_WAY_UVLOOP, .name = "TimerHandle",
				      .slot = UVLOOP_TIMER_RUN,
				      .beside = "uvloop.loop.TimerHandle._run",
				      .function = "uvloop's TimerHandle._run" },
	[LP_PROBE_DISPATCH_METHOD] = { .way = LP_WAY_UVLOOP_CALLS,
				       .name = "Context_Enter",
				       .function = "uvloop's run_in_context" },
	/* Lib/warnings.py: _warn_unawaited_coroutine calls it with the coroutine as source */
	[LP_PROBE_NEVER_AWAITED] = { LP_WAY_FUNCTION, "_warnings", "warn",
				     .beside = "warn_explicit", .function = "warnings.warn" },
	/* Modules/_asynciomodule.c: FutureObj_finalize, TaskObj_finalize, get_running_loop,
	 * task_step_handle_result_impl; the same words in 3.8 to 3.15 */
	[LP_PROBE_NEVER_RETRIEVED] = { LP_WAY_MESSAGE, .name = "%s exception was never retrieved",
				       .function = "Future.__del__" },
	[LP_PROBE_DESTROYED_PENDING] = { LP_WAY_MESSAGE,
					 .name = "Task was destroyed but it is pending!",
					 .function = "Task.__del__" },
	[LP_PROBE_NO_RUNNING_LOOP] = { LP_WAY_MESSAGE, .name = "no running event loop",
				       .function = "asyncio.get_running_loop" },
	[LP_PROBE_OTHER_LOOP] = { LP_WAY_MESSAGE,
				  .name = "Task %R got Future %R attached to a different loop",
				  .function = "Task.__step" },
	[LP_PROBE_LOOP_CLOSE] = { LP_WAY_METHOD, "select", "epoll", "close", .beside = "unregister",
				  .function = "epoll.close" },
	/* in uvloop 0.14 to 0.23 only the table of Loop has both names */
	[LP_PROBE_C_LOOP_CLOSE] = { LP_WAY_UVLOOP_METHOD, .name = "close", .beside = "run_forever",
				    .function = "uvloop's Loop.close" },
	[LP_PROBE_C_LOOP_TIMER] = { LP_WAY_UVLOOP_METHOD, .name = "call_later", .beside = "call_at",
				    .function = "uvloop's Loop.call_later" },
	[LP_PROBE_C_LOOP_THREADSAFE] = { LP_WAY_UVLOOP_METHOD, .name = "call_soon_threadsafe",
					 .beside = "call_later",
					 .function = "uvloop's Loop.call_soon_threadsafe" },
	[LP_PROBE_TIMER] = { LP_WAY_FUNCTION, "_heapq", "heappush", .beside = "heapify",
			     .function = "heapq.heappush" },
	[LP_PROBE_EXCEPTION] = { .way = LP_WAY_EXCEPTION, .function = "BaseException.__new__" },
	[LP_PROBE_TASK_CANCEL] = { LP_WAY_TASK, "_asyncio", "Task", "cancel", .beside = "get_stack",
				   .function = "Task.cancel" },
	/* Modules/_asynciomodule.c: only task_step_impl calls it, in 3.8 to 3.15 */
	[LP_PROBE_TASK_CANCELLED] = { LP_WAY_CANCELLED, .name = "PyErr_ExceptionMatches",
				      .function = "Task.__step" },
	[LP_PROBE_TASK_CREATED] = { LP_WAY_SLOT, "_asyncio", "Task", .slot = TYPE_INIT,
				    .number = SLOT_INIT, .function = "Task.__init__" },
	[LP_PROBE_TASK_ENDED] = { LP_WAY_SLOT, "_asyncio", "Task", .slot = TYPE_FINALIZE,
				  .number = SLOT_FINALIZE, .function = "Task.__del__" },
	[LP_PROBE_COROUTINE_CREATED] = { .way = LP_WAY_COROUTINE,
					 .function = "a coroutine function" },
};

static int find_dispatch(const struct lp_cpython *python, struct lp_probe *probe,
			 struct lp_error *error)
{
	struct lp_pointers pointers = { 0 };
	struct lp_definer definer;
	uint64_t function = 0;
	int err;

	err = definer_open_interpreter(python, probe, &definer, error);
	if (err)
		goto cleanup;
	if (!pointers_open(definer.elf, &pointers))
		function = defined_type_method(&pointers, elf_symbol(definer.elf, "PyContext_Type"),
					       "run");
	if (function)
		err = definer_add_entry(&definer, function, error);
	else
		err = error_set(
			error, -ENOTSUP,
			"Context.run is not where CPython 3.%d has it in process %d: a build that loopprof does not know",
			python->minor, python->pid);
	if (!err)
		err = definer_finish(&definer, error);
cleanup:
	pointers_close(&pointers);
	definer_close(&definer);
	return err;
}

/* Returns whether the tables in the file confirm that a function is the row's. */
static bool is_defined(const struct lp_probe_row *row, const struct lp_pointers *pointers,
		       uint64_t function)
{
	uint64_t uses[LP_PROBE_SITES];
	size_t count;

	switch (row->way) {
	case LP_WAY_FUNCTION:
	case LP_WAY_UVLOOP_METHOD:
		return defined_method(pointers, function, row->name, row->beside);
	case LP_WAY_METHOD:
	case LP_WAY_TASK:
		return defined_method(pointers, function, row->method, row->beside);
	case LP_WAY_SLOT:
	case LP_WAY_MESSAGE:
		return defined_slot(pointers, function, "_asyncio.Task", row->slot, row->number);
	case LP_WAY_EXCEPTION:
		/* PyType_Ready() copies the second slot from the base type */
		return defined_slot(pointers, function, "RuntimeError", TYPE_NEW, SLOT_NONE) ||
		       defined_slot(pointers, function, "BaseException", TYPE_VECTORCALL,
				    SLOT_NONE);
	case LP_WAY_UVLOOP:
		/* its table is filled when the module is loaded, but its code loads its name */
		count = code_string_uses(pointers->elf, row->beside, uses, LP_PROBE_SITES);
		return function_holds(pointers->elf, function, uses, count);
	default:
		return false;
	}
}

/*
 * Opens the file of a C function of the live process, and checks that the function is the
 * row's.  definer_close must be called in either case.
 */
static int open_defined(const struct lp_cpython *python, const struct lp_probe_row *row,
			uint64_t function, const char *module, struct lp_probe *probe,
			struct lp_definer *definer, struct lp_error *error)
{
	struct lp_pointers pointers;
	int err;

	err = definer_open(python, function, module, probe, definer, error);
	if (err)
		return err;
	err = pointers_open(definer->elf, &pointers);
	if (err)
		return error_set(error, err, "cannot read the tables of %s in process %d: %s",
				 probe->function, python->pid, strerror(-err));
	if (!is_defined(row, &pointers, function - definer->bias))
		err = definer_refuse(definer, "its file defines another function, or none, there",
				     error);
	pointers_close(&pointers);
	return err;
}

/* Fills the probe for a C function at an address of the live process. */
static int find_function(const struct lp_cpython *python, const struct lp_probe_row *row,
			 uint64_t function, const char *module, struct lp_probe *probe,
			 struct lp_error *error)
{
	struct lp_definer definer;
	int err;

	if (!function)
		return -EAGAIN;
	err = open_defined(python, row, function, module, probe, &definer, error);
	if (!err)
		err = definer_add_entry(&definer, function - definer.bias, error);
	if (!err)
		err = definer_finish(&definer, error);
	definer_close(&definer);
	return err;
}

static uint64_t task_slot(const struct lp_cpython *python, uint16_t slot)
{
	uint64_t type = cpython_module_attribute(python, "_asyncio", "Task");

	return type ? memory_u64(python->pid, type + slot) : 0;
}

static int find_message(const struct lp_cpython *python, const struct lp_probe_row *row,
			struct lp_probe *probe, struct lp_error *error)
{
	uint64_t known = task_slot(python, TYPE_FINALIZE), uses[LP_PROBE_SITES];
	struct lp_definer definer;
	size_t count, i;
	int err;

	if (!known)
		return -EAGAIN;
	err = open_defined(python, &rows[LP_PROBE_TASK_ENDED], known, "_asyncio", probe, &definer,
			   error);
	count = err ? 0 : code_string_uses(definer.elf, row->name, uses, LP_PROBE_SITES);
	for (i = 0; !err && i < count; i++)
		err = definer_add_inside(&definer, uses[i], error);
	if (!err && elf_failure(definer.elf))
		err = definer_refuse(&definer, "", error);
	if (!err && !count)
		err = error_set(
			error, -ENOENT,
			"the code of %s in process %d was built in a way that loopprof does not know",
			probe->function, python->pid);
	if (!err)
		err = definer_finish(&definer, error);
	definer_close(&definer);
	return err;
}

/*
 * Finds the one call in _asyncio by which the step of a task asks whether it ends as cancelled.
 * Where the module is a part of the interpreter, which has more such calls, Task.__del__ stands in.
 */
static int find_cancelled(const struct lp_cpython *python, const struct lp_probe_row *row,
			  struct lp_probe *probe, struct lp_error *error)
{
	uint64_t known = task_slot(python, TYPE_FINALIZE), calls[2];
	struct lp_definer definer;
	int err;

	if (!known)
		return -EAGAIN;
	err = open_defined(python, &rows[LP_PROBE_TASK_ENDED], known, "_asyncio", probe, &definer,
			   error);
	if (!err && code_calls(definer.elf, row->name, calls, ARRAY_SIZE(calls)) == 1)
		err = definer_add_inside(&definer, calls[0], error);
	else if (!err)
		err = definer_add_entry(&definer, known - definer.bias, error);
	if (!err)
		err = definer_finish(&definer, error);
	definer_close(&definer);
	return err;
}

static uint64_t runtime_error_type(const struct lp_cpython *python)
{
	return python->runtime_error ? memory_u64(python->pid, python->runtime_error) : 0;
}

static uint64_t exception_function(const struct lp_cpython *python)
{
	uint64_t type = runtime_error_type(python), function = 0;

	if (type && python->row.type.exception_vectorcall)
		function = memory_u64(python->pid, type + TYPE_VECTORCALL);
	if (type && !function)
		function = memory_u64(python->pid, type + TYPE_NEW);
	return function;
}

/*
 * Finds the returns of the function that creates coroutines.  3.11 and 3.12 do not export it:
 * it is not found in their stripped builds.
 */
static int find_coroutine(const struct lp_cpython *python, struct lp_probe *probe,
			  struct lp_error *error)
{
	uint64_t function, bytes = 0, returns[LP_PROBE_SITES];
	struct lp_definer definer;
	size_t count, i;
	int err;

	err = definer_open_interpreter(python, probe, &definer, error);
	if (err)
		goto cleanup;
	function = elf_symbol_size(definer.elf, python->row.coroutine.constructor, &bytes);
	count = function ? code_returns(definer.elf, function, bytes, returns, LP_PROBE_SITES) : 0;
	for (i = 0; !err && i < count; i++)
		err = definer_add(&definer, returns[i], error);
	if (!err && elf_failure(definer.elf))
		err = definer_refuse(&definer, "", error);
	if (!err && !count)
		err = error_set(
			error, -ENOENT,
			"the interpreter of process %d has no symbol for where it makes coroutines (it is stripped)",
			python->pid);
	if (!err)
		err = definer_finish(&definer, error);
cleanup:
	definer_close(&definer);
	return err;
}

/* Returns the C function of a builtin (PyCFunctionObject.m_ml), or 0. */
static uint64_t builtin_function(const struct lp_cpython *python, uint64_t object)
{
	if (object)
		object = memory_u64(python->pid, object + CPYTHON_BUILTIN_METHOD);
	return object ? memory_u64(python->pid, object + CPYTHON_METHOD_FUNCTION) : 0;
}

static int check_uvloop(const struct lp_cpython *python, struct lp_error *error)
{
	struct lp_uvloop uvloop;
	int err = cpython_find_uvloop(python, &uvloop);

	if (err == -ENOTSUP)
		error_set(
			error, err,
			"process %d runs a uvloop whose handles are laid out differently from those that loopprof supports (0.17 to 0.23)",
			python->pid);
	return err;
}

static int find_uvloop_method(const struct lp_cpython *python, const struct lp_probe_row *row,
			      struct lp_probe *probe, struct lp_error *error)
{
	int err = check_uvloop(python, error);
	uint64_t function;

	if (err)
		return err;
	function = row->way == LP_WAY_UVLOOP ? cpython_uvloop_method(python, row->name, row->slot)
					     : cpython_uvloop_loop_method(python, row->name);
	return find_function(python, row, function, UVLOOP_MODULE, probe, error);
}

/*
 * Finds the calls by which uvloop runs methods of protocols: since 0.22 its exported function
 * around PyContext_Enter is called by the methods of handles, which have probes of their own,
 * and by code that runs a protocol's method.  Up to 0.21 methods are run by Context.run, and
 * the probe has no places.
 */
static int find_uvloop_calls(const struct lp_cpython *python, const struct lp_probe_row *row,
			     struct lp_probe *probe, struct lp_error *error)
{
	uint64_t handle = cpython_uvloop_method(python, "Handle", UVLOOP_HANDLE_RUN);
	uint64_t timer = cpython_uvloop_method(python, "TimerHandle", UVLOOP_TIMER_RUN);
	uint64_t calls[UVLOOP_CALLS_MAX], start;
	int err = check_uvloop(python, error);
	struct lp_definer definer, other;
	size_t count, i;

	if (err)
		return err;
	if (!handle || !timer)
		return -EAGAIN;
	/* calls in these two are left out below, so the file must confirm both addresses */
	err = open_defined(python, &rows[LP_PROBE_DISPATCH_TIMER], timer, UVLOOP_MODULE, probe,
			   &other, error);
	definer_close(&other);
	if (err)
		return err;
	err = open_defined(python, &rows[LP_PROBE_DISPATCH_HANDLE], handle, UVLOOP_MODULE, probe,
			   &definer, error);
	count = err ? 0 : code_calls(definer.elf, row->name, calls, UVLOOP_CALLS_MAX);
	probe->emulated = true;
	for (i = 0; !err && i < count; i++) {
		start = elf_function_start(definer.elf, calls[i]);
		if (start && start != handle - definer.bias && start != timer - definer.bias)
			err = definer_add_inside(&definer, calls[i], error);
	}
	if (!err)
		err = definer_finish(&definer, error);
	definer_close(&definer);
	return err;
}

/* Returns the address of a row's function, read from objects of the live process, or 0. */
static uint64_t shown_function(const struct lp_cpython *python, const struct lp_probe_row *row)
{
	uint64_t object = cpython_module_attribute(python, row->module, row->name);

	if (row->way == LP_WAY_FUNCTION)
		return builtin_function(python, object);
	if (object && (row->way == LP_WAY_METHOD || row->way == LP_WAY_TASK))
		return cpython_type_method(python, object, row->method);
	return object ? memory_u64(python->pid, object + row->slot) : 0;
}

/* Returns whether asyncio runs without its C module, which it loads before its Python tasks. */
static bool has_python_tasks(const struct lp_cpython *python)
{
	return !cpython_module_attribute(python, "_asyncio", "Task") &&
	       cpython_module_attribute(python, "asyncio.tasks", "_PyTask");
}

int cpython_find_probe(const struct lp_cpython *python, enum lp_probe_role role,
		       struct lp_probe *probe, struct lp_error *error)
{
	const struct lp_probe_row *row;

	if ((unsigned int)role >= LP_PROBE_ROLES)
		return error_set(error, -EINVAL, "no such probe");
	row = &rows[role];
	memset(probe, 0, sizeof(*probe));
	probe->role = role;
	probe->function = row->function;
	switch (row->way) {
	case LP_WAY_NONE:
		return -ENODEV;
	case LP_WAY_DISPATCH:
		return find_dispatch(python, probe, error);
	case LP_WAY_MESSAGE:
		return find_message(python, row, probe, error);
	case LP_WAY_TASK:
		if (has_python_tasks(python))
			return error_set(
				error, -ENOTSUP,
				"--cancels does not work for process %d: its tasks are Python code, without the C module _asyncio",
				python->pid);
		return find_function(python, row, shown_function(python, row), row->module, probe,
				     error);
	case LP_WAY_CANCELLED:
		return find_cancelled(python, row, probe, error);
	case LP_WAY_EXCEPTION:
		/* definer_open accepts the interpreter's file for any module */
		return find_function(python, row, exception_function(python), "builtins", probe,
				     error);
	case LP_WAY_COROUTINE:
		return find_coroutine(python, probe, error);
	case LP_WAY_UVLOOP:
	case LP_WAY_UVLOOP_METHOD:
		return find_uvloop_method(python, row, probe, error);
	case LP_WAY_UVLOOP_CALLS:
		return find_uvloop_calls(python, row, probe, error);
	default:
		return find_function(python, row, shown_function(python, row), row->module, probe,
				     error);
	}
}

/* Returns the set inside asyncio's WeakSet of all tasks, or 0; it is never replaced. */
static uint64_t all_tasks(const struct lp_cpython *python)
{
	const char *name = python->row.asyncio.all_tasks;
	uint64_t set = *name ? cpython_module_attribute(python, "asyncio.tasks", name) : 0;

	return set ? cpython_instance_get(python, set, "data") : 0;
}

static uint64_t method_code(const struct lp_cpython *python, const char *module, const char *class,
			    const char *name)
{
	uint64_t type = cpython_module_attribute(python, module, class), function;

	if (!type)
		return 0;
	function =
		cpython_dict_get(python, memory_u64(python->pid, type + CPYTHON_TYPE_DICT), name);
	return function ? memory_u64(python->pid, function + python->row.function.func_code) : 0;
}

/* Returns the number of the parameter by which Task.cancel() gets its arguments; 0: there is none. */
static uint8_t cancel_arguments(const struct lp_cpython *python, uint64_t task_type)
{
	uint32_t flags = METHOD_NO_ARGUMENTS;

	cpython_type_method_flags(python, task_type, "cancel", &flags);
	if (flags & METHOD_NO_ARGUMENTS)
		return 0;
	return flags & METHOD_DEFINING_CLASS ? 3 : 2;
}

int cpython_find_lifecycle(const struct lp_cpython *python, struct lp_lifecycle *lifecycle)
{
	uint64_t future = cpython_module_attribute(python, "_asyncio", "Future");

	memset(lifecycle, 0, sizeof(*lifecycle));
	cpython_row_task_offsets(&python->row, &lifecycle->offsets);
	lifecycle->task_type = cpython_module_attribute(python, "_asyncio", "Task");
	lifecycle->future_type = future;
	if (!lifecycle->task_type || !future)
		return -EAGAIN;
	lifecycle->task_finalize = task_slot(python, TYPE_FINALIZE);
	lifecycle->future_finalize = memory_u64(python->pid, future + TYPE_FINALIZE);
	lifecycle->runtime_error = runtime_error_type(python);
	lifecycle->threadsafe_code =
		method_code(python, "asyncio.base_events", "BaseEventLoop", "call_soon_threadsafe");
	lifecycle->all_tasks = all_tasks(python);
	lifecycle->thread_tasks = python->row.thread.asyncio_tasks_head;
	lifecycle->task_node = python->row.task.task_node;
	if (lifecycle->task_node != LP_NO_FIELD)
		lifecycle->interpreter_tasks =
			cpython_interpreter(python) + python->row.interpreter.asyncio_tasks_head;
	/* slots are in the order of their names: _args, _callback, _cancelled, _context, _loop */
	lifecycle->handle_loop = 48;
	lifecycle->exception_args = 24;
	lifecycle->tuple_items = python->row.tuple.ob_item;
	lifecycle->cancel_arguments = cancel_arguments(python, lifecycle->task_type);
	lifecycle->current_exception = python->row.thread.current_exception;
	lifecycle->exception_is_type = python->row.thread.exception_is_type;
	lifecycle->created_inside = python->row.bytecode.return_generator;
	lifecycle->array_arguments =
		lifecycle->runtime_error && python->row.type.exception_vectorcall &&
		memory_u64(python->pid, lifecycle->runtime_error + TYPE_VECTORCALL);
	/* _asyncio is loaded before asyncio.base_events and the set of tasks, which are needed too */
	return lifecycle->threadsafe_code &&
			       (lifecycle->all_tasks || !*python->row.asyncio.all_tasks)
		       ? 0
		       : -EAGAIN;
}
