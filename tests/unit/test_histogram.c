// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/histogram.h"

#define OVERFLOW_SLOT (LP_HISTOGRAM_SLOTS - 1)
#define RANDOM_VALUES 2000000

/* The exact upper edge of a slot in ns: long double holds powers of two times 10^9 exactly. */
static long double oracle_edge(uint32_t slot)
{
	return exp2l((LP_HISTOGRAM_OFFSET + (long double)slot) / 8) * 1e9L;
}

static uint32_t oracle_slot(uint64_t ns)
{
	uint32_t low = 0, high = OVERFLOW_SLOT;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if ((long double)ns <= oracle_edge(middle))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void slots_agree_with_the_oracle_around_every_edge(void **state)
{
	uint32_t slot;
	int step;

	(void)state;
	for (slot = 0; slot <= LP_HISTOGRAM_BUCKETS; slot++) {
		uint64_t edge = (uint64_t)floorl(oracle_edge(slot));

		assert_int_equal(lp_histogram_edges[slot], edge);
		for (step = -1; step <= 2; step++)
			assert_int_equal(lp_histogram_slot(edge + (uint64_t)step),
					 oracle_slot(edge + (uint64_t)step));
		assert_int_equal(lp_histogram_slot(edge), slot);
		assert_int_equal(lp_histogram_slot(edge + 1), slot + 1);
	}
}

static void whole_powers_of_two_belong_to_the_bucket_below(void **state)
{
	/* 2^-9 s to 2^6 s are whole nanoseconds: 1953125 ns is 2^-9 s */
	uint64_t ns = 1953125;
	uint32_t slot;

	(void)state;
	for (slot = 8 * 11; slot <= LP_HISTOGRAM_BUCKETS; slot += 8, ns *= 2) {
		assert_int_equal(lp_histogram_slot(ns - 1), slot);
		assert_int_equal(lp_histogram_slot(ns), slot);
		assert_int_equal(lp_histogram_slot(ns + 1), slot + 1);
	}
	assert_int_equal(ns, 128000000000);
}

static void slots_agree_with_the_oracle_at_powers_of_two_nanoseconds(void **state)
{
	int shift, step;

	(void)state;
	for (shift = 0; shift < 64; shift++)
		for (step = -1; step <= 1; step++)
			assert_int_equal(lp_histogram_slot((1ULL << shift) + (uint64_t)step),
					 oracle_slot((1ULL << shift) + (uint64_t)step));
}

static void slots_agree_with_the_oracle_on_random_times(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	int i;

	(void)state;
	for (i = 0; i < RANDOM_VALUES; i++) {
		uint64_t ns = next_random(&seed);

		/*
		 * shifted by a random number of bits, so that all orders of magnitude are equally
		 * frequent
		 */
		ns >>= next_random(&seed) % 64;
		if (lp_histogram_slot(ns) != oracle_slot(ns))
			fail_msg("%llu ns: slot %u, not %u", (unsigned long long)ns,
				 lp_histogram_slot(ns), oracle_slot(ns));
	}
}

static void an_empty_histogram_is_all_zero(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_count(&histogram), 0);
	assert_int_equal(histogram_min(&histogram), 0);
	assert_int_equal(histogram_max(&histogram), 0);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
}

static void used_slots_begin_and_end_with_a_count(void **state)
{
	struct lp_histogram histogram = { 0 };
	struct lp_slot_range used;

	(void)state;
	used = histogram_used(&histogram, 1);
	assert_int_equal(used.first, 1);
	assert_int_equal(used.end, 1);
	histogram.slots[0] = 7;
	used = histogram_used(&histogram, 1);
	assert_int_equal(used.first, used.end);
	used = histogram_used(&histogram, 0);
	assert_int_equal(used.first, 0);
	assert_int_equal(used.end, 1);
	histogram.slots[5] = histogram.slots[OVERFLOW_SLOT] = 1;
	used = histogram_used(&histogram, 1);
	assert_int_equal(used.first, 5);
	assert_int_equal(used.end, LP_HISTOGRAM_SLOTS);
}

static void extremes_go_to_the_outer_slots(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	lp_histogram_add(&histogram, 0);
	lp_histogram_add(&histogram, 953);
	lp_histogram_add(&histogram, 64000000001);
	assert_int_equal(histogram.slots[0], 2);
	assert_int_equal(histogram.slots[OVERFLOW_SLOT], 1);
	assert_int_equal(histogram_count(&histogram), 3);
	assert_int_equal(histogram_min(&histogram), 0);
	assert_int_equal(histogram_max(&histogram), 64000000001);
	assert_int_equal(histogram.sum_ns, 64000000954);
}

static void quantiles_are_edges_within_the_extremes(void **state)
{
	struct lp_histogram histogram = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 99; i++)
		lp_histogram_add(&histogram, 1000000);
	lp_histogram_add(&histogram, 5000000);
	/* 976562 < 1000000 <= 1064948 */
	assert_int_equal(histogram_quantile(&histogram, 0), 1064948);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 1064948);
	assert_int_equal(histogram_quantile(&histogram, 0.99), 1064948);
	assert_int_equal(histogram_quantile(&histogram, 0.991), 5000000);
	assert_int_equal(histogram_quantile(&histogram, 1), 5000000);
}

static void a_quantile_of_one_time_is_that_time(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	lp_histogram_add(&histogram, 123456789);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 123456789);
	memset(&histogram, 0, sizeof(histogram));
	lp_histogram_add(&histogram, 100000000000);
	lp_histogram_add(&histogram, 200000000000);
	assert_int_equal(histogram_quantile(&histogram, 0.1), 200000000000);
}

static void quantiles_do_not_count_rounding_as_one_more(void **state)
{
	struct lp_histogram histogram = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 7; i++)
		lp_histogram_add(&histogram, 1000);
	for (i = 0; i < 93; i++)
		lp_histogram_add(&histogram, 1000000000);
	/* 0.07 * 100 > 7 in doubles */
	assert_int_equal(histogram_quantile(&histogram, 0.07), 1039);
}

static int compare_times(const void *first, const void *second)
{
	uint64_t left = *(const uint64_t *)first, right = *(const uint64_t *)second;

	return (left > right) - (left < right);
}

static void quantiles_exceed_the_exact_ones_by_one_bucket_at_most(void **state)
{
	static const double shares[] = { 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
	enum { COUNT = 10000 };
	uint64_t times[COUNT], seed = 42;
	struct lp_histogram histogram = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		times[i] = 1000 + (next_random(&seed) >> (next_random(&seed) % 28 + 30));
		lp_histogram_add(&histogram, times[i]);
	}
	qsort(times, COUNT, sizeof(*times), compare_times);
	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		uint64_t exact = times[(size_t)ceil(shares[i] * COUNT - 1e-6) - 1];
		uint64_t reported = histogram_quantile(&histogram, shares[i]);

		assert_true(reported >= exact);
		assert_true((double)reported <= (double)exact * 1.0906 + 1);
	}
}

static void merging_is_the_same_as_adding_all_to_one(void **state)
{
	struct lp_histogram both = { 0 }, first = { 0 }, second = { 0 }, empty = { 0 };
	uint64_t seed = 7;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		uint64_t ns = next_random(&seed) >> 28;

		lp_histogram_add(&both, ns);
		lp_histogram_add(i % 3 ? &first : &second, ns);
	}
	histogram_merge(&first, &second);
	assert_memory_equal(&first, &both, sizeof(both));
	histogram_merge(&first, &empty);
	assert_memory_equal(&first, &both, sizeof(both));
	histogram_merge(&empty, &both);
	assert_memory_equal(&empty, &both, sizeof(both));
}

static void subtracting_nothing_leaves_the_same(void **state)
{
	struct lp_histogram now = { 0 }, before = { 0 }, difference;

	(void)state;
	lp_histogram_add(&now, 1000);
	lp_histogram_add(&now, 123456);
	histogram_subtract(&difference, &now, &before);
	assert_memory_equal(&difference, &now, sizeof(now));
}

static void a_difference_has_edges_for_extremes(void **state)
{
	struct lp_histogram now = { 0 }, before, difference;

	(void)state;
	lp_histogram_add(&now, 2000);
	lp_histogram_add(&now, 900000000);
	before = now;
	lp_histogram_add(&now, 1000000);
	lp_histogram_add(&now, 1000001);
	histogram_subtract(&difference, &now, &before);
	assert_int_equal(histogram_count(&difference), 2);
	assert_int_equal(difference.sum_ns, 2000001);
	assert_int_equal(histogram_min(&difference), 976563);
	assert_int_equal(histogram_max(&difference), 1064948);
}

static void a_new_extreme_is_exact_in_a_difference(void **state)
{
	struct lp_histogram now = { 0 }, before, difference;

	(void)state;
	lp_histogram_add(&now, 2000);
	before = now;
	lp_histogram_add(&now, 1500);
	lp_histogram_add(&now, 1000001);
	histogram_subtract(&difference, &now, &before);
	assert_int_equal(histogram_min(&difference), 1500);
	assert_int_equal(histogram_max(&difference), 1000001);
}

static void extremes_of_a_difference_stay_within_the_whole(void **state)
{
	struct lp_histogram now = { 0 }, before, difference;

	(void)state;
	lp_histogram_add(&now, 500);
	lp_histogram_add(&now, 70000000000);
	before = now;
	lp_histogram_add(&now, 600);
	lp_histogram_add(&now, 65000000000);
	histogram_subtract(&difference, &now, &before);
	assert_int_equal(histogram_min(&difference), 500);
	assert_int_equal(histogram_max(&difference), 70000000000);
}

static void no_change_is_an_empty_difference(void **state)
{
	struct lp_histogram now = { 0 }, empty = { 0 };

	(void)state;
	lp_histogram_add(&now, 2000);
	/* the result may be one of the operands */
	histogram_subtract(&now, &now, &now);
	assert_memory_equal(&now, &empty, sizeof(now));
}

static void a_lagging_field_does_not_wrap(void **state)
{
	struct lp_histogram now = { 0 }, before = { 0 }, difference;

	(void)state;
	lp_histogram_add(&before, 2000);
	histogram_subtract(&difference, &now, &before);
	assert_int_equal(histogram_count(&difference), 0);
	assert_int_equal(difference.sum_ns, 0);
	assert_int_equal(histogram_max(&difference), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_agree_with_the_oracle_around_every_edge),
		cmocka_unit_test(whole_powers_of_two_belong_to_the_bucket_below),
		cmocka_unit_test(slots_agree_with_the_oracle_at_powers_of_two_nanoseconds),
		cmocka_unit_test(slots_agree_with_the_oracle_on_random_times),
		cmocka_unit_test(an_empty_histogram_is_all_zero),
		cmocka_unit_test(used_slots_begin_and_end_with_a_count),
		cmocka_unit_test(extremes_go_to_the_outer_slots),
		cmocka_unit_test(quantiles_are_edges_within_the_extremes),
		cmocka_unit_test(a_quantile_of_one_time_is_that_time),
		cmocka_unit_test(quantiles_do_not_count_rounding_as_one_more),
		cmocka_unit_test(quantiles_exceed_the_exact_ones_by_one_bucket_at_most),
		cmocka_unit_test(merging_is_the_same_as_adding_all_to_one),
		cmocka_unit_test(subtracting_nothing_leaves_the_same),
		cmocka_unit_test(a_difference_has_edges_for_extremes),
		cmocka_unit_test(a_new_extreme_is_exact_in_a_difference),
		cmocka_unit_test(extremes_of_a_difference_stay_within_the_whole),
		cmocka_unit_test(no_change_is_an_empty_difference),
		cmocka_unit_test(a_lagging_field_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
