// SPDX-License-Identifier: BSD-2-Clause
#include "ring.h"

#include "base/clocks.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

/* Returned by the callback to stop early: libbpf has consumed that record, and returns this. */
#define STOP (-EINTR)

struct lp_ring {
	struct ring_buffer *buffer;
	lp_ring_taker take;
	void *context;
	uint32_t left; /* number of events that may be read */
	uint64_t end_ns; /* no record is read after this instant */
	bool discards;
	uint64_t discarded;
};

static int on_record(void *context, void *data, size_t size)
{
	struct lp_ring *ring = context;

	ring->left -= ring->left != 0;
	if (ring->discards)
		ring->discarded++;
	else
		ring->take(ring->context, data, size);
	return ring_is_spent(ring) ? STOP : 0;
}

int ring_new(int descriptor, lp_ring_taker take, void *context, struct lp_ring **result)
{
	struct lp_ring *ring = calloc(1, sizeof(*ring));
	int err;

	*result = NULL;
	if (!ring)
		return -ENOMEM;
	ring->take = take;
	ring->context = context;
	ring->buffer = ring_buffer__new(descriptor, on_record, ring, NULL);
	if (!ring->buffer) {
		err = errno ? -errno : -ENOMEM;
		free(ring);
		return err;
	}
	ring_allow(ring, LP_TURN_EVENTS, LP_TURN_NS);
	*result = ring;
	return 0;
}

void ring_free(struct lp_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->buffer);
	free(ring);
}

int ring_descriptor(const struct lp_ring *ring)
{
	return ring_buffer__epoll_fd(ring->buffer);
}

void ring_allow(struct lp_ring *ring, uint32_t events, uint64_t time_ns)
{
	ring->left = events;
	ring->end_ns = clock_now() + time_ns;
}

bool ring_is_spent(const struct lp_ring *ring)
{
	return !ring->left || clock_now() >= ring->end_ns;
}

int ring_drain(struct lp_ring *ring)
{
	int err;

	if (ring_is_spent(ring))
		return 1;
	err = ring_buffer__consume(ring->buffer);
	if (err == STOP)
		return 1;
	return err < 0 ? err : 0;
}

uint64_t ring_discard(struct lp_ring *ring)
{
	ring->discards = true;
	ring->discarded = 0;
	ring_allow(ring, LP_REST_EVENTS, LP_LAST_NS);
	ring_drain(ring);
	ring->discards = false;
	return ring->discarded;
}
