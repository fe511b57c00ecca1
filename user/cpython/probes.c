// SPDX-License-Identifier: BSD-2-Clause
/*
 * No symbol of a static function is needed: Context.run is reached through the
 * method table of the exported PyContext_Type, in the file, so that it can be
 * probed before the program runs; the others through module and type objects of
 * the live process, as they are in modules that may be loaded later; and what is
 * inside a function, by the message that it is about to use.
 */
#include "probes.h"

#include "../target/code.h"
#include "../target/instruction.h"
#include "../target/mappings.h"
#include "../target/memory.h"
#include "instance.h"
#include "uvloop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Enough of a function to see whether it jumps back to its beginning. */
#define CODE_BYTES 1024
#define METHODS_MAX 64
#define UVLOOP_CALLS_MAX 32

/* PyTypeObject, the same in 3.8 to 3.14. */
#define TYPE_INIT 296
#define TYPE_NEW 312
#define TYPE_FINALIZE 392
#define TYPE_VECTORCALL 400

/* How a probe is found. */
enum lp_way {
	LP_WAY_DISPATCH, /* Context.run */
	LP_WAY_FUNCTION, /* a module's C function */
	LP_WAY_METHOD, /* of a type in a module */
	LP_WAY_SLOT, /* of a type in a module */
	LP_WAY_MESSAGE, /* the instructions in _asyncio that use a message */
	LP_WAY_EXCEPTION,
	LP_WAY_COROUTINE,
	LP_WAY_UVLOOP, /* a C method of a class of uvloop's */
	LP_WAY_UVLOOP_METHOD, /* a method of Loop that Python code calls */
	LP_WAY_UVLOOP_CALLS, /* where uvloop enters a context, but for those methods */
};

struct lp_probe_row {
	enum lp_way way;
	const char *module;
	const char *name; /* or the message */
	const char *method;
	uint16_t slot; /* of a type; in the table of C methods */
	const char *function; /* as it is told */
};

static const struct lp_probe_row rows[LP_PROBE_ROLES] = {
	[LP_PROBE_DISPATCH] = { .way = LP_WAY_DISPATCH, .function = "Context.run" },
	[LP_PROBE_RUNNING_LOOP] = { LP_WAY_FUNCTION, "_asyncio", "_set_running_loop",
				    .function = "_asyncio._set_running_loop" },
	[LP_PROBE_READY] = { LP_WAY_METHOD, "_collections", "deque", "append",
			     .function = "deque.append" },
	[LP_PROBE_DISPATCH_HANDLE] = { LP_WAY_UVLOOP, .name = "Handle", .slot = UVLOOP_HANDLE_RUN,
				       .function = "uvloop's Handle._run" },
	[LP_PROBE_DISPATCH_TIMER] = { LP_WAY_UVLOOP, .name = "TimerHandle",
				      .slot = UVLOOP_TIMER_RUN,
				      .function = "uvloop's TimerHandle._run" },
	[LP_PROBE_DISPATCH_METHOD] = { .way = LP_WAY_UVLOOP_CALLS,
				       .name = "Context_Enter",
				       .function = "uvloop's run_in_context" },
	/* warnings.py hands a coroutine that nobody awaited to it, as its source */
	[LP_PROBE_NEVER_AWAITED] = { LP_WAY_FUNCTION, "_warnings", "warn",
				     .function = "warnings.warn" },
	/* Modules/_asynciomodule.c: FutureObj_finalize, TaskObj_finalize, get_running_loop,
	 * task_step_handle_result_impl; the same words in 3.8 to 3.14 */
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
	[LP_PROBE_LOOP_CLOSE] = { LP_WAY_METHOD, "select", "epoll", "close",
				  .function = "epoll.close" },
	[LP_PROBE_UVLOOP_CLOSE] = { LP_WAY_UVLOOP_METHOD, .name = "close",
				    .function = "uvloop's Loop.close" },
	[LP_PROBE_UVLOOP_TIMER] = { LP_WAY_UVLOOP_METHOD, .name = "call_later",
				    .function = "uvloop's Loop.call_later" },
	[LP_PROBE_UVLOOP_THREADSAFE] = { LP_WAY_UVLOOP_METHOD, .name = "call_soon_threadsafe",
					 .function = "uvloop's Loop.call_soon_threadsafe" },
	[LP_PROBE_TIMER] = { LP_WAY_FUNCTION, "_heapq", "heappush", .function = "heapq.heappush" },
	[LP_PROBE_EXCEPTION] = { .way = LP_WAY_EXCEPTION, .function = "BaseException.__new__" },
	[LP_PROBE_TASK_BORN] = { LP_WAY_SLOT, "_asyncio", "Task", .slot = TYPE_INIT,
				 .function = "Task.__init__" },
	[LP_PROBE_TASK_GONE] = { LP_WAY_SLOT, "_asyncio", "Task", .slot = TYPE_FINALIZE,
				 .function = "Task.__del__" },
	[LP_PROBE_COROUTINE_BORN] = { .way = LP_WAY_COROUTINE, .function = "a coroutine function" },
};

/* Adds a place, by its ELF address; bias: of the file in the process. */
static int add_place(const struct lp_elf *elf, uint64_t address, uint64_t bias,
		     struct lp_probe *probe)
{
	int err;

	if (probe->count == LP_PROBE_PLACES)
		return 0;
	err = elf_address_to_offset(elf, address, &probe->places[probe->count].offset);
	if (err)
		return err;
	probe->places[probe->count].address = address + bias;
	probe->count++;
	return 0;
}

/* The first instruction of a function that is cheap to probe. */
static int add_entry(const struct lp_elf *elf, uint64_t address, uint64_t bias,
		     struct lp_probe *probe)
{
	uint8_t code[CODE_BYTES];
	size_t offset, size = elf_bytes(elf, address, code, sizeof(code));

	probe->emulated = instruction_first_emulated(code, size, &offset);
	return add_place(elf, address + offset, bias, probe);
}

/* PyMethodDef is {name, function, flags, doc}; returns the function's ELF address, or 0. */
static uint64_t method_in_file(const struct lp_elf *elf, uint64_t type, const char *wanted)
{
	uint64_t table, name, function;
	size_t length = strlen(wanted) + 1;
	int i;

	if (!type || elf_pointer(elf, type + CPYTHON_TYPE_METHODS, &table))
		return 0;
	for (i = 0; i < METHODS_MAX; i++, table += CPYTHON_METHOD_SIZE) {
		char text[32] = "";

		if (elf_pointer(elf, table, &name) || !name)
			return 0;
		if (elf_bytes(elf, name, text, length) == length && !memcmp(text, wanted, length))
			return elf_pointer(elf, table + 8, &function) ? 0 : function;
	}
	return 0;
}

static int find_dispatch(const struct lp_cpython *python, struct lp_probe *probe,
			 struct lp_error *error)
{
	struct lp_elf *elf;
	uint64_t function;
	int err;

	err = elf_open_file(python->file, &elf);
	if (err)
		return error_set(error, err, "cannot read the interpreter of process %d: %s",
				 python->pid, strerror(-err));
	function = method_in_file(elf, python->context_type, "run");
	err = function ? add_entry(elf, function, python->bias, probe) : -ENOTSUP;
	if (err)
		error_set(
			error, err,
			"Context.run is not where CPython 3.%d has it in process %d: a build that loopprof does not know",
			python->minor, python->pid);
	memcpy(probe->path, python->file, sizeof(probe->path));
	elf_close(elf);
	return err;
}

/* Opens the file that an address of the process lies in, and tells its bias. */
static int open_file_of(const struct lp_cpython *python, uint64_t address, struct lp_probe *probe,
			struct lp_elf **elf, uint64_t *bias, struct lp_error *error)
{
	const struct lp_mapping *mapping;
	struct lp_mappings mappings;
	uint64_t in_file = 0;
	int err;

	*elf = NULL;
	*bias = 0;
	err = mappings_read_at(python->pid, address, &mappings);
	if (err)
		return error_set(error, err, "cannot read the mappings of process %d: %s",
				 python->pid, mappings_error(err));
	mapping = mappings_find(&mappings, address);
	err = -ENOENT;
	if (mapping) {
		mapping_file_path(python->pid, mapping, probe->path, sizeof(probe->path));
		err = elf_open_file(probe->path, elf);
	}
	if (!err)
		err = elf_offset_to_address(*elf, address - mapping->start + mapping->offset,
					    &in_file);
	*bias = address - in_file;
	if (err)
		error_set(error, err, "cannot find %s in the files of process %d: %s",
			  probe->function, python->pid, elf_error(*elf, err));
	mappings_free(&mappings);
	return err;
}

/* The probe for a C function at an address of the live process. */
static int find_function(const struct lp_cpython *python, uint64_t function, struct lp_probe *probe,
			 struct lp_error *error)
{
	struct lp_elf *elf;
	uint64_t bias;
	int err;

	if (!function)
		return -EAGAIN;
	err = open_file_of(python, function, probe, &elf, &bias, error);
	if (!err)
		err = add_entry(elf, function - bias, bias, probe);
	elf_close(elf);
	return err;
}

static uint64_t task_slot(const struct lp_cpython *python, uint16_t slot)
{
	uint64_t type = cpython_module_attribute(python, "_asyncio", "Task");

	return type ? memory_u64(python->pid, type + slot) : 0;
}

static int find_message(const struct lp_cpython *python, const char *text, struct lp_probe *probe,
			struct lp_error *error)
{
	uint64_t known = task_slot(python, TYPE_FINALIZE), bias, uses[LP_PROBE_PLACES];
	struct lp_elf *elf;
	size_t count, i;
	int err;

	if (!known)
		return -EAGAIN;
	err = open_file_of(python, known, probe, &elf, &bias, error);
	count = err ? 0 : code_string_uses(elf, text, uses, LP_PROBE_PLACES);
	for (i = 0; !err && i < count; i++)
		err = add_place(elf, uses[i], bias, probe);
	if (!err && elf_failure(elf))
		err = error_set(error, elf_failure(elf),
				"cannot search the file of %s in process %d: %s", probe->function,
				python->pid, elf_error(elf, elf_failure(elf)));
	if (!err && !count)
		err = error_set(
			error, -ENOENT,
			"the code of %s in process %d was built in a way that loopprof does not know",
			probe->function, python->pid);
	elf_close(elf);
	return err;
}

static uint64_t runtime_error_type(const struct lp_cpython *python)
{
	return python->runtime_error ? memory_u64(python->pid, python->runtime_error) : 0;
}

/* 3.14 gives exceptions a function for calls without a tuple. */
static int find_exception(const struct lp_cpython *python, struct lp_probe *probe,
			  struct lp_error *error)
{
	uint64_t type = runtime_error_type(python), function = 0;

	if (type && python->minor >= 14)
		function = memory_u64(python->pid, type + TYPE_VECTORCALL);
	if (type && !function)
		function = memory_u64(python->pid, type + TYPE_NEW);
	return find_function(python, function, probe, error);
}

/*
 * Where a new coroutine is returned: PyCoro_New up to 3.10, _Py_MakeCoro since.  3.11
 * and 3.12 do not export that, so that their stripped builds show nothing.
 */
static int find_coroutine(const struct lp_cpython *python, struct lp_probe *probe,
			  struct lp_error *error)
{
	const char *name = python->minor >= 11 ? "_Py_MakeCoro" : "PyCoro_New";
	uint64_t function, bytes = 0, returns[LP_PROBE_PLACES];
	struct lp_elf *elf;
	size_t count, i;
	int err = elf_open_file(python->file, &elf);

	if (err)
		return error_set(error, err, "cannot read the interpreter of process %d: %s",
				 python->pid, strerror(-err));
	function = elf_symbol_size(elf, name, &bytes);
	count = function ? code_returns(elf, function, bytes, returns, LP_PROBE_PLACES) : 0;
	for (i = 0; !err && i < count; i++)
		err = add_place(elf, returns[i], python->bias, probe);
	if (!count)
		err = error_set(
			error, -ENOENT,
			"the interpreter of process %d does not tell where it makes coroutines: its symbols are stripped",
			python->pid);
	memcpy(probe->path, python->file, sizeof(probe->path));
	elf_close(elf);
	return err;
}

/* PyCFunctionObject.m_ml, PyMethodDef.ml_meth */
static uint64_t builtin_function(const struct lp_cpython *python, uint64_t object)
{
	if (object)
		object = memory_u64(python->pid, object + CPYTHON_BUILTIN_METHOD);
	return object ? memory_u64(python->pid, object + 8) : 0;
}

static int check_uvloop(const struct lp_cpython *python, struct lp_error *error)
{
	struct lp_uvloop uvloop;
	int err = cpython_find_uvloop(python, &uvloop);

	if (err == -ENOTSUP)
		error_set(
			error, err,
			"process %d runs a uvloop whose handles are laid out differently from those that loopprof knows (0.14 to 0.23)",
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
	return find_function(python, function, probe, error);
}

/*
 * uvloop from 0.22 on has a function of its own around PyContext_Enter, exported.  What
 * else than handles calls it runs a protocol's method, inlined or not.  Before, handles
 * alone did, and methods were run by Context.run: then there is no such place.
 */
static int find_uvloop_calls(const struct lp_cpython *python, const char *function,
			     struct lp_probe *probe, struct lp_error *error)
{
	uint64_t handle = cpython_uvloop_method(python, "Handle", UVLOOP_HANDLE_RUN);
	uint64_t timer = cpython_uvloop_method(python, "TimerHandle", UVLOOP_TIMER_RUN);
	uint64_t calls[UVLOOP_CALLS_MAX], bias, start;
	int err = check_uvloop(python, error);
	struct lp_elf *elf = NULL;
	size_t count, i;

	if (!err)
		err = open_file_of(python, handle, probe, &elf, &bias, error);
	count = err ? 0 : code_calls(elf, function, calls, UVLOOP_CALLS_MAX);
	probe->emulated = true;
	for (i = 0; !err && i < count; i++) {
		start = elf_function_start(elf, calls[i]);
		if (start && start != handle - bias && start != timer - bias)
			err = add_place(elf, calls[i], bias, probe);
	}
	elf_close(elf);
	return err;
}

int cpython_find_probe(const struct lp_cpython *python, enum lp_probe_role role,
		       struct lp_probe *probe, struct lp_error *error)
{
	const struct lp_probe_row *row;
	uint64_t object;

	if ((unsigned int)role >= LP_PROBE_ROLES)
		return error_set(error, -EINVAL, "no such probe");
	row = &rows[role];
	memset(probe, 0, sizeof(*probe));
	probe->role = role;
	probe->function = row->function;
	switch (row->way) {
	case LP_WAY_DISPATCH:
		return find_dispatch(python, probe, error);
	case LP_WAY_MESSAGE:
		return find_message(python, row->name, probe, error);
	case LP_WAY_EXCEPTION:
		return find_exception(python, probe, error);
	case LP_WAY_COROUTINE:
		return find_coroutine(python, probe, error);
	case LP_WAY_UVLOOP:
	case LP_WAY_UVLOOP_METHOD:
		return find_uvloop_method(python, row, probe, error);
	case LP_WAY_UVLOOP_CALLS:
		return find_uvloop_calls(python, row->name, probe, error);
	default:
		break;
	}
	object = cpython_module_attribute(python, row->module, row->name);
	if (row->way == LP_WAY_FUNCTION)
		object = builtin_function(python, object);
	else if (object && row->way == LP_WAY_METHOD)
		object = cpython_type_method(python, object, row->method);
	else if (object)
		object = memory_u64(python->pid, object + row->slot);
	return find_function(python, object, probe, error);
}

/* asyncio keeps all tasks in a WeakSet, whose set stays the same one. */
static uint64_t all_tasks(const struct lp_cpython *python)
{
	const char *name = python->minor >= 12 ? "_scheduled_tasks" : "_all_tasks";
	uint64_t set =
		python->minor >= 14 ? 0 : cpython_module_attribute(python, "asyncio.tasks", name);

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
	return function ? memory_u64(python->pid, function + python->row.probe.function_code) : 0;
}

int cpython_find_lifecycle(const struct lp_cpython *python, struct lp_lifecycle *lifecycle)
{
	uint64_t future = cpython_module_attribute(python, "_asyncio", "Future");

	memset(lifecycle, 0, sizeof(*lifecycle));
	lifecycle->offsets = python->row.task;
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
	lifecycle->thread_tasks = python->row.thread_tasks;
	lifecycle->task_node = python->row.task_node;
	if (lifecycle->task_node != LP_NO_FIELD)
		lifecycle->interpreter_tasks =
			cpython_interpreter(python) + python->row.interpreter_tasks;
	/* slots lie in the order of their names: _args, _callback, _cancelled, _context, _loop */
	lifecycle->handle_loop = 48;
	lifecycle->exception_args = 24;
	lifecycle->tuple_items = CPYTHON_TUPLE_ITEMS(python);
	lifecycle->born_inside = python->minor >= 11;
	lifecycle->array_arguments =
		lifecycle->runtime_error && python->minor >= 14 &&
		memory_u64(python->pid, lifecycle->runtime_error + TYPE_VECTORCALL);
	/* _asyncio is loaded before those that it is of no use without */
	return lifecycle->threadsafe_code && (lifecycle->all_tasks || python->minor >= 14)
		       ? 0
		       : -EAGAIN;
}
