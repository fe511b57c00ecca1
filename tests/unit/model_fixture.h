/* SPDX-License-Identifier: BSD-2-Clause */
/* A model fed with records, as by a source, and an observer that stores what is reported. */
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
#define REPORTED_MAX 40
#define REPORTED_ITEMS 8
#define REPORTED_SAMPLES 64
#define REPORTED_CAUSES 16

/* text: "innermost:12 < outer:3" */
struct lp_reported_stack {
	uint32_t depth;
	bool cut, unreadable;
	char text[200];
};

/* Stacks are stored as text, which outlives the report; all pointers in here are stale. */
struct lp_reported_breakdown {
	struct lp_breakdown breakdown;
	struct {
		struct lp_blocked blocked;
		struct lp_reported_stack stack;
	} blocked[LP_BLOCKS];
	struct {
		struct lp_sample sample;
		struct lp_reported_stack stack;
	} samples[REPORTED_SAMPLES];
	struct lp_reported_stack holder, chain;
};

struct lp_reported_slow {
	struct lp_slow_callback slow; /* its pointers are stale */
	uint32_t loop;
	char name[LP_NAME_MAX];
	struct lp_eager_info eager; /* zeros: none */
	struct lp_reported_breakdown why;
};

struct lp_reported_iteration {
	struct lp_slow_iteration slow; /* its pointers are stale */
	size_t after_slow; /* the number of slow callbacks that were reported before it */
	uint32_t loop;
	char top[LP_TOP_SHOWN][LP_NAME_MAX];
	struct lp_reported_breakdown why;
};

struct lp_reported_summary {
	struct lp_summary summary; /* its pointers are stale */
	struct lp_reported_loop {
		struct lp_loop_summary summary;
		uint32_t id; /* 0: the summary is of no loop */
		struct {
			char name[LP_NAME_MAX];
			uint64_t slow, runs, sum_ns, queued;
		} items[REPORTED_ITEMS];
		struct lp_reported_cause {
			struct lp_cause cause; /* its frame is stale */
			char place[200]; /* "function:12", or "" */
		} causes[REPORTED_CAUSES];
	} loops[REPORTED_ITEMS];
};

struct lp_reported_all {
	struct lp_run run;
	size_t runs, loop_count, slow_count, iteration_count, states, intervals, ends;
	struct lp_loop_state state; /* the last one that was reported; its pointers are stale */
	uint32_t state_loop;
	uint64_t state_count; /* number of iterations in the histogram of that state */
	struct lp_loop_info loops[REPORTED_ITEMS];
	struct lp_reported_slow slow[REPORTED_MAX];
	struct lp_reported_iteration iterations[REPORTED_ITEMS];
	struct lp_reported_summary interval, total;
	struct lp_run_end end;
};

static struct lp_model *model;
static struct lp_reported_all reported;

static inline void keep_summary(struct lp_reported_summary *into, const struct lp_summary *from)
{
	size_t i, j;

	memset(into, 0, sizeof(*into));
	into->summary = *from;
	assert_in_range(from->loop_count, 0, REPORTED_ITEMS);
	for (i = 0; i < from->loop_count; i++) {
		const struct lp_loop_summary *loop = &from->loops[i];

		into->loops[i].summary = *loop;
		into->loops[i].id = loop->loop ? loop->loop->id : 0;
		assert_in_range(loop->callback_count, 0, REPORTED_ITEMS);
		for (j = 0; j < loop->callback_count; j++) {
			const struct lp_callback_summary *item = &loop->items[j];

			strcpy(into->loops[i].items[j].name, item->callback->name);
			into->loops[i].items[j].slow = item->slow;
			into->loops[i].items[j].runs = histogram_count(&item->run);
			into->loops[i].items[j].sum_ns = item->run.sum_ns;
			into->loops[i].items[j].queued = histogram_count(&item->queue);
		}
		for (j = 0; j < loop->cause_count && j < REPORTED_CAUSES; j++) {
			struct lp_reported_cause *cause = &into->loops[i].causes[j];

			cause->cause = loop->causes[j];
			if (loop->causes[j].frame)
				snprintf(cause->place, sizeof(cause->place), "%s:%u",
					 loop->causes[j].frame->function,
					 loop->causes[j].frame->line);
		}
	}
}

static inline struct lp_reported_stack keep_stack(const struct lp_stack *from)
{
	struct lp_reported_stack into = { .depth = from->depth,
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

static inline void keep_breakdown(struct lp_reported_breakdown *into,
				  const struct lp_breakdown *from)
{
	size_t i;

	into->breakdown = *from;
	assert_in_range(from->blocked_count, 0, LP_BLOCKS);
	for (i = 0; i < from->blocked_count; i++) {
		into->blocked[i].blocked = from->blocked[i];
		into->blocked[i].stack = keep_stack(&from->blocked[i].stack);
	}
	assert_in_range(from->sample_count, 0, REPORTED_SAMPLES);
	for (i = 0; i < from->sample_count; i++) {
		into->samples[i].sample = from->samples[i];
		into->samples[i].stack = keep_stack(&from->samples[i].stack);
	}
	into->holder = keep_stack(&from->gil.stack);
	into->chain = keep_stack(&from->await_chain);
}

static inline void reported_run(void *context, const struct lp_run *run)
{
	(void)context;
	reported.runs++;
	reported.run = *run;
}

static inline void reported_loop(void *context, const struct lp_loop_info *loop)
{
	(void)context;
	assert_in_range(reported.loop_count, 0, REPORTED_ITEMS - 1);
	reported.loops[reported.loop_count++] = *loop;
}

static inline void reported_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_reported_slow *into = &reported.slow[reported.slow_count++];

	(void)context;
	assert_in_range(reported.slow_count, 1, REPORTED_MAX);
	into->slow = *slow;
	into->loop = slow->loop->id;
	strcpy(into->name, slow->callback->name);
	if (slow->eager)
		into->eager = *slow->eager;
	keep_breakdown(&into->why, &slow->breakdown);
}

static inline void reported_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_reported_iteration *into = &reported.iterations[reported.iteration_count++];
	size_t i;

	(void)context;
	assert_in_range(reported.iteration_count, 1, REPORTED_ITEMS);
	into->slow = *slow;
	into->after_slow = reported.slow_count;
	into->loop = slow->loop->id;
	for (i = 0; i < slow->top_count; i++)
		strcpy(into->top[i], slow->top[i].callback->name);
	keep_breakdown(&into->why, &slow->breakdown);
}

static inline void reported_loop_state(void *context, const struct lp_loop_state *state)
{
	(void)context;
	reported.states++;
	reported.state = *state;
	reported.state_loop = state->loop->id;
	reported.state_count = histogram_count(state->iteration);
}

static inline void reported_interval(void *context, const struct lp_summary *interval,
				     const struct lp_summary *total)
{
	(void)context;
	reported.intervals++;
	keep_summary(&reported.interval, interval);
	keep_summary(&reported.total, total);
}

static inline void reported_end(void *context, const struct lp_summary *total,
				const struct lp_run_end *end)
{
	(void)context;
	reported.ends++;
	reported.end = *end;
	keep_summary(&reported.total, total);
}

static const struct lp_observer recorder = {
	.run = reported_run,
	.loop = reported_loop,
	.slow = reported_slow,
	.slow_iteration = reported_slow_iteration,
	.loop_state = reported_loop_state,
	.interval = reported_interval,
	.end = reported_end,
};

static inline int begin_model(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };

	(void)state;
	memset(&reported, 0, sizeof(reported));
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

/* Feeds a copy of exactly the record's size, so that a sanitiser reports a read past its end. */
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

/* A sampled stack of two frames, or of one if outer is 0. */
static inline struct lp_record_stack_sample sampled_stack(enum lp_sample_reason why,
							  uint64_t segment_ns, uint64_t stack,
							  uint32_t inner, uint32_t outer)
{
	const uint32_t frames[] = { inner, outer };
	struct lp_record_stack_sample record =
		record_stack_sample(why, stack, outer ? 2 : 1, frames);

	record.sample.segment_ns = START_NS + segment_ns;
	return record;
}

static inline void feed_stack_sample(enum lp_sample_reason why, uint64_t segment_ns, uint64_t stack,
				     uint32_t inner, uint32_t outer)
{
	struct lp_record_stack_sample record = sampled_stack(why, segment_ns, stack, inner, outer);

	feed(&record, 0, segment_ns + 1);
}

static inline void feed_account(struct lp_event_segment_times *event, uint64_t segment_ns)
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

static inline void feed_cause(enum lp_sample_reason why, uint64_t stack, int number, uint64_t count,
			      uint64_t total_ns)
{
	struct lp_event_cause event = { .event = record_head(LP_EVENT_CAUSE, sizeof(event)),
					.stack = stack,
					.syscall = number,
					.reason = why,
					.count = count,
					.total_ns = total_ns };

	feed(&event, 0, 1);
}

/* The breakdown of the slow callback that was reported last. */
static inline const struct lp_reported_breakdown *last_breakdown(void)
{
	assert_int_not_equal(reported.slow_count, 0);
	return &reported.slow[reported.slow_count - 1].why;
}

/* A slow callback, whose iteration ends with it.  Returns its breakdown. */
static inline const struct lp_reported_breakdown *feed_over(uint64_t start_ns, uint64_t end_ns)
{
	feed_slow(0, 1, start_ns, end_ns, 1, 0);
	feed_poll_return(0, end_ns + MS, 1, 10, 0);
	return last_breakdown();
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

/* The counters of a callback that has had so many runs of 1 ms each, every second one slow. */
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

	feed(&event, LP_NO_LOOP, ns);
}

#endif /* LP_TEST_MODEL_FIXTURE_H */
