// SPDX-License-Identifier: BSD-2-Clause
#include "stalls.h"

#include "../text.h"

#include <stdlib.h>
#include <string.h>

/* A poll that returned later than this had nothing ready when it began: nobody was held up. */
#define POLL_READY_NS 1000000ULL
/* How long a stall waits for its poll's return, and for the end of a long iteration. */
#define POLL_WAIT_NS 20000000ULL
#define ITERATION_WAIT_NS 2000000000ULL
#define SAMPLES_MAX 16

struct lp_pending {
	struct lp_pending *next;
	struct lp_slow slow;
	uint64_t iteration;
	uint64_t end_ns;
	uint64_t iteration_end_ns; /* 0: it has not ended yet */
	uint32_t position;
};

struct lp_stalls {
	lp_slow_teller tell;
	void *context;
	struct lp_pending *first, *last;
	/* stacks of the callback that began at stack_start_ns */
	uint64_t stack_start_ns;
	struct lp_sample *samples;
	size_t sample_count;
	char task_name[LP_TASK_NAME_MAX];
};

struct lp_stalls *stalls_new(lp_slow_teller tell, void *context)
{
	struct lp_stalls *stalls = calloc(1, sizeof(*stalls));

	if (stalls) {
		stalls->tell = tell;
		stalls->context = context;
	}
	return stalls;
}

static void clear_sample(struct lp_sample *sample)
{
	size_t i;

	for (i = 0; i < sample->depth; i++) {
		free(sample->frames[i].function);
		free(sample->frames[i].file);
	}
	free(sample->frames);
}

static void free_samples(struct lp_sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		clear_sample(&samples[i]);
	free(samples);
}

static void drop_stacks(struct lp_stalls *stalls)
{
	free_samples(stalls->samples, stalls->sample_count);
	stalls->samples = NULL;
	stalls->sample_count = 0;
	stalls->task_name[0] = '\0';
}

static int by_count(const void *left, const void *right)
{
	const struct lp_sample *a = left, *b = right;

	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

/* Tells the oldest. */
static void tell_first(struct lp_stalls *stalls)
{
	struct lp_pending *pending = stalls->first;

	stalls->first = pending->next;
	if (!stalls->first)
		stalls->last = NULL;
	stalls->tell(stalls->context, &pending->slow);
	free_samples(pending->slow.samples, pending->slow.sample_count);
	free(pending);
}

void stalls_free(struct lp_stalls *stalls)
{
	if (!stalls)
		return;
	while (stalls->first)
		tell_first(stalls);
	drop_stacks(stalls);
	free(stalls);
}

static bool same_stack(const struct lp_sample *sample, const struct lp_event_stack *event)
{
	uint32_t i;

	if (sample->depth != event->depth)
		return false;
	for (i = 0; i < sample->depth; i++)
		if (sample->frames[i].line != event->frames[i].line ||
		    strcmp(sample->frames[i].function, event->frames[i].function) != 0 ||
		    strcmp(sample->frames[i].file, event->frames[i].file) != 0)
			return false;
	return true;
}

static char *clean_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy)
		text_sanitise(copy);
	return copy;
}

static bool fill_sample(struct lp_sample *sample, const struct lp_event_stack *event)
{
	uint32_t i;

	memset(sample, 0, sizeof(*sample));
	sample->count = 1;
	sample->cut = event->cut != 0;
	sample->frames = calloc(event->depth ? event->depth : 1, sizeof(*sample->frames));
	if (!sample->frames)
		return false;
	for (i = 0; i < event->depth; i++) {
		struct lp_shown_frame *frame = &sample->frames[i];

		frame->function = clean_copy(event->frames[i].function);
		frame->file = clean_copy(event->frames[i].file);
		frame->line = event->frames[i].line;
		sample->depth = i + 1;
		if (!frame->function || !frame->file)
			return false;
	}
	return true;
}

void stalls_add_stack(struct lp_stalls *stalls, const struct lp_event_stack *event)
{
	struct lp_sample *grown, sample;
	size_t i;

	if (event->start_ns != stalls->stack_start_ns)
		drop_stacks(stalls);
	stalls->stack_start_ns = event->start_ns;
	if (event->task_name[0])
		text_copy(stalls->task_name, sizeof(stalls->task_name), event->task_name);
	for (i = 0; i < stalls->sample_count; i++) {
		if (same_stack(&stalls->samples[i], event)) {
			stalls->samples[i].count++;
			return;
		}
	}
	if (stalls->sample_count == SAMPLES_MAX)
		return;
	if (!fill_sample(&sample, event)) {
		clear_sample(&sample);
		return;
	}
	grown = realloc(stalls->samples, (stalls->sample_count + 1) * sizeof(*grown));
	if (!grown) {
		clear_sample(&sample);
		return;
	}
	stalls->samples = grown;
	grown[stalls->sample_count++] = sample;
}

void stalls_add_slow(struct lp_stalls *stalls, const struct lp_loop_info *loop,
		     const struct lp_callback_info *callback, const struct lp_decoded_slow *event)
{
	struct lp_pending *pending = calloc(1, sizeof(*pending));
	struct lp_slow *slow;

	if (!pending)
		return;
	slow = &pending->slow;
	slow->loop = loop;
	slow->callback = callback;
	slow->start_ns = event->wire->start_ns;
	slow->duration_ns = event->wire->event.time_ns - event->wire->start_ns;
	slow->queue_delay_ns = event->wire->queue_delay_ns;
	slow->task = event->wire->task;
	text_copy(slow->task_name, sizeof(slow->task_name), event->task_name);
	pending->iteration = event->wire->iteration;
	pending->position = event->wire->position;
	pending->end_ns = event->wire->event.time_ns;
	if (stalls->sample_count && stalls->stack_start_ns == slow->start_ns) {
		if (slow->task && !slow->task_name[0])
			text_copy(slow->task_name, sizeof(slow->task_name), stalls->task_name);
		slow->samples = stalls->samples;
		slow->sample_count = stalls->sample_count;
		stalls->samples = NULL;
		stalls->sample_count = 0;
		qsort(slow->samples, slow->sample_count, sizeof(*slow->samples), by_count);
	}
	if (stalls->last)
		stalls->last->next = pending;
	else
		stalls->first = pending;
	stalls->last = pending;
}

void stalls_iteration_end(struct lp_stalls *stalls, const struct lp_event_iteration_end *event)
{
	struct lp_pending *pending;

	for (pending = stalls->first; pending; pending = pending->next) {
		if (pending->iteration != event->iteration)
			continue;
		pending->iteration_end_ns = event->event.time_ns;
		pending->slow.delayed_known = true;
		if (event->callbacks > pending->position)
			pending->slow.delayed_callbacks = event->callbacks - pending->position - 1;
	}
}

void stalls_poll_return(struct lp_stalls *stalls, const struct lp_event_poll_return *event)
{
	while (stalls->first && stalls->first->iteration <= event->iteration) {
		if (stalls->first->iteration == event->iteration && event->ready > 0 &&
		    event->poll_ns < POLL_READY_NS)
			stalls->first->slow.delayed_events = (uint32_t)event->ready;
		tell_first(stalls);
	}
}

void stalls_advance(struct lp_stalls *stalls, uint64_t now_ns)
{
	while (stalls->first) {
		const struct lp_pending *pending = stalls->first;
		uint64_t due = pending->iteration_end_ns ? pending->iteration_end_ns + POLL_WAIT_NS
							 : pending->end_ns + ITERATION_WAIT_NS;

		if (now_ns < due)
			return;
		tell_first(stalls);
	}
}
