/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an export is written to: stdout, or a file that is there as a whole, once
 * the run is over.  Common to the formats that are written once.
 */
#ifndef LP_SINKS_PROFILES_DOCUMENT_H
#define LP_SINKS_PROFILES_DOCUMENT_H

#include "files/output_file.h"

#include <stdbool.h>
#include <stddef.h>

struct lp_document {
	FILE *out;
	char *path; /* NULL: stdout */
	struct lp_output_snapshot *snapshot; /* of a file */
	int err; /* first failure */
};

/*
 * format: its name, for what is told of errors.  binary: refused on a terminal.
 * Returns 0, or a negative errno with a sentence in error; then there is nothing
 * to be closed.
 */
int document_open(struct lp_document *document, const char *path, const char *format, bool binary,
		  struct lp_error *error);

/* The document is whole.  A failure is told, and kept for document_close(). */
void document_end(struct lp_document *document);

/* A failure of what makes it, like -ENOMEM: it will not be put in place of the file. */
void document_fail(struct lp_document *document, int err);

/* Returns the first failure, or 0.  One that was not ended leaves the file as it was. */
int document_close(struct lp_document *document);

#endif /* LP_SINKS_PROFILES_DOCUMENT_H */
