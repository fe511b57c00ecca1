// SPDX-License-Identifier: BSD-2-Clause
/*
 * Workers search for the loops of known targets, while the main loop serves all of them: the
 * search in a process with a thousand threads takes a good part of a second.
 */
#include "loop_search.h"

#include "remote_internal.h"
#include "base/clocks.h"
#include "base/macros.h"
#include "process/worker.h"

#include <errno.h>
#include <string.h>

/*
 * The first searcher takes any search, so that its caches know most targets; the second one takes
 * quick searches only.
 */
enum { SEARCHER_ANY, SEARCHER_QUICK, SEARCHERS };

static struct searcher {
	struct lp_worker *worker;
	bool begun;
	uint64_t ticket, begun_ns;
	struct lp_request request;
	struct lp_packed_message packed;
} searchers[SEARCHERS];

/* Fills in the parts of the request that a searcher serves. */
static void fill_parts(struct searcher *searcher, struct iovec *parts)
{
	parts[0] = (struct iovec){ &searcher->request, sizeof(searcher->request) };
	parts[1] = (struct iovec){ &searcher->packed, sizeof(searcher->packed) };
}

int loop_search_open(void)
{
	size_t i;

	for (i = 0; i < SEARCHERS; i++) {
		searchers[i].worker = worker_new(remote_workers(), remote_work_limits(false), true);
		if (!searchers[i].worker)
			return -ENOMEM;
	}
	return 0;
}

void loop_search_close(void)
{
	size_t i;

	for (i = 0; i < SEARCHERS; i++)
		worker_free(searchers[i].worker);
	memset(searchers, 0, sizeof(searchers));
}

enum lp_search_room loop_search_room(bool others_wait)
{
	size_t i;

	for (i = 0; i < SEARCHERS; i++)
		worker_set_limits(searchers[i].worker, remote_work_limits(others_wait));
	if (!searchers[SEARCHER_ANY].begun)
		return LP_SEARCH_ANY;
	return searchers[SEARCHER_QUICK].begun ? LP_SEARCH_NONE : LP_SEARCH_QUICK;
}

bool loop_search_is_busy(void)
{
	return searchers[SEARCHER_ANY].begun || searchers[SEARCHER_QUICK].begun;
}

int loop_search_begin(const struct lp_instance *instance, uint64_t ticket)
{
	struct searcher *searcher = &searchers[SEARCHER_ANY];
	struct iovec parts[2];
	int err;

	if (searcher->begun)
		searcher = &searchers[SEARCHER_QUICK];
	if (searcher->begun)
		return -EBUSY;
	if (remote_leaves_alone(instance->pid))
		return -ETIMEDOUT;
	searcher->request = (struct lp_request){ .operation = LP_OPERATION_FIND_LOOPS,
						 .pid = instance->pid,
						 .serial = remote_serial(instance) };
	searcher->packed = *remote_packed(instance);
	searcher->ticket = ticket;
	searcher->begun_ns = clock_now();
	fill_parts(searcher, parts);
	err = worker_send(searcher->worker, instance->pid, parts, 2);
	searcher->begun = !err;
	return err;
}

bool loop_search_take(struct lp_loops_found *found)
{
	static _Alignas(16) unsigned char answer[LP_WORKER_BYTES];
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	size_t i;

	for (i = 0; i < SEARCHERS; i++) {
		struct searcher *searcher = &searchers[i];
		uint64_t before = remote_cpu_ns();
		struct iovec parts[2];
		ssize_t result;

		/* without a search this closes the socket of a worker that has ended */
		if (!worker_receive(searcher->worker, answer, sizeof(answer), &result) ||
		    !searcher->begun)
			continue;
		searcher->begun = false;
		fill_parts(searcher, parts);
		if (remote_is_hang(result))
			remote_mark(searcher->worker, parts, 2, (int)result);
		*found = (struct lp_loops_found){
			.pid = searcher->request.pid,
			.ticket = searcher->ticket,
			.count = result < 0 ? (int)result
					    : remote_take_loops(answer, (size_t)result, loops,
								LP_MAX_LOOPS),
			.loops = loops,
			.cpu_ns = remote_cpu_ns() - before,
			.wall_ns = clock_now() - searcher->begun_ns,
		};
		return true;
	}
	return false;
}
