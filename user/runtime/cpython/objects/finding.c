// SPDX-License-Identifier: BSD-2-Clause
#include "finding.h"

#include "code.h"
#include "expected.h"
#include "model/finding_kinds.h"

#include <string.h>

/* Describes the frames of a part, and appends them to the places. */
static void describe_part(const struct lp_cpython *python, enum lp_finding_part part,
			  const struct lp_raw_frame *frames, size_t count,
			  struct lp_finding_places *places)
{
	size_t i = 0;

	while (i < count && frames[i].code)
		i++;
	places->known[part] =
		(uint32_t)cpython_describe_stack(python, frames, i, places->shown + places->count);
	places->count += places->known[part];
}

void cpython_describe_finding(const struct lp_cpython *python,
			      const struct lp_event_raw_finding *finding,
			      struct lp_finding_places *places)
{
	const struct lp_finding_row *row = finding_row((enum lp_finding_kind)finding->kind);
	enum lp_expectation expectation = LP_NOT_EXPECTED;
	size_t at = 0;

	places->unread = places->expected = false;
	places->at = places->count = 0;
	if (row && row->may_be_question && finding->depth)
		expectation = cpython_expectation(python, finding->frames, finding->depth, &at);
	places->expected = expectation == LP_EXPECTED;
	places->unread = expectation == LP_EXPECTATION_UNKNOWN;
	places->at = (uint32_t)at;
	memset(places->known, 0, sizeof(places->known));
	if (places->expected || places->unread)
		return;
	describe_part(python, LP_PART_STACK, finding->frames, finding->depth, places);
	describe_part(python, LP_PART_PARKED, &finding->parked, 1, places);
	describe_part(python, LP_PART_LOOP, finding->loop_frames, finding->loop_depth, places);
	describe_part(python, LP_PART_ORIGIN, finding->origin.frames, LP_ORIGIN_FRAMES, places);
}
