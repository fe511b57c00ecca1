/* SPDX-License-Identifier: BSD-2-Clause */
/* The file mappings of a process, from /proc/PID/maps. */
#ifndef LP_MAPPINGS_H
#define LP_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file, bytes */
	uint64_t device;
	uint64_t inode;
	bool executable;
	char *path; /* as the kernel prints it: only to show and to compare */
};

struct lp_mappings {
	pid_t pid;
	size_t count;
	struct lp_mapping *items;
};

/* Reads them; anonymous ones are left out. Returns 0 or -errno; free with mappings_free. */
int mappings_read(pid_t pid, struct lp_mappings *mappings);
void mappings_free(struct lp_mappings *mappings);

/* The mapping that holds the address, or NULL. */
const struct lp_mapping *mappings_find(const struct lp_mappings *mappings, uint64_t address);

/*
 * A path by which this very file can be opened, whatever mount namespace, chroot
 * or deletion lies between: /proc/PID/map_files.  Needs CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE.
 */
void mapping_file_path(pid_t pid, const struct lp_mapping *mapping, char *path, size_t size);

#endif /* LP_MAPPINGS_H */
