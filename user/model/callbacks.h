/* SPDX-License-Identifier: BSD-2-Clause */
/* The callbacks of a loop by name, with their counters. */
#ifndef LP_MODEL_CALLBACKS_H
#define LP_MODEL_CALLBACKS_H

#include "report.h"
#include "base/map.h"

/*
 * Limits of callbacks, for one loop and for all loops together.  A program that makes up a new name
 * for each task would otherwise fill the memory over weeks.  Callbacks over the limit count as the
 * loop's LP_UNKNOWN_CALLBACK.
 */
#define LP_RETAINED_CALLBACKS LP_MAX_CALLBACKS
#define LP_RETAINED_CALLBACKS_IN_ALL 8192

/* The name of all callbacks without a slot or an entry of their own. */
#define LP_UNKNOWN_CALLBACK "other"
extern const struct lp_callback_info unknown_callback;

/* One callback of a loop.  Code objects with equal name, file and line are the same callback. */
struct lp_model_callback {
	struct lp_model_callback *next; /* the one added before it */
	struct lp_callback_info info;
	uint64_t slow;
	struct lp_histogram run;
	/* histograms are large: NULL while empty */
	struct lp_histogram *queue;
	/* values at the end of the last interval */
	uint64_t before_slow;
	struct lp_histogram *before_run, *before_queue;
	/* lifetimes of ended tasks */
	struct lp_lifetimes *lifetimes, *before_lifetimes, *interval_lifetimes;
};

/* The callbacks of a loop.  All zeros are none; in_all points to the count of all loops. */
struct lp_callbacks {
	struct lp_model_callback *first; /* the newest */
	struct lp_map by_name; /* the same, by all members of info */
	size_t *in_all;
};

/* Returns the callback, adding it if needed; "other" over the limit; NULL if out of memory. */
struct lp_model_callback *callbacks_find(struct lp_callbacks *callbacks,
					 const struct lp_callback_info *info);
/* Moves all callbacks of from into another list, with their values of the last interval. */
void callbacks_merge(struct lp_callbacks *into, struct lp_callbacks *from);
/* Adds the counts of a callback's summary. */
void callbacks_add_summary(struct lp_callbacks *into, const struct lp_callback_summary *summary);
void callbacks_free(struct lp_callbacks *callbacks);
/* Sets all counts to zero. */
void callback_reset(struct lp_model_callback *callback);
/* Subtracts counts that were added before.  queue is NULL if it is empty. */
void callback_subtract(struct lp_model_callback *callback, uint64_t slow,
		       const struct lp_histogram *run, const struct lp_histogram *queue);
void callback_begin_interval(struct lp_model_callback *callback);

/* *into += now - before.  If *into is NULL it is allocated once there is something to add. */
void histogram_grow(struct lp_histogram **into, const struct lp_histogram *now,
		    const struct lp_histogram *before);

#endif /* LP_MODEL_CALLBACKS_H */
