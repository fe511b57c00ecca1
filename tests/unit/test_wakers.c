// SPDX-License-Identifier: BSD-2-Clause
/* When the wakeups of the host are watched for loops that wait for a thread that is not known. */
#include "session/session_internal.h"

#include "live/wakers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define SECOND_NS 1000000000ULL
#define BEGIN_NS (1000 * SECOND_NS)
#define LOOPS (LP_WAKERS_LOOPS + 2)

static bool attached;
static unsigned int attachments;
static int result;

static int attach(struct lp_session *session, bool watch)
{
	assert_non_null(session);
	assert_true(attached != watch);
	attached = watch && !result;
	attachments += attached;
	return result;
}

struct fixture {
	struct lp_session *session;
	struct lp_loop loops[LOOPS];
	struct lp_wait_state stalls[LOOPS];
	struct lp_wakers wakers;
	struct lp_followed targets[LOOPS]; /* each loop is of another process */
};

/* All loops wait for a futex. */
static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	size_t i;

	fixture->session = calloc(1, sizeof(*fixture->session));
	fixture->session->loops = (struct lp_mapped_array){ .data = fixture->loops,
							    .element = sizeof(fixture->loops[0]),
							    .capacity = LOOPS };
	fixture->session->stalls = (struct lp_mapped_array){ .data = fixture->stalls,
							     .element = sizeof(fixture->stalls[0]),
							     .capacity = LOOPS };
	for (i = 0; i < LOOPS; i++) {
		fixture->loops[i].start_ns = BEGIN_NS + i;
		fixture->stalls[i].wait = (struct lp_wait){ .since_ns = BEGIN_NS + 10,
							    .segment_ns = BEGIN_NS + i,
							    .reason = LP_SAMPLE_BLOCKED,
							    .syscall = SYS_futex };
	}
	fixture->wakers.attach = attach;
	attached = false;
	attachments = 0;
	result = 0;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->session);
	free(fixture);
	return 0;
}

static void watch(struct fixture *fixture, uint32_t slot, uint64_t after_ns)
{
	wakers_watch(&fixture->wakers, fixture->session, &fixture->targets[slot], slot,
		     BEGIN_NS + after_ns);
}

static void check(struct fixture *fixture, uint64_t after_ns)
{
	wakers_check(&fixture->wakers, fixture->session, BEGIN_NS + after_ns);
}

static void wakeups_are_watched_until_no_wait_goes_on(void **state)
{
	struct fixture *fixture = *state;

	check(fixture, 0);
	watch(fixture, 0, SECOND_NS);
	watch(fixture, 0, SECOND_NS);
	watch(fixture, 1, SECOND_NS);
	assert_true(attached);
	fixture->stalls[0].wait.since_ns = 0;
	check(fixture, 2 * SECOND_NS);
	assert_true(attached);
	/* the callback waits in another call */
	fixture->stalls[1].wait.syscall = SYS_read;
	check(fixture, 3 * SECOND_NS);
	assert_false(attached);
	assert_int_equal(attachments, 1);
}

static void a_wait_that_is_over_is_not_watched(void **state)
{
	struct fixture *fixture = *state;

	fixture->stalls[0].wait.since_ns = 0;
	fixture->stalls[1].wait.reason = LP_SAMPLE_GIL;
	fixture->loops[2].start_ns++;
	watch(fixture, 0, SECOND_NS);
	watch(fixture, 1, SECOND_NS);
	watch(fixture, 2, SECOND_NS);
	watch(fixture, LOOPS, SECOND_NS);
	assert_false(attached);
}

static void a_wait_is_watched_for_a_minute_at_most(void **state)
{
	struct fixture *fixture = *state;

	watch(fixture, 0, 0);
	check(fixture, 59 * SECOND_NS);
	assert_true(attached);
	check(fixture, 60 * SECOND_NS);
	assert_false(attached);
}

static void a_wait_that_begins_during_another_one_has_its_own_minute(void **state)
{
	struct fixture *fixture = *state;

	watch(fixture, 0, 0);
	watch(fixture, 1, 59 * SECOND_NS);
	check(fixture, 60 * SECOND_NS);
	assert_true(attached);
	assert_int_equal(fixture->wakers.count, 1);
	check(fixture, 119 * SECOND_NS);
	assert_false(attached);
}

static void a_callback_that_waits_again_is_watched_on(void **state)
{
	struct fixture *fixture = *state;

	watch(fixture, 0, SECOND_NS);
	fixture->stalls[0].wait.since_ns = 0;
	check(fixture, SECOND_NS + 1);
	assert_true(attached);
	fixture->stalls[0].wait.since_ns = BEGIN_NS + SECOND_NS + 2;
	check(fixture, 2 * SECOND_NS);
	assert_true(attached);
	/* another callback */
	fixture->loops[0].start_ns++;
	check(fixture, 2 * SECOND_NS + 1);
	assert_false(attached);
}

/* One callback of a loop waits, and ends. */
static void wait_once(struct fixture *fixture, uint32_t slot, uint64_t at_ns)
{
	watch(fixture, slot, at_ns);
	fixture->loops[slot].start_ns++;
	fixture->stalls[slot].wait.segment_ns++;
	check(fixture, at_ns + 1);
	assert_false(attached);
}

static void the_number_of_stalls_in_a_minute_is_limited(void **state)
{
	struct fixture *fixture = *state;
	uint64_t at;

	for (at = 1; at < 60; at++)
		wait_once(fixture, at % 10, at * SECOND_NS);
	assert_int_equal(attachments, 20);
	watch(fixture, 0, 61 * SECOND_NS);
	assert_true(attached);
}

static void a_process_leaves_stalls_of_the_minute_to_others(void **state)
{
	struct fixture *fixture = *state;
	uint64_t at;

	for (at = 1; at < 50; at++)
		wait_once(fixture, 0, at * SECOND_NS);
	assert_int_equal(attachments, 5);
	wait_once(fixture, 1, 50 * SECOND_NS);
	assert_int_equal(attachments, 6);
	wait_once(fixture, 0, 62 * SECOND_NS);
	assert_int_equal(attachments, 7);
}

static void more_loops_than_there_is_space_for_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	uint32_t slot;

	for (slot = 0; slot < LOOPS; slot++)
		watch(fixture, slot, SECOND_NS);
	for (slot = 0; slot < LP_WAKERS_LOOPS; slot++)
		fixture->loops[slot].start_ns++;
	check(fixture, 2 * SECOND_NS);
	assert_false(attached);
}

static void a_program_that_cannot_be_attached_is_not_detached(void **state)
{
	struct fixture *fixture = *state;

	result = -EPERM;
	watch(fixture, 0, SECOND_NS);
	check(fixture, 2 * SECOND_NS);
	assert_int_equal(fixture->wakers.count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wakeups_are_watched_until_no_wait_goes_on),
		TEST(a_wait_that_is_over_is_not_watched),
		TEST(a_wait_is_watched_for_a_minute_at_most),
		TEST(a_wait_that_begins_during_another_one_has_its_own_minute),
		TEST(a_callback_that_waits_again_is_watched_on),
		TEST(the_number_of_stalls_in_a_minute_is_limited),
		TEST(a_process_leaves_stalls_of_the_minute_to_others),
		TEST(more_loops_than_there_is_space_for_are_left_out),
		TEST(a_program_that_cannot_be_attached_is_not_detached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
