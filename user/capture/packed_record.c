// SPDX-License-Identifier: BSD-2-Clause
#include "packed_record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (LP_PACKED_RECORD_MAX / 8)

/*
 * The packed data are pieces: a head, the words that are not zero, and then as many zero
 * words as the head says.  The last word of a record may be incomplete; its missing bytes
 * count as zero.
 */
struct lp_packed_head {
	uint16_t literals;
	uint16_t zeros;
};

struct lp_packed_record {
	uint32_t size; /* size of the record */
	uint32_t bytes; /* size of the packed data */
	uint8_t data[];
};

static size_t pack(const uint64_t *words, size_t count, uint8_t *out)
{
	size_t at = 0, bytes = 0;

	while (at < count) {
		struct lp_packed_head head = { 0, 0 };
		const uint64_t *from = words + at;

		while (at < count && words[at]) {
			head.literals++;
			at++;
		}
		while (at < count && !words[at]) {
			head.zeros++;
			at++;
		}
		memcpy(out + bytes, &head, sizeof(head));
		bytes += sizeof(head);
		memcpy(out + bytes, from, head.literals * sizeof(*words));
		bytes += head.literals * sizeof(*words);
	}
	return bytes;
}

bool packed_record_set(struct lp_packed_record **packed, const struct lp_event *record)
{
	uint64_t words[WORDS_MAX];
	uint8_t out[WORDS_MAX * (sizeof(uint64_t) + sizeof(struct lp_packed_head))];
	size_t count = (record->size + 7) / 8, bytes;
	struct lp_packed_record *grown = *packed;

	if (record->size > LP_PACKED_RECORD_MAX)
		return false;
	words[count - 1] = 0;
	memcpy(words, record, record->size);
	bytes = pack(words, count, out);
	if (!grown || grown->bytes != bytes) {
		grown = realloc(*packed, sizeof(*grown) + bytes);
		if (!grown)
			return false;
		*packed = grown;
	}
	grown->size = record->size;
	grown->bytes = (uint32_t)bytes;
	memcpy(grown->data, out, bytes);
	return true;
}

const struct lp_event *packed_record_get(const struct lp_packed_record *packed, void *buffer)
{
	uint8_t *to = buffer;
	size_t at = 0;

	while (at < packed->bytes) {
		struct lp_packed_head head;

		memcpy(&head, packed->data + at, sizeof(head));
		at += sizeof(head);
		memcpy(to, packed->data + at, head.literals * sizeof(uint64_t));
		at += head.literals * sizeof(uint64_t);
		to += head.literals * sizeof(uint64_t);
		memset(to, 0, head.zeros * sizeof(uint64_t));
		to += head.zeros * sizeof(uint64_t);
	}
	return buffer;
}

void packed_record_drop(struct lp_packed_record **packed)
{
	free(*packed);
	*packed = NULL;
}
