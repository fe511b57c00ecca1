// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes blocks.lpc, and an older version wrote findings.lpc: everything that can get lost, lives
 * of tasks, and a stall for lack of memory.  Made by hand, as no program loses the same things at
 * the same instants each time. usage: findings FILE
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit/records.h"
#include "capture/recorder.h"

#define MS 1000000ULL
#define START_NS (1000000 * MS)
#define PID 4242
#define LIBRARY "/usr/lib/python3.11/"
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static struct lp_recorder *recording;

/* ms: since the start */
static void put(void *record, uint32_t loop, uint64_t ms)
{
	struct lp_event *event = record;

	event->loop = loop;
	event->pid = PID;
	event->time_ns = START_NS + ms * MS;
	recorder_take(recording, event);
}

/* The numbers that stacks below are made of. */
enum {
	WARN,
	HANDLE,
	SERVE,
	RUN_HANDLE,
	RUN_ONCE,
	MAIN,
	CALL_SOON,
	ON_MESSAGE,
	THREAD_RUN,
	SELECT,
	PARKED,
	GET_RUNNING_LOOP,
	CHECK_CLOSED,
};

static void put_frames(void)
{
	static const struct {
		const char *function, *file;
		uint32_t line;
	} frames[] = {
		[WARN] = { "_warn_unawaited_coroutine", LIBRARY "warnings.py", 537 },
		[HANDLE] = { "handle_request", "/srv/app/views.py", 31 },
		[SERVE] = { "serve", "/srv/app/server.py", 12 },
		[RUN_HANDLE] = { "Handle._run", LIBRARY "asyncio/events.py", 80 },
		[RUN_ONCE] = { "BaseEventLoop._run_once", LIBRARY "asyncio/base_events.py", 1922 },
		[MAIN] = { "<module>", "/srv/app/main.py", 9 },
		[CALL_SOON] = { "BaseEventLoop.call_soon", LIBRARY "asyncio/base_events.py", 761 },
		[ON_MESSAGE] = { "on_message", "/srv/app/mqtt.py", 44 },
		[THREAD_RUN] = { "Thread.run", LIBRARY "threading.py", 975 },
		[SELECT] = { "EpollSelector.select", LIBRARY "selectors.py", 468 },
		[PARKED] = { "consume", "/srv/app/queue.py", 15 },
		[GET_RUNNING_LOOP] = { "create_task", LIBRARY "asyncio/tasks.py", 381 },
		[CHECK_CLOSED] = { "BaseEventLoop._check_closed", LIBRARY "asyncio/base_events.py",
				   519 },
	};
	uint32_t i;

	for (i = 0; i < LENGTH(frames); i++) {
		struct lp_event_frame event = record_frame(i, frames[i].function, frames[i].line);

		strcpy(event.file, frames[i].file);
		event.coroutine = i == HANDLE || i == SERVE || i == PARKED;
		put(&event, 0, 1);
	}
}

struct wanted {
	uint64_t ms;
	enum lp_finding_kind kind;
	const char *name, *file;
	uint32_t line;
	const char *task, *exception, *message;
	uint32_t created, parked, loop, flags;
	uint32_t depth, loop_depth;
	uint32_t frames[8];
};

#define FETCH "fetch_user", "/srv/app/users.py", 14
#define CONSUME "consume", "/srv/app/queue.py", 12
#define IN_REQUEST                                                                                 \
	5, 0,                                                                                      \
	{                                                                                          \
		WARN, HANDLE, SERVE, RUN_HANDLE, RUN_ONCE                                          \
	}

/* clang-format off */
static const struct wanted all[] = {
	{ 100, LP_FINDING_NEVER_AWAITED, FETCH, "", "", "", LP_NO_FRAME, LP_NO_FRAME, 0, 0,
	  IN_REQUEST },
	{ 150, LP_FINDING_NEVER_AWAITED, FETCH, "", "", "", LP_NO_FRAME, LP_NO_FRAME, 0, 0,
	  IN_REQUEST },
	{ 200, LP_FINDING_NEVER_RETRIEVED, FETCH, "Task-7", "ValueError",
	  "no user of that name: '\xe2\x82\xac\033[31m', nor one of a similar name in any of "
	  "the three directories", SERVE, LP_NO_FRAME, 0, 0, IN_REQUEST },
	{ 250, LP_FINDING_NEVER_RETRIEVED, "", "", 0, "", "KeyError", "", LP_NO_FRAME,
	  LP_NO_FRAME, 0, 0, IN_REQUEST },
	{ 300, LP_FINDING_DESTROYED_PENDING, CONSUME, "consumer", "", "", LP_NO_FRAME, PARKED,
	  0, LP_FINDING_CUT, 2, 0, { HANDLE, SERVE } },
	{ 350, LP_FINDING_CLOSED_LOOP, "", "", 0, "", "RuntimeError", "Event loop is closed",
	  LP_NO_FRAME, LP_NO_FRAME, LP_NO_LOOP, 0, 4, 0,
	  { CHECK_CLOSED, CALL_SOON, ON_MESSAGE, THREAD_RUN } },
	{ 400, LP_FINDING_NO_RUNNING_LOOP, "", "", 0, "", "RuntimeError", "no running event loop",
	  LP_NO_FRAME, LP_NO_FRAME, 0, 0, 3, 0, { GET_RUNNING_LOOP, ON_MESSAGE, THREAD_RUN } },
	{ 450, LP_FINDING_WRONG_THREAD, "Inbox.put", "/srv/app/mqtt.py", 20, "", "", "",
	  LP_NO_FRAME, LP_NO_FRAME, 0, 0, 3, 2,
	  { CALL_SOON, ON_MESSAGE, THREAD_RUN, SELECT, RUN_ONCE } },
	{ 500, LP_FINDING_OTHER_LOOP, CONSUME, "consumer", "RuntimeError",
	  "Task got Future attached to a different loop", LP_NO_FRAME, PARKED, 0, 0, 2, 0,
	  { RUN_HANDLE, RUN_ONCE } },
	{ 2100, LP_FINDING_WRONG_THREAD, "Inbox.put", "/srv/app/mqtt.py", 20, "", "", "",
	  LP_NO_FRAME, LP_NO_FRAME, 0, 0, 3, 0, { CALL_SOON, ON_MESSAGE, THREAD_RUN } },
	{ 3500, LP_FINDING_WRONG_THREAD, "late", "/srv/app/mqtt.py", 90, "", "", "",
	  LP_NO_FRAME, LP_NO_FRAME, 0, 0, 3, 0, { CALL_SOON, ON_MESSAGE, THREAD_RUN } },
	{ 3900, LP_FINDING_PENDING_AT_CLOSE, CONSUME, "consumer", "", "", LP_NO_FRAME, PARKED, 0,
	  LP_FINDING_MORE, 1, 0, { MAIN } },
};
/* clang-format on */

static void put_finding(const struct wanted *wanted, uint64_t object)
{
	struct lp_record_finding record =
		record_finding(wanted->kind, wanted->name, wanted->depth, wanted->loop_depth);

	record.finding.object = object;
	record.finding.tid = wanted->kind == LP_FINDING_WRONG_THREAD ? PID + 1 : PID;
	record.finding.task = *wanted->task ? 0x7f0000000000 + object : 0;
	record.finding.flags = wanted->flags;
	record.finding.line = wanted->line;
	record.finding.created = wanted->created;
	record.finding.parked = wanted->parked;
	strcpy(record.finding.file, wanted->file);
	strcpy(record.finding.task_name, wanted->task);
	strcpy(record.finding.exception_type, wanted->exception);
	strcpy(record.finding.exception_message, wanted->message);
	memcpy(record.frames, wanted->frames, sizeof(wanted->frames));
	put(&record, wanted->loop, wanted->ms);
}

static void put_callback(uint32_t number, const char *name, const char *file, uint32_t line)
{
	struct lp_event_name event = record_name(name, file);

	event.kind = LP_CALLBACK_TASK;
	event.callback = number;
	event.first_line = line;
	put(&event, 0, 2);
}

static void put_lifetimes(uint32_t callback, enum lp_task_outcome outcome, uint64_t life_ms,
			  uint64_t count, uint64_t ms)
{
	while (count--) {
		struct lp_event_task_end event = {
			.event = record_head(LP_EVENT_TASK_END, sizeof(event)),
			.created_ns = START_NS,
			.end_ns = START_NS + life_ms * MS,
			.running_ns = life_ms * MS / 50,
			.queued_ns = life_ms * MS / 200,
			.steps = 3,
			.callback = callback,
			.outcome = outcome,
		};

		put(&event, 0, ms);
	}
}

static void put_counters(uint64_t ms)
{
	struct lp_event_loop_stats stats = {
		.event = record_head(LP_EVENT_LOOP_STATS, sizeof(stats)),
		.wall_start_ns = START_NS,
		.busy_ns = ms * MS / 10,
		.idle_ns = ms * MS * 9 / 10,
		.iterations = 100,
		.callbacks = 200,
	};
	uint32_t callback, i;

	for (i = 0; i < 100; i++)
		lp_histogram_add(&stats.iteration, 2 * MS);
	put(&stats, 0, ms);
	for (callback = 1; callback <= 2; callback++) {
		struct lp_event_callback_stats runs = {
			.event = record_head(LP_EVENT_CALLBACK_STATS, sizeof(runs)),
			.callback = callback,
		};

		for (i = 0; i < 100 / callback; i++)
			lp_histogram_add(&runs.run, MS);
		put(&runs, 0, ms);
	}
}

/* Of all segments if segment_ns is 0. */
static void put_memory(uint64_t segment_ns, uint64_t ms)
{
	struct lp_event_memory_limit limit = {
		.event = record_head(LP_EVENT_MEMORY_LIMIT, sizeof(limit)),
		.used_bytes = 199ULL << 20,
		.limit_bytes = 200ULL << 20,
		.kind = LP_MEMORY_LIMIT_MAX,
		.cgroup = "/system.slice/shop.service",
	};
	struct lp_event_memory_waits waits = {
		.event = record_head(LP_EVENT_MEMORY_WAITS, sizeof(waits)),
		.segment_ns = segment_ns,
		.waits = { .cgroup_ns = 110 * MS, .fault_ns = 108 * MS, .refault_ns = 12 * MS },
	};

	put(&limit, 0, ms);
	put(&waits, 0, ms);
}

/* A slow callback of 150 ms, whose page faults have to reclaim memory. */
static void put_short_of_memory(uint64_t ms)
{
	struct lp_event_segment_times times = {
		.account = { .segment_ns = START_NS + (ms - 150) * MS,
			     .blocked_ns = 40 * MS,
			     .block_count = 1,
			     .blocks = { { .syscall = LP_SYSCALL_PAGE_FAULT,
					   .count = 23,
					   .total_ns = 40 * MS,
					   .longest_ns = 4 * MS } } },
	};
	struct lp_event_slow slow = {
		.event = record_head(LP_EVENT_SLOW, sizeof(slow)),
		.start_ns = times.account.segment_ns,
		.queue_delay_ns = LP_NO_QUEUE_DELAY,
		.callback = 2,
	};

	times.event = record_head(LP_EVENT_SEGMENT_TIMES,
				  offsetof(struct lp_event_segment_times, account.blocks[1]));
	put_memory(times.account.segment_ns, ms);
	put(&times, 0, ms);
	put(&slow, 0, ms);
}

static void put_end(enum lp_event_type type, uint64_t ms)
{
	struct lp_event_end event = { .event = record_head(type, sizeof(event)) };

	put(&event, LP_NO_LOOP, ms);
}

static void put_all(void)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)),
					  .runtime = "asyncio",
					  .version = "3.11.2",
					  .comm = "python3",
					  .exe = "/usr/bin/python3.11" };
	struct lp_event_loop loop = { .event = record_head(LP_EVENT_LOOP, sizeof(loop)),
				      .tid = PID,
				      .comm = "python3" };
	struct lp_event_noticed noticed = { .event = record_head(LP_EVENT_NOTICED, sizeof(noticed)),
					    .handle = 7,
					    .late_ns = 300 * MS };
	size_t i;

	put(&target, LP_NO_LOOP, 0);
	put(&loop, 0, 0);
	put_frames();
	put_callback(1, "serve", "/srv/app/server.py", 8);
	put_callback(2, "consume", "/srv/app/queue.py", 12);
	for (i = 0; i < LENGTH(all) && all[i].ms < 2000; i++)
		put_finding(&all[i], i);
	put(&noticed, 0, 750);
	put_lifetimes(1, LP_OUTCOME_RETURNED, 40, 30, 1900);
	put_short_of_memory(1950);
	put_counters(2000);
	put_memory(0, 2000);
	put_end(LP_EVENT_INTERVAL, 2000);
	for (; i < LENGTH(all); i++)
		put_finding(&all[i], i);
	put_lifetimes(1, LP_OUTCOME_RETURNED, 60, 3, 3950);
	put_lifetimes(1, LP_OUTCOME_RAISED, 20, 2, 3950);
	put_lifetimes(2, LP_OUTCOME_CANCELLED, 3900, 1, 3950);
	put_lifetimes(2, LP_OUTCOME_DESTROYED, 900, 1, 3950);
	put_counters(4000);
	put_end(LP_EVENT_END, 4000);
}

int main(int argc, char **argv)
{
	struct lp_recorder_config config = {
		.header = {
			.threshold_ns = 100 * MS,
			.start_ns = START_NS,
			.start_unix_ns = 43267000 * MS, /* 12:01:07 of the first day */
			.tool = "loopprof golden",
			.mode = "trace",
			.host = "box",
		},
	};
	struct lp_error error;

	if (argc != 2)
		return 2;
	config.path = argv[1];
	if (recorder_new(&config, &recording, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	put_all();
	if (recorder_close(recording, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	return 0;
}
