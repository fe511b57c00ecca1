// SPDX-License-Identifier: BSD-2-Clause
#include "stall_sink.h"

#include <errno.h>
#include <stdlib.h>

#define NO_MEMORY "no memory for the output; free some and try again"

static void on_slow(void *context, const struct lp_slow *slow)
{
	struct lp_stall_sink *sink = context;
	int err = stalls_told_slow(&sink->told, slow);

	if (err)
		document_fail(&sink->document, err);
}

static void on_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_stall_sink *sink = context;
	int err = stalls_told_iteration(&sink->told, slow);

	if (err)
		document_fail(&sink->document, err);
}

void *stall_sink_new(size_t size, const char *path, const char *format, bool binary,
		     lp_stall_teller tell, struct lp_error *error)
{
	struct lp_stall_sink *sink = calloc(1, size);

	if (!sink) {
		error_set(error, -ENOMEM, NO_MEMORY);
		return NULL;
	}
	stalls_told_start(&sink->told, tell, sink);
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

	stalls_told_free(&sink->told);
	free(sink);
	return err;
}

int stall_sink_no_memory(struct lp_stall_sink *sink, struct lp_error *error)
{
	stall_sink_free(sink);
	return error_set(error, -ENOMEM, NO_MEMORY);
}
