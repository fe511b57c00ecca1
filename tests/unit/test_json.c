// SPDX-License-Identifier: BSD-2-Clause
/* The whole document: header and footer, loops, summaries, and its file. */
#include <errno.h>
#include <fcntl.h>

#include "json_fixture.h"

#define EMPTY_HISTOGRAM                                                                            \
	"{\"count\":0,\"sum_ns\":0,\"min_ns\":0,\"max_ns\":0,\"p50_ns\":0,\"p90_ns\":0,"           \
	"\"p99_ns\":0,\"scale\":3,\"zero_count\":0,\"offset\":0,\"buckets\":[]}"

static const struct lp_run run = {
	.tool = "loopprof 1.2.3",
	.mode = "trace",
	.host = "box",
	.threshold_ns = 100000000,
	.start_ns = 5,
	.start_unix_ns = 1700000000000000000,
};

static void expect_histogram(const struct lp_histogram *histogram, const char *wanted)
{
	struct lp_loop_summary loops[] = { { .loop = &loop, .iteration = *histogram } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink();
	const char *found;

	sink->observer.end(sink, &summary, &end);
	found = strstr(written(), "\"iteration\":");
	assert_non_null(found);
	found += strlen("\"iteration\":");
	assert_memory_equal(found, wanted, strlen(wanted));
	close_sink(sink);
}

static void a_run_begins_with_a_header_and_ends_with_a_footer(void **state)
{
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.run(sink, &run);
	assert_string_equal(written(),
			    "{\"type\":\"header\",\"version\":\"1.0\",\"tool\":\"loopprof 1.2.3\","
			    "\"mode\":\"trace\",\"threshold_ns\":100000000,\"start_ns\":5,"
			    "\"start_unix_ns\":1700000000000000000,\"host\":\"box\"}\n");
	sink->observer.end(sink, &nothing, &end);
	assert_non_null(strstr(written(), "}\n{\"type\":\"footer\",\"end_ns\":99,"
					  "\"reason\":\"interrupt\",\"lost_events\":3}\n"));
	close_sink(sink);
}

static void a_run_by_innermost_coroutines_says_so(void **state)
{
	struct lp_sink *sink = open_sink();
	struct lp_run inner = run;

	(void)state;
	inner.inner = true;
	sink->observer.run(sink, &inner);
	assert_non_null(strstr(written(), "\"host\":\"box\",\"inner\":true}\n"));
	close_sink(sink);
}

static void what_was_lost_is_in_the_footer_by_its_kind(void **state)
{
	struct lp_summary summary = { .lost = {
					      [LP_LOST_FINDINGS] = 2, [LP_LOST_UNREADABLE] = 1 } };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.end(sink, &summary, &end);
	assert_non_null(strstr(written(), "\"lost_events\":3,\"lost_findings\":2,"
					  "\"unreadable_processes\":1}\n"));
	close_sink(sink);
}

static void each_reason_to_end_has_its_word(void **state)
{
	static const struct {
		enum lp_run_end_reason reason;
		const char *word;
	} breakdown[] = {
		{ LP_RUN_END_INTERRUPT, "\"interrupt\"" },
		{ LP_RUN_END_DURATION, "\"duration\"" },
		{ LP_RUN_END_TARGET_EXITED, "\"target_exited\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(breakdown) / sizeof(*breakdown); i++) {
		struct lp_run_end this_end = { .reason = breakdown[i].reason };
		struct lp_sink *sink = open_sink();

		sink->observer.end(sink, &nothing, &this_end);
		assert_non_null(strstr(written(), breakdown[i].word));
		close_sink(sink);
	}
}

static void a_loop_is_reported_with_its_labels_or_null(void **state)
{
	struct lp_loop_info contained = loop;
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.loop(sink, &loop);
	strcpy(contained.container, "0123abcd");
	strcpy(contained.unit, "api@1.service");
	strcpy(contained.pod, "1e2f");
	strcpy(contained.host, "web-1");
	strcpy(contained.comm, "a \"b\"");
	sink->observer.loop(sink, &contained);
	assert_string_equal(
		written(),
		"{\"type\":\"loop\",\"loop_id\":1,\"pid\":42,\"tid\":43,\"comm\":\"gunicorn\","
		"\"runtime\":\"asyncio\",\"runtime_version\":\"3.11.2\","
		"\"exe\":\"/usr/bin/python3.11\",\"container\":null,"
		"\"unit\":null,\"pod\":null,\"host\":null}\n"
		"{\"type\":\"loop\",\"loop_id\":1,\"pid\":42,\"tid\":43,\"comm\":\"a \\\"b\\\"\","
		"\"runtime\":\"asyncio\",\"runtime_version\":\"3.11.2\","
		"\"exe\":\"/usr/bin/python3.11\",\"container\":\"0123abcd\","
		"\"unit\":\"api@1.service\",\"pod\":\"1e2f\",\"host\":\"web-1\"}\n");
	close_sink(sink);
}

static void the_end_reports_every_loop_and_callback(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &task_info, .slow = 2 },
					       { .callback = &builtin_info } };
	struct lp_loop_summary loops[] = { {
		.loop = &loop,
		.wall_ns = 110,
		.busy_ns = 42,
		.idle_ns = 58,
		.iterations = 7,
		.callbacks = 8,
		.slow_callbacks = 9,
		.suppressed = 3,
		.traced_ns = 100,
		.traced_known = true,
		.callback_count = 2,
		.items = items,
	} };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.end(sink, &summary, &end);
	assert_string_equal(
		written(),
		"{\"type\":\"loop_summary\",\"loop_id\":1,\"wall_ns\":110,\"busy_ns\":42,"
		"\"idle_ns\":58,\"rest_ns\":42,\"utilization\":0.420000,\"iterations\":7,\"callbacks\":8,"
		"\"slow_callbacks\":9,\"untold\":3,\"untold_iterations\":0,\"traced_ns\":100,\"iteration\":" EMPTY_HISTOGRAM
		"}\n"
		"{\"type\":\"callback_summary\",\"loop_id\":1,\"kind\":\"task\",\"name\":\"fetch\","
		"\"file\":\"/app/db.py\",\"line\":41,\"count\":0,\"slow\":2,"
		"\"run\":" EMPTY_HISTOGRAM ",\"queue\":null}\n"
		"{\"type\":\"callback_summary\",\"loop_id\":1,\"kind\":\"callback\","
		"\"name\":\"Future.set\",\"file\":\"\",\"line\":0,\"count\":0,\"slow\":0,"
		"\"run\":" EMPTY_HISTOGRAM ",\"queue\":null}\n"
		"{\"type\":\"footer\",\"end_ns\":99,\"reason\":\"interrupt\",\"lost_events\":3}\n");
	close_sink(sink);
}

#define CAUSE(word) "{\"type\":\"cause_summary\",\"loop_id\":1,\"cause\":\"" word "\","

static void lost_time_follow_the_callbacks_of_their_loop(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &task_info } };
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED,
		  .syscall = "recvfrom",
		  .target = "tcp 10.0.3.7:5432",
		  .frame = FRAME("execute", "/app/db.py", 41),
		  .count = 29,
		  .total_ns = 8910 },
		{ .kind = LP_CAUSE_ON_CPU,
		  .frame = NATIVE("recv", "/lib/libc.so.6"),
		  .count = 5,
		  .total_ns = 50 },
		{ .kind = LP_CAUSE_GIL, .held_by = "Thread-3", .count = 4, .total_ns = 40 },
		{ .kind = LP_CAUSE_RUN_QUEUE, .count = 3, .total_ns = 30 },
		{ .kind = LP_CAUSE_GC, .count = 2, .total_ns = 20 },
	};
	struct lp_loop_summary loops[] = { { .loop = &loop,
					     .callback_count = 1,
					     .items = items,
					     .cause_count = 5,
					     .causes = causes } };
	struct lp_summary total = { .now_ns = 77, .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.interval(sink, &nothing, &total);
	assert_non_null(strstr(
		written(),
		"\"queue\":null,\"now_ns\":77}\n" CAUSE(
			"blocked") "\"syscall\":\"recvfrom\",\"target\":\"tcp 10.0.3.7:5432\",\"held_by\":null,"
				   "\"frame\":" JSON_EXECUTE
				   ",\"count\":29,\"total_ns\":8910,\"now_ns\":77}\n" CAUSE(
					   "on_cpu") "\"syscall\":null,\"target\":null,\"held_by\":null,"
						     "\"frame\":" JSON_RECV
						     ",\"count\":5,\"total_ns\":50,\"now_ns\":77}\n" CAUSE(
							     "gil") "\"syscall\":null,\"target\":null,\"held_by\":\"Thread-3\","
								    "\"frame\":null,\"count\":4,\"total_ns\":40,\"now_ns\":77}\n" CAUSE(
									    "run_queue") "\"syscall\":null,\"target\":null,\"held_by\":null,"
											 "\"frame\":null,\"count\":3,\"total_ns\":30,\"now_ns\":77}\n" CAUSE(
												 "gc") "\"syscall\":null,\"target\":null,\"held_by\":null,"
												       "\"frame\":null,\"count\":2,\"total_ns\":20,\"now_ns\":77}\n"));
	close_sink(sink);
}

static void callbacks_known_from_samples_say_so(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &task_info } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary total = { .loop_count = 1, .loops = loops };
	struct lp_run sample_mode = run;
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.end(sink, &total, &end);
	assert_null(strstr(written(), "sampled"));
	sample_mode.sampled = true;
	sink->observer.run(sink, &sample_mode);
	sink->observer.end(sink, &total, &end);
	assert_non_null(strstr(written(), "\"queue\":null,\"sampled\":true}\n"));
	close_sink(sink);
}

static void an_interval_reports_the_total_and_when(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &task_info } };
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .iterations = 500, .callback_count = 1, .items = items }
	};
	struct lp_summary total = { .now_ns = 77, .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.interval(sink, &nothing, &total);
	assert_non_null(strstr(written(), "\"iterations\":500,"));
	assert_non_null(strstr(written(), "\"iteration\":" EMPTY_HISTOGRAM ",\"now_ns\":77}\n"));
	assert_non_null(strstr(written(), "\"queue\":null,\"now_ns\":77}\n"));
	close_sink(sink);
}

static void queue_delays_are_reported_only_if_measured(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &task_info } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary total = { .loop_count = 1, .loops = loops };
	struct lp_run with_queue = run;
	struct lp_sink *sink = open_sink();

	(void)state;
	with_queue.queue = true;
	sink->observer.run(sink, &with_queue);
	sink->observer.end(sink, &total, &end);
	assert_non_null(strstr(written(), "\"queue\":" EMPTY_HISTOGRAM "}\n"));
	close_sink(sink);
}

static void callbacks_without_a_loop_have_loop_0(void **state)
{
	struct lp_callback_info other = { .kind = LP_MODEL_CALLBACK, .name = "other" };
	struct lp_callback_summary items[] = { { .callback = &other } };
	struct lp_loop_summary loops[] = { { .callback_count = 1, .items = items } };
	struct lp_summary total = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink();

	(void)state;
	sink->observer.end(sink, &total, &end);
	assert_null(strstr(written(), "loop_summary"));
	assert_non_null(strstr(written(), "{\"type\":\"callback_summary\",\"loop_id\":0,"
					  "\"kind\":\"callback\",\"name\":\"other\","));
	close_sink(sink);
}

static void an_empty_histogram_has_no_buckets(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	expect_histogram(&histogram, EMPTY_HISTOGRAM "}\n");
}

static void buckets_are_trimmed_and_offset_as_opentelemetry_counts(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	/* (2^-1/8, 1] s is index -1; (1, 2^1/8] is index 0 */
	lp_histogram_add(&histogram, 1000000000);
	lp_histogram_add(&histogram, 1000000001);
	lp_histogram_add(&histogram, 1300000000);
	expect_histogram(&histogram,
			 "{\"count\":3,\"sum_ns\":3300000001,\"min_ns\":1000000000,"
			 "\"max_ns\":1300000000,\"p50_ns\":1090507732,\"p90_ns\":1300000000,"
			 "\"p99_ns\":1300000000,\"scale\":3,\"zero_count\":0,\"offset\":-1,"
			 "\"buckets\":[1,1,0,0,1]}");
}

static void the_first_real_bucket_is_index_minus_160(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	lp_histogram_add(&histogram, 1);
	lp_histogram_add(&histogram, 953);
	lp_histogram_add(&histogram, 954);
	expect_histogram(&histogram, "{\"count\":3,\"sum_ns\":1908,\"min_ns\":1,\"max_ns\":954,"
				     "\"p50_ns\":953,\"p90_ns\":954,\"p99_ns\":954,\"scale\":3,"
				     "\"zero_count\":2,\"offset\":-160,\"buckets\":[1]}");
}

static void overflow_is_the_bucket_after_the_last(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	lp_histogram_add(&histogram, 64000000001);
	expect_histogram(&histogram, "{\"count\":1,\"sum_ns\":64000000001,\"min_ns\":64000000001,"
				     "\"max_ns\":64000000001,\"p50_ns\":64000000001,"
				     "\"p90_ns\":64000000001,\"p99_ns\":64000000001,\"scale\":3,"
				     "\"zero_count\":0,\"offset\":48,\"buckets\":[1]}");
}

static void only_times_below_the_first_bucket_leave_no_buckets(void **state)
{
	struct lp_histogram histogram = { 0 };

	(void)state;
	lp_histogram_add(&histogram, 900);
	expect_histogram(&histogram, "{\"count\":1,\"sum_ns\":900,\"min_ns\":900,\"max_ns\":900,"
				     "\"p50_ns\":900,\"p90_ns\":900,\"p99_ns\":900,\"scale\":3,"
				     "\"zero_count\":1,\"offset\":0,\"buckets\":[]}");
}

static void the_first_write_error_is_reported_at_close(void **state)
{
	struct lp_error error;
	struct lp_sink *sink;

	(void)state;
	redirect_stdout(open("/dev/full", O_WRONLY));
	assert_int_equal(json_format.open(NULL, NULL, &sink, &error), 0);
	sink->observer.run(sink, &run);
	sink->observer.loop(sink, &loop);
	assert_int_equal(sink->close(sink), -ENOSPC);
}

static void a_file_is_written_whole_with_each_summary(void **state)
{
	struct lp_error error;
	struct lp_sink *sink;
	const char *text;

	(void)state;
	snprintf(path, sizeof(path), "%s/loopprof-json-%d.json", "/tmp", getpid());
	assert_int_equal(json_format.open(path, NULL, &sink, &error), 0);
	sink->observer.run(sink, &run);
	sink->observer.loop(sink, &loop);
	/* a reader never sees an unfinished file */
	assert_int_equal(access(path, F_OK), -1);
	sink->observer.interval(sink, &nothing, &nothing);
	text = written();
	assert_non_null(strstr(text, "\"type\":\"header\""));
	assert_non_null(strstr(text, "\"type\":\"loop\""));
	assert_null(strstr(text, "\"type\":\"footer\""));
	sink->observer.end(sink, &nothing, &end);
	text = written();
	assert_ptr_equal(strstr(text, "{\"type\":\"header\""), text);
	assert_non_null(strstr(text, "\"type\":\"footer\""));
	assert_int_equal(sink->close(sink), 0);
	unlink(path);
}

static void a_file_that_cannot_be_opened_is_reported(void **state)
{
	struct lp_error error = { 0 };
	struct lp_sink *sink;

	(void)state;
	assert_int_equal(json_format.open("/nowhere/at/all.json", NULL, &sink, &error), -ENOENT);
	assert_null(sink);
	assert_non_null(strstr(error.text, "create it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_begins_with_a_header_and_ends_with_a_footer),
		cmocka_unit_test(a_run_by_innermost_coroutines_says_so),
		cmocka_unit_test(what_was_lost_is_in_the_footer_by_its_kind),
		cmocka_unit_test(each_reason_to_end_has_its_word),
		cmocka_unit_test(a_loop_is_reported_with_its_labels_or_null),
		cmocka_unit_test(the_end_reports_every_loop_and_callback),
		cmocka_unit_test(lost_time_follow_the_callbacks_of_their_loop),
		cmocka_unit_test(callbacks_known_from_samples_say_so),
		cmocka_unit_test(an_interval_reports_the_total_and_when),
		cmocka_unit_test(queue_delays_are_reported_only_if_measured),
		cmocka_unit_test(callbacks_without_a_loop_have_loop_0),
		cmocka_unit_test(an_empty_histogram_has_no_buckets),
		cmocka_unit_test(buckets_are_trimmed_and_offset_as_opentelemetry_counts),
		cmocka_unit_test(the_first_real_bucket_is_index_minus_160),
		cmocka_unit_test(overflow_is_the_bucket_after_the_last),
		cmocka_unit_test(only_times_below_the_first_bucket_leave_no_buckets),
		cmocka_unit_test_teardown(the_first_write_error_is_reported_at_close,
					  restore_stdout),
		cmocka_unit_test(a_file_is_written_whole_with_each_summary),
		cmocka_unit_test(a_file_that_cannot_be_opened_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
