// SPDX-License-Identifier: BSD-2-Clause
#include "expected_findings.h"

#include "model/finding_kinds.h"

/* Returns a hash of the process and the stack, never 0. */
static uint64_t key_of(const struct lp_event_raw_finding *finding)
{
	uint64_t key = (LP_HASH_BASIS ^ finding->event.pid) * LP_HASH_PRIME;
	uint32_t i;

	for (i = 0; i < finding->depth; i++) {
		key = (key ^ finding->frames[i].code) * LP_HASH_PRIME;
		key = (key ^ finding->frames[i].instruction) * LP_HASH_PRIME;
	}
	return key | 1;
}

static bool may_be_question(const struct lp_event_raw_finding *finding)
{
	const struct lp_finding_row *row = finding_row((enum lp_finding_kind)finding->kind);

	return row && row->may_be_question;
}

/*
 * Fills in the places of a finding.  Returns true if it must not be reported: the program handles
 * it, or it is not known whether it does, which counts as lost.
 */
static bool read_finding(struct lp_expected_findings *expected, struct lp_session *session,
			 const struct lp_instance *instance,
			 const struct lp_event_raw_finding *finding,
			 struct lp_finding_places *places)
{
	uint64_t key;
	size_t i;

	if (!may_be_question(finding)) {
		instance->runtime->describe_finding(instance, finding, places);
		return false;
	}
	key = key_of(finding);
	i = key % LP_EXPECTED_FINDINGS;
	if (expected->stacks[i].key == key && expected->stacks[i].expected)
		return true;
	instance->runtime->describe_finding(instance, finding, places);
	/* unreadable memory, as of a process that has ended, must not become a finding */
	if (places->unread) {
		session_lose(session, LP_LOST_FINDINGS, 1);
		return true;
	}
	expected->stacks[i].key = key;
	expected->stacks[i].expected = places->expected;
	if (!places->expected)
		return false;
	if (places->at < LP_ASKING_FRAMES)
		session_expect(session, finding);
	return true;
}

void expected_findings_take(struct lp_expected_findings *expected, struct lp_session *session,
			    struct lp_symboliser *symboliser, const struct lp_instance *instance,
			    const struct lp_event_raw_finding *finding)
{
	static struct lp_finding_places places;
	bool readable = instance && finding->depth <= LP_FINDING_FRAMES &&
			finding->loop_depth <= LP_FINDING_LOOP_FRAMES;

	if (readable && read_finding(expected, session, instance, finding, &places))
		return;
	if ((!readable && may_be_question(finding)) ||
	    !symboliser_take_finding(symboliser, instance, finding, readable ? &places : NULL))
		session_lose(session, LP_LOST_FINDINGS, 1);
}
