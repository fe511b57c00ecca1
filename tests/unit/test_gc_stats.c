// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/cpython/objects/gc_stats.h"

/* Offsets of the rings of the three generations, and the numbers of their items. */
static const size_t offsets[] = { 0, 712, 912 }, items[] = { 11, 3, 3 };

static uint8_t stats[CPYTHON_GC_STATS_BYTES];

static void record(size_t generation, size_t index, int64_t start_ns, int64_t stop_ns,
		   int64_t number)
{
	int64_t item[3] = { start_ns, stop_ns, number };

	memcpy(stats + offsets[generation] + 64 * index, item, sizeof(item));
	stats[offsets[generation] + 64 * items[generation]] = (uint8_t)index;
}

static int clear(void **state)
{
	(void)state;
	memset(stats, 0, sizeof(stats));
	return 0;
}

static void collections_between_two_instants_are_added(void **state)
{
	struct lp_event_collections found;

	(void)state;
	record(0, 1, 900, 950, 1);
	record(0, 2, 1010, 1020, 2);
	record(1, 0, 1100, 1300, 1);
	record(2, 1, 1400, 1500, 1);
	record(2, 2, 1990, 2010, 2);
	assert_true(cpython_gc_stats_add(stats, 1000, 2000, &found));
	assert_int_equal(found.count, 3);
	assert_int_equal(found.total_ns, 310);
	assert_int_equal(found.generation, 1);
	assert_false(found.partial);
	assert_false(cpython_gc_stats_add(stats, 3000, 4000, &found));
	assert_false(cpython_gc_stats_add(stats, 2000, 1000, &found));
}

static void more_than_the_ring_has_are_partial(void **state)
{
	struct lp_event_collections found;

	(void)state;
	record(1, 1, 1000, 1010, 4);
	record(1, 2, 1020, 1030, 5);
	record(1, 0, 1040, 1050, 6);
	assert_true(cpython_gc_stats_add(stats, 1000, 2000, &found));
	assert_true(found.partial);
	assert_true(cpython_gc_stats_add(stats, 1001, 2000, &found));
	assert_false(found.partial);
	/* the oldest item is the first collection of all */
	record(1, 1, 1000, 1010, 1);
	record(1, 2, 1020, 1030, 2);
	record(1, 0, 1040, 1050, 3);
	assert_true(cpython_gc_stats_add(stats, 1000, 2000, &found));
	assert_false(found.partial);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct lp_event_collections found;
	size_t i;

	(void)state;
	record(0, 1, 1500, 1400, 1);
	assert_false(cpython_gc_stats_add(stats, 1000, 2000, &found));
	record(0, 1, -1500, 1400, 1);
	assert_false(cpython_gc_stats_add(stats, 1000, 2000, &found));
	/* longer than the time in which they were */
	for (i = 0; i < 3; i++)
		record(0, i, 1000, 1900, 1);
	assert_false(cpython_gc_stats_add(stats, 1000, 2000, &found));
	for (i = 0; i < 3; i++)
		record(0, i, 1000, 1100, 1);
	for (i = 0; i < 3; i++)
		record(1, i, 1000, 1300, 1);
	assert_false(cpython_gc_stats_add(stats, 1000, 2000, &found));
	clear(NULL);
	record(0, 1, 1100, 1200, 1);
	stats[offsets[0] + 64 * items[0]] = 11;
	assert_false(cpython_gc_stats_add(stats, 1000, 2000, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(collections_between_two_instants_are_added, clear),
		cmocka_unit_test_setup(more_than_the_ring_has_are_partial, clear),
		cmocka_unit_test_setup(what_makes_no_sense_is_refused, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
