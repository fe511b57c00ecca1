// SPDX-License-Identifier: BSD-2-Clause
#include "proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_FIELD 3

static ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t length = 0, done;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -errno;
	do {
		done = read(file, text + length, size - 1 - (size_t)length);
		if (done > 0)
			length += done;
	} while (done > 0 && (size_t)length < size - 1);
	text[length] = '\0';
	close(file);
	return length;
}

ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_text(path, text, size);
}

ssize_t proc_read_host(const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s", name);
	return read_text(path, text, size);
}

void proc_thread_name(pid_t pid, pid_t tid, char *name, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
	if (read_text(path, name, size) < 0)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

const char *proc_stat(pid_t pid, const char *name, char text[LP_PROC_STAT_BYTES])
{
	const char *end;

	if (proc_read(pid, name, text, LP_PROC_STAT_BYTES) <= 0)
		return NULL;
	/* the second field, the name, may hold anything, parentheses and line feeds too */
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] ? end + 2 : NULL;
}

uint64_t proc_stat_number(const char *fields, unsigned int number)
{
	for (; fields && number > STATE_FIELD; number--) {
		fields = strchr(fields, ' ');
		if (fields)
			fields++;
	}
	return fields ? strtoull(fields, NULL, 10) : 0;
}
