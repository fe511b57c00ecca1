/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file, and where in it, an address of a process is: caches a bounded amount. */
#ifndef LP_ELF_MAPPED_FILES_H
#define LP_ELF_MAPPED_FILES_H

#include "image.h"

#include <sys/types.h>

struct lp_mapped_files;

struct lp_location {
	const struct lp_image *image; /* NULL: no file, or one that cannot be read */
	uint64_t serial; /* of the image: no other one ever has it */
	uint64_t address; /* as the file's own tables count it */
	const char *path; /* as the target sees it; "" if there is no file */
};

/* NULL if out of memory. */
struct lp_mapped_files *mapped_files_new(void);
void mapped_files_free(struct lp_mapped_files *programs);
void mapped_files_forget(struct lp_mapped_files *programs, pid_t pid);

/* Goes before the look-ups for one stack: what others found is checked again then. */
void mapped_files_begin(struct lp_mapped_files *programs);

/* What it tells holds until the next call. */
void mapped_files_locate(struct lp_mapped_files *programs, pid_t pid, uint64_t address,
			 struct lp_location *location);

#endif /* LP_ELF_MAPPED_FILES_H */
