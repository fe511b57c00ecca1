// SPDX-License-Identifier: BSD-2-Clause
#include "holdings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int holdings_open(struct lp_holdings *holdings, void *items, uint32_t room)
{
	holdings->holders = calloc(room, sizeof(*holdings->holders));
	if (!holdings->holders)
		return -ENOMEM;
	holdings->items = items;
	holdings->room = room;
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

uint32_t holdings_add(struct lp_holdings *holdings, pid_t pid)
{
	uint32_t number = holdings_find(holdings, pid);

	if (number && !holdings->holders[number].removed)
		return number;
	for (number = 1; number < holdings->room && holdings->holders[number].pid; number++)
		;
	if (number >= holdings->room)
		return 0;
	memset(&holdings->items[number], 0, sizeof(*holdings->items));
	holdings->holders[number] = (struct lp_holder){ .pid = pid };
	if (number >= holdings->end)
		holdings->end = number + 1;
	return number;
}

/* Frees the element if nothing needs it any more. */
static void look_at(struct lp_holdings *holdings, uint32_t number)
{
	const struct lp_holding *item = &holdings->items[number];

	if (holdings->holders[number].removed && !item->loops && !item->callbacks)
		holdings->holders[number] = (struct lp_holder){ .pid = 0 };
}

void holdings_remove(struct lp_holdings *holdings, pid_t pid)
{
	uint32_t number = holdings_find(holdings, pid);

	if (!number)
		return;
	holdings->holders[number].removed = true;
	look_at(holdings, number);
}

bool holdings_may_loop(const struct lp_holdings *holdings, uint32_t number)
{
	uint32_t all, own;

	if (!number || !holdings->shared)
		return true;
	all = __atomic_load_n(&holdings->items[0].loops, __ATOMIC_RELAXED);
	own = __atomic_load_n(&holdings->items[number].loops, __ATOMIC_RELAXED);
	return all >= holdings->loop_room || own < holdings->loop_room - all;
}

static void add(uint32_t *to, int count)
{
	__atomic_fetch_add(to, (uint32_t)count, __ATOMIC_RELAXED);
}

void holdings_loop(struct lp_holdings *holdings, uint32_t number, int count)
{
	add(&holdings->items[0].loops, count);
	if (!number || number >= holdings->room)
		return;
	add(&holdings->items[number].loops, count);
	look_at(holdings, number);
}

void holdings_callback(struct lp_holdings *holdings, uint32_t number, int count)
{
	add(&holdings->items[0].callbacks, count);
	if (!number || number >= holdings->room)
		return;
	add(&holdings->items[number].callbacks, count);
	look_at(holdings, number);
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
	if (number && number < holdings->room)
		__atomic_fetch_add(&holdings->items[number].limited[kind], count, __ATOMIC_RELAXED);
}
