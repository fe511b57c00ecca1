// SPDX-License-Identifier: BSD-2-Clause
#include "key_hints.h"

#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

#define HINTS 32
#define KEY_BYTES 48

struct hint {
	char key[KEY_BYTES];
	uint64_t object; /* address of the str object; 0: the dict did not have the key */
	/* number of pairs and the last key at that time: later pairs are appended */
	ssize_t count;
	uint64_t last;
};

struct lp_key_hints {
	struct hint items[HINTS];
};

struct lp_key_hints *cpython_hints_new(void)
{
	return calloc(1, sizeof(struct lp_key_hints));
}

void cpython_hints_free(struct lp_key_hints *hints)
{
	free(hints);
}

static size_t place_of(const char *key)
{
	uint64_t hash = LP_HASH_BASIS;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * LP_HASH_PRIME;
	return (hash ^ hash >> 32) % HINTS;
}

ssize_t cpython_hint(const struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
		     const char *key)
{
	const struct hint *hint = hints ? &hints->items[place_of(key)] : NULL;
	ssize_t i;

	if (!hint || count <= 0 || strcmp(hint->key, key) != 0)
		return -1;
	if (!hint->object)
		return hint->count == count && hint->last == pairs[count - 1].key ? count : -1;
	for (i = 0; i < count; i++)
		if (pairs[i].key == hint->object)
			return i;
	return -1;
}

void cpython_hint_store(struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
			const char *key, ssize_t found)
{
	struct hint *hint = hints ? &hints->items[place_of(key)] : NULL;

	if (!hint || count <= 0 || strlen(key) >= KEY_BYTES)
		return;
	memset(hint, 0, sizeof(*hint));
	memcpy(hint->key, key, strlen(key) + 1);
	hint->object = found < count ? pairs[found].key : 0;
	hint->count = count;
	hint->last = pairs[count - 1].key;
}
