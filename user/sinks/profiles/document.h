/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The output of a format that is written once: stdout, or a file that takes its place when it is
 * complete, at the end of the run.
 */
#ifndef LP_SINKS_PROFILES_DOCUMENT_H
#define LP_SINKS_PROFILES_DOCUMENT_H

#include "files/output_file.h"

#include <stdbool.h>
#include <stddef.h>

struct lp_document {
	FILE *out; /* stream to write to; NULL after document_end() */
	char *path; /* NULL: stdout */
	struct lp_output_snapshot *snapshot; /* the file; NULL: stdout */
	int err; /* first failure, a negative errno */
};

/*
 * Opens a document.  format: name of the format, for messages; binary: a terminal is refused.
 * Returns 0, or a negative errno with a sentence in error; then document_close() must not be
 * called.
 */
int document_open(struct lp_document *document, const char *path, const char *format, bool binary,
		  struct lp_error *error);

/* Puts the complete document in place.  A failure is reported, and returned by document_close(). */
void document_end(struct lp_document *document);

/* Reports a failure of the caller, as -ENOMEM: the document will not replace the file. */
void document_fail(struct lp_document *document, int err);

/*
 * Frees the document.  Returns 0 or the first failure.  Without document_end() the file is
 * unchanged.
 */
int document_close(struct lp_document *document);

#endif /* LP_SINKS_PROFILES_DOCUMENT_H */
