// SPDX-License-Identifier: BSD-2-Clause
#include "stall_sink.h"

#include <errno.h>
#include <stdlib.h>

#define NO_MEMORY "no memory for the output; free some and try again"

static void on_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_stall_sink *sink = context;
	int err = once_per_stall_slow(&sink->once, slow);

	if (err)
		document_fail(&sink->document, err);
}

static void on_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_stall_sink *sink = context;
	int err = once_per_stall_iteration(&sink->once, slow);

	if (err)
		document_fail(&sink->document, err);
}

void *stall_sink_new(size_t size, const char *path, const char *format, bool binary,
		     lp_stall_handler report, struct lp_error *error)
{
	struct lp_stall_sink *sink = calloc(1, size);

	if (!sink) {
		error_set(error, -ENOMEM, NO_MEMORY);
		return NULL;
	}
	once_per_stall_start(&sink->once, report, sink);
	sink->sink.observer.slow = on_slow;
	sink->sink.observer.slow_iteration = on_slow_iteration;
	if (document_open(&sink->document, path, format, binary, error)) {
		free(sink);
		return NULL;
	}
	return sink;
}

int stall_sink_free(struct lp_stall_sink *sink)
{
	int err = document_close(&sink->document);

	once_per_stall_free(&sink->once);
	free(sink);
	return err;
}

int stall_sink_no_memory(struct lp_stall_sink *sink, struct lp_error *error)
{
	stall_sink_free(sink);
	return error_set(error, -ENOMEM, NO_MEMORY);
}
