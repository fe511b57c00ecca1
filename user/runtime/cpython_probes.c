// SPDX-License-Identifier: BSD-2-Clause
/*
 * No symbol of a static function is needed: Context.run is reached through the
 * method table of the exported PyContext_Type, in the file, so that it can be
 * probed before the program runs; the others through module and type objects of
 * the live process, as they are in modules that may be loaded later.
 */
#include "cpython_probes.h"

#include "../target/elf_file.h"
#include "../target/instruction.h"
#include "../target/mappings.h"
#include "../target/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Enough of a function to see whether it jumps back to its beginning. */
#define CODE_BYTES 1024
#define METHODS_MAX 64

static int probe_at(const struct lp_elf *elf, uint64_t address, struct lp_probe *probe)
{
	uint8_t code[CODE_BYTES];
	size_t offset, size = elf_bytes(elf, address, code, sizeof(code));

	probe->emulated = instruction_first_emulated(code, size, &offset);
	return elf_address_to_offset(elf, address + offset, &probe->offset);
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
	err = function ? probe_at(elf, function, probe) : -ENOTSUP;
	if (err)
		error_set(
			error, err,
			"Context.run is not where CPython 3.%d has it in process %d: a build that loopprof does not know",
			python->minor, python->pid);
	memcpy(probe->path, python->file, sizeof(probe->path));
	probe->function = "Context.run";
	elf_close(elf);
	return err;
}

/* The probe for a C function at an address of the live process. */
static int find_function(const struct lp_cpython *python, uint64_t function, const char *name,
			 struct lp_probe *probe, struct lp_error *error)
{
	const struct lp_mapping *mapping;
	struct lp_mappings mappings;
	struct lp_elf *elf = NULL;
	uint64_t address = 0;
	int err;

	if (!function)
		return -EAGAIN;
	err = mappings_read(python->pid, &mappings);
	if (err)
		return error_set(error, err, "cannot read the mappings of process %d: %s",
				 python->pid, strerror(-err));
	mapping = mappings_find(&mappings, function);
	err = -ENOENT;
	if (mapping) {
		mapping_file_path(python->pid, mapping, probe->path, sizeof(probe->path));
		err = elf_open_file(probe->path, &elf);
	}
	if (!err)
		err = elf_offset_to_address(elf, function - mapping->start + mapping->offset,
					    &address);
	if (!err)
		err = probe_at(elf, address, probe);
	if (err)
		error_set(error, err, "cannot find %s in the files of process %d: %s", name,
			  python->pid, strerror(-err));
	probe->function = name;
	elf_close(elf);
	mappings_free(&mappings);
	return err;
}

int cpython_find_probe(const struct lp_cpython *python, enum lp_probe_role role,
		       struct lp_probe *probe, struct lp_error *error)
{
	uint64_t object;

	memset(probe, 0, sizeof(*probe));
	probe->role = role;
	switch (role) {
	case LP_PROBE_DISPATCH:
		return find_dispatch(python, probe, error);
	case LP_PROBE_RUNNING_LOOP:
		object = cpython_module_attribute(python, "_asyncio", "_set_running_loop");
		/* PyCFunctionObject.m_ml, PyMethodDef.ml_meth */
		if (object)
			object = memory_u64(python->pid, object + CPYTHON_BUILTIN_METHOD);
		return find_function(python, object ? memory_u64(python->pid, object + 8) : 0,
				     "_asyncio._set_running_loop", probe, error);
	case LP_PROBE_READY:
		object = cpython_module_attribute(python, "_collections", "deque");
		return find_function(python,
				     object ? cpython_type_method(python, object, "append") : 0,
				     "deque.append", probe, error);
	default:
		return error_set(error, -EINVAL, "no such probe");
	}
}
