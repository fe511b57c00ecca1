// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attributes of an object of a class written in Python: up to 3.10 they are in a dict.  Since
 * 3.11 they are values in the order of keys that the class has, until the program takes the
 * object's __dict__ (Include/internal/pycore_object.h: _PyObject_GetDictPtr,
 * _PyObject_DictOrValuesPointer, _PyObject_InlineValues).
 */
#include "instance.h"

#include "process/memory.h"

#include <errno.h>
#include <stdlib.h>

/* Include/object.h */
#define TYPE_FLAG_INLINE_VALUES (1UL << 2) /* 3.13 and later */
#define TYPE_FLAG_MANAGED_DICT (1UL << 4) /* 3.11 and later */

/* Words in front of an object with a managed dict: bytes before its address. */
#define MANAGED_DICT 24
#define MANAGED_VALUES_11 32

/* PyDictValues.valid since 3.13: 0 if a dict has replaced the values. */
#define VALUES_VALID 3

/* Bounds against hostile sizes, far above those of real types. */
#define BASIC_SIZE_MAX (1 << 20)
#define DICT_OFFSET_MAX (1 << 20)

/* The place of an object's attributes: one field is set, or none. */
struct lp_attributes {
	uint64_t dict;
	uint64_t values; /* address of the first */
};

/* Reads the dict pointer at tp_dictoffset, which is negative for types of variable size. */
static void find_dict(const struct lp_cpython *python, uint64_t object, uint64_t type,
		      struct lp_attributes *attributes)
{
	int64_t offset = (int64_t)memory_u64(python->pid, type + CPYTHON_TYPE_DICT_OFFSET);

	if (offset > 0 && offset < DICT_OFFSET_MAX)
		attributes->dict = memory_u64(python->pid, object + (uint64_t)offset);
}

static void find_inline(const struct lp_cpython *python, uint64_t object, uint64_t type,
			uint64_t flags, struct lp_attributes *attributes)
{
	uint64_t size = memory_u64(python->pid, type + CPYTHON_TYPE_BASIC_SIZE);
	uint8_t head[8];

	if (!(flags & TYPE_FLAG_INLINE_VALUES) || size > BASIC_SIZE_MAX ||
	    memory_read(python->pid, object + size, head, sizeof(head)) || !head[VALUES_VALID])
		return;
	attributes->values = object + size + CPYTHON_VALUES(python);
}

static void find_managed(const struct lp_cpython *python, uint64_t object, uint64_t type,
			 uint64_t flags, struct lp_attributes *attributes)
{
	uint64_t word = memory_u64(python->pid, object - MANAGED_DICT);

	if (python->row.type.instance_layout == LP_INSTANCE_TAGGED && word & 1)
		/* _PyDictOrValues_SetValues() stores the address minus one */
		attributes->values = word + 1;
	else if (word)
		attributes->dict = word;
	else if (python->row.type.instance_layout == LP_INSTANCE_VALUES)
		attributes->values = memory_u64(python->pid, object - MANAGED_VALUES_11);
	else if (python->row.type.instance_layout == LP_INSTANCE_INLINE)
		find_inline(python, object, type, flags, attributes);
}

/* Finds the attributes of an object.  *keys: those of its class, if they are values. */
static void find_attributes(const struct lp_cpython *python, uint64_t object,
			    struct lp_attributes *attributes, uint64_t *keys)
{
	uint64_t type = memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE), flags;

	*keys = 0;
	if (!object || !type)
		return;
	flags = memory_u64(python->pid, type + CPYTHON_TYPE_FLAGS);
	if (python->row.type.instance_layout != LP_INSTANCE_DICT && flags & TYPE_FLAG_MANAGED_DICT)
		find_managed(python, object, type, flags, attributes);
	else
		find_dict(python, object, type, attributes);
	if (!attributes->dict && attributes->values)
		*keys = memory_u64(python->pid, type + python->row.type.ht_cached_keys);
}

ssize_t cpython_instance_pairs(const struct lp_cpython *python, uint64_t object,
			       struct lp_pair **pairs)
{
	struct lp_attributes attributes = { 0 };
	uint64_t keys;

	*pairs = NULL;
	find_attributes(python, object, &attributes, &keys);
	if (attributes.dict)
		return cpython_dict_pairs(python, attributes.dict, pairs);
	return keys ? cpython_keys_pairs(python, keys, attributes.values, pairs) : -ENOENT;
}

uint64_t cpython_instance_get(const struct lp_cpython *python, uint64_t object, const char *name)
{
	struct lp_pair *pairs;
	ssize_t count = cpython_instance_pairs(python, object, &pairs);
	uint64_t found = cpython_pairs_get(python, pairs, count, name);

	free(pairs);
	return found;
}
