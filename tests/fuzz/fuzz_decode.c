// SPDX-License-Identifier: BSD-2-Clause
/* Input: records of the wire, one after the other, as a capture has them. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "../unit/records.h"
#include "model/events.h"
#include "base/text.h"

static size_t ends;

/* The model's texts are sanitised: sanitising one again does not change it. */
static void check_text(const char *text, size_t capacity)
{
	char copy[LP_DECODED_TEXT];

	FUZZ_CHECK(strlen(text) < capacity && capacity <= sizeof(copy));
	strcpy(copy, text);
	text_sanitise(copy);
	FUZZ_CHECK(!strcmp(copy, text));
}

static void check_loop(void *context, const struct lp_loop_info *loop)
{
	(void)context;
	FUZZ_CHECK(!ends);
	check_text(loop->comm, sizeof(loop->comm));
	check_text(loop->runtime, sizeof(loop->runtime));
	check_text(loop->version, sizeof(loop->version));
	check_text(loop->exe, sizeof(loop->exe));
	check_text(loop->container, sizeof(loop->container));
}

static void check_stack(const struct lp_stack *stack)
{
	uint32_t i;

	FUZZ_CHECK(stack->depth <= 1024);
	for (i = 0; i < stack->depth; i++) {
		FUZZ_CHECK(stack->frames[i]->kind < LP_FRAME_KINDS);
		check_text(stack->frames[i]->function, LP_STACK_FUNCTION_BYTES);
		check_text(stack->frames[i]->file, LP_STACK_FILE_BYTES);
	}
}

static void check_times(const struct lp_times *times, uint64_t duration_ns)
{
	FUZZ_CHECK(times->on_cpu_ns <= duration_ns && times->blocked_ns <= duration_ns);
	FUZZ_CHECK(times->gil_ns <= duration_ns && times->run_queue_ns <= duration_ns);
	FUZZ_CHECK(!times->known ||
		   times->on_cpu_ns + times->blocked_ns + times->gil_ns + times->run_queue_ns ==
			   duration_ns);
	FUZZ_CHECK(times->gc_ns <= times->on_cpu_ns && (times->gc_known || !times->gc_ns));
}

static void check_breakdown(const struct lp_breakdown *breakdown, uint64_t duration_ns)
{
	size_t i;

	check_times(&breakdown->time, duration_ns);
	FUZZ_CHECK(breakdown->blocked_count <= LP_BLOCKS);
	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];

		FUZZ_CHECK(!i || blocked->duration_ns <= blocked[-1].duration_ns);
		FUZZ_CHECK(blocked->count);
		check_text(blocked->syscall, sizeof(blocked->syscall));
		check_text(blocked->target, sizeof(blocked->target));
		check_text(blocked->local, sizeof(blocked->local));
		check_stack(&blocked->stack);
	}
	for (i = 0; i < breakdown->sample_count; i++) {
		FUZZ_CHECK(!i || breakdown->samples[i].count <= breakdown->samples[i - 1].count);
		FUZZ_CHECK(breakdown->samples[i].count &&
			   breakdown->samples[i].reason < LP_SAMPLE_REASONS);
		check_stack(&breakdown->samples[i].stack);
	}
	check_text(breakdown->gil.thread, sizeof(breakdown->gil.thread));
	check_stack(&breakdown->gil.stack);
	check_stack(&breakdown->await_chain);
	for (i = 0; i < breakdown->await_chain.depth; i++)
		FUZZ_CHECK(breakdown->await_chain.frames[i]->coroutine);
}

static void check_slow(void *context, const struct lp_slow_callback *slow)
{
	(void)context;
	FUZZ_CHECK(!ends);
	check_text(slow->callback->name, LP_NAME_MAX);
	check_text(slow->callback->file, LP_FILE_MAX);
	check_text(slow->task_name, LP_TASK_NAME_MAX);
	FUZZ_CHECK(!slow->in_progress || !slow->delayed_known);
	check_breakdown(&slow->breakdown, slow->duration_ns);
}

static void check_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	size_t i;

	(void)context;
	FUZZ_CHECK(!ends);
	FUZZ_CHECK(slow->top_count <= LP_TOP_SHOWN);
	for (i = 0; i < slow->top_count; i++) {
		FUZZ_CHECK(!i || slow->top[i].total_ns <= slow->top[i - 1].total_ns);
		FUZZ_CHECK(slow->top[i].count);
		check_text(slow->top[i].callback->name, LP_NAME_MAX);
	}
	FUZZ_CHECK(slow->breakdown.time.known);
	check_breakdown(&slow->breakdown, slow->duration_ns);
}

static void check_causes(const struct lp_cause *causes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		FUZZ_CHECK(!i || causes[i].total_ns <= causes[i - 1].total_ns);
		FUZZ_CHECK(causes[i].kind < LP_CAUSE_KINDS && causes[i].count);
		check_text(causes[i].syscall, sizeof(causes[i].syscall));
		check_text(causes[i].target, sizeof(causes[i].target));
		check_text(causes[i].held_by, sizeof(causes[i].held_by));
		if (causes[i].frame)
			check_text(causes[i].frame->function, LP_STACK_FUNCTION_BYTES);
	}
}

static void check_finding(void *context, const struct lp_finding *finding)
{
	(void)context;
	FUZZ_CHECK(!ends);
	FUZZ_CHECK(finding->kind < LP_FINDING_KINDS);
	FUZZ_CHECK(finding->kind == LP_FINDING_WRONG_THREAD ||
		   (!finding->noticed && !finding->late_ns));
	check_text(finding->name, LP_STACK_FUNCTION_BYTES);
	check_text(finding->file, LP_STACK_FILE_BYTES);
	check_text(finding->task_name, LP_STACK_FUNCTION_BYTES);
	check_text(finding->exception_type, LP_FINDING_TYPE_BYTES);
	check_text(finding->exception_message, LP_FINDING_MESSAGE_BYTES);
	check_stack(&finding->stack);
	check_stack(&finding->loop_stack);
}

static void check_findings(const struct lp_summary *summary)
{
	size_t i;

	for (i = 0; i < summary->finding_count; i++) {
		const struct lp_finding_count *count = &summary->findings[i];

		FUZZ_CHECK(!i || count->count <= summary->findings[i - 1].count);
		FUZZ_CHECK(count->kind < LP_FINDING_KINDS && count->count);
		check_text(count->name, LP_STACK_FUNCTION_BYTES);
		check_text(count->file, LP_STACK_FILE_BYTES);
		check_text(count->exception_type, LP_FINDING_TYPE_BYTES);
		check_text(count->exception_message, LP_FINDING_MESSAGE_BYTES);
	}
}

static void check_lifetimes(const struct lp_lifetimes *lifetimes)
{
	if (!lifetimes)
		return;
	histogram_quantile(&lifetimes->life, 0.5);
	FUZZ_CHECK(histogram_count(&lifetimes->life) == histogram_count(&lifetimes->waiting));
}

static void check_summary(const struct lp_summary *summary)
{
	size_t i, j;

	check_findings(summary);

	for (i = 0; i < summary->loop_count; i++) {
		const struct lp_loop_summary *loop = &summary->loops[i];

		FUZZ_CHECK(loop_utilization(loop) >= 0);
		histogram_quantile(&loop->iteration, 0.99);
		check_causes(loop->causes, loop->cause_count);
		for (j = 0; j < loop->callback_count; j++) {
			check_text(loop->items[j].callback->name, LP_NAME_MAX);
			histogram_quantile(&loop->items[j].run, 0.5);
			check_lifetimes(loop->items[j].lifetimes);
		}
	}
}

static void check_interval(void *context, const struct lp_summary *interval,
			   const struct lp_summary *total)
{
	(void)context;
	FUZZ_CHECK(!ends);
	check_summary(interval);
	check_summary(total);
}

static void check_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	(void)context;
	FUZZ_CHECK(end->reason < LP_RUN_END_REASONS);
	FUZZ_CHECK(!ends);
	check_summary(total);
	ends++;
}

static const struct lp_observer observer = {
	.loop = check_loop,
	.slow = check_slow,
	.slow_iteration = check_slow_iteration,
	.finding = check_finding,
	.interval = check_interval,
	.end = check_end,
};

/* Decodes a copy of exactly the record's size.  Returns the distance to the next record. */
static size_t take_record(struct lp_model *model, const uint8_t *data, size_t size)
{
	struct lp_event head;
	void *record;
	int err;

	memcpy(&head, data, sizeof(head));
	if (head.size < sizeof(head) || head.size > size)
		head.size = (uint32_t)size;
	record = malloc(head.size);
	if (!record)
		return size;
	memcpy(record, data, head.size);
	model_advance(model, head.time_ns);
	err = decode_event(record, head.size, &model_handlers, model);
	FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENOTSUP || err == -ERANGE);
	free(record);
	/* after a damaged record, the search goes on eight bytes later */
	return err == -EBADMSG ? 8 : (head.size + 7) & ~(size_t)7;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lp_run run = { .tool = "loopprof", .mode = "trace", .host = "box" };
	struct lp_model *model;
	size_t at;

	ends = 0;
	if (model_new(&observer, NULL, &model))
		return 0;
	model_begin(model, &run);
	for (at = 0; at < size && size - at >= sizeof(struct lp_event);)
		at += take_record(model, data + at, size - at);
	model_end_early(model, 0);
	model_free(model);
	FUZZ_CHECK(ends == 1);
	return 0;
}

static size_t put(uint8_t *data, size_t at, void *record)
{
	struct lp_event *event = record;

	if (at + event->size > FUZZ_INPUT_MAX)
		return at;
	memcpy(data + at, record, event->size);
	return at + ((event->size + 7) & ~7U);
}

static size_t put_plain(uint8_t *data, size_t at, enum lp_event_type type, size_t size)
{
	static union {
		struct lp_event event;
		uint8_t bytes[4096];
	} record;

	memset(&record, 0, sizeof(record));
	record.event = record_head(type, size);
	return put(data, at, &record);
}

/* Counters, and stacks in the form of versions before 0.2. */
static size_t seed_of_counters(unsigned int number, uint8_t *data)
{
	struct lp_event_name name = record_name("Handler.get", "/srv/app.py");
	struct lp_event_slow slow = record_slow();
	size_t stack = sizeof(struct lp_event_stack), at = 0;

	record_task_name(&slow, 6, 1, 1, "Task-1", 6);
	name.callback = slow.callback = 1 + number;
	name.kind = number;
	at = put_plain(data, at, LP_EVENT_TARGET, sizeof(struct lp_event_target));
	at = put_plain(data, at, LP_EVENT_LOOP, sizeof(struct lp_event_loop));
	at = put(data, at, &name);
	at = put_plain(data, at, LP_EVENT_STACK, stack);
	at = put(data, at, &slow);
	at = put_plain(data, at, LP_EVENT_ITERATION_END, sizeof(struct lp_event_iteration_end));
	at = put_plain(data, at, LP_EVENT_POLL_RETURN, sizeof(struct lp_event_poll_return));
	at = put_plain(data, at, LP_EVENT_LOOP_STATS, sizeof(struct lp_event_loop_stats));
	at = put_plain(data, at, LP_EVENT_CALLBACK_STATS, sizeof(struct lp_event_callback_stats));
	at = put_plain(data, at, LP_EVENT_LOST, sizeof(struct lp_event_lost));
	at = put_plain(data, at, LP_EVENT_INTERVAL, sizeof(struct lp_event_end));
	if (number & 1)
		at = put_plain(data, at, LP_EVENT_LOOP_END, sizeof(struct lp_event));
	return put_plain(data, at, LP_EVENT_END, sizeof(struct lp_event_end));
}

static size_t put_frames(uint8_t *data, size_t at)
{
	static const char *const functions[] = { "recv", "fetch", "main" };
	uint32_t i;

	for (i = 0; i < 3; i++) {
		struct lp_event_frame frame = record_frame(i, functions[i], 10 + i);

		frame.coroutine = i > 0;
		at = put(data, at, &frame);
	}
	return at;
}

/* A sampled stack of the callback that began at 500. */
static size_t put_stack_sample(uint8_t *data, size_t at, enum lp_sample_reason why, uint32_t depth)
{
	static const uint32_t frames[] = { 0, 1, 2, 7 };
	struct lp_record_stack_sample record =
		record_stack_sample(why, 77 + (depth & 1), depth, frames);

	record.sample.segment_ns = 500;
	record.sample.period_us = 10000;
	record.sample.resource = record_path("/srv/data");
	record.sample.flags = depth & LP_STACK_COLLECTING;
	strcpy(record.sample.thread, "Thread-1");
	return put(data, at, &record);
}

static size_t put_account(uint8_t *data, size_t at, uint64_t segment_ns, unsigned int blocks)
{
	static const uint8_t kinds[] = { LP_RESOURCE_FILE,  LP_RESOURCE_TCP,  LP_RESOURCE_UNIX,
					 LP_RESOURCE_CHILD, LP_RESOURCE_LOCK, LP_RESOURCE_PIPE };
	struct lp_event_segment_times event = record_account();
	unsigned int i;

	event.account.segment_ns = segment_ns;
	event.account.gil_ns = 30;
	event.account.run_queue_ns = 20;
	event.account.samples = 4;
	event.account.collecting_samples = 1;
	for (i = 0; i < blocks; i++) {
		struct lp_block *block = record_block(&event, 45 + (int)i, 77 + i, 10 * i + 7, i);

		block->resource = record_path("/srv/\x02\0\x0a\0\0\1");
		block->resource.kind = kinds[i % sizeof(kinds)];
		block->resource.bytes = 40;
	}
	return put(data, at, &event);
}

static size_t put_cause(uint8_t *data, size_t at, enum lp_sample_reason why)
{
	struct lp_event_cause event = { .event = record_head(LP_EVENT_CAUSE, sizeof(event)),
					.stack = 77,
					.syscall = 45,
					.reason = why,
					.count = 3,
					.total_ns = 1000 };

	return put(data, at, &event);
}

static size_t put_slow_iteration(uint8_t *data, size_t at)
{
	struct lp_event_slow_iteration event = record_slow_iteration();
	uint32_t i;

	event.slow_ns = 300;
	event.blocked_ns = 200;
	event.callbacks = 9;
	for (i = 0; i < LP_TOP_ENTRIES; i++) {
		event.top[i].callback = i;
		event.top[i].count = i;
		event.top[i].total_ns = 100 * i;
	}
	return put(data, at, &event);
}

/* A stall with every kind of record that explains it; without an end, so that more may follow. */
static size_t seed_of_stalls(unsigned int number, uint8_t *data)
{
	struct lp_event_slow slow = record_slow();
	enum lp_sample_reason why = (enum lp_sample_reason)(number % LP_SAMPLE_REASONS);
	size_t at = 0;

	record_task_name(&slow, 6, 1, 1, "Task-1", 6);
	slow.iteration = 1;
	at = put_plain(data, at, LP_EVENT_LOOP, sizeof(struct lp_event_loop));
	at = put_frames(data, at);
	at = put_stack_sample(data, at, LP_SAMPLE_BLOCKED, 3);
	at = put_stack_sample(data, at, LP_SAMPLE_GIL_HOLDER, 1);
	at = put_stack_sample(data, at, why, 4);
	at = put_stack_sample(data, at, why, 2);
	if (number & 1) {
		/* the time before the first callback of the iteration */
		at = put_account(data, at, 100, 1);
		at = put_account(data, at, 500, 1);
		slow.event.type = LP_EVENT_PROGRESS;
		at = put(data, at, &slow);
		slow.event.type = LP_EVENT_SLOW;
	}
	at = put_account(data, at, 500, 1 + number);
	at = put(data, at, &slow);
	at = put_slow_iteration(data, at);
	at = put_cause(data, at, number & 1 ? LP_SAMPLE_BLOCKED : LP_SAMPLE_GIL);
	at = put_plain(data, at, LP_EVENT_CPU_QUOTA, sizeof(struct lp_event_cpu_quota));
	at = put_plain(data, at, LP_EVENT_MEMORY_LIMIT, sizeof(struct lp_event_memory_limit));
	at = put_plain(data, at, LP_EVENT_MEMORY_WAITS, sizeof(struct lp_event_memory_waits));
	at = put_plain(data, at, LP_EVENT_STEAL, sizeof(struct lp_event_steal));
	at = put_plain(data, at, LP_EVENT_COLLECTIONS, sizeof(struct lp_event_collections));
	at = put_plain(data, at, LP_EVENT_CPU_WAITS, sizeof(struct lp_event_cpu_waits));
	at = put_plain(data, at, LP_EVENT_ITERATION_CPU_WAITS, sizeof(struct lp_event_cpu_waits));
	at = put_plain(data, at, LP_EVENT_RUN_QUEUE, sizeof(struct lp_event_run_queue));
	at = put_plain(data, at, LP_EVENT_EAGER_TASK, sizeof(struct lp_event_eager_task));
	at = put_plain(data, at, LP_EVENT_LOOP_STOPPED, sizeof(struct lp_event_loop_stopped));
	at = put_plain(data, at, LP_EVENT_AWAKE, sizeof(struct lp_event_awake));
	at = put_plain(data, at, LP_EVENT_AWAKE_SPAN, sizeof(struct lp_event_awake_span));
	at = put_plain(data, at, LP_EVENT_WAITING, sizeof(struct lp_event_waiting));
	at = put_plain(data, at, LP_EVENT_OTHER_END, sizeof(struct lp_event_other_end));
	at = put_plain(data, at, LP_EVENT_DNS_NAME, sizeof(struct lp_event_dns_name));
	at = put_plain(data, at, LP_EVENT_TASK_NAME, sizeof(struct lp_event_task_name));
	return put_plain(data, at, LP_EVENT_INTERVAL, sizeof(struct lp_event_end));
}

static size_t put_finding(uint8_t *data, size_t at, enum lp_finding_kind kind, uint32_t loop)
{
	struct lp_record_finding record = record_finding(kind, "fetch", 3, 2);

	record.finding.event.loop = loop;
	record.finding.created = 1;
	record.finding.parked = 2;
	strcpy(record.finding.exception_type, "ValueError");
	strcpy(record.finding.exception_message, "no such user");
	return put(data, at, &record);
}

static size_t put_noticed(uint8_t *data, size_t at)
{
	struct lp_event_noticed event = { .event = record_head(LP_EVENT_NOTICED, sizeof(event)),
					  .handle = 0xc0de,
					  .late_ns = 500 };

	return put(data, at, &event);
}

static size_t put_task_end(uint8_t *data, size_t at, enum lp_task_outcome outcome)
{
	struct lp_event_task_end event = { .event = record_head(LP_EVENT_TASK_END, sizeof(event)),
					   .created_ns = 100,
					   .end_ns = 900,
					   .running_ns = 300,
					   .queued_ns = 200,
					   .callback = 1,
					   .outcome = outcome };

	return put(data, at, &event);
}

/* Findings, and lifetimes of tasks. */
static size_t seed_of_findings(unsigned int number, uint8_t *data)
{
	struct lp_event_name name = record_name("fetch", "/srv/app.py");
	size_t at = 0;

	name.callback = 1;
	at = put_plain(data, at, LP_EVENT_LOOP, sizeof(struct lp_event_loop));
	at = put_frames(data, at);
	at = put(data, at, &name);
	at = put_finding(data, at, (enum lp_finding_kind)number, 0);
	at = put_finding(data, at, LP_FINDING_WRONG_THREAD, LP_NO_LOOP);
	if (number & 1)
		at = put_noticed(data, at);
	at = put_task_end(data, at, (enum lp_task_outcome)(number % LP_OUTCOMES));
	at = put_plain(data, at, LP_EVENT_INTERVAL, sizeof(struct lp_event_end));
	at = put_task_end(data, at, LP_OUTCOME_RETURNED);
	at = put_finding(data, at, (enum lp_finding_kind)number, LP_NO_LOOP);
	return put_plain(data, at, LP_EVENT_INTERVAL, sizeof(struct lp_event_end));
}

/* A single record, for the fuzzer to put among others. */
static size_t seed_of_one(unsigned int number, uint8_t *data)
{
	struct lp_event_slow slow = record_slow();

	switch (number) {
	case 0:
		return put_frames(data, 0);
	case 1:
		return put_stack_sample(data, 0, LP_SAMPLE_ON_CPU, 2);
	case 2:
		return put_stack_sample(data, 0, LP_SAMPLE_BLOCKED, 2);
	case 3:
		return put_account(data, 0, 500, 2);
	case 4:
		return put_slow_iteration(data, 0);
	case 5:
		return put_cause(data, 0, LP_SAMPLE_BLOCKED);
	case 6:
		return put(data, 0, &slow);
	case 7:
		return put_finding(data, 0, LP_FINDING_WRONG_THREAD, 0);
	case 8:
		return put_noticed(data, 0);
	case 9:
		return put_task_end(data, 0, LP_OUTCOME_RAISED);
	default:
		return put_plain(data, 0, LP_EVENT_POLLER, sizeof(struct lp_event_poller));
	}
}

#define SEEDS_OF_COUNTERS 4
#define SEEDS_OF_STALLS 7
#define SEEDS_OF_FINDINGS LP_FINDING_KINDS
#define SEEDS_OF_ONE 11

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	if (number < SEEDS_OF_COUNTERS)
		return seed_of_counters(number, data);
	number -= SEEDS_OF_COUNTERS;
	if (number < SEEDS_OF_STALLS)
		return seed_of_stalls(number, data);
	number -= SEEDS_OF_STALLS;
	if (number < SEEDS_OF_FINDINGS)
		return seed_of_findings(number, data);
	number -= SEEDS_OF_FINDINGS;
	return number < SEEDS_OF_ONE ? seed_of_one(number, data) : 0;
}
