// SPDX-License-Identifier: BSD-2-Clause
#include "mappings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* A process can have any number of mappings; more than this is not looked at. */
#define MAPPINGS_MAX 100000

static int parse_line(char *line, struct lp_mapping *mapping)
{
	unsigned int major, minor;
	char permissions[5];
	int path_at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &mapping->start, &mapping->end, permissions, &mapping->offset, &major, &minor,
		   &mapping->inode, &path_at) != 7)
		return -EINVAL;
	line[strcspn(line, "\n")] = '\0';
	if (!mapping->inode || !path_at || line[path_at] != '/')
		return -ENOENT;
	mapping->device = makedev(major, minor);
	mapping->executable = permissions[2] == 'x';
	mapping->path = strdup(line + path_at);
	return mapping->path ? 0 : -ENOMEM;
}

int mappings_read(pid_t pid, struct lp_mappings *mappings)
{
	struct lp_mapping mapping, *grown;
	size_t room = 0, line_size = 0;
	char name[32], *line = NULL;
	int err = 0;
	FILE *file;

	memset(mappings, 0, sizeof(*mappings));
	mappings->pid = pid;
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (getline(&line, &line_size, file) > 0 && mappings->count < MAPPINGS_MAX) {
		err = parse_line(line, &mapping);
		if (err == -ENOENT || err == -EINVAL) {
			err = 0;
			continue;
		}
		if (err)
			break;
		if (mappings->count == room) {
			room = room ? room * 2 : 64;
			grown = realloc(mappings->items, room * sizeof(*grown));
			if (!grown) {
				free(mapping.path);
				err = -ENOMEM;
				break;
			}
			mappings->items = grown;
		}
		mappings->items[mappings->count++] = mapping;
	}
	free(line);
	fclose(file);
	if (err)
		mappings_free(mappings);
	return err;
}

void mappings_free(struct lp_mappings *mappings)
{
	size_t i;

	for (i = 0; i < mappings->count; i++)
		free(mappings->items[i].path);
	free(mappings->items);
	mappings->items = NULL;
	mappings->count = 0;
}

const struct lp_mapping *mappings_find(const struct lp_mappings *mappings, uint64_t address)
{
	size_t i;

	for (i = 0; i < mappings->count; i++)
		if (address >= mappings->items[i].start && address < mappings->items[i].end)
			return &mappings->items[i];
	return NULL;
}

void mapping_file_path(pid_t pid, const struct lp_mapping *mapping, char *path, size_t size)
{
	snprintf(path, size, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, mapping->start,
		 mapping->end);
}
