// SPDX-License-Identifier: BSD-2-Clause
/*
 * speedscope's JSON: a profile for each loop, with its stalls one after the other.  The time
 * between stalls is omitted, as it would take all of the view.
 */
#include "sinks/json/writer.h"
#include "stall_sink.h"
#include "stack_weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"
/* Limit of samples in the order of time; one sample for each stack has the time of further ones. */
#define SAMPLES_MAX (1 << 19)
#define FIRST_SAMPLES 256
/* Limit of profiles; that of loops[0] has the stalls of all loops without their own profile. */
#define LOOPS_MAX 1024

struct sample {
	uint32_t stack;
	uint32_t loop; /* index in loops */
	uint32_t order; /* number of the sample, in the order of time */
	uint64_t ns;
};

struct loop {
	uint32_t id;
	char *name;
};

struct speedscope_sink {
	struct lp_stall_sink stalls;
	struct lp_weights *weights; /* LP_LABEL_LOOP of a stack is an index in loops, not a text */
	struct sample *samples;
	size_t count, capacity;
	size_t loop_count;
	struct loop loops[LOOPS_MAX];
	char *tool;
};

static void on_run(void *context, const struct lp_run *run)
{
	struct speedscope_sink *speedscope = context;

	free(speedscope->tool);
	speedscope->tool = strdup(run->tool);
}

static char *name_of(const struct lp_loop_info *loop)
{
	char *name = NULL;
	int size;

	if (loop->folded)
		size = asprintf(&name, "%s (%s %s)", stall_parts_service(loop), loop->runtime,
				loop->version);
	else
		size = asprintf(&name, "%s pid %d tid %d (%s %s)", stall_parts_service(loop),
				loop->pid, loop->tid, loop->runtime, loop->version);
	return size < 0 ? NULL : name;
}

static uint32_t find_loop(const struct speedscope_sink *speedscope, const struct lp_loop_info *loop)
{
	size_t i;

	for (i = speedscope->loop_count; loop && i > 1; i--)
		if (speedscope->loops[i - 1].id == loop->id)
			return (uint32_t)(i - 1);
	return 0;
}

/* Adds a loop; another report of the same loop replaces its name. */
static void on_loop(void *context, const struct lp_loop_info *loop)
{
	struct speedscope_sink *speedscope = context;
	uint32_t at = find_loop(speedscope, loop);
	char *name = name_of(loop);

	if (!name) {
		document_fail(&speedscope->stalls.document, -ENOMEM);
		return;
	}
	if (!at && speedscope->loop_count == LOOPS_MAX) {
		free(name);
		return;
	}
	if (!at)
		at = (uint32_t)speedscope->loop_count++;
	free(speedscope->loops[at].name);
	speedscope->loops[at] = (struct loop){ .id = loop->id, .name = name };
}

static void add_sample(struct speedscope_sink *speedscope, uint32_t stack, uint64_t ns)
{
	size_t capacity = speedscope->capacity ? speedscope->capacity * 2 : FIRST_SAMPLES;
	struct lp_weight weight = stack_weights_at(speedscope->weights, stack);

	if (speedscope->count == speedscope->capacity && capacity <= SAMPLES_MAX) {
		struct sample *samples = realloc(speedscope->samples, capacity * sizeof(*samples));

		if (samples) {
			speedscope->samples = samples;
			speedscope->capacity = capacity;
		}
	}
	if (speedscope->count == speedscope->capacity)
		return; /* add_rests() adds its time to a sample of its stack */
	speedscope->samples[speedscope->count] =
		(struct sample){ .stack = stack,
				 .loop = weight.labels[LP_LABEL_LOOP],
				 .order = (uint32_t)speedscope->count,
				 .ns = ns };
	speedscope->count++;
}

static void add_part(void *context, const struct lp_stall *stall, const struct lp_stall_part *part)
{
	struct speedscope_sink *speedscope = context;
	const uint32_t labels[LP_LABELS] = { [LP_LABEL_LOOP] = find_loop(speedscope, stall->loop) };

	add_sample(speedscope, stack_weights_add(speedscope->weights, labels, part, true),
		   part->ns);
}

static void add_stall(void *context, const struct lp_stall *stall)
{
	stall_parts_report(stall, add_part, context);
}

/* Adds a sample for each stack with the time that no sample has.  Returns 0 or -ENOMEM. */
static int add_rests(struct speedscope_sink *speedscope)
{
	uint32_t stacks = stack_weights_count(speedscope->weights), stack;
	uint64_t *counted = calloc(stacks, sizeof(*counted));
	struct sample *samples;
	size_t i, count = speedscope->count;

	samples = realloc(speedscope->samples, (count + stacks) * sizeof(*samples));
	if (samples)
		speedscope->samples = samples;
	if (!counted || !samples) {
		free(counted);
		return -ENOMEM;
	}
	speedscope->capacity = count + stacks;
	for (i = 0; i < count; i++)
		counted[samples[i].stack] += samples[i].ns;
	for (stack = 0; stack < stacks; stack++) {
		uint64_t ns = stack_weights_at(speedscope->weights, stack).ns;

		if (ns != counted[stack])
			add_sample(speedscope, stack, ns - counted[stack]);
	}
	free(counted);
	return 0;
}

static int by_loop(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	if (a->loop != b->loop)
		return a->loop < b->loop ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void write_frames(struct lp_json_writer *json, const struct lp_weights *weights)
{
	uint32_t number;

	json_array(json, "frames");
	for (number = 0; number < stack_weights_frame_count(weights); number++) {
		struct lp_weight_frame frame = stack_weights_frame(weights, number);

		json_newline(json);
		json_object(json, NULL);
		json_text(json, "name", stack_weights_text_at(weights, frame.function));
		if (frame.file)
			json_text(json, "file", stack_weights_text_at(weights, frame.file));
		if (frame.line)
			json_number(json, "line", frame.line);
		json_end(json);
	}
	json_end(json);
}

static void write_stack(struct lp_json_writer *json, const struct lp_weight *weight)
{
	size_t i;

	json_array(json, NULL);
	for (i = 0; i < weight->depth; i++)
		json_number(json, NULL, weight->frames[i]);
	json_end(json);
}

/* Writes the profile of a loop; its samples are in the order of time. */
static void write_profile(struct lp_json_writer *json, const struct lp_weights *weights,
			  const char *name, const struct sample *samples, size_t count)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < count; i++)
		total += samples[i].ns;
	json_object(json, NULL);
	json_text(json, "type", "sampled");
	json_text(json, "name", name);
	json_text(json, "unit", "nanoseconds");
	json_number(json, "startValue", 0);
	json_number(json, "endValue", total);
	json_array(json, "samples");
	for (i = 0; i < count; i++) {
		struct lp_weight weight = stack_weights_at(weights, samples[i].stack);

		json_newline(json);
		write_stack(json, &weight);
	}
	json_end(json);
	json_array(json, "weights");
	for (i = 0; i < count; i++)
		json_number(json, NULL, samples[i].ns);
	json_end(json);
	json_end(json);
}

/* Writes the profiles; without stalls an empty one, as readers reject a file without profiles. */
static void write_profiles(struct lp_json_writer *json, const struct speedscope_sink *speedscope)
{
	const struct sample *samples = speedscope->samples;
	size_t from, to;

	json_array(json, "profiles");
	for (from = 0; from < speedscope->count; from = to) {
		const char *name = speedscope->loops[samples[from].loop].name;

		for (to = from; to < speedscope->count; to++)
			if (samples[to].loop != samples[from].loop)
				break;
		json_newline(json);
		write_profile(json, speedscope->weights, name ? name : "[other]", &samples[from],
			      to - from);
	}
	if (!speedscope->count)
		write_profile(json, speedscope->weights, "no stalls", NULL, 0);
	json_end(json);
}

static void write_document(FILE *out, const struct speedscope_sink *speedscope)
{
	struct lp_json_writer json = json_writer(out);

	json_object(&json, NULL);
	json_text(&json, "$schema", SCHEMA);
	json_newline(&json);
	json_text(&json, "exporter", speedscope->tool);
	json_newline(&json);
	json_text(&json, "name", "stalls of event loops");
	json_newline(&json);
	json_number(&json, "activeProfileIndex", 0);
	json_newline(&json);
	json_object(&json, "shared");
	write_frames(&json, speedscope->weights);
	json_end(&json);
	json_newline(&json);
	write_profiles(&json, speedscope);
	json_end(&json);
	putc('\n', out);
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct speedscope_sink *speedscope = context;
	int err;

	(void)total;
	(void)end;
	once_per_stall_end(&speedscope->stalls.once);
	err = add_rests(speedscope);
	if (err) {
		document_fail(&speedscope->stalls.document, err);
		return;
	}
	qsort(speedscope->samples, speedscope->count, sizeof(*speedscope->samples), by_loop);
	write_document(speedscope->stalls.document.out, speedscope);
	stack_weights_warn(speedscope->weights);
	document_end(&speedscope->stalls.document);
}

static int speedscope_close(struct lp_sink *sink)
{
	struct speedscope_sink *speedscope = (struct speedscope_sink *)sink;
	size_t i;

	for (i = 0; i < speedscope->loop_count; i++)
		free(speedscope->loops[i].name);
	stack_weights_free(speedscope->weights);
	free(speedscope->samples);
	free(speedscope->tool);
	return stall_sink_free(&speedscope->stalls);
}

static int speedscope_open(const char *path, const struct lp_terminal *terminal,
			   struct lp_sink **sink, struct lp_error *error)
{
	struct speedscope_sink *speedscope =
		stall_sink_new(sizeof(*speedscope), path, "speedscope", false, add_stall, error);

	(void)terminal;
	*sink = NULL;
	if (!speedscope)
		return error->code;
	speedscope->weights = stack_weights_new();
	if (!speedscope->weights)
		return stall_sink_no_memory(&speedscope->stalls, error);
	speedscope->loop_count = 1;
	speedscope->stalls.sink.observer.run = on_run;
	speedscope->stalls.sink.observer.loop = on_loop;
	speedscope->stalls.sink.observer.end = on_end;
	speedscope->stalls.sink.close = speedscope_close;
	*sink = &speedscope->stalls.sink;
	return 0;
}

const struct lp_format speedscope_format = {
	.name = "speedscope",
	.suffix = ".speedscope.json",
	.open = speedscope_open,
};
