// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/histogram.h"
#include "sinks/metrics/series.h"

#define LOOPS 300
#define HOUR_NS (3600 * 1000000000ULL)

static struct lp_loop_info infos[LOOPS];
static struct lp_loop_summary loops[LOOPS];
static struct lp_summary total = { .loops = loops };

static int make_loops(void **state)
{
	size_t i;

	(void)state;
	memset(infos, 0, sizeof(infos));
	memset(loops, 0, sizeof(loops));
	total.now_ns = HOUR_NS;
	total.loop_count = LOOPS;
	for (i = 0; i < LOOPS; i++) {
		infos[i].id = (uint32_t)i + 1;
		strcpy(infos[i].runtime, "asyncio");
		strcpy(infos[i].comm, "python3");
		snprintf(infos[i].unit, sizeof(infos[i].unit), "u%zu.service", i);
		loops[i].loop = &infos[i];
		loops[i].wall_ns = 1000;
		loops[i].iterations = 10;
	}
	return 0;
}

static void count(struct lp_series *series)
{
	assert_int_equal(series_count(series, &total), 0);
}

static const struct lp_loop_series *find(const struct lp_series *series, const char *unit)
{
	const struct lp_loop_series *loop;

	for (loop = series->loops; loop; loop = loop->next)
		if (!strcmp(loop->labels.unit, unit))
			return loop;
	return NULL;
}

static const struct lp_loop_series *find_other(const struct lp_series *series)
{
	const struct lp_loop_series *loop;

	for (loop = series->loops; loop; loop = loop->next)
		if (!strcmp(loop->labels.service, "other"))
			return loop;
	return NULL;
}

/* One unit, whose threads have ever new names, comes before another one. */
static void one_unit_leaves_sets_for_others(void **state)
{
	const size_t left = LP_SERIES_SETS / LP_RESERVED_PART;
	struct lp_series series = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < LOOPS - 1; i++) {
		strcpy(infos[i].unit, "hog.service");
		snprintf(infos[i].comm, sizeof(infos[i].comm), "thread-%zu", i);
	}
	count(&series);
	assert_int_equal(series.set_count, LP_SERIES_SETS - left + 1);
	assert_int_equal(series.sets_overflow, LOOPS - 1 - (LP_SERIES_SETS - left));
	assert_non_null(find(&series, infos[LOOPS - 1].unit));
	series_free(&series);
}

static void sets_of_labels_over_the_bound_are_other(void **state)
{
	struct lp_series series = { 0 };
	const struct lp_loop_series *other;

	(void)state;
	count(&series);
	count(&series);
	assert_int_equal(series.set_count, LP_SERIES_SETS);
	assert_int_equal(series.sets_overflow, LOOPS - LP_SERIES_SETS);
	other = find_other(&series);
	assert_non_null(other);
	assert_string_equal(other->labels.runtime, "other");
	assert_int_equal(other->numbers.iterations, (LOOPS - LP_SERIES_SETS) * 10);
	assert_int_equal(find(&series, "u255.service")->numbers.iterations, 10);
	assert_null(find(&series, "u256.service"));
	series_free(&series);
}

static void labels_that_were_idle_for_long_give_their_place_to_others(void **state)
{
	struct lp_series series = { 0 };
	size_t i;

	(void)state;
	total.loop_count = LP_SERIES_SETS;
	count(&series);
	total.now_ns += HOUR_NS - 1;
	/* all loops but the first two make progress */
	for (i = 2; i < LP_SERIES_SETS; i++)
		loops[i].wall_ns++;
	count(&series);
	total.now_ns += 2;
	total.loop_count++;
	count(&series);
	assert_null(find(&series, "u0.service"));
	assert_non_null(find(&series, "u1.service"));
	assert_non_null(find(&series, "u256.service"));
	assert_null(find_other(&series));
	assert_int_equal(series.sets_overflow, 1);
	/* a loop without progress does not come back ... */
	count(&series);
	assert_null(find(&series, "u0.service"));
	assert_non_null(find(&series, "u1.service"));
	/* ... and one with progress does, with all that it ever counted */
	loops[0].wall_ns++;
	loops[0].iterations++;
	count(&series);
	count(&series);
	assert_non_null(find(&series, "u0.service"));
	assert_int_equal(find(&series, "u0.service")->numbers.iterations, 11);
	assert_null(find(&series, "u1.service"));
	assert_int_equal(series.set_count, LP_SERIES_SETS);
	series_free(&series);
}

static void labels_of_other_stay_there_while_there_are_loops_with_them(void **state)
{
	struct lp_series series = { 0 };

	(void)state;
	count(&series);
	/* there would be space for it now */
	total.now_ns += 2 * HOUR_NS;
	loops[299].iterations = 1000;
	count(&series);
	assert_null(find(&series, "u299.service"));
	assert_int_equal(find_other(&series)->numbers.iterations, 43 * 10 + 1000);
	/* a loop that is no longer listed keeps its count */
	total.loop_count--;
	count(&series);
	assert_int_equal(find_other(&series)->numbers.iterations, 43 * 10 + 1000);
	assert_int_equal(series.sets_overflow, 43);
	series_free(&series);
}

static void no_number_ever_falls(void **state)
{
	struct lp_callback_info info = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };
	struct lp_callback_summary item = { .callback = &info };
	struct lp_series series = { 0 };
	const struct lp_loop_series *loop;

	(void)state;
	total.loop_count = 1;
	loops[0].callback_count = 1;
	loops[0].items = &item;
	lp_histogram_add(&item.run, 5000000);
	lp_histogram_add(&item.run, 7000000);
	lp_histogram_add(&loops[0].iteration, 9000000);
	count(&series);
	/*
	 * a loop's end may be earlier than its last state, and a count may have been read too low
	 */
	loops[0].wall_ns--;
	loops[0].iterations--;
	memset(&item.run, 0, sizeof(item.run));
	memset(&loops[0].iteration, 0, sizeof(loops[0].iteration));
	lp_histogram_add(&item.run, 7000000);
	count(&series);
	loop = find(&series, "u0.service");
	assert_int_equal(loop->numbers.wall_ns, 1000);
	assert_int_equal(loop->numbers.iterations, 10);
	assert_int_equal(histogram_count(loop->own->run), 2);
	assert_int_equal(loop->own->run->sum_ns, 12000000);
	assert_int_equal(histogram_min(loop->own->run), 5000000);
	assert_int_equal(histogram_count(&loop->iteration), 1);
	series_free(&series);
}

/* That many callbacks for each loop, each with a name of its own. */
static struct lp_callback_summary *many_callbacks(size_t loop_count, size_t each)
{
	struct lp_callback_summary *items = calloc(loop_count * each, sizeof(*items));
	struct lp_callback_info *callbacks = calloc(loop_count * each, sizeof(*callbacks));
	size_t i;

	assert_non_null(items);
	assert_non_null(callbacks);
	total.loop_count = loop_count;
	for (i = 0; i < loop_count * each; i++) {
		snprintf(callbacks[i].name, sizeof(callbacks[i].name), "f%zu", i);
		items[i].callback = &callbacks[i];
		lp_histogram_add(&items[i].run, 1000000 + i);
		loops[i / each].items = &items[i / each * each];
		loops[i / each].callback_count = each;
	}
	return items;
}

static void one_unit_leaves_series_of_callbacks_for_others(void **state)
{
	struct lp_callback_summary *items = many_callbacks(20, 100);
	struct lp_series series = { 0 };
	size_t i;

	(void)state;
	/* the unit of the loop with the least time is another one */
	for (i = 1; i < 20; i++) {
		strcpy(infos[i].unit, "hog.service");
		snprintf(infos[i].comm, sizeof(infos[i].comm), "thread-%zu", i);
	}
	count(&series);
	assert_int_equal(series.callback_count, LP_SERIES_SHARE(LP_SERIES_CALLBACKS_ALL) + 100);
	assert_true(find(&series, "u0.service")->own->own);
	series_free(&series);
	free((void *)items[0].callback);
	free(items);
}

static void callbacks_of_all_loops_together_are_bounded(void **state)
{
	struct lp_callback_summary *items = many_callbacks(20, 100);
	struct lp_series series = { 0 };
	uint64_t counted = 0;
	const struct lp_loop_series *loop;
	const struct lp_callback_series *callback;

	(void)state;
	count(&series);
	count(&series);
	assert_int_equal(series.callback_count, LP_SERIES_CALLBACKS_ALL);
	assert_int_equal(series.callbacks_overflow, 2000 - LP_SERIES_CALLBACKS_ALL);
	/* the callbacks with the most time of all loops */
	assert_int_equal(find(&series, "u19.service")->own->own, true);
	assert_int_equal(find(&series, "u0.service")->own->own, false);
	for (loop = series.loops; loop; loop = loop->next)
		for (callback = loop->own; callback; callback = callback->next)
			counted += histogram_count(callback->run);
	assert_int_equal(counted, 2000);
	series_free(&series);
	free((void *)items[0].callback);
	free(items);
}

static void names_that_differ_by_an_address_only_are_one(void **state)
{
	struct lp_callback_info first = { LP_MODEL_CALLBACK, "<Job at 0x7f31c0de10>.run", "", 0 };
	struct lp_callback_info second = { LP_MODEL_CALLBACK, "<Job at 0x55d0aa00f8>.run", "", 0 };
	struct lp_callback_info third = { LP_MODEL_CALLBACK, "f.<locals>.<lambda>", "", 0 };
	struct lp_callback_summary items[] = { { .callback = &first },
					       { .callback = &second },
					       { .callback = &third } };
	struct lp_series series = { 0 };
	const struct lp_callback_series *own;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		lp_histogram_add(&items[i].run, 1000000);
	total.loop_count = 1;
	loops[0].items = items;
	loops[0].callback_count = 3;
	count(&series);
	assert_int_equal(series.callback_count, 2);
	own = find(&series, "u0.service")->own;
	assert_string_equal(own->name, "<Job at 0x.>.run");
	assert_int_equal(histogram_count(own->run), 2);
	assert_string_equal(own->next->name, "f.<locals>.<lambda>");
	series_free(&series);
}

static void traced_time_is_all_of_it_only_without_bursts(void **state)
{
	struct lp_series series = { .whole = true };

	(void)state;
	total.loop_count = 2;
	loops[1].traced_ns = 250;
	count(&series);
	assert_int_equal(find(&series, "u0.service")->numbers.traced_ns, 1000);
	assert_int_equal(find(&series, "u1.service")->numbers.traced_ns, 250);
	series_free(&series);
	count(&series);
	assert_int_equal(find(&series, "u0.service")->numbers.traced_ns, 0);
	series_free(&series);
}

static struct lp_slow_callback stall_of(const struct lp_callback_info *callback,
					uint64_t duration_ns)
{
	return (struct lp_slow_callback){
		.loop = &infos[0], .callback = callback, .start_ns = 42, .duration_ns = duration_ns
	};
}

static void the_worst_stall_of_a_bucket_stands_for_it(void **state)
{
	struct lp_callback_info info = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };
	struct lp_callback_summary item = { .callback = &info };
	struct lp_series series = { .run_unix_ns = 1700000000999999999 };
	static const uint64_t times[] = { 130000000, 249000000, 140000000, 300000000 };
	const struct lp_exemplar *exemplar;
	struct lp_slow_callback slow;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		slow = stall_of(&info, times[i]);
		lp_histogram_add(&item.run, times[i]);
		series_stall(&series, &slow);
	}
	slow = stall_of(&info, 499000000);
	slow.in_progress = true;
	series_stall(&series, &slow);
	total.loop_count = 1;
	loops[0].items = &item;
	loops[0].callback_count = 1;
	count(&series);
	exemplar = find(&series, "u0.service")->own->exemplars;
	assert_non_null(exemplar);
	assert_int_equal(exemplar->duration_ns, 249000000);
	assert_string_equal(exemplar->stall, "1700000000-1-42");
	assert_string_equal(exemplar->line, "db.py:41");
	assert_string_equal(exemplar->cause, "");
	assert_int_equal(exemplar->next->duration_ns, 300000000);
	assert_null(exemplar->next->next);
	/* a stall that was exported is replaced by a later one, though that is shorter */
	slow = stall_of(&info, 150000000);
	series_stall(&series, &slow);
	assert_int_equal(exemplar->duration_ns, 150000000);
	series_free(&series);
}

static void the_line_of_a_stall_fits_whatever_the_file_is_called(void **state)
{
	struct lp_callback_info info = { .kind = LP_MODEL_TASK, .name = "f", .line = 4294967295 };
	struct lp_slow_callback slow = stall_of(&info, 130000000);
	struct lp_exemplar exemplar;
	size_t i;

	(void)state;
	/* characters of three bytes, the last of which is cut */
	strcpy(info.file, "/app/");
	for (i = 0; i < 100; i++)
		strcat(info.file, "\xe4\xbb\xbb");
	slow.start_ns = UINT64_MAX;
	slow.breakdown.time.known = true;
	slow.breakdown.time.run_queue_ns = 1;
	infos[0].id = UINT32_MAX;
	exemplar_set(&exemplar, &slow, UINT64_MAX);
	assert_true(strlen(exemplar.line) <= LP_EXEMPLAR_LINE);
	assert_memory_equal(exemplar.line, "\xe4\xbb\xbb", 3);
	assert_string_equal(exemplar.line + strlen(exemplar.line) - 11, ":4294967295");
	assert_string_equal(exemplar.cause, "run_queue");
	assert_true(strlen("stall") + strlen("line") + strlen("cause") + strlen(exemplar.stall) +
			    strlen(exemplar.line) + strlen(exemplar.cause) <=
		    128);
}

#define TEST(name) cmocka_unit_test_setup(name, make_loops)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_unit_leaves_sets_for_others),
		TEST(sets_of_labels_over_the_bound_are_other),
		TEST(labels_that_were_idle_for_long_give_their_place_to_others),
		TEST(labels_of_other_stay_there_while_there_are_loops_with_them),
		TEST(no_number_ever_falls),
		TEST(one_unit_leaves_series_of_callbacks_for_others),
		TEST(callbacks_of_all_loops_together_are_bounded),
		TEST(names_that_differ_by_an_address_only_are_one),
		TEST(traced_time_is_all_of_it_only_without_bursts),
		TEST(the_worst_stall_of_a_bucket_stands_for_it),
		TEST(the_line_of_a_stall_fits_whatever_the_file_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
