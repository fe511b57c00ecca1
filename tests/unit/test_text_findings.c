// SPDX-License-Identifier: BSD-2-Clause
/* Findings in the text output: the first one of each place, the table, and the explanations. */
#include "finding_fixture.h"
#include "text_fixture.h"

#include "model/finding_kinds.h"
#include "runtime/registry.h"

static const struct lp_run_end end;

static const char *print_on(const struct lp_terminal *terminal, const struct lp_finding *finding)
{
	struct lp_sink *sink = open_sink(terminal, false);

	sink->observer.finding(sink, finding);
	return written(sink, terminal->columns);
}

static const char *print(const struct lp_finding *finding)
{
	return print_on(&wide, finding);
}

static const char *print_summary(const struct lp_terminal *terminal,
				 const struct lp_summary *summary, bool explain)
{
	const struct lp_run run = { .explain = explain };
	struct lp_sink *sink = open_sink(terminal, false);

	sink->observer.run(sink, &run);
	sink->observer.end(sink, summary, &end);
	return written(sink, terminal->columns);
}

static void one_that_was_never_awaited_shows_who_dropped_it(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NEVER_AWAITED, &loop);

	(void)state;
	finding.created = dropping.frames[2];
	assert_string_equal(print(&finding),
			    "12:01:07.312  never awaited  fetch_user (app/users.py:14)\n"
			    "    dropped at\n"
			    "        handle_request  app/views.py:31\n"
			    "        serve           app/server.py:12\n"
			    "    created at\n"
			    "        serve  app/server.py:12\n");
}

static void the_same_is_printed_once(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NEVER_AWAITED, &loop);

	(void)state;
	finding.before = 1;
	assert_string_equal(print(&finding), "");
}

static void an_exception_is_reported_with_its_task_and_message(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NEVER_RETRIEVED, &loop);

	(void)state;
	finding.task = 1;
	finding.task_name = "Task-7";
	finding.exception_type = "ValueError";
	finding.exception_message = "no user of that name is known, so that nothing of it could "
				    "be fetched from the server";
	finding.stack.depth = 0;
	assert_string_equal(
		print(&finding),
		"12:01:07.312  exception never retrieved  fetch_user  task 'Task-7' (users.py:14)\n"
		"    ValueError: no user of that name is known, so that nothing of it could be\n"
		"    fetched from the server\n");
	finding.name = finding.file = "";
	finding.task = 0;
	finding.exception_message = "";
	assert_string_equal(print(&finding), "12:01:07.312  exception never retrieved  a future\n"
					     "    ValueError\n");
}

static void what_was_pending_shows_where_it_waits(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_DESTROYED_PENDING, &loop);

	(void)state;
	finding.parked = COROUTINE("fetch_user", "/srv/app/users.py", 15);
	finding.stack.depth = 0;
	assert_string_equal(print(&finding),
			    "12:01:07.312  destroyed while pending  fetch_user (app/users.py:14)\n"
			    "    waiting at\n"
			    "        fetch_user  app/users.py:15\n");
	finding.kind = LP_FINDING_PENDING_AT_CLOSE;
	finding.more = true;
	assert_non_null(strstr(print(&finding), "    more tasks were pending than are listed\n"));
}

static void a_cancelled_task_shows_who_cancelled_it(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_CANCELLED, &loop);

	(void)state;
	finding.task = 1;
	finding.task_name = "Task-7";
	finding.exception_type = "CancelledError";
	finding.exception_message = "too slow";
	finding.late_ns = 3100000;
	finding.noticed = true;
	assert_string_equal(print(&finding),
			    "12:01:07.312  cancelled  fetch_user  task 'Task-7' (app/users.py:14)\n"
			    "    by handle_request (views.py:31), 3.10 ms before its end: "
			    "\"too slow\"\n"
			    "    cancelled at\n"
			    "        handle_request  app/views.py:31\n"
			    "        serve           app/server.py:12\n");
}

/* As by a timeout: the program is not on the stack, but in the task that waits. */
static void a_cancellation_that_is_passed_on_shows_the_line_that_waited(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_CANCELLED, &loop);

	(void)state;
	finding.exception_message = "";
	finding.passed_on = FRAME("wait", "/srv/app/users.py", 15);
	finding.stack = polling;
	assert_non_null(strstr(print(&finding), "    by BaseEventLoop._run_once "
						"(base_events.py:1884), passed on by wait\n"
						"    (users.py:15)\n"));
	finding.passed_on = NULL;
	finding.stack.depth = 0;
	assert_non_null(strstr(print(&finding), "    by an unknown caller\n"));
	/* the call was recorded, and has no frame: that of the loop's function in C is none */
	finding.noticed = true;
	finding.late_ns = 98100;
	assert_non_null(strstr(print(&finding), "    by the loop: cancel() itself was a callback, "
						"98.1 us before its end\n"));
	finding.stack.unreadable = true;
	assert_non_null(strstr(print(&finding), "    by an unknown caller, 98.1 us before"));
}

static void a_wrong_thread_shows_both_threads(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_WRONG_THREAD, &loop);

	(void)state;
	finding.stack = scheduling;
	finding.tid = 44;
	finding.loop_stack = polling;
	finding.late_ns = 3100 * MS;
	finding.noticed = true;
	assert_string_equal(
		print(&finding),
		"12:01:07.312  scheduled from the wrong thread  fetch_user (app/users.py:14)\n"
		"    scheduled at, in thread 44\n"
		"        on_message  app/mqtt.py:31\n"
		"    noticed after 3.10 s\n"
		"    the loop was in\n"
		"        EpollSelector.select     python3.11/selectors.py:468\n"
		"        BaseEventLoop._run_once  asyncio/base_events.py:1884\n");
	finding.noticed = false;
	assert_non_null(strstr(print(&finding), "    not noticed yet after 3.10 s\n"));
}

static void a_stack_of_the_library_alone_is_shown_as_it_is(void **state)
{
	struct lp_finding finding = finding_of(LP_FINDING_NO_RUNNING_LOOP, NULL);

	(void)state;
	finding.name = finding.file = "";
	finding.stack = polling;
	assert_string_equal(print(&finding),
			    "12:01:07.312  no running loop\n"
			    "    raised at\n"
			    "        EpollSelector.select     python3.11/selectors.py:468\n"
			    "        BaseEventLoop._run_once  asyncio/base_events.py:1884\n");
}

static void every_kind_fits_a_narrow_page(void **state)
{
	static const struct lp_terminal narrow = { .columns = 64 };
	struct lp_finding finding;
	int kind;

	(void)state;
	for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
		finding = finding_of((enum lp_finding_kind)kind, &loop);
		finding.name = LONG_NAME;
		finding.file = "/srv/" LONG_NAME ".py";
		finding.task = 1;
		finding.task_name = LONG_NAME;
		finding.exception_type = LONG_NAME;
		finding.exception_message = LONG_NAME "\xe2\x82\xac " LONG_NAME;
		finding.parked = finding.created = FRAME(LONG_NAME, LONG_NAME, 1);
		/* print_on() measures the lines */
		assert_non_null(strstr(print_on(&narrow, &finding),
				       finding_row((enum lp_finding_kind)kind)->title));
	}
}

static void colour_goes_to_the_title(void **state)
{
	static const struct lp_terminal colourful = { .columns = 200, .colour = true };
	struct lp_finding finding = finding_of(LP_FINDING_OTHER_LOOP, &loop);

	(void)state;
	assert_non_null(strstr(print_on(&colourful, &finding),
			       "\033[1;31mattached to another loop\033[0m  fetch_user (app"));
}

static void the_summary_has_a_table_and_a_hint(void **state)
{
	struct lp_finding_count counts[] = {
		count_of(LP_FINDING_NEVER_AWAITED, &loop, 12),
		count_of(LP_FINDING_NEVER_RETRIEVED, &loop, 3),
		count_of(LP_FINDING_WRONG_THREAD, &loop, 1),
	};
	const struct lp_summary summary = { .finding_count = 3,
					    .findings = counts,
					    .findings_dropped = 2 };
	static const struct lp_terminal wider = { .columns = 100, .utf8 = true };
	const char *text;

	(void)state;
	counts[1].exception_type = "ValueError";
	counts[2].late_max_ns = 3100 * MS;
	assert_string_equal(
		print_summary(&wide, &summary, false),
		"\nno event loop ran\n"
		"\nwhat got lost                                                              times\n"
		"    never awaited                    fetch_user               views.py:31     12\n"
		"    exception never retrieved        fetch_user: ValueError   users.py:14      3\n"
		"    scheduled from the wrong thread  fetch_user               views.py:31      1\n"
		"    and 2 at more places than can be listed\n"
		"`loopprof --explain` says what these mean and what to do\n");
	text = print_summary(&wider, &summary, false);
	assert_non_null(strstr(text, "  fetch_user, up to 3.10 s late  "));
}

static void a_table_of_several_loops_reports_which(void **state)
{
	static const struct lp_loop_info another = { .id = 2, .comm = "gunicorn" };
	struct lp_finding_count counts[] = {
		count_of(LP_FINDING_NEVER_AWAITED, &another, 12),
		count_of(LP_FINDING_NEVER_AWAITED, NULL, 12),
	};
	struct lp_loop_summary loops[] = { { .loop = &loop }, { .loop = &another } };
	const struct lp_summary summary = {
		.finding_count = 2, .findings = counts, .loop_count = 2, .loops = loops
	};
	const char *text;

	(void)state;
	text = print_summary(&wide, &summary, false);
	assert_non_null(strstr(text, "times  loop\n"));
	assert_non_null(strstr(text, "   12     2\n"));
	assert_non_null(strstr(text, "   12\n"));
}

static void a_long_table_is_cut_and_says_so(void **state)
{
	static const struct lp_shown_frame place = {
		LP_FRAME_PYTHON, false, false, 123456, (char *)LONG_NAME, (char *)LONG_NAME
	};
	struct lp_finding_count counts[22];
	const struct lp_summary summary = { .finding_count = 22, .findings = counts };
	size_t i;

	(void)state;
	for (i = 0; i < 22; i++) {
		counts[i] = count_of(LP_FINDING_WRONG_THREAD, &loop, 1000000000);
		counts[i].name = LONG_NAME;
		counts[i].place = &place;
	}
	assert_non_null(strstr(print_summary(&wide, &summary, false),
			       "    and 2 more that were fewer (-j has them)\n"));
}

static void an_explanation_is_of_what_occurred(void **state)
{
	struct lp_finding_count counts[] = {
		count_of(LP_FINDING_WRONG_THREAD, &loop, 12),
		count_of(LP_FINDING_NEVER_AWAITED, &loop, 3),
		count_of(LP_FINDING_NEVER_AWAITED, NULL, 3),
	};
	const struct lp_summary summary = { .finding_count = 3, .findings = counts };
	const char *text;

	(void)state;
	text = print_summary(&wide, &summary, true);
	text = strstr(text, "\nnever awaited (never_awaited)\n    A coroutine ");
	assert_non_null(text);
	assert_non_null(strstr(text, "\n    Why it is easily missed: "));
	assert_non_null(strstr(text, "\n    What to do: "));
	text = strstr(text + 1, "\nscheduled from the wrong thread (wrong_thread), only with");
	assert_non_null(text);
	assert_null(strstr(text, "never awaited (never"));
	assert_null(strstr(text, "--explain` says"));
}

static void every_kind_is_explained(void **state)
{
	int kind;

	(void)state;
	for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
		const struct lp_finding_row *row = finding_row((enum lp_finding_kind)kind);

		assert_true(strlen(row->meaning) > 40);
		assert_true(strlen(row->silence) > 40);
		assert_true(strlen(row->remedy) > 40);
		assert_true(row->name[0] && row->title[0] && row->stack_label[0]);
	}
	assert_null(finding_row(LP_FINDING_KINDS));
}

static void kinds_that_cost_something_are_offered(void **state)
{
	uint32_t all = 0, kinds;
	char text[256], cut[20];

	(void)state;
	assert_int_equal(finding_kinds_parse("all", &all), 0);
	assert_int_equal(
		finding_kinds_parse(finding_kinds_offered_names(text, sizeof(text)), &kinds), 0);
	assert_int_equal(kinds, all);
	assert_string_equal(text, "wrong_thread,closed_loop");
	assert_string_equal(
		finding_kinds_offered(text, sizeof(text)),
		"wrong_thread (costs a probe on each deque.append and heappush, and those of --queue) or closed_loop (costs a probe on most exceptions that are created)");
	assert_string_equal(finding_kinds_offered(cut, sizeof(cut)), "wrong_thread (costs");
	assert_string_equal(finding_kinds_offered_names(cut, sizeof(cut)), "wrong_thread,closed");
	assert_null(finding_kinds_in_queue(finding_kinds_default()));
	assert_string_equal(finding_kinds_in_queue(all), "wrong_thread");
}

static void lifetimes_are_reported_by_coroutine(void **state)
{
	struct lp_lifetimes lifetimes = { .outcomes = { 0 } };
	struct lp_callback_summary items[] = { { .callback = &report, .lifetimes = &lifetimes } };
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callback_count = 1, .items = items },
	};
	const struct lp_summary summary = { .loop_count = 1, .loops = loops };

	(void)state;
	add_lifetimes(&lifetimes, LP_OUTCOME_RETURNED, 4);
	add_lifetimes(&lifetimes, LP_OUTCOME_RAISED, 3);
	add_lifetimes(&lifetimes, LP_OUTCOME_CANCELLED, 2);
	add_lifetimes(&lifetimes, LP_OUTCOME_DESTROYED, 1);
	assert_non_null(strstr(
		print_summary(&wide, &summary, false),
		"how tasks lived      count raised cancel destr     p50     max   ran queue  wait\n"
		"    handle_report       10      3      2     1  100 ms  100 ms  10 %  20 %  70 %\n"));
}

#define TEST(name) cmocka_unit_test_setup(name, use_utc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_was_never_awaited_shows_who_dropped_it),
		TEST(the_same_is_printed_once),
		TEST(an_exception_is_reported_with_its_task_and_message),
		TEST(what_was_pending_shows_where_it_waits),
		TEST(a_cancelled_task_shows_who_cancelled_it),
		TEST(a_cancellation_that_is_passed_on_shows_the_line_that_waited),
		TEST(a_wrong_thread_shows_both_threads),
		TEST(a_stack_of_the_library_alone_is_shown_as_it_is),
		TEST(every_kind_fits_a_narrow_page),
		TEST(colour_goes_to_the_title),
		TEST(the_summary_has_a_table_and_a_hint),
		TEST(a_table_of_several_loops_reports_which),
		TEST(a_long_table_is_cut_and_says_so),
		TEST(an_explanation_is_of_what_occurred),
		TEST(every_kind_is_explained),
		TEST(kinds_that_cost_something_are_offered),
		TEST(lifetimes_are_reported_by_coroutine),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
