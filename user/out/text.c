// SPDX-License-Identifier: BSD-2-Clause
/* For people: a line a stall as it ends, and tables at the end. */
#include "sink.h"

#include "../text.h"
#include "file.h"
#include "text_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "12:01:07.312   312 ms  " */
#define CLOCK_AND_DURATION 24
/* Columns that a name gets at least, whatever else there is to show. */
#define NAME_LEAST 16
/* Bytes that are shown of a task's name. */
#define TASK_NAME_MOST 24
#define STACK_INDENT 8

struct lp_text_sink {
	struct lp_sink sink;
	FILE *out;
	/* what is printed of one event, before it goes out in one piece */
	FILE *file;
	char *page;
	size_t page_size;
	struct lp_look look;
	/* CLOCK_REALTIME minus CLOCK_MONOTONIC when the run began */
	int64_t wall_offset_ns;
	bool queue;
};

/* Where the locale cannot show a character, a '?' stands for it: the columns stay as they are. */
static size_t make_ascii(char *text, size_t size)
{
	size_t from, to = 0;

	for (from = 0; from < size; from++) {
		if ((text[from] & 0xc0) == 0x80)
			continue;
		text[to++] = text[from] & 0x80 ? '?' : text[from];
	}
	return to;
}

static void put_out(struct lp_text_sink *sink)
{
	size_t size;

	fflush(sink->file);
	size = (size_t)ftello(sink->file);
	if (!sink->look.utf8)
		size = make_ascii(sink->page, size);
	fwrite(sink->page, 1, size, sink->out);
	fflush(sink->out);
	rewind(sink->file);
}

static void on_run(void *context, const struct lp_run *run)
{
	struct lp_text_sink *sink = context;

	sink->wall_offset_ns = (int64_t)run->start_unix_ns - (int64_t)run->start_ns;
	sink->queue = run->queue;
}

static void print_clock(const struct lp_text_sink *sink, uint64_t monotonic_ns)
{
	int64_t unix_ns = (int64_t)monotonic_ns + sink->wall_offset_ns;
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm parts;
	char text[32];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	fprintf(sink->file, "%s.%03d", text, (int)(unix_ns / 1000000 % 1000));
}

static void frame_place(const struct lp_shown_frame *frame, unsigned int parts, char *place,
			size_t size)
{
	if (frame->line)
		snprintf(place, size, "%.100s:%u", text_path_end(frame->file, parts), frame->line);
	else
		snprintf(place, size, "%.100s", text_path_end(frame->file, parts));
}

static void print_stack(const struct lp_text_sink *sink, const struct lp_sample *sample)
{
	size_t room = sink->look.columns - STACK_INDENT - 2, widest = 0;
	char place[128];
	uint32_t i;

	for (i = 0; i < sample->depth; i++) {
		size_t columns = text_columns(sample->frames[i].function);

		if (columns > widest)
			widest = columns;
	}
	if (widest > room / 2)
		widest = room / 2;
	for (i = 0; i < sample->depth; i++) {
		const struct lp_shown_frame *frame = &sample->frames[i];

		frame_place(frame, 2, place, sizeof(place));
		if (widest + text_columns(place) > room)
			frame_place(frame, 1, place, sizeof(place));
		fprintf(sink->file, "%*s", STACK_INDENT, "");
		text_print_end(sink->file, &sink->look, frame->function, widest, true);
		fprintf(sink->file, "  %s\n", place);
	}
	if (sample->cut)
		fputs("        ... (the rest could not be read)\n", sink->file);
}

/* Name, task and place, cut so that the line fits: of the name, the end is kept. */
static void print_who(const struct lp_text_sink *sink, const struct lp_slow *slow)
{
	const struct lp_callback_info *callback = slow->callback;
	char task[TASK_NAME_MOST + 16] = "", name[TASK_NAME_MOST], place[128] = "";
	size_t rest, width = sink->look.columns - CLOCK_AND_DURATION;

	if (slow->task && slow->task_name[0]) {
		text_copy(name, sizeof(name), slow->task_name);
		snprintf(task, sizeof(task), "  task '%s'", name);
	} else if (slow->task) {
		snprintf(task, sizeof(task), "  task '?'");
	}
	if (callback->file[0])
		snprintf(place, sizeof(place), " (%.90s:%u)", text_path_end(callback->file, 2),
			 callback->line);
	rest = text_columns(task) + text_columns(place);
	if (callback->file[0] && text_columns(callback->name) + rest > width)
		snprintf(place, sizeof(place), " (%.90s:%u)", text_path_end(callback->file, 1),
			 callback->line);
	rest = text_columns(task) + text_columns(place);
	text_print_end(sink->file, &sink->look, callback->name,
		       width > rest + NAME_LEAST ? width - rest : NAME_LEAST, false);
	fprintf(sink->file, "%s%s\n", task, place);
}

static void on_slow(void *context, const struct lp_slow *slow)
{
	struct lp_text_sink *sink = context;
	char text[32];

	text_duration(text, sizeof(text), slow->duration_ns);
	print_clock(sink, slow->start_ns + slow->duration_ns);
	fprintf(sink->file, "  %s%8s%s  ", sink->look.colour ? "\033[1;31m" : "", text,
		sink->look.colour ? "\033[0m" : "");
	print_who(sink, slow);
	if (slow->sample_count) {
		uint32_t all = 0, i;

		for (i = 0; i < slow->sample_count; i++)
			all += slow->samples[i].count;
		if (slow->sample_count > 1)
			fprintf(sink->file, "    seen most, %u of %u times\n",
				slow->samples[0].count, all);
		print_stack(sink, &slow->samples[0]);
	}
	if (slow->queue_delay_ns != LP_NO_QUEUE_DELAY) {
		text_duration(text, sizeof(text), slow->queue_delay_ns);
		fprintf(sink->file, "    had waited %s to run\n", text);
	}
	if (slow->delayed_callbacks || slow->delayed_events)
		fprintf(sink->file, "    held up %u callback%s and %u ready event%s\n",
			slow->delayed_callbacks, slow->delayed_callbacks == 1 ? "" : "s",
			slow->delayed_events, slow->delayed_events == 1 ? "" : "s");
	put_out(sink);
}

static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	struct lp_text_sink *sink = context;

	(void)total;
	fputc('\n', sink->file);
	print_clock(sink, interval->now_ns);
	fputs("  ", sink->file);
	text_summary_print(sink->file, &sink->look, interval, sink->queue, false);
	put_out(sink);
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct lp_text_sink *sink = context;

	(void)end;
	fputc('\n', sink->file);
	text_summary_print(sink->file, &sink->look, total, sink->queue, true);
	put_out(sink);
}

static int close_text(struct lp_sink *base)
{
	struct lp_text_sink *sink = (struct lp_text_sink *)base;
	int err = 0;

	if (sink->out) {
		err = ferror(sink->out) ? -EIO : 0;
		if (output_close(sink->out) && !err)
			err = -EIO;
	}
	if (sink->file)
		fclose(sink->file);
	free(sink->page);
	free(sink);
	return err;
}

static int open_text(const char *path, const struct lp_look *look, struct lp_sink **result,
		     struct lp_error *error)
{
	struct lp_text_sink *sink = calloc(1, sizeof(*sink));
	int err;

	if (!sink)
		return error_set(error, -ENOMEM, "out of memory");
	sink->file = open_memstream(&sink->page, &sink->page_size);
	err = sink->file ? output_open(path, &sink->out, error)
			 : error_set(error, -ENOMEM, "out of memory");
	if (err) {
		close_text(&sink->sink);
		return err;
	}
	sink->look = *look;
	sink->sink.observer.run = on_run;
	sink->sink.observer.slow = on_slow;
	sink->sink.observer.interval = on_interval;
	sink->sink.observer.end = on_end;
	sink->sink.close = close_text;
	*result = &sink->sink;
	return 0;
}

const struct lp_format text_format = {
	.name = "text",
	.suffix = ".txt",
	.open = open_text,
};
