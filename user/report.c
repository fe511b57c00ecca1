// SPDX-License-Identifier: BSD-2-Clause
#include "commands.h"
#include "output.h"
#include "source/capture.h"

#include <inttypes.h>
#include <string.h>

/* A capture has no clock of its own: time goes by with its records. */
static void take(void *context, const struct lp_event *record)
{
	struct lp_output *output = context;

	model_advance(output->model, record->time_ns);
	output_take(output, record);
}

int command_report(const struct lp_options *options)
{
	const struct lp_capture_header *header;
	struct lp_capture_reader *reader;
	struct lp_error error, close_error;
	struct lp_output output;
	struct lp_run run;
	int err, close_err;

	if (capture_reader_new(options->captures[0], &reader, &error)) {
		log_error("%s", error.text);
		return 1;
	}
	if (output_start(&output, options, &error)) {
		log_error("%s", error.text);
		capture_reader_free(reader);
		return 1;
	}
	header = capture_header(reader);
	run = (struct lp_run){
		.tool = header->tool,
		.mode = header->mode,
		.host = header->host,
		.threshold_ns = header->threshold_ns,
		.start_ns = header->start_ns,
		.start_unix_ns = header->start_unix_ns,
		.queue = header->queue != 0,
		.sampled = !strcmp(header->mode, "sample"),
		.explain = options->explain,
	};
	model_begin(output.model, &run);
	err = capture_read(reader, take, &output, &error);
	model_end_early(output.model, 0);
	if (output.unknown)
		log_warning(
			"%" PRIu64
			" records of %s are of kinds that this version does not know; a newer loopprof shows them",
			output.unknown, options->captures[0]);
	if (output.damaged)
		log_warning("%" PRIu64 " records of %s are damaged and were left out",
			    output.damaged, options->captures[0]);
	close_err = output_finish(&output, &close_error);
	capture_reader_free(reader);
	if (err)
		log_error("%s", error.text);
	if (close_err)
		log_error("%s", close_error.text);
	return err || close_err ? 1 : 0;
}
