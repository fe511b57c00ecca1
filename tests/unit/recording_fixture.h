/* SPDX-License-Identifier: BSD-2-Clause */
/* Recordings in a temporary directory, under a clock that the test sets. */
#ifndef LP_RECORDING_FIXTURE_H
#define LP_RECORDING_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "records.h"
#include "scratch_fixture.h"
#include "capture/recorder.h"

#define SECOND 1000000000ULL
#define START (1000 * SECOND)
#define START_UNIX (1700000000 * SECOND)
#define STAMP "20231114T221320Z"

static char directory[256];

static int make_directory(void **state)
{
	(void)state;
	return scratch_make(directory, sizeof(directory));
}

static int remove_directory(void **state)
{
	(void)state;
	return scratch_remove(directory);
}

/* A path in the directory, in one of four static buffers that are used in turn. */
static const char *in_directory(const char *format, ...)
{
	static char paths[4][1024];
	static unsigned int next;
	char *path = paths[next++ % 4], name[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static inline const char *segment_path(unsigned int segment)
{
	return in_directory("loopprof-box-" STAMP "-%u.lpc", segment);
}

static struct lp_recorder_config recorder_config(const char *path)
{
	return (struct lp_recorder_config){
		.path = path,
		.header = { .threshold_ns = 100000000,
			    .start_ns = START,
			    .start_unix_ns = START_UNIX,
			    .tool = "loopprof 1.2.3",
			    .mode = "trace",
			    .host = "box" },
	};
}

static struct lp_recorder *recorder_start(const struct lp_recorder_config *config)
{
	struct lp_recorder *recorder;
	struct lp_error error;

	if (recorder_new(config, &recorder, &error))
		fail_msg("%s", error.text);
	return recorder;
}

static void recorder_end(struct lp_recorder *recorder)
{
	struct lp_error error;

	if (recorder_close(recorder, &error))
		fail_msg("%s", error.text);
}

/* ms: time since the start of the run */
static void put(struct lp_recorder *recorder, void *record, uint32_t loop, uint64_t ms)
{
	struct lp_event *event = record;

	event->loop = loop;
	event->pid = 4242;
	event->time_ns = START + ms * 1000000;
	recorder_take(recorder, event);
}

static inline void put_target(struct lp_recorder *recorder, uint64_t ms)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)),
					  .comm = "python3" };
	struct lp_event_labels labels = { .event = record_head(LP_EVENT_LABELS, sizeof(labels)),
					  .unit = "api.service" };

	put(recorder, &target, LP_NO_LOOP, ms);
	put(recorder, &labels, LP_NO_LOOP, ms);
}

static inline void put_loop(struct lp_recorder *recorder, uint32_t slot, uint64_t ms)
{
	struct lp_event_loop loop = { .event = record_head(LP_EVENT_LOOP, sizeof(loop)),
				      .tid = 4242 + slot };

	put(recorder, &loop, slot, ms);
}

static inline void put_loop_end(struct lp_recorder *recorder, uint32_t slot, uint64_t ms)
{
	struct lp_event end = record_head(LP_EVENT_LOOP_END, sizeof(end));

	put(recorder, &end, slot, ms);
}

static inline void put_name(struct lp_recorder *recorder, uint32_t slot, uint32_t callback,
			    const char *text, uint64_t ms)
{
	struct lp_event_name name = record_name(text, "app.py");

	name.callback = callback;
	name.identity = 0x1000 + callback;
	put(recorder, &name, slot, ms);
}

static inline void put_stats(struct lp_recorder *recorder, uint32_t slot, uint32_t callback,
			     uint64_t count, uint64_t ms)
{
	struct lp_event_callback_stats stats = {
		.event = record_head(LP_EVENT_CALLBACK_STATS, sizeof(stats)), .callback = callback
	};
	struct lp_event_loop_stats loop = { .event = record_head(LP_EVENT_LOOP_STATS, sizeof(loop)),
					    .wall_start_ns = START,
					    .callbacks = count,
					    .iterations = count,
					    .busy_ns = count * 1000 };

	stats.run.slots[40] = count;
	stats.run.sum_ns = count * 1000;
	stats.run.inverted_min_ns = ~1000ULL;
	stats.run.max_ns = 1000;
	put(recorder, &stats, slot, ms);
	put(recorder, &loop, slot, ms);
}

/* Random bytes, which zlib cannot compress. */
static void put_noise(struct lp_recorder *recorder, uint32_t slot, uint64_t ms)
{
	static uint64_t state = 88172645463325252ULL;
	struct lp_event_slow slow = record_slow();
	size_t i;

	for (i = 0; i < sizeof(slow.task_name); i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		slow.task_name[i] = (uint8_t)state;
	}
	put(recorder, &slow, slot, ms);
}

static void tick(struct lp_recorder *recorder, uint64_t ms)
{
	recorder_tick(recorder, START + ms * 1000000);
}

#endif /* LP_RECORDING_FIXTURE_H */
