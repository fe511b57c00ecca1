/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a symboliser: for the files of this folder only. */
#ifndef LP_SYMBOLISE_SYMBOLISE_INTERNAL_H
#define LP_SYMBOLISE_SYMBOLISE_INTERNAL_H

#include "symbolise.h"

#include "kernel.h"
#include "native.h"
#include "frame_numbers.h"
#include "sqlite_file.h"

struct lp_symboliser {
	struct lp_symboliser_config config;
	struct lp_frame_numbers *places;
	struct lp_native *native;
	struct lp_kernel *kernel;
	struct lp_event_native *pending_native; /* for the next raw stack of its loop */
	bool has_pending_native;
	struct lp_sqlite_file sqlite_file;
	struct lp_frame *shown; /* space for LP_STACK_FRAMES */
	/* the event under construction; has space for all frames */
	struct lp_event_stack_sample *sample;
};

/*
 * Returns the number of a source line; a new one is emitted as LP_EVENT_FRAME, with the time and
 * the loop of another event. Negative errno if out of memory.
 */
int symboliser_number(struct lp_symboliser *symboliser, const struct lp_event *of,
		      const struct lp_frame *frame);

#endif /* LP_SYMBOLISE_SYMBOLISE_INTERNAL_H */
