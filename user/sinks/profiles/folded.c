// SPDX-License-Identifier: BSD-2-Clause
/*
 * Folded stacks, which flame graph tools read: a line "root;...;leaf N" for each stack, with N
 * microseconds of stalls.
 */
#include "sinks/escape.h"
#include "stall_sink.h"
#include "stack_weights.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct folded_sink {
	struct lp_stall_sink stalls;
	struct lp_weights *weights;
};

struct folded_line {
	char *text;
	uint64_t ns;
};

static void add_part(void *context, const struct lp_stall *stall, const struct lp_stall_part *part)
{
	struct folded_sink *folded = context;

	(void)stall;
	stack_weights_add(folded->weights, NULL, part, true);
}

static void add_stall(void *context, const struct lp_stall *stall)
{
	stall_parts_report(stall, add_part, context);
}

static void write_frame(FILE *out, const struct lp_weights *weights,
			const struct lp_weight_frame *frame)
{
	escape_folded(out, stack_weights_text_at(weights, frame->function));
	if (!frame->file)
		return;
	fputs(" (", out);
	escape_folded(out, stack_weights_text_at(weights, frame->file));
	if (frame->line)
		fprintf(out, ":%" PRIu32, frame->line);
	putc(')', out);
}

static char *line_of(const struct lp_weights *weights, const struct lp_weight *weight)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < weight->depth; i++) {
		struct lp_weight_frame frame = stack_weights_frame(weights, weight->frames[i]);

		if (i)
			putc(';', out);
		write_frame(out, weights, &frame);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int by_text(const void *left, const void *right)
{
	const struct folded_line *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* Merges equal lines, of stacks that differ only in characters that escape_folded() replaces. */
static size_t merge(struct folded_line *lines, size_t count)
{
	size_t i, retained = 0;

	for (i = 0; i < count; i++) {
		if (retained && !strcmp(lines[retained - 1].text, lines[i].text)) {
			lines[retained - 1].ns += lines[i].ns;
			free(lines[i].text);
		} else {
			lines[retained++] = lines[i];
		}
	}
	return retained;
}

/* Rounds the running sum instead of each line, so that the lines add up to the stalls. */
static void write_lines(FILE *out, const struct folded_line *lines, size_t count)
{
	uint64_t ns = 0, us = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		ns += lines[i].ns;
		if (ns / 1000 > us)
			fprintf(out, "%s %" PRIu64 "\n", lines[i].text, ns / 1000 - us);
		us = ns / 1000;
	}
}

static int write_document(struct folded_sink *folded)
{
	uint32_t stacks = stack_weights_count(folded->weights), number;
	struct folded_line *lines = calloc(stacks, sizeof(*lines));
	size_t count = 0, i;
	int err = 0;

	if (!lines)
		return -ENOMEM;
	for (number = 0; number < stacks && !err; number++) {
		struct lp_weight weight = stack_weights_at(folded->weights, number);

		if (!weight.ns)
			continue;
		lines[count].ns = weight.ns;
		lines[count].text = line_of(folded->weights, &weight);
		if (lines[count].text)
			count++;
		else
			err = -ENOMEM;
	}
	qsort(lines, count, sizeof(*lines), by_text);
	count = merge(lines, count);
	if (!err)
		write_lines(folded->stalls.document.out, lines, count);
	for (i = 0; i < count; i++)
		free(lines[i].text);
	free(lines);
	return err;
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct folded_sink *folded = context;
	int err;

	(void)total;
	(void)end;
	once_per_stall_end(&folded->stalls.once);
	err = write_document(folded);
	if (err)
		document_fail(&folded->stalls.document, err);
	stack_weights_warn(folded->weights);
	document_end(&folded->stalls.document);
}

static int folded_close(struct lp_sink *sink)
{
	struct folded_sink *folded = (struct folded_sink *)sink;

	stack_weights_free(folded->weights);
	return stall_sink_free(&folded->stalls);
}

static int folded_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		       struct lp_error *error)
{
	struct folded_sink *folded =
		stall_sink_new(sizeof(*folded), path, "folded", false, add_stall, error);

	(void)terminal;
	*sink = NULL;
	if (!folded)
		return error->code;
	folded->weights = stack_weights_new();
	if (!folded->weights)
		return stall_sink_no_memory(&folded->stalls, error);
	folded->stalls.sink.observer.end = on_end;
	folded->stalls.sink.close = folded_close;
	*sink = &folded->stalls.sink;
	return 0;
}

const struct lp_format folded_format = {
	.name = "folded",
	.suffix = ".folded",
	.open = folded_open,
};
