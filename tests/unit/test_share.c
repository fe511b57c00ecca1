// SPDX-License-Identifier: BSD-2-Clause
/* Shares of the time to read events: parts are equal, nobody takes all, debts are paid. */
#include "live/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EVENT_NS 1000000ULL

/* Spends as much as is allowed from now to the end of the window; returns the time spent in ns. */
static uint64_t take_all(struct lp_share_pool *pool, struct lp_share *share, uint64_t now)
{
	uint64_t got = 0;

	while (got < LP_SHARE_WINDOW_NS && share_may_spend(pool, share, now)) {
		share_spend(share, EVENT_NS);
		got += EVENT_NS;
	}
	return got;
}

/* The time that a share gets in each window once its savings are spent. */
static uint64_t sustained(struct lp_share_pool *pool, struct lp_share *share, uint64_t now)
{
	int window;

	for (window = 0; window < LP_SHARE_BURST; window++)
		take_all(pool, share, now + (uint64_t)window * LP_SHARE_WINDOW_NS);
	return take_all(pool, share, now + LP_SHARE_BURST * LP_SHARE_WINDOW_NS);
}

static void test_one_that_is_alone_leaves_space_for_another(void **state)
{
	struct lp_share_pool pool = { 0 };
	struct lp_share hog = { 0 }, victim = { 0 };
	uint64_t now = 1000 * LP_SHARE_WINDOW_NS;

	(void)state;
	assert_int_equal(sustained(&pool, &hog, now), LP_SHARE_ALL_NS / 2);
	now += LP_SHARE_BURST * LP_SHARE_WINDOW_NS;
	assert_int_equal(take_all(&pool, &hog, now + 1), 0);
	assert_in_range(take_all(&pool, &victim, now + 2), LP_SHARE_ALL_NS / 2,
			LP_SHARE_BURST * LP_SHARE_ALL_NS);
}

static void test_many_have_equal_parts(void **state)
{
	struct lp_share_pool pool = { 0 };
	struct lp_share shares[10] = { 0 };
	uint64_t now = 1000 * LP_SHARE_WINDOW_NS, got[10] = { 0 }, sum = 0;
	size_t i, round;

	(void)state;
	for (round = 0; round < 30; round++, now += LP_SHARE_WINDOW_NS)
		for (i = 0; i < 10; i++)
			got[i] = take_all(&pool, &shares[i], now);
	for (i = 0; i < 10; i++) {
		assert_int_equal(got[i], LP_SHARE_ALL_NS / 10);
		sum += got[i];
	}
	assert_int_equal(sum, LP_SHARE_ALL_NS);
}

static void test_an_event_that_took_longer_is_paid_later(void **state)
{
	struct lp_share_pool pool = { 0 };
	struct lp_share hog = { 0 };
	uint64_t now = 1000 * LP_SHARE_WINDOW_NS;
	int window, may = 0;

	(void)state;
	assert_true(share_may_spend(&pool, &hog, now));
	share_spend(&hog, 5 * LP_SHARE_WINDOW_NS);
	for (window = 1; window <= 40; window++)
		may += share_may_spend(&pool, &hog, now + (uint64_t)window * LP_SHARE_WINDOW_NS);
	/* a debt of 500 ms less the 200 ms of a burst is paid off at 25 ms per window */
	assert_int_equal(may, 40 - 12);
}

static void test_a_long_pause_pays_for_all(void **state)
{
	struct lp_share_pool pool = { 0 };
	struct lp_share hog = { 0 };

	(void)state;
	assert_true(share_may_spend(&pool, &hog, 7));
	share_spend(&hog, 3600 * 1000000000ULL);
	assert_false(share_may_spend(&pool, &hog, LP_SHARE_WINDOW_NS));
	assert_true(share_may_spend(&pool, &hog, UINT64_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_is_alone_leaves_space_for_another),
		cmocka_unit_test(test_many_have_equal_parts),
		cmocka_unit_test(test_an_event_that_took_longer_is_paid_later),
		cmocka_unit_test(test_a_long_pause_pays_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
