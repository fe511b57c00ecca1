// SPDX-License-Identifier: BSD-2-Clause
/* Input: records of the wire, one after the other, as a capture has them. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "../unit/records.h"
#include "model/events.h"
#include "text.h"

static size_t ends;

/* What the model tells is sanitised already: to do it again changes nothing. */
static void check_text(const char *text, size_t room)
{
	char copy[LP_DECODED_TEXT];

	FUZZ_CHECK(strlen(text) < room && room <= sizeof(copy));
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

static void check_slow(void *context, const struct lp_slow *slow)
{
	size_t i, j;

	(void)context;
	FUZZ_CHECK(!ends);
	check_text(slow->callback->name, LP_NAME_MAX);
	check_text(slow->callback->file, LP_FILE_MAX);
	check_text(slow->task_name, LP_TASK_NAME_MAX);
	for (i = 0; i < slow->sample_count; i++) {
		FUZZ_CHECK(!i || slow->samples[i].count <= slow->samples[i - 1].count);
		for (j = 0; j < slow->samples[i].depth; j++) {
			check_text(slow->samples[i].frames[j].function, LP_STACK_FUNCTION_BYTES);
			check_text(slow->samples[i].frames[j].file, LP_STACK_FILE_BYTES);
		}
	}
}

static void check_summary(const struct lp_summary *summary)
{
	size_t i, j;

	for (i = 0; i < summary->loop_count; i++) {
		const struct lp_loop_summary *loop = &summary->loops[i];

		FUZZ_CHECK(loop_utilization(loop) >= 0);
		histogram_quantile(&loop->iteration, 0.99);
		for (j = 0; j < loop->callback_count; j++) {
			check_text(loop->items[j].callback->name, LP_NAME_MAX);
			histogram_quantile(&loop->items[j].run, 0.5);
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
	FUZZ_CHECK(end->reason < LP_END_REASONS);
	FUZZ_CHECK(!ends);
	check_summary(total);
	ends++;
}

static const struct lp_observer observer = {
	.loop = check_loop,
	.slow = check_slow,
	.interval = check_interval,
	.end = check_end,
};

/* Hands out a copy of exactly the record's size; returns how far the next one is. */
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
	FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENOTSUP);
	free(record);
	/* what follows a damaged one is worth a try, too */
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

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	struct lp_event_name name = record_name("Handler.get", "/srv/app.py");
	struct lp_event_slow slow = record_slow();
	size_t stack = sizeof(struct lp_event_stack), at = 0;

	if (number >= 4)
		return 0;
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
