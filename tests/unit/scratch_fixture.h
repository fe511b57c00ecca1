/* SPDX-License-Identifier: BSD-2-Clause */
/* Temporary directories of tests, below TMPDIR. */
#ifndef LP_TESTS_UNIT_SCRATCH_FIXTURE_H
#define LP_TESTS_UNIT_SCRATCH_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes a directory and writes its path. Returns 0 or -1. */
static inline int scratch_make(char *directory, size_t size)
{
	const char *base = getenv("TMPDIR");
	int length = snprintf(directory, size, "%s/loopprof-test-XXXXXX", base ? base : "/tmp");

	return (size_t)length < size && mkdtemp(directory) ? 0 : -1;
}

/* Removes all entries of an open directory, which it closes. Links are not followed. */
static inline void scratch_clear(int descriptor)
{
	DIR *entries = fdopendir(descriptor);
	struct dirent *entry;
	int inner;

	if (!entries) {
		close(descriptor);
		return;
	}
	while ((entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(entries), entry->d_name, 0))
			continue;
		inner = openat(dirfd(entries), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			continue;
		scratch_clear(inner);
		unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	}
	closedir(entries);
}

/* Removes a directory with all that is in it. Returns 0 or -1. */
static inline int scratch_remove(const char *directory)
{
	int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (descriptor >= 0)
		scratch_clear(descriptor);
	return rmdir(directory);
}

/* Reads a text file, as far as it fits. Returns the text, or NULL if there is no such file. */
static inline char *scratch_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return NULL;
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
	return text;
}

#endif /* LP_TESTS_UNIT_SCRATCH_FIXTURE_H */
