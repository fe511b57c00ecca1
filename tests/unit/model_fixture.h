/* SPDX-License-Identifier: BSD-2-Clause */
/* A model fed with records, as a source would, and an observer that keeps what it is told. */
#ifndef LP_TEST_MODEL_FIXTURE_H
#define LP_TEST_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/events.h"
#include "records.h"

#define MS 1000000ULL
#define START_NS (1000000 * MS)
#define PID 42
#define TOLD_MAX 40
#define TOLD_ITEMS 8
#define TOLD_SAMPLES 64
#define TOLD_CAUSES 16

/* "innermost:12 < outer:3" */
struct lp_told_stack {
	uint32_t depth;
	bool cut, unreadable;
	char text[200];
};

/* Stacks as text, so that they outlive the call; the pointers of the rest are stale. */
struct lp_told_reasons {
	struct lp_reasons reasons;
	struct {
		struct lp_blocked blocked;
		struct lp_told_stack stack;
	} blocked[LP_BLOCKS];
	struct {
		struct lp_sample sample;
		struct lp_told_stack stack;
	} samples[TOLD_SAMPLES];
	struct lp_told_stack holder, chain;
};

struct lp_told_slow {
	struct lp_slow slow; /* its pointers are stale */
	uint32_t loop;
	char name[LP_NAME_MAX];
	struct lp_told_reasons why;
};

struct lp_told_iteration {
	struct lp_slow_iteration slow; /* its pointers are stale */
	uint32_t loop;
	char top[LP_TOP_SHOWN][LP_NAME_MAX];
	struct lp_told_reasons why;
};

struct lp_told_summary {
	struct lp_summary summary; /* its pointers are stale */
	struct lp_told_loop {
		struct lp_loop_summary summary;
		uint32_t id; /* 0: of no loop */
		struct {
			char name[LP_NAME_MAX];
			uint64_t slow, runs, sum_ns, queued;
		} items[TOLD_ITEMS];
		struct lp_told_cause {
			struct lp_cause cause; /* its frame is stale */
			char place[200]; /* "function:12", or "" */
		} causes[TOLD_CAUSES];
	} loops[TOLD_ITEMS];
};

struct lp_told_all {
	struct lp_run run;
	size_t runs, loop_count, slow_count, iteration_count, states, intervals, ends;
	struct lp_loop_state state; /* the last one; its pointers are stale */
	uint32_t state_loop;
	uint64_t state_count; /* in its histogram */
	struct lp_loop_info loops[TOLD_ITEMS];
	struct lp_told_slow slow[TOLD_MAX];
	struct lp_told_iteration iterations[TOLD_ITEMS];
	struct lp_told_summary interval, total;
	struct lp_run_end end;
};

static struct lp_model *model;
static struct lp_told_all told;

static inline void keep_summary(struct lp_told_summary *into, const struct lp_summary *from)
{
	size_t i, j;

	memset(into, 0, sizeof(*into));
	into->summary = *from;
	assert_in_range(from->loop_count, 0, TOLD_ITEMS);
	for (i = 0; i < from->loop_count; i++) {
		const struct lp_loop_summary *loop = &from->loops[i];

		into->loops[i].summary = *loop;
		into->loops[i].id = loop->loop ? loop->loop->id : 0;
		assert_in_range(loop->callback_count, 0, TOLD_ITEMS);
		for (j = 0; j < loop->callback_count; j++) {
			const struct lp_callback_summary *item = &loop->items[j];

			strcpy(into->loops[i].items[j].name, item->callback->name);
			into->loops[i].items[j].slow = item->slow;
			into->loops[i].items[j].runs = histogram_count(&item->run);
			into->loops[i].items[j].sum_ns = item->run.sum_ns;
			into->loops[i].items[j].queued = histogram_count(&item->queue);
		}
		for (j = 0; j < loop->cause_count && j < TOLD_CAUSES; j++) {
			struct lp_told_cause *cause = &into->loops[i].causes[j];

			cause->cause = loop->causes[j];
			if (loop->causes[j].frame)
				snprintf(cause->place, sizeof(cause->place), "%s:%u",
					 loop->causes[j].frame->function,
					 loop->causes[j].frame->line);
		}
	}
}

static inline struct lp_told_stack keep_stack(const struct lp_stack *from)
{
	struct lp_told_stack into = { .depth = from->depth,
				      .cut = from->cut,
				      .unreadable = from->unreadable };
	size_t at = 0;
	uint32_t i;

	for (i = 0; i < from->depth && at < sizeof(into.text); i++)
		at += (size_t)snprintf(into.text + at, sizeof(into.text) - at, "%s%s:%u",
				       i ? " < " : "", from->frames[i]->function,
				       from->frames[i]->line);
	return into;
}

static inline void keep_reasons(struct lp_told_reasons *into, const struct lp_reasons *from)
{
	size_t i;

	into->reasons = *from;
	assert_in_range(from->blocked_count, 0, LP_BLOCKS);
	for (i = 0; i < from->blocked_count; i++) {
		into->blocked[i].blocked = from->blocked[i];
		into->blocked[i].stack = keep_stack(&from->blocked[i].stack);
	}
	assert_in_range(from->sample_count, 0, TOLD_SAMPLES);
	for (i = 0; i < from->sample_count; i++) {
		into->samples[i].sample = from->samples[i];
		into->samples[i].stack = keep_stack(&from->samples[i].stack);
	}
	into->holder = keep_stack(&from->gil.stack);
	into->chain = keep_stack(&from->await_chain);
}

static inline void told_run(void *context, const struct lp_run *run)
{
	(void)context;
	told.runs++;
	told.run = *run;
}

static inline void told_loop(void *context, const struct lp_loop_info *loop)
{
	(void)context;
	assert_in_range(told.loop_count, 0, TOLD_ITEMS - 1);
	told.loops[told.loop_count++] = *loop;
}

static inline void told_slow(void *context, const struct lp_slow *slow)
{
	struct lp_told_slow *into = &told.slow[told.slow_count++];

	(void)context;
	assert_in_range(told.slow_count, 1, TOLD_MAX);
	into->slow = *slow;
	into->loop = slow->loop->id;
	strcpy(into->name, slow->callback->name);
	keep_reasons(&into->why, &slow->reasons);
}

static inline void told_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_told_iteration *into = &told.iterations[told.iteration_count++];
	size_t i;

	(void)context;
	assert_in_range(told.iteration_count, 1, TOLD_ITEMS);
	into->slow = *slow;
	into->loop = slow->loop->id;
	for (i = 0; i < slow->top_count; i++)
		strcpy(into->top[i], slow->top[i].callback->name);
	keep_reasons(&into->why, &slow->reasons);
}

static inline void told_loop_state(void *context, const struct lp_loop_state *state)
{
	(void)context;
	told.states++;
	told.state = *state;
	told.state_loop = state->loop->id;
	told.state_count = histogram_count(state->iteration);
}

static inline void told_interval(void *context, const struct lp_summary *interval,
				 const struct lp_summary *total)
{
	(void)context;
	told.intervals++;
	keep_summary(&told.interval, interval);
	keep_summary(&told.total, total);
}

static inline void told_end(void *context, const struct lp_summary *total,
			    const struct lp_run_end *end)
{
	(void)context;
	told.ends++;
	told.end = *end;
	keep_summary(&told.total, total);
}

static const struct lp_observer recorder = {
	.run = told_run,
	.loop = told_loop,
	.slow = told_slow,
	.slow_iteration = told_slow_iteration,
	.loop_state = told_loop_state,
	.interval = told_interval,
	.end = told_end,
};

static inline int begin_model(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };

	(void)state;
	memset(&told, 0, sizeof(told));
	if (model_new(&recorder, NULL, &model))
		return -1;
	model_begin(model, &run);
	return 0;
}

static inline int free_model(void **state)
{
	(void)state;
	model_free(model);
	model = NULL;
	return 0;
}

/* ---- records; times are relative to the start of the run ---------------- */

/* A copy of exactly the record's size, so that a sanitiser sees a read beyond it. */
static inline void feed(const void *record, uint32_t loop, uint64_t ns)
{
	struct lp_event *copy = malloc(((const struct lp_event *)record)->size);

	assert_non_null(copy);
	memcpy(copy, record, ((const struct lp_event *)record)->size);
	copy->loop = loop;
	copy->pid = PID;
	copy->time_ns = START_NS + ns;
	assert_int_equal(decode_event(copy, copy->size, &model_handlers, model), 0);
	free(copy);
}

static inline void feed_loop(uint32_t loop, uint64_t ns)
{
	struct lp_event_loop event = { .event = record_head(LP_EVENT_LOOP, sizeof(event)),
				       .tid = 100 + loop,
				       .comm = "python3" };

	feed(&event, loop, ns);
}

static inline void feed_loop_end(uint32_t loop, uint64_t ns)
{
	struct lp_event event = record_head(LP_EVENT_LOOP_END, sizeof(event));

	feed(&event, loop, ns);
}

static inline void feed_name(uint32_t loop, uint32_t callback, const char *name)
{
	struct lp_event_name event = record_name(name, "app.py");

	event.callback = callback;
	feed(&event, loop, 0);
}

static inline void feed_slow(uint32_t loop, uint32_t callback, uint64_t start_ns, uint64_t end_ns,
			     uint64_t iteration, uint32_t position)
{
	struct lp_event_slow event = record_slow();

	event.callback = callback;
	event.start_ns = START_NS + start_ns;
	event.iteration = iteration;
	event.position = position;
	event.queue_delay_ns = LP_NO_QUEUE_DELAY;
	record_task_name(&event, 4, 1, 1, "task", 4);
	feed(&event, loop, end_ns);
}

static inline void feed_iteration_end(uint32_t loop, uint64_t ns, uint64_t iteration,
				      uint32_t callbacks)
{
	struct lp_event_iteration_end event = {
		.event = record_head(LP_EVENT_ITERATION_END, sizeof(event)),
		.iteration = iteration,
		.callbacks = callbacks,
	};

	feed(&event, loop, ns);
}

static inline void feed_poll_return(uint32_t loop, uint64_t ns, uint64_t iteration,
				    uint64_t poll_ns, int ready)
{
	struct lp_event_poll_return event = {
		.event = record_head(LP_EVENT_POLL_RETURN, sizeof(event)),
		.iteration = iteration,
		.poll_ns = poll_ns,
		.ready = ready,
	};

	feed(&event, loop, ns);
}

static inline void feed_stack(uint32_t loop, uint64_t start_ns, const char *function, uint32_t line)
{
	struct {
		struct lp_event_stack stack;
		struct lp_stack_frame frames[2];
	} record = { .stack.event = record_head(LP_EVENT_STACK, sizeof(record)) };

	_Static_assert(sizeof(record) ==
			       sizeof(struct lp_event_stack) + 2 * sizeof(struct lp_stack_frame),
		       "frames follow at once");
	record.stack.start_ns = START_NS + start_ns;
	record.stack.depth = 2;
	strcpy(record.stack.task_name, "from memory");
	record.frames[0].line = line;
	snprintf(record.frames[0].function, sizeof(record.frames[0].function), "%s", function);
	strcpy(record.frames[0].file, "app.py");
	strcpy(record.frames[1].function, "main");
	feed(&record, loop, start_ns + 1);
}

static inline void feed_frame(uint32_t number, const char *function, uint32_t line)
{
	struct lp_event_frame event = record_frame(number, function, line);

	feed(&event, 0, 0);
}

static inline void feed_coroutine(uint32_t number, const char *function, uint32_t line)
{
	struct lp_event_frame event = record_frame(number, function, line);

	event.coroutine = 1;
	feed(&event, 0, 0);
}

/* A stack of one or two frames; outer 0: of one. */
static inline struct lp_record_seen seen_stack(enum lp_seen why, uint64_t segment_ns,
					       uint64_t stack, uint32_t inner, uint32_t outer)
{
	const uint32_t frames[] = { inner, outer };
	struct lp_record_seen record = record_seen(why, stack, outer ? 2 : 1, frames);

	record.seen.segment_ns = START_NS + segment_ns;
	return record;
}

static inline void feed_seen(enum lp_seen why, uint64_t segment_ns, uint64_t stack, uint32_t inner,
			     uint32_t outer)
{
	struct lp_record_seen record = seen_stack(why, segment_ns, stack, inner, outer);

	feed(&record, 0, segment_ns + 1);
}

static inline void feed_account(struct lp_event_account *event, uint64_t segment_ns)
{
	event->account.segment_ns = START_NS + segment_ns;
	feed(event, 0, segment_ns + 1);
}

static inline void feed_progress(uint32_t loop, uint32_t callback, uint64_t start_ns,
				 uint64_t now_ns)
{
	struct lp_event_slow event = record_slow();

	event.event.type = LP_EVENT_PROGRESS;
	event.callback = callback;
	event.start_ns = START_NS + start_ns;
	event.iteration = 1;
	feed(&event, loop, now_ns);
}

static inline void feed_slow_iteration(struct lp_event_slow_iteration *event, uint64_t start_ns,
				       uint64_t end_ns)
{
	event->start_ns = START_NS + start_ns;
	feed(event, 0, end_ns);
}

static inline void feed_cause(enum lp_seen why, uint64_t stack, int number, uint64_t count,
			      uint64_t total_ns)
{
	struct lp_event_cause event = { .event = record_head(LP_EVENT_CAUSE, sizeof(event)),
					.stack = stack,
					.syscall = number,
					.seen = why,
					.count = count,
					.total_ns = total_ns };

	feed(&event, 0, 1);
}

/* The reasons of the last slow callback that was told. */
static inline const struct lp_told_reasons *told_why(void)
{
	assert_int_not_equal(told.slow_count, 0);
	return &told.slow[told.slow_count - 1].why;
}

static inline void feed_loop_stats(uint32_t loop, uint64_t ns, uint64_t busy_ns, uint64_t idle_ns,
				   uint64_t iterations)
{
	struct lp_event_loop_stats event = {
		.event = record_head(LP_EVENT_LOOP_STATS, sizeof(event)),
		.wall_start_ns = START_NS + 1,
		.busy_ns = busy_ns,
		.idle_ns = idle_ns,
		.iterations = iterations,
		.callbacks = 10 * iterations,
		.slow = iterations / 2,
	};

	while (iterations--)
		lp_histogram_add(&event.iteration, MS);
	feed(&event, loop, ns);
}

/* The state of a callback's counters: so many runs of a millisecond each. */
static inline void feed_callback_stats(uint32_t loop, uint32_t callback, uint64_t runs)
{
	struct lp_event_callback_stats event = {
		.event = record_head(LP_EVENT_CALLBACK_STATS, sizeof(event)),
		.callback = callback,
		.slow = runs / 2,
	};

	while (runs--) {
		lp_histogram_add(&event.run, MS);
		lp_histogram_add(&event.queue, MS);
	}
	feed(&event, loop, 0);
}

static inline void feed_end(enum lp_event_type type, uint64_t ns, uint32_t reason)
{
	struct lp_event_end event = { .event = record_head(type, sizeof(event)), .reason = reason };

	feed(&event, LP_MAX_LOOPS, ns);
}

#endif /* LP_TEST_MODEL_FIXTURE_H */
