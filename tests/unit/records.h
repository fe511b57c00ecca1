/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the wire for tests. */
#ifndef LP_TEST_RECORDS_H
#define LP_TEST_RECORDS_H

#include "wire/wire.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Offsets in CPython's str and int: from 3.12 on, and up to 3.11. */
#define ASCII_AT 40
#define WIDE_AT 56
#define ASCII_AT_OLD 48
#define WIDE_AT_OLD 72
#define DIGIT_AT 24

static inline struct lp_event record_head(enum lp_event_type type, size_t size)
{
	return (struct lp_event){ .type = (uint16_t)type, .size = (uint32_t)size, .time_ns = 1000 };
}

static inline struct lp_event_name record_name(const char *qualname, const char *filename)
{
	struct lp_event_name event = { .event = record_head(LP_EVENT_NAME, sizeof(event)),
				       .kind = LP_CALLBACK_FUNCTION,
				       .first_line = 1 };

	event.qualname = (struct lp_text){ (uint16_t)strlen(qualname), 1, LP_TEXT_ASCII };
	memcpy(event.qualname_data, qualname, strlen(qualname));
	event.filename = (struct lp_text){ (uint16_t)strlen(filename), 1, LP_TEXT_ASCII };
	memcpy(event.filename_data, filename, strlen(filename));
	return event;
}

static inline struct lp_event_slow record_slow(void)
{
	return (struct lp_event_slow){
		.event = record_head(LP_EVENT_SLOW, sizeof(struct lp_event_slow)),
		.start_ns = 500,
		.task = 0xdead0,
		.string_ascii = ASCII_AT,
		.string_wide = WIDE_AT,
		.int_digit = DIGIT_AT,
	};
}

/* Fills in the task's name as PyUnicode_New lays it out; kind: bytes per character. */
static inline void record_task_name(struct lp_event_slow *event, uint64_t length, unsigned int kind,
				    int ascii, const void *data, size_t bytes)
{
	size_t at = ascii ? event->string_ascii : event->string_wide;
	uint32_t flags = 1 | kind << 2 | 1 << 5 | (uint32_t)ascii << 6;

	event->name_is_int = 0;
	event->name_is_string = 1;
	memset(event->task_name, 0xee, sizeof(event->task_name));
	memcpy(event->task_name + 16, &length, sizeof(length));
	memcpy(event->task_name + 32, &flags, sizeof(flags));
	memcpy(event->task_name + at, data, bytes);
}

static inline struct lp_event_frame record_frame(uint32_t number, const char *function,
						 uint32_t line)
{
	struct lp_event_frame event = { .event = record_head(LP_EVENT_FRAME, sizeof(event)),
					.frame = number,
					.line = line,
					.file = "app.py" };

	strncpy(event.function, function, sizeof(event.function) - 1);
	return event;
}

struct lp_record_stack_sample {
	struct lp_event_stack_sample sample;
	uint32_t frames[LP_SAMPLE_FRAMES];
};

_Static_assert(offsetof(struct lp_record_stack_sample, frames) ==
		       sizeof(struct lp_event_stack_sample),
	       "frames follow at once");

static inline struct lp_record_stack_sample record_stack_sample(enum lp_sample_reason reason,
								uint64_t stack, uint32_t depth,
								const uint32_t *frames)
{
	struct lp_record_stack_sample record = {
		.sample = { .stack = stack, .reason = reason, .depth = depth }
	};

	record.sample.event = record_head(LP_EVENT_STACK_SAMPLE,
					  sizeof(record.sample) + depth * sizeof(record.frames[0]));
	if (depth)
		memcpy(record.frames, frames, depth * sizeof(record.frames[0]));
	return record;
}

/* An account without blocks; its size does not include the array of blocks. */
static inline struct lp_event_segment_times record_account(void)
{
	return (struct lp_event_segment_times){
		.event = record_head(LP_EVENT_SEGMENT_TIMES,
				     offsetof(struct lp_event_segment_times, account.blocks)),
	};
}

static inline struct lp_event_segment_times record_waits(uint64_t blocked_ns, uint64_t gil_ns,
							 uint64_t run_queue_ns)
{
	struct lp_event_segment_times event = record_account();

	event.account.blocked_ns = blocked_ns;
	event.account.gil_ns = gil_ns;
	event.account.run_queue_ns = run_queue_ns;
	return event;
}

/* Adds a block to the account, and its time to the account's blocked time. */
static inline struct lp_block *record_block(struct lp_event_segment_times *event, int number,
					    uint64_t stack, uint64_t total_ns, uint32_t count)
{
	struct lp_block *block = &event->account.blocks[event->account.block_count++];

	event->event.size += sizeof(*block);
	event->account.blocked_ns += total_ns;
	block->syscall = number;
	block->stack = stack;
	block->total_ns = total_ns;
	block->count = count;
	return block;
}

static inline struct lp_resource record_path(const char *path)
{
	struct lp_resource resource = { .kind = LP_RESOURCE_PATH, .bytes = (uint16_t)strlen(path) };

	memcpy(resource.data, path, strlen(path));
	return resource;
}

static inline struct lp_event_slow_iteration record_slow_iteration(void)
{
	return (struct lp_event_slow_iteration){
		.event = record_head(LP_EVENT_SLOW_ITERATION,
				     sizeof(struct lp_event_slow_iteration)),
		.start_ns = 100,
		.iteration = 1,
	};
}

struct lp_record_finding {
	struct lp_event_finding finding;
	uint32_t frames[LP_FINDING_FRAMES + LP_FINDING_LOOP_FRAMES];
};

_Static_assert(offsetof(struct lp_record_finding, frames) == sizeof(struct lp_event_finding),
	       "frames follow at once");

/* A finding about a coroutine; the frames of both stacks are numbered from 0 on. */
static inline struct lp_record_finding record_finding(enum lp_finding_kind kind, const char *name,
						      uint32_t depth, uint32_t loop_depth)
{
	struct lp_record_finding record = { .finding = { .kind = kind,
							 .tid = 7,
							 .line = 14,
							 .object = 0xc0de,
							 .created = LP_NO_FRAME,
							 .parked = LP_NO_FRAME,
							 .depth = depth,
							 .loop_depth = loop_depth,
							 .file = "/srv/app/users.py" } };
	uint32_t i;

	record.finding.event = record_head(LP_EVENT_FINDING,
					   sizeof(record.finding) +
						   (depth + loop_depth) * sizeof(record.frames[0]));
	strncpy(record.finding.name, name, sizeof(record.finding.name) - 1);
	for (i = 0; i < depth + loop_depth && i < sizeof(record.frames) / sizeof(*record.frames);
	     i++)
		record.frames[i] = i;
	return record;
}

#endif /* LP_TEST_RECORDS_H */
