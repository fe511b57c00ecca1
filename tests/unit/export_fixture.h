/* SPDX-License-Identifier: BSD-2-Clause */
/* A sink of any format that writes to a temporary file, and stalls to report to it. */
#ifndef LP_TEST_EXPORT_FIXTURE_H
#define LP_TEST_EXPORT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/sink.h"
#include "stall_fixture.h"

static const struct lp_run export_run = {
	.tool = "loopprof test",
	.mode = "trace",
	.host = "box",
	.threshold_ns = 100 * MS,
	.start_ns = 1000000000,
	.start_unix_ns = 1700000000000000000,
	.queue = true,
};
static const struct lp_loop_info export_loop = {
	.id = 1,
	.pid = 42,
	.tid = 43,
	.comm = "gunicorn",
	.runtime = "asyncio",
	.version = "3.11.2",
	.exe = "/usr/bin/python3.11",
	.host = "box",
	.unix_offset_ns = 1699999999000000000,
};
static const struct lp_callback_info export_callback = { LP_MODEL_TASK, "handle", "/app/views.py",
							 80 };

/* A read of a socket by "execute", which "handle" calls at line 88. */
static struct lp_blocked export_blocked = {
	.syscall = "recvfrom",
	.target = "tcp 10.0.3.7:5432",
	.duration_ns = 300 * MS,
	.count = 1,
	.stack = { .depth = 2,
		   .frames =
			   (const struct lp_shown_frame *[]){
				   &(const struct lp_shown_frame){ LP_FRAME_PYTHON, false, false,
								   41, (char *)"execute",
								   (char *)"/app/db.py" },
				   &(const struct lp_shown_frame){ LP_FRAME_PYTHON, true, false, 88,
								   (char *)"handle",
								   (char *)"/app/views.py" } } },
};

/* A slow callback of 312 ms: 300 ms blocked, 12 ms on the CPU. */
static inline struct lp_slow_callback export_slow(void)
{
	return (struct lp_slow_callback){
		.loop = &export_loop,
		.callback = &export_callback,
		.start_ns = 2000000000,
		.duration_ns = 312 * MS,
		.queue_delay_ns = LP_NO_QUEUE_DELAY,
		.task = 0x10,
		.task_name = "GET /report",
		.delayed_known = true,
		.delayed_callbacks = 41,
		.delayed_events = 6,
		.breakdown = { .time = { .known = true,
					 .on_cpu_ns = 12 * MS,
					 .blocked_ns = 300 * MS },
			       .blocked_count = 1,
			       .blocked = &export_blocked },
	};
}

static char export_path[256];

static inline struct lp_sink *export_open(const struct lp_format *format)
{
	const char *base = getenv("TMPDIR");
	struct lp_error error = { 0 };
	struct lp_sink *sink;
	int descriptor;

	snprintf(export_path, sizeof(export_path), "%s/loopprof-export-XXXXXX",
		 base ? base : "/tmp");
	descriptor = mkstemp(export_path);
	assert_true(descriptor >= 0);
	close(descriptor);
	if (format->open(export_path, NULL, &sink, &error))
		fail_msg("%s", error.text);
	if (sink->observer.run)
		sink->observer.run(sink, &export_run);
	if (sink->observer.loop)
		sink->observer.loop(sink, &export_loop);
	return sink;
}

/* Ends the run and closes the sink.  Returns what it wrote, which the caller frees; sets *size. */
static inline char *export_end(struct lp_sink *sink, const struct lp_summary *total, size_t *size)
{
	static const struct lp_run_end end = { .end_ns = 5000000000 };
	static const struct lp_summary nothing;
	char *text = NULL;
	size_t length;
	FILE *file, *copy;
	int byte;

	sink->observer.end(sink, total ? total : &nothing, &end);
	assert_int_equal(sink->close(sink), 0);
	copy = open_memstream(&text, &length);
	file = fopen(export_path, "r");
	assert_non_null(file);
	while ((byte = getc(file)) != EOF)
		putc(byte, copy);
	fclose(file);
	fclose(copy);
	unlink(export_path);
	if (size)
		*size = length;
	return text;
}

static inline void assert_has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no %s in: %s", wanted, text);
}

static inline void assert_has_not(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("%s in: %s", unwanted, text);
}

#endif /* LP_TEST_EXPORT_FIXTURE_H */
