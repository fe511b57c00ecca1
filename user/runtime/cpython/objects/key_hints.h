/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hints at the str objects of keys in a dict.  A search that compares each key of sys.modules
 * takes hundreds of reads of the process; a key's str object is most likely still the same.
 */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_KEY_HINTS_H
#define LP_RUNTIME_CPYTHON_OBJECTS_KEY_HINTS_H

#include <stdint.h>
#include <sys/types.h>

/* A key of a dict and its value: addresses, neither of them 0. */
struct lp_pair {
	uint64_t key;
	uint64_t value;
};

struct lp_key_hints;

/* Creates empty hints.  NULL if out of memory, which the functions below accept. */
struct lp_key_hints *cpython_hints_new(void);
void cpython_hints_free(struct lp_key_hints *hints);

/*
 * Returns the index of the pair with a key; count if the dict did not have the key and nothing was
 * added since; -1 if nothing is known.
 */
ssize_t cpython_hint(const struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
		     const char *key);

/* Stores the result of a search for a key.  found: the pair's index; count: there is none. */
void cpython_hint_store(struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
			const char *key, ssize_t found);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_KEY_HINTS_H */
