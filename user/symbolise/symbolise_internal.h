/* SPDX-License-Identifier: BSD-2-Clause */
/* What a symboliser is made of: for the files of this folder only. */
#ifndef LP_SYMBOLISE_SYMBOLISE_INTERNAL_H
#define LP_SYMBOLISE_SYMBOLISE_INTERNAL_H

#include "symbolise.h"

#include "kernel.h"
#include "native.h"
#include "frame_numbers.h"

struct lp_symboliser {
	struct lp_symboliser_config config;
	struct lp_frame_numbers *places;
	struct lp_native *native;
	struct lp_kernel *kernel;
	struct lp_event_native *pending_native; /* for the next raw stack of its loop */
	bool has_pending_native;
	struct lp_frame *shown; /* room for LP_STACK_FRAMES */
	struct lp_event_stack_sample *sample; /* that is being made; has room for all frames */
};

/*
 * The number of a place; told with LP_EVENT_FRAME, at the time and of the loop of
 * another event, if it is new.  Negative errno if out of memory.
 */
int symboliser_number(struct lp_symboliser *symboliser, const struct lp_event *of,
		      const struct lp_frame *frame);

#endif /* LP_SYMBOLISE_SYMBOLISE_INTERNAL_H */
