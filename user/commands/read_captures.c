// SPDX-License-Identifier: BSD-2-Clause
#include "read_captures.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lp_input {
	struct lp_model *model;
	lp_record_taker take;
	void *context;
	bool no_memory;
};

static struct lp_run run_of(const struct lp_capture_header *header, bool explain)
{
	struct lp_run run = {
		.tool = header->tool,
		.mode = header->mode,
		.host = header->host,
		.threshold_ns = header->threshold_ns,
		.start_ns = header->start_ns,
		.start_unix_ns = header->start_unix_ns,
		.inner = header->flags & LP_CAPTURE_INNER,
		.queue = header->queue != 0,
		.sampled = !strcmp(header->mode, "sample"),
		.explain = explain,
	};

	_Static_assert(sizeof(run.boot_id) == sizeof(header->boot_id), "the same");
	memcpy(run.boot_id, header->boot_id, sizeof(run.boot_id));
	return run;
}

int read_captures_spare(const struct lp_merge *captures, const struct lp_options *options,
			struct lp_error *error)
{
	struct stat status;

	if (options->force)
		return 0;
	if (options->output && !stat(options->output, &status) && merge_include(captures, &status))
		return error_set(
			error, -EEXIST,
			"%s is one of the captures that are read, and would be replaced; give another file with -o, or --force",
			options->output);
	if (!fstat(STDOUT_FILENO, &status) && S_ISREG(status.st_mode) &&
	    merge_include(captures, &status))
		return error_set(
			error, -EEXIST,
			"stdout is one of the captures that are read; write to another file, or give --force");
	return 0;
}

int read_captures_begin(const struct lp_merge *captures, bool explain, struct lp_model *model)
{
	const struct lp_merge_totals *found = merge_totals(captures);
	size_t i;

	for (i = 0; i < found->sources; i++) {
		struct lp_run run = run_of(merge_header(captures, i), explain);
		int number = model_add_source(model, &run);

		if (number < 0)
			return number;
	}
	if (found->files > 1)
		log_note("%zu captures, %zu run%s on %zu host%s", found->files, found->sources,
			 text_plural(found->sources), found->hosts, text_plural(found->hosts));
	model_start(model);
	return 0;
}

/* Takes a record of a source. The model's time advances by the times of the records. */
static void take(void *context, size_t source, const struct lp_event *record)
{
	struct lp_input *input = context;

	if (!model_select(input->model, (unsigned int)source)) {
		input->no_memory = true;
		return;
	}
	if (!decode_check_times(record, record->size))
		model_advance(input->model, record->time_ns);
	input->take(input->context, record);
}

static void end(void *context, size_t source)
{
	struct lp_input *input = context;

	model_end_source(input->model, (unsigned int)source);
}

int read_captures(struct lp_merge *captures, struct lp_model *model, lp_record_taker taker,
		  void *context)
{
	struct lp_input input = { .model = model, .take = taker, .context = context };
	uint64_t overlaps;
	int err;

	merge_set_ender(captures, end);
	err = merge_read(captures, take, &input);
	if (input.no_memory) {
		log_error("out of memory: a part of the captures is left out");
		err = err ? err : -ENOMEM;
	}
	model_end_early(model, 0);
	overlaps = model_overlaps(model);
	if (overlaps)
		log_warning(
			"%" PRIu64
			" loops were recorded by two runs of loopprof at the same time: the data of one of the two was left out",
			overlaps);
	return err;
}
