// SPDX-License-Identifier: BSD-2-Clause
#include "cgroup_folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 1024
#define LINE_PARTS 3

/* One line, "4:cpu,cpuacct:/path" or "0::/path", cut at its colons. */
struct folder_line {
	char *parts[LINE_PARTS];
};

static bool line_take(char **rest, struct folder_line *line)
{
	char *text = strsep(rest, "\n");
	size_t i;

	for (i = 0; i + 1 < LINE_PARTS; i++)
		line->parts[i] = text ? strsep(&text, ":") : NULL;
	line->parts[LINE_PARTS - 1] = text;
	return text && *text == '/';
}

static bool has_name(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (list) {
		if (!strncmp(list, name, length) && (!list[length] || list[length] == ','))
			return true;
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return false;
}

/* Sets the folder to mounts/hierarchy/path, if that hierarchy is mounted there. */
static bool folder_set(struct lp_cgroup_folder *folder, const char *mounts, const char *hierarchy,
		       const char *path)
{
	int root = snprintf(folder->path, sizeof(folder->path), "%s%s%s", mounts,
			    *hierarchy ? "/" : "", hierarchy);
	size_t size = sizeof(folder->path), length = strlen(path);

	/* "/.." is in the path of a process outside of this cgroup namespace */
	if (root < 0 || (size_t)root >= size || length >= size - (size_t)root ||
	    strstr(path, "/..") || access(folder->path, F_OK))
		return false;
	folder->root = (size_t)root;
	if (length > 1)
		memcpy(folder->path + root, path, length + 1);
	return true;
}

static bool folder_of_second(struct lp_cgroup_folder *folder, const char *mounts, const char *path)
{
	char mark[LP_CGROUP_FOLDER_MAX];

	folder->version = 2;
	snprintf(mark, sizeof(mark), "%s/cgroup.controllers", mounts);
	return folder_set(folder, mounts, access(mark, F_OK) ? "unified" : "", path);
}

bool cgroup_folder_find(const char *mounts, const char *text, const char *controller,
			struct lp_cgroup_folder *folder)
{
	char *copy = strdup(text), *rest = copy;
	struct folder_line line;
	bool found = false, is_first = false;

	while (rest && !is_first) {
		if (!line_take(&rest, &line))
			continue;
		is_first = has_name(line.parts[1], controller);
		if (is_first) {
			folder->version = 1;
			found = folder_set(folder, mounts, controller, line.parts[2]) ||
				folder_set(folder, mounts, line.parts[1], line.parts[2]);
		} else if (!*line.parts[1]) {
			found = folder_of_second(folder, mounts, line.parts[2]);
		}
	}
	free(copy);
	return found;
}

bool cgroup_folder_up(struct lp_cgroup_folder *folder)
{
	char *end = strrchr(folder->path + folder->root, '/');

	if (!end)
		return false;
	*end = '\0';
	return true;
}

const char *cgroup_folder_name(const struct lp_cgroup_folder *folder)
{
	return folder->path[folder->root] ? folder->path + folder->root : "/";
}

void cgroup_folder_copy_name(const struct lp_cgroup_folder *folder, char *name, size_t size)
{
	const char *whole = cgroup_folder_name(folder);
	size_t length = strlen(whole), most = size - 1;

	if (length > most)
		snprintf(name, size, "...%s", whole + length - most + 3);
	else
		memcpy(name, whole, length + 1);
}

bool cgroup_folder_read(const struct lp_cgroup_folder *folder, const char *file, char *text,
			size_t size)
{
	char path[LP_CGROUP_FOLDER_MAX + 64];
	ssize_t length = -1;
	int descriptor;

	snprintf(path, sizeof(path), "%s/%s", folder->path, file);
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return false;
	length = read(descriptor, text, size - 1);
	close(descriptor);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

bool cgroup_folder_number(const struct lp_cgroup_folder *folder, const char *file, uint64_t *number)
{
	char text[64];

	return cgroup_folder_read(folder, file, text, sizeof(text)) &&
	       sscanf(text, "%" SCNu64, number) == 1 && *text != '-';
}

bool cgroup_folder_count(const struct lp_cgroup_folder *folder, const char *file, const char *key,
			 uint64_t *number)
{
	char text[FILE_BYTES], *at = text;
	size_t length = strlen(key);

	if (!cgroup_folder_read(folder, file, text, sizeof(text)))
		return false;
	while (at && *at) {
		if (!strncmp(at, key, length) && at[length] == ' ')
			return sscanf(at + length, "%" SCNu64, number) == 1;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return false;
}
