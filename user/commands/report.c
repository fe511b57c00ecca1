// SPDX-License-Identifier: BSD-2-Clause
#include "commands.h"
#include "read_captures.h"
#include "open_sinks.h"

#include <inttypes.h>

static void report_left_out(const struct lp_open_sinks *output, const struct lp_merge *captures)
{
	const char *path = merge_totals(captures)->files == 1 ? merge_path(captures, 0)
							      : "the captures";

	if (output->unknown)
		log_warning(
			"%" PRIu64
			" records of %s are of kinds that this version does not know; a newer loopprof shows them",
			output->unknown, path);
	if (output->impossible)
		log_warning(
			"%" PRIu64
			" records of %s have impossible times, and were left out: the counters of the loops may be off by as many",
			output->impossible, path);
	if (output->damaged)
		log_warning("%" PRIu64 " records of %s are damaged and were left out",
			    output->damaged, path);
}

int command_report(const struct lp_options *options)
{
	struct lp_merge *captures = NULL;
	struct lp_error error = { .code = 0 };
	struct lp_open_sinks output;
	int err, close_err;

	open_sinks_confine(options);
	err = merge_open(options->captures, options->capture_count, &captures, &error);
	if (!err)
		err = read_captures_spare(captures, options, &error);
	if (!err)
		err = open_sinks_start(&output, options, &error);
	if (err) {
		/* errors of single files were reported when the files were opened */
		if (error.text[0])
			log_error("%s", error.text);
		merge_free(captures);
		return 1;
	}
	err = read_captures_begin(captures, options->explain, output.model);
	if (!err)
		err = read_captures(captures, output.model, open_sinks_take, &output);
	else
		log_error("out of memory");
	report_left_out(&output, captures);
	close_err = open_sinks_finish(&output, &error);
	if (close_err)
		log_error("%s", error.text);
	merge_free(captures);
	return err || close_err ? 1 : 0;
}
