/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of a source, as events tell of them. */
#ifndef LP_MODEL_PROCESSES_H
#define LP_MODEL_PROCESSES_H

#include "wire/wire.h"
#include "report.h"

struct lp_model_target {
	struct lp_event_target target;
	struct lp_event_labels labels;
	uint32_t loops; /* that have not ended */
	uint64_t limited[LP_LIMITED_KINDS]; /* its requests over its share, as last reported */
	bool ended; /* the process has ended */
	bool overlapped; /* another source tells of it as well */
};

struct lp_processes {
	struct lp_model_target *items; /* in the order in which they came */
	size_t count, capacity;
};

void processes_add(struct lp_processes *targets, const struct lp_event_target *event);
void processes_add_labels(struct lp_processes *targets, const struct lp_event_labels *event);
/* NULL if nobody told of it; holds until the next call that is not this one. */
struct lp_model_target *processes_find(const struct lp_processes *targets, uint32_t pid);
void processes_loop_began(struct lp_processes *targets, uint32_t pid);
void processes_loop_ended(struct lp_processes *targets, uint32_t pid);
/* It has ended: it is forgotten once its loops have. */
void processes_end(struct lp_processes *targets, uint32_t pid);
void processes_free(struct lp_processes *targets);

#endif /* LP_MODEL_PROCESSES_H */
