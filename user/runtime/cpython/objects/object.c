// SPDX-License-Identifier: BSD-2-Clause
#include "object.h"

#include "key_hints.h"

#include "process/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DICT_KEYS 32
#define DICT_VALUES 40
#define DICT_ENTRIES_MAX 100000
#define STRING_BYTES_MAX 1024
#define METHODS_MAX 512
#define TUPLE_LENGTH_MAX (1 << 24)
/* Base classes that are searched: more than any relevant class has. */
#define BASES_MAX 64
#define METHOD_NAME_BYTES 64
#define EXCEPTION_ARGS_MAX 8

/* PyBaseExceptionObject.args */
#define EXCEPTION_ARGS 24

/* Include/object.h: Py_TPFLAGS_UNICODE_SUBCLASS. */
#define TYPE_FLAG_STRING (1UL << 28)

/* struct state of PyASCIIObject, the same bits in 3.8 to 3.15. */
#define STRING_WIDTH(state) ((state) >> 2 & 7)
#define STRING_COMPACT 0x20
#define STRING_ASCII 0x40

/* PyASCIIObject from its type on: length at 16, state at 32, in every version. */
struct lp_string_head {
	uint64_t type;
	uint64_t length;
	uint64_t hash;
	uint32_t state;
} __attribute__((packed));

static bool is_string(const struct lp_cpython *python, uint64_t type)
{
	return (type && type == python->string_type) ||
	       memory_u64(python->pid, type + CPYTHON_TYPE_FLAGS) & TYPE_FLAG_STRING;
}

/* Reads the head of a str and the address of its characters.  Returns 0 or a negative errno. */
static int string_head(const struct lp_cpython *python, uint64_t string,
		       struct lp_string_head *head, uint64_t *data)
{
	const struct lp_cpython_row *row = &python->row;
	unsigned int width;
	int err;

	err = memory_read(python->pid, string + CPYTHON_OBJECT_TYPE, head, sizeof(*head));
	if (err)
		return err;
	width = STRING_WIDTH(head->state);
	if ((width != 1 && width != 2 && width != 4) || !is_string(python, head->type))
		return -EINVAL;
	if (!(head->state & STRING_COMPACT))
		/* an instance of a subclass of str: PyUnicodeObject.data follows the compact part */
		*data = memory_u64(python->pid, string + row->unicode.compact);
	else if (head->state & STRING_ASCII)
		*data = string + row->unicode.ascii;
	else
		*data = string + row->unicode.compact;
	return 0;
}

int cpython_string(const struct lp_cpython *python, uint64_t string, char *text, size_t size)
{
	uint8_t data[STRING_BYTES_MAX];
	struct lp_string_head head;
	unsigned int width;
	uint64_t address;
	size_t bytes;
	int err;

	text[0] = '\0';
	err = string_head(python, string, &head, &address);
	if (err)
		return err;
	width = STRING_WIDTH(head.state);
	bytes = head.length > sizeof(data) / width ? sizeof(data) / width * width
						   : head.length * width;
	err = memory_read(python->pid, address, data, bytes);
	if (err)
		return err;
	text_from_code_points(data, bytes, width, text, size);
	return 0;
}

/* As cpython_string_equals, with the length of the text. */
static bool string_equals(const struct lp_cpython *python, uint64_t string, const char *text,
			  size_t length)
{
	struct lp_string_head head;
	uint64_t address;
	char data[128];

	if (length > sizeof(data) || string_head(python, string, &head, &address) ||
	    head.length != length || STRING_WIDTH(head.state) != 1)
		return false;
	return !memory_read(python->pid, address, data, length) && !memcmp(data, text, length);
}

bool cpython_string_equals(const struct lp_cpython *python, uint64_t string, const char *text)
{
	return string_equals(python, string, text, strlen(text));
}

ssize_t cpython_tuple(const struct lp_cpython *python, uint64_t tuple, uint64_t *items,
		      size_t capacity)
{
	uint64_t length;
	int err;

	err = memory_read(python->pid, tuple + CPYTHON_TUPLE_LENGTH, &length, sizeof(length));
	if (err)
		return err;
	if (length > TUPLE_LENGTH_MAX)
		return -EINVAL;
	err = memory_read(python->pid, tuple + python->row.tuple.ob_item, items,
			  (length < capacity ? length : capacity) * sizeof(*items));
	return err ? err : (ssize_t)length;
}

int cpython_type_name(const struct lp_cpython *python, uint64_t object, char *name, size_t size)
{
	uint64_t type = memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE);
	uint64_t text = type ? memory_u64(python->pid, type + CPYTHON_TYPE_NAME) : 0;
	int length;

	name[0] = '\0';
	if (!text)
		return -EFAULT;
	length = memory_string(python->pid, text, name, size);
	return length < 0 ? length : 0;
}

int cpython_exception_message(const struct lp_cpython *python, uint64_t exception, char *text,
			      size_t size)
{
	uint64_t args = memory_u64(python->pid, exception + EXCEPTION_ARGS);
	ssize_t count, i;
	uint64_t items[EXCEPTION_ARGS_MAX] = { 0 };

	count = args ? cpython_tuple(python, args, items, EXCEPTION_ARGS_MAX) : 0;
	for (i = 0; i < count && i < EXCEPTION_ARGS_MAX; i++)
		if (!cpython_string(python, items[i], text, size))
			return 0;
	return count < 0 ? (int)count : -ENOENT;
}

bool cpython_is_subclass(const struct lp_cpython *python, uint64_t type, uint64_t base)
{
	uint64_t order = type ? memory_u64(python->pid, type + CPYTHON_TYPE_MRO) : 0;
	uint64_t types[BASES_MAX] = { 0 };
	ssize_t count = order && base ? cpython_tuple(python, order, types, BASES_MAX) : 0, i;

	if (count > BASES_MAX)
		return false;
	for (i = 0; i < count; i++)
		if (types[i] == base)
			return true;
	return false;
}

bool cpython_is_instance(const struct lp_cpython *python, uint64_t object, uint64_t type)
{
	return cpython_is_subclass(python, memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE),
				   type);
}

/*
 * PyLongObject: up to 3.11 ob_size digits, which is negative for negative numbers;
 * since 3.12 lv_tag, with the sign in its two lowest bits (0: positive, 1: zero) and
 * the number of digits from bit 3 on.  A digit has 30 bits.
 */
int cpython_int(const struct lp_cpython *python, uint64_t object, uint64_t *value)
{
	uint16_t first = python->row.integer.ob_digit;
	uint32_t digits[3] = { 0 };
	uint64_t head[2], count;

	if (memory_read(python->pid, object + CPYTHON_OBJECT_TYPE, head, sizeof(head)) ||
	    head[0] != python->int_type)
		return -EINVAL;
	count = head[1];
	if (python->row.integer.lv_tag) {
		if ((count & 3) > 1)
			return -EINVAL;
		count >>= 3;
	}
	if (count > 3 || memory_read(python->pid, object + first, digits, count * 4) ||
	    digits[2] > 7)
		return -EINVAL;
	*value = digits[0] | (uint64_t)digits[1] << 30 | (uint64_t)digits[2] << 60;
	return 0;
}

bool cpython_is_positive(const struct lp_cpython *python, uint64_t object)
{
	uint64_t head;

	/* the same word as in cpython_int: a bool is an int of one digit, or of none */
	if (memory_read(python->pid, object + CPYTHON_OBJECT_TYPE + 8, &head, sizeof(head)))
		return false;
	return python->row.integer.lv_tag ? head >> 3 && !(head & 3) : (int64_t)head > 0;
}

/* The place of a dict's entries, see enum lp_dict_layout. */
struct lp_dict_entries {
	uint64_t first; /* address */
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
	if (python->row.type.dict_layout == LP_DICT_INDEXED) {
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

ssize_t cpython_keys_pairs(const struct lp_cpython *python, uint64_t keys, uint64_t values,
			   struct lp_pair **pairs)
{
	struct lp_dict_entries entries;
	uint64_t *apart = NULL;
	ssize_t count = 0;
	uint8_t *data;
	size_t i;
	int err;

	*pairs = NULL;
	err = dict_entries(python, keys, &entries);
	if (err || !entries.count)
		return err;
	/* data holds the entries, and the values that are not among them */
	data = malloc(entries.count * (entries.size + sizeof(uint64_t)));
	*pairs = malloc(entries.count * sizeof(**pairs));
	if (!data || !*pairs)
		err = -ENOMEM;
	if (!err)
		err = memory_read(python->pid, entries.first, data, entries.count * entries.size);
	if (!err && values) {
		apart = (uint64_t *)(data + entries.count * entries.size);
		err = memory_read(python->pid, values, apart, entries.count * sizeof(*apart));
	}
	for (i = 0; !err && i < entries.count; i++) {
		struct lp_pair *pair = &(*pairs)[count];

		memcpy(pair, data + i * entries.size + entries.key, sizeof(*pair));
		if (apart)
			pair->value = apart[i];
		count += pair->key && pair->value;
	}
	free(data);
	if (!err)
		return count;
	free(*pairs);
	*pairs = NULL;
	return err;
}

ssize_t cpython_dict_pairs(const struct lp_cpython *python, uint64_t dict, struct lp_pair **pairs)
{
	uint64_t keys = memory_u64(python->pid, dict + DICT_KEYS);
	uint64_t values = memory_u64(python->pid, dict + DICT_VALUES);

	*pairs = NULL;
	if (!dict || !keys)
		return -EFAULT;
	return cpython_keys_pairs(python, keys, values ? values + CPYTHON_VALUES(python) : 0,
				  pairs);
}

uint64_t cpython_pairs_get(const struct lp_cpython *python, const struct lp_pair *pairs,
			   ssize_t count, const char *key)
{
	ssize_t i = pairs ? cpython_hint(python->hints, pairs, count, key) : 0;
	size_t length = strlen(key);

	if (!pairs || (i >= 0 && i == count))
		return 0;
	if (i >= 0 && string_equals(python, pairs[i].key, key, length))
		return pairs[i].value;
	for (i = 0; i < count; i++)
		if (string_equals(python, pairs[i].key, key, length))
			break;
	cpython_hint_store(python->hints, pairs, count, key, i);
	return i < count ? pairs[i].value : 0;
}

uint64_t cpython_dict_get(const struct lp_cpython *python, uint64_t dict, const char *key)
{
	struct lp_pair *pairs;
	ssize_t count = cpython_dict_pairs(python, dict, &pairs);
	uint64_t found = cpython_pairs_get(python, pairs, count, key);

	free(pairs);
	return found;
}

uint64_t cpython_interpreter(const struct lp_cpython *python)
{
	return memory_u64(python->pid, python->runtime + python->row.runtime.interpreters_head);
}

uint64_t cpython_module_attribute(const struct lp_cpython *python, const char *module,
				  const char *name)
{
	uint64_t interpreter = cpython_interpreter(python), modules, object;

	if (!interpreter)
		return 0;
	modules = memory_u64(python->pid, interpreter + python->row.interpreter.modules);
	object = cpython_dict_get(python, modules, module);
	if (!object)
		return 0;
	return cpython_dict_get(python, memory_u64(python->pid, object + CPYTHON_MODULE_DICT),
				name);
}

uint64_t cpython_type_method(const struct lp_cpython *python, uint64_t type, const char *name)
{
	uint32_t flags;

	return cpython_type_method_flags(python, type, name, &flags);
}

uint64_t cpython_type_method_flags(const struct lp_cpython *python, uint64_t type, const char *name,
				   uint32_t *flags)
{
	uint64_t table = memory_u64(python->pid, type + CPYTHON_TYPE_METHODS);
	int i;

	for (i = 0; table && i < METHODS_MAX; i++, table += CPYTHON_METHOD_SIZE) {
		uint64_t definition[3];
		char text[METHOD_NAME_BYTES];

		if (memory_read(python->pid, table, definition, sizeof(definition)) ||
		    !definition[0])
			return 0;
		if (memory_string(python->pid, definition[0], text, sizeof(text)) >= 0 &&
		    !strcmp(text, name)) {
			*flags = (uint32_t)definition[2];
			return definition[1];
		}
	}
	return 0;
}
