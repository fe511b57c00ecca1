/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --inner: the name of a task's step.  BPF sends the names of all coroutines on its await chain,
 * the task's own one first; the last one of the program's own tree is the name of the step.
 */
#ifndef LP_LIVE_INNER_NAMES_H
#define LP_LIVE_INNER_NAMES_H

#include "wire/wire.h"

#include <stdbool.h>

/*
 * Takes the name of an awaited coroutine, and copies it as one of the callback itself.  False: the
 * coroutine is not the program's, and the name that the callback has is kept.
 */
bool inner_name_take(const struct lp_event_name *event, struct lp_event_name *name);

#endif /* LP_LIVE_INNER_NAMES_H */
