/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps an address of a process to a file and an address in it; the cache is bounded. */
#ifndef LP_ELF_MAPPED_FILES_H
#define LP_ELF_MAPPED_FILES_H

#include "image.h"

#include <sys/types.h>

struct lp_mapped_files;

struct lp_location {
	const struct lp_image *image; /* NULL: no file, or one that cannot be read */
	uint64_t serial; /* serial number of the image, never used again */
	uint64_t address; /* address in the file's own tables */
	const char *path; /* as the target sees it; "" if there is no file */
};

/* NULL if out of memory. */
struct lp_mapped_files *mapped_files_new(void);
void mapped_files_free(struct lp_mapped_files *programs);
void mapped_files_forget(struct lp_mapped_files *programs, pid_t pid);

/* Begins the look-ups for one stack: earlier results are checked again in it. */
void mapped_files_begin(struct lp_mapped_files *programs);

/* The result is valid until the next call. */
void mapped_files_locate(struct lp_mapped_files *programs, pid_t pid, uint64_t address,
			 struct lp_location *location);

#endif /* LP_ELF_MAPPED_FILES_H */
