// SPDX-License-Identifier: BSD-2-Clause
/*
 * The functions of Lib/asyncio, 3.8 to 3.15, in which a task waits, and the meaning of their
 * variables.
 */
#include "waits_internal.h"

#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

#define STACK_MAX 16
#define ERROR_BYTES 80

static const struct lp_await_link *link_of(const struct lp_waiting *wait)
{
	return &wait->chain->links[wait->link];
}

/* Returns len() of an attribute; 0 if it is None, as a deque that was not created yet. */
static uint64_t length_of(struct lp_waits *waits, uint64_t object, const char *name)
{
	uint64_t value = cpython_instance_get(waits->python, object, name), length;

	return value && cpython_wait_length(waits, value, &length) ? length : 0;
}

static void append_waiters(struct lp_waiting *wait, uint64_t object)
{
	uint64_t count = length_of(wait->waits, object, "_waiters");

	if (count)
		cpython_wait_append(wait, "%" PRIu64 " waiter%s", count, text_plural(count));
}

/* ---- asyncio/locks.py ------------------------------------------------------- */

static bool read_lock(struct lp_waiting *wait, uint64_t lock)
{
	struct lp_waits *waits = wait->waits;
	uint64_t locked = cpython_instance_get(waits->python, lock, "_locked");

	if (!locked)
		return false;
	if (cpython_wait_true(waits, locked)) {
		cpython_wait_append(wait, "locked");
		cpython_wait_holders(wait, lock);
		if (!wait->waits->edge_count)
			cpython_wait_note_orphan(waits, lock);
	} else {
		/* the lock was released, and its first waiter is about to run */
		cpython_wait_append(wait, "released");
	}
	append_waiters(wait, lock);
	return true;
}

/* Describes an Event or a Condition. */
static bool read_waiters(struct lp_waiting *wait, uint64_t object)
{
	if (!cpython_instance_get(wait->waits->python, object, "_waiters"))
		return false;
	append_waiters(wait, object);
	return true;
}

static bool read_semaphore(struct lp_waiting *wait, uint64_t semaphore)
{
	uint64_t value, bound;
	bool bounded;

	if (!cpython_wait_number(wait->waits, semaphore, "_value", &value))
		return false;
	bounded = cpython_wait_number(wait->waits, semaphore, "_bound_value", &bound);
	if (bounded)
		cpython_wait_append(wait, "value %" PRIu64 " of %" PRIu64, value, bound);
	else
		cpython_wait_append(wait, "value %" PRIu64, value);
	append_waiters(wait, semaphore);
	cpython_wait_holders(wait, semaphore);
	/* that without a bound may be a signal, which nobody holds */
	if (bounded && bound && !value && !wait->waits->edge_count)
		cpython_wait_note_orphan(wait->waits, semaphore);
	return true;
}

static bool read_barrier(struct lp_waiting *wait, uint64_t barrier)
{
	uint64_t count, parties;

	if (!cpython_wait_number(wait->waits, barrier, "_count", &count) ||
	    !cpython_wait_number(wait->waits, barrier, "_parties", &parties))
		return false;
	cpython_wait_append(wait, "%" PRIu64 " of %" PRIu64, count, parties);
	return true;
}

/* ---- asyncio/queues.py ------------------------------------------------------ */

static bool queue_length(struct lp_waiting *wait, uint64_t queue, uint64_t *length)
{
	uint64_t items = cpython_instance_get(wait->waits->python, queue, "_queue");

	return items && cpython_wait_length(wait->waits, items, length);
}

static bool read_get(struct lp_waiting *wait, uint64_t queue)
{
	uint64_t length;

	if (!queue_length(wait, queue, &length))
		return false;
	if (length)
		cpython_wait_append(wait, "%" PRIu64 " items", length);
	else
		cpython_wait_append(wait, "empty");
	return true;
}

static bool read_put(struct lp_waiting *wait, uint64_t queue)
{
	uint64_t length, size;

	if (!queue_length(wait, queue, &length) ||
	    !cpython_wait_number(wait->waits, queue, "_maxsize", &size))
		return false;
	cpython_wait_append(wait, "%s%" PRIu64 " of %" PRIu64, length >= size ? "full, " : "",
			    length, size);
	return true;
}

static bool read_join(struct lp_waiting *wait, uint64_t queue)
{
	uint64_t count;

	if (!cpython_wait_number(wait->waits, queue, "_unfinished_tasks", &count))
		return false;
	cpython_wait_append(wait, "%" PRIu64 " unfinished", count);
	return true;
}

/* ---- asyncio/tasks.py, taskgroups.py, staggered.py -------------------------- */

static bool read_sleep(struct lp_waiting *wait, uint64_t handle)
{
	struct lp_wait_time due = { .when = 0 };

	/* loops of other libraries have other handles */
	if (!(cpython_wait_type_of(wait->waits, handle)->kinds & LP_WAIT_TIMER))
		return false;
	if (!cpython_wait_due(wait, &due))
		return true;
	wait->id = due.handle;
	wait->since_ns = due.since_ns;
	cpython_wait_append_when(wait, "due", "overdue", due.when);
	return true;
}

/* asyncio.wait(): for all of a set, or for one with FIRST_COMPLETED and FIRST_EXCEPTION. */
static bool read_set(struct lp_waiting *wait, uint64_t set)
{
	const struct lp_cpython *python = wait->waits->python;
	uint64_t until = cpython_frame_variable(python, link_of(wait), "return_when");

	wait->any_end = until && !cpython_string_equals(python, until, "ALL_COMPLETED");
	wait->id = wait->chain->leaf;
	return cpython_wait_children(wait, set, true);
}

/* A set from which tasks are removed when they end. */
static bool read_running(struct lp_waiting *wait, uint64_t set)
{
	wait->any_end = true;
	wait->id = wait->chain->leaf;
	return cpython_wait_children(wait, set, false);
}

/* Appends the first exception that a group will raise when its tasks have ended. */
static void append_errors(struct lp_waiting *wait, uint64_t group)
{
	uint64_t errors = cpython_wait_attribute(wait->waits, group, "_errors", LP_WAIT_LIST);
	char message[ERROR_BYTES];
	uint64_t *members;
	const char *type;
	size_t count;

	if (!errors || !cpython_wait_members(wait->waits, errors, &members, &count))
		return;
	if (count) {
		type = cpython_wait_type_of(wait->waits, members[0])->name;
		if (cpython_exception_message(wait->waits->python, members[0], message,
					      sizeof(message)))
			cpython_wait_append(wait, "holds %s", type);
		else
			cpython_wait_append(wait, "holds %s: %s", type, message);
	}
	if (count > 1)
		cpython_wait_append(wait, "and %zu more", count - 1);
	free(members);
}

static bool read_group(struct lp_waiting *wait, uint64_t group)
{
	uint64_t tasks = cpython_wait_attribute(wait->waits, group, "_tasks", LP_WAIT_SET);

	if (!tasks || !cpython_wait_children(wait, tasks, false))
		return false;
	append_errors(wait, group);
	return true;
}

/* wait_for() up to 3.11 awaits a future of its own, which is set when its argument ends. */
static bool read_future(struct lp_waiting *wait, uint64_t future)
{
	cpython_wait_future(wait, future);
	return wait->kind != LP_AWAITED_OTHER || wait->used;
}

/*
 * as_completed() up to 3.12 is a generator, and the coroutines that it yields only refer to its
 * queue.  The generator itself is on the evaluation stack of the `for` around the await.
 */
static uint64_t completed_set(struct lp_waits *waits, uint64_t generator)
{
	struct lp_await_chain *chain = malloc(sizeof(*chain));
	uint64_t set = 0;

	if (!chain)
		return 0;
	cpython_await_chain(waits->python, generator, chain);
	if (chain->count == 1 &&
	    cpython_string_equals(waits->python, chain->links[0].qualname, "as_completed"))
		set = cpython_frame_variable(waits->python, &chain->links[0], "todo");
	free(chain);
	return cpython_wait_type_of(waits, set)->kinds & LP_WAIT_SET ? set : 0;
}

static bool read_completed(struct lp_waiting *wait, uint64_t unused)
{
	struct lp_waits *waits = wait->waits;
	uint64_t stack[STACK_MAX], set = 0;
	size_t count = 0, i;

	(void)unused;
	wait->any_end = true;
	wait->id = wait->chain->leaf;
	if (wait->link)
		count = cpython_frame_stack(waits->python, link_of(wait) - 1, stack, STACK_MAX);
	for (i = 0; i < count && !set; i++)
		if (cpython_wait_type_of(waits, stack[i])->kinds & LP_WAIT_GENERATOR)
			set = completed_set(waits, stack[i]);
	return !set || cpython_wait_children(wait, set, false);
}

/* The iterator that as_completed() returns in 3.13 and later. */
static bool read_iterator(struct lp_waiting *wait, uint64_t iterator)
{
	uint64_t todo = cpython_wait_attribute(wait->waits, iterator, "_todo", LP_WAIT_SET);

	wait->any_end = true;
	return todo && cpython_wait_children(wait, todo, false);
}

#define SELECTOR(function)                                                                         \
	{                                                                                          \
		"selector_events.py", "BaseSelectorEventLoop." function, LP_AWAITED_SOCKET, 0,     \
			"sock", cpython_wait_read_socket, NULL, NULL                               \
	}

const struct lp_wait_row cpython_wait_rows[] = {
	{ "locks.py", "Lock.acquire", LP_AWAITED_LOCK, 0, "self", read_lock, NULL, NULL },
	{ "locks.py", "Event.wait", LP_AWAITED_LOCK, LP_WAIT_SIGNAL, "self", read_waiters, NULL,
	  NULL },
	{ "locks.py", "Condition.wait", LP_AWAITED_LOCK, LP_WAIT_RELEASES, "self", read_waiters,
	  NULL, NULL },
	{ "locks.py", "Condition.wait_for", LP_AWAITED_LOCK, LP_WAIT_OUTER, "self", read_waiters,
	  NULL, NULL },
	{ "locks.py", "Semaphore.acquire", LP_AWAITED_LOCK, 0, "self", read_semaphore, NULL, NULL },
	{ "locks.py", "Barrier.wait", LP_AWAITED_LOCK, LP_WAIT_OUTER, "self", read_barrier, NULL,
	  NULL },
	{ "locks.py", "Barrier._wait", LP_AWAITED_LOCK, LP_WAIT_OUTER, "self", read_barrier, NULL,
	  NULL },
	{ "locks.py", "Barrier._block", LP_AWAITED_LOCK, LP_WAIT_OUTER, "self", read_barrier, NULL,
	  NULL },

	{ "queues.py", "Queue.get", LP_AWAITED_QUEUE, 0, "self", read_get, NULL, NULL },
	{ "queues.py", "Queue.put", LP_AWAITED_QUEUE, 0, "self", read_put, NULL, NULL },
	{ "queues.py", "Queue.join", LP_AWAITED_QUEUE, LP_WAIT_OUTER, "self", read_join, NULL,
	  NULL },

	{ "tasks.py", "sleep", LP_AWAITED_TIMER, 0, "h", read_sleep, NULL, NULL },
	{ "tasks.py", "_wait", LP_AWAITED_TASK, 0, "fs", read_set, "timeout_handle",
	  "asyncio.wait" },
	{ "tasks.py", "wait_for", LP_AWAITED_TASK, 0, "fut", read_future, "timeout_handle", NULL },
	{ "tasks.py", "_cancel_and_wait", LP_AWAITED_TASK, 0, "fut", read_future, NULL, NULL },
	{ "tasks.py", "_AsCompletedIterator._wait_for_one", LP_AWAITED_TASK, LP_WAIT_OUTER, "self",
	  read_iterator, NULL, "asyncio.as_completed" },
	{ "tasks.py", "as_completed.<locals>._wait_for_one", LP_AWAITED_TASK, LP_WAIT_OUTER, NULL,
	  read_completed, NULL, "asyncio.as_completed" },
	/* 3.14 and later releases of 3.13 have the second one */
	{ "taskgroups.py", "TaskGroup.__aexit__", LP_AWAITED_TASK, 0, "self", read_group, NULL,
	  NULL },
	{ "taskgroups.py", "TaskGroup._aexit", LP_AWAITED_TASK, 0, "self", read_group, NULL, NULL },
	/* the same releases; earlier ones call wait() in it */
	{ "staggered.py", "staggered_race", LP_AWAITED_TASK, 0, "running_tasks", read_running, NULL,
	  "asyncio.staggered.staggered_race" },

	{ "threads.py", "to_thread", LP_AWAITED_OTHER, 0, "func", cpython_wait_read_to_thread, NULL,
	  NULL },
	{ "base_events.py", "BaseEventLoop.getaddrinfo", LP_AWAITED_OTHER, 0, "host",
	  cpython_wait_read_getaddrinfo, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.getnameinfo", LP_AWAITED_OTHER, 0, NULL,
	  cpython_wait_read_getnameinfo, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.shutdown_default_executor", LP_AWAITED_OTHER, 0, NULL,
	  cpython_wait_read_shutdown, NULL, NULL },

	SELECTOR("sock_recv"),
	SELECTOR("sock_recv_into"),
	SELECTOR("sock_recvfrom"),
	SELECTOR("sock_recvfrom_into"),
	SELECTOR("sock_sendall"),
	SELECTOR("sock_sendto"),
	SELECTOR("sock_connect"),
	SELECTOR("sock_accept"),
	{ "unix_events.py", "_UnixSelectorEventLoop._sock_sendfile_native", LP_AWAITED_SOCKET, 0,
	  "sock", cpython_wait_read_socket, NULL, NULL },
	{ "base_events.py", "BaseEventLoop._create_connection_transport", LP_AWAITED_SOCKET, 0,
	  "sock", cpython_wait_read_socket, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.create_datagram_endpoint", LP_AWAITED_SOCKET, 0, "sock",
	  cpython_wait_read_socket, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.start_tls", LP_AWAITED_SOCKET, 0, "transport",
	  cpython_wait_read_transport, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.connect_read_pipe", LP_AWAITED_SOCKET, 0, "transport",
	  cpython_wait_read_transport, NULL, NULL },
	{ "base_events.py", "BaseEventLoop.connect_write_pipe", LP_AWAITED_SOCKET, 0, "transport",
	  cpython_wait_read_transport, NULL, NULL },
	{ "base_events.py", "Server.serve_forever", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_server, NULL, NULL },
	{ "base_events.py", "Server.wait_closed", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_closing, NULL, NULL },
	{ "streams.py", "StreamReader._wait_for_data", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_stream, NULL, NULL },
	{ "streams.py", "FlowControlMixin._drain_helper", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_drain, NULL, NULL },
	{ "streams.py", "StreamWriter.wait_closed", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_stream, NULL, NULL },
	{ "base_subprocess.py", "BaseSubprocessTransport._wait", LP_AWAITED_SOCKET, 0, "self",
	  cpython_wait_read_child, NULL, NULL },
	/* for a loop whose transports are not in Python, such as uvloop's */
	{ "subprocess.py", "Process.wait", LP_AWAITED_SOCKET, 0, "self", cpython_wait_read_process,
	  NULL, NULL },
	{ "unix_events.py", "_UnixSelectorEventLoop._make_subprocess_transport", LP_AWAITED_SOCKET,
	  0, "transp", cpython_wait_read_child, NULL, NULL },
};

const size_t cpython_wait_row_count = ARRAY_SIZE(cpython_wait_rows);
