/* SPDX-License-Identifier: BSD-2-Clause */
/* What ran in a loop, by name, and what each counted. */
#ifndef LP_MODEL_CALLBACKS_H
#define LP_MODEL_CALLBACKS_H

#include "report.h"

/*
 * Names that a loop keeps, and all loops together.  A program that makes up a new
 * one for each task would else fill the memory over weeks: what finds no room
 * counts as the loop's LP_UNKNOWN_CALLBACK.
 */
#define LP_RETAINED_CALLBACKS LP_MAX_CALLBACKS
#define LP_RETAINED_CALLBACKS_IN_ALL 8192

/* What found no slot or room of its own, or could not be told apart. */
#define LP_UNKNOWN_CALLBACK "other"
extern const struct lp_callback_info unknown_callback;

/* What ran, once in its loop however often its code object was made anew. */
struct lp_model_callback {
	struct lp_model_callback *next; /* the one that came before it */
	struct lp_model_callback *next_in_bucket;
	struct lp_callback_info info;
	uint64_t slow;
	struct lp_histogram run;
	/* histograms are large: NULL while there is nothing in them */
	struct lp_histogram *queue;
	/* at the last interval */
	uint64_t before_slow;
	struct lp_histogram *before_run, *before_queue;
	/* of tasks that have ended */
	struct lp_lifetimes *lifetimes, *before_lifetimes, *interval_lifetimes;
};

/* All zeros are none, but for in_all: counts those of all loops. */
struct lp_callbacks {
	struct lp_model_callback *first; /* the newest */
	struct lp_model_callback **buckets;
	size_t capacity, count;
	size_t *in_all;
};

/* Makes it if it is not there; "other" if there is no room.  NULL: no memory. */
struct lp_model_callback *callbacks_find(struct lp_callbacks *callbacks,
					 const struct lp_callback_info *info);
/* Adds all of another one, as it was at the last interval and since, and empties that. */
void callbacks_merge(struct lp_callbacks *into, struct lp_callbacks *from);
/* Adds a summary of one. */
void callbacks_add_summary(struct lp_callbacks *into, const struct lp_callback_summary *summary);
void callbacks_free(struct lp_callbacks *callbacks);
/* Begins to count at zero. */
void callback_reset(struct lp_model_callback *callback);
/* Takes away what was added with these; queue: NULL if it is empty. */
void callback_subtract(struct lp_model_callback *callback, uint64_t slow,
		       const struct lp_histogram *run, const struct lp_histogram *queue);
void callback_begin_interval(struct lp_model_callback *callback);

/* into += now - before; *into, if it is NULL, is made where there is something to add. */
void histogram_grow(struct lp_histogram **into, const struct lp_histogram *now,
		    const struct lp_histogram *before);

#endif /* LP_MODEL_CALLBACKS_H */
