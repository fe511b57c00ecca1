// SPDX-License-Identifier: BSD-2-Clause
#include "standing.h"

#include "proc_file.h"

#include <stdio.h>

struct lp_standing standing_read(pid_t pid)
{
	unsigned long long ran_ns, waited_ns, slices;
	struct lp_standing standing = { 0 };
	char text[LP_PROC_STAT_BYTES];
	const char *fields = proc_stat(pid, "stat", text);

	if (!fields)
		return standing;
	standing.state = *fields;
	if (proc_read(pid, "schedstat", text, sizeof(text)) > 0 &&
	    sscanf(text, "%llu %llu %llu", &ran_ns, &waited_ns, &slices) == 3) {
		standing.ran_ns = ran_ns;
		standing.waited_ns = waited_ns;
		standing.slices = slices;
	}
	return standing;
}

bool standing_moved(const struct lp_standing *before, const struct lp_standing *now)
{
	return now->state == 'R' || now->ran_ns != before->ran_ns || now->slices != before->slices;
}
