/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames with their function, file and line.  Each code position is resolved once, however
 * many tasks stand there.
 */
#ifndef LP_TASKS_FRAMES_H
#define LP_TASKS_FRAMES_H

#include "model/report.h"
#include "runtime/task_list.h"

struct lp_task_frames;

/* Returns NULL if out of memory.  The instance must outlive the frames. */
struct lp_task_frames *task_frames_new(const struct lp_instance *instance);
void task_frames_free(struct lp_task_frames *frames);

/*
 * The resolved frame.  name: the function's name, if it is known better than by the code
 * object, or NULL; the same text must come with the same pointer.  Returns NULL if the frame
 * cannot be resolved.
 */
const struct lp_shown_frame *task_frames_find(struct lp_task_frames *frames,
					      const struct lp_raw_frame *raw, const char *name);

/*
 * Returns the innermost frame of a stack that is the program's, as own_frames_innermost finds it;
 * NULL if there is none.  raw: innermost first, of which the first 256 are considered.
 */
const struct lp_shown_frame *task_frames_own(struct lp_task_frames *frames,
					     const struct lp_raw_frame *raw, size_t count);

/* Returns whether two frames have the same line and function; NULL is a frame that is not known. */
bool task_frames_same_line(const struct lp_shown_frame *one, const struct lp_shown_frame *other);

#endif /* LP_TASKS_FRAMES_H */
