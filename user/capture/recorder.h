/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a run into captures: one file, or a directory of files that take turns.
 * What cannot be written stops nothing: it is counted, said once, and tried again.
 */
#ifndef LP_CAPTURE_RECORDER_H
#define LP_CAPTURE_RECORDER_H

#include "base/error.h"
#include "reader.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_recorder;

struct lp_recorder_config {
	const char *path; /* a file; a directory if it is one or ends in a slash */
	bool directory; /* it is to be a directory, and made if it is not there */
	uint64_t rotate_bytes; /* a directory: a new file after so much, 0: never, ... */
	uint64_t rotate_ns; /* ... or so long, 0: never */
	uint64_t retain_bytes; /* all captures in a directory together; 0: everything is kept */
	/* What a capture says of its run: threshold, start, queue, tool, mode, host. */
	struct lp_capture_header header;
};

/*
 * Creates the first file, unless an older one is in its place: that is replaced when there
 * is something to record.  A place that cannot be written is reported before anything is
 * attached.  Returns 0, or a negative errno with a sentence.
 */
int recorder_new(const struct lp_recorder_config *config, struct lp_recorder **recorder,
		 struct lp_error *error);

/* Also takes LP_EVENT_PROCESS, which it does not write. */
void recorder_take(struct lp_recorder *recorder, const struct lp_event *record);

/*
 * Is a new file due at the next recorder_tick()?  What the counters have counted up
 * to now should be told before that.
 */
bool recorder_rotation_due(const struct lp_recorder *recorder, uint64_t now_ns);

/*
 * To be called several times a second: writes what has waited for a second, begins a
 * new file when it is due, and again where writing has failed.
 */
void recorder_tick(struct lp_recorder *recorder, uint64_t now_ns);

/*
 * The file that is written now.  For messages, until the next call.
 */
const char *recorder_path(const struct lp_recorder *recorder);

/*
 * Ends a recording of a run that has failed before anything was recorded: an older file stays
 * as it was, and no empty one is left.
 */
void recorder_discard(struct lp_recorder *recorder);

/* Returns 0, or the first error if records could not be written, with a sentence. */
int recorder_close(struct lp_recorder *recorder, struct lp_error *error);

#endif /* LP_CAPTURE_RECORDER_H */
