/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file mappings of a process. It may have as many as the kernel allows, of files with long
 * names: their number, the retained bytes of names and the time of reading are limited.
 */
#ifndef LP_PROCESS_MAPPINGS_H
#define LP_PROCESS_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The end of a longer path is retained, with the file's whole name; of too many, only the name. */
#define LP_MAPPING_PATH_BYTES 512

struct lp_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file, bytes */
	uint64_t device;
	uint64_t inode;
	bool executable;
	char *path; /* as the kernel prints it: only to show and to compare */
};

struct lp_mappings_store;

struct lp_mappings {
	pid_t pid;
	size_t count;
	const struct lp_mapping *items; /* by address */
	struct lp_mappings_store *store;
};

/*
 * Reads them; anonymous ones are left out.  Returns 0, -E2BIG or -ETIME if the process has
 * more than the limit, or -errno; free with mappings_free.
 */
int mappings_read(pid_t pid, struct lp_mappings *mappings);
/* Reads the executable ones only, the first ones if there are more than the capacity. */
int mappings_read_code(pid_t pid, size_t capacity, struct lp_mappings *mappings);
/* Reads only the one that contains an address, if there is one. */
int mappings_read_at(pid_t pid, uint64_t address, struct lp_mappings *mappings);
void mappings_free(struct lp_mappings *mappings);

/* As mappings_read, but from /proc/PID/maps, as kernels before 6.11 need it. */
int mappings_read_lines(pid_t pid, struct lp_mappings *mappings);

/* Describes an error of these, as the end of a sentence that names the process. */
const char *mappings_error(int err);

/*
 * Between begin and end, this thread reads the mappings of that process once for all callers. If
 * none of them contains an address, mappings_read_at reads them again, as the process may have
 * loaded a library meanwhile; before Linux 6.11 it does so once.
 */
void mappings_cache_begin(pid_t pid);
void mappings_cache_end(void);

/* The mapping that holds the address, or NULL. */
const struct lp_mapping *mappings_find(const struct lp_mappings *mappings, uint64_t address);

/* The part of a path that is retained. */
const char *mapping_path_part(const char *path);

/*
 * Reads a line of /proc/PID/maps, which is changed; the path lies in it.  Returns 0, -ENOENT
 * if it is about no file, or -EINVAL.
 */
int mapping_parse(char *line, struct lp_mapping *mapping);

/*
 * Stores a path by which this very file can be opened, across mount namespaces and chroot and
 * after deletion: /proc/PID/map_files. Needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE.
 */
/*
 * Returns whether mapping_file_path() may give the name of a file where map_files cannot be opened.
 * The target process may put another file in its place at any time, so that only
 * a program that attaches no probe may read by it.  No by default.
 */
void mappings_allow_names(bool allowed);

/* Bytes of a path that mapping_file_path() makes. */
#define LP_MAPPING_PATH_MAX 384

void mapping_file_path(pid_t pid, const struct lp_mapping *mapping, char *path, size_t size);

/*
 * Finds the file that is mapped at an address now, and stores such a path of it; path may be NULL.
 * mapping: set to the mapping, without its own path. Returns 0, -ENOENT if no file is mapped there,
 * -ESRCH if the process has ended, or another error of mappings_read_at().
 */
int mappings_locate(pid_t pid, uint64_t address, struct lp_mapping *mapping, char *path,
		    size_t size);

#endif /* LP_PROCESS_MAPPINGS_H */
