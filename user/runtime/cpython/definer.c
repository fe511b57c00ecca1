// SPDX-License-Identifier: BSD-2-Clause
#include "definer.h"

#include "elf/function.h"
#include "elf/probe_site.h"
#include "process/mappings.h"
#include "process/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a function that are searched for a jump back to its beginning. */
#define CODE_BYTES 1024
/* The bytes at a place that must be the same in the file and in memory. */
#define SAME_BYTES 16
#define BREAKPOINT 0xcc
/* A nop of five bytes, which newer kernels replace by a call under an uprobe. */
#define LONG_NOP "\x0f\x1f\x44\x00\x00"

int definer_refuse(const struct lp_definer *definer, const char *reason, struct lp_error *error)
{
	int failure = definer->elf ? elf_failure(definer->elf) : 0;

	if (definer->elf && !failure && !mapped_file_unchanged(&definer->file))
		failure = -ESTALE;
	/* a file that could not be read is the reason for whatever is missing in it */
	if (failure)
		/* a file that was changed meanwhile is not refused, but read again */
		return error_set(error, failure == -ESTALE ? failure : -EBADMSG,
				 "%s is not probed in process %d: its file is refused, %s",
				 definer->probe->function, definer->python->pid,
				 elf_error(definer->elf, failure));
	return error_set(error, -EBADMSG,
			 "%s is not probed in process %d, whose memory and files disagree: %s",
			 definer->probe->function, definer->python->pid, reason);
}

static int open_failed(const struct lp_definer *definer, int err, struct lp_error *error)
{
	return error_set(error, err, "cannot find %s in the files of process %d: %s",
			 definer->probe->function, definer->python->pid,
			 elf_error(definer->elf, err));
}

/* Opens the file at probe->path.  A file whose reading may never return is refused. */
static int open_file(struct lp_definer *definer, struct lp_error *error)
{
	int err =
		mapped_file_open(definer->python->pid, definer->probe->path, NULL, &definer->file);

	/* the mapping that the path names was split or moved meanwhile */
	if (err == -ENOENT)
		err = -ESTALE;
	if (err)
		return open_failed(definer, err, error);
	if (definer->file.facts.reach == LP_FILE_REFUSED)
		return error_set(
			error, -EBADMSG,
			"%s is not probed in process %d: its file is on FUSE, on an overlay of a user namespace (as of rootless containers) or on a mount that this host does not show, and reading it may never return; -m sample --find none needs no probe",
			definer->probe->function, definer->python->pid);
	definer->probe->file = definer->file.facts;
	err = elf_open_file(definer->file.path, &definer->elf);
	return err ? open_failed(definer, err, error) : 0;
}

static void definer_begin(const struct lp_cpython *python, struct lp_probe *probe,
			  struct lp_definer *definer)
{
	memset(definer, 0, sizeof(*definer));
	definer->python = python;
	definer->probe = probe;
	definer->file.descriptor = -1;
}

/*
 * Opens the file that is mapped at an address, and stores the offset in the file that this address
 * has. code: the mapping has to be executable. The path is made anew each time: the dynamic linker
 * splits mappings of a file while it loads it, and the kernel names them by their ends.
 */
static int open_mapping(struct lp_definer *definer, uint64_t address, bool code, uint64_t *offset,
			struct lp_error *error)
{
	struct lp_mapping mapping;
	int err = mappings_locate(definer->python->pid, address, &mapping, definer->probe->path,
				  sizeof(definer->probe->path));

	if (err && err != -ENOENT)
		return error_set(error, err, "cannot read the mappings of process %d: %s",
				 definer->python->pid, mappings_error(err));
	if (err || (code && !mapping.executable))
		return definer_refuse(definer, "its function is in no file", error);
	*offset = address - mapping.start + mapping.offset;
	return open_file(definer, error);
}

int definer_open(const struct lp_cpython *python, uint64_t address, const char *module,
		 struct lp_probe *probe, struct lp_definer *definer, struct lp_error *error)
{
	uint64_t offset = 0, in_file = 0;
	char name[32];
	int err;

	definer_begin(python, probe, definer);
	err = open_mapping(definer, address, true, &offset, error);
	if (err)
		return err;
	err = elf_offset_to_address(definer->elf, offset, &in_file);
	if (err)
		return open_failed(definer, err, error);
	definer->bias = address - in_file;
	snprintf(name, sizeof(name), "PyInit_%s", module);
	if (!elf_symbol(definer->elf, name) && !elf_symbol(definer->elf, "_PyRuntime"))
		return definer_refuse(
			definer, "its function is in a file that is not the module's own", error);
	return 0;
}

int definer_open_interpreter(const struct lp_cpython *python, struct lp_probe *probe,
			     struct lp_definer *definer, struct lp_error *error)
{
	uint64_t offset = 0;

	definer_begin(python, probe, definer);
	definer->bias = python->bias;
	definer->loading = true;
	return open_mapping(definer, python->file_start, false, &offset, error);
}

void definer_close(struct lp_definer *definer)
{
	elf_close(definer->elf);
	definer->elf = NULL;
	mapped_file_close(&definer->file);
}

/*
 * Compares code, apart from uprobes of loopprof or other tools that are attached to it: a
 * breakpoint at the beginning of an instruction, or a call in place of a nop of five bytes.
 */
static bool same_code(const uint8_t *file, const uint8_t *memory, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (file[i] == memory[i] || memory[i] == BREAKPOINT)
			continue;
		if (memory[i] != 0xe8 || size - i < 5 || memcmp(file + i, LONG_NOP, 5) != 0)
			return false;
		i += 4;
	}
	return true;
}

/* Returns whether an executable mapping of any file contains an address. */
static bool is_mapped_code(pid_t pid, uint64_t address)
{
	struct lp_mapping mapping;

	return !mappings_locate(pid, address, &mapping, NULL, 0) && mapping.executable;
}

static bool matches_memory(const struct lp_definer *definer, uint64_t address)
{
	uint8_t file[SAME_BYTES], memory[SAME_BYTES];
	size_t size = elf_bytes(definer->elf, address, file, sizeof(file));
	pid_t pid = definer->python->pid;

	if (size && !memory_read(pid, address + definer->bias, memory, size) &&
	    same_code(file, memory, size))
		return true;
	return size && definer->loading && !is_mapped_code(pid, address + definer->bias);
}

int definer_add(const struct lp_definer *definer, uint64_t address, struct lp_error *error)
{
	struct lp_probe *probe = definer->probe;
	int err;

	if (probe->count == LP_PROBE_SITES)
		return 0;
	if (!matches_memory(definer, address))
		return definer_refuse(definer, "its code in memory differs from the file's", error);
	err = elf_address_to_offset(definer->elf, address, &probe->places[probe->count].offset);
	if (err)
		return open_failed(definer, err, error);
	probe->places[probe->count].address = address + definer->bias;
	probe->count++;
	return 0;
}

int definer_add_entry(const struct lp_definer *definer, uint64_t function, struct lp_error *error)
{
	uint8_t code[CODE_BYTES];
	size_t offset, size = elf_bytes(definer->elf, function, code, sizeof(code));

	if (!matches_memory(definer, function))
		return definer_refuse(definer, "its code in memory differs from the file's", error);
	definer->probe->emulated = probe_site_first_emulated(code, size, &offset);
	return definer_add(definer, function + offset, error);
}

int definer_add_inside(const struct lp_definer *definer, uint64_t address, struct lp_error *error)
{
	if (!function_has_instruction(definer->elf, address))
		return definer_refuse(definer, "no instruction is known to begin at its place",
				      error);
	return definer_add(definer, address, error);
}

int definer_finish(const struct lp_definer *definer, struct lp_error *error)
{
	return mapped_file_unchanged(&definer->file) && !elf_failure(definer->elf)
		       ? 0
		       : definer_refuse(definer, "", error);
}
