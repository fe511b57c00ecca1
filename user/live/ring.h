/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring buffer, read in portions: targets may fill it as fast as it is read, so that reading
 * until it is empty might never end.
 */
#ifndef LP_LIVE_RING_H
#define LP_LIVE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of one turn of the main loop: events, and time in ns. */
#define LP_TURN_EVENTS 4096
#define LP_TURN_NS 20000000ULL
/* The same limits at the end of a run, and the number of further events that are only counted. */
#define LP_LAST_EVENTS 32768
#define LP_LAST_NS 300000000ULL
#define LP_REST_EVENTS 65536

struct lp_ring;

/* data has size bytes and is valid during the call only. */
typedef void (*lp_ring_taker)(void *context, const void *data, size_t size);

/* descriptor is that of the map.  Returns 0 or a negative errno. */
int ring_new(int descriptor, lp_ring_taker take, void *context, struct lp_ring **ring);
void ring_free(struct lp_ring *ring);

/* Returns a descriptor that is readable while there are records. */
int ring_descriptor(const struct lp_ring *ring);

/* Limits the events and the time of all following calls of ring_drain(). */
void ring_allow(struct lp_ring *ring, uint32_t events, uint64_t time_ns);
/* Returns whether the limits are used up. */
bool ring_is_spent(const struct lp_ring *ring);

/*
 * Passes records on within the limits.  Returns 0 if the ring is empty, 1 if records may be left,
 * or a negative errno.
 */
int ring_drain(struct lp_ring *ring);

/* Removes unread records, at most LP_REST_EVENTS; returns their number. */
uint64_t ring_discard(struct lp_ring *ring);

#endif /* LP_LIVE_RING_H */
