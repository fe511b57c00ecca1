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

/* Stores the path of the module's own file.  Returns 0 or a negative errno: -ENOENT, no module. */
static int find_module(const struct lp_cpython *python, char *path, size_t size)
{
	const struct lp_mapping *module = NULL;
	struct lp_mappings mappings;
	int err = mappings_read(python->pid, &mappings);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < mappings.count && !module; i++)
		if (is_module(mappings.items[i].path))
			module = &mappings.items[i];
	if (module)
		mapping_file_path(python->pid, module, path, size);
	mappings_free(&mappings);
	return module ? 0 : -ENOENT;
}

/*
 * Copies the words from the module's own file, or from the interpreter's if the module is built in.
 * Returns 0 or a negative errno.
 */
static int read_words(const struct lp_cpython *python, uint64_t *words, size_t bytes)
{
	char path[LP_MAPPING_PATH_MAX];
	struct lp_mapping interpreter;
	int err = find_module(python, path, sizeof(path));

	if (!err)
		err = read_file(path, words, bytes);
	if (!err)
		return 0;
	err = mappings_locate(python->pid, python->file_start, &interpreter, path, sizeof(path));
	return err ? err : read_file(path, words, bytes);
}

int cpython_asyncio_offsets(const struct lp_cpython *python, struct lp_cpython_row *row)
{
	uint64_t words[CPYTHON_ASYNCIO_WORDS];
	int err = read_words(python, words, sizeof(words));

	return err ? err : cpython_row_override_asyncio(row, words);
}
