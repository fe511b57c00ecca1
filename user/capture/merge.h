/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads many captures of many runs and hosts as one sequence of records.  The files of one
 * run are one source; the records of all sources are in the order of the hosts' wall clocks.
 * Problems of a file are reported on stderr, and the other files are read.
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
	size_t files; /* files that are read */
	size_t sources;
	size_t hosts;
	size_t refused; /* files that are no captures, or that cannot be read */
	size_t duplicates; /* files that are copies of another one */
	size_t missing; /* gaps in the sequence of a run's files */
	size_t unended; /* sources whose last record is not that of the end of a run */
};

/*
 * Opens captures; of a directory, all its *.lpc files.  Returns 0 if there is at least one
 * capture; else a negative errno, with a sentence in error unless each problem has been
 * reported already.
 */
int merge_open(char *const *paths, size_t count, struct lp_merge **captures,
	       struct lp_error *error);
void merge_free(struct lp_merge *captures);

const struct lp_merge_totals *merge_totals(const struct lp_merge *captures);

/* Returns whether the file is one of the given captures, under any name. */
bool merge_include(const struct lp_merge *captures, const struct stat *file);

/* The header of the first file of a source. */
const struct lp_capture_header *merge_header(const struct lp_merge *captures, size_t source);

/* The path of the first file of a source. */
const char *merge_path(const struct lp_merge *captures, size_t source);

typedef void (*lp_merge_record_handler)(void *context, size_t source,
					const struct lp_event *record);

/* Called at the end of each source, with the context of merge_read(). */
typedef void (*lp_merge_end_handler)(void *context, size_t source);

/* Sets that function; NULL: none. */
void merge_set_ender(struct lp_merge *captures, lp_merge_end_handler end);

/*
 * Passes all records to take().  Memory is bounded: if very many sources overlap in time,
 * some are opened only when another one ends, and their records come late.  Returns 0, or the
 * negative errno of the first capture that was cut or damaged: each of these is reported, and
 * all readable records have been passed.
 */
int merge_read(struct lp_merge *captures, lp_merge_record_handler take, void *context);

#endif /* LP_CAPTURE_MERGE_H */
