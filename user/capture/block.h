/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of a capture: packs records into compressed bytes and unpacks them. */
#ifndef LP_CAPTURE_BLOCK_H
#define LP_CAPTURE_BLOCK_H

#include "format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_ALIGNMENT 8

/* The size of a record in a block: the next record begins at a multiple of eight bytes. */
static inline size_t record_padded(size_t size)
{
	return (size + LP_ALIGNMENT - 1) / LP_ALIGNMENT * LP_ALIGNMENT;
}

/* Collects records and compresses them into blocks. */
struct lp_block_packer;

struct lp_block_packer *block_packer_new(void);
void block_packer_free(struct lp_block_packer *packer);

/*
 * Returns whether a record of that size fits into the current block.  An empty block takes any
 * record that a capture may hold.
 */
bool block_packer_has_space(const struct lp_block_packer *packer, size_t size);
void block_packer_add(struct lp_block_packer *packer, const struct lp_event *record);

/* The number of records that have been added since the last block was made. */
size_t block_packer_count(const struct lp_block_packer *packer);
void block_packer_clear(struct lp_block_packer *packer);

/*
 * Makes a block of the records that were added since the last one, and empties the packer.
 * The block and its padding have *size bytes and are valid until the next call.  Returns NULL
 * if out of memory.
 */
const void *block_packer_finish(struct lp_block_packer *packer, uint16_t flags, uint64_t lost,
				size_t *size);

/*
 * Unpacks the data of a block into raw, which has room for the raw_bytes that the block's
 * head states.  *got is the number of bytes that were unpacked.  Returns 0; -ENODATA if the
 * data end too early; -EBADMSG if the data are damaged or do not match raw_bytes; or -ENOMEM.
 */
int block_unpack(const void *data, size_t bytes, void *raw, size_t raw_bytes, size_t *got);

#endif /* LP_CAPTURE_BLOCK_H */
