/* SPDX-License-Identifier: BSD-2-Clause */
/* Several sinks at once. */
#ifndef LP_SINKS_FANOUT_H
#define LP_SINKS_FANOUT_H

#include "sink.h"

#define LP_FANOUT_SINKS 16

struct lp_fanout {
	size_t count;
	struct lp_sink *sinks[LP_FANOUT_SINKS];
};

/* To be given to model_new, with the fanout as context. */
extern const struct lp_observer fanout_observer;

/* Opens one more sink.  Returns 0, or a negative errno with a sentence. */
int fanout_open(struct lp_fanout *fanout, const struct lp_format *format, const char *path,
		const struct lp_terminal *terminal, struct lp_error *error);

/* Closes all; returns the first error. */
int fanout_close(struct lp_fanout *fanout);

#endif /* LP_SINKS_FANOUT_H */
