/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a process in one go, in a child that may hang in it: the child's pages and files
 * may be served by somebody who does not answer, and then not even SIGKILL ends the
 * reader.  What the child prints passes through this process, so that no output stays open
 * because it hangs; if it does, it is left behind.
 */
#ifndef LP_TASKS_SUPERVISE_H
#define LP_TASKS_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

struct lp_supervised;

/*
 * Runs the body in a child; returns the status that it returned, or 1, with a sentence, if
 * it was left behind or has crashed.  interrupt: the first SIGINT or SIGTERM is the
 * child's, which then ends by itself; else each of them ends the program.  confine: called in
 * this process once the child runs, to give up rights; or NULL.  hung: set to the process that
 * the child was left behind in, or to 0 if there is none or a signal has come; NULL: not wanted.
 */
int supervise(int (*body)(struct lp_supervised *supervised, void *context), void *context,
	      bool interrupt, void (*confine)(void), pid_t *hung);

/*
 * The child reads a process from now on; only then is it watched.  standing: that process
 * stands still for it, and the child is given up sooner.
 */
void supervised_reading(struct lp_supervised *supervised, pid_t pid, bool standing);
/* The child no longer reads it. */
void supervised_done(struct lp_supervised *supervised);

#endif /* LP_TASKS_SUPERVISE_H */
