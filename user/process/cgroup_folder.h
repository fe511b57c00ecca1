/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of a cgroup below a mount of cgroups, of version 1 or 2, and its small files. */
#ifndef LP_PROCESS_CGROUP_FOLDER_H
#define LP_PROCESS_CGROUP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_CGROUP_MOUNTS "/sys/fs/cgroup"
#define LP_CGROUP_FOLDER_MAX 1024
/* The most folders from a cgroup up to the root that are read. */
#define LP_CGROUP_LEVELS 16

struct lp_cgroup_folder {
	int version; /* 1 or 2 */
	size_t root; /* bytes of path that are the hierarchy's mount */
	char path[LP_CGROUP_FOLDER_MAX]; /* of the cgroup, with the mount in front */
};

/*
 * Finds the folder of a process's cgroup that has a controller, such as "cpu".  mounts: where the
 * hierarchies are mounted.  text: that of /proc/PID/cgroup.  Returns false if there is none.
 */
bool cgroup_folder_find(const char *mounts, const char *text, const char *controller,
			struct lp_cgroup_folder *folder);

/* Goes to the cgroup above.  Returns false at the root. */
bool cgroup_folder_up(struct lp_cgroup_folder *folder);

/* Returns the path of the cgroup in its hierarchy: "/system.slice/api.service". */
const char *cgroup_folder_name(const struct lp_cgroup_folder *folder);

/* Copies it; the beginning is missing if it is too long. */
void cgroup_folder_copy_name(const struct lp_cgroup_folder *folder, char *name, size_t size);

/* Reads a file of the cgroup, up to the size of the text less a NUL; false if it cannot be read. */
bool cgroup_folder_read(const struct lp_cgroup_folder *folder, const char *file, char *text,
			size_t size);

/* Reads the number that is the whole of a file; false if there is none, as with "max". */
bool cgroup_folder_number(const struct lp_cgroup_folder *folder, const char *file,
			  uint64_t *number);

/* Reads the number of a line "key number" of a file; false if there is no such line. */
bool cgroup_folder_count(const struct lp_cgroup_folder *folder, const char *file, const char *key,
			 uint64_t *number);

#endif /* LP_PROCESS_CGROUP_FOLDER_H */
