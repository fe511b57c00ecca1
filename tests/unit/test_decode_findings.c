// SPDX-License-Identifier: BSD-2-Clause
/* Records of findings and of lifetimes: which ones are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/decode.h"
#include "records.h"

static unsigned int calls;

/* Handed-out arrays must be inside the record: a sanitiser reports a read past its end. */
static void took_finding(void *context, const struct lp_event_finding *event)
{
	uint32_t i, sum = 0;

	(void)context;
	for (i = 0; i < event->depth + event->loop_depth; i++)
		sum += event->frames[i];
	calls += 1 + (sum == UINT32_MAX) +
		 (strlen(event->exception_message) >= LP_FINDING_MESSAGE_BYTES);
}

static void took_noticed(void *context, const struct lp_event_noticed *event)
{
	(void)context;
	(void)event;
	calls++;
}

static void took_task_end(void *context, const struct lp_event_task_end *event)
{
	(void)context;
	(void)event;
	calls++;
}

static const struct lp_event_handlers handlers = {
	.finding = took_finding,
	.noticed = took_noticed,
	.task_end = took_task_end,
};

static int decode(const void *record, size_t size)
{
	void *copy = malloc(size);
	int err;

	assert_non_null(copy);
	memcpy(copy, record, size);
	calls = 0;
	err = decode_event(copy, size, &handlers, NULL);
	free(copy);
	assert_int_equal(calls, err ? 0 : 1);
	return err;
}

static int decode_finding(const struct lp_record_finding *record)
{
	return decode(record, record->finding.event.size);
}

static void a_finding_has_as_many_frames_as_it_says(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_WRONG_THREAD, "work",
							 LP_FINDING_FRAMES, LP_FINDING_LOOP_FRAMES);

	(void)state;
	assert_int_equal(decode_finding(&record), 0);
	record.finding.event.size -= 1;
	assert_int_equal(decode_finding(&record), -EBADMSG);
	record = record_finding(LP_FINDING_WRONG_THREAD, "work", 0, 0);
	assert_int_equal(decode_finding(&record), 0);
	record.finding.event.size -= 8;
	assert_int_equal(decode_finding(&record), -EBADMSG);
}

static void a_finding_deeper_than_any_is_refused(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_WRONG_THREAD, "work", 2, 2);

	(void)state;
	record.finding.event.size = sizeof(record);
	assert_int_equal(decode_finding(&record), 0);
	record.finding.depth = LP_FINDING_FRAMES + 1;
	assert_int_equal(decode_finding(&record), -EBADMSG);
	record.finding.depth = UINT32_MAX;
	assert_int_equal(decode_finding(&record), -EBADMSG);
	record.finding.depth = 0;
	record.finding.loop_depth = LP_FINDING_LOOP_FRAMES + 1;
	assert_int_equal(decode_finding(&record), -EBADMSG);
}

static void a_finding_of_no_kind_is_refused(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_KINDS, "work", 0, 0);

	(void)state;
	assert_int_equal(decode_finding(&record), -EBADMSG);
	record.finding.kind = LP_FINDING_KINDS - 1;
	assert_int_equal(decode_finding(&record), 0);
}

static void texts_of_a_finding_must_end(void **state)
{
	static const struct {
		size_t at, size;
	} texts[] = {
#define TEXT(member)                                                                               \
	{ offsetof(struct lp_event_finding, member),                                               \
	  sizeof(((struct lp_event_finding *)0)->member) }
		TEXT(name),
		TEXT(file),
		TEXT(task_name),
		TEXT(exception_type),
		TEXT(exception_message),
#undef TEXT
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lp_record_finding record =
			record_finding(LP_FINDING_OTHER_LOOP, "work", 1, 0);

		memset((char *)&record + texts[i].at, 'x', texts[i].size);
		assert_int_equal(decode_finding(&record), -EBADMSG);
		((char *)&record)[texts[i].at + texts[i].size - 1] = '\0';
		assert_int_equal(decode_finding(&record), 0);
	}
}

static void a_finding_may_be_of_no_loop(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_NO_RUNNING_LOOP, "", 0, 0);

	(void)state;
	record.finding.event.loop = LP_NO_LOOP;
	assert_int_equal(decode_finding(&record), 0);
	record.finding.event.loop = LP_MAX_LOOPS;
	assert_int_equal(decode_finding(&record), -EBADMSG);
}

static void what_was_noticed_has_one_size(void **state)
{
	struct {
		struct lp_event_noticed noticed;
		uint64_t more;
	} record = { .noticed = { .event =
					  record_head(LP_EVENT_NOTICED, sizeof(record.noticed)) } };

	(void)state;
	assert_int_equal(decode(&record, sizeof(record)), 0);
	record.noticed.event.size = sizeof(record);
	assert_int_equal(decode(&record, sizeof(record)), -EBADMSG);
	record.noticed.event.size = sizeof(record.noticed) - 8;
	assert_int_equal(decode(&record, sizeof(record)), -EBADMSG);
}

static void ends_of_tasks_that_cannot_be_are_refused(void **state)
{
	const struct lp_event_task_end whole = {
		.event = record_head(LP_EVENT_TASK_END, sizeof(whole)),
		.created_ns = 5,
		.end_ns = 5,
		.callback = LP_MAX_CALLBACKS - 1,
		.outcome = LP_OUTCOMES - 1,
	};
	struct lp_event_task_end event = whole;

	(void)state;
	assert_int_equal(decode(&event, sizeof(event)), 0);
	event.outcome = LP_OUTCOMES;
	assert_int_equal(decode(&event, sizeof(event)), -EBADMSG);
	event = whole;
	event.callback = LP_MAX_CALLBACKS;
	assert_int_equal(decode(&event, sizeof(event)), -EBADMSG);
	event = whole;
	event.end_ns = 4;
	assert_int_equal(decode(&event, sizeof(event)), -EBADMSG);
	event = whole;
	event.event.size -= 8;
	assert_int_equal(decode(&event, sizeof(event)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_has_as_many_frames_as_it_says),
		cmocka_unit_test(a_finding_deeper_than_any_is_refused),
		cmocka_unit_test(a_finding_of_no_kind_is_refused),
		cmocka_unit_test(texts_of_a_finding_must_end),
		cmocka_unit_test(a_finding_may_be_of_no_loop),
		cmocka_unit_test(what_was_noticed_has_one_size),
		cmocka_unit_test(ends_of_tasks_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
