/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder with files as the mounts of cgroups have them. */
#ifndef LP_TESTS_UNIT_CGROUP_FIXTURE_H
#define LP_TESTS_UNIT_CGROUP_FIXTURE_H

#include <sys/stat.h>

#include "scratch_fixture.h"

static char cgroup_mounts[64];

static inline int cgroup_begin(void **state)
{
	(void)state;
	return scratch_make(cgroup_mounts, sizeof(cgroup_mounts));
}

static inline int cgroup_end(void **state)
{
	(void)state;
	return scratch_remove(cgroup_mounts);
}

/* Makes the folders of a path below the mounts, and writes the file. */
static inline void cgroup_put(const char *path, const char *text)
{
	char whole[256], *at;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", cgroup_mounts, path);
	for (at = strchr(whole + strlen(cgroup_mounts) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(whole, 0700);
		*at = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#endif /* LP_TESTS_UNIT_CGROUP_FIXTURE_H */
