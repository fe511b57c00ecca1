// SPDX-License-Identifier: BSD-2-Clause
#include "explained.h"

#include "live_internal.h"

void explained_take(void *context, const struct lp_event *record)
{
	struct lp_live *live = context;
	struct lp_followed *target = followed_of(&live->followed, (pid_t)record->pid);

	limits_explain(target ? &target->limits : NULL, &live->steal, record, live->take,
		       live->context);
	live->take(live->context, record);
}
