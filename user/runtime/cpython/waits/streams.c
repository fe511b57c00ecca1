// SPDX-License-Identifier: BSD-2-Clause
/* Waits for something outside of the loop: threads, sockets, streams, children. */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PySocketSockObject.sock_fd of Modules/socketmodule.h, an int */
#define SOCKET_DESCRIPTOR 16

/* asyncio.transports.BaseTransport has one slot, 3.8 to 3.15: _extra, a dict */
#define TRANSPORT_EXTRA 16

/* The number of innermost coroutines of a task that are searched for a method of a connection. */
#define METHODS_MAX 4

/* The maximum depth of nested TLS transports. */
#define TRANSPORT_DEPTH_MAX 4

/* ---- threads ---------------------------------------------------------------- */

static void append_thread(struct lp_waiting *wait, const char *work)
{
	static const char *const states[] = {
		[LP_THREAD_FUTURE_PENDING] = "queued",
		[LP_THREAD_FUTURE_RUNNING] = "running",
		[LP_THREAD_FUTURE_DONE] = CPYTHON_WAIT_NOT_NOTICED,
	};
	uint64_t source = cpython_wait_thread_future(wait->waits, wait->chain->leaf);

	wait->id = source ? source : wait->chain->leaf;
	wait->class = cpython_wait_type_of(wait->waits, wait->id)->name;
	cpython_wait_append(wait, "thread pool: %s", work);
	if (source)
		cpython_wait_append(wait, "%s",
				    states[cpython_wait_thread_state(wait->waits, source)]);
}

bool cpython_wait_read_to_thread(struct lp_waiting *wait, uint64_t function)
{
	char name[128];

	cpython_wait_callable(wait->waits, function, name, sizeof(name));
	append_thread(wait, name);
	return true;
}

bool cpython_wait_read_getaddrinfo(struct lp_waiting *wait, uint64_t host)
{
	char name[128] = "", text[160];

	/* mostly a str; bytes and None are not printed */
	if (cpython_string(wait->waits->python, host, name, sizeof(name)))
		name[0] = '\0';
	snprintf(text, sizeof(text), "getaddrinfo%s%s", name[0] ? " " : "", name);
	append_thread(wait, text);
	return true;
}

bool cpython_wait_read_getnameinfo(struct lp_waiting *wait, uint64_t unused)
{
	(void)unused;
	append_thread(wait, "getnameinfo");
	return true;
}

bool cpython_wait_read_shutdown(struct lp_waiting *wait, uint64_t unused)
{
	(void)unused;
	wait->id = wait->chain->leaf;
	wait->class = cpython_wait_type_of(wait->waits, wait->id)->name;
	cpython_wait_append(wait, "end of the thread pool");
	return true;
}

/* ---- sockets, streams, children --------------------------------------------- */

/* Returns the descriptor of a socket.socket; negative: it is none, or closed. */
static int socket_descriptor(struct lp_waits *waits, uint64_t object)
{
	uint32_t descriptor;

	if (!(cpython_wait_type_of(waits, object)->kinds & LP_WAIT_SOCKET) ||
	    memory_read(waits->python->pid, object + SOCKET_DESCRIPTOR, &descriptor,
			sizeof(descriptor)))
		return -1;
	return (int)descriptor;
}

bool cpython_wait_read_socket(struct lp_waiting *wait, uint64_t object)
{
	int descriptor = socket_descriptor(wait->waits, object);

	if (descriptor < 0)
		return false;
	cpython_wait_append_descriptor(wait, descriptor);
	return true;
}

/*
 * Returns the descriptor of a transport, or a negative number.  selector_events'
 * _SelectorTransport has _sock_fd, pipes of unix_events have _fileno, and sslproto's
 * _SSLProtocolTransport has a protocol, which has the transport below.
 */
int cpython_wait_transport_descriptor(struct lp_waits *waits, uint64_t transport)
{
	uint64_t number, protocol, socket;
	int depth, descriptor = cpython_wait_uv_descriptor(waits, transport);

	if (descriptor >= 0)
		return descriptor;

	for (depth = 0; transport && depth < TRANSPORT_DEPTH_MAX; depth++) {
		/* a transport that was closed has the number still, but no socket */
		socket = cpython_instance_get(waits->python, transport, "_sock");
		if (socket && socket_descriptor(waits, socket) < 0)
			return -1;
		if ((cpython_wait_number(waits, transport, "_sock_fd", &number) ||
		     cpython_wait_number(waits, transport, "_fileno", &number)) &&
		    number <= INT32_MAX)
			return (int)number;
		protocol = cpython_instance_get(waits->python, transport, "_ssl_protocol");
		transport = protocol ? cpython_instance_get(waits->python, protocol, "_transport")
				     : 0;
	}
	return -1;
}

/* Describes a UNIX socket by its peer's name in the transport: the kernel does not list it. */
static bool append_unix_peer(struct lp_waiting *wait, uint64_t transport)
{
	const struct lp_cpython *python = wait->waits->python;
	uint64_t extra = memory_u64(python->pid, transport + TRANSPORT_EXTRA), peer;
	char path[128];

	if (!(cpython_wait_type_of(wait->waits, extra)->kinds & LP_WAIT_DICT))
		return false;
	peer = cpython_dict_get(python, extra, "peername");
	if (!peer || cpython_string(python, peer, path, sizeof(path)) || !path[0])
		return false;
	cpython_wait_append(wait, "unix %s", path);
	return true;
}

bool cpython_wait_read_transport(struct lp_waiting *wait, uint64_t transport)
{
	int descriptor = cpython_wait_transport_descriptor(wait->waits, transport);
	const char *text = cpython_wait_descriptor(wait->waits, descriptor);

	if (strcmp(text, CPYTHON_WAIT_UNNAMED) != 0 || !append_unix_peer(wait, transport))
		cpython_wait_append_descriptor(wait, descriptor);
	return true;
}

/* Describes a StreamReader, a StreamWriter or a protocol by its _transport. */
bool cpython_wait_read_stream(struct lp_waiting *wait, uint64_t stream)
{
	uint64_t transport = cpython_instance_get(wait->waits->python, stream, "_transport");

	return transport && cpython_wait_read_transport(wait, transport);
}

/* Returns the transport of an object that is a connection, or 0. */
static uint64_t transport_of(struct lp_waits *waits, uint64_t object)
{
	static const char *const attributes[] = { "transport", "_transport" };
	uint64_t transport;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		transport = cpython_instance_get(waits->python, object, attributes[i]);
		if (transport && cpython_wait_transport_descriptor(waits, transport) >= 0)
			return transport;
	}
	return 0;
}

bool cpython_wait_append_connection(struct lp_waiting *wait)
{
	const struct lp_await_chain *chain = wait->chain;
	struct lp_waits *waits = wait->waits;
	size_t i, least = chain->count > METHODS_MAX ? chain->count - METHODS_MAX : 0;

	for (i = chain->count; i-- > least;) {
		const struct lp_await_link *link = &chain->links[i];
		uint64_t object, transport;

		/* the program waits for a future of its own */
		if (cpython_wait_code(waits, link)->of_program)
			return false;
		if (!cpython_wait_code(waits, link)->of_package)
			continue;
		object = cpython_frame_local(waits->python, link, 0);
		transport = object ? transport_of(waits, object) : 0;
		if (transport) {
			cpython_wait_read_transport(wait, transport);
			return true;
		}
	}
	return false;
}

/*
 * Describes the drain of a protocol, by the StreamWriter in the frame further out if that has a
 * descriptor: the protocol of a child process has none.
 */
bool cpython_wait_read_drain(struct lp_waiting *wait, uint64_t protocol)
{
	struct lp_waits *waits = wait->waits;
	uint64_t writer = 0, transport = 0;

	if (wait->link)
		writer = cpython_frame_local(waits->python, &wait->chain->links[wait->link - 1], 0);
	if (writer)
		transport = cpython_instance_get(waits->python, writer, "_transport");
	if (transport && cpython_wait_transport_descriptor(waits, transport) >= 0) {
		wait->id = writer;
		wait->class = cpython_wait_type_of(waits, writer)->name;
		return cpython_wait_read_transport(wait, transport);
	}
	return cpython_wait_read_stream(wait, protocol);
}

bool cpython_wait_read_server(struct lp_waiting *wait, uint64_t server)
{
	struct lp_waits *waits = wait->waits;
	uint64_t sockets =
		cpython_wait_attribute(waits, server, "_sockets", LP_WAIT_LIST | LP_WAIT_TUPLE);
	uint64_t *members;
	size_t count;

	/* None: the server is closed */
	if (!sockets || !cpython_wait_members(waits, sockets, &members, &count))
		return cpython_instance_get(waits->python, server, "_sockets") != 0;
	cpython_wait_append_sockets(wait, members, count, socket_descriptor);
	free(members);
	return true;
}

/*
 * Server.wait_closed() waits for connections: a number, _active_count, or in later versions a
 * WeakSet, _clients.
 */
bool cpython_wait_read_closing(struct lp_waiting *wait, uint64_t server)
{
	struct lp_waits *waits = wait->waits;
	uint64_t count, clients = cpython_instance_get(waits->python, server, "_clients");

	if (!cpython_wait_number(waits, server, "_active_count", &count)) {
		if (!clients)
			return false;
		clients = cpython_wait_attribute(waits, clients, "data", LP_WAIT_SET);
		if (!clients || !cpython_wait_length(waits, clients, &count))
			return false;
	}
	cpython_wait_append(wait, "%" PRIu64 " connection%s open", count, text_plural(count));
	return cpython_wait_read_server(wait, server);
}

/* Describes a BaseSubprocessTransport by the PID of its child. */
bool cpython_wait_read_child(struct lp_waiting *wait, uint64_t transport)
{
	uint64_t pid;

	if (!cpython_wait_number(wait->waits, transport, "_pid", &pid))
		return false;
	cpython_wait_append(wait, "child %" PRIu64, pid);
	return true;
}
