/* SPDX-License-Identifier: BSD-2-Clause */
/* An observer that forwards the report of a run to several sinks. */
#ifndef LP_SINKS_FANOUT_H
#define LP_SINKS_FANOUT_H

#include "sink.h"

#define LP_FANOUT_SINKS 16

struct lp_fanout {
	size_t count;
	struct lp_sink *sinks[LP_FANOUT_SINKS];
};

/* The observer for model_new(), with the fanout as its context. */
extern const struct lp_observer fanout_observer;

/*
 * Opens a sink and adds it to the fanout, which closes it.  Returns 0, or a negative errno with a
 * sentence in error: -E2BIG over LP_FANOUT_SINKS.
 */
int fanout_open(struct lp_fanout *fanout, const struct lp_format *format, const char *path,
		const struct lp_terminal *terminal, struct lp_error *error);

/* Closes all sinks.  Returns 0, or an error if any failed: that of the one opened earliest. */
int fanout_close(struct lp_fanout *fanout);

#endif /* LP_SINKS_FANOUT_H */
