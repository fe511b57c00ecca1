// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/decode.h"
#include "records.h"

struct lp_handled {
	unsigned int type; /* of the last call */
	unsigned int calls;
};

#define SEES(member, number, argument)                                                             \
	static void saw_##member(void *context, const argument *event)                             \
	{                                                                                          \
		struct lp_handled *handled = context;                                              \
                                                                                                   \
		(void)event;                                                                       \
		handled->type = number;                                                            \
		handled->calls++;                                                                  \
	}

SEES(loop, LP_EVENT_LOOP, struct lp_event_loop)
SEES(iteration_end, LP_EVENT_ITERATION_END, struct lp_event_iteration_end)
SEES(poll_return, LP_EVENT_POLL_RETURN, struct lp_event_poll_return)
SEES(loop_end, LP_EVENT_LOOP_END, struct lp_event)
SEES(process, LP_EVENT_PROCESS, struct lp_event_process)
SEES(process_end, LP_EVENT_PROCESS_END, struct lp_event_process_end)
SEES(target, LP_EVENT_TARGET, struct lp_event_target)
SEES(labels, LP_EVENT_LABELS, struct lp_event_labels)
SEES(self, LP_EVENT_SELF, struct lp_event_self)
SEES(baseline, LP_EVENT_BASELINE, struct lp_event)
SEES(coverage, LP_EVENT_COVERAGE, struct lp_event_coverage)
SEES(loop_stats, LP_EVENT_LOOP_STATS, struct lp_event_loop_stats)
SEES(callback_stats, LP_EVENT_CALLBACK_STATS, struct lp_event_callback_stats)
SEES(stack, LP_EVENT_STACK, struct lp_event_stack)
SEES(account, LP_EVENT_SEGMENT_TIMES, struct lp_event_segment_times)
SEES(slow_iteration, LP_EVENT_SLOW_ITERATION, struct lp_event_slow_iteration)
SEES(poller, LP_EVENT_POLLER, struct lp_event_poller)
SEES(frame, LP_EVENT_FRAME, struct lp_event_frame)
SEES(stack_sample, LP_EVENT_STACK_SAMPLE, struct lp_event_stack_sample)
SEES(progress, LP_EVENT_PROGRESS, struct lp_decoded_slow)
SEES(cause, LP_EVENT_CAUSE, struct lp_event_cause)
SEES(run_queue, LP_EVENT_RUN_QUEUE, struct lp_event_run_queue)
SEES(eager_task, LP_EVENT_EAGER_TASK, struct lp_event_eager_task)
SEES(loop_stopped, LP_EVENT_LOOP_STOPPED, struct lp_event_loop_stopped)
SEES(other_end, LP_EVENT_OTHER_END, struct lp_event_other_end)
SEES(dns_name, LP_EVENT_DNS_NAME, struct lp_event_dns_name)
SEES(cpu_waits, LP_EVENT_CPU_WAITS, struct lp_event_cpu_waits)
SEES(iteration_cpu_waits, LP_EVENT_ITERATION_CPU_WAITS, struct lp_event_cpu_waits)
SEES(cpu_quota, LP_EVENT_CPU_QUOTA, struct lp_event_cpu_quota)
SEES(memory_waits, LP_EVENT_MEMORY_WAITS, struct lp_event_memory_waits)
SEES(memory_limit, LP_EVENT_MEMORY_LIMIT, struct lp_event_memory_limit)
SEES(steal, LP_EVENT_STEAL, struct lp_event_steal)
SEES(collections, LP_EVENT_COLLECTIONS, struct lp_event_collections)
SEES(awake, LP_EVENT_AWAKE, struct lp_event_awake)
SEES(awake_span, LP_EVENT_AWAKE_SPAN, struct lp_event_awake_span)
SEES(waiting, LP_EVENT_WAITING, struct lp_event_waiting)
SEES(lost, LP_EVENT_LOST, struct lp_event_lost)
SEES(interval, LP_EVENT_INTERVAL, struct lp_event_end)
SEES(end, LP_EVENT_END, struct lp_event_end)
SEES(name, LP_EVENT_NAME, struct lp_decoded_name)
SEES(slow, LP_EVENT_SLOW, struct lp_decoded_slow)

static const struct lp_event_handlers handlers = {
	.loop = saw_loop,
	.name = saw_name,
	.slow = saw_slow,
	.iteration_end = saw_iteration_end,
	.poll_return = saw_poll_return,
	.loop_end = saw_loop_end,
	.process = saw_process,
	.process_end = saw_process_end,
	.target = saw_target,
	.labels = saw_labels,
	.self = saw_self,
	.baseline = saw_baseline,
	.coverage = saw_coverage,
	.loop_stats = saw_loop_stats,
	.callback_stats = saw_callback_stats,
	.stack = saw_stack,
	.account = saw_account,
	.slow_iteration = saw_slow_iteration,
	.poller = saw_poller,
	.frame = saw_frame,
	.stack_sample = saw_stack_sample,
	.progress = saw_progress,
	.cause = saw_cause,
	.run_queue = saw_run_queue,
	.cpu_waits = saw_cpu_waits,
	.iteration_cpu_waits = saw_iteration_cpu_waits,
	.cpu_quota = saw_cpu_quota,
	.memory_waits = saw_memory_waits,
	.memory_limit = saw_memory_limit,
	.steal = saw_steal,
	.collections = saw_collections,
	.awake = saw_awake,
	.awake_span = saw_awake_span,
	.loop_stopped = saw_loop_stopped,
	.eager_task = saw_eager_task,
	.waiting = saw_waiting,
	.other_end = saw_other_end,
	.dns_name = saw_dns_name,
	.lost = saw_lost,
	.interval = saw_interval,
	.end = saw_end,
};

static const struct {
	uint16_t type;
	size_t size; /* size of the smallest record that is accepted */
} kinds[] = {
	{ LP_EVENT_LOOP, sizeof(struct lp_event_loop) },
	{ LP_EVENT_NAME, sizeof(struct lp_event_name) },
	{ LP_EVENT_SLOW, sizeof(struct lp_event_slow) },
	{ LP_EVENT_ITERATION_END, sizeof(struct lp_event_iteration_end) },
	{ LP_EVENT_POLL_RETURN, sizeof(struct lp_event_poll_return) },
	{ LP_EVENT_LOOP_END, sizeof(struct lp_event) },
	{ LP_EVENT_PROCESS, sizeof(struct lp_event_process) },
	{ LP_EVENT_PROCESS_END, sizeof(struct lp_event_process_end) },
	{ LP_EVENT_TARGET, sizeof(struct lp_event_target) },
	{ LP_EVENT_LOOP_STATS, sizeof(struct lp_event_loop_stats) },
	{ LP_EVENT_CALLBACK_STATS, sizeof(struct lp_event_callback_stats) },
	{ LP_EVENT_STACK, sizeof(struct lp_event_stack) },
	{ LP_EVENT_SEGMENT_TIMES, offsetof(struct lp_event_segment_times, account.blocks) },
	{ LP_EVENT_SLOW_ITERATION, sizeof(struct lp_event_slow_iteration) },
	{ LP_EVENT_POLLER, sizeof(struct lp_event_poller) },
	{ LP_EVENT_FRAME, sizeof(struct lp_event_frame) },
	{ LP_EVENT_STACK_SAMPLE, sizeof(struct lp_event_stack_sample) },
	{ LP_EVENT_PROGRESS, sizeof(struct lp_event_slow) },
	{ LP_EVENT_CAUSE, sizeof(struct lp_event_cause) },
	{ LP_EVENT_RUN_QUEUE, sizeof(struct lp_event_run_queue) },
	{ LP_EVENT_CPU_WAITS, sizeof(struct lp_event_cpu_waits) },
	{ LP_EVENT_ITERATION_CPU_WAITS, sizeof(struct lp_event_cpu_waits) },
	{ LP_EVENT_CPU_QUOTA, sizeof(struct lp_event_cpu_quota) },
	{ LP_EVENT_MEMORY_WAITS, sizeof(struct lp_event_memory_waits) },
	{ LP_EVENT_MEMORY_LIMIT, sizeof(struct lp_event_memory_limit) },
	{ LP_EVENT_STEAL, sizeof(struct lp_event_steal) },
	{ LP_EVENT_COLLECTIONS, sizeof(struct lp_event_collections) },
	{ LP_EVENT_EAGER_TASK, sizeof(struct lp_event_eager_task) },
	{ LP_EVENT_LOOP_STOPPED, sizeof(struct lp_event_loop_stopped) },
	{ LP_EVENT_AWAKE, sizeof(struct lp_event_awake) },
	{ LP_EVENT_AWAKE_SPAN, sizeof(struct lp_event_awake_span) },
	{ LP_EVENT_WAITING, sizeof(struct lp_event_waiting) },
	{ LP_EVENT_OTHER_END, sizeof(struct lp_event_other_end) },
	{ LP_EVENT_DNS_NAME, sizeof(struct lp_event_dns_name) },
	{ LP_EVENT_LABELS, sizeof(struct lp_event_labels) },
	{ LP_EVENT_SELF, sizeof(struct lp_event_self) },
	{ LP_EVENT_BASELINE, sizeof(struct lp_event) },
	{ LP_EVENT_COVERAGE, sizeof(struct lp_event_coverage) },
	{ LP_EVENT_LOST, offsetof(struct lp_event_lost, counts[LP_LOST_CAPACITY_1_0]) },
	{ LP_EVENT_INTERVAL, sizeof(struct lp_event_end) },
	{ LP_EVENT_END, sizeof(struct lp_event_end) },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Decodes a copy of exactly that size, so that a sanitiser reports a read past its end. */
static int decode(const void *record, size_t size, struct lp_handled *handled)
{
	void *copy = malloc(size ? size : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, record, size);
	memset(handled, 0, sizeof(*handled));
	err = decode_event(copy, size, &handlers, handled);
	free(copy);
	assert_int_equal(handled->calls, err ? 0 : 1);
	return err;
}

static int decode_sized(uint16_t type, size_t said, size_t given, struct lp_handled *handled)
{
	static union {
		struct lp_event event;
		struct lp_event_cause cause;
		struct lp_event_slow slow;
		struct lp_event_slow_iteration iteration;
		char bytes[8192];
	} record;

	memset(&record, 0, sizeof(record));
	record.event = record_head(type, said);
	/* the only types of which a record of zeros is invalid */
	if (type == LP_EVENT_CAUSE)
		record.cause.reason = LP_SAMPLE_BLOCKED;
	if (type == LP_EVENT_SLOW || type == LP_EVENT_PROGRESS)
		record.slow.start_ns = 1;
	if (type == LP_EVENT_SLOW_ITERATION)
		record.iteration.start_ns = 1;
	return decode(&record, given, handled);
}

static void every_event_reaches_its_own_handler(void **state)
{
	struct lp_handled handled;
	size_t i;

	(void)state;
	for (i = 0; i < KINDS; i++) {
		assert_int_equal(
			decode_sized(kinds[i].type, kinds[i].size, kinds[i].size, &handled), 0);
		assert_int_equal(handled.type, kinds[i].type);
	}
}

static bool may_be_longer(uint16_t type)
{
	return type == LP_EVENT_SEGMENT_TIMES || type == LP_EVENT_STACK_SAMPLE ||
	       type == LP_EVENT_LOST;
}

static void a_record_of_another_size_is_refused(void **state)
{
	struct lp_handled handled;
	size_t i;

	(void)state;
	for (i = 0; i < KINDS; i++) {
		uint16_t type = kinds[i].type;
		size_t size = kinds[i].size;

		assert_int_equal(decode_sized(type, size - 1, size - 1, &handled), -EBADMSG);
		assert_int_equal(decode_sized(type, size + 1, size + 1, &handled),
				 may_be_longer(type) ? 0 : -EBADMSG);
		assert_int_equal(decode_sized(type, size, size - 1, &handled), -EBADMSG);
		assert_int_equal(decode_sized(type, 0, size, &handled), -EBADMSG);
		/* bytes after the record, such as its padding, do not belong to it */
		assert_int_equal(decode_sized(type, size, size + 7, &handled), 0);
	}
}

static void less_than_a_head_is_refused(void **state)
{
	struct lp_handled handled;
	size_t size;

	(void)state;
	for (size = 0; size < sizeof(struct lp_event); size++)
		assert_int_equal(decode_sized(LP_EVENT_LOOP_END, sizeof(struct lp_event), size,
					      &handled),
				 -EBADMSG);
}

static void types_of_later_versions_are_distinguished_from_damage(void **state)
{
	static const uint16_t unknown[] = { 0, 8, 12, 13, 31, 63, 0x8000, 0xffff };
	struct lp_handled handled;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(decode_sized(unknown[i], 24, 24, &handled), -ENOTSUP);
		assert_int_equal(decode_sized(unknown[i], 100, 100, &handled), -ENOTSUP);
		assert_int_equal(decode_sized(unknown[i], 100, 99, &handled), -EBADMSG);
	}
}

static void an_event_without_a_handler_is_not_an_error(void **state)
{
	const struct lp_event_handlers none = { .loop = NULL };
	struct lp_event_end end = { .event = record_head(LP_EVENT_END, sizeof(end)) };

	(void)state;
	assert_int_equal(decode_event(&end, sizeof(end), &none, NULL), 0);
}

static void loop_slots_out_of_range_are_refused(void **state)
{
	struct lp_event_poll_return poll = { .event = record_head(LP_EVENT_POLL_RETURN,
								  sizeof(poll)) };
	struct lp_event end = record_head(LP_EVENT_LOOP_END, sizeof(end));
	struct lp_handled handled;

	(void)state;
	poll.event.loop = end.loop = LP_MAX_LOOPS - 1;
	assert_int_equal(decode(&poll, sizeof(poll), &handled), 0);
	assert_int_equal(decode(&end, sizeof(end), &handled), 0);
	/* the number of no loop, in captures too */
	assert_int_equal(LP_NO_LOOP, 1024);
	poll.event.loop = LP_NO_LOOP;
	assert_int_equal(decode(&poll, sizeof(poll), &handled), 0);
	poll.event.loop = end.loop = LP_MAX_LOOPS;
	assert_int_equal(decode(&poll, sizeof(poll), &handled), -EBADMSG);
	assert_int_equal(decode(&end, sizeof(end), &handled), -EBADMSG);
	poll.event.loop = UINT32_MAX;
	assert_int_equal(decode(&poll, sizeof(poll), &handled), -EBADMSG);
}

static void callback_slots_and_kinds_out_of_range_are_refused(void **state)
{
	struct lp_event_callback_stats stats = { .event = record_head(LP_EVENT_CALLBACK_STATS,
								      sizeof(stats)) };
	struct lp_event_name name = record_name("f", "f.py");
	struct lp_event_slow slow = record_slow();
	struct lp_handled handled;

	(void)state;
	name.callback = slow.callback = stats.callback = LP_MAX_CALLBACKS - 1;
	assert_int_equal(decode(&name, sizeof(name), &handled), 0);
	assert_int_equal(decode(&slow, sizeof(slow), &handled), 0);
	assert_int_equal(decode(&stats, sizeof(stats), &handled), 0);
	name.callback = slow.callback = stats.callback = LP_MAX_CALLBACKS;
	assert_int_equal(decode(&name, sizeof(name), &handled), -EBADMSG);
	assert_int_equal(decode(&slow, sizeof(slow), &handled), -EBADMSG);
	assert_int_equal(decode(&stats, sizeof(stats), &handled), -EBADMSG);
	name.callback = 1;
	name.kind = LP_CALLBACK_KINDS;
	assert_int_equal(decode(&name, sizeof(name), &handled), -EBADMSG);
}

static void a_callback_that_ends_before_it_begins_is_refused(void **state)
{
	struct lp_event_slow slow = record_slow();
	struct lp_handled handled;

	(void)state;
	slow.start_ns = slow.event.time_ns;
	assert_int_equal(decode(&slow, sizeof(slow), &handled), 0);
	slow.start_ns++;
	assert_int_equal(decode(&slow, sizeof(slow), &handled), -ERANGE);
}

static void texts_of_a_target_must_end(void **state)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)) };
	static const struct {
		size_t offset, size;
	} texts[] = {
		{ offsetof(struct lp_event_target, runtime), sizeof(target.runtime) },
		{ offsetof(struct lp_event_target, version), sizeof(target.version) },
		{ offsetof(struct lp_event_target, comm), sizeof(target.comm) },
		{ offsetof(struct lp_event_target, container), sizeof(target.container) },
		{ offsetof(struct lp_event_target, exe), sizeof(target.exe) },
	};
	struct lp_event_target damaged;
	struct lp_handled handled;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		damaged = target;
		memset((char *)&damaged + texts[i].offset, 'x', texts[i].size - 1);
		assert_int_equal(decode(&damaged, sizeof(damaged), &handled), 0);
		memset((char *)&damaged + texts[i].offset, 'x', texts[i].size);
		assert_int_equal(decode(&damaged, sizeof(damaged), &handled), -EBADMSG);
	}
}

static int decode_stack(uint32_t said, uint32_t given, size_t damage, size_t length)
{
	size_t size = sizeof(struct lp_event_stack) + given * sizeof(struct lp_stack_frame);
	struct lp_event_stack *stack = calloc(1, size);
	struct lp_handled handled;
	int err;

	assert_non_null(stack);
	stack->event = record_head(LP_EVENT_STACK, size);
	stack->depth = said;
	if (damage < size)
		memset((char *)stack + damage, 'x', length);
	err = decode(stack, size, &handled);
	free(stack);
	return err;
}

static void a_stack_has_as_many_frames_as_it_says(void **state)
{
	(void)state;
	assert_int_equal(decode_stack(0, 0, SIZE_MAX, 0), 0);
	assert_int_equal(decode_stack(3, 3, SIZE_MAX, 0), 0);
	assert_int_equal(decode_stack(3, 2, SIZE_MAX, 0), -EBADMSG);
	assert_int_equal(decode_stack(3, 4, SIZE_MAX, 0), -EBADMSG);
	assert_int_equal(decode_stack(UINT32_MAX, 0, SIZE_MAX, 0), -EBADMSG);
	/* the size of that many frames of 420 bytes is 0 in 32 bits */
	assert_int_equal(decode_stack(1U << 30, 0, SIZE_MAX, 0), -EBADMSG);
	assert_int_equal(decode_stack(1024, 1024, SIZE_MAX, 0), 0);
	assert_int_equal(decode_stack(1025, 1025, SIZE_MAX, 0), -EBADMSG);
}

static void texts_of_a_stack_must_end(void **state)
{
	size_t last = sizeof(struct lp_event_stack) + sizeof(struct lp_stack_frame);

	(void)state;
	assert_int_equal(decode_stack(2, 2, offsetof(struct lp_event_stack, task_name),
				      LP_STACK_FUNCTION_BYTES),
			 -EBADMSG);
	assert_int_equal(decode_stack(2, 2, last + offsetof(struct lp_stack_frame, function),
				      LP_STACK_FUNCTION_BYTES),
			 -EBADMSG);
	assert_int_equal(decode_stack(2, 2, last + offsetof(struct lp_stack_frame, file),
				      LP_STACK_FILE_BYTES),
			 -EBADMSG);
	assert_int_equal(decode_stack(2, 2, last + offsetof(struct lp_stack_frame, file),
				      LP_STACK_FILE_BYTES - 1),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_reaches_its_own_handler),
		cmocka_unit_test(a_record_of_another_size_is_refused),
		cmocka_unit_test(less_than_a_head_is_refused),
		cmocka_unit_test(types_of_later_versions_are_distinguished_from_damage),
		cmocka_unit_test(an_event_without_a_handler_is_not_an_error),
		cmocka_unit_test(loop_slots_out_of_range_are_refused),
		cmocka_unit_test(callback_slots_and_kinds_out_of_range_are_refused),
		cmocka_unit_test(a_callback_that_ends_before_it_begins_is_refused),
		cmocka_unit_test(texts_of_a_target_must_end),
		cmocka_unit_test(a_stack_has_as_many_frames_as_it_says),
		cmocka_unit_test(texts_of_a_stack_must_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
