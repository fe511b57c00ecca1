/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a key was found in a dict last.  To compare it with each key of sys.modules takes
 * hundreds of reads of the process; the same str object is most likely there again.
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

/* NULL if out of memory, which all of these take. */
struct lp_key_hints *cpython_hints_new(void);
void cpython_hints_free(struct lp_key_hints *hints);

/*
 * Where to look first: the pair's number.  count if the key was not among these before, and
 * nothing has come since; -1 if nothing is known.
 */
ssize_t cpython_hint(const struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
		     const char *key);

/* Keeps where a key was found: at a pair's number, or nowhere (count). */
void cpython_hint_store(struct lp_key_hints *hints, const struct lp_pair *pairs, ssize_t count,
			const char *key, ssize_t found);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_KEY_HINTS_H */
