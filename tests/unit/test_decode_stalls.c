// SPDX-License-Identifier: BSD-2-Clause
/* Records of why a callback was slow: which ones are refused. */
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
static void took_account(void *context, const struct lp_event_segment_times *event)
{
	struct lp_segment_times account;

	(void)context;
	memcpy(&account, &event->account,
	       offsetof(struct lp_segment_times, blocks) +
		       event->account.block_count * sizeof(account.blocks[0]));
	calls++;
}

static void took_stack_sample(void *context, const struct lp_event_stack_sample *event)
{
	uint32_t i, sum = 0;

	(void)context;
	for (i = 0; i < event->depth; i++)
		sum += event->frames[i];
	calls += 1 + (sum == UINT32_MAX);
}

static void took_frame(void *context, const struct lp_event_frame *event)
{
	(void)context;
	calls += strlen(event->function) < sizeof(event->function) &&
		 strlen(event->file) < sizeof(event->file);
}

static void took_slow_iteration(void *context, const struct lp_event_slow_iteration *event)
{
	(void)context;
	(void)event;
	calls++;
}

static void took_progress(void *context, const struct lp_decoded_slow *event)
{
	(void)context;
	assert_string_equal(event->task_name, "Task-1");
	calls++;
}

static void took_cause(void *context, const struct lp_event_cause *event)
{
	(void)context;
	(void)event;
	calls++;
}

static const struct lp_event_handlers handlers = {
	.account = took_account,
	.stack_sample = took_stack_sample,
	.frame = took_frame,
	.slow_iteration = took_slow_iteration,
	.progress = took_progress,
	.cause = took_cause,
};

/* Decodes a copy that has exactly the size which the record states. */
static int decode(const void *record)
{
	const struct lp_event *event = record;
	void *copy = malloc(event->size);
	int err;

	assert_non_null(copy);
	memcpy(copy, record, event->size);
	calls = 0;
	err = decode_event(copy, event->size, &handlers, NULL);
	free(copy);
	assert_int_equal(calls, err ? 0 : 1);
	return err;
}

/*
 * Decodes an account of `given` blocks that states `said` blocks, in a record that is `longer`
 * bytes larger.
 */
static int decode_account(uint32_t given, uint32_t said, int longer)
{
	struct {
		struct lp_event_segment_times event;
		char more[8];
	} record = { .event = record_account() };

	while (record.event.account.block_count < given)
		record_block(&record.event, 0, 1, 1, 1);
	record.event.account.block_count = said;
	record.event.event.size = (uint32_t)((int)record.event.event.size + longer);
	return decode(&record);
}

static void an_account_has_at_least_the_blocks_that_it_says(void **state)
{
	uint32_t count;

	(void)state;
	for (count = 0; count <= LP_BLOCKS; count++) {
		assert_int_equal(decode_account(count, count, 0), 0);
		assert_int_equal(decode_account(count, count, -1), -EBADMSG);
		assert_int_equal(decode_account(count, count, 8), 0);
		if (count)
			assert_int_equal(decode_account(count - 1, count, 0), -EBADMSG);
	}
	assert_int_equal(decode_account(LP_BLOCKS, 0, 0), 0);
}

static void an_account_of_more_blocks_than_there_can_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_account(LP_BLOCKS, LP_BLOCKS + 1, 0), -EBADMSG);
	assert_int_equal(decode_account(LP_BLOCKS, UINT32_MAX, 0), -EBADMSG);
	/* the size of that many blocks of 288 bytes is 0 in 32 bits */
	assert_int_equal(decode_account(0, 1U << 27, 0), -EBADMSG);
}

static void a_block_on_something_of_an_unknown_kind_is_refused(void **state)
{
	struct lp_event_segment_times event = record_account();
	uint32_t i;

	(void)state;
	while (event.account.block_count < LP_BLOCKS)
		record_block(&event, 0, 1, 1, 1)->resource.kind = LP_RESOURCE_KINDS - 1;
	assert_int_equal(decode(&event), 0);
	for (i = 0; i < LP_BLOCKS; i++) {
		event.account.blocks[i].resource.kind = LP_RESOURCE_KINDS;
		assert_int_equal(decode(&event), -EBADMSG);
		event.account.blocks[i].resource.kind = 0;
	}
	/* bytes of blocks that are not in use may have any value */
	event.account.blocks[LP_BLOCKS - 1].resource.kind = 255;
	event.account.block_count--;
	assert_int_equal(decode(&event), 0);
}

static int decode_stack_sample(uint32_t given, uint32_t said, enum lp_sample_reason why)
{
	static const uint32_t frames[LP_SAMPLE_FRAMES + 1];
	struct {
		struct lp_record_stack_sample record;
		uint32_t more;
	} longer;

	memset(&longer, 0, sizeof(longer));
	longer.record = record_stack_sample(why, 1, given < LP_SAMPLE_FRAMES ? given : 0, frames);
	longer.record.sample.event.size =
		(uint32_t)(sizeof(struct lp_event_stack_sample) + given * sizeof(uint32_t));
	longer.record.sample.depth = said;
	return decode(&longer);
}

static void a_stack_seen_has_at_least_the_frames_that_it_says(void **state)
{
	(void)state;
	assert_int_equal(decode_stack_sample(0, 0, LP_SAMPLE_ON_CPU), 0);
	assert_int_equal(decode_stack_sample(1, 1, LP_SAMPLE_ON_CPU), 0);
	assert_int_equal(decode_stack_sample(LP_SAMPLE_FRAMES, LP_SAMPLE_FRAMES, LP_SAMPLE_ON_CPU),
			 0);
	assert_int_equal(decode_stack_sample(0, 1, LP_SAMPLE_ON_CPU), -EBADMSG);
	assert_int_equal(decode_stack_sample(LP_SAMPLE_FRAMES - 1, LP_SAMPLE_FRAMES,
					     LP_SAMPLE_ON_CPU),
			 -EBADMSG);
	/* the size is padded to eight bytes */
	assert_int_equal(decode_stack_sample(2, 1, LP_SAMPLE_ON_CPU), 0);
}

static void a_stack_seen_deeper_than_it_can_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_stack_sample(LP_SAMPLE_FRAMES + 1, LP_SAMPLE_FRAMES + 1,
					     LP_SAMPLE_ON_CPU),
			 -EBADMSG);
	assert_int_equal(decode_stack_sample(1, UINT32_MAX, LP_SAMPLE_ON_CPU), -EBADMSG);
	/* the size of that many numbers of 4 bytes is 0 in 32 bits */
	assert_int_equal(decode_stack_sample(0, 1U << 30, LP_SAMPLE_ON_CPU), -EBADMSG);
}

static void a_stack_seen_for_an_unknown_reason_is_refused(void **state)
{
	unsigned int why;

	(void)state;
	for (why = 0; why < LP_SAMPLE_REASONS; why++)
		assert_int_equal(decode_stack_sample(1, 1, (enum lp_sample_reason)why), 0);
	assert_int_equal(decode_stack_sample(1, 1, LP_SAMPLE_REASONS), -EBADMSG);
	assert_int_equal(decode_stack_sample(1, 1, (enum lp_sample_reason)UINT32_MAX), -EBADMSG);
}

static void a_stack_seen_on_something_of_an_unknown_kind_is_refused(void **state)
{
	struct lp_record_stack_sample record = record_stack_sample(LP_SAMPLE_BLOCKED, 1, 0, NULL);

	(void)state;
	record.sample.resource.kind = LP_RESOURCE_KINDS - 1;
	assert_int_equal(decode(&record), 0);
	record.sample.resource.kind = LP_RESOURCE_KINDS;
	assert_int_equal(decode(&record), -EBADMSG);
	record.sample.resource.kind = 255;
	assert_int_equal(decode(&record), -EBADMSG);
}

static void the_name_of_a_thread_must_end(void **state)
{
	struct lp_record_stack_sample record =
		record_stack_sample(LP_SAMPLE_GIL_HOLDER, 1, 0, NULL);

	(void)state;
	memset(record.sample.thread, 'x', sizeof(record.sample.thread) - 1);
	assert_int_equal(decode(&record), 0);
	record.sample.thread[sizeof(record.sample.thread) - 1] = 'x';
	assert_int_equal(decode(&record), -EBADMSG);
}

static void the_texts_of_a_frame_must_end(void **state)
{
	struct lp_event_frame event = record_frame(0, "f", 1);

	(void)state;
	memset(event.function, 'x', sizeof(event.function) - 1);
	memset(event.file, 'x', sizeof(event.file) - 1);
	assert_int_equal(decode(&event), 0);
	event.function[sizeof(event.function) - 1] = 'x';
	assert_int_equal(decode(&event), -EBADMSG);
	event.function[0] = '\0';
	assert_int_equal(decode(&event), 0);
	event.file[sizeof(event.file) - 1] = 'x';
	assert_int_equal(decode(&event), -EBADMSG);
}

static void numbers_and_kinds_of_frames_out_of_range_are_refused(void **state)
{
	struct lp_event_frame event = record_frame(LP_MAX_FRAMES - 1, "f", UINT32_MAX);

	(void)state;
	event.kind = LP_FRAME_KINDS - 1;
	assert_int_equal(decode(&event), 0);
	event.kind = LP_FRAME_KINDS;
	assert_int_equal(decode(&event), -EBADMSG);
	event.kind = 0;
	event.frame = LP_MAX_FRAMES;
	assert_int_equal(decode(&event), -EBADMSG);
	event.frame = UINT32_MAX;
	assert_int_equal(decode(&event), -EBADMSG);
}

static void a_cause_is_something_that_was_waited_for(void **state)
{
	struct lp_event_cause event = { .event = record_head(LP_EVENT_CAUSE, sizeof(event)) };
	uint32_t why;

	(void)state;
	for (why = 0; why <= LP_SAMPLE_REASONS; why++) {
		bool known = why == LP_SAMPLE_BLOCKED || why == LP_SAMPLE_GIL;

		event.reason = why;
		assert_int_equal(decode(&event), known ? 0 : -EBADMSG);
	}
	event.reason = UINT32_MAX;
	assert_int_equal(decode(&event), -EBADMSG);
}

static void an_iteration_lasts_as_long_as_its_slow_callbacks_at_least(void **state)
{
	struct lp_event_slow_iteration event = record_slow_iteration();

	(void)state;
	event.slow_ns = event.event.time_ns - event.start_ns;
	assert_int_equal(decode(&event), 0);
	event.slow_ns++;
	assert_int_equal(decode(&event), -EBADMSG);
	event.slow_ns = UINT64_MAX;
	assert_int_equal(decode(&event), -EBADMSG);
	event.slow_ns = 0;
	event.start_ns = event.event.time_ns;
	assert_int_equal(decode(&event), 0);
	event.start_ns++;
	assert_int_equal(decode(&event), -ERANGE);
}

static void callbacks_of_an_iteration_out_of_range_are_refused(void **state)
{
	struct lp_event_slow_iteration event = record_slow_iteration();
	size_t i;

	(void)state;
	for (i = 0; i < LP_TOP_ENTRIES; i++) {
		event.top[i].callback = LP_MAX_CALLBACKS - 1;
		assert_int_equal(decode(&event), 0);
		event.top[i].callback = LP_MAX_CALLBACKS;
		assert_int_equal(decode(&event), -EBADMSG);
		event.top[i].callback = 0;
	}
}

static void what_is_in_progress_is_checked_as_what_is_over(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	event.event.type = LP_EVENT_PROGRESS;
	record_task_name(&event, 6, 1, true, "Task-1", 6);
	event.callback = LP_MAX_CALLBACKS - 1;
	event.start_ns = event.event.time_ns;
	assert_int_equal(decode(&event), 0);
	event.start_ns++;
	assert_int_equal(decode(&event), -ERANGE);
	event.start_ns = 1;
	event.callback = LP_MAX_CALLBACKS;
	assert_int_equal(decode(&event), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_has_at_least_the_blocks_that_it_says),
		cmocka_unit_test(an_account_of_more_blocks_than_there_can_be_is_refused),
		cmocka_unit_test(a_block_on_something_of_an_unknown_kind_is_refused),
		cmocka_unit_test(a_stack_seen_has_at_least_the_frames_that_it_says),
		cmocka_unit_test(a_stack_seen_deeper_than_it_can_be_is_refused),
		cmocka_unit_test(a_stack_seen_for_an_unknown_reason_is_refused),
		cmocka_unit_test(a_stack_seen_on_something_of_an_unknown_kind_is_refused),
		cmocka_unit_test(the_name_of_a_thread_must_end),
		cmocka_unit_test(the_texts_of_a_frame_must_end),
		cmocka_unit_test(numbers_and_kinds_of_frames_out_of_range_are_refused),
		cmocka_unit_test(a_cause_is_something_that_was_waited_for),
		cmocka_unit_test(an_iteration_lasts_as_long_as_its_slow_callbacks_at_least),
		cmocka_unit_test(callbacks_of_an_iteration_out_of_range_are_refused),
		cmocka_unit_test(what_is_in_progress_is_checked_as_what_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
