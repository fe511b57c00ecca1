/* SPDX-License-Identifier: BSD-2-Clause */
/* A text sink that writes to a temporary file, and loops and callbacks to report to it. */
#ifndef LP_TEST_TEXT_FIXTURE_H
#define LP_TEST_TEXT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/sink.h"
#include "stall_fixture.h"
#include "base/text.h"

#define LONG_NAME                                                                                  \
	"a_very_long_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_to_its_end"

static const struct lp_terminal wide = { .columns = 80, .utf8 = true };
static const struct lp_loop_info loop = { .id = 1, .pid = 42, .tid = 43, .comm = "gunicorn" };
static const struct lp_callback_info report = { LP_MODEL_TASK, "handle_report", "/srv/app/views.py",
						88 };

static const struct lp_stack receiving = STACK(FRAME("execute", "/srv/app/db.py", 41),
					       FRAME("fetch_report", "/srv/app/reports.py", 17),
					       COROUTINE("handle_report", "/srv/app/views.py", 90));
static const struct lp_stack computing = STACK(FRAME("prime_sum", "/srv/app/primes.py", 43),
					       COROUTINE("handle_report", "/srv/app/views.py", 92));
static const struct lp_stack crunching = STACK(FRAME("crunch", "/srv/app/work.py", 12),
					       FRAME("Thread.run", "/usr/lib/threading.py", 975));

static char path[256];

static inline struct lp_sink *open_sink(const struct lp_terminal *terminal, bool sampled)
{
	/* 12:01:07 of the first day */
	const struct lp_run run = { .start_unix_ns = 43267000 * MS, .sampled = sampled };
	const char *base = getenv("TMPDIR");
	struct lp_error error = { 0 };
	struct lp_sink *sink;
	int descriptor;

	snprintf(path, sizeof(path), "%s/loopprof-text-XXXXXX", base ? base : "/tmp");
	descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	close(descriptor);
	if (text_format.open(path, terminal, &sink, &error))
		fail_msg("%s", error.text);
	sink->observer.run(sink, &run);
	return sink;
}

/* Closes the sink.  Returns what it has written; fails if a line is wider than the page. */
static inline const char *written(struct lp_sink *sink, unsigned int columns)
{
	static char text[65536], line[65536];
	FILE *file;

	assert_int_equal(sink->close(sink), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	text[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (text_columns(line) > columns)
			fail_msg("%zu columns: %s", text_columns(line), line);
		strcat(text, line);
		strcat(text, "\n");
	}
	fclose(file);
	unlink(path);
	return text;
}

static inline int use_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

#endif /* LP_TEST_TEXT_FIXTURE_H */
