/* SPDX-License-Identifier: BSD-2-Clause */
/* The common part of sinks that write each stall once, into a document. */
#ifndef LP_SINKS_PROFILES_STALL_SINK_H
#define LP_SINKS_PROFILES_STALL_SINK_H

#include "document.h"
#include "sinks/sink.h"
#include "once_per_stall.h"

struct lp_stall_sink {
	struct lp_sink sink; /* slow and slow_iteration of its observer are set */
	struct lp_document document;
	struct lp_once_per_stall once;
};

/*
 * Allocates a zeroed sink of size bytes, which begins with a struct lp_stall_sink, and opens its
 * document.  report is called once for each stall, with the sink as its context.  path, format and
 * binary: see document_open().  Returns NULL on failure, with a code and a sentence in error.
 */
void *stall_sink_new(size_t size, const char *path, const char *format, bool binary,
		     lp_stall_handler report, struct lp_error *error);

/* Closes the document and frees the sink.  Returns 0 or the first failure of the document. */
int stall_sink_free(struct lp_stall_sink *sink);

/* Frees the sink after a failed allocation.  Returns -ENOMEM, with a sentence in error. */
int stall_sink_no_memory(struct lp_stall_sink *sink, struct lp_error *error);

#endif /* LP_SINKS_PROFILES_STALL_SINK_H */
