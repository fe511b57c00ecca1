// SPDX-License-Identifier: BSD-2-Clause
#include "defined.h"

#include "runtime/cpython/objects/object.h"

#include <ctype.h>
#include <string.h>

/* Pointers to one function: BaseException_new is in the tables of some sixty types. */
#define USES_MAX 256
#define METHODS_MAX 64
#define NAME_BYTES 64

/* PyTypeObject.tp_name */
#define TYPE_NAME 24
/* PyType_Slot is {int slot, function}; PyType_Spec is {name, 3 sizes, slots}. */
#define SLOT_BYTES 16
#define SLOT_FUNCTION 8
#define SPEC_SLOTS 24
#define SLOTS_MAX 64

static bool text_is(const struct lp_pointers *pointers, uint64_t address, const char *wanted)
{
	size_t bytes = strlen(wanted) + 1;
	char text[NAME_BYTES];

	return address && bytes <= sizeof(text) &&
	       elf_bytes(pointers->elf, address, text, bytes) == bytes &&
	       !memcmp(text, wanted, bytes);
}

/* Returns whether the text at an address can be the name of a method. */
static bool is_name(const struct lp_pointers *pointers, uint64_t address)
{
	char text[NAME_BYTES] = "";
	size_t size, i;

	size = address ? elf_bytes(pointers->elf, address, text, sizeof(text)) : 0;
	for (i = 0; i < size && (isalnum((unsigned char)text[i]) || text[i] == '_'); i++)
		;
	return i && i < size && !text[i];
}

/*
 * Returns whether a method of that name is in the same table as an entry.  step: bytes to the
 * next entry, or to the previous one if it is negative.
 */
static bool is_beside(const struct lp_pointers *pointers, uint64_t entry, int64_t step,
		      const char *name)
{
	uint64_t text;
	int i;

	for (i = 0; i < METHODS_MAX; i++, entry += (uint64_t)step) {
		text = pointers_at(pointers, entry);
		if (text_is(pointers, text, name))
			return true;
		if (!is_name(pointers, text))
			return false;
	}
	return false;
}

bool defined_method(const struct lp_pointers *pointers, uint64_t function, const char *name,
		    const char *beside)
{
	struct lp_pointer uses[USES_MAX];
	size_t count = pointers_to(pointers, function, function, uses, USES_MAX), i;

	for (i = 0; i < count; i++) {
		uint64_t entry = uses[i].address - CPYTHON_METHOD_FUNCTION;

		if (text_is(pointers, pointers_at(pointers, entry), name) &&
		    (!beside || is_beside(pointers, entry, CPYTHON_METHOD_SIZE, beside) ||
		     is_beside(pointers, entry, -CPYTHON_METHOD_SIZE, beside)))
			return true;
	}
	return false;
}

/* Returns whether a slot is in the table that a PyType_Spec of that name points to. */
static bool in_spec(const struct lp_pointers *pointers, uint64_t slot, const char *type)
{
	uint64_t first = slot - (uint64_t)SLOTS_MAX * SLOT_BYTES;
	struct lp_pointer uses[USES_MAX];
	size_t count, i;

	count = pointers_to(pointers, first, slot, uses, USES_MAX);
	for (i = 0; i < count; i++)
		if ((slot - uses[i].value) % SLOT_BYTES == 0 &&
		    text_is(pointers, pointers_at(pointers, uses[i].address - SPEC_SLOTS), type))
			return true;
	return false;
}

bool defined_slot(const struct lp_pointers *pointers, uint64_t function, const char *type,
		  uint16_t offset, uint16_t number)
{
	struct lp_pointer uses[USES_MAX];
	size_t count = pointers_to(pointers, function, function, uses, USES_MAX), i;
	uint32_t found;

	for (i = 0; i < count; i++) {
		uint64_t object = uses[i].address - offset, slot = uses[i].address - SLOT_FUNCTION;

		if (text_is(pointers, pointers_at(pointers, object + TYPE_NAME), type))
			return true;
		if (number &&
		    elf_bytes(pointers->elf, slot, &found, sizeof(found)) == sizeof(found) &&
		    found == number && in_spec(pointers, slot, type))
			return true;
	}
	return false;
}

uint64_t defined_type_method(const struct lp_pointers *pointers, uint64_t type, const char *name)
{
	uint64_t table = type ? pointers_at(pointers, type + CPYTHON_TYPE_METHODS) : 0, text;
	int i;

	for (i = 0; table && i < METHODS_MAX; i++, table += CPYTHON_METHOD_SIZE) {
		text = pointers_at(pointers, table);
		if (!text)
			return 0;
		if (text_is(pointers, text, name))
			return pointers_at(pointers, table + CPYTHON_METHOD_FUNCTION);
	}
	return 0;
}
