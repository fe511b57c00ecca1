/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of cpython_waits share; nobody else includes this. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H
#define LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H

#include "address_map.h"
#include "waits.h"

#define CPYTHON_WAIT_EDGES_MAX 1000
#define CPYTHON_WAIT_VISITED 2048 /* a power of two, over the edges of one task */
#define CPYTHON_WAIT_DETAIL_BYTES 256

/* What is told of a type by its own name and those of its bases. */
enum lp_wait_kind {
	LP_WAIT_FUTURE = 1 << 0, /* of asyncio, in C: struct lp_task_offsets is of it */
	LP_WAIT_TASK = 1 << 1, /* of these */
	LP_WAIT_GATHERING = 1 << 2,
	LP_WAIT_OTHER_FUTURE = 1 << 3, /* of asyncio, in Python */
	LP_WAIT_THREAD_FUTURE = 1 << 4, /* of concurrent.futures */
	LP_WAIT_LOCK = 1 << 5,
	LP_WAIT_CONDITION = 1 << 6,
	LP_WAIT_SEMAPHORE = 1 << 7,
	LP_WAIT_TIMER = 1 << 8,
	LP_WAIT_TIMEOUT = 1 << 9,
	LP_WAIT_SOCKET = 1 << 10,
	LP_WAIT_FUNCTION = 1 << 11,
	LP_WAIT_METHOD = 1 << 12,
	LP_WAIT_BUILTIN = 1 << 13,
	LP_WAIT_FLOAT = 1 << 14,
	LP_WAIT_LIST = 1 << 15,
	LP_WAIT_TUPLE = 1 << 16,
	LP_WAIT_SET = 1 << 17,
	LP_WAIT_DEQUE = 1 << 18,
	LP_WAIT_GENERATOR = 1 << 19,
	LP_WAIT_DICT = 1 << 20,
	LP_WAIT_CONTEXT_MANAGER = 1 << 21, /* of @contextlib.asynccontextmanager */
	/* of uvloop */
	LP_WAIT_UV_LOOP = 1 << 22,
	LP_WAIT_UV_HANDLE = 1 << 23, /* what libuv watches: transports, servers, children */
	LP_WAIT_UV_POLL = 1 << 24, /* of these: a descriptor of the program's own */
	LP_WAIT_UV_PROCESS = 1 << 25, /* of these */
	LP_WAIT_UV_TLS = 1 << 26, /* a transport of TLS */
	LP_WAIT_UV_SERVER = 1 << 27,
	LP_WAIT_UV_CALLBACK = 1 << 28, /* a Handle */
};

struct lp_wait_type {
	unsigned int kinds; /* enum lp_wait_kind */
	uint64_t size; /* tp_basicsize */
	const char *name; /* "asyncio.locks.Lock" */
};

struct lp_waiting;

#define LP_WAIT_OUTER 1 /* claims the wait from what it calls, too */
#define LP_WAIT_RELEASES 2 /* gives the lock of its `self` back while it waits */

/* A function of asyncio that parks tasks. */
struct lp_wait_row {
	const char *file; /* below asyncio/ */
	const char *name; /* qualified */
	enum lp_awaited kind;
	unsigned int flags;
	const char *object; /* the local variable that holds what is waited for */
	/* Fills what there is to tell.  False: it is not as it should be. */
	bool (*read)(struct lp_waiting *wait, uint64_t object);
	const char *timeout; /* the local variable that holds a TimerHandle; may be NULL */
	const char *class; /* NULL: that of the object */
};

/* Of a code object: numbers of its row's variables, ... */
#define LP_WAIT_ABSENT (-1)
#define LP_WAIT_BY_NAME (-2) /* a cell, up to 3.10: it has no number among the locals */

struct lp_wait_code {
	const struct lp_wait_row *row; /* or NULL */
	int object, timeout;
	bool enters; /* an __aenter__ */
};

/* A task in an `async with` of an object; in a list of those of the same object. */
struct lp_wait_holder {
	uint64_t task;
	size_t next; /* index + 1 */
};

struct lp_wait_sockets;

struct lp_waits {
	const struct lp_cpython *python;
	struct lp_task_arena *arena;
	struct lp_wait_map codes; /* struct lp_wait_code */
	struct lp_wait_map types; /* struct lp_wait_type */
	struct lp_wait_map exits; /* functions: is it an __aexit__? */
	struct lp_wait_map conditions; /* their locks */
	struct lp_wait_map deadlines; /* of tasks: the earliest timeout, a double's bits */
	struct lp_wait_map uv_loops; /* loops of uvloop that have been looked at */
	struct lp_wait_map uv_futures; /* what they will set: a descriptor + 1, or a server */
	struct lp_wait_map held; /* objects: index + 1 of the first holder */
	size_t holder_count, holder_capacity;
	struct lp_wait_holder *holders;
	struct lp_wait_sockets *sockets;
	size_t members_left, edges_left; /* what a hostile process may make us read and keep */

	/* of the task that is being filled */
	size_t edge_count;
	struct lp_task_edge edges[CPYTHON_WAIT_EDGES_MAX];
	uint32_t stamp; /* slots of `seen` with another one are free */
	struct {
		uint64_t task;
		uint32_t stamp;
	} visited[CPYTHON_WAIT_VISITED];
};

/* One task that is being filled. */
struct lp_waiting {
	struct lp_waits *waits;
	const struct lp_await_chain *chain;
	size_t link; /* the row's, in the chain */
	const struct lp_wait_code *code;
	uint64_t now_ns;
	enum lp_awaited kind;
	const char *class;
	uint64_t id;
	uint64_t since_ns;
	bool edges_cut;
	bool any_end;
	bool goes_on;
	size_t used;
	char detail[CPYTHON_WAIT_DETAIL_BYTES];
};

extern const struct lp_wait_row cpython_wait_rows[];
extern const size_t cpython_wait_row_count;

/* wait_code.c: never NULL. */
const struct lp_wait_code *cpython_wait_code(struct lp_waits *waits,
					     const struct lp_await_link *link);
uint64_t cpython_wait_variable(struct lp_waits *waits, const struct lp_await_link *link, int number,
			       const char *name);
/* What the free variable of a function refers to, or 0. */
uint64_t cpython_wait_closure(struct lp_waits *waits, uint64_t function, const char *name);
/* The name of anything that can be called. */
void cpython_wait_callable(struct lp_waits *waits, uint64_t object, char *text, size_t size);

/* wait_types.c: never NULL. */
const struct lp_wait_type *cpython_wait_type(struct lp_waits *waits, uint64_t type);
const struct lp_wait_type *cpython_wait_type_of(struct lp_waits *waits, uint64_t object);
/* object.__dict__[name], if it is there and its type among these kinds; 0: any type. */
uint64_t cpython_wait_attribute(struct lp_waits *waits, uint64_t object, const char *name,
				unsigned int kinds);
bool cpython_wait_number(struct lp_waits *waits, uint64_t object, const char *name,
			 uint64_t *value);
/* An int (or True) that is not 0. */
bool cpython_wait_true(struct lp_waits *waits, uint64_t object);
/* A float or an int of 0 or more. */
bool cpython_wait_seconds(struct lp_waits *waits, uint64_t object, double *seconds);
/* TimerHandle._when */
bool cpython_wait_when(struct lp_waits *waits, uint64_t handle, double *when);
/* len() of a list, tuple, set or deque. */
bool cpython_wait_length(struct lp_waits *waits, uint64_t object, uint64_t *length);
/* What a list, tuple or set holds; *members is to be freed. False: cannot be told. */
bool cpython_wait_members(struct lp_waits *waits, uint64_t object, uint64_t **members,
			  size_t *count);

/* wait.c */
/* One more part of the detail. */
void cpython_wait_say(struct lp_waiting *wait, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "due in 3.20 s", "overdue by 1.00 s" */
void cpython_wait_say_when(struct lp_waiting *wait, const char *early, const char *late,
			   double when);
void cpython_wait_edge(struct lp_waiting *wait, uint64_t task, bool holds);

/* wait_futures.c: what kind of wait a future is; fills the wait. */
void cpython_wait_future(struct lp_waiting *wait, uint64_t future);
/*
 * "2 of 3 pending", or "2 pending" if those that are done get removed; and edges to those
 * that are tasks.  False: it is no list or set.
 */
bool cpython_wait_children(struct lp_waiting *wait, uint64_t futures, bool keeps_done);
/* Is it the shadow of work in another thread?  Then that future of concurrent.futures. */
uint64_t cpython_wait_thread_future(struct lp_waits *waits, uint64_t future);
bool cpython_wait_is_running(struct lp_waits *waits, uint64_t thread_future);

/* wait_streams.c: `read` of rows */
bool cpython_wait_read_to_thread(struct lp_waiting *wait, uint64_t function);
bool cpython_wait_read_getaddrinfo(struct lp_waiting *wait, uint64_t host);
bool cpython_wait_read_getnameinfo(struct lp_waiting *wait, uint64_t unused);
bool cpython_wait_read_shutdown(struct lp_waiting *wait, uint64_t unused);
bool cpython_wait_read_socket(struct lp_waiting *wait, uint64_t socket);
bool cpython_wait_read_transport(struct lp_waiting *wait, uint64_t transport);
bool cpython_wait_read_stream(struct lp_waiting *wait, uint64_t stream);
bool cpython_wait_read_drain(struct lp_waiting *wait, uint64_t protocol);
bool cpython_wait_read_server(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_closing(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_child(struct lp_waiting *wait, uint64_t transport);

/* wait_uvloop.c: the same as in wait_streams.c for objects of uvloop's, by their type */
int cpython_wait_uv_descriptor(struct lp_waits *waits, uint64_t transport);
bool cpython_wait_uv_child(struct lp_waiting *wait, uint64_t transport);
bool cpython_wait_uv_server(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_process(struct lp_waiting *wait, uint64_t process);
/* What a loop of uvloop will set: "tcp 10.0.0.1:5432".  False: it is nothing of that kind. */
bool cpython_wait_uv_future(struct lp_waiting *wait, uint64_t future);

/* wait_holders.c */
void cpython_wait_holders(struct lp_waiting *wait, uint64_t object);

#define CPYTHON_WAIT_UNNAMED "unix (unnamed)"

/* wait_sockets.c: "tcp 10.0.0.1:5432"; "" if there is no such descriptor. */
const char *cpython_wait_descriptor(struct lp_waits *waits, int descriptor);
void cpython_wait_sockets_free(struct lp_wait_sockets *sockets);

#endif /* LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H */
