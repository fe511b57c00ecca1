// SPDX-License-Identifier: BSD-2-Clause
#include "findings.h"

#include <errno.h>
#include <string.h>

static const struct lp_finding_row rows[LP_FINDING_KINDS] = {
	[LP_FINDING_NEVER_AWAITED] = { "never_awaited", "never awaited", false, "", "", "" },
	[LP_FINDING_NEVER_RETRIEVED] = { "exception_never_retrieved", "exception never retrieved",
					 false, "", "", "" },
	[LP_FINDING_DESTROYED_PENDING] = { "destroyed_pending", "destroyed while pending", false,
					   "", "", "" },
	[LP_FINDING_PENDING_AT_CLOSE] = { "pending_at_close", "pending when its loop closed", false,
					  "", "", "" },
	[LP_FINDING_CLOSED_LOOP] = { "closed_loop", "loop is closed", true, "", "", "" },
	[LP_FINDING_NO_RUNNING_LOOP] = { "no_running_loop", "no running loop", false, "", "", "" },
	[LP_FINDING_WRONG_THREAD] = { "wrong_thread", "scheduled from the wrong thread", true, "",
				      "", "" },
	[LP_FINDING_OTHER_LOOP] = { "other_loop", "attached to another loop", false, "", "", "" },
};

const struct lp_finding_row *finding_row(enum lp_finding_kind kind)
{
	return (unsigned int)kind < LP_FINDING_KINDS ? &rows[kind] : NULL;
}

uint32_t findings_default(void)
{
	uint32_t kinds = 0;
	int i;

	for (i = 0; i < LP_FINDING_KINDS; i++)
		if (!rows[i].costly)
			kinds |= 1U << i;
	return kinds;
}

int findings_parse(const char *list, uint32_t *kinds)
{
	size_t length;
	int i;

	if (!strcmp(list, "none")) {
		*kinds = 0;
		return 0;
	}
	*kinds = findings_default();
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (length == 3 && !memcmp(list, "all", 3)) {
			*kinds = (1U << LP_FINDING_KINDS) - 1;
		} else {
			for (i = 0; i < LP_FINDING_KINDS; i++)
				if (strlen(rows[i].name) == length &&
				    !memcmp(rows[i].name, list, length))
					break;
			if (i == LP_FINDING_KINDS)
				return -EINVAL;
			*kinds |= 1U << i;
		}
		if (!list[length])
			return 0;
	}
}
