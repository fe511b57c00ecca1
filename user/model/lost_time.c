// SPDX-License-Identifier: BSD-2-Clause
#include "lost_time.h"

#include "base/hash.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/text.h"
#include "shortage.h"
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

/* The limit of different causes; later ones are counted by kind, without a line. */
#define CAUSES_MAX 4096

struct lp_counted {
	struct lp_cause cause;
	uint64_t last_segment; /* the last one with a sample; 0: none */
	uint64_t before_count, before_ns; /* values at the end of the last interval */
};

struct lp_lost_time {
	struct lp_map causes; /* struct lp_counted, by kind, frames, system call and so on */
};

struct lp_lost_time *lost_time_new(void)
{
	return calloc(1, sizeof(struct lp_lost_time));
}

void lost_time_reset(struct lp_lost_time *lost_time)
{
	map_free_entries(&lost_time->causes, free);
}

void lost_time_free(struct lp_lost_time *lost_time)
{
	if (!lost_time)
		return;
	lost_time_reset(lost_time);
	free(lost_time);
}

/* Equal lines share one frame, so that the address of the frame can be hashed. */
static uint64_t hash_of(const struct lp_cause *cause)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, (uintptr_t)cause->frame);
	hash_number(&hash, cause->kind);
	hash_text(&hash, cause->syscall);
	hash_text(&hash, cause->held_by);
	hash_number(&hash, (uintptr_t)cause->own);
	hash_text(&hash, cause->words);
	hash_number(&hash, cause->throttled);
	return hash_end(&hash);
}

static bool has_cause(const void *entry, const void *key)
{
	const struct lp_cause *left = &((const struct lp_counted *)entry)->cause, *right = key;

	return left->kind == right->kind && left->frame == right->frame &&
	       left->own == right->own && left->throttled == right->throttled &&
	       !strcmp(left->words, right->words) && !strcmp(left->syscall, right->syscall) &&
	       !strcmp(left->held_by, right->held_by);
}

/* Returns the cause, adding it if there are fewer than the limit most; otherwise NULL. */
static struct lp_counted *find(struct lp_lost_time *lost_time, const struct lp_cause *key,
			       size_t most)
{
	uint64_t hash = hash_of(key);
	struct lp_counted *counted = map_find(&lost_time->causes, hash, has_cause, key);

	if (counted || lost_time->causes.count >= most)
		return counted;
	counted = calloc(1, sizeof(*counted));
	if (!counted || !map_add(&lost_time->causes, hash, counted)) {
		free(counted);
		return NULL;
	}
	counted->cause = *key;
	counted->cause.count = counted->cause.occurrences = counted->cause.total_ns = 0;
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

/* Sets the values of a cause of waits for a CPU. */
static void set_waits(struct lp_lost_time *lost_time, const struct lp_cause *key, uint64_t count,
		      uint64_t total_ns)
{
	struct lp_counted *counted = total_ns ? find(lost_time, key, CAUSES_MAX + LP_CAUSE_KINDS)
					      : NULL;

	if (!counted)
		return;
	counted->cause.count = counted->cause.occurrences = count;
	counted->cause.total_ns = total_ns;
	text_copy(counted->cause.target, sizeof(counted->cause.target), key->target);
	counted->cause.quota_percent = key->quota_percent;
}

/* Names may get and lose their entries, so that all causes of waits for a CPU are set anew. */
static void clear_waits(struct lp_lost_time *lost_time)
{
	struct lp_counted *counted;
	size_t at = 0;

	while ((counted = map_next_pointer(&lost_time->causes, &at)))
		if (counted->cause.kind == LP_CAUSE_RUN_QUEUE)
			counted->cause.count = counted->cause.total_ns = 0;
}

void lost_time_set_run_queue(struct lp_lost_time *lost_time, const struct lp_run_queue_waits *waits)
{
	uint64_t left_ns = waits->total_ns, left = waits->count, ns;
	struct lp_cause key = { .kind = LP_CAUSE_RUN_QUEUE, .throttled = true };
	size_t i;

	clear_waits(lost_time);
	ns = min_u64(waits->why.throttled_ns, left_ns);
	text_copy(key.target, sizeof(key.target), waits->quota->cgroup);
	key.quota_percent = shortage_percent(waits->quota->quota_us, waits->quota->period_us);
	set_waits(lost_time, &key, min_u64(waits->why.throttled, left), ns);
	left_ns -= ns;
	left = saturating_sub(left, waits->why.throttled);
	for (i = 0; i < LP_NEIGHBOURS; i++) {
		const struct lp_neighbour *neighbour = &waits->why.neighbours[i];

		if (!neighbour->pid)
			continue;
		key = (struct lp_cause){ .kind = LP_CAUSE_RUN_QUEUE };
		shortage_neighbour_text(neighbour, waits->pid, key.held_by, sizeof(key.held_by));
		ns = min_u64(neighbour->total_ns, left_ns);
		set_waits(lost_time, &key, min_u64(neighbour->count, left), ns);
		left_ns -= ns;
		left = saturating_sub(left, neighbour->count);
	}
	key = (struct lp_cause){ .kind = LP_CAUSE_RUN_QUEUE };
	set_waits(lost_time, &key, left ? left : 1, left_ns);
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
	order = order ? order : stacks_compare_frames(a->frame, b->frame);
	order = order ? order : stacks_compare_frames(a->own, b->own);
	order = order ? order : strcmp(a->words, b->words);
	order = order ? order : b->throttled - a->throttled;
	return order ? order : strcmp(a->held_by, b->held_by);
}

static int by_total_counted(const void *left, const void *right)
{
	const struct lp_counted *const *a = left, *const *b = right;

	return by_total(&(*a)->cause, &(*b)->cause);
}

static void merge_cause(struct lp_lost_time *into, const struct lp_counted *other)
{
	struct lp_counted *counted =
		add(into, &other->cause, other->cause.count, other->cause.total_ns);

	if (!counted)
		return;
	counted->cause.occurrences += other->cause.occurrences;
	counted->before_count += other->before_count;
	counted->before_ns += other->before_ns;
}

/* The longest come first, so that it is always the same ones that find room in a full table. */
void lost_time_merge(struct lp_lost_time *into, const struct lp_lost_time *from)
{
	const struct lp_counted **others = calloc(from->causes.count + 1, sizeof(*others)), *other;
	size_t count = 0, at = 0, i;

	if (!others)
		return;
	while ((other = map_next_pointer(&from->causes, &at)))
		others[count++] = other;
	qsort(others, count, sizeof(*others), by_total_counted);
	for (i = 0; i < count; i++)
		merge_cause(into, others[i]);
	free(others);
}

size_t lost_time_list(const struct lp_lost_time *lost_time, bool interval, struct lp_cause **list)
{
	struct lp_cause *items = calloc(lost_time->causes.count + 1, sizeof(*items));
	const struct lp_counted *counted;
	size_t count = 0, at = 0;

	*list = items;
	while (items && (counted = map_next_pointer(&lost_time->causes, &at))) {
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
	if (items)
		qsort(items, count, sizeof(*items), by_total);
	return count;
}

void lost_time_begin_interval(struct lp_lost_time *lost_time)
{
	struct lp_counted *counted;
	size_t at = 0;

	while ((counted = map_next_pointer(&lost_time->causes, &at))) {
		counted->before_count = counted->cause.count;
		counted->before_ns = counted->cause.total_ns;
	}
}
