/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of a source, from its events. */
#ifndef LP_MODEL_PROCESSES_H
#define LP_MODEL_PROCESSES_H

#include "wire/wire.h"
#include "report.h"

struct lp_model_target {
	struct lp_event_target target;
	struct lp_event_labels labels;
	uint32_t loops; /* number of its loops that have not ended */
	uint64_t limited[LP_LIMITED_KINDS]; /* requests over its share, from the last event */
	bool ended; /* the process has ended */
	struct lp_event_process_end end; /* how it ended; its time_ns is 0 until that is recorded */
	bool overlapped; /* another source has recorded one of its loops as well */
};

struct lp_processes {
	struct lp_model_target *items; /* in the order of their events */
	size_t count, capacity;
};

void processes_add(struct lp_processes *targets, const struct lp_event_target *event);
void processes_add_labels(struct lp_processes *targets, const struct lp_event_labels *event);
/* Returns the process, or NULL.  Valid until the next call of any other function here. */
struct lp_model_target *processes_find(const struct lp_processes *targets, uint32_t pid);
void processes_loop_began(struct lp_processes *targets, uint32_t pid);
void processes_loop_ended(struct lp_processes *targets, uint32_t pid);
/* Marks a process as ended.  It is removed with the end of its last loop. */
void processes_end(struct lp_processes *targets, uint32_t pid);
void processes_free(struct lp_processes *targets);

#endif /* LP_MODEL_PROCESSES_H */
