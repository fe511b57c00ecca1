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

/* Copies the words from the module's own file.  Returns 0 or a negative errno. */
static int read_module(const struct lp_cpython *python, uint64_t *words, size_t bytes)
{
	struct lp_mappings mappings;
	int err = mappings_read(python->pid, &mappings);
	char path[LP_MAPPING_PATH_MAX];
	size_t i;

	if (err)
		return err;
	err = -ENOENT;
	for (i = 0; i < mappings.count; i++) {
		if (!is_module(mappings.items[i].path))
			continue;
		mapping_file_path(python->pid, &mappings.items[i], path, sizeof(path));
		err = read_file(path, words, bytes);
		break;
	}
	mappings_free(&mappings);
	return err;
}

int cpython_asyncio_offsets(const struct lp_cpython *python, struct lp_cpython_row *row)
{
	uint64_t words[CPYTHON_ASYNCIO_WORDS];
	int err = read_module(python, words, sizeof(words));

	/* a module that is built in is in the interpreter's file */
	if (err)
		err = read_file(python->file, words, sizeof(words));
	return err ? err : cpython_row_override_asyncio(row, words);
}
