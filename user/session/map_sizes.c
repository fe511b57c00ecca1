// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sizes of the maps. Arrays are allocated when they are created, and those that are mapped also
 * count as memory of this process, so that a run on one process does not allocate maps for a whole
 * host. The maps of callbacks are an exception: one loop may have as many callbacks as a whole
 * host.
 */
#include "session_internal.h"

#include <bpf/libbpf.h>

#define LOOPS_LEAST 64
#define CAUSES_LEAST 2048
#define CAUSES_A_LOOP 32
#define PLACES_A_PROCESS 24
#define HOLDINGS_MORE 64

static uint32_t clamp(size_t wanted, uint32_t least, uint32_t most)
{
	return wanted < least ? least : wanted > most ? most : (uint32_t)wanted;
}

void session_choose_map_sizes(struct lp_session *session)
{
	const struct lp_session_config *config = &session->config;
	uint32_t loops = LP_MAX_LOOPS, causes = LP_MAX_CAUSES;
	uint32_t processes = LP_MAX_PROCESSES, places = LP_MAX_SITES;
	struct loopprof_bpf *skeleton = session->skeleton;
	struct lp_config *bpf_config = (struct lp_config *)&skeleton->rodata->lp_config;

	if (config->threads) {
		loops = clamp(config->threads * 2, LOOPS_LEAST, LP_MAX_LOOPS);
		causes = clamp((size_t)loops * CAUSES_A_LOOP, CAUSES_LEAST, LP_MAX_CAUSES);
		/* each process has a thread at least */
		processes = loops;
		places = clamp((size_t)processes * PLACES_A_PROCESS, 0, LP_MAX_SITES);
	}
	bpf_map__set_max_entries(skeleton->maps.loops, loops);
	bpf_map__set_max_entries(skeleton->maps.stalls, loops);
	bpf_map__set_max_entries(skeleton->maps.loop_slots, loops);
	bpf_map__set_max_entries(skeleton->maps.free_loops, loops);
	bpf_map__set_max_entries(skeleton->maps.causes, causes);
	bpf_map__set_max_entries(skeleton->maps.processes, processes);
	bpf_map__set_max_entries(skeleton->maps.sites, places);
	/*
	 * One element for the sums, one for each process and for its unit, and some for processes
	 * that have ended while they still hold entries.
	 */
	bpf_map__set_max_entries(skeleton->maps.holdings, 2 * processes + HOLDINGS_MORE);
	if (config->threads)
		bpf_map__set_max_entries(skeleton->maps.refused_loops, LOOPS_LEAST);
	bpf_config->shared = config->share || config->follow;
	bpf_config->loop_capacity = loops > LP_NO_LOOP ? loops - 1 : loops;
	bpf_config->callback_capacity = LP_MAX_CALLBACKS - 1;
	bpf_config->cause_capacity = causes;
	session->holdings.shared = config->share || config->follow;
	session->holdings.loop_capacity = bpf_config->loop_capacity;
}
