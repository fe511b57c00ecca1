/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of a stack that belong to the program, as opposed to installed packages and the
 * runtime's library, by the names that adapters have handed down.
 */
#ifndef LP_MODEL_OWN_FRAMES_H
#define LP_MODEL_OWN_FRAMES_H

#include "code_names.h"
#include "report.h"

/* Bytes of the name of a package. */
#define LP_PACKAGE_MAX 64

enum lp_frame_origin {
	LP_ORIGIN_PROGRAM, /* its own tree */
	LP_ORIGIN_PACKAGE, /* installed by a package manager */
	LP_ORIGIN_LIBRARY, /* the runtime's own, or code within its interpreter */
	LP_ORIGIN_GENERATED, /* no file: compiled at run time from a string */
};

/* Returns the origin of a file by its path, which need not exist. */
enum lp_frame_origin own_frames_origin(const char *file);

/*
 * Returns whether a frame is one of Python with that origin; it may be NULL.  A frame whose file is
 * not known has none.
 */
bool own_frames_has_origin(const struct lp_shown_frame *frame, enum lp_frame_origin origin);

/* Returns whose import of a module a frame is a part of; NULL: of none. */
const struct lp_code_names *own_frames_importer(const struct lp_shown_frame *frame);
bool own_frames_is_import(const struct lp_shown_frame *frame);

/*
 * Returns the number of last parts of a file's path that identify it: 2, or 3 for a file deeper in
 * an installed package, and if its directory has the name of one of the runtime's library to which
 * it does not belong.
 */
unsigned int own_frames_parts(const char *file);

/* Returns whether many directories have a file of that name, which identifies none of them. */
bool own_frames_has_common_name(const char *file);

/*
 * Writes the name of the installed package that a file belongs to: "httpx", for a namespace
 * package "google.cloud"; "" if the file belongs to none.
 */
void own_frames_package(const char *file, char *name, size_t size);

/*
 * Returns the index of the innermost frame of the program that is in a file, or else of code of
 * "python -c" or of the prompt.  Without one, that of the outermost
 * package that is no framework, for a program that is itself installed; then that of any package.
 * Returns count if all frames are of the runtime's library or of C.  Frames are innermost first and
 * may be NULL.
 */
size_t own_frames_innermost(const struct lp_shown_frame *const *frames, size_t count);

/* Returns whether a frame is one of a package that calls a program's handlers. */
bool own_frames_is_framework(const struct lp_shown_frame *frame);

/*
 * Returns the index of the outermost frame of the outermost package that another one has called;
 * that of the outermost package if there is only one.  Returns count if there is none.
 */
size_t own_frames_outermost(const struct lp_shown_frame *const *frames, size_t count);

/* Returns whether a file belongs to the runtime's library. */
bool own_frames_is_library(const char *file);

/*
 * Returns the stack up to the loop that has called its frames: those further out have started the
 * loop.  The result points into the stack and owns nothing.
 */
struct lp_stack own_frames_in_loop(const struct lp_stack *stack);

/*
 * Returns the part of the stack from the program's innermost frame to its outermost one, or to the
 * loop that called it; the whole stack if no frame is the program's.  Installed packages count as
 * the program.  The result points into the stack and owns nothing.
 */
struct lp_stack own_frames_of(const struct lp_stack *stack);

#endif /* LP_MODEL_OWN_FRAMES_H */
