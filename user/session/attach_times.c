// SPDX-License-Identifier: BSD-2-Clause
#include "attach_times.h"

#include "base/macros.h"
#include "process/process.h"

/* The bits of a PID; the time at which its process began stands above them in a key. */
#define PID_BITS 22

/* Returns the ns that are left. */
static uint64_t left_of(struct lp_attach_time *time, uint64_t most_ns, uint64_t now_ns)
{
	uint64_t left = quota_left(&time->quota, most_ns, now_ns);

	if (left > most_ns / 2)
		time->used_up = false;
	return left;
}

/* Returns the entry of a key, or NULL. */
static struct lp_attach_time *find(struct lp_attach_time *entries, uint64_t key)
{
	size_t i;

	for (i = 0; i < LP_ATTACH_TIMES; i++)
		if (entries[i].key == key)
			return &entries[i];
	return NULL;
}

static struct lp_attach_time *reserve(struct lp_attach_time *entries, uint64_t key)
{
	struct lp_attach_time *entry = find(entries, key), *least = &entries[0];
	size_t i;

	if (entry)
		return entry;
	/* an empty entry has spent nothing */
	for (i = 1; i < LP_ATTACH_TIMES; i++)
		if (entries[i].quota.spent_ns < least->quota.spent_ns)
			least = &entries[i];
	*least = (struct lp_attach_time){ .key = key };
	return least;
}

/* Returns whether the charge has used the quota up. */
static bool charge(struct lp_attach_time *time, uint64_t most_ns, uint64_t ns, uint64_t now_ns)
{
	bool before;

	left_of(time, most_ns, now_ns);
	before = time->used_up;
	quota_spend(&time->quota, most_ns, ns, now_ns);
	time->used_up |= !left_of(time, most_ns, now_ns);
	return time->used_up && !before;
}

static uint64_t key_of_process(pid_t pid)
{
	return process_start_ticks(pid) << PID_BITS | (uint64_t)pid;
}

/* All processes without a unit share the key 1, as 0 is that of an empty entry. */
static uint64_t key_of_unit(const struct lp_attach_times *times, pid_t pid)
{
	uint64_t owner = times->owner_of ? times->owner_of(pid) : 0;

	return owner ? owner : 1;
}

static bool is_used_up(struct lp_attach_time *time, uint64_t most_ns, uint64_t now_ns)
{
	if (!time)
		return false;
	left_of(time, most_ns, now_ns);
	return time->used_up;
}

bool attach_times_refuse(struct lp_attach_times *times, pid_t pid, uint64_t now_ns)
{
	return is_used_up(find(times->processes, key_of_process(pid)), LP_ATTACH_TIME_OF_PROCESS,
			  now_ns) ||
	       is_used_up(find(times->units, key_of_unit(times, pid)), LP_ATTACH_TIME_OF_UNIT,
			  now_ns);
}

bool attach_times_charge(struct lp_attach_times *times, pid_t pid, uint64_t ns, uint64_t now_ns)
{
	bool process = charge(reserve(times->processes, key_of_process(pid)),
			      LP_ATTACH_TIME_OF_PROCESS, ns, now_ns);
	bool unit = charge(reserve(times->units, key_of_unit(times, pid)), LP_ATTACH_TIME_OF_UNIT,
			   ns, now_ns);

	return process || unit;
}

void attach_times_charge_host(struct lp_attach_times *times, uint64_t ns, uint64_t now_ns)
{
	quota_spend(&times->host, LP_ATTACH_TIME_OF_HOST, ns, now_ns);
}

uint64_t attach_times_left(struct lp_attach_times *times, uint64_t now_ns)
{
	return quota_left(&times->host, LP_ATTACH_TIME_OF_HOST, now_ns);
}
