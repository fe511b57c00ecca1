/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the wire, for tests. */
#ifndef LP_TEST_RECORDS_H
#define LP_TEST_RECORDS_H

#include "wire.h"

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

/* The task's name, as PyUnicode_New lays it out; kind: bytes a character. */
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

#endif /* LP_TEST_RECORDS_H */
