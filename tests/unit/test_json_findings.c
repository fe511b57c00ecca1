// SPDX-License-Identifier: BSD-2-Clause
/* The lines of findings, of lifetimes and of loops that end. */
#include "finding_fixture.h"
#include "json_fixture.h"

#define JSON_DROPPED                                                                               \
	"{\"function\":\"handle_request\",\"file\":\"/srv/app/views.py\",\"line\":31,"             \
	"\"kind\":\"python\"}"
#define JSON_FETCH "\"name\":\"fetch_user\",\"file\":\"/srv/app/users.py\",\"line\":14"

static const char *write_finding(const struct lp_finding *finding)
{
	static char text[65536];
	struct lp_sink *sink = open_sink();

	sink->observer.finding(sink, finding);
	strcpy(text, written());
	close_sink(sink);
	return text;
}

static const char *write_summary(const struct lp_summary *summary)
{
	static char text[65536];
	struct lp_sink *sink = open_sink();

	sink->observer.end(sink, summary, &end);
	strcpy(text, written());
	close_sink(sink);
	return text;
}

static void a_finding_of_which_little_is_known_is_null_elsewhere(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NEVER_AWAITED, NULL);

	(void)state;
	finding.stack.depth = 0;
	assert_string_equal(
		write_finding(&finding),
		"{\"type\":\"lost\",\"loop_id\":0,\"time_ns\":312000000,\"kind\":\"never_awaited\"," JSON_FETCH
		",\"task\":null,\"task_id\":null,\"exception\":null,\"created_at\":null,"
		"\"stack\":null,\"pid\":42,\"tid\":43,\"parked\":null,\"late_ns\":null,"
		"\"noticed\":null,\"loop_stack\":null,\"cancelled_ns\":null,\"passed_on\":null,\"more\":false}\n");
}

static void a_finding_has_all_that_is_known(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NEVER_RETRIEVED, &loop);

	(void)state;
	finding.task = 0xabc0;
	finding.task_name = "Task-\"7\"";
	finding.exception_type = "ValueError";
	finding.exception_message = "no \\ user";
	finding.created = finding.parked = dropping.frames[1];
	finding.stack = (struct lp_stack){ .depth = 1, .cut = true, .frames = &dropping.frames[1] };
	finding.more = true;
	assert_string_equal(
		write_finding(&finding),
		"{\"type\":\"lost\",\"loop_id\":1,\"time_ns\":312000000,"
		"\"kind\":\"exception_never_retrieved\"," JSON_FETCH
		",\"task\":\"Task-\\\"7\\\"\",\"task_id\":\"0xabc0\","
		"\"exception\":{\"type\":\"ValueError\",\"message\":\"no \\\\ user\"},"
		"\"created_at\":" JSON_DROPPED ",\"stack\":[" JSON_DROPPED "],\"stack_cut\":true,"
		"\"pid\":42,\"tid\":43,\"parked\":" JSON_DROPPED
		",\"late_ns\":null,\"noticed\":null,\"loop_stack\":null,\"cancelled_ns\":null,\"passed_on\":null,\"more\":true}\n");
}

static void a_wrong_thread_reports_how_late_its_callback_was(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_WRONG_THREAD, &loop);

	(void)state;
	finding.late_ns = 3100 * MS;
	finding.noticed = true;
	finding.loop_stack = (struct lp_stack){ .depth = 1, .frames = &dropping.frames[1] };
	assert_non_null(strstr(write_finding(&finding),
			       "\"late_ns\":3100000000,\"noticed\":true,\"loop_stack\":"
			       "[" JSON_DROPPED
			       "],\"cancelled_ns\":null,\"passed_on\":null,\"more\":false}\n"));
	finding.noticed = false;
	finding.loop_stack.depth = 0;
	assert_non_null(strstr(write_finding(&finding), "\"noticed\":false,\"loop_stack\":null,"));
}

static void a_cancelled_task_has_the_time_of_the_call_and_what_waited_for_it(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_CANCELLED, &loop);

	(void)state;
	finding.late_ns = 12 * MS;
	finding.noticed = true;
	finding.passed_on = dropping.frames[1];
	assert_non_null(strstr(write_finding(&finding),
			       "\"late_ns\":null,\"noticed\":null,\"loop_stack\":null,"
			       "\"cancelled_ns\":300000000,\"passed_on\":" JSON_DROPPED
			       ",\"more\":false}\n"));
	finding.noticed = false;
	finding.passed_on = NULL;
	assert_non_null(
		strstr(write_finding(&finding), "\"cancelled_ns\":null,\"passed_on\":null,"));
}

static void a_loop_that_ends_alone_has_the_stall_before_its_end(void **state)
{
	struct lp_loop_stop_report stop = { .loop = &loop,
					    .time_ns = 5,
					    .reason = LP_LOOP_STOP_THREAD,
					    .ran_ns = 9,
					    .callback = &task_info,
					    .task_name = "GET /",
					    .stall_ns = 7 };
	struct lp_sink *sink = open_sink();
	const char *text;

	(void)state;
	sink->observer.loop_stopped(sink, &stop);
	stop.callback = NULL;
	stop.reason = LP_LOOP_STOP_RUN;
	sink->observer.loop_stopped(sink, &stop);
	text = written();
	assert_non_null(
		strstr(text, "{\"type\":\"loop_end\",\"loop_id\":1,\"time_ns\":5,\"pid\":"));
	assert_non_null(strstr(text, ",\"reason\":\"thread\",\"ran_ns\":9,\"callback\":{"
				     "\"name\":\"fetch\",\"file\":\"/app/db.py\",\"line\":41,"
				     "\"task\":\"GET /\"},\"stall_ns\":7}\n"));
	assert_non_null(strstr(text, ",\"reason\":\"run\",\"ran_ns\":9,\"callback\":null,"
				     "\"stall_ns\":null}\n"));
	close_sink(sink);
}

static void each_kind_has_its_word(void **state)
{
	static const char *const words[LP_FINDING_KINDS] = {
		"never_awaited",     "exception_never_retrieved",
		"destroyed_pending", "pending_at_close",
		"closed_loop",	     "no_running_loop",
		"wrong_thread",	     "other_loop",
		"cancelled",
	};
	struct lp_finding finding;
	char wanted[64];
	int kind;

	(void)state;
	for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
		finding = finding_of((enum lp_finding_kind)kind, &loop);
		snprintf(wanted, sizeof(wanted), ",\"kind\":\"%s\",", words[kind]);
		assert_non_null(strstr(write_finding(&finding), wanted));
	}
}

static void the_summary_has_a_line_a_place(void **state)
{
	struct lp_finding_count counts[] = {
		count_of(LP_FINDING_NEVER_RETRIEVED, &loop, 12),
		count_of(LP_FINDING_WRONG_THREAD, NULL, 1),
	};
	const struct lp_summary summary = { .finding_count = 2,
					    .findings = counts,
					    .findings_dropped = 5 };
	const char *text;

	(void)state;
	counts[0].exception_type = "ValueError";
	counts[0].exception_message = "no such user";
	counts[1].created = counts[1].place;
	counts[1].place = NULL;
	counts[1].late_max_ns = 7;
	text = write_summary(&summary);
	assert_non_null(strstr(text, "{\"type\":\"lost_summary\",\"loop_id\":1,"
				     "\"kind\":\"exception_never_retrieved\"," JSON_FETCH
				     ",\"count\":12,\"place\":" JSON_DROPPED
				     ",\"created_at\":null,\"exception\":{\"type\":\"ValueError\","
				     "\"message\":\"no such user\"}}\n"));
	assert_non_null(strstr(text, "{\"type\":\"lost_summary\",\"loop_id\":0,"
				     "\"kind\":\"wrong_thread\"," JSON_FETCH
				     ",\"count\":1,\"place\":null,\"created_at\":" JSON_DROPPED
				     ",\"exception\":null,\"late_max_ns\":7}\n"));
	assert_non_null(strstr(text, ",\"lost_beyond\":5}\n"));
}

static void tasks_that_have_ended_have_a_line_a_coroutine(void **state)
{
	struct lp_lifetimes lifetimes = { .outcomes = { 0 } };
	struct lp_callback_summary items[] = { { .callback = &task_info,
						 .lifetimes = &lifetimes } };
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callback_count = 1, .items = items },
	};
	const struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text, *line;

	(void)state;
	add_lifetimes(&lifetimes, LP_OUTCOME_RETURNED, 4);
	add_lifetimes(&lifetimes, LP_OUTCOME_RAISED, 3);
	add_lifetimes(&lifetimes, LP_OUTCOME_CANCELLED, 2);
	add_lifetimes(&lifetimes, LP_OUTCOME_DESTROYED, 1);
	text = write_summary(&summary);
	/* the callback has not run in this interval */
	assert_null(strstr(text, "callback_summary"));
	line = strstr(text, "{\"type\":\"task_summary\",\"loop_id\":1,\"name\":\"fetch\","
			    "\"file\":\"/app/db.py\",\"line\":41,\"returned\":4,\"raised\":3,"
			    "\"cancelled\":2,\"destroyed\":1,\"life\":{\"count\":10,"
			    "\"sum_ns\":1000000000,");
	assert_non_null(line);
	assert_non_null(strstr(line, ",\"running\":{\"count\":10,\"sum_ns\":100000000,"));
	assert_non_null(strstr(line, ",\"queued\":{\"count\":10,\"sum_ns\":200000000,"));
	assert_non_null(strstr(line, ",\"waiting\":{\"count\":10,\"sum_ns\":700000000,"));
	lp_histogram_add(&items[0].run, MS);
	assert_non_null(strstr(write_summary(&summary), "callback_summary"));
}

#define TEST(name) cmocka_unit_test_teardown(name, restore_stdout)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_finding_of_which_little_is_known_is_null_elsewhere),
		TEST(a_finding_has_all_that_is_known),
		TEST(a_wrong_thread_reports_how_late_its_callback_was),
		TEST(a_cancelled_task_has_the_time_of_the_call_and_what_waited_for_it),
		TEST(a_loop_that_ends_alone_has_the_stall_before_its_end),
		TEST(each_kind_has_its_word),
		TEST(the_summary_has_a_line_a_place),
		TEST(tasks_that_have_ended_have_a_line_a_coroutine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
