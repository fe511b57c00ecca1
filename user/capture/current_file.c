// SPDX-License-Identifier: BSD-2-Clause
#include "current_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void current_file_begin(struct lp_current_file *file, int descriptor,
			const struct lp_capture_header *header)
{
	struct stat status;

	file->descriptor = descriptor;
	file->bytes = sizeof(*header);
	/* standard output may be a file that had something before */
	file->from_start = !fstat(descriptor, &status) && S_ISREG(status.st_mode) &&
			   status.st_size == (off_t)sizeof(*header);
}

int current_file_check(const struct lp_current_file *file)
{
	char magic[sizeof(((struct lp_capture_header *)NULL)->magic)];
	struct stat status;
	ssize_t length;

	if (file->descriptor < 0 || fstat(file->descriptor, &status) || !S_ISREG(status.st_mode))
		return 0;
	if (!status.st_nlink)
		return -ENOENT;
	if (!file->from_start)
		return 0;
	if ((uint64_t)status.st_size < file->bytes)
		return -LP_TRUNCATED;
	length = pread(file->descriptor, magic, sizeof(magic), 0);
	/* a file that is open for writing only cannot be read: its size has to do */
	return length == (ssize_t)sizeof(magic) && memcmp(magic, LP_CAPTURE_MAGIC, sizeof(magic))
		       ? -LP_TRUNCATED
		       : 0;
}
