/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames as they are shown, each place looked up once however many tasks are there. */
#ifndef LP_TASKS_FRAMES_H
#define LP_TASKS_FRAMES_H

#include "model/report.h"
#include "runtime/task_list.h"

struct lp_task_frames;

/* NULL if out of memory.  The instance outlives it. */
struct lp_task_frames *task_frames_new(const struct lp_instance *instance);
void task_frames_free(struct lp_task_frames *frames);

/*
 * name: the function's, where it is known better than the code object tells, or NULL;
 * the same pointer for the same text.  NULL if the frame cannot be described.
 */
const struct lp_shown_frame *task_frames_find(struct lp_task_frames *frames,
					      const struct lp_raw_frame *raw, const char *name);

/* Is it of Python's own library?  What is installed beside that (site-packages) is not. */
bool frame_is_library(const struct lp_shown_frame *frame);

#endif /* LP_TASKS_FRAMES_H */
