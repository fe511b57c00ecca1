/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads of a snapshot that wait, as JSON lines. */
#ifndef LP_TASKS_JSON_THREAD_H
#define LP_TASKS_JSON_THREAD_H

#include "sinks/json/writer.h"
#include "snapshot.h"

/* Writes a line for each thread of which it is known what it waits for. */
void json_threads(struct lp_json_writer *json, const struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_JSON_THREAD_H */
