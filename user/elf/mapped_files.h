/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file, and where in it, an address of a process is: caches a bounded amount. */
#ifndef LP_ELF_MAPPED_FILES_H
#define LP_ELF_MAPPED_FILES_H

#include "image.h"

#include <sys/types.h>

struct lp_programs;

struct lp_location {
	const struct lp_image *image; /* NULL: no file, or one that cannot be read */
	uint64_t serial; /* of the image: no other one ever has it */
	uint64_t address; /* as the file's own tables count it */
	const char *path; /* as the target sees it; "" if there is no file */
};

/* NULL if out of memory. */
struct lp_programs *programs_new(void);
void programs_free(struct lp_programs *programs);
void programs_forget(struct lp_programs *programs, pid_t pid);

/* Goes before the look-ups for one stack: what others found is checked again then. */
void programs_begin(struct lp_programs *programs);

/* What it tells holds until the next call. */
void programs_locate(struct lp_programs *programs, pid_t pid, uint64_t address,
		     struct lp_location *location);

#endif /* LP_ELF_MAPPED_FILES_H */
