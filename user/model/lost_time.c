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
/* The limit of names of threads that had the CPU while the loop waited for one. */
#define TAKERS_MAX 32
/* Causes without a line, and those of waits for a CPU, find room when the others have filled it. */
#define ALL_MAX (CAUSES_MAX + LP_CAUSE_KINDS + TAKERS_MAX + 1)

struct lp_counted {
	struct lp_cause cause;
	uint64_t last_segment; /* the last one with a sample; 0: none */
	uint64_t before_count, before_ns; /* values at the end of the last interval */
};

struct lp_lost_time {
	struct lp_map causes; /* struct lp_counted, by kind, frames, system call and so on */
	struct lp_counted *takers[TAKERS_MAX]; /* those of them that name who had the CPU */
	size_t taker_count;
	struct lp_cpu_waits counted_waits; /* what the causes have of the last waits for a CPU */
};

struct lp_lost_time *lost_time_new(void)
{
	return calloc(1, sizeof(struct lp_lost_time));
}

void lost_time_reset(struct lp_lost_time *lost_time)
{
	map_free_entries(&lost_time->causes, free);
	*lost_time = (struct lp_lost_time){ 0 };
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

/* Adds the name of a thread with the least time to the waits for a CPU without a name. */
static void drop_least_taker(struct lp_lost_time *lost_time)
{
	const struct lp_cause nameless = { .kind = LP_CAUSE_RUN_QUEUE };
	struct lp_counted *into = find(lost_time, &nameless, ALL_MAX), *least;
	size_t at = 0, i;

	for (i = 1; i < lost_time->taker_count; i++)
		if (lost_time->takers[i]->cause.total_ns < lost_time->takers[at]->cause.total_ns)
			at = i;
	least = lost_time->takers[at];
	lost_time->takers[at] = lost_time->takers[--lost_time->taker_count];
	if (into) {
		into->cause.count += least->cause.count;
		into->cause.occurrences += least->cause.occurrences;
		into->cause.total_ns += least->cause.total_ns;
		/* so that the time of earlier intervals is not part of this one */
		into->before_count += least->before_count;
		into->before_ns += least->before_ns;
	}
	map_remove_entry(&lost_time->causes, hash_of(&least->cause), least);
	free(least);
}

/* Returns the cause that names who had the CPU, in the place of another one if there are many. */
static struct lp_counted *find_taker(struct lp_lost_time *lost_time, const struct lp_cause *key)
{
	struct lp_counted *counted = find(lost_time, key, 0);

	if (counted)
		return counted;
	if (lost_time->taker_count == TAKERS_MAX)
		drop_least_taker(lost_time);
	counted = find(lost_time, key, ALL_MAX);
	if (counted)
		lost_time->takers[lost_time->taker_count++] = counted;
	return counted;
}

static struct lp_counted *add(struct lp_lost_time *lost_time, const struct lp_cause *key,
			      uint64_t count, uint64_t total_ns)
{
	struct lp_cause without_line = { .kind = key->kind };
	struct lp_counted *counted;

	if (key->kind == LP_CAUSE_RUN_QUEUE && key->held_by[0])
		counted = find_taker(lost_time, key);
	else
		counted = find(lost_time, key, CAUSES_MAX);
	if (!counted)
		counted = find(lost_time, &without_line, ALL_MAX);
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

/* Waits for a CPU that have no cause yet. */
struct waits_left {
	uint64_t count, ns;
};

static void take_waits(struct waits_left *left, uint64_t count, uint64_t ns)
{
	left->count = saturating_sub(left->count, count);
	left->ns = saturating_sub(left->ns, ns);
}

/* Sets the values of a cause of waits for a CPU, and takes them from those that are left. */
static void set_waits(struct lp_lost_time *lost_time, const struct lp_cause *key, uint64_t count,
		      uint64_t ns, struct waits_left *left)
{
	/* a cause without any time is not added */
	struct lp_counted *counted = find(lost_time, key, ns ? ALL_MAX : 0);

	if (!counted)
		return;
	counted->cause.count = counted->cause.occurrences = ns ? count : 0;
	counted->cause.total_ns = ns;
	text_copy(counted->cause.target, sizeof(counted->cause.target), key->target);
	counted->cause.quota_percent = key->quota_percent;
	take_waits(left, count, ns);
}

static bool same_threads(const struct lp_neighbour *left, const struct lp_neighbour *right,
			 uint32_t pid)
{
	return left->pid && right->pid && (left->pid == pid) == (right->pid == pid) &&
	       !memcmp(left->comm, right->comm, sizeof(left->comm));
}

/*
 * Adds the growth of the time of threads of one name since the last waits.  BPF forgets a name with
 * little time for another one, and counts it from 0 when it comes back: the cause retains what it
 * has.  What exceeds the waits that are left is taken out of the neighbour, and added next time.
 */
static void add_neighbour(struct lp_lost_time *lost_time, struct lp_neighbour *neighbour,
			  uint32_t pid, struct waits_left *left)
{
	const struct lp_neighbour *before = NULL, *other;
	struct lp_cause key = { .kind = LP_CAUSE_RUN_QUEUE };
	uint64_t ns = neighbour->total_ns, count = neighbour->count, taken;
	struct lp_counted *counted;
	size_t i;

	for (i = 0; i < LP_NEIGHBOURS && !before; i++) {
		other = &lost_time->counted_waits.neighbours[i];
		if (same_threads(other, neighbour, pid) && other->total_ns <= ns &&
		    other->count <= count)
			before = other;
	}
	ns -= before ? before->total_ns : 0;
	count -= before ? before->count : 0;
	taken = min_u64(ns, left->ns);
	neighbour->total_ns -= ns - taken;
	if (!taken)
		return;
	shortage_neighbour_text(neighbour, pid, key.held_by, sizeof(key.held_by));
	counted = find_taker(lost_time, &key);
	if (!counted)
		return;
	/* a name that had the CPU during waits of other names too has time, and no wait of its own */
	if (!counted->cause.count)
		count = max_u64(count, 1);
	counted->cause.count += count;
	counted->cause.occurrences += count;
	counted->cause.total_ns += taken;
	take_waits(left, count, taken);
}

/*
 * Returns how many of the waits are those that no cause has.  A wait counts for each name that had
 * the CPU during it, so that all may be taken though much of their time is left: they are at least
 * as many as have that time on average.
 */
static uint64_t nameless_waits(const struct waits_left *all, const struct waits_left *left)
{
	uint64_t share = all->ns ? (uint64_t)((unsigned __int128)all->count *
					      min_u64(left->ns, all->ns) / all->ns)
				 : 0;

	return max_u64(max_u64(left->count, share), 1);
}

void lost_time_set_run_queue(struct lp_lost_time *lost_time, const struct lp_run_queue_waits *waits)
{
	struct waits_left left = { waits->count, waits->total_ns }, all;
	struct lp_cause key = { .kind = LP_CAUSE_RUN_QUEUE, .throttled = true };
	struct lp_cpu_waits why = waits->why;
	size_t i;

	text_copy(key.target, sizeof(key.target), waits->quota->cgroup);
	key.quota_percent = shortage_percent(waits->quota->quota_us, waits->quota->period_us);
	set_waits(lost_time, &key, min_u64(why.throttled, left.count),
		  min_u64(why.throttled_ns, left.ns), &left);
	all = left;
	for (i = 0; i < lost_time->taker_count; i++)
		take_waits(&left, lost_time->takers[i]->cause.count,
			   lost_time->takers[i]->cause.total_ns);
	for (i = 0; i < LP_NEIGHBOURS; i++)
		if (why.neighbours[i].pid)
			add_neighbour(lost_time, &why.neighbours[i], waits->pid, &left);
	lost_time->counted_waits = why;
	key = (struct lp_cause){ .kind = LP_CAUSE_RUN_QUEUE };
	set_waits(lost_time, &key, nameless_waits(&all, &left), left.ns, &left);
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
			/* a wait that goes on from the interval before has been counted there */
			items[count].count += !items[count].count && items[count].total_ns;
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
