// SPDX-License-Identifier: BSD-2-Clause
#include "open_files.h"

#include "base/macros.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit before;
static bool changed;

uint64_t open_files_raise(uint64_t wanted)
{
	struct rlimit now, raised;

	if (getrlimit(RLIMIT_NOFILE, &now))
		return 0;
	if (now.rlim_cur >= wanted)
		return now.rlim_cur;
	if (!changed)
		before = now;
	raised.rlim_cur = wanted;
	raised.rlim_max = max_u64(now.rlim_max, wanted);
	if (setrlimit(RLIMIT_NOFILE, &raised)) {
		/* without CAP_SYS_RESOURCE, or over fs.nr_open, the hard limit remains */
		raised.rlim_max = now.rlim_max;
		raised.rlim_cur = min_u64(now.rlim_max, wanted);
		if (setrlimit(RLIMIT_NOFILE, &raised))
			return now.rlim_cur;
	}
	changed = true;
	return raised.rlim_cur;
}

void open_files_restore(void)
{
	if (changed && !setrlimit(RLIMIT_NOFILE, &before))
		changed = false;
}
