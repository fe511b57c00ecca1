// SPDX-License-Identifier: BSD-2-Clause
/* Series of the Prometheus format: their labels, their limits, and what they add up. */
#include "prometheus_fixture.h"

#define MANY 300

static void labels_name_the_service_but_no_process(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &fetch } };
	struct lp_loop_info contained = loop;
	struct lp_loop_summary loops[] = {
		{ .loop = &contained, .busy_ns = 1500000000, .callback_count = 1, .items = items }
	};
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text;

	(void)state;
	strcpy(contained.container, "0123abcd");
	strcpy(contained.unit, "api\\x2d1.service");
	strcpy(contained.pod, "0f7c");
	strcpy(contained.host, "vm7");
	lp_histogram_add(&items[0].run, 1000);
	text = write_once(&prom_format, &summary, false);
	expect_line(text, "loopprof_loop_busy_seconds_total{loop=\"asyncio\",service=\"gunicorn\","
			  "unit=\"api\\\\x2d1.service\",container=\"0123abcd\",pod=\"0f7c\"} 1.5");
	expect_line(text,
		    "loopprof_callback_run_seconds_count{loop=\"asyncio\",service=\"gunicorn\","
		    "unit=\"api\\\\x2d1.service\",container=\"0123abcd\",pod=\"0f7c\","
		    "callback=\"fetch\",file=\"db.py\",kind=\"task\"} 1");
	assert_null(strstr(text, "424"));
	assert_null(strstr(text, "/app"));
	assert_null(strstr(text, "secret"));
	/* the host's name is a label that the scraper adds */
	assert_null(strstr(text, "vm7"));
}

static void values_of_labels_are_escaped(void **state)
{
	struct lp_callback_info strange = { LP_MODEL_CALLBACK, "a\"b\\c\nd", "x\"y.py", 1 };
	struct lp_callback_summary items[] = { { .callback = &strange } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };

	(void)state;
	expect_line(write_once(&prom_format, &summary, false),
		    "loopprof_callback_run_seconds_sum{loop=\"asyncio\",service=\"gunicorn\","
		    "callback=\"a\\\"b\\\\c\\nd\",file=\"x\\\"y.py\",kind=\"callback\"} 0");
}

static void loops_that_do_not_wait_any_more_are_counted(void **state)
{
	struct lp_loop_summary loops[] = { { .loop = &loop,
					     .wall_ns = 2000000000,
					     .busy_ns = 1999000000,
					     .idle_ns = 1000000,
					     .iterations = 200000 } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };

	(void)state;
	expect_line(write_once(&prom_format, &summary, false),
		    "loopprof_loops_never_waiting{loop=\"asyncio\",service=\"gunicorn\"} 1");
	/* a number that counts the present, unlike all others */
	loops[0].busy_ns = 1000000;
	loops[0].idle_ns = 1999000000;
	expect_line(write_once(&prom_format, &summary, false),
		    "loopprof_loops_never_waiting{loop=\"asyncio\",service=\"gunicorn\"} 0");
}

static void series_with_the_same_labels_are_added(void **state)
{
	/* the same name in a file of the same name: one series, whatever the line */
	struct lp_callback_info again = { LP_MODEL_TASK, "fetch", "/lib/db.py", 7 };
	struct lp_callback_info builtin = { LP_MODEL_CALLBACK, "fetch", "/lib/db.py", 7 };
	struct lp_callback_summary first[] = { { .callback = &fetch } };
	struct lp_callback_summary second[] = { { .callback = &again }, { .callback = &builtin } };
	struct lp_loop_info sibling = loop;
	struct lp_loop_summary loops[] = {
		{ .loop = &loop,
		  .busy_ns = 1,
		  .idle_ns = 2000000000,
		  .iterations = 3,
		  .callbacks = 4,
		  .slow_callbacks = 5,
		  .callback_count = 1,
		  .items = first },
		{ .loop = &sibling,
		  .busy_ns = 999999999,
		  .idle_ns = 1,
		  .iterations = 30,
		  .callbacks = 40,
		  .slow_callbacks = 50,
		  .callback_count = 2,
		  .items = second },
	};
	struct lp_summary summary = { .loop_count = 2, .loops = loops };
	const char *text;

	(void)state;
	sibling.id = 2;
	sibling.pid = 9;
	lp_histogram_add(&first[0].run, 1000000);
	lp_histogram_add(&second[0].run, 2000001);
	lp_histogram_add(&second[1].run, 5);
	lp_histogram_add(&loops[0].iteration, 10);
	lp_histogram_add(&loops[1].iteration, 20);
	text = write_once(&prom_format, &summary, false);
#define LABELS "{loop=\"asyncio\",service=\"gunicorn\"}"
	expect_line(text, "loopprof_loop_busy_seconds_total" LABELS " 1");
	expect_line(text, "loopprof_loop_idle_seconds_total" LABELS " 2.000000001");
	expect_line(text, "loopprof_loop_iterations_total" LABELS " 33");
	expect_line(text, "loopprof_loop_callbacks_total" LABELS " 44");
	expect_line(text, "loopprof_loop_slow_callbacks_total" LABELS " 55");
	expect_line(text, "loopprof_loop_iteration_seconds_sum" LABELS " 0.00000003");
	expect_line(text, "loopprof_loop_iteration_seconds_count" LABELS " 2");
	expect_line(text, "loopprof_callback_run_seconds_sum{loop=\"asyncio\",service=\"gunicorn\","
			  "callback=\"fetch\",file=\"db.py\",kind=\"task\"} 0.003000001");
	expect_line(text,
		    "loopprof_callback_run_seconds_count{loop=\"asyncio\",service=\"gunicorn\","
		    "callback=\"fetch\",file=\"db.py\",kind=\"callback\"} 1");
	assert_int_equal(count_of(text, "loopprof_callback_run_seconds_count"), 2);
}

static void run_times_known_from_samples_say_so(void **state)
{
	struct lp_run sampled = run;
	struct lp_sink *sink = open_sink(&prom_format, false);

	(void)state;
	sampled.sampled = true;
	sink->observer.run(sink, &sampled);
	sink->observer.end(sink, &nothing, &end);
	assert_int_equal(sink->close(sink), 0);
	expect_line(written(), "# HELP loopprof_callback_run_seconds Time that a callback held its "
			       "event loop, by samples of late iterations only.");
}

static void callbacks_without_a_loop_are_other(void **state)
{
	struct lp_callback_info info = { .kind = LP_MODEL_CALLBACK, .name = "other" };
	struct lp_callback_summary items[] = { { .callback = &info } };
	struct lp_loop_summary loops[] = { { .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text;

	(void)state;
	lp_histogram_add(&items[0].run, 3000000000);
	text = write_once(&prom_format, &summary, false);
	expect_line(text, "loopprof_callback_run_seconds_sum{callback=\"other\"} 3");
	assert_null(strstr(text, "\nloopprof_loop_busy_seconds_total"));
}

static void fill_many(struct lp_callback_info *infos, struct lp_callback_summary *items)
{
	size_t i;

	memset(infos, 0, MANY * sizeof(*infos));
	memset(items, 0, MANY * sizeof(*items));
	for (i = 0; i < MANY; i++) {
		snprintf(infos[i].name, sizeof(infos[i].name), "f%zu", i);
		items[i].callback = &infos[i];
		/* the later an item is, the longer it takes */
		lp_histogram_add(&items[i].run, (i + 1) * 1000);
	}
}

#define OTHER "{loop=\"asyncio\",service=\"gunicorn\",callback=\"other\"}"
#define NAMED(name) "{loop=\"asyncio\",service=\"gunicorn\",callback=\"" name "\",kind=\"task\"}"

static void callbacks_over_the_limit_are_merged_into_other(void **state)
{
	static struct lp_callback_info infos[MANY];
	static struct lp_callback_summary items[MANY];
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callback_count = MANY, .items = items }
	};
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text;

	(void)state;
	fill_many(infos, items);
	text = write_once(&prom_format, &summary, false);
	assert_int_equal(count_of(text, "loopprof_callback_run_seconds_count{"), 201);
	expect_line(text, "loopprof_callback_run_seconds_count" NAMED("f299") " 1");
	expect_line(text, "loopprof_callback_run_seconds_count" NAMED("f100") " 1");
	assert_null(strstr(text, "\"f99\""));
	expect_line(text, "loopprof_callback_run_seconds_count" OTHER " 100");
	/* the sum of 1 us to 100 us */
	expect_line(text, "loopprof_callback_run_seconds_sum" OTHER " 0.00505");
}

static void no_series_ever_loses_what_it_has_counted(void **state)
{
	static struct lp_callback_info infos[MANY];
	static struct lp_callback_summary items[MANY];
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callback_count = MANY, .items = items }
	};
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink(&prom_format, false);
	const char *text;

	(void)state;
	fill_many(infos, items);
	sink->observer.interval(sink, &nothing, &summary);
	/* the item with the least time becomes the one with the most */
	lp_histogram_add(&items[0].run, 5000000000);
	sink->observer.end(sink, &summary, &end);
	text = written();
	assert_null(strstr(text, "\"f0\""));
	expect_line(text, "loopprof_callback_run_seconds_sum" OTHER " 5.00505");
	expect_line(text, "loopprof_callback_run_seconds_count" NAMED("f100") " 1");
	assert_int_equal(sink->close(sink), 0);
}

static void a_new_callback_gets_its_own_series_while_there_is_space(void **state)
{
	struct lp_callback_info later = { LP_MODEL_TASK, "later", "", 0 };
	struct lp_callback_summary items[] = { { .callback = &fetch }, { .callback = &later } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink(&prom_format, false);

	(void)state;
	sink->observer.interval(sink, &nothing, &summary);
	assert_null(strstr(written(), "later"));
	lp_histogram_add(&items[1].run, 7000000000);
	loops[0].callback_count = 2;
	/* the total, not what was added since the series began */
	sink->observer.interval(sink, &nothing, &summary);
	sink->observer.interval(sink, &nothing, &summary);
	expect_line(written(), "loopprof_callback_run_seconds_sum" NAMED("later") " 7");
	assert_int_equal(sink->close(sink), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(labels_name_the_service_but_no_process),
		TEST(values_of_labels_are_escaped),
		TEST(loops_that_do_not_wait_any_more_are_counted),
		TEST(series_with_the_same_labels_are_added),
		TEST(run_times_known_from_samples_say_so),
		TEST(callbacks_without_a_loop_are_other),
		TEST(callbacks_over_the_limit_are_merged_into_other),
		TEST(no_series_ever_loses_what_it_has_counted),
		TEST(a_new_callback_gets_its_own_series_while_there_is_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
