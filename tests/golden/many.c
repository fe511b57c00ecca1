// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes a capture of an hour of four workers of a web shop with any number of stalls:
 * what a page for a browser must bear.  The same numbers each time.
 * usage: many FILE STALLS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/records.h"
#include "capture/reader.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define START_NS (1000 * SECOND)
#define START_UNIX_NS (1790000000 * SECOND)
#define LENGTH_NS (3600 * SECOND)
#define STATE_NS (10 * SECOND)
#define THRESHOLD_NS (20 * MS)
#define LOOPS 4
#define FIRST_PID 4240
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static FILE *file;

static void put(void *record, uint32_t loop, uint64_t time_ns)
{
	static const char zeros[8];
	struct lp_event *event = record;

	event->loop = loop;
	event->pid = FIRST_PID + (loop < LOOPS ? loop : 0);
	event->time_ns = time_ns;
	fwrite(record, event->size, 1, file);
	fwrite(zeros, (8 - event->size % 8) % 8, 1, file);
}

static uint64_t state = 88172645463325252ULL;

/* 0 to 1; xorshift64 */
static double chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

/* ---- what stalls are made of ------------------------------------------------ */

enum why { BLOCKED, ON_CPU, GIL, COLLECTING, RUN_QUEUE };

static const struct {
	const char *function, *file;
	uint32_t line;
	bool coroutine;
} frames[] = {
	{ "serve", "/srv/shop/server.py", 41, true },
	{ "handle_report", "/srv/shop/views.py", 88, true },
	{ "fetch_report", "/srv/shop/reports.py", 17, false },
	{ "execute", "/srv/shop/db.py", 41, false },
	{ "render_invoice", "/srv/shop/invoices.py", 63, true },
	{ "dumps", "/usr/lib/python3.11/json/__init__.py", 231, false },
	{ "iterencode", "/usr/lib/python3.11/json/encoder.py", 258, false },
	{ "write_access_log", "/srv/shop/log.py", 29, false },
	{ "search", "/srv/shop/search.py", 102, true },
	{ "rank", "/srv/shop/search.py", 140, false },
	{ "score", "/srv/shop/search.py", 166, false },
	{ "compress", "/srv/shop/backup.py", 12, false },
	{ "Thread.run", "/usr/lib/python3.11/threading.py", 975, false },
	{ "refresh_cache", "/srv/shop/cache.py", 55, true },
	{ "load_prices", "/srv/shop/prices.py", 9, false },
	{ "on_timer", "/srv/shop/timers.py", 7, false },
};

static const struct kind {
	const char *name, *file;
	uint32_t line;
	bool task;
	enum why why;
	int syscall;
	const char *path; /* NULL: a connection */
	double weight, typical_ms, spread;
	uint32_t depth, frames[6];
} kinds[] = {
	{ "handle_report",
	  "/srv/shop/views.py",
	  80,
	  true,
	  BLOCKED,
	  45,
	  NULL,
	  34,
	  38,
	  0.55,
	  4,
	  { 3, 2, 1, 0 } },
	{ "render_invoice",
	  "/srv/shop/invoices.py",
	  58,
	  true,
	  ON_CPU,
	  0,
	  NULL,
	  22,
	  31,
	  0.3,
	  4,
	  { 6, 5, 4, 0 } },
	{ "search",
	  "/srv/shop/search.py",
	  96,
	  true,
	  ON_CPU,
	  0,
	  NULL,
	  14,
	  44,
	  0.5,
	  4,
	  { 10, 9, 8, 0 } },
	{ "write_access_log",
	  "/srv/shop/log.py",
	  22,
	  false,
	  BLOCKED,
	  74,
	  "/var/log/shop/access.log",
	  10,
	  26,
	  0.9,
	  1,
	  { 7 } },
	{ "refresh_cache",
	  "/srv/shop/cache.py",
	  50,
	  true,
	  COLLECTING,
	  0,
	  NULL,
	  4,
	  120,
	  0.35,
	  3,
	  { 14, 13, 0 } },
	{ "search", "/srv/shop/search.py", 96, true, GIL, 0, NULL, 11, 55, 0.4, 3, { 9, 8, 0 } },
	{ "on_timer", "/srv/shop/timers.py", 3, false, RUN_QUEUE, 0, NULL, 5, 24, 0.25, 1, { 15 } },
};

static void put_frames(void)
{
	uint32_t i;

	for (i = 0; i < COUNT(frames); i++) {
		struct lp_event_frame event = record_frame(i, frames[i].function, frames[i].line);

		snprintf(event.file, sizeof(event.file), "%s", frames[i].file);
		event.coroutine = frames[i].coroutine;
		put(&event, 0, START_NS);
	}
}

static void put_loop(uint32_t loop)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)),
					  .runtime = "asyncio",
					  .version = "3.11.2",
					  .comm = "gunicorn",
					  .exe = "/usr/bin/python3.11" };
	struct lp_event_labels labels = { .event = record_head(LP_EVENT_LABELS, sizeof(labels)),
					  .unit = "shop.service" };
	struct lp_event_loop event = { .event = record_head(LP_EVENT_LOOP, sizeof(event)),
				       .tid = FIRST_PID + loop,
				       .comm = "gunicorn" };
	uint32_t i;

	put(&target, loop, START_NS);
	put(&labels, loop, START_NS);
	put(&event, loop, START_NS);
	for (i = 0; i < COUNT(kinds); i++) {
		struct lp_event_name name = record_name(kinds[i].name, kinds[i].file);

		name.kind = kinds[i].task ? LP_CALLBACK_TASK : LP_CALLBACK_FUNCTION;
		name.callback = 1 + loop * (uint32_t)COUNT(kinds) + i;
		name.first_line = kinds[i].line;
		put(&name, loop, START_NS);
	}
}

/* Each worker has a connection of its own to the database. */
static struct lp_resource resource_of(const struct kind *kind, uint32_t loop)
{
	struct lp_addresses ends = { .family = AF_INET,
				     .local_port = (uint16_t)(40112 + loop),
				     .remote_port = 5432 };
	struct lp_resource resource = { .kind = LP_RESOURCE_TCP, .bytes = sizeof(ends) };

	if (kind->path)
		return record_path(kind->path);
	inet_pton(AF_INET, "10.0.0.5", ends.local);
	inet_pton(AF_INET, "10.0.3.7", ends.remote);
	memcpy(resource.data, &ends, sizeof(ends));
	return resource;
}

static void put_stack_sample(const struct kind *kind, enum lp_sample_reason reason, uint32_t loop,
			     uint64_t start_ns)
{
	struct lp_record_stack_sample record = record_stack_sample(
		reason, 1000 + (uint64_t)(kind - kinds), kind->depth, kind->frames);

	record.sample.segment_ns = start_ns;
	record.sample.syscall = kind->syscall;
	record.sample.period_us = reason == LP_SAMPLE_ON_CPU ? 10000 : 0;
	record.sample.flags = kind->why == COLLECTING ? LP_STACK_COLLECTING : 0;
	if (reason == LP_SAMPLE_BLOCKED)
		record.sample.resource = resource_of(kind, loop);
	put(&record, loop, start_ns + MS);
}

static void put_holder(uint32_t loop, uint64_t start_ns)
{
	static const uint32_t stack[] = { 11, 12 };
	struct lp_record_stack_sample record =
		record_stack_sample(LP_SAMPLE_GIL_HOLDER, 2000, 2, stack);

	record.sample.segment_ns = start_ns;
	record.sample.tid = FIRST_PID + 100 + loop;
	strcpy(record.sample.thread, "backup");
	put(&record, loop, start_ns + MS);
}

static void put_breakdown(const struct kind *kind, uint32_t loop, uint64_t start_ns, uint64_t ns)
{
	struct lp_event_segment_times account = record_account();
	struct lp_block *block;

	switch (kind->why) {
	case BLOCKED:
		put_stack_sample(kind, LP_SAMPLE_BLOCKED, loop, start_ns);
		block = record_block(&account, kind->syscall, 1000 + (uint64_t)(kind - kinds),
				     ns - ns / 50, 1);
		block->resource = resource_of(kind, loop);
		break;
	case GIL:
		put_stack_sample(kind, LP_SAMPLE_GIL, loop, start_ns);
		put_holder(loop, start_ns);
		account.account.gil_ns = ns - ns / 20;
		account.account.gil_waits = 3;
		break;
	case RUN_QUEUE:
		put_stack_sample(kind, LP_SAMPLE_RUN_QUEUE, loop, start_ns);
		account.account.run_queue_ns = ns - ns / 10;
		account.account.run_queue_waits = 2;
		break;
	default:
		put_stack_sample(kind, LP_SAMPLE_ON_CPU, loop, start_ns);
		account.account.samples = 1;
		account.account.collecting_samples = kind->why == COLLECTING;
		account.account.run_queue_ns = ns / 40;
	}
	account.account.segment_ns = start_ns;
	put(&account, loop, start_ns + ns);
}

/* ---- an hour ----------------------------------------------------------------- */

static struct lp_event_loop_stats stats[LOOPS];
static struct lp_event_callback_stats runs[LOOPS][COUNT(kinds)];
static uint64_t iterations[LOOPS];
static uint64_t state_ns = START_NS;

/* Load comes and goes; there is a quarter of an hour in which the database is slow. */
static double load_at(double share)
{
	return 0.7 + 0.3 * sin(share * 9) + (share > 0.55 && share < 0.7 ? 0.8 : 0);
}

static bool database_is_slow(double share)
{
	return share > 0.55 && share < 0.7;
}

/* The iterations of ten seconds that are not slow, and the state after them. */
static void put_states(uint64_t now_ns)
{
	uint32_t loop, i, quick;

	for (; state_ns + STATE_NS <= now_ns; state_ns += STATE_NS) {
		double share = (double)(state_ns - START_NS) / (double)LENGTH_NS;

		for (loop = 0; loop < LOOPS; loop++) {
			quick = (uint32_t)(900 * load_at(share) * (0.8 + 0.4 * chance()));
			for (i = 0; i < quick; i++) {
				uint64_t ns =
					(uint64_t)(150e3 *
						   exp(1.1 *
						       (chance() + chance() + chance() - 1.5) * 2));

				lp_histogram_add(&stats[loop].iteration, ns);
				stats[loop].busy_ns += ns;
				stats[loop].iterations++;
				stats[loop].callbacks += 3;
			}
			stats[loop].idle_ns = state_ns + STATE_NS - START_NS - stats[loop].busy_ns;
			put(&stats[loop], loop, state_ns + STATE_NS);
		}
	}
}

static const struct kind *choose(double share)
{
	double weights[COUNT(kinds)], all = 0, at;
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		weights[i] = kinds[i].weight;
		if (!i && database_is_slow(share))
			weights[i] *= 3;
		if (kinds[i].why == RUN_QUEUE)
			weights[i] *= share > 0.3 && share < 0.36 ? 12 : 0.3;
		if (kinds[i].why == GIL)
			weights[i] *= fmod(share, 0.25) < 0.04 ? 6 : 0.5;
		all += weights[i];
	}
	at = chance() * all;
	for (i = 0; i + 1 < COUNT(kinds) && at >= weights[i]; i++)
		at -= weights[i];
	return &kinds[i];
}

static uint64_t duration_of(const struct kind *kind, double share)
{
	double ms =
		kind->typical_ms * exp(kind->spread * (chance() + chance() + chance() - 1.5) * 2);

	if (kind == kinds && database_is_slow(share))
		ms *= 2.5;
	/* once in a while everything is slow */
	if (chance() < 0.0005)
		ms *= 12;
	return (uint64_t)((ms < 20.1 ? 20.1 + chance() : ms) * 1e6);
}

static void put_stall(uint32_t loop, uint64_t start_ns, uint64_t number)
{
	double share = (double)(start_ns - START_NS) / (double)LENGTH_NS;
	const struct kind *kind = choose(share);
	uint64_t ns = duration_of(kind, share);
	struct lp_event_slow slow = record_slow();
	struct lp_event_iteration_end end = {
		.event = record_head(LP_EVENT_ITERATION_END, sizeof(end)),
		.iteration = ++iterations[loop],
		.busy_ns = ns,
		.callbacks = 1 + (uint32_t)(chance() * 30),
		.slow = 1,
	};
	struct lp_event_poll_return poll = { .event = record_head(LP_EVENT_POLL_RETURN,
								  sizeof(poll)),
					     .iteration = iterations[loop],
					     .poll_ns = 1000,
					     .ready = (int)(chance() * 8) };
	char name[32];

	put_breakdown(kind, loop, start_ns, ns);
	slow.start_ns = start_ns;
	slow.callback = 1 + loop * (uint32_t)COUNT(kinds) + (uint32_t)(kind - kinds);
	slow.iteration = iterations[loop];
	slow.queue_delay_ns = LP_NO_QUEUE_DELAY;
	slow.task = kind->task ? 0x7f0000000000 + 64 * number : 0;
	snprintf(name, sizeof(name), "Task-%llu", (unsigned long long)number);
	record_task_name(&slow, strlen(name), 1, 1, name, strlen(name));
	put(&slow, loop, start_ns + ns);
	put(&end, loop, start_ns + ns + 1000);
	put(&poll, loop, start_ns + ns + 3000);
	lp_histogram_add(&stats[loop].iteration, ns);
	lp_histogram_add(&runs[loop][kind - kinds].run, ns);
	runs[loop][kind - kinds].slow++;
	stats[loop].busy_ns += ns;
	stats[loop].iterations++;
	stats[loop].slow++;
}

static void put_end(void)
{
	struct lp_event_end end = { .event = record_head(LP_EVENT_END, sizeof(end)) };
	uint32_t loop, i;

	put_states(START_NS + LENGTH_NS);
	for (loop = 0; loop < LOOPS; loop++)
		for (i = 0; i < COUNT(kinds); i++) {
			runs[loop][i].event =
				record_head(LP_EVENT_CALLBACK_STATS, sizeof(runs[loop][i]));
			runs[loop][i].callback = 1 + loop * (uint32_t)COUNT(kinds) + i;
			put(&runs[loop][i], loop, START_NS + LENGTH_NS);
		}
	put(&end, LP_NO_LOOP, START_NS + LENGTH_NS);
}

int main(int argc, char **argv)
{
	struct lp_capture_header header = {
		.magic = LP_CAPTURE_MAGIC,
		.major = LP_CAPTURE_MAJOR,
		.minor = LP_CAPTURE_MINOR,
		.header_bytes = sizeof(header),
		.threshold_ns = THRESHOLD_NS,
		.start_ns = START_NS,
		.start_unix_ns = START_UNIX_NS,
		.tool = "loopprof generated",
		.mode = "trace",
		.host = "shop-1",
	};
	uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, number;
	uint32_t loop;

	file = count ? fopen(argv[1], "we") : NULL;
	if (!file) {
		fprintf(stderr, "usage: many FILE STALLS\n");
		return 2;
	}
	fwrite(&header, sizeof(header), 1, file);
	for (loop = 0; loop < LOOPS; loop++) {
		stats[loop].event = record_head(LP_EVENT_LOOP_STATS, sizeof(stats[loop]));
		stats[loop].wall_start_ns = START_NS;
		put_loop(loop);
	}
	put_frames();
	/* as even as it can be: no two of a loop overlap */
	for (number = 0; number < count; number++) {
		uint64_t start_ns = START_NS + LENGTH_NS / count * number;

		put_states(start_ns);
		put_stall((uint32_t)(number % LOOPS), start_ns, number + 1);
	}
	put_end();
	return fclose(file) ? 1 : 0;
}
