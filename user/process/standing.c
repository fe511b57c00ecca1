// SPDX-License-Identifier: BSD-2-Clause
#include "standing.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static size_t read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	ssize_t bytes;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	bytes = file < 0 ? -1 : read(file, text, size - 1);
	text[bytes > 0 ? bytes : 0] = '\0';
	if (file >= 0)
		close(file);
	return bytes > 0 ? (size_t)bytes : 0;
}

struct lp_standing standing_read(pid_t pid)
{
	unsigned long long ran_ns, waited_ns, slices;
	struct lp_standing standing = { 0 };
	char text[512], *at;

	if (!read_proc(pid, "stat", text, sizeof(text)))
		return standing;
	/* the second field, the name, may hold parentheses */
	at = strrchr(text, ')');
	standing.state = at && at[1] ? at[2] : '\0';
	if (read_proc(pid, "schedstat", text, sizeof(text)) &&
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
