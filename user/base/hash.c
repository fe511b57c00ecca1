// SPDX-License-Identifier: BSD-2-Clause
#include "hash.h"

#include <string.h>
#include <sys/auxv.h>

#define WORD sizeof(uint64_t)
#define FINAL_ROUNDS 3

/* Returns two random numbers, which the kernel chose when this program was started. */
static const uint64_t *secret(void)
{
	static uint64_t words[2];
	unsigned long at = words[0] ? 0 : getauxval(AT_RANDOM);

	if (at)
		memcpy(words, (const void *)at, sizeof(words));
	return words;
}

uint64_t hash_multiplier(void)
{
	return secret()[0] | 1;
}

static uint64_t rotated(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] = rotated(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] = rotated(v[2], 32);
}

struct lp_hash hash_begin(void)
{
	const uint64_t *key = secret();

	return (struct lp_hash){ {
		key[0] ^ 0x736f6d6570736575ULL,
		key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL,
		key[1] ^ 0x7465646279746573ULL,
	} };
}

void hash_number(struct lp_hash *hash, uint64_t number)
{
	hash->state[3] ^= number;
	mix(hash->state);
	hash->state[0] ^= number;
}

/* The size comes first, so that no two sequences of pieces are the same words. */
void hash_bytes(struct lp_hash *hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t word;

	hash_number(hash, size);
	for (; size >= WORD; at += WORD, size -= WORD) {
		memcpy(&word, at, WORD);
		hash_number(hash, word);
	}
	if (!size)
		return;
	word = 0;
	memcpy(&word, at, size);
	hash_number(hash, word);
}

void hash_text(struct lp_hash *hash, const char *text)
{
	hash_bytes(hash, text, strlen(text));
}

uint64_t hash_end(const struct lp_hash *hash)
{
	struct lp_hash end = *hash;
	uint64_t result;
	size_t i;

	end.state[2] ^= 0xff;
	for (i = 0; i < FINAL_ROUNDS; i++)
		mix(end.state);
	result = end.state[0] ^ end.state[1] ^ end.state[2] ^ end.state[3];
	return result ? result : 1;
}
