/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes of keys that consist of several texts and numbers, for base/map.h. They are SipHash-1-3
 * with a secret of this process, as most keys come from targets, which could otherwise choose
 * keys with equal hashes and so make each search as long as the map. A hash differs between two
 * processes; it must not be stored, printed or used as an order.
 */
#ifndef LP_BASE_HASH_H
#define LP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct lp_hash {
	uint64_t state[4];
};

struct lp_hash hash_begin(void);
void hash_number(struct lp_hash *hash, uint64_t number);
void hash_bytes(struct lp_hash *hash, const void *bytes, size_t size);
void hash_text(struct lp_hash *hash, const char *text);
/* Returns the hash of all that was added; never 0, so that it can be a key of a map. */
uint64_t hash_end(const struct lp_hash *hash);

/* Returns a random number of this process, which is odd: see base/map.c. */
uint64_t hash_multiplier(void);

#endif /* LP_BASE_HASH_H */
