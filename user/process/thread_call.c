// SPDX-License-Identifier: BSD-2-Clause
#include "thread_call.h"

#include "base/macros.h"
#include "proc_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>

/* These system calls are missing in older headers. */
#define LP_SYS_IO_URING_ENTER 426
#define LP_SYS_EPOLL_PWAIT2 441
#define LP_SYS_FUTEX_WAIT 455

bool thread_call_polls(int number)
{
	static const int polls[] = { SYS_epoll_wait,	  SYS_epoll_pwait,
				     LP_SYS_EPOLL_PWAIT2, SYS_poll,
				     SYS_ppoll,		  SYS_select,
				     SYS_pselect6,	  LP_SYS_IO_URING_ENTER };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(polls); i++)
		if (polls[i] == number)
			return true;
	return false;
}

bool thread_call_waits(const struct lp_thread_call *call)
{
	switch (call->number) {
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		return (int)call->arguments[3] != 0;
	case SYS_poll:
		return (int)call->arguments[2] != 0;
	default:
		return thread_call_polls(call->number);
	}
}

bool thread_call_is_timed(const struct lp_thread_call *call)
{
	return call->arguments[call->number == LP_SYS_FUTEX_WAIT ? 4 : 3] != 0;
}

bool thread_call_read(pid_t pid, pid_t tid, struct lp_thread_call *call)
{
	uint64_t *arguments = call->arguments;
	char name[32], text[256];
	int fields;

	/* the file has a number, the arguments and two registers in hexadecimal, or "running" */
	snprintf(name, sizeof(name), "task/%d/syscall", tid);
	if (proc_read(pid, name, text, sizeof(text)) <= 0)
		return false;
	call->stack = 0;
	fields = sscanf(text,
			"%d %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
			" %" SCNx64,
			&call->number, &arguments[0], &arguments[1], &arguments[2], &arguments[3],
			&arguments[4], &arguments[5], &call->stack);
	if (fields < 7)
		call->number = LP_THREAD_CALL_NONE;
	return fields >= 1;
}
