/* SPDX-License-Identifier: BSD-2-Clause */
/* A record in memory with its zero words left out, of which most records have many. */
#ifndef LP_CAPTURE_PACKED_RECORD_H
#define LP_CAPTURE_PACKED_RECORD_H

#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>

/* Records over this size are not stored. */
#define LP_PACKED_RECORD_MAX 8192

struct lp_packed_record;

/*
 * Stores a record instead of the previous one; *packed may be NULL.  Returns false if out of
 * memory.
 */
bool packed_record_set(struct lp_packed_record **packed, const struct lp_event *record);

/*
 * Restores the record into buffer, which has room for LP_PACKED_RECORD_MAX bytes and is
 * aligned to 8.
 */
const struct lp_event *packed_record_get(const struct lp_packed_record *packed, void *buffer);

/* Frees the record and sets the pointer to NULL. */
void packed_record_drop(struct lp_packed_record **packed);

#endif /* LP_CAPTURE_PACKED_RECORD_H */
