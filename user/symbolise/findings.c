// SPDX-License-Identifier: BSD-2-Clause
/* Findings: turns addresses and raw text into source lines and names. */
#include "symbolise_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A finding under construction. */
struct lp_described {
	struct lp_event_finding *found; /* has space for all frames */
	struct lp_symboliser *symboliser;
	const struct lp_instance *instance;
	const struct lp_finding_places *places;
	struct lp_frame place; /* innermost frame of the program itself, not of its loop */
	bool has_place;
};

/* The frames of a part that could be described; *known: their number. */
static const struct lp_frame *frames_of(const struct lp_finding_places *places,
					enum lp_finding_part part, uint32_t *known)
{
	uint32_t at = 0;
	int i;

	for (i = 0; i < (int)part; i++)
		at += places->known[i];
	*known = places->known[part];
	return places->shown + at;
}

/* Returns whether a task was cancelled by a loop in C, whose innermost frame is that of its caller.
 */
static bool is_loop_in_c(const struct lp_event_finding *found, const struct lp_frame *innermost)
{
	return found->kind == LP_FINDING_CANCELLED && innermost->runs_loop;
}

/* Appends a stack's frames, up to the loop's own; returns how many. */
static uint32_t append_stack(struct lp_described *described, enum lp_finding_part part,
			     uint32_t depth)
{
	struct lp_event_finding *found = described->found;
	uint32_t at = found->depth + found->loop_depth, count = 0, known, i;
	const struct lp_frame *all = frames_of(described->places, part, &known);
	int number;

	for (i = 0; i < depth; i++) {
		const struct lp_frame *shown = &all[i];

		if (i >= known) {
			found->flags |= LP_FINDING_UNREADABLE;
			break;
		}
		if (shown->dispatches || (!i && is_loop_in_c(found, shown)))
			break;
		if (!count && shown->warns)
			continue;
		if (!described->has_place && !shown->of_loop) {
			described->place = *shown;
			described->has_place = true;
		}
		number = symboliser_number(described->symboliser, &found->event, shown);
		if (number < 0)
			break;
		found->frames[at + count++] = (__u32)number;
	}
	return count;
}

/*
 * The frame that created the object: the innermost outside of the loop's library, through which
 * tasks are created.
 */
static __u32 find_creation(const struct lp_described *described)
{
	uint32_t known, i;
	const struct lp_frame *all = frames_of(described->places, LP_PART_ORIGIN, &known);
	const struct lp_frame *first = all;
	int number;

	if (!known)
		return LP_NO_FRAME;
	for (i = 0; i < known; i++) {
		if (!all[i].of_loop) {
			first = &all[i];
			break;
		}
	}
	number = symboliser_number(described->symboliser, &described->found->event, first);
	return number < 0 ? LP_NO_FRAME : (__u32)number;
}

/* The frame in which its coroutine is suspended. */
static __u32 find_parked(const struct lp_described *described)
{
	uint32_t known;
	const struct lp_frame *parked = frames_of(described->places, LP_PART_PARKED, &known);
	int number;

	if (!known)
		return LP_NO_FRAME;
	number = symboliser_number(described->symboliser, &described->found->event, parked);
	return number < 0 ? LP_NO_FRAME : (__u32)number;
}

/* Decodes a text that BPF has copied; a truncated text gets a mark at the side that is missing. */
static void copy_text(const struct lp_text *text, const __u8 *data, size_t capacity, bool keeps_end,
		      char *out, size_t size)
{
	bool cut = text->flags & LP_TEXT_CUT;
	char whole[1024], marked[sizeof(whole) + 8];

	out[0] = '\0';
	if (!text->bytes || text->bytes > capacity ||
	    (text->width != 1 && text->width != 2 && text->width != 4))
		return;
	text_from_code_points(data, text->bytes, text->width, whole, sizeof(whole));
	snprintf(marked, sizeof(marked), "%s%s%s", cut && keeps_end ? "..." : "", whole,
		 cut && !keeps_end ? "..." : "");
	text_copy(out, size, marked);
}

static void fill_texts(const struct lp_event_raw_finding *finding, struct lp_event_finding *found)
{
	char type[LP_TYPE_NAME_BYTES + 1] = "";

	copy_text(&finding->qualname, finding->qualname_data, LP_QUALNAME_BYTES, false, found->name,
		  sizeof(found->name));
	copy_text(&finding->filename, finding->filename_data, LP_FILENAME_BYTES, true, found->file,
		  sizeof(found->file));
	copy_text(&finding->message, finding->message_data, LP_MESSAGE_BYTES, false,
		  found->exception_message, sizeof(found->exception_message));
	if (finding->flags & LP_FINDING_NAME_IS_INT)
		snprintf(found->task_name, sizeof(found->task_name), "Task-%llu",
			 (unsigned long long)finding->task_number);
	else if (finding->flags & LP_FINDING_NAME_IS_STRING)
		copy_text(&finding->task_name, finding->task_name_data, LP_NAME_BYTES, false,
			  found->task_name, sizeof(found->task_name));
	memcpy(type, finding->exception_type, LP_TYPE_NAME_BYTES);
	text_copy(found->exception_type, sizeof(found->exception_type), type);
}

/*
 * A finding that is about no coroutine is about the source line of the program at which it
 * happened. BPF has copied the name of the function on top of the stack in case that the stack
 * cannot be read any more.
 */
static void fill_place(const struct lp_described *described, bool named_by_place)
{
	struct lp_event_finding *found = described->found;

	if ((found->name[0] && !named_by_place) || !described->has_place)
		return;
	text_copy(found->name, sizeof(found->name), described->place.function);
	text_copy(found->file, sizeof(found->file), described->place.file);
	found->line = described->place.line;
}

bool symboliser_take_finding(struct lp_symboliser *symboliser, const struct lp_instance *instance,
			     const struct lp_event_raw_finding *finding,
			     const struct lp_finding_places *places)
{
	static const struct lp_finding_places nothing;
	struct lp_described described = { .symboliser = symboliser,
					  .instance = instance,
					  .places = places ? places : &nothing };
	size_t capacity = LP_FINDING_FRAMES + LP_FINDING_LOOP_FRAMES;
	struct lp_event_finding *found;

	if (finding->kind >= LP_FINDING_KINDS || finding->depth > LP_FINDING_FRAMES ||
	    finding->loop_depth > LP_FINDING_LOOP_FRAMES)
		return true;
	found = calloc(1, sizeof(*found) + capacity * sizeof(found->frames[0]));
	if (!found)
		return false;
	described.found = found;
	found->event = finding->event;
	found->event.type = LP_EVENT_FINDING;
	found->kind = finding->kind;
	found->tid = finding->tid;
	found->flags = finding->flags & (LP_FINDING_CUT | LP_FINDING_MORE | LP_FINDING_TIMER);
	found->line = finding->first_line;
	found->object = finding->object;
	found->task = finding->task;
	fill_texts(finding, found);
	found->parked = find_parked(&described);
	found->depth = append_stack(&described, LP_PART_STACK, finding->depth);
	fill_place(&described, finding->flags & LP_FINDING_NAME_IS_PLACE);
	/* The process has ended: neither the object nor the stack is known. */
	if (!found->name[0] && !found->depth && finding->depth) {
		free(found);
		return false;
	}
	described.has_place = true;
	found->loop_depth = append_stack(&described, LP_PART_LOOP, finding->loop_depth);
	found->created = find_creation(&described);
	found->event.size =
		(__u32)(sizeof(*found) +
			(found->depth + found->loop_depth) * sizeof(found->frames[0]) + 7) /
		8 * 8;
	symboliser->config.take(symboliser->config.context, &found->event);
	free(found);
	return true;
}
