/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the Prometheus formats share. */
#ifndef LP_TESTS_UNIT_PROMETHEUS_FIXTURE_H
#define LP_TESTS_UNIT_PROMETHEUS_FIXTURE_H

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "sinks/sink.h"
#include "base/version.h"

static const struct lp_run run = {
	.threshold_ns = 100000000,
	.start_unix_ns = 1700000000000000001,
};
static const struct lp_run_end end = { .reason = LP_RUN_END_DURATION };
static const struct lp_summary nothing;
static const struct lp_loop_info loop = {
	.id = 1,
	.pid = 4242,
	.tid = 4243,
	.comm = "gunicorn",
	.runtime = "asyncio",
	.exe = "/usr/bin/secret",
};
static const struct lp_callback_info fetch = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };

static char directory[256];
static char path[300];

static inline int make_directory(void **state)
{
	(void)state;
	if (scratch_make(directory, sizeof(directory)))
		return -1;
	snprintf(path, sizeof(path), "%s/loopprof.prom", directory);
	return 0;
}

static inline int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static inline struct lp_sink *open_sink(const struct lp_format *format, bool queue)
{
	struct lp_error error = { 0 };
	struct lp_run this_run = run;
	struct lp_sink *sink;

	if (format->open(path, NULL, &sink, &error))
		fail_msg("%s", error.text);
	this_run.queue = queue;
	sink->observer.run(sink, &this_run);
	return sink;
}

/* The text that the sink has written, valid until the next call. */
static const char *written(void)
{
	static char text[4 << 20];

	assert_non_null(scratch_read(path, text, sizeof(text)));
	return text;
}

static const char *write_once(const struct lp_format *format, const struct lp_summary *summary,
			      bool queue)
{
	struct lp_sink *sink = open_sink(format, queue);

	sink->observer.end(sink, summary, &end);
	assert_int_equal(sink->close(sink), 0);
	return written();
}

static inline void expect_line(const char *text, const char *line)
{
	size_t length = strlen(line);
	const char *at = text;

	while (at && (strncmp(at, line, length) || at[length] != '\n')) {
		at = strchr(at, '\n');
		at = at && at[1] ? at + 1 : NULL;
	}
	if (!at)
		fail_msg("no line '%s' in:\n%.3000s", line, text);
}

static inline size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		count++;
	return count;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

#endif /* LP_TESTS_UNIT_PROMETHEUS_FIXTURE_H */
