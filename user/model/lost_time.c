// SPDX-License-Identifier: BSD-2-Clause
#include "lost_time.h"

#include "base/macros.h"

#include <stdlib.h>
#include <string.h>

/* The limit of different causes; later ones are counted by kind, without a line. */
#define CAUSES_MAX 4096
/* The initial number of buckets, which doubles when there are as many causes. */
#define BUCKETS_LEAST 4

struct lp_counted {
	struct lp_counted *next;
	struct lp_cause cause;
	uint64_t last_segment; /* the last one with a sample; 0: none */
	uint64_t before_count, before_ns; /* values at the end of the last interval */
};

/* The table begins small: most loops have a few causes, and there may be thousands of loops. */
struct lp_lost_time {
	struct lp_counted **buckets; /* their number is a power of two, 0 without causes */
	size_t capacity;
	size_t count;
};

struct lp_lost_time *lost_time_new(void)
{
	return calloc(1, sizeof(struct lp_lost_time));
}

void lost_time_reset(struct lp_lost_time *lost_time)
{
	struct lp_counted *counted;
	size_t i;

	lost_time->count = 0;
	for (i = 0; i < lost_time->capacity; i++) {
		while ((counted = lost_time->buckets[i])) {
			lost_time->buckets[i] = counted->next;
			free(counted);
		}
	}
}

void lost_time_free(struct lp_lost_time *lost_time)
{
	if (!lost_time)
		return;
	lost_time_reset(lost_time);
	free(lost_time->buckets);
	free(lost_time);
}

/* Equal lines share one frame, so that the address of the frame can be hashed. */
static size_t bucket_of(const struct lp_lost_time *lost_time, const struct lp_cause *cause)
{
	return ((uintptr_t)cause->frame / 16 + (size_t)cause->kind * 31 +
		(unsigned char)cause->syscall[0]) &
	       (lost_time->capacity - 1);
}

/* Doubles the buckets if needed.  Returns false if there are none and no memory for them. */
static bool grow(struct lp_lost_time *lost_time)
{
	size_t capacity = lost_time->capacity ? 2 * lost_time->capacity : BUCKETS_LEAST, i;
	struct lp_lost_time grown = { .capacity = capacity };
	struct lp_counted *counted;

	if (lost_time->count < lost_time->capacity)
		return true;
	grown.buckets = calloc(capacity, sizeof(struct lp_counted *));
	if (!grown.buckets)
		return lost_time->capacity != 0;
	for (i = 0; i < lost_time->capacity; i++) {
		while ((counted = lost_time->buckets[i])) {
			size_t bucket = bucket_of(&grown, &counted->cause);

			lost_time->buckets[i] = counted->next;
			counted->next = grown.buckets[bucket];
			grown.buckets[bucket] = counted;
		}
	}
	free(lost_time->buckets);
	lost_time->buckets = grown.buckets;
	lost_time->capacity = capacity;
	return true;
}

static bool same(const struct lp_cause *left, const struct lp_cause *right)
{
	return left->kind == right->kind && left->frame == right->frame &&
	       !strcmp(left->syscall, right->syscall) && !strcmp(left->held_by, right->held_by);
}

/* Returns the cause, adding it if there are fewer than the limit most; otherwise NULL. */
static struct lp_counted *find(struct lp_lost_time *lost_time, const struct lp_cause *key,
			       size_t most)
{
	struct lp_counted *counted =
		lost_time->capacity ? lost_time->buckets[bucket_of(lost_time, key)] : NULL;
	struct lp_counted **bucket;

	while (counted && !same(&counted->cause, key))
		counted = counted->next;
	if (counted || lost_time->count >= most)
		return counted;
	counted = grow(lost_time) ? calloc(1, sizeof(*counted)) : NULL;
	if (!counted)
		return NULL;
	counted->cause = *key;
	counted->cause.count = counted->cause.occurrences = counted->cause.total_ns = 0;
	bucket = &lost_time->buckets[bucket_of(lost_time, key)];
	counted->next = *bucket;
	*bucket = counted;
	lost_time->count++;
	return counted;
}

static struct lp_counted *add(struct lp_lost_time *lost_time, const struct lp_cause *key,
			      uint64_t count, uint64_t total_ns)
{
	struct lp_cause without_line = { .kind = key->kind };
	struct lp_counted *counted;

	counted = find(lost_time, key, CAUSES_MAX);
	if (!counted)
		counted = find(lost_time, &without_line, CAUSES_MAX + LP_CAUSE_KINDS);
	if (!counted)
		return NULL;
	if (strcmp(counted->cause.target, key->target) != 0)
		counted->cause.target[0] = '\0';
	counted->cause.count += count;
	counted->cause.total_ns += total_ns;
	return counted;
}

void lost_time_add_samples(struct lp_lost_time *lost_time, const struct lp_cause *key,
			   uint64_t samples, uint64_t total_ns, uint64_t segment)
{
	struct lp_counted *counted = add(lost_time, key, samples, total_ns);

	if (counted && counted->last_segment != segment)
		counted->cause.occurrences++;
	if (counted)
		counted->last_segment = segment;
}

void lost_time_add_cause(struct lp_lost_time *lost_time, const struct lp_cause *cause)
{
	struct lp_counted *counted = add(lost_time, cause, cause->count, cause->total_ns);

	if (counted)
		counted->cause.occurrences += cause->occurrences;
}

void lost_time_add(struct lp_lost_time *lost_time, const struct lp_cause *key, uint64_t count,
		   uint64_t total_ns)
{
	struct lp_counted *counted = add(lost_time, key, count, total_ns);

	if (counted)
		counted->cause.occurrences += count;
}

void lost_time_merge(struct lp_lost_time *into, const struct lp_lost_time *from)
{
	const struct lp_counted *other;
	struct lp_counted *counted;
	size_t i;

	for (i = 0; i < from->capacity; i++) {
		for (other = from->buckets[i]; other; other = other->next) {
			counted =
				add(into, &other->cause, other->cause.count, other->cause.total_ns);
			if (!counted)
				continue;
			counted->cause.occurrences += other->cause.occurrences;
			counted->before_count += other->before_count;
			counted->before_ns += other->before_ns;
		}
	}
}

void lost_time_set_run_queue(struct lp_lost_time *lost_time, uint64_t count, uint64_t total_ns)
{
	const struct lp_cause key = { .kind = LP_CAUSE_RUN_QUEUE };
	struct lp_counted *counted = total_ns ? find(lost_time, &key, CAUSES_MAX + LP_CAUSE_KINDS)
					      : NULL;

	if (!counted)
		return;
	counted->cause.count = counted->cause.occurrences = count;
	counted->cause.total_ns = total_ns;
}

static int compare_frames(const struct lp_shown_frame *a, const struct lp_shown_frame *b)
{
	int order;

	if (!a || !b)
		return (a != NULL) - (b != NULL);
	order = strcmp(a->file, b->file);
	order = order ? order : (a->line > b->line) - (a->line < b->line);
	return order ? order : strcmp(a->function, b->function);
}

/* Sorts by time, longest first, then by contents: the hash table is ordered by addresses. */
static int by_total(const void *left, const void *right)
{
	const struct lp_cause *a = left, *b = right;
	int order;

	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	order = (a->kind > b->kind) - (a->kind < b->kind);
	order = order ? order : strcmp(a->syscall, b->syscall);
	order = order ? order : compare_frames(a->frame, b->frame);
	return order ? order : strcmp(a->held_by, b->held_by);
}

size_t lost_time_list(const struct lp_lost_time *lost_time, bool interval, struct lp_cause **list)
{
	struct lp_cause *items = calloc(lost_time->count ? lost_time->count : 1, sizeof(*items));
	const struct lp_counted *counted;
	size_t count = 0, i;

	*list = items;
	for (i = 0; items && i < lost_time->capacity; i++) {
		for (counted = lost_time->buckets[i]; counted; counted = counted->next) {
			items[count] = counted->cause;
			if (interval) {
				items[count].count =
					saturating_sub(items[count].count, counted->before_count);
				items[count].total_ns =
					saturating_sub(items[count].total_ns, counted->before_ns);
			}
			if (items[count].count)
				count++;
		}
	}
	if (items)
		qsort(items, count, sizeof(*items), by_total);
	return count;
}

void lost_time_begin_interval(struct lp_lost_time *lost_time)
{
	struct lp_counted *counted;
	size_t i;

	for (i = 0; i < lost_time->capacity; i++) {
		for (counted = lost_time->buckets[i]; counted; counted = counted->next) {
			counted->before_count = counted->cause.count;
			counted->before_ns = counted->cause.total_ns;
		}
	}
}
