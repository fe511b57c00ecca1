/* SPDX-License-Identifier: BSD-2-Clause */
/* What keeps a loop awake that never waits, as text. */
#ifndef LP_MODEL_AWAKE_H
#define LP_MODEL_AWAKE_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Returns whether a loop's polls return at once, from its counters over a time of wall_ns.  A loop
 * that has as many requests as it can serve is one of these, too.
 */
bool awake_polls_at_once(uint64_t iterations, uint64_t idle_ns, uint64_t wall_ns);

/* Bytes of the text. */
#define LP_AWAKE_BYTES 320

/* Writes "fd 9 (tcp 10.0.3.7:5432) at its end", sanitised. */
void awake_text(const struct lp_event_awake *event, char *text, size_t size);

#endif /* LP_MODEL_AWAKE_H */
