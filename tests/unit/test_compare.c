// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "compare/compare.h"
#include "compare/text.h"
#include "wire/histogram.h"

#include <math.h>
#include <stdio.h>

/* Log-normal times, as services have, from pseudo-random numbers that are equal in each run. */
static double uniform(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / (double)(1ULL << 53);
}

static uint64_t log_normal(double median_ns)
{
	double normal = sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());

	return (uint64_t)(median_ns * exp(0.7 * normal));
}

static void fill(struct lp_histogram *histogram, double median_ns, int count)
{
	memset(histogram, 0, sizeof(*histogram));
	while (count--)
		lp_histogram_add(histogram, log_normal(median_ns));
}

static struct lp_callback_info handler = {
	.kind = LP_MODEL_TASK, .name = "handler", .file = "/srv/releases/7/app/views.py", .line = 88
};
static struct lp_loop_info loop = { .id = 1, .comm = "gunicorn" };
static struct lp_shown_frame db = { .kind = LP_FRAME_PYTHON,
				    .line = 41,
				    .function = "execute",
				    .file = "/srv/releases/7/app/db.py" };

/* A side with one loop that ran for 1000 s, one callback, and optionally a line that blocks. */
static void make_side(struct lp_side *side, double median_ns, int count, uint64_t slow,
		      uint64_t blocked)
{
	static const struct lp_run run = { .host = "web-1", .mode = "trace", .threshold_ns = 1 };
	struct lp_callback_summary item = { .callback = &handler, .slow = slow };
	struct lp_cause cause = { .kind = LP_CAUSE_BLOCKED,
				  .syscall = "recvfrom",
				  .frame = &db,
				  .count = blocked,
				  .occurrences = blocked,
				  .total_ns = blocked * 1000000 };
	struct lp_loop_summary summary = { .loop = &loop,
					   .wall_ns = 1000000000000,
					   .busy_ns = 400000000000,
					   .idle_ns = 600000000000,
					   .slow_callbacks = slow,
					   .callback_count = 1,
					   .items = &item,
					   .cause_count = blocked ? 1 : 0,
					   .causes = &cause };
	struct lp_summary total = { .loop_count = 1, .loops = &summary };
	struct lp_run_end end = { .end_ns = 1000000000000 };

	memset(side, 0, sizeof(*side));
	fill(&item.run, median_ns, count);
	summary.iteration = item.run;
	side_observer.run(side, &run);
	side_observer.end(side, &total, &end);
}

/* Compares two sides, calls check with the result, and frees all. */
static void with_sides(struct lp_side *old, struct lp_side *new,
		       void (*check)(const struct lp_comparison *comparison))
{
	struct lp_comparison comparison;

	assert_int_equal(comparison_make(&comparison, old, new), 0);
	check(&comparison);
	comparison_free(&comparison);
	side_free(old);
	side_free(new);
}

static void the_bounds_of_a_quantile_hold_it(void **state)
{
	struct lp_histogram histogram;
	int outside = 0, i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		struct lp_bounds bounds;

		fill(&histogram, 1e6, 500);
		bounds = statistics_bounds(&histogram, 0.5);
		outside += bounds.low > 1000000 || bounds.high < 1000000;
		assert_true(statistics_are_narrow(&bounds));
	}
	/* a thousandth at most; rounding to the edges of buckets makes it less */
	assert_in_range(outside, 0, 4);
}

static void a_quantile_that_few_times_lie_over_has_no_bounds(void **state)
{
	struct lp_histogram histogram;
	struct lp_bounds bounds;

	(void)state;
	fill(&histogram, 1e6, 200);
	bounds = statistics_bounds(&histogram, 0.99);
	assert_true(bounds.high == UINT64_MAX);
	assert_false(statistics_are_narrow(&bounds));
	memset(&histogram, 0, sizeof(histogram));
	bounds = statistics_bounds(&histogram, 0.5);
	assert_int_equal(bounds.low, 0);
	assert_true(bounds.high == UINT64_MAX);
}

static void the_same_program_twice_is_hardly_ever_called_slower(void **state)
{
	int reported = 0, i;

	(void)state;
	for (i = 0; i < 500; i++) {
		struct lp_side old, new;
		struct lp_comparison comparison;

		make_side(&old, 2e6, 3000, 5, 40);
		make_side(&new, 2e6, 3000, 5, 40);
		assert_int_equal(comparison_make(&comparison, &old, &new), 0);
		reported += comparison.callbacks[0].verdict == LP_VERDICT_WORSE ||
			    comparison.callbacks[0].verdict == LP_VERDICT_BETTER;
		comparison_free(&comparison);
		side_free(&old);
		side_free(&new);
	}
	assert_in_range(reported, 0, 1);
}

static void check_slower(const struct lp_comparison *comparison)
{
	const struct lp_callback_shift *shift = &comparison->callbacks[0];

	assert_int_equal(comparison->callback_count, 1);
	assert_int_equal(shift->verdict, LP_VERDICT_WORSE);
	assert_int_equal(shift->quantiles[0].verdict, LP_VERDICT_WORSE);
	assert_int_equal(comparison->iterations[0].verdict, LP_VERDICT_WORSE);
}

static void a_third_more_time_shows_in_three_thousand_calls(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 3000, 0, 0);
	make_side(&new, 2.8e6, 3000, 0, 0);
	with_sides(&old, &new, check_slower);
}

static void check_unsure(const struct lp_comparison *comparison)
{
	assert_int_equal(comparison->callbacks[0].verdict, LP_VERDICT_UNSURE);
}

static void ten_calls_prove_nothing(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 10, 0, 0);
	make_side(&new, 2.8e6, 10, 0, 0);
	with_sides(&old, &new, check_unsure);
}

static void rates_are_distinguished_by_counts(void **state)
{
	(void)state;
	assert_int_equal(statistics_rates_differ(0, 1, 12, 1), 1);
	assert_int_equal(statistics_rates_differ(0, 1, 5, 1), 0);
	assert_int_equal(statistics_rates_differ(12, 1, 0, 1), -1);
	/* twice as many events in twice the time */
	assert_int_equal(statistics_rates_differ(100, 1, 200, 2), 0);
	assert_int_equal(statistics_rates_differ(100, 1, 200, 1), 1);
	assert_int_equal(statistics_rates_differ(100000, 1, 103000, 1), 1);
	assert_int_equal(statistics_rates_differ(100000, 1, 100300, 1), 0);
	assert_int_equal(statistics_rates_differ(5, 0, 5, 1), 0);
	assert_int_equal(statistics_rates_differ(0, 1, 0, 1), 0);
}

static void check_other_release(const struct lp_comparison *comparison)
{
	assert_int_equal(comparison->callback_count, 1);
	assert_int_equal(comparison->cause_count, 1);
	assert_non_null(comparison->causes[0].old);
	assert_non_null(comparison->causes[0].new);
	assert_int_equal(comparison->callbacks[0].new->info.line, 90);
}

static void what_moved_with_a_release_is_the_same_callback(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 100, 0, 10);
	snprintf(handler.file, sizeof(handler.file), "/srv/releases/8/app/views.py");
	handler.line = 90;
	db.line = 44;
	make_side(&new, 2e6, 100, 0, 10);
	handler.line = 88;
	with_sides(&old, &new, check_other_release);
}

static void check_new_line(const struct lp_comparison *comparison)
{
	char why[256];

	assert_null(comparison->causes[0].old);
	assert_int_equal(comparison->causes[0].verdict, LP_VERDICT_WORSE);
	assert_true(gate_holds("new-blocking", comparison, why, sizeof(why)));
	assert_non_null(strstr(why, "recvfrom blocked at app/db.py:"));
	assert_true(gate_holds("new-stalls", comparison, why, sizeof(why)));
	assert_non_null(strstr(why, "handler was slow 30 times"));
	assert_true(gate_holds("stalls>10%", comparison, why, sizeof(why)));
	assert_false(gate_holds("p99>10%", comparison, why, sizeof(why)));
	assert_false(gate_holds("lag-p50>0%", comparison, why, sizeof(why)));
	assert_false(gate_holds("busy>5%", comparison, why, sizeof(why)));
}

static void a_new_blocking_line_and_new_stalls_fail_the_gate(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 3000, 0, 0);
	make_side(&new, 2e6, 3000, 30, 200);
	with_sides(&old, &new, check_new_line);
}

static void check_limits(const struct lp_comparison *comparison)
{
	char why[256];

	assert_true(gate_holds("p50>10%", comparison, why, sizeof(why)));
	assert_non_null(strstr(why, "the p50 of handler went from"));
	assert_true(gate_holds("lag-p50>10%", comparison, why, sizeof(why)));
	assert_false(gate_holds("p50>200%", comparison, why, sizeof(why)));
	assert_true(gate_holds("slower", comparison, why, sizeof(why)));
	assert_false(gate_holds("new-blocking", comparison, why, sizeof(why)));
}

static void a_gate_lets_pass_what_grew_less_than_its_share(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 3000, 0, 0);
	make_side(&new, 4e6, 3000, 0, 0);
	with_sides(&old, &new, check_limits);
}

static void conditions_that_are_none_are_refused(void **state)
{
	static const char *const good[] = { "p99>10%", "p50>0", "lag-p90>12.5%", "slower" };
	static const char *const bad[] = { "",		 "p95>10%",    "p99>",	     "p99>x",
					   "p99>10%x",	 "slower>10%", "p99>-1",     "p99>nan",
					   "new stalls", "p99> 1",     "p99>+1",     "p99>0x10%",
					   "p99>inf",	 "p99>.",      "p99>1e400%", "p99",
					   "lag-p50",	 "stalls",     "busy" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(gate_check(good[i]), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(gate_check(bad[i]) < 0);
}

static void check_shown(const struct lp_comparison *comparison)
{
	const struct lp_terminal terminal = { .columns = 80, .utf8 = true };
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	comparison_print(file, &terminal, comparison);
	comparison_json(file, comparison);
	fclose(file);
	assert_non_null(strstr(text, "\nslower "));
	assert_non_null(strstr(text, "app/views.py:88  gunicorn\n"));
	assert_non_null(strstr(text, "1 callbacks are slower, 0 faster"));
	assert_non_null(strstr(text, "{\"type\":\"diff_callback\",\"verdict\":\"worse\""));
	assert_non_null(strstr(text, "\"utilization\":0.400000"));
	free(text);
}

static void a_comparison_is_shown_to_people_and_programs(void **state)
{
	struct lp_side old, new;

	(void)state;
	make_side(&old, 2e6, 3000, 0, 0);
	make_side(&new, 4e6, 3000, 0, 0);
	with_sides(&old, &new, check_shown);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_bounds_of_a_quantile_hold_it),
		TEST(a_quantile_that_few_times_lie_over_has_no_bounds),
		TEST(the_same_program_twice_is_hardly_ever_called_slower),
		TEST(a_third_more_time_shows_in_three_thousand_calls),
		TEST(ten_calls_prove_nothing),
		TEST(rates_are_distinguished_by_counts),
		TEST(what_moved_with_a_release_is_the_same_callback),
		TEST(a_new_blocking_line_and_new_stalls_fail_the_gate),
		TEST(a_gate_lets_pass_what_grew_less_than_its_share),
		TEST(conditions_that_are_none_are_refused),
		TEST(a_comparison_is_shown_to_people_and_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
