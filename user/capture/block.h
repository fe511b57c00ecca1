/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of a capture: records into compressed bytes and back. */
#ifndef LP_CAPTURE_BLOCK_H
#define LP_CAPTURE_BLOCK_H

#include "format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_ALIGNMENT 8

/* How far a record reaches: the next one begins at a multiple of eight. */
static inline size_t record_padded(size_t size)
{
	return (size + LP_ALIGNMENT - 1) / LP_ALIGNMENT * LP_ALIGNMENT;
}

/* Collects records and makes blocks of them. */
struct lp_block_packer;

struct lp_block_packer *block_packer_new(void);
void block_packer_free(struct lp_block_packer *packer);

/* Is there room for a record of that size?  An empty one has room for any that a capture takes. */
bool block_packer_has_space(const struct lp_block_packer *packer, size_t size);
void block_packer_add(struct lp_block_packer *packer, const struct lp_event *record);

/* How many records wait to be made a block. */
size_t block_packer_count(const struct lp_block_packer *packer);
void block_packer_clear(struct lp_block_packer *packer);

/*
 * The block of what was added since, with its padding: *size bytes, which hold until
 * the next call.  NULL: out of memory.  The packer is empty then.
 */
const void *block_packer_finish(struct lp_block_packer *packer, uint16_t flags, uint64_t lost,
				size_t *size);

/*
 * What a block's data hold, into raw, which has room for exactly what the block says.
 * Returns 0; -ENODATA if the data end too early, with *got bytes of it there; -EBADMSG
 * if they are not what the block says, or -ENOMEM.
 */
int block_unpack(const void *data, size_t bytes, void *raw, size_t raw_bytes, size_t *got);

#endif /* LP_CAPTURE_BLOCK_H */
