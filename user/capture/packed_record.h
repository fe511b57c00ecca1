/* SPDX-License-Identifier: BSD-2-Clause */
/* A record in memory without its zeros, of which most have many. */
#ifndef LP_CAPTURE_PACKED_RECORD_H
#define LP_CAPTURE_PACKED_RECORD_H

#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>

/* Larger ones are not kept. */
#define LP_PACKED_RECORD_MAX 8192

struct lp_packed_record;

/* Puts the record in the place of what was there; *packed may be NULL.  False: out of memory. */
bool packed_record_set(struct lp_packed_record **packed, const struct lp_event *record);

/* The record as it was, in room for LP_PACKED_RECORD_MAX bytes that is aligned to 8. */
const struct lp_event *packed_record_get(const struct lp_packed_record *packed, void *buffer);

/* Frees it and sets it to NULL. */
void packed_record_drop(struct lp_packed_record **packed);

#endif /* LP_CAPTURE_PACKED_RECORD_H */
