// SPDX-License-Identifier: BSD-2-Clause
/* The adapter for CPython: a process is recognised by the symbol _PyRuntime. */
#include "cpython.h"

#include "callback.h"
#include "code_names.h"

#include "privileges/rights.h"
#include "elf/elf_file.h"
#include "process/mappings.h"
#include "process/memory.h"
#include "base/text.h"
#include "base/macros.h"
#include "runtime/cpython/objects/code.h"
#include "runtime/cpython/objects/gc_stats.h"
#include "runtime/cpython/objects/finding.h"
#include "runtime/cpython/objects/key_hints.h"
#include "loop_stack.h"
#include "other_loops.h"
#include "running_loops.h"
#include "probes.h"
#include "runtime/cpython/objects/frames.h"
#include "eager_task.h"
#include "runtime/cpython/tasks/task_name.h"
#include "runtime/cpython/tasks/lock_holder.h"
#include "runtime/cpython/tasks/tasks.h"
#include "runtime/cpython/objects/threads.h"
#include "uvloop.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUG_OFFSETS_COOKIE "xdebugpy"
#define DEBUG_OFFSETS_WORDS 102 /* up to the last one that is read: gen_object.gi_iframe of 3.15 */

/* Exported type objects by which BPF distinguishes callables. */
static const struct {
	const char *symbol;
	size_t field;
} exported[] = {
	{ "PyCFunction_Type", offsetof(struct lp_python, builtin_type) },
	{ "PyFunction_Type", offsetof(struct lp_python, function_type) },
	{ "PyMethod_Type", offsetof(struct lp_python, method_type) },
	{ "PyCoro_Type", offsetof(struct lp_python, coroutine_type) },
	{ "PyGen_Type", offsetof(struct lp_python, generator_type) },
	{ "PyLong_Type", offsetof(struct lp_python, int_type) },
	{ "PyUnicode_Type", offsetof(struct lp_python, string_type) },
	{ "_Py_NoneStruct", offsetof(struct lp_python, none) },
};

/* Returns the mapping of libpython if there is one, as the executable then only launches it. */
static const struct lp_mapping *find_interpreter(const struct lp_mappings *mappings,
						 const char *exe)
{
	const struct lp_mapping *found = NULL;
	size_t i;

	exe = mapping_path_part(exe);
	for (i = 0; i < mappings->count; i++) {
		const struct lp_mapping *mapping = &mappings->items[i];
		const char *name = text_base_name(mapping->path);

		if (!strncmp(name, "libpython", 9) && strstr(name, ".so"))
			return mapping;
		if (!found && !strcmp(mapping->path, exe))
			found = mapping;
	}
	return found;
}

/* Reads the version from sys.version, such as "3.10.13 (main, ..."; else "3.10". */
static void read_version_text(const struct lp_cpython *python, char *text, size_t size)
{
	char full[64];
	size_t length;

	if (cpython_string(python, cpython_module_attribute(python, "sys", "version"), full,
			   sizeof(full)))
		full[0] = '\0';
	length = strspn(full, "0123456789.");
	if (length && length < size) {
		full[length] = '\0';
		memcpy(text, full, length + 1);
	} else {
		snprintf(text, size, "3.%d", python->minor);
	}
}

/*
 * Returns the minor version from the names of mapped files, such as lib/python3.9/ or
 * _ssl.cpython-39-x86_64.so, or -1.  Binaries up to 3.10 do not export their version.
 */
static int minor_from_names(const struct lp_mappings *mappings, const char *exe)
{
	static const char *const marks[] = { "python3.", "cpython-3" };
	size_t i, j;

	for (i = 0; i <= mappings->count; i++) {
		const char *path = i ? mappings->items[i - 1].path : exe;

		for (j = 0; j < ARRAY_SIZE(marks); j++) {
			const char *at = strstr(path, marks[j]);

			if (at && isdigit((unsigned char)at[strlen(marks[j])]))
				return atoi(at + strlen(marks[j]));
		}
	}
	return -1;
}

/*
 * Reads constant data from the file, not from memory: the data segment of a program that is
 * being loaded may not be mapped yet.
 */
static bool read_data(const struct lp_elf *elf, uint64_t symbol, void *data, size_t size)
{
	return elf_bytes(elf, symbol, data, size) == size;
}

static int read_version(struct lp_cpython *python, const struct lp_elf *elf,
			const struct lp_mappings *mappings, const char *exe, bool *free_threaded)
{
	uint64_t head[3] = { 0 }, symbol;

	*free_threaded = false;
	if (read_data(elf, python->runtime - python->bias, head, sizeof(head)) &&
	    !memcmp(&head[0], DEBUG_OFFSETS_COOKIE, sizeof(head[0]))) {
		python->hex_version = (uint32_t)head[1];
		*free_threaded = head[2] != 0;
	} else if ((symbol = elf_symbol(elf, "Py_Version")) &&
		   !read_data(elf, symbol, &python->hex_version, sizeof(python->hex_version))) {
		python->hex_version = 0;
	}
	if (python->hex_version)
		return python->hex_version >> 24 == 3 ? (int)(python->hex_version >> 16 & 0xff)
						      : -1;
	return minor_from_names(mappings, exe);
}

static int choose_row(struct lp_cpython *python, const struct lp_elf *elf, bool free_threaded,
		      struct lp_error *error)
{
	const struct lp_cpython_row *row = cpython_row(python->minor);
	uint64_t words[DEBUG_OFFSETS_WORDS];

	if (free_threaded)
		return error_set(
			error, -ENOTSUP,
			"process %d runs a free-threaded build of CPython 3.%d, whose objects are laid out differently; run the program with the ordinary (GIL) build to profile it",
			python->pid, python->minor);
	if (!row)
		return error_set(
			error, -ENOTSUP,
			"process %d runs CPython 3.%d; versions 3.%d to 3.%d are supported",
			python->pid, python->minor, CPYTHON_OLDEST, CPYTHON_NEWEST);
	python->row = *row;
	if (row->debug_offsets == LP_DEBUG_OFFSETS_NONE)
		return 0;
	/* the offsets that the interpreter publishes have priority over those of the row */
	if (!read_data(elf, python->runtime - python->bias, words, sizeof(words)) ||
	    cpython_row_override(&python->row, words, DEBUG_OFFSETS_WORDS))
		return error_set(
			error, -ENOTSUP,
			"_Py_DebugOffsets of process %d makes no sense: this CPython 3.%d was built in a way that loopprof does not know",
			python->pid, python->minor);
	return 0;
}

/* Fills the offsets by which BPF gets from _PyRuntime to the GIL and the thread states. */
static void fill_chains(const struct lp_cpython_row *row, struct lp_python *wire)
{
	wire->interpreter_head = row->runtime.interpreters_head;
	wire->threads_head = row->interpreter.threads_head;
	wire->thread_next = row->thread.next;
	if (row->runtime.tstate_current != LP_NO_FIELD) {
		wire->thread_steps = 1;
		wire->thread_offsets[0] = row->runtime.tstate_current;
		wire->gil_steps = 0;
		wire->gil_offset = row->runtime.gil;
	} else {
		wire->thread_steps = 3;
		wire->thread_offsets[0] = row->runtime.interpreters_head;
		wire->thread_offsets[1] = row->interpreter.ceval_gil;
		wire->thread_offsets[2] = row->gil.last_holder;
		wire->gil_steps = 2;
		wire->gil_offset = 0;
	}
	wire->collecting_in_runtime = row->runtime.gc_collecting != LP_NO_FIELD;
	wire->collecting_offset = wire->collecting_in_runtime ? row->runtime.gc_collecting
							      : row->interpreter.gc_collecting;
}

static uint64_t exported_address(const struct lp_cpython *python, const struct lp_elf *elf,
				 const char *symbol)
{
	uint64_t address = elf_symbol(elf, symbol);

	return address ? address + python->bias : 0;
}

/* Fills the addresses and offsets that BPF gets, and the version. */
static void fill_instance(struct lp_cpython *python, const struct lp_elf *elf,
			  struct lp_instance *instance)
{
	struct lp_python *wire = &instance->layout.python;
	size_t i;

	instance->layout.runtime = LP_RUNTIME_PYTHON;
	cpython_row_offsets(&python->row, &wire->offsets);
	cpython_row_await_offsets(&python->row, &wire->awaits);
	wire->eager_tasks = python->row.asyncio.eager_tasks;
	wire->instance_layout = python->row.type.instance_layout;
	wire->cached_keys = python->row.type.ht_cached_keys;
	wire->thread_base = python->runtime;
	fill_chains(&python->row, wire);
	for (i = 0; i < ARRAY_SIZE(exported); i++) {
		uint64_t address = exported_address(python, elf, exported[i].symbol);

		memcpy((char *)wire + exported[i].field, &address, sizeof(address));
	}
	python->code_type = exported_address(python, elf, "PyCode_Type");
	python->function_type = wire->function_type;
	python->string_type = wire->string_type;
	python->int_type = wire->int_type;
	python->runtime_error = exported_address(python, elf, "PyExc_RuntimeError");
	if (python->hex_version)
		snprintf(instance->version, sizeof(instance->version), "3.%d.%d", python->minor,
			 (int)(python->hex_version >> 8 & 0xff));
	else
		read_version_text(python, instance->version, sizeof(instance->version));
	snprintf(instance->runtime_name, sizeof(instance->runtime_name), "asyncio");
	snprintf(instance->product, sizeof(instance->product), "CPython");
}

static int cannot_inspect(struct lp_error *error, int err, enum lp_right right, const char *what,
			  pid_t pid)
{
	char failure[96];

	snprintf(failure, sizeof(failure), "cannot %s process %d", what, pid);
	if (err == -EPERM || err == -EACCES)
		return rights_refuse(error, err, right, failure);
	return error_set(error, err, "%s: %s", failure, mappings_error(err));
}

/*
 * Reads a word of the interpreter: the mappings can be read with a lesser right than the memory
 * (Yama, seccomp), and a process whose memory cannot be read would appear to have no tasks.
 */
static int check_memory(const struct lp_cpython *python, struct lp_error *error)
{
	uint64_t word;
	int err = memory_read(python->pid, python->runtime, &word, sizeof(word));

	if (err == -EPERM || err == -EACCES || err == -ENOSYS)
		return cannot_inspect(error, err, LP_RIGHT_MEMORY, "read the memory of",
				      python->pid);
	return 0;
}

/* Fills the error for a file that cannot be read, and returns its code. */
static int refuse_file(const struct lp_cpython *python, const struct lp_mapping *mapping,
		       const struct lp_elf *elf, int err, struct lp_error *error)
{
	const char *name = text_base_name(mapping->path);

	switch (err) {
	case -ENOEXEC:
		return error_set(error, -ENOENT, "process %d is no 64-bit x86 program",
				 python->pid);
	case -EMEDIUMTYPE:
	case -EFBIG:
	case -EOVERFLOW:
	case -ETIME:
		return error_set(error, err,
				 "cannot read %s of process %d: %s; no interpreter is like that",
				 name, python->pid, elf_error(elf, err));
	case -ESTALE:
		return error_set(error, err, "cannot read %s of process %d: %s; try again", name,
				 python->pid, elf_error(elf, err));
	default:
		return cannot_inspect(error, err, LP_RIGHT_FILES, "read the program file of",
				      python->pid);
	}
}

static int detect_in_file(struct lp_cpython *python, const struct lp_mappings *mappings,
			  const struct lp_mapping *mapping, const char *exe,
			  struct lp_instance *instance, struct lp_error *error)
{
	char path[LP_MAPPING_PATH_MAX];
	uint64_t address, symbol;
	bool free_threaded;
	struct lp_elf *elf;
	int err;

	python->file_start = mapping->start;
	mapping_file_path(python->pid, mapping, path, sizeof(path));
	err = elf_open_file(path, &elf);
	if (err)
		return refuse_file(python, mapping, NULL, err, error);
	symbol = elf_symbol(elf, "_PyRuntime");
	if (!symbol && !elf_failure(elf)) {
		err = elf_symbol(elf, "Py_Initialize")
			      ? error_set(
					error, -ENOTSUP,
					"process %d runs a CPython older than 3.7; versions 3.%d to 3.%d are supported",
					python->pid, CPYTHON_OLDEST, CPYTHON_NEWEST)
			      : error_set(error, -ENOENT, "process %d (%s) is not a Python process",
					  python->pid, text_base_name(exe));
		goto cleanup;
	}
	err = elf_failure(elf);
	if (err) {
		refuse_file(python, mapping, elf, err, error);
		goto cleanup;
	}
	err = elf_offset_to_address(elf, mapping->offset, &address);
	if (err) {
		error_set(error, err, "the program file of process %d does not match its mappings",
			  python->pid);
		goto cleanup;
	}
	python->bias = mapping->start - address;
	python->runtime = symbol + python->bias;
	err = check_memory(python, error);
	if (err)
		goto cleanup;
	python->minor = read_version(python, elf, mappings, exe, &free_threaded);
	err = choose_row(python, elf, free_threaded, error);
	if (!err)
		fill_instance(python, elf, instance);
	if (!err && elf_failure(elf))
		err = refuse_file(python, mapping, elf, elf_failure(elf), error);
cleanup:
	elf_close(elf);
	return err;
}

static int detect(const struct lp_process_info *process, struct lp_instance *instance,
		  struct lp_error *error)
{
	const struct lp_mapping *mapping;
	struct lp_mappings mappings;
	struct lp_cpython *python;
	char exe[4096], link[32];
	ssize_t length;
	int err;

	snprintf(link, sizeof(link), "/proc/%d/exe", process->pid);
	length = readlink(link, exe, sizeof(exe) - 1);
	if (length < 0 && errno == EACCES)
		return cannot_inspect(error, -EACCES, LP_RIGHT_MEMORY, "inspect", process->pid);
	if (length < 0 && process_leader_ended(process->pid))
		return error_set(
			error, -ENOTSUP,
			"the main thread of process %d has ended, and the kernel shows its memory no more, though other threads run",
			process->pid);
	if (length < 0)
		return error_set(
			error, -ENOENT,
			"process %d has no program file (a kernel thread, or it has just ended)",
			process->pid);
	exe[length] = '\0';
	err = mappings_read(process->pid, &mappings);
	if (err)
		return cannot_inspect(error, err, LP_RIGHT_MEMORY, "read the mappings of",
				      process->pid);
	mapping = find_interpreter(&mappings, exe);
	if (!mapping) {
		mappings_free(&mappings);
		return error_set(error, -ENOENT, "process %d (%s) is not a Python process",
				 process->pid, text_base_name(exe));
	}
	python = calloc(1, sizeof(*python));
	if (!python) {
		mappings_free(&mappings);
		return error_set(error, -ENOMEM, "out of memory");
	}
	python->pid = process->pid;
	err = detect_in_file(python, &mappings, mapping, exe, instance, error);
	mappings_free(&mappings);
	if (err) {
		free(python);
		return err;
	}
	python->codes = cpython_codes_new();
	python->hints = cpython_hints_new();
	python->threads = cpython_threads_new();
	python->inner_pid = cpython_inner_pid(python);
	instance->reader = python;
	return 0;
}

/* True for an interpreter, and for a program that is linked with libpython. */
static bool may_be_program(const char *path)
{
	struct lp_elf *elf;
	bool may_be;

	if (elf_open_file(path, &elf))
		return false;
	may_be = elf_needs(elf, "libpython") || elf_symbol(elf, "_PyRuntime");
	elf_close(elf);
	return may_be;
}

static void release(struct lp_instance *instance)
{
	struct lp_cpython *python = instance->reader;

	if (python) {
		cpython_codes_free(python->codes);
		cpython_hints_free(python->hints);
		cpython_threads_free(python->threads);
	}
	free(python);
	instance->reader = NULL;
}

_Static_assert(sizeof(struct lp_cpython) <= LP_PACKED_BYTES, "too long to be packed");

static ssize_t pack(const struct lp_instance *instance, void *bytes, size_t capacity)
{
	struct lp_cpython python = *(const struct lp_cpython *)instance->reader;

	if (capacity < sizeof(python))
		return -ENOSPC;
	python.codes = NULL;
	python.hints = NULL;
	python.threads = NULL;
	memcpy(bytes, &python, sizeof(python));
	return sizeof(python);
}

static int unpack(struct lp_instance *instance, const void *bytes, size_t count)
{
	struct lp_cpython *python = count == sizeof(*python) ? malloc(sizeof(*python)) : NULL;

	if (!python)
		return count == sizeof(*python) ? -ENOMEM : -EINVAL;
	memcpy(python, bytes, sizeof(*python));
	python->codes = cpython_codes_new();
	python->hints = cpython_hints_new();
	python->threads = cpython_threads_new();
	instance->reader = python;
	return 0;
}

static int verify(const struct lp_instance *instance, struct lp_error *error)
{
	const struct lp_cpython *python = instance->reader;
	uint64_t task = cpython_module_attribute(python, "_asyncio", "Task");
	uint64_t size;

	if (!task)
		return -EAGAIN;
	size = memory_u64(python->pid, task + CPYTHON_TYPE_BASIC_SIZE);
	if (size == python->row.task.tp_basicsize)
		return 0;
	return error_set(
		error, -ENOTSUP,
		"process %d says it runs CPython %s, but its Task objects are %llu bytes long instead of %u: a patched build that loopprof does not know",
		python->pid, instance->version, (unsigned long long)size,
		python->row.task.tp_basicsize);
}

static bool may_run_loop(const struct lp_instance *instance)
{
	return cpython_module_attribute(instance->reader, "asyncio.events", "Handle") != 0;
}

static const char *other_loops(const struct lp_instance *instance)
{
	return cpython_other_loops(instance->reader);
}

static int find_probe(const struct lp_instance *instance, enum lp_probe_role role,
		      struct lp_probe *probe, struct lp_error *error)
{
	return cpython_find_probe(instance->reader, role, probe, error);
}

static int find_loop_code(const struct lp_cpython *python, struct lp_python_code *code)
{
	uint64_t dispatch, run_once;
	int err = cpython_loop_code(python, &dispatch, &run_once);

	if (err || !dispatch || !run_once)
		return err ? err : -EAGAIN;
	code->dispatch = dispatch;
	code->run_once = run_once;
	return 0;
}

static int find_fact(const struct lp_instance *instance, enum lp_fact fact,
		     union lp_process_facts *facts)
{
	struct lp_python_process *process = &facts->python;

	switch (fact) {
	case LP_FACT_KINDS:
		return cpython_find_uvloop(instance->reader, &process->uvloop);
	case LP_FACT_LOOPS:
		return find_loop_code(instance->reader, &process->code);
	case LP_FACT_FINDINGS:
		return cpython_find_lifecycle(instance->reader, &process->lifecycle);
	default:
		return -ENODEV;
	}
}

static int find_loops(const struct lp_instance *instance, struct lp_running_loop *loops,
		      size_t capacity)
{
	return cpython_find_loops(instance->reader, loops, capacity);
}

static void describe_finding(const struct lp_instance *instance,
			     const struct lp_event_raw_finding *finding,
			     struct lp_finding_places *places)
{
	cpython_describe_finding(instance->reader, finding, places);
}

static void running_callback(const struct lp_instance *instance, uint64_t thread_state,
			     uint64_t code, struct lp_running_callback *found)
{
	cpython_running_callback(instance->reader, thread_state, code, found);
}

static size_t describe(const struct lp_instance *instance, const struct lp_raw_frame *frames,
		       size_t count, struct lp_frame *shown)
{
	return cpython_describe_stack(instance->reader, frames, count, shown);
}

static void describe_thread(const struct lp_instance *instance, uint64_t thread_state, pid_t inner,
			    pid_t *tid, char *name, size_t size)
{
	cpython_describe_thread(instance->reader, thread_state, inner, tid, name, size);
}

static int read_tasks(const struct lp_instance *instance, struct lp_task_list *list,
		      struct lp_error *error)
{
	int err = verify(instance, error);

	/* -EAGAIN: _asyncio is not loaded, and there is nothing to check */
	if (err && err != -EAGAIN)
		return err;
	return cpython_read_tasks(instance->reader, list, error);
}

#define PART(field)                                                                                \
	{                                                                                          \
		offsetof(union lp_process_facts, python.field),                                    \
			sizeof(((struct lp_python_process *)NULL)->field)                          \
	}

const struct lp_runtime cpython_runtime = {
	.name = "asyncio",
	.code_names = &cpython_code_names,
	.loop_library = "/_asyncio.",
	.may_be_program = may_be_program,
	.is_interpreter = cpython_is_interpreter,
	.detect = detect,
	.verify = verify,
	.release = release,
	.pack = pack,
	.unpack = unpack,
	.find_probe = find_probe,
	.find_fact = find_fact,
	.facts = { [LP_FACT_KINDS] = PART(uvloop),
		   [LP_FACT_LOOPS] = PART(code),
		   [LP_FACT_FINDINGS] = PART(lifecycle) },
	.may_run_loop = may_run_loop,
	.other_loops = other_loops,
	.find_loops = find_loops,
	.loop_stack = cpython_loop_stack,
	.running_callback = running_callback,
	.describe = describe,
	.describe_thread = describe_thread,
	.describe_finding = describe_finding,
	.lock_holder = cpython_lock_holder,
	.garbage_collections = cpython_gc_stats,
	.task_name = cpython_task_name,
	.copy_task_name = cpython_copy_task_name,
	.eager_task = cpython_eager_task,
	.read_tasks = read_tasks,
};
