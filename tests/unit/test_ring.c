// SPDX-License-Identifier: BSD-2-Clause
/* Draining the ring buffer ends, however fast it is filled.  Functions here replace libbpf's. */
#include "live/ring.h"

#include "base/clocks.h"

#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The ring buffer has that many records; if endless, each record that is read is replaced. */
struct ring_buffer {
	ring_buffer_sample_fn take;
	void *context;
};

static uint64_t records;
static bool endless;
static uint64_t taken;
static uint64_t slow_ns; /* time that a record costs its reader */

struct ring_buffer *ring_buffer__new(int descriptor, ring_buffer_sample_fn take, void *context,
				     const struct ring_buffer_opts *options)
{
	struct ring_buffer *buffer = calloc(1, sizeof(*buffer));

	(void)descriptor;
	(void)options;
	buffer->take = take;
	buffer->context = context;
	return buffer;
}

void ring_buffer__free(struct ring_buffer *buffer)
{
	free(buffer);
}

int ring_buffer__epoll_fd(const struct ring_buffer *buffer)
{
	(void)buffer;
	return 7;
}

/* As in libbpf (ringbuf.c), a record is consumed before the callback's result is checked. */
int ring_buffer__consume(struct ring_buffer *buffer)
{
	char data[16] = "";
	int count = 0, err;

	while (endless || records) {
		records -= !endless;
		err = buffer->take(buffer->context, data, sizeof(data));
		if (err < 0)
			return err;
		count++;
	}
	return count;
}

static void take(void *context, const void *data, size_t size)
{
	uint64_t until = clock_now() + slow_ns;

	(void)context;
	(void)data;
	assert_int_equal(size, 16);
	taken++;
	while (slow_ns && clock_now() < until)
		;
}

static struct lp_ring *new_ring(uint64_t count, bool has_no_end)
{
	struct lp_ring *ring;

	records = count;
	endless = has_no_end;
	taken = 0;
	slow_ns = 0;
	assert_int_equal(ring_new(3, take, NULL, &ring), 0);
	return ring;
}

static void test_what_is_there_is_handed_out(void **state)
{
	struct lp_ring *ring = new_ring(100, false);

	(void)state;
	ring_allow(ring, 1000, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 0);
	assert_int_equal(taken, 100);
	assert_false(ring_is_spent(ring));
	ring_free(ring);
}

static void test_a_turn_has_so_many_events(void **state)
{
	struct lp_ring *ring = new_ring(0, true);

	(void)state;
	ring_allow(ring, 1000, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 1);
	assert_int_equal(taken, 1000);
	/* further calls do not exceed what is allowed */
	assert_int_equal(ring_drain(ring), 1);
	assert_int_equal(taken, 1000);
	ring_allow(ring, 10, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 1);
	assert_int_equal(taken, 1010);
	ring_free(ring);
}

static void test_a_turn_has_so_much_time(void **state)
{
	struct lp_ring *ring = new_ring(0, true);

	(void)state;
	slow_ns = 1000000;
	ring_allow(ring, UINT32_MAX, 5000000);
	assert_int_equal(ring_drain(ring), 1);
	assert_in_range(taken, 1, 5);
	ring_free(ring);
}

static void test_nothing_is_lost_between_two_turns(void **state)
{
	struct lp_ring *ring = new_ring(25, false);

	(void)state;
	ring_allow(ring, 10, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 1);
	ring_allow(ring, 10, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 1);
	ring_allow(ring, 10, 10000000000ULL);
	assert_int_equal(ring_drain(ring), 0);
	assert_int_equal(taken, 25);
	ring_free(ring);
}

static void test_what_is_left_at_the_end_is_counted(void **state)
{
	struct lp_ring *ring = new_ring(30, false);

	(void)state;
	ring_allow(ring, 10, 10000000000ULL);
	ring_drain(ring);
	assert_int_equal(ring_discard(ring), 20);
	assert_int_equal(taken, 10);
	assert_int_equal(ring_discard(ring), 0);
	endless = true;
	assert_in_range(ring_discard(ring), 1, LP_REST_EVENTS);
	assert_int_equal(taken, 10);
	ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_there_is_handed_out),
		cmocka_unit_test(test_a_turn_has_so_many_events),
		cmocka_unit_test(test_a_turn_has_so_much_time),
		cmocka_unit_test(test_nothing_is_lost_between_two_turns),
		cmocka_unit_test(test_what_is_left_at_the_end_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
