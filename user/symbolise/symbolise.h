/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolves addresses to source lines, while the process in which they are valid is running: raw
 * stacks in, LP_EVENT_FRAME and LP_EVENT_STACK_SAMPLE out.
 */
#ifndef LP_SYMBOLISE_SYMBOLISE_H
#define LP_SYMBOLISE_SYMBOLISE_H

#include "runtime/runtime.h"
#include "wire/record.h"

struct lp_symboliser;

struct lp_symboliser_config {
	bool native; /* C frames */
	bool kernel; /* the kernel's frames */
	uint32_t period_us; /* between two clock samples */
	lp_record_taker take;
	void *context;
};

/* Returns 0, or -ENOMEM. */
int symboliser_new(const struct lp_symboliser_config *config, struct lp_symboliser **symboliser);
void symboliser_free(struct lp_symboliser *symboliser);

/* Sets the period of the clock from now on. */
void symboliser_set_period(struct lp_symboliser *symboliser, uint32_t period_us);

/* Stores registers and stack for the raw stack that follows. */
void symboliser_store_native(struct lp_symboliser *symboliser, const struct lp_event_native *event);

/* size: of the record, at least its head. */
void symboliser_take(struct lp_symboliser *symboliser, const struct lp_instance *instance,
		     const struct lp_event_raw_stack *raw, size_t size);

/*
 * Symbolises a finding, with its frames as describe_finding has read them (NULL: it could not):
 * LP_EVENT_FRAME and LP_EVENT_FINDING out. Returns false if nothing is emitted, as the process has
 * ended and neither a name nor a line could be read.
 */
bool symboliser_take_finding(struct lp_symboliser *symboliser, const struct lp_instance *instance,
			     const struct lp_event_raw_finding *finding,
			     const struct lp_finding_places *places);

/* Drops what is cached of a process that has ended or replaced its program. */
void symboliser_forget(struct lp_symboliser *symboliser, pid_t pid);

#endif /* LP_SYMBOLISE_SYMBOLISE_H */
