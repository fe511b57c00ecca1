// SPDX-License-Identifier: BSD-2-Clause
/* The counters of findings and of ended tasks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "finding_fixture.h"
#include "scratch_fixture.h"
#include "sinks/sink.h"

#define LOOP "loop=\"asyncio\",service=\"gunicorn\""

static const struct lp_run_end end;
static const struct lp_loop_info loop = { .id = 1, .comm = "gunicorn", .runtime = "asyncio" };
static const struct lp_loop_info same_labels = { .id = 2,
						 .comm = "gunicorn",
						 .runtime = "asyncio" };
static const struct lp_callback_info fetch = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };
static const struct lp_callback_info store = { LP_MODEL_TASK, "store", "/app/db.py", 60 };

/* The text of one report, valid until the next call. */
static const char *write_once(const struct lp_format *format, const struct lp_summary *summary,
			      bool lifetimes)
{
	static char text[1 << 18];
	const struct lp_run run = { .lifetimes = lifetimes };
	const char *base = getenv("TMPDIR");
	struct lp_error error = { 0 };
	struct lp_sink *sink;
	char path[300];

	snprintf(path, sizeof(path), "%s/loopprof-findings-%d.prom", base ? base : "/tmp",
		 getpid());
	if (format->open(path, NULL, &sink, &error))
		fail_msg("%s", error.text);
	sink->observer.run(sink, &run);
	sink->observer.end(sink, summary, &end);
	assert_int_equal(sink->close(sink), 0);
	assert_non_null(scratch_read(path, text, sizeof(text)));
	unlink(path);
	return text;
}

static void what_got_lost_is_counted_by_kind(void **state)
{
	struct lp_finding_count counts[] = {
		count_of(LP_FINDING_NEVER_AWAITED, &loop, 12),
		count_of(LP_FINDING_NEVER_AWAITED, &same_labels, 3),
		count_of(LP_FINDING_NO_RUNNING_LOOP, NULL, 2),
	};
	struct lp_loop_summary loops[] = { { .loop = &loop }, { .loop = &same_labels } };
	const struct lp_summary summary = { .finding_count = 3,
					    .findings = counts,
					    .findings_dropped = 4,
					    .loop_count = 2,
					    .loops = loops };
	const char *text = write_once(&prom_format, &summary, false);

	(void)state;
	assert_non_null(strstr(text, "\n# TYPE loopprof_findings_total counter\n"
				     "loopprof_findings_total{" LOOP ",kind=\"never_awaited\"} 15\n"
				     "loopprof_findings_total{" LOOP
				     ",kind=\"exception_never_retrieved\"} 0\n"));
	/* findings without a loop, and those of places over the limit */
	assert_non_null(strstr(text, "\nloopprof_findings_total{kind=\"no_running_loop\"} 2\n"
				     "loopprof_findings_total{kind=\"other\"} 4\n"));
	assert_null(strstr(text, "{kind=\"never_awaited\"}"));
	assert_null(strstr(text, "fetch_user"));
	text = write_once(&openmetrics_format, &summary, false);
	assert_non_null(
		strstr(text, "\n# TYPE loopprof_findings counter\nloopprof_findings_total{"));
}

static void ends_of_tasks_are_counted_by_outcome(void **state)
{
	struct lp_lifetimes lifetimes[2] = { { .outcomes = { 0 } } };
	struct lp_callback_summary items[] = {
		{ .callback = &fetch, .lifetimes = &lifetimes[0] },
		{ .callback = &store, .lifetimes = &lifetimes[1] },
	};
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callback_count = 2, .items = items },
	};
	const struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text;

	(void)state;
	add_lifetimes(&lifetimes[0], LP_OUTCOME_RETURNED, 4);
	add_lifetimes(&lifetimes[1], LP_OUTCOME_RETURNED, 3);
	add_lifetimes(&lifetimes[1], LP_OUTCOME_DESTROYED, 1);
	text = write_once(&prom_format, &summary, false);
	assert_non_null(strstr(text,
			       "\n# TYPE loopprof_tasks_ended_total counter\n"
			       "loopprof_tasks_ended_total{" LOOP ",outcome=\"returned\"} 7\n"
			       "loopprof_tasks_ended_total{" LOOP ",outcome=\"raised\"} 0\n"
			       "loopprof_tasks_ended_total{" LOOP ",outcome=\"cancelled\"} 0\n"
			       "loopprof_tasks_ended_total{" LOOP ",outcome=\"destroyed\"} 1\n"));
	/* neither callback has run */
	assert_null(strstr(text, "callback=\"fetch\""));
}

static void what_is_not_measured_has_no_series(void **state)
{
	struct lp_loop_summary loops[] = { { .loop = &loop } };
	const struct lp_summary summary = { .loop_count = 1, .loops = loops };
	const char *text = write_once(&prom_format, &summary, false);

	(void)state;
	assert_null(strstr(text, "loopprof_findings"));
	assert_null(strstr(text, "loopprof_tasks_ended"));
	text = write_once(&prom_format, &summary, true);
	assert_non_null(strstr(text, "outcome=\"returned\"} 0\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_got_lost_is_counted_by_kind),
		cmocka_unit_test(ends_of_tasks_are_counted_by_outcome),
		cmocka_unit_test(what_is_not_measured_has_no_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
