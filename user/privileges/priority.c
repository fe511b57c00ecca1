// SPDX-License-Identifier: BSD-2-Clause
#include "priority.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* 0 is what a process has that was started without a choice (nice(1), Nice= of a unit). */
#define NICE_DEFAULT 0
#define NICE_RAISED (-10)
#define NICE_RAISED_TEXT "-10"

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

void priority_raise_session(void)
{
	int descriptor;

	if (!raised || getsid(0) != getpid())
		return;
	/* a kernel without autogroups has no such file */
	descriptor = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	if (write(descriptor, NICE_RAISED_TEXT, strlen(NICE_RAISED_TEXT)) < 0)
		log_detail("the priority of the session stays as it is: %s", strerror(errno));
	close(descriptor);
}

void priority_restore(void)
{
	/* a lower priority is always allowed */
	if (raised && setpriority(PRIO_PROCESS, 0, NICE_DEFAULT))
		return;
	raised = false;
}
