/* SPDX-License-Identifier: BSD-2-Clause */
/* Common to the sinks that write each stall once, into a document. */
#ifndef LP_SINKS_PROFILES_STALL_SINK_H
#define LP_SINKS_PROFILES_STALL_SINK_H

#include "document.h"
#include "sinks/sink.h"
#include "once_per_stall.h"

struct lp_stall_sink {
	struct lp_sink sink; /* slow and slow_iteration are set */
	struct lp_document document;
	struct lp_once_per_stall once;
};

/*
 * Allocates a sink of so many bytes that begins with a struct lp_stall_sink, and
 * opens its document; tell is called with the sink as its context.  NULL: failed,
 * with a sentence in error.
 */
void *stall_sink_new(size_t size, const char *path, const char *format, bool binary,
		     lp_stall_handler report, struct lp_error *error);

/* Frees it all; returns the first failure, or 0. */
int stall_sink_free(struct lp_stall_sink *sink);

/* What an open function returns once a sink of its own cannot be had: frees it. */
int stall_sink_no_memory(struct lp_stall_sink *sink, struct lp_error *error);

#endif /* LP_SINKS_PROFILES_STALL_SINK_H */
