/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress of a process of this program, by the scheduler's counts. */
#ifndef LP_PROCESS_CPU_PROGRESS_H
#define LP_PROCESS_CPU_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_cpu_progress {
	char state; /* as /proc/PID/stat has it; 0: there is no such process */
	uint64_t ran_ns; /* time on a CPU */
	uint64_t waited_ns; /* time ready to run without a CPU, up to when it got one */
	uint64_t slices; /* number of times that it was put on a CPU */
};

struct lp_cpu_progress cpu_progress_read(pid_t pid);

/*
 * Returns whether the process has run between the two.  One that is ready to run counts as
 * running, as others have the CPU.
 */
bool cpu_progress_made(const struct lp_cpu_progress *before, const struct lp_cpu_progress *now);

#endif /* LP_PROCESS_CPU_PROGRESS_H */
