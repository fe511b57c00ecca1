/* SPDX-License-Identifier: BSD-2-Clause */
/* Code objects: function, file and line of a frame. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_CODE_H
#define LP_RUNTIME_CPYTHON_OBJECTS_CODE_H

#include "object.h"
#include "runtime/runtime.h"

/* Creates a bounded cache of code objects.  NULL if out of memory. */
struct lp_code_cache *cpython_codes_new(void);
void cpython_codes_free(struct lp_code_cache *cache);

/*
 * Converts a frame as it is in memory to the address of a code object and the bytes into its code,
 * negative before the first instruction.  Returns 0, or -EINVAL if there is no code object.
 */
int cpython_frame(const struct lp_cpython *python, const struct lp_raw_frame *raw,
		  struct lp_raw_frame *frame);

/* Returns the index of a name in a tuple of names, or -ENOENT. */
int cpython_name_index(const struct lp_cpython *python, uint64_t tuple, const char *name);

/*
 * Returns the offset in a frame at which the code's local variable of that name is, or LP_NO_FIELD.
 */
uint16_t cpython_local_offset(const struct lp_cpython *python, uint64_t code, const char *name);

/* Returns whether a file, by its path, is one of asyncio's own. */
bool cpython_file_is_asyncio(const char *file);

/* Fills in what a frame with this function and file does; see struct lp_frame. */
void cpython_mark_frame(struct lp_frame *shown);

/* See describe in struct lp_runtime.  -EINVAL: there is no code object, or it was freed. */
int cpython_describe(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		     struct lp_frame *shown);

/* See describe_stack in struct lp_runtime. */
size_t cpython_describe_stack(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			      size_t count, struct lp_frame *shown);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_CODE_H */
