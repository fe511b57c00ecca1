// SPDX-License-Identifier: BSD-2-Clause
#include "open_in.h"

#include "base/clocks.h"
#include "base/text.h"
#include "proc_file.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096

bool open_in_name(pid_t pid, int descriptor, char *name, size_t size)
{
	char path[64];
	ssize_t length;

	*name = '\0';
	if (descriptor < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, descriptor);
	length = readlink(path, name, size - 1);
	name[length > 0 ? length : 0] = '\0';
	text_sanitise(name);
	return length > 0;
}

int64_t open_in_number(pid_t pid, int descriptor, const char *key)
{
	char name[64], start[32], text[1024];
	const char *line;

	snprintf(name, sizeof(name), "fdinfo/%d", descriptor);
	if (proc_read(pid, name, text, sizeof(text)) <= 0)
		return 0;
	snprintf(start, sizeof(start), "\n%s:", key);
	line = strstr(text, start);
	return line ? strtoll(line + strlen(start), NULL, 10) : 0;
}

void open_in_each(pid_t pid, uint64_t until_ns,
		  bool (*function)(void *context, int directory, const char *descriptor),
		  void *context)
{
	size_t left = DESCRIPTORS_MAX;
	struct dirent *entry;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && left && clock_now() < until_ns && (entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		left--;
		if (!function(context, dirfd(directory), entry->d_name))
			break;
	}
	if (directory)
		closedir(directory);
}

struct wanted {
	const char *name;
	enum lp_open_access access;
	bool found;
};

static bool compare(void *context, int directory, const char *descriptor)
{
	struct wanted *wanted = context;
	char name[256];
	struct stat stat;
	ssize_t length = readlinkat(directory, descriptor, name, sizeof(name) - 1);

	if (length <= 0)
		return true;
	name[length] = '\0';
	if (strcmp(name, wanted->name) != 0)
		return true;
	/* the mode of the link itself shows how the file was opened */
	if (wanted->access != LP_OPEN_ANY) {
		mode_t bit = wanted->access == LP_OPEN_READS ? S_IRUSR : S_IWUSR;

		if (fstatat(directory, descriptor, &stat, AT_SYMLINK_NOFOLLOW) ||
		    !(stat.st_mode & bit))
			return true;
	}
	wanted->found = true;
	return false;
}

bool open_in_process(pid_t pid, const char *name, enum lp_open_access access, uint64_t until_ns)
{
	struct wanted wanted = { .name = name, .access = access };

	open_in_each(pid, until_ns, compare, &wanted);
	return wanted.found;
}
