/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads captures into a model. Shared by report, export and diff. */
#ifndef LP_COMMANDS_READ_CAPTURES_H
#define LP_COMMANDS_READ_CAPTURES_H

#include "model/events.h"
#include "capture/merge.h"
#include "options/options.h"

/*
 * Checks that no output of the command, -o or stdout, is one of the captures. Returns 0, or a
 * negative errno with a sentence. --force allows it.
 */
int read_captures_spare(const struct lp_merge *captures, const struct lp_options *options,
			struct lp_error *error);

/*
 * Adds the runs of all captures as the model's sources and starts the model. The captures have to
 * outlive the model. explain is that of struct lp_run. Returns 0 or -ENOMEM.
 */
int read_captures_begin(const struct lp_merge *captures, bool explain, struct lp_model *model);

/*
 * Reads all records. take is called with context and each record once the model's source and time
 * are set. Ends the model's run and reports what was left out. Returns 0, or the negative errno of
 * a part that was truncated or damaged, which was reported.
 */
int read_captures(struct lp_merge *captures, struct lp_model *model, lp_record_taker take,
		  void *context);

#endif /* LP_COMMANDS_READ_CAPTURES_H */
