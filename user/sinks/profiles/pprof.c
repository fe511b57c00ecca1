// SPDX-License-Identifier: BSD-2-Clause
/*
 * pprof's profile.proto, gzipped: stalls and their time by stack.  The time of writing is not in
 * it, so that the same capture gives the same bytes.
 */
#include "base/intern.h"
#include "protobuf.h"
#include "stall_sink.h"
#include "stack_weights.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Field numbers of profile.proto, by message. */
enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

enum value_type_field { VALUE_TYPE = 1, VALUE_UNIT = 2 };
enum sample_field { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum label_field { LABEL_KEY = 1, LABEL_TEXT = 2 };
enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_FILE = 5,
	MAPPING_HAS_FIRST = 7,
	MAPPING_HAS_LAST = 9
};
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum line_field { LINE_FUNCTION = 1, LINE_NUMBER = 2 };
enum function_field {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4,
};

#define MAPPING 1
#define MAX_FUNCTIONS (1 << 17)
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

/* Texts of the format itself, which are interned first, before there is a lack of space. */
enum word {
	WORD_STALLS,
	WORD_COUNT,
	WORD_TIME,
	WORD_NANOSECONDS,
	WORD_LOOP,
	WORD_CAUSE,
	WORD_SYSCALL,
	WORD_TARGET,
	WORD_KINDS,
};

static const char *const words[WORD_KINDS] = {
	"stalls", "count", "time", "nanoseconds", "loop", "cause", "syscall", "target",
};

static const enum word label_words[LP_LABELS] = {
	[LP_LABEL_LOOP] = WORD_LOOP,
	[LP_LABEL_CAUSE] = WORD_CAUSE,
	[LP_LABEL_SYSCALL] = WORD_SYSCALL,
	[LP_LABEL_TARGET] = WORD_TARGET,
};

struct pprof_sink {
	struct lp_stall_sink stalls;
	struct lp_weights *weights;
	struct lp_intern functions; /* pairs of the numbers of name and file */
	struct lp_protobuf profile;
	struct lp_protobuf outer, inner; /* messages under construction */
	uint32_t words[WORD_KINDS]; /* texts by number */
	uint32_t comment, program; /* texts by number; program is the first loop's exe */
	uint64_t start_ns, start_unix_ns;
};

static uint64_t signed_number(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : value;
}

static void on_run(void *context, const struct lp_run *run)
{
	struct pprof_sink *pprof = context;
	char comment[256];

	snprintf(comment, sizeof(comment), "%s, %s mode, stalls of %" PRIu64 " ns or longer",
		 run->tool, run->mode, run->threshold_ns);
	pprof->comment = stack_weights_text(pprof->weights, comment);
	pprof->start_ns = run->start_ns;
	pprof->start_unix_ns = run->start_unix_ns;
}

static void on_loop(void *context, const struct lp_loop_info *loop)
{
	struct pprof_sink *pprof = context;

	if (!pprof->program)
		pprof->program = stack_weights_text(pprof->weights, loop->exe);
}

static uint32_t loop_label(struct lp_weights *weights, const struct lp_loop_info *loop)
{
	char text[sizeof(loop->comm) + sizeof(loop->unit) + 64];

	if (!loop || loop->folded)
		return stack_weights_text(weights, stall_parts_service(loop));
	snprintf(text, sizeof(text), "%s %d/%d", stall_parts_service(loop), loop->pid, loop->tid);
	return stack_weights_text(weights, text);
}

/* Adds a part without its cause if on CPU: tools list time by the innermost frame. */
static void add_part(void *context, const struct lp_stall *stall, const struct lp_stall_part *part)
{
	struct pprof_sink *pprof = context;
	const uint32_t labels[LP_LABELS] = {
		[LP_LABEL_LOOP] = loop_label(pprof->weights, stall->loop),
		[LP_LABEL_CAUSE] =
			stack_weights_text(pprof->weights, stall_part_cause_name(part->cause)),
		[LP_LABEL_SYSCALL] = stack_weights_text(pprof->weights, part->syscall),
		[LP_LABEL_TARGET] = stack_weights_text(pprof->weights, part->target),
	};

	stack_weights_add(pprof->weights, labels, part, part->cause != LP_PART_ON_CPU);
}

static void add_stall(void *context, const struct lp_stall *stall)
{
	stall_parts_report(stall, add_part, context);
}

static void write_value_type(struct pprof_sink *pprof, uint32_t field, enum word type,
			     enum word unit)
{
	protobuf_clear(&pprof->outer);
	protobuf_number(&pprof->outer, VALUE_TYPE, pprof->words[type]);
	protobuf_number(&pprof->outer, VALUE_UNIT, pprof->words[unit]);
	protobuf_message(&pprof->profile, field, &pprof->outer);
}

static void write_label(struct pprof_sink *pprof, uint32_t key, uint32_t text)
{
	protobuf_clear(&pprof->inner);
	protobuf_number(&pprof->inner, LABEL_KEY, key);
	protobuf_number(&pprof->inner, LABEL_TEXT, text);
	protobuf_message(&pprof->outer, SAMPLE_LABEL, &pprof->inner);
}

static void write_sample(struct pprof_sink *pprof, const struct lp_weight *weight)
{
	size_t i;

	protobuf_clear(&pprof->outer);
	protobuf_clear(&pprof->inner);
	/* leaf first; location IDs begin at 1 */
	for (i = weight->depth; i > 0; i--)
		protobuf_packed(&pprof->inner, weight->frames[i - 1] + 1);
	protobuf_message(&pprof->outer, SAMPLE_LOCATIONS, &pprof->inner);
	protobuf_clear(&pprof->inner);
	protobuf_packed(&pprof->inner, signed_number(weight->stalls));
	protobuf_packed(&pprof->inner, signed_number(weight->ns));
	protobuf_message(&pprof->outer, SAMPLE_VALUES, &pprof->inner);
	for (i = 0; i < LP_LABELS; i++)
		if (weight->labels[i])
			write_label(pprof, pprof->words[label_words[i]], weight->labels[i]);
	protobuf_message(&pprof->profile, PROFILE_SAMPLE, &pprof->outer);
}

/* Writes one mapping for all locations, which have no addresses. */
static void write_mapping(struct pprof_sink *pprof)
{
	uint32_t field;

	protobuf_clear(&pprof->outer);
	protobuf_number(&pprof->outer, MAPPING_ID, MAPPING);
	protobuf_number(&pprof->outer, MAPPING_FILE, pprof->program);
	for (field = MAPPING_HAS_FIRST; field <= MAPPING_HAS_LAST; field++)
		protobuf_number(&pprof->outer, field, true);
	protobuf_message(&pprof->profile, PROFILE_MAPPING, &pprof->outer);
}

static int write_location(struct pprof_sink *pprof, uint32_t number)
{
	struct lp_weight_frame frame = stack_weights_frame(pprof->weights, number);
	const uint32_t key[2] = { frame.function, frame.file };
	uint32_t function;
	int err = intern_number(&pprof->functions, key, sizeof(key), &function);

	if (err)
		return err;
	protobuf_clear(&pprof->outer);
	protobuf_clear(&pprof->inner);
	protobuf_number(&pprof->outer, LOCATION_ID, number + 1);
	protobuf_number(&pprof->outer, LOCATION_MAPPING, MAPPING);
	protobuf_number(&pprof->inner, LINE_FUNCTION, function + 1);
	protobuf_number(&pprof->inner, LINE_NUMBER, frame.line);
	protobuf_message(&pprof->outer, LOCATION_LINE, &pprof->inner);
	protobuf_message(&pprof->profile, PROFILE_LOCATION, &pprof->outer);
	return 0;
}

static void write_function(struct pprof_sink *pprof, uint32_t number)
{
	const uint32_t *key = intern_piece(&pprof->functions, number, NULL);

	protobuf_clear(&pprof->outer);
	protobuf_number(&pprof->outer, FUNCTION_ID, number + 1);
	protobuf_number(&pprof->outer, FUNCTION_NAME, key[0]);
	protobuf_number(&pprof->outer, FUNCTION_SYSTEM_NAME, key[0]);
	protobuf_number(&pprof->outer, FUNCTION_FILE, key[1]);
	protobuf_message(&pprof->profile, PROFILE_FUNCTION, &pprof->outer);
}

static int write_profile(struct pprof_sink *pprof, uint64_t end_ns)
{
	struct lp_protobuf *profile = &pprof->profile;
	uint64_t duration_ns = end_ns > pprof->start_ns ? end_ns - pprof->start_ns : 0;
	uint32_t i;
	int err = 0;

	write_value_type(pprof, PROFILE_SAMPLE_TYPE, WORD_STALLS, WORD_COUNT);
	write_value_type(pprof, PROFILE_SAMPLE_TYPE, WORD_TIME, WORD_NANOSECONDS);
	for (i = 0; i < stack_weights_count(pprof->weights); i++) {
		struct lp_weight weight = stack_weights_at(pprof->weights, i);

		if (weight.ns)
			write_sample(pprof, &weight);
	}
	write_mapping(pprof);
	for (i = 0; !err && i < stack_weights_frame_count(pprof->weights); i++)
		err = write_location(pprof, i);
	for (i = 0; i < pprof->functions.count; i++)
		write_function(pprof, i);
	for (i = 0; i < stack_weights_text_count(pprof->weights); i++)
		protobuf_text(profile, PROFILE_STRING, stack_weights_text_at(pprof->weights, i));
	protobuf_number(profile, PROFILE_TIME, signed_number(pprof->start_unix_ns));
	protobuf_number(profile, PROFILE_DURATION, signed_number(duration_ns));
	write_value_type(pprof, PROFILE_PERIOD_TYPE, WORD_TIME, WORD_NANOSECONDS);
	/* times are measured: nothing is scaled up from a sampling period */
	protobuf_number(profile, PROFILE_PERIOD, 1);
	protobuf_number(profile, PROFILE_COMMENT, pprof->comment);
	protobuf_number(profile, PROFILE_DEFAULT_SAMPLE_TYPE, pprof->words[WORD_TIME]);
	return err ? err : profile->failed ? -ENOMEM : 0;
}

/* Writes the profile; zlib writes no time into the header without deflateSetHeader(). */
static int write_gzip(FILE *out, const struct lp_protobuf *message)
{
	z_stream stream = { .next_in = message->bytes };
	size_t left = message->size;
	unsigned char buffer[16384] = { 0 };
	int status;

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		if (!stream.avail_in) {
			stream.avail_in = left > UINT32_MAX ? UINT32_MAX : (uInt)left;
			left -= stream.avail_in;
		}
		stream.next_out = buffer;
		stream.avail_out = sizeof(buffer);
		status = deflate(&stream, left ? Z_NO_FLUSH : Z_FINISH);
		fwrite(buffer, 1, sizeof(buffer) - stream.avail_out, out);
	} while (status == Z_OK || (status == Z_BUF_ERROR && left));
	deflateEnd(&stream);
	return status == Z_STREAM_END ? 0 : -EIO;
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct pprof_sink *pprof = context;
	int err;

	(void)total;
	once_per_stall_end(&pprof->stalls.once);
	err = write_profile(pprof, end->end_ns);
	if (!err)
		err = write_gzip(pprof->stalls.document.out, &pprof->profile);
	if (err)
		document_fail(&pprof->stalls.document, err);
	stack_weights_warn(pprof->weights);
	document_end(&pprof->stalls.document);
}

static int pprof_close(struct lp_sink *sink)
{
	struct pprof_sink *pprof = (struct pprof_sink *)sink;

	stack_weights_free(pprof->weights);
	intern_free(&pprof->functions);
	protobuf_free(&pprof->profile);
	protobuf_free(&pprof->outer);
	protobuf_free(&pprof->inner);
	return stall_sink_free(&pprof->stalls);
}

static int pprof_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		      struct lp_error *error)
{
	struct pprof_sink *pprof =
		stall_sink_new(sizeof(*pprof), path, "pprof", true, add_stall, error);
	size_t i;

	(void)terminal;
	*sink = NULL;
	if (!pprof)
		return error->code;
	pprof->weights = stack_weights_new();
	intern_init(&pprof->functions, MAX_FUNCTIONS, SIZE_MAX);
	if (!pprof->weights)
		return stall_sink_no_memory(&pprof->stalls, error);
	for (i = 0; i < WORD_KINDS; i++)
		pprof->words[i] = stack_weights_text(pprof->weights, words[i]);
	pprof->stalls.sink.observer.run = on_run;
	pprof->stalls.sink.observer.loop = on_loop;
	pprof->stalls.sink.observer.end = on_end;
	pprof->stalls.sink.close = pprof_close;
	*sink = &pprof->stalls.sink;
	return 0;
}

const struct lp_format pprof_format = {
	.name = "pprof",
	.suffix = ".pb.gz",
	.open = pprof_open,
};
