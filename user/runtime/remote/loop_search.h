/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for the loops of targets without waiting for it. There are two workers, one of which
 * is for targets whose search is quick, so that slow ones delay only each other.
 */
#ifndef LP_RUNTIME_REMOTE_LOOP_SEARCH_H
#define LP_RUNTIME_REMOTE_LOOP_SEARCH_H

#include "runtime/runtime.h"

/* Called by remote_begin() and remote_end(). */
int loop_search_open(void);
void loop_search_close(void);

enum lp_search_room {
	LP_SEARCH_NONE, /* no worker is free */
	LP_SEARCH_QUICK, /* the one for quick searches is */
	LP_SEARCH_ANY,
};

/*
 * Returns which search may begin now.  others_wait: several targets wait for theirs, which shortens
 * the time limits of later searches.
 */
enum lp_search_room loop_search_room(bool others_wait);

/* Returns whether a search has begun and its result was not taken yet. */
bool loop_search_is_busy(void);

/* Begins a search. Returns 0, -EBUSY, or a negative errno as worker_call does. */
int loop_search_begin(const struct lp_instance *instance, uint64_t ticket);

struct lp_loops_found {
	pid_t pid;
	uint64_t ticket; /* that of loop_search_begin */
	int count; /* number of loops, or a negative errno as find_loops returns it */
	const struct lp_running_loop *loops; /* valid until the next call */
	uint64_t cpu_ns; /* CPU time of the worker */
	uint64_t wall_ns; /* from the beginning of the search to this call */
};

/*
 * Takes the result of a search that has ended or failed.  False: there is none.  To be called when
 * remote_descriptor() is readable, and now and then, see worker_receive.
 */
bool loop_search_take(struct lp_loops_found *found);

#endif /* LP_RUNTIME_REMOTE_LOOP_SEARCH_H */
