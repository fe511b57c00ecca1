// SPDX-License-Identifier: BSD-2-Clause
#include "cpu_progress.h"

#include "proc_file.h"

#include <stdio.h>

struct lp_cpu_progress cpu_progress_read(pid_t pid)
{
	unsigned long long ran_ns, waited_ns, slices;
	struct lp_cpu_progress progress = { 0 };
	char text[LP_PROC_STAT_BYTES];
	const char *fields = proc_stat(pid, "stat", text);

	if (!fields)
		return progress;
	progress.state = *fields;
	if (proc_read(pid, "schedstat", text, sizeof(text)) > 0 &&
	    sscanf(text, "%llu %llu %llu", &ran_ns, &waited_ns, &slices) == 3) {
		progress.ran_ns = ran_ns;
		progress.waited_ns = waited_ns;
		progress.slices = slices;
	}
	return progress;
}

bool cpu_progress_made(const struct lp_cpu_progress *before, const struct lp_cpu_progress *now)
{
	return now->state == 'R' || now->ran_ns != before->ran_ns || now->slices != before->slices;
}
