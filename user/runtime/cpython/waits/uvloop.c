// SPDX-License-Identifier: BSD-2-Clause
/*
 * Waits in loops of uvloop.  Coroutines of Cython have no frames that could be read: a future
 * is searched among those that objects of the loop will set.  Offsets are those of
 * uvloop/loop.pxd and uvloop/handles, 0.17 to 0.23; the type of each object is checked.
 */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"

#include <inttypes.h>
#include <stdlib.h>

/* UVHandle._handle, a uv_handle_t *; fields of derived classes follow those of UVHandle. */
#define HANDLE_UV 24
#define POLL_DESCRIPTOR 72 /* an int, followed by two Handles */
#define POLL_READER 80
#define POLL_WRITER 88
#define UV_PROCESS_PID 80 /* after _returncode */
/* Handle: the second argument of its C method, which is the future */
#define CALLBACK_FUTURE 80
#define TLS_PROTOCOL 24 /* _SSLProtocolTransport has no table of C methods */
#define PROTOCOL_TRANSPORT 104
#define SERVER_SERVERS 24
#define SERVER_FOREVER 64 /* after _waiters, _active_count, _loop, _serving */

/* uv_handle_t.type; uv_stream_t.io_watcher.fd: in the ABI of all libuv 1.x on Linux */
#define UV_TYPE 16
#define UV_STREAM_DESCRIPTOR 184

/* uv_handle_type */
#define UV_NAMED_PIPE 7
#define UV_TCP 12
#define UV_TTY 14

/* Offsets of a Loop's servers and polls, which differ as earlier fields came and went. */
static const struct {
	uint16_t servers, polls;
} loop_rows[] = {
	{ 120, 216 }, /* 0.23 */
	{ 128, 224 }, /* 0.20 to 0.22 */
	{ 128, 216 }, /* 0.17 to 0.19 */
};

static uint64_t pointer_at(struct lp_waits *waits, uint64_t object, uint16_t offset)
{
	return object ? memory_u64(waits->python->pid, object + offset) : 0;
}

static bool is_of(struct lp_waits *waits, uint64_t object, unsigned int kind)
{
	return object && cpython_wait_type_of(waits, object)->kinds & kind;
}

/* Returns the descriptor of a stream as libuv has it; -1: it is no stream, or closed. */
static int stream_descriptor(struct lp_waits *waits, uint64_t handle)
{
	uint64_t uv = pointer_at(waits, handle, HANDLE_UV);
	uint32_t type = uv ? memory_u32(waits->python->pid, uv + UV_TYPE) : 0;

	if (type != UV_TCP && type != UV_NAMED_PIPE && type != UV_TTY)
		return -1;
	return (int)memory_u32(waits->python->pid, uv + UV_STREAM_DESCRIPTOR);
}

int cpython_wait_uv_descriptor(struct lp_waits *waits, uint64_t transport)
{
	if (is_of(waits, transport, LP_WAIT_UV_TLS))
		transport = pointer_at(waits, pointer_at(waits, transport, TLS_PROTOCOL),
				       PROTOCOL_TRANSPORT);
	return is_of(waits, transport, LP_WAIT_UV_HANDLE) ? stream_descriptor(waits, transport)
							  : -1;
}

bool cpython_wait_uv_child(struct lp_waiting *wait, uint64_t transport)
{
	struct lp_waits *waits = wait->waits;
	uint64_t pid;

	if (!is_of(waits, transport, LP_WAIT_UV_PROCESS) ||
	    cpython_int(waits->python, pointer_at(waits, transport, UV_PROCESS_PID), &pid))
		return false;
	cpython_wait_append(wait, "child %" PRIu64, pid);
	return true;
}

bool cpython_wait_read_process(struct lp_waiting *wait, uint64_t process)
{
	uint64_t transport = cpython_instance_get(wait->waits->python, process, "_transport");

	return transport && cpython_wait_uv_child(wait, transport);
}

bool cpython_wait_uv_server(struct lp_waiting *wait, uint64_t server)
{
	struct lp_waits *waits = wait->waits;
	uint64_t servers = pointer_at(waits, server, SERVER_SERVERS), *members;
	size_t count;

	if (!is_of(waits, servers, LP_WAIT_LIST) ||
	    !cpython_wait_members(waits, servers, &members, &count))
		return false;
	cpython_wait_append_sockets(wait, members, count, cpython_wait_uv_descriptor);
	free(members);
	return true;
}

/* Records the futures of sock_recv() and its like in a Loop, with their descriptors. */
static void note_polls(struct lp_waits *waits, uint64_t polls)
{
	struct lp_pair *pairs;
	ssize_t count = cpython_dict_pairs(waits->python, polls, &pairs), i;
	size_t side;

	for (i = 0; i < count; i++) {
		uint64_t poll = pairs[i].value;
		uint32_t descriptor;

		if (!is_of(waits, poll, LP_WAIT_UV_POLL))
			continue;
		descriptor = memory_u32(waits->python->pid, poll + POLL_DESCRIPTOR);
		for (side = 0; side < 2; side++) {
			uint64_t handle = pointer_at(waits, poll, side ? POLL_WRITER : POLL_READER);
			uint64_t future = is_of(waits, handle, LP_WAIT_UV_CALLBACK)
						  ? pointer_at(waits, handle, CALLBACK_FUTURE)
						  : 0;

			if (is_of(waits, future, LP_WAIT_FUTURE))
				map_put(&waits->uv_futures, future, (uint64_t)descriptor + 1);
		}
	}
	if (count >= 0)
		free(pairs);
}

static void note_servers(struct lp_waits *waits, uint64_t servers)
{
	uint64_t *members, future;
	size_t count, i;

	if (!cpython_wait_members(waits, servers, &members, &count))
		return;
	for (i = 0; i < count; i++) {
		future = is_of(waits, members[i], LP_WAIT_UV_SERVER)
				 ? pointer_at(waits, members[i], SERVER_FOREVER)
				 : 0;
		if (is_of(waits, future, LP_WAIT_FUTURE))
			map_put(&waits->uv_futures, future, members[i]);
	}
	free(members);
}

static void note_loop(struct lp_waits *waits, uint64_t loop)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loop_rows); i++) {
		uint64_t servers = pointer_at(waits, loop, loop_rows[i].servers);
		uint64_t timers = pointer_at(waits, loop, (uint16_t)(loop_rows[i].polls - 8));
		uint64_t polls = pointer_at(waits, loop, loop_rows[i].polls);

		if (!is_of(waits, servers, LP_WAIT_SET) || !is_of(waits, timers, LP_WAIT_SET) ||
		    !is_of(waits, polls, LP_WAIT_DICT))
			continue;
		note_polls(waits, polls);
		note_servers(waits, servers);
		return;
	}
}

bool cpython_wait_uv_future(struct lp_waiting *wait, uint64_t future)
{
	struct lp_waits *waits = wait->waits;
	uint64_t loop = pointer_at(waits, future, waits->python->row.task.fut_loop), *noted;
	const char *text;

	if (!is_of(waits, loop, LP_WAIT_UV_LOOP))
		return false;
	if (!map_get(&waits->uv_loops, loop)) {
		map_put(&waits->uv_loops, loop, 1);
		note_loop(waits, loop);
	}
	noted = map_get(&waits->uv_futures, future);
	if (!noted)
		return false;
	if (is_of(waits, *noted, LP_WAIT_UV_SERVER)) {
		wait->kind = LP_AWAITED_SOCKET;
		return cpython_wait_uv_server(wait, *noted);
	}
	text = cpython_wait_descriptor(waits, (int)*noted - 1);
	if (!text[0])
		return false;
	wait->kind = LP_AWAITED_SOCKET;
	cpython_wait_append(wait, "%s", text);
	return true;
}
