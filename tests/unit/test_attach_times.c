// SPDX-License-Identifier: BSD-2-Clause
/* What processes may make the main loop wait when probes are attached to them. */
#include "session/attach_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)
/* The longest wait for one attachment. */
#define WAIT_NS (1990 * MILLISECOND)

static struct lp_attach_times times;

/* No processes have these numbers: none is found, so that each has the same beginning. */
#define FIRST_PID (1 << 23)

/* Each ten processes are one unit. */
static uint64_t owner_of(pid_t pid)
{
	return 100 + (uint64_t)pid / 10;
}

static int setup(void **state)
{
	(void)state;
	memset(&times, 0, sizeof(times));
	times.owner_of = owner_of;
	return 0;
}

/* Attaches to a process as often as it is allowed in a time. Returns the ns that this took. */
static uint64_t attach_for(pid_t pid, uint64_t wait_ns, uint64_t from_ns, uint64_t ns)
{
	uint64_t now = from_ns, spent = 0;

	while (now < from_ns + ns) {
		if (attach_times_refuse(&times, pid, now)) {
			now += 100 * MILLISECOND;
			continue;
		}
		now += wait_ns;
		spent += wait_ns;
		attach_times_charge(&times, pid, wait_ns, now);
	}
	return spent;
}

static void test_one_that_holds_its_lock_takes_a_tenth(void **state)
{
	uint64_t spent = attach_for(FIRST_PID, WAIT_NS, 0, 60 * SECOND);

	(void)state;
	/* the quota, the wait that exceeded it, and a tenth of the time; without it, 60 s */
	assert_true(spent <= 10 * SECOND);
	assert_true(spent >= 4 * SECOND);
}

static void test_short_waits_add_up(void **state)
{
	(void)state;
	assert_true(attach_for(FIRST_PID, 200 * MILLISECOND, 0, 60 * SECOND) <= 9 * SECOND);
}

static void test_others_are_not_refused(void **state)
{
	(void)state;
	attach_for(FIRST_PID, WAIT_NS, 0, 4 * SECOND);
	assert_true(attach_times_refuse(&times, FIRST_PID, 4 * SECOND));
	assert_false(attach_times_refuse(&times, FIRST_PID + 20, 4 * SECOND));
}

static void test_the_processes_of_a_unit_have_no_more_than_it(void **state)
{
	uint64_t spent = 0, now = 0;
	pid_t pid;

	(void)state;
	for (pid = FIRST_PID - FIRST_PID % 10; pid % 10 < 9; pid++) {
		if (attach_times_refuse(&times, pid, now))
			continue;
		now += WAIT_NS;
		spent += WAIT_NS;
		attach_times_charge(&times, pid, WAIT_NS, now);
	}
	assert_true(spent <= LP_ATTACH_TIME_OF_UNIT + 2 * WAIT_NS);
	assert_true(attach_times_refuse(&times, pid, now));
}

static void test_it_is_reported_when_it_is_used_up(void **state)
{
	uint64_t now = 0;

	(void)state;
	assert_false(attach_times_charge(&times, FIRST_PID, SECOND, now));
	assert_true(attach_times_charge(&times, FIRST_PID, SECOND, now));
	assert_false(attach_times_charge(&times, FIRST_PID, SECOND, now));
	/* half of it has to be refilled, so that not every attachment is refused and reported */
	now += LP_ATTACH_TIME_OF_PROCESS / 2 * 10;
	assert_true(attach_times_refuse(&times, FIRST_PID, now));
	now += SECOND;
	assert_false(attach_times_refuse(&times, FIRST_PID, now));
}

/* More processes than there are entries: one that has spent much is not forgotten. */
static void test_many_others_hide_nobody(void **state)
{
	int i;

	(void)state;
	attach_times_charge(&times, FIRST_PID, 2 * SECOND, 0);
	for (i = 1; i < 10 * LP_ATTACH_TIMES; i++)
		attach_times_charge(&times, FIRST_PID + 10 * i, MILLISECOND, 0);
	assert_true(attach_times_refuse(&times, FIRST_PID, 0));
}

static void test_waits_that_are_nobodys_fault(void **state)
{
	(void)state;
	assert_int_equal(attach_times_left(&times, 0), LP_ATTACH_TIME_OF_HOST);
	attach_times_charge_host(&times, 5 * SECOND, 0);
	assert_int_equal(attach_times_left(&times, 0), LP_ATTACH_TIME_OF_HOST - 5 * SECOND);
	attach_times_charge_host(&times, 5 * SECOND, 0);
	assert_int_equal(attach_times_left(&times, 0), 0);
	assert_int_equal(attach_times_left(&times, 10 * SECOND), SECOND);
	/* they refuse nobody */
	assert_false(attach_times_refuse(&times, FIRST_PID, 0));
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_that_holds_its_lock_takes_a_tenth),
		TEST(test_short_waits_add_up),
		TEST(test_others_are_not_refused),
		TEST(test_the_processes_of_a_unit_have_no_more_than_it),
		TEST(test_it_is_reported_when_it_is_used_up),
		TEST(test_many_others_hide_nobody),
		TEST(test_waits_that_are_nobodys_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
