// SPDX-License-Identifier: BSD-2-Clause
#include "new_processes.h"

bool arrivals_put(struct lp_arrivals *arrivals, const struct lp_arrival *arrival)
{
	if (arrivals->count == LP_ARRIVALS)
		return false;
	arrivals->items[(arrivals->first + arrivals->count++) % LP_ARRIVALS] = *arrival;
	return true;
}

bool arrivals_take(struct lp_arrivals *arrivals, uint64_t now_ns, struct lp_arrival *arrival)
{
	if (now_ns < arrivals_due(arrivals))
		return false;
	*arrival = arrivals->items[arrivals->first];
	arrivals->first = (arrivals->first + 1) % LP_ARRIVALS;
	arrivals->count--;
	return true;
}

uint64_t arrivals_due(const struct lp_arrivals *arrivals)
{
	return arrivals->count ? arrivals->items[arrivals->first].due_ns : UINT64_MAX;
}
