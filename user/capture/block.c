// SPDX-License-Identifier: BSD-2-Clause
#include "block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A block is closed once its records take this many bytes, uncompressed. */
#define RAW_BYTES 65536
/*
 * zlib's level.  At 10,000 callbacks a second, a hundred of them slow, level 3 takes 0.14 %
 * of a CPU and compresses 18:1.  Level 6 takes 0.36 % for 21:1; level 1 saves only 0.02 %.
 */
#define LEVEL 3

struct lp_block_packer {
	z_stream stream;
	uint8_t *raw; /* RAW_BYTES, or the size of one record that is larger */
	size_t raw_bytes, raw_capacity;
	uint8_t *block;
	size_t block_capacity;
	size_t count;
	uint64_t first_ns; /* time of the first record */
};

struct lp_block_packer *block_packer_new(void)
{
	struct lp_block_packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return NULL;
	packer->raw_capacity = RAW_BYTES;
	packer->raw = malloc(packer->raw_capacity);
	if (packer->raw && deflateInit(&packer->stream, LEVEL) == Z_OK)
		return packer;
	free(packer->raw);
	free(packer);
	return NULL;
}

void block_packer_free(struct lp_block_packer *packer)
{
	if (!packer)
		return;
	deflateEnd(&packer->stream);
	free(packer->raw);
	free(packer->block);
	free(packer);
}

bool block_packer_has_space(const struct lp_block_packer *packer, size_t size)
{
	return !packer->count || packer->raw_bytes + record_padded(size) <= RAW_BYTES;
}

void block_packer_add(struct lp_block_packer *packer, const struct lp_event *record)
{
	size_t size = record_padded(record->size);

	if (packer->raw_bytes + size > packer->raw_capacity) {
		uint8_t *grown = realloc(packer->raw, packer->raw_bytes + size);

		if (!grown)
			return;
		packer->raw = grown;
		packer->raw_capacity = packer->raw_bytes + size;
	}
	memcpy(packer->raw + packer->raw_bytes, record, record->size);
	memset(packer->raw + packer->raw_bytes + record->size, 0, size - record->size);
	packer->raw_bytes += size;
	if (!packer->count++)
		packer->first_ns = record->time_ns;
}

size_t block_packer_count(const struct lp_block_packer *packer)
{
	return packer->count;
}

void block_packer_clear(struct lp_block_packer *packer)
{
	packer->count = 0;
	packer->raw_bytes = 0;
}

const void *block_packer_finish(struct lp_block_packer *packer, uint16_t flags, uint64_t lost,
				size_t *size)
{
	struct lp_capture_block head = {
		.event = { .type = LP_EVENT_BLOCK,
			   .reserved = flags,
			   .time_ns = packer->first_ns,
			   .loop = LP_NO_LOOP },
		.lost = lost,
		.raw_bytes = (__u32)packer->raw_bytes,
	};
	size_t wanted = sizeof(head) + LP_ALIGNMENT +
			deflateBound(&packer->stream, (uLong)packer->raw_bytes);

	block_packer_clear(packer);
	if (wanted > packer->block_capacity) {
		uint8_t *grown = realloc(packer->block, wanted);

		if (!grown)
			return NULL;
		packer->block = grown;
		packer->block_capacity = wanted;
	}
	deflateReset(&packer->stream);
	packer->stream.next_in = packer->raw;
	packer->stream.avail_in = (uInt)head.raw_bytes;
	packer->stream.next_out = packer->block + sizeof(head);
	packer->stream.avail_out = (uInt)(packer->block_capacity - sizeof(head));
	if (deflate(&packer->stream, Z_FINISH) != Z_STREAM_END)
		return NULL;
	head.event.size = (__u32)(sizeof(head) + packer->stream.total_out);
	memcpy(packer->block, &head, sizeof(head));
	*size = record_padded(head.event.size);
	memset(packer->block + head.event.size, 0, *size - head.event.size);
	return packer->block;
}

int block_unpack(const void *data, size_t bytes, void *raw, size_t raw_bytes, size_t *got)
{
	z_stream stream = { .next_in = (Bytef *)data,
			    .avail_in = (uInt)bytes,
			    .next_out = raw,
			    .avail_out = (uInt)raw_bytes };
	int result;

	*got = 0;
	if (inflateInit(&stream) != Z_OK)
		return -ENOMEM;
	result = inflate(&stream, Z_SYNC_FLUSH);
	*got = stream.total_out;
	inflateEnd(&stream);
	if (result == Z_STREAM_END)
		return *got == raw_bytes && !stream.avail_in ? 0 : -EBADMSG;
	if (result == Z_MEM_ERROR)
		return -ENOMEM;
	/* the whole input was used, and the compressed stream has not ended */
	if ((result == Z_OK || result == Z_BUF_ERROR) && !stream.avail_in)
		return -ENODATA;
	return -EBADMSG;
}
