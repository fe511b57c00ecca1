/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON sink whose stdout is a temporary file, and a loop and callbacks to report to it. */
#ifndef LP_TEST_JSON_FIXTURE_H
#define LP_TEST_JSON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "json_keys.h"
#include "scratch_fixture.h"
#include "sinks/sink.h"
#include "stall_fixture.h"

#define JSON_EXECUTE                                                                               \
	"{\"function\":\"execute\",\"file\":\"/app/db.py\",\"line\":41,\"kind\":\"python\"}"
#define JSON_HANDLE "{\"function\":\"handle\",\"file\":\"\",\"line\":0,\"kind\":\"python\"}"
#define JSON_RECV                                                                                  \
	"{\"function\":\"recv\",\"file\":\"/lib/libc.so.6\",\"line\":0,\"kind\":\"native\"}"
#define JSON_TCP "{\"function\":\"tcp_recvmsg\",\"file\":\"\",\"line\":0,\"kind\":\"kernel\"}"

static const struct lp_run_end end = { .end_ns = 99, .lost_events = 3 };
static const struct lp_summary nothing = { .now_ns = 77 };
static const struct lp_loop_info loop = {
	.id = 1,
	.pid = 42,
	.tid = 43,
	.comm = "gunicorn",
	.runtime = "asyncio",
	.version = "3.11.2",
	.exe = "/usr/bin/python3.11",
};
static const struct lp_callback_info task_info = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };
static const struct lp_callback_info builtin_info = { LP_MODEL_CALLBACK, "Future.set", "", 0 };

static char path[256];
static int real_stdout = -1;

/* Puts a file in the place of stdout, the only output to which the sink writes lines at once. */
static inline void redirect_stdout(int descriptor)
{
	fflush(stdout);
	if (real_stdout < 0)
		real_stdout = dup(STDOUT_FILENO);
	assert_true(dup2(descriptor, STDOUT_FILENO) >= 0);
	close(descriptor);
}

static inline int restore_stdout(void **state)
{
	(void)state;
	if (real_stdout >= 0) {
		fflush(stdout);
		clearerr(stdout);
		dup2(real_stdout, STDOUT_FILENO);
	}
	return 0;
}

static inline struct lp_sink *open_sink(void)
{
	const char *base = getenv("TMPDIR");
	struct lp_error error = { 0 };
	struct lp_sink *sink;
	int descriptor;

	snprintf(path, sizeof(path), "%s/loopprof-json-XXXXXX", base ? base : "/tmp");
	descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	redirect_stdout(descriptor);
	if (json_format.open(NULL, NULL, &sink, &error))
		fail_msg("%s", error.text);
	return sink;
}

/* What the sink has written so far, valid until the next call; fails if a key occurs twice. */
static inline const char *written(void)
{
	static char text[65536];

	assert_non_null(scratch_read(path, text, sizeof(text)));
	expect_no_key_twice(text);
	return text;
}

static inline void close_sink(struct lp_sink *sink)
{
	assert_int_equal(sink->close(sink), 0);
	restore_stdout(NULL);
	unlink(path);
}

#endif /* LP_TEST_JSON_FIXTURE_H */
