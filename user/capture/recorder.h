/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the records of a run to captures: one file, or a directory of rotated files.  A
 * failure to write does not end the run: the lost records are counted, the failure is
 * reported once, and writing is attempted again.
 */
#ifndef LP_CAPTURE_RECORDER_H
#define LP_CAPTURE_RECORDER_H

#include "base/error.h"
#include "reader.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_recorder;

/* What was written in the whole run. */
struct lp_recorder_totals {
	uint64_t files; /* 0: there was nothing to record */
	uint64_t bytes; /* of all files, those included that were removed to make room */
};

struct lp_recorder_config {
	const char *path; /* a file; or a directory, if there is one or the path ends in a slash */
	bool directory; /* the path is a directory, which is created if it is missing */
	uint64_t rotate_bytes; /* a directory: size at which a new file begins; 0: no limit */
	uint64_t rotate_ns; /* age at which a new file begins; 0: no limit */
	uint64_t retain_bytes; /* limit of all captures in the directory together; 0: none */
	struct lp_recorder_totals *totals; /* filled in by recorder_close; NULL: not needed */
	/* The fields that describe the run: threshold, start, queue, tool, mode, host. */
	struct lp_capture_header header;
};

/*
 * Creates the first file.  An older file is only replaced when there is something to record.
 * A path that cannot be written is reported here, before anything is attached.  Returns 0, or
 * a negative errno with a sentence in error.
 */
int recorder_new(const struct lp_recorder_config *config, struct lp_recorder **recorder,
		 struct lp_error *error);

/* Takes a record.  LP_EVENT_PROCESS is taken as well, but is not written. */
void recorder_take(struct lp_recorder *recorder, const struct lp_event *record);

/*
 * Returns whether the next recorder_tick() begins a new file.  The counters should be passed as
 * records before that.
 */
bool recorder_rotation_due(const struct lp_recorder *recorder, uint64_t now_ns);

/*
 * To be called several times a second: writes records that have been collected for a second,
 * begins a new file when it is due, and tries again after a failure.
 */
void recorder_tick(struct lp_recorder *recorder, uint64_t now_ns);

/* The path of the file that is being written, for messages; valid until the next call. */
const char *recorder_path(const struct lp_recorder *recorder);

/*
 * Ends the recording of a run that has failed before anything was recorded: an older file
 * remains as it was, and no empty one is left.
 */
void recorder_discard(struct lp_recorder *recorder);

/*
 * Writes what is left and frees the recorder.  Returns 0, or the first error with a sentence
 * if records could not be written.
 */
int recorder_close(struct lp_recorder *recorder, struct lp_error *error);

#endif /* LP_CAPTURE_RECORDER_H */
