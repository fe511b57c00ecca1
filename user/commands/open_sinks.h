/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the sinks that the options ask for, and gives records to them. Shared by the commands for
 * live runs and for captures.
 */
#ifndef LP_COMMANDS_OPEN_SINKS_H
#define LP_COMMANDS_OPEN_SINKS_H

#include "model/events.h"
#include "model/group.h"
#include "options/options.h"
#include "sinks/fanout.h"
#include "wire/record.h"

struct lp_open_sinks {
	struct lp_fanout fanout;
	struct lp_group *group; /* the grouping of --by; NULL: none */
	struct lp_model *model;
	uint64_t unknown; /* number of records of types that this version does not know */
	uint64_t damaged;
	uint64_t impossible; /* number of records with impossible times */
};

/*
 * Checks -f, --export and their combination with -o. Returns 0, or 2 after a message about the
 * error.
 */
int open_sinks_check(const struct lp_options *options);

/*
 * Drops all rights except reading, and writing the outputs, for commands that only read captures.
 */
void open_sinks_confine(const struct lp_options *options);

/*
 * Opens the sinks and the model. stdout gets text, or JSON lines with -j, and the file of -o its
 * format in addition. Returns 0, or a negative errno with a sentence and nothing open. To be closed
 * with open_sinks_finish.
 */
int open_sinks_start(struct lp_open_sinks *output, const struct lp_options *options,
		     struct lp_error *error);

/*
 * A lp_record_taker, with a struct lp_open_sinks as its context: decodes a record into the model,
 * whose observers are the sinks, and counts the records that cannot be decoded.
 */
void open_sinks_take(void *context, const struct lp_event *record);

/* Frees the model and closes all sinks. Returns 0, or a negative errno with a sentence. */
int open_sinks_finish(struct lp_open_sinks *output, struct lp_error *error);

#endif /* LP_COMMANDS_OPEN_SINKS_H */
