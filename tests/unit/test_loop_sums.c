// SPDX-License-Identifier: BSD-2-Clause
/* Sums of loops have each counter: one that is added to a struct must be added up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/loop_sums.h"
#include "wire/histogram.h"

/* Fills the counters from one member to another one, which are all u64, with 1, 2, 3... */
static void fill(void *first, const void *last)
{
	uint64_t *at = first, value = 1;

	while (at <= (const uint64_t *)last)
		*at++ = value++;
}

static void assert_doubled(const void *first, const void *last)
{
	const uint64_t *at = first;
	uint64_t value = 1;

	for (; at <= (const uint64_t *)last; at++, value++)
		assert_int_equal(*at, 2 * value);
}

static void summaries_add_up(void **state)
{
	struct lp_loop_summary one = { .traced_known = true }, sum = { .wall_ns = 0 };

	(void)state;
	fill(&one.wall_ns, &one.traced_ns);
	lp_histogram_add(&one.iteration, 5);
	loop_sums_add(&sum, &one);
	loop_sums_add(&sum, &one);
	assert_doubled(&sum.wall_ns, &sum.traced_ns);
	assert_true(sum.traced_known);
	assert_int_equal(histogram_count(&sum.iteration), 2);
	assert_int_equal(sum.iteration.sum_ns, 10);
}

/* A loop that is no sum itself counts as one. */
static void summaries_count_loops(void **state)
{
	struct lp_loop_summary one = { .folded = 0 }, several = { .folded = 7 }, sum = one;

	(void)state;
	loop_sums_add(&sum, &one);
	loop_sums_add(&sum, &several);
	assert_int_equal(sum.folded, 8);
	assert_false(sum.traced_known);
}

static void stats_add_up(void **state)
{
	struct lp_event_loop_stats one = { .wall_start_ns = 0 }, sum = one;

	(void)state;
	fill(&one.busy_ns, &one.slow);
	lp_histogram_add(&one.iteration, 5);
	loop_sums_add_stats(&sum, &one);
	loop_sums_add_stats(&sum, &one);
	assert_doubled(&sum.busy_ns, &sum.slow);
	assert_int_equal(histogram_count(&sum.iteration), 2);
}

static void coverage_adds_up(void **state)
{
	struct lp_event_coverage one = { .traced_ns = 0 }, sum = one;

	(void)state;
	fill(&one.traced_ns, &one.suppressed_iterations);
	one.event.size = sizeof(one);
	loop_sums_add_coverage(&sum, &one);
	loop_sums_add_coverage(&sum, &one);
	assert_doubled(&sum.traced_ns, &sum.suppressed_iterations);
	assert_int_equal(sum.event.size, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summaries_add_up),
		cmocka_unit_test(summaries_count_loops),
		cmocka_unit_test(stats_add_up),
		cmocka_unit_test(coverage_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
