// SPDX-License-Identifier: BSD-2-Clause
#include "exemplar.h"

#include "model/own_frames.h"
#include "octaves.h"
#include "base/macros.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Returns the cause of the longest part; on CPU if times are not known, as all parts are 0. */
static enum lp_cause_kind main_cause(const struct lp_times *time)
{
	uint64_t parts[LP_CAUSE_KINDS] = {
		[LP_CAUSE_ON_CPU] = time->on_cpu_ns,
		[LP_CAUSE_BLOCKED] = time->blocked_ns,
		[LP_CAUSE_GIL] = time->gil_ns,
		[LP_CAUSE_RUN_QUEUE] = time->run_queue_ns,
	};
	size_t kind, most = LP_CAUSE_ON_CPU;

	for (kind = 0; kind < LP_CAUSE_KINDS; kind++)
		if (parts[kind] > parts[most])
			most = kind;
	return (enum lp_cause_kind)most;
}

static const struct lp_stack *stack_of(const struct lp_breakdown *breakdown,
				       enum lp_cause_kind cause)
{
	static const enum lp_sample_reason reason[LP_CAUSE_KINDS] = {
		[LP_CAUSE_ON_CPU] = LP_SAMPLE_ON_CPU,
		[LP_CAUSE_GIL] = LP_SAMPLE_GIL,
		[LP_CAUSE_RUN_QUEUE] = LP_SAMPLE_RUN_QUEUE,
	};
	size_t i;

	if (cause == LP_CAUSE_BLOCKED)
		return breakdown->blocked_count ? &breakdown->blocked[0].stack : NULL;
	for (i = 0; i < breakdown->sample_count; i++)
		if (breakdown->samples[i].reason == reason[cause])
			return &breakdown->samples[i].stack;
	return NULL;
}

/* Copies at most so many bytes of a text; of a long one the end, from a complete character on. */
static void set_end(char *to, const char *text, size_t capacity)
{
	size_t length = strlen(text);

	if (length > capacity) {
		text += length - capacity;
		while ((*text & 0xc0) == 0x80)
			text++;
	}
	memcpy(to, text, strlen(text) + 1);
}

/* Writes "file:line". */
static void set_line(char *to, const char *file, uint32_t line)
{
	const char *slash = strrchr(file, '/');
	char number[16] = "";

	if (line)
		snprintf(number, sizeof(number), ":%" PRIu32, line);
	set_end(to, slash ? slash + 1 : file, LP_EXEMPLAR_LINE - strlen(number));
	memcpy(to + strlen(to), number, strlen(number) + 1);
}

/* Sets the name of the handler, in the space that the other labels leave. */
static void set_handler(struct lp_exemplar *exemplar, const struct lp_shown_frame *handler)
{
	size_t used = strlen("stall"
			     "line"
			     "cause"
			     "handler") +
		      strlen(exemplar->stall) + strlen(exemplar->line) + strlen(exemplar->cause);
	size_t left = saturating_sub(LP_EXEMPLAR_CHARACTERS, used);

	if (handler)
		set_end(exemplar->handler, handler->function,
			left < LP_EXEMPLAR_LINE ? left : LP_EXEMPLAR_LINE);
}

void exemplar_set(struct lp_exemplar *exemplar, const struct lp_slow_callback *slow,
		  uint64_t run_unix_ns)
{
	enum lp_cause_kind cause = main_cause(&slow->breakdown.time);
	const struct lp_stack *stack = stack_of(&slow->breakdown, cause);
	struct lp_stack own = { .depth = 0 };

	exemplar->edge = octaves_edge(lp_histogram_slot(slow->duration_ns));
	exemplar->duration_ns = slow->duration_ns;
	exemplar->unix_ns = loop_unix_ns(slow->loop, slow->start_ns + slow->duration_ns);
	exemplar->cause = slow->breakdown.time.known ? cause_name(cause) : "";
	snprintf(exemplar->stall, sizeof(exemplar->stall), "%" PRIu64 "-%" PRIu32 "-%" PRIu64,
		 run_unix_ns / NS_PER_S, slow->loop->id, slow->start_ns);
	if (stack)
		own = own_frames_of(stack);
	if (slow->own && *slow->own->file)
		set_line(exemplar->line, slow->own->file, slow->own->line);
	else if (own.depth && *own.frames[0]->file)
		set_line(exemplar->line, own.frames[0]->file, own.frames[0]->line);
	else
		set_line(exemplar->line, slow->callback->file, slow->callback->line);
	set_handler(exemplar, slow->handler);
}
