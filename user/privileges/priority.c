// SPDX-License-Identifier: BSD-2-Clause
#include "priority.h"

#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

/* 0 is what a process has that was started without a choice (nice(1), Nice= of a unit). */
#define NICE_DEFAULT 0
#define NICE_RAISED (-10)

static bool raised;

void priority_raise(void)
{
	int before;

	errno = 0;
	before = getpriority(PRIO_PROCESS, 0);
	if (errno || before != NICE_DEFAULT)
		return;
	raised = !setpriority(PRIO_PROCESS, 0, NICE_RAISED);
	if (!raised)
		log_detail("the priority stays as it is: %s", strerror(errno));
}

void priority_restore(void)
{
	/* a lower priority is always allowed */
	if (raised && setpriority(PRIO_PROCESS, 0, NICE_DEFAULT))
		return;
	raised = false;
}
