// SPDX-License-Identifier: BSD-2-Clause
/* The module _asyncio of 3.14 publishes its offsets in a section of the file that it is in. */
#include "enumerate.h"

#include "elf/elf_file.h"
#include "process/mappings.h"

#include <errno.h>
#include <string.h>

#define SECTION ".AsyncioDebug"

/* Copies the words of a file's section .AsyncioDebug.  Returns 0 or a negative errno. */
static int read_file(const char *path, uint64_t *words, size_t bytes)
{
	struct lp_elf *elf;
	int err = elf_open_file(path, &elf);

	if (err)
		return err;
	err = elf_section(elf, SECTION, words, bytes);
	elf_close(elf);
	return err;
}

/* True for a path such as ".../_asyncio.cpython-314-x86_64-linux-gnu.so". */
static bool is_module(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, "_asyncio.", strlen("_asyncio."));
}

/*
 * Copies the words from the module's own file, or from the interpreter's if the module is built in.
 * Returns 0 or a negative errno.
 */
static int read_words(const struct lp_cpython *python, uint64_t *words, size_t bytes)
{
	const struct lp_mapping *module = NULL, *interpreter;
	struct lp_mappings mappings;
	int err = mappings_read(python->pid, &mappings);
	char path[LP_MAPPING_PATH_MAX];
	size_t i;

	if (err)
		return err;
	for (i = 0; i < mappings.count && !module; i++)
		if (is_module(mappings.items[i].path))
			module = &mappings.items[i];
	err = -ENOENT;
	if (module) {
		mapping_file_path(python->pid, module, path, sizeof(path));
		err = read_file(path, words, bytes);
	}
	interpreter = err ? mappings_find(&mappings, python->file_start) : NULL;
	if (interpreter) {
		mapping_file_path(python->pid, interpreter, path, sizeof(path));
		err = read_file(path, words, bytes);
	}
	mappings_free(&mappings);
	return err;
}

int cpython_asyncio_offsets(const struct lp_cpython *python, struct lp_cpython_row *row)
{
	uint64_t words[CPYTHON_ASYNCIO_WORDS];
	int err = read_words(python, words, sizeof(words));

	return err ? err : cpython_row_override_asyncio(row, words);
}
