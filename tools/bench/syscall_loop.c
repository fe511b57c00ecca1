// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench-syscalls: stands for the host's other processes.  Each line on stdin is a number of calls:
 * it makes the cheapest system call that often, and answers with the CPU time in nanoseconds.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(void)
{
	uint64_t i, calls, start;

	while (scanf("%" SCNu64, &calls) == 1) {
		start = cpu_ns();
		for (i = 0; i < calls; i++)
			syscall(SYS_getppid);
		printf("%" PRIu64 "\n", cpu_ns() - start);
		fflush(stdout);
	}
	return 0;
}
