// SPDX-License-Identifier: BSD-2-Clause
#include "cpython_object.h"

#include "../target/memory.h"
#include "../text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DICT_KEYS 32
#define DICT_ENTRIES_MAX 100000
#define STRING_BYTES_MAX 1024
#define METHODS_MAX 512
#define METHOD_NAME_BYTES 64

/* PyASCIIObject: length at 16, state at 32, in every version. */
struct lp_string_head {
	uint64_t length;
	uint64_t hash;
	uint32_t state;
} __attribute__((packed));

int cpython_string(const struct lp_cpython *python, uint64_t string, char *text, size_t size)
{
	const struct lp_python_offsets *offsets = &python->row.probe;
	uint8_t data[STRING_BYTES_MAX];
	struct lp_string_head head;
	unsigned int width;
	size_t bytes;
	bool ascii;
	int err;

	text[0] = '\0';
	err = memory_read(python->pid, string + 16, &head, sizeof(head));
	if (err)
		return err;
	width = head.state >> 2 & 7;
	ascii = head.state & 0x40;
	if (width != 1 && width != 2 && width != 4)
		return -EINVAL;
	bytes = head.length > sizeof(data) / width ? sizeof(data) / width * width
						   : head.length * width;
	err = memory_read(python->pid,
			  string + (ascii ? offsets->string_ascii : offsets->string_wide), data,
			  bytes);
	if (err)
		return err;
	text_from_python(data, bytes, width, text, size);
	return 0;
}

/* Where a dict's entries are: 3.8 to 3.10 and 3.11 to 3.14 lay them out differently. */
struct lp_dict_entries {
	uint64_t first;
	uint64_t count;
	size_t size; /* of one entry, bytes */
	size_t key; /* offset of the key; the value follows it */
};

static int dict_entries(const struct lp_cpython *python, uint64_t keys,
			struct lp_dict_entries *entries)
{
	uint8_t head[40];
	uint64_t size;
	int err = memory_read(python->pid, keys, head, sizeof(head));

	if (err)
		return err;
	if (python->row.dict_layout == LP_DICT_INDEXED) {
		memcpy(&size, head + 8, sizeof(size));
		memcpy(&entries->count, head + 32, sizeof(entries->count));
		if (size > 1ULL << 32)
			return -EINVAL;
		entries->first = keys + 40 + size * (size <= 0xff ? 1 : size <= 0xffff ? 2 : 4);
		entries->size = 24;
		entries->key = 8;
	} else {
		memcpy(&entries->count, head + 24, sizeof(entries->count));
		if (head[9] > 40)
			return -EINVAL;
		entries->first = keys + 32 + (1ULL << head[9]);
		entries->size = head[10] ? 16 : 24;
		entries->key = head[10] ? 0 : 8;
	}
	return entries->count > DICT_ENTRIES_MAX ? -E2BIG : 0;
}

uint64_t cpython_dict_get(const struct lp_cpython *python, uint64_t dict, const char *key)
{
	struct lp_dict_entries entries;
	uint64_t found = 0, i;
	uint8_t *data;

	if (!dict || dict_entries(python, memory_u64(python->pid, dict + DICT_KEYS), &entries) ||
	    !entries.count)
		return 0;
	data = malloc(entries.count * entries.size);
	if (!data)
		return 0;
	if (memory_read(python->pid, entries.first, data, entries.count * entries.size))
		entries.count = 0;
	for (i = 0; i < entries.count && !found; i++) {
		uint64_t pair[2];
		char text[128];

		memcpy(pair, data + i * entries.size + entries.key, sizeof(pair));
		if (pair[0] && pair[1] && !cpython_string(python, pair[0], text, sizeof(text)) &&
		    !strcmp(text, key))
			found = pair[1];
	}
	free(data);
	return found;
}

uint64_t cpython_interpreter(const struct lp_cpython *python)
{
	return memory_u64(python->pid, python->runtime + python->row.interpreter_head);
}

uint64_t cpython_module_attribute(const struct lp_cpython *python, const char *module,
				  const char *name)
{
	uint64_t interpreter = cpython_interpreter(python), modules, object;

	if (!interpreter)
		return 0;
	modules = memory_u64(python->pid, interpreter + python->row.interpreter_modules);
	object = cpython_dict_get(python, modules, module);
	if (!object)
		return 0;
	return cpython_dict_get(python, memory_u64(python->pid, object + CPYTHON_MODULE_DICT),
				name);
}

uint64_t cpython_type_method(const struct lp_cpython *python, uint64_t type, const char *name)
{
	uint64_t table = memory_u64(python->pid, type + CPYTHON_TYPE_METHODS);
	int i;

	for (i = 0; table && i < METHODS_MAX; i++, table += CPYTHON_METHOD_SIZE) {
		uint64_t definition[2];
		char text[METHOD_NAME_BYTES];

		if (memory_read(python->pid, table, definition, sizeof(definition)) ||
		    !definition[0])
			return 0;
		if (memory_string(python->pid, definition[0], text, sizeof(text)) >= 0 &&
		    !strcmp(text, name))
			return definition[1];
	}
	return 0;
}
