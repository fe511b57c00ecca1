/* SPDX-License-Identifier: BSD-2-Clause */
/* From captures to a model: what report, export and diff share. */
#ifndef LP_COMMANDS_READ_CAPTURES_H
#define LP_COMMANDS_READ_CAPTURES_H

#include "model/events.h"
#include "capture/merge.h"

/*
 * Adds the runs of all captures as the model's sources and starts it.  The captures
 * have to outlive the model.  explain: of struct lp_run.  Returns 0 or -ENOMEM.
 */
int read_captures_begin(const struct lp_merge *captures, bool explain, struct lp_model *model);

/*
 * Feeds the model; take is given each record and context once the model knows its
 * source and time.  Ends the model's run, and says what was met on the way.  Returns
 * 0, or the negative errno of what was cut or damaged, which was said as well.
 */
int read_captures(struct lp_merge *captures, struct lp_model *model, lp_record_taker take,
		  void *context);

#endif /* LP_COMMANDS_READ_CAPTURES_H */
