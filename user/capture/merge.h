/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many captures at once, of many runs and hosts.  The files of one run are one
 * source; the records of all sources come in the order of the hosts' wall clocks.
 * What is wrong with a file is said, on stderr, and the others are read.
 */
#ifndef LP_CAPTURE_MERGE_H
#define LP_CAPTURE_MERGE_H

#include "base/error.h"
#include "reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct lp_merge;

struct lp_merge_totals {
	size_t files; /* that are read */
	size_t sources;
	size_t hosts;
	size_t refused; /* files that are no captures, or cannot be read */
	size_t duplicates; /* files that hold what another one holds */
	size_t missing; /* files between two of the same run */
	size_t unended; /* sources that were read, and whose last record is not that of an end */
};

/*
 * Takes files and directories, of which all *.lpc.  Returns 0 if there is at least one
 * capture; else a negative errno, with a sentence unless all was said already.
 */
int merge_open(char *const *paths, size_t count, struct lp_merge **captures,
	       struct lp_error *error);
void merge_free(struct lp_merge *captures);

const struct lp_merge_totals *merge_totals(const struct lp_merge *captures);

/* Is it one of the files that were given, by whatever name? */
bool merge_include(const struct lp_merge *captures, const struct stat *file);

/* Of the first file that there is of a source. */
const struct lp_capture_header *merge_header(const struct lp_merge *captures, size_t source);

/* The path of that file. */
const char *merge_path(const struct lp_merge *captures, size_t source);

typedef void (*lp_merge_record_handler)(void *context, size_t source,
					const struct lp_event *record);

/* Called at the end of a source, with the context of merge_read(). */
typedef void (*lp_merge_end_handler)(void *context, size_t source);

/* Sets the function that is called then; NULL: none. */
void merge_set_ender(struct lp_merge *captures, lp_merge_end_handler end);

/*
 * Hands out all records.  Memory is bounded: of very many sources that are of the same time
 * not all are read at once, and those that have to wait come after their time.  Returns 0,
 * or the negative errno of the first capture that was cut or damaged: each was reported, and all
 * readable records were handed out.
 */
int merge_read(struct lp_merge *captures, lp_merge_record_handler take, void *context);

#endif /* LP_CAPTURE_MERGE_H */
