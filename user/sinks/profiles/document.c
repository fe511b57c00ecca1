// SPDX-License-Identifier: BSD-2-Clause
#include "document.h"

#include "files/standard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENT_MODE 0600

static int open_file(struct lp_document *document, const char *path, struct lp_error *error)
{
	int err = output_snapshot_new(path, DOCUMENT_MODE, &document->snapshot, error);

	if (err)
		return err;
	document->path = strdup(path);
	err = document->path ? output_snapshot_begin(document->snapshot, &document->out) : -ENOMEM;
	if (err) {
		error_set(error, err, "cannot write '%s': %s", path, strerror(-err));
		output_snapshot_free(document->snapshot);
		free(document->path);
	}
	return err;
}

int document_open(struct lp_document *document, const char *path, const char *format, bool binary,
		  struct lp_error *error)
{
	memset(document, 0, sizeof(*document));
	if (path)
		return open_file(document, path, error);
	if (binary && isatty(STDOUT_FILENO))
		return error_set(
			error, -EINVAL,
			"the format %s is not for a terminal: give a file with -o, or redirect stdout",
			format);
	return output_open(NULL, &document->out, error);
}

void document_fail(struct lp_document *document, int err)
{
	if (!document->err) {
		document->err = err;
		output_warn(document->path, err);
	}
}

void document_end(struct lp_document *document)
{
	int err = 0;

	if (document->err || !document->out)
		return;
	if (document->snapshot)
		err = output_snapshot_commit(document->snapshot);
	else
		err = standard_flush();
	document->out = NULL;
	/* a pipe closed by its reader, as `head` does, needs no warning */
	if (err == -EPIPE)
		document->err = err;
	else if (err)
		document_fail(document, err);
}

int document_close(struct lp_document *document)
{
	output_snapshot_free(document->snapshot);
	free(document->path);
	return document->err;
}
