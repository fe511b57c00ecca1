/* SPDX-License-Identifier: BSD-2-Clause */
/* From the options to open sinks, and from records to them: what live and report share. */
#ifndef LP_COMMANDS_OPEN_SINKS_H
#define LP_COMMANDS_OPEN_SINKS_H

#include "model/events.h"
#include "model/group.h"
#include "options/options.h"
#include "sinks/fanout.h"
#include "wire/record.h"

struct lp_open_sinks {
	struct lp_fanout fanout;
	struct lp_group *group; /* NULL unless --by asks for one */
	struct lp_model *model;
	uint64_t unknown; /* records of types that this version does not know */
	uint64_t damaged;
	uint64_t impossible; /* records whose times are impossible */
};

/* Is -f a format, and does it go with -o?  Returns 0, or 2 after it has said what is wrong. */
int open_sinks_check(const struct lp_options *options);

/* For commands that read captures alone: gives up all but reading, and writing the outputs. */
void open_sinks_confine(const struct lp_options *options);

/* stdout gets text, or JSON lines with -j; the file of -o its format beside. */
int open_sinks_start(struct lp_open_sinks *output, const struct lp_options *options,
		     struct lp_error *error);

/* A lp_record_taker: decodes a record into the model, whose observers are the sinks. */
void open_sinks_take(void *context, const struct lp_event *record);

/* Closes all.  Returns 0 or a negative errno with a sentence. */
int open_sinks_finish(struct lp_open_sinks *output, struct lp_error *error);

#endif /* LP_COMMANDS_OPEN_SINKS_H */
