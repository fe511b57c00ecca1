// SPDX-License-Identifier: BSD-2-Clause
#include "asked.h"

/* The hash of the process and its stack; never 0. */
static uint64_t key_of(const struct lp_event_finding *finding)
{
	uint64_t key = (LP_HASH_BASIS ^ finding->event.pid) * LP_HASH_PRIME;
	uint32_t i;

	for (i = 0; i < finding->depth; i++) {
		key = (key ^ finding->frames[i].code) * LP_HASH_PRIME;
		key = (key ^ finding->frames[i].instruction) * LP_HASH_PRIME;
	}
	return key | 1;
}

bool asked_is_expected(struct lp_asked *asked, struct lp_session *session,
		       const struct lp_instance *instance, const struct lp_event_finding *finding)
{
	uint64_t key;
	size_t at, i;

	if (finding->kind != LP_FINDING_NO_RUNNING_LOOP || !instance ||
	    finding->depth > LP_FINDING_FRAMES)
		return false;
	/* the same stack comes often, and reading its code is expensive */
	key = key_of(finding);
	i = key % LP_ASKED;
	if (asked->stacks[i].key == key)
		return asked->stacks[i].expected;
	asked->stacks[i].key = key;
	asked->stacks[i].expected =
		instance->runtime->is_expected(instance, finding->frames, finding->depth, &at);
	if (!asked->stacks[i].expected)
		return false;
	if (at < LP_ASKING_FRAMES)
		session_expect(session, finding);
	/* the code could not be read now, but may be later */
	if (at >= finding->depth)
		asked->stacks[i].key = 0;
	return true;
}
