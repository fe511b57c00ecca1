// SPDX-License-Identifier: BSD-2-Clause
#include "holdings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int holdings_open(struct lp_holdings *holdings, void *items, uint32_t capacity)
{
	holdings->holders = calloc(capacity, sizeof(*holdings->holders));
	if (!holdings->holders)
		return -ENOMEM;
	holdings->items = items;
	holdings->capacity = capacity;
	holdings->end = 1;
	return 0;
}

void holdings_close(struct lp_holdings *holdings)
{
	free(holdings->holders);
	memset(holdings, 0, sizeof(*holdings));
}

uint32_t holdings_find(const struct lp_holdings *holdings, pid_t pid)
{
	uint32_t i, removed = 0;

	for (i = 1; i < holdings->end; i++) {
		if (holdings->holders[i].pid != pid)
			continue;
		if (!holdings->holders[i].removed)
			return i;
		removed = i;
	}
	return removed;
}

/*
 * Takes a free element, clears it and assigns it to a holder. Returns its number, or 0 if no
 * element is free.
 */
static uint32_t take_element(struct lp_holdings *holdings, const struct lp_holder *holder)
{
	uint32_t number = 1;

	while (number < holdings->capacity &&
	       (holdings->holders[number].pid || holdings->holders[number].members))
		number++;
	if (number >= holdings->capacity)
		return 0;
	memset(&holdings->items[number], 0, sizeof(*holdings->items));
	holdings->holders[number] = *holder;
	if (number >= holdings->end)
		holdings->end = number + 1;
	return number;
}

/*
 * Counts a process as a member of its unit, and assigns an element to the unit if it has none.
 * Returns the number of that element, or 0 if no element is free.
 */
static uint32_t join_unit(struct lp_holdings *holdings, uint64_t owner)
{
	const struct lp_holder holder = { .owner = owner, .members = 1 };
	uint32_t i;

	for (i = 1; i < holdings->end; i++) {
		if (!holdings->holders[i].members || holdings->holders[i].owner != owner)
			continue;
		holdings->holders[i].members++;
		return i;
	}
	return take_element(holdings, &holder);
}

uint32_t holdings_add(struct lp_holdings *holdings, pid_t pid, uint64_t owner)
{
	uint32_t number = holdings_find(holdings, pid), unit;

	if (number && !holdings->holders[number].removed)
		return number;
	number = take_element(holdings, &(struct lp_holder){ .pid = pid });
	if (!number || !owner)
		return number;
	unit = join_unit(holdings, owner);
	if (!unit) {
		holdings->holders[number] = (struct lp_holder){ .pid = 0 };
		return 0;
	}
	holdings->items[number].unit = unit;
	return number;
}

/*
 * Frees the element of a removed process that holds no entries any more, and the element of its
 * unit when that was the last member.
 */
static void free_if_empty(struct lp_holdings *holdings, uint32_t number)
{
	const struct lp_holding *item = &holdings->items[number];

	if (!holdings->holders[number].removed || item->loops || item->callbacks)
		return;
	holdings->holders[number] = (struct lp_holder){ .pid = 0 };
	if (item->unit)
		holdings->holders[item->unit].members--;
}

void holdings_remove(struct lp_holdings *holdings, pid_t pid)
{
	uint32_t number = holdings_find(holdings, pid);

	if (!number)
		return;
	holdings->holders[number].removed = true;
	free_if_empty(holdings, number);
}

/* Returns the number of the element of a process's unit, or 0 if it has none. */
static uint32_t unit_of(const struct lp_holdings *holdings, uint32_t number)
{
	uint32_t unit = holdings->items[number].unit;

	return unit < holdings->capacity ? unit : 0;
}

static uint32_t loops_of(const struct lp_holdings *holdings, uint32_t number)
{
	return __atomic_load_n(&holdings->items[number].loops, __ATOMIC_RELAXED);
}

bool holdings_may_loop(const struct lp_holdings *holdings, uint32_t number)
{
	uint32_t all, unit, capacity = holdings->loop_capacity;

	if (!number || !holdings->shared)
		return true;
	all = loops_of(holdings, 0);
	/* a full table is reported by the table itself */
	if (all >= capacity)
		return true;
	unit = unit_of(holdings, number);
	return lp_share_allows(loops_of(holdings, number), all, capacity) &&
	       (!unit || lp_share_allows(loops_of(holdings, unit), all, capacity));
}

/*
 * Adds a count, which may be negative, with 0 as the lower limit. A process that has replaced its
 * program may give back entries that its new element never counted. Without the limit the count
 * would wrap round, and the process would stay at its limit.
 */
static void add(uint32_t *to, int count)
{
	uint32_t before = __atomic_load_n(to, __ATOMIC_RELAXED), after;

	do {
		after = before + (uint32_t)count;
		if (count < 0 && after > before)
			after = 0;
	} while (!__atomic_compare_exchange_n(to, &before, after, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

void holdings_loop(struct lp_holdings *holdings, uint32_t number, int count)
{
	uint32_t unit;

	add(&holdings->items[0].loops, count);
	if (!number || number >= holdings->capacity)
		return;
	unit = unit_of(holdings, number);
	if (unit)
		add(&holdings->items[unit].loops, count);
	add(&holdings->items[number].loops, count);
	free_if_empty(holdings, number);
}

void holdings_callback(struct lp_holdings *holdings, uint32_t number, int count)
{
	uint32_t unit;

	add(&holdings->items[0].callbacks, count);
	if (!number || number >= holdings->capacity)
		return;
	unit = unit_of(holdings, number);
	if (unit)
		add(&holdings->items[unit].callbacks, count);
	add(&holdings->items[number].callbacks, count);
	free_if_empty(holdings, number);
}

void holdings_no_causes(struct lp_holdings *holdings)
{
	uint32_t i;

	for (i = 0; i < holdings->end; i++)
		__atomic_store_n(&holdings->items[i].causes, 0, __ATOMIC_RELAXED);
}

void holdings_limit(struct lp_holdings *holdings, uint32_t number, enum lp_limited_kind kind,
		    uint64_t count)
{
	if (number && number < holdings->capacity)
		__atomic_fetch_add(&holdings->items[number].limited[kind], count, __ATOMIC_RELAXED);
}
