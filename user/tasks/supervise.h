/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a reader of another process in a child.  The pages and files of a target may be served
 * by a process that does not answer (FUSE, userfaultfd), and then not even SIGKILL ends the
 * reader.  The child's output passes through this process; a child that hangs is abandoned.
 */
#ifndef LP_TASKS_SUPERVISE_H
#define LP_TASKS_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

struct lp_supervised;

/*
 * Runs the body in a child.  Returns the body's status, or 1, after a sentence on stderr, if
 * the child crashed or was abandoned.  interrupt: the first SIGINT or SIGTERM is passed to
 * the child, which then ends by itself; else each of them ends the program.  confine: called
 * in this process once the child runs, to give up rights; NULL: none.  hung: set to the
 * process that an abandoned child hangs in, or to 0 if there is none or a signal has come;
 * NULL: not wanted.
 */
int supervise(int (*body)(struct lp_supervised *supervised, void *context), void *context,
	      bool interrupt, void (*confine)(void), pid_t *hung);

/*
 * Called by the child before it reads a process; only from then on the child is supervised.
 * paused: the child has stopped that process, and is abandoned sooner.
 */
void supervised_reading(struct lp_supervised *supervised, pid_t pid, bool paused);
/* Called by the child when it has read the process. */
void supervised_done(struct lp_supervised *supervised);

#endif /* LP_TASKS_SUPERVISE_H */
