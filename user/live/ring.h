/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring buffer, read in portions: targets fill it as fast as they are read, so that
 * reading it until it is empty may have no end.
 */
#ifndef LP_LIVE_RING_H
#define LP_LIVE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of one turn of the main loop: events, and time in ns. */
#define LP_TURN_EVENTS 4096
#define LP_TURN_NS 20000000ULL
/* The same at the end of a run, and how many of the rest are counted, not read. */
#define LP_LAST_EVENTS 32768
#define LP_LAST_NS 300000000ULL
#define LP_REST_EVENTS 65536

struct lp_ring;

/* size: bytes of the data, which is valid during the call only. */
typedef void (*lp_ring_taker)(void *context, const void *data, size_t size);

/* descriptor: of the map. Returns 0 or a negative errno. */
int ring_new(int descriptor, lp_ring_taker take, void *context, struct lp_ring **ring);
void ring_free(struct lp_ring *ring);

/* The descriptor to wait for: readable while there are records. */
int ring_descriptor(const struct lp_ring *ring);

/* Limits the events and the time of all following calls of ring_drain(). */
void ring_allow(struct lp_ring *ring, uint32_t events, uint64_t time_ns);
/* Are the limits used up? */
bool ring_is_spent(const struct lp_ring *ring);

/*
 * Hands out records within the limits.  Returns 0 once the ring is empty, 1 if
 * more may be there, or a negative errno.
 */
int ring_drain(struct lp_ring *ring);

/* Removes unread records, at most LP_REST_EVENTS; returns their number. */
uint64_t ring_discard(struct lp_ring *ring);

#endif /* LP_LIVE_RING_H */
