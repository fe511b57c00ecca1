// SPDX-License-Identifier: BSD-2-Clause
/*
 * A worker searches for the loops of known targets, while the main loop serves all of them: the
 * search in a process with a thousand threads takes a good part of a second.
 */
#include "loop_search.h"

#include "remote_internal.h"
#include "base/macros.h"
#include "process/worker.h"

#include <errno.h>
#include <string.h>

/* Limits in ns of one search. */
static const struct lp_worker_limits limits = { .still_ns = 1000 * NS_PER_MS,
						.cpu_ns = 2000 * NS_PER_MS,
						.wall_ns = 5000 * NS_PER_MS };

static struct {
	struct lp_worker *worker;
	bool begun;
	uint64_t ticket;
	struct lp_request request;
	struct lp_packed_message packed;
} search;

static const struct iovec parts[2] = { { &search.request, sizeof(search.request) },
				       { &search.packed, sizeof(search.packed) } };

int loop_search_open(void)
{
	search.worker = worker_new(remote_workers(), &limits, true);
	return search.worker ? 0 : -ENOMEM;
}

void loop_search_close(void)
{
	worker_free(search.worker);
	memset(&search, 0, sizeof(search));
}

bool loop_search_is_busy(void)
{
	return search.begun;
}

int loop_search_begin(const struct lp_instance *instance, uint64_t ticket)
{
	int err;

	if (search.begun)
		return -EBUSY;
	if (remote_leaves_alone(instance->pid))
		return -ETIMEDOUT;
	search.request = (struct lp_request){ .operation = LP_OPERATION_FIND_LOOPS,
					      .pid = instance->pid,
					      .serial = remote_serial(instance) };
	search.packed = *remote_packed(instance);
	search.ticket = ticket;
	err = worker_send(search.worker, instance->pid, parts, 2);
	search.begun = !err;
	return err;
}

bool loop_search_take(struct lp_loops_found *found)
{
	static _Alignas(16) unsigned char answer[LP_WORKER_BYTES];
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	uint64_t before = remote_cpu_ns();
	ssize_t result;

	/* without a search this closes the socket of a worker that has ended */
	if (!worker_receive(search.worker, answer, sizeof(answer), &result) || !search.begun)
		return false;
	search.begun = false;
	if (remote_is_hang(result))
		remote_mark(search.worker, parts, 2, (int)result);
	*found = (struct lp_loops_found){
		.pid = search.request.pid,
		.ticket = search.ticket,
		.count = result < 0
				 ? (int)result
				 : remote_take_loops(answer, (size_t)result, loops, LP_MAX_LOOPS),
		.loops = loops,
		.cpu_ns = remote_cpu_ns() - before,
	};
	return true;
}
