/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools of a snapshot as JSON lines. */
#ifndef LP_TASKS_JSON_POOL_H
#define LP_TASKS_JSON_POOL_H

#include "sinks/json/writer.h"
#include "snapshot.h"

/* Writes a line for each pool. */
void json_pools(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_JSON_POOL_H */
