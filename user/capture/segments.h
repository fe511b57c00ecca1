/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures of one run that follow each other, as if they were one.  Each but the first
 * begins by telling again what was known: what the reader knows of it is left out, and
 * what ended in a part that is missing is ended.
 */
#ifndef LP_CAPTURE_SEGMENTS_H
#define LP_CAPTURE_SEGMENTS_H

#include "wire/record.h"

#include <stdbool.h>

struct lp_chain;

struct lp_chain *chain_new(void);
void chain_free(struct lp_chain *chain);

/*
 * Hands a record on, or not.  replay: it tells again.  What is handed out may have
 * other records before it.
 */
void chain_take(struct lp_chain *chain, const struct lp_event *record, bool replay,
		lp_record_taker take, void *context);

#endif /* LP_CAPTURE_SEGMENTS_H */
