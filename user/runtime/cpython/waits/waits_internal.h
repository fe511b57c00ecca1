/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H
#define LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H

#include "base/map.h"
#include "process/memory.h"
#include "waits.h"

#define CPYTHON_WAIT_EDGES_MAX 1000
#define CPYTHON_WAIT_VISITED 2048 /* a power of two, more than a task has edges */
#define CPYTHON_WAIT_DETAIL_BYTES 256

/* The kinds of a type, by its own name and those of its bases. */
enum lp_wait_kind {
	LP_WAIT_FUTURE = 1 << 0, /* of asyncio, in C: has the fields of struct lp_task_offsets */
	LP_WAIT_TASK = 1 << 1, /* a task in C, which also is an LP_WAIT_FUTURE */
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
	LP_WAIT_UV_HANDLE = 1 << 23, /* a UVHandle: a transport, a server, a child */
	LP_WAIT_UV_POLL = 1 << 24, /* a UVHandle for a descriptor of the program's own */
	LP_WAIT_UV_PROCESS = 1 << 25, /* a UVHandle for a child */
	LP_WAIT_UV_TLS = 1 << 26, /* a transport of TLS */
	LP_WAIT_UV_SERVER = 1 << 27,
	LP_WAIT_UV_CALLBACK = 1 << 28, /* a Handle */
	/* of threading */
	LP_WAIT_THREAD_LOCK = 1 << 29,
	LP_WAIT_THREAD_RLOCK = 1 << 30,
};

struct lp_wait_type {
	unsigned int kinds; /* enum lp_wait_kind */
	uint64_t size; /* tp_basicsize */
	const char *name; /* "asyncio.locks.Lock" */
};

struct lp_waiting;

#define LP_WAIT_OUTER 1 /* the row has priority over those of functions that it awaits */
#define LP_WAIT_RELEASES 2 /* the function releases the lock of its `self` while it waits */
/* an object that a package may use to wait for a connection, such as an event that it sets when
 * data arrive */
#define LP_WAIT_SIGNAL 4

/* A function of asyncio in which tasks wait. */
struct lp_wait_row {
	const char *file; /* below asyncio/ */
	const char *name; /* qualified */
	enum lp_awaited kind;
	unsigned int flags;
	const char *object; /* the local variable that has the awaited object; may be NULL */
	/* Fills the wait.  False: the object is not as expected, and does not count. */
	bool (*read)(struct lp_waiting *wait, uint64_t object);
	const char *timeout; /* the local variable that has a TimerHandle; may be NULL */
	const char *class; /* the text for awaited_class; NULL: the class of the object */
};

/* Instead of a variable's index: the row has no such variable. */
#define LP_WAIT_ABSENT (-1)
#define LP_WAIT_BY_NAME (-2) /* a cell, which up to 3.10 has no index among the locals */

/* What is known of a code object. */
struct lp_wait_code {
	const struct lp_wait_row *row; /* or NULL */
	int object, timeout; /* indices of the row's variables */
	bool enters; /* it is an __aenter__ */
	bool of_package; /* it is a method in an installed package */
	const char *package; /* name of the package that it is in, such as "aiohttp"; or NULL */
	bool of_program; /* it is in no installed package and not in asyncio */
	/* how often a function of the program gets an attribute `acquire`; 0: never */
	unsigned int acquires;
};

/* A task that is in an `async with` of an object. */
struct lp_wait_holder {
	uint64_t task;
	size_t next; /* index + 1 of the next holder of the same object; 0: none */
};

struct lp_wait_sockets;

struct lp_waits {
	const struct lp_cpython *python;
	const struct lp_wait_row *rows; /* the functions of asyncio that park tasks */
	size_t row_count;
	struct lp_task_arena *arena;
	/* maps from the address of an object in the target */
	struct lp_map codes; /* from a code object to a struct lp_wait_code * */
	struct lp_map types; /* from a type to a struct lp_wait_type * */
	struct lp_map exits; /* from a function to whether it is an __aexit__ */
	struct lp_map conditions; /* from a condition to its lock */
	struct lp_map deadlines; /* the tasks that are within an asyncio.timeout() */
	struct lp_map own_clocks; /* from a loop to whether it has another clock */
	struct lp_map uv_loops; /* the loops of uvloop that were read */
	struct lp_map uv_futures; /* from a future to a descriptor + 1, or to a server */
	struct lp_map held; /* from an object to the index + 1 of its first holder */
	size_t holder_count, holder_capacity;
	struct lp_wait_holder *holders;
	/*
	 * Tasks that may hold a lock without `async with`: all, and from a lock to those that wait
	 * for it where they may have acquired it.
	 */
	size_t may_hold;
	struct lp_map may_wait;
	/* objects that were read, to a lock in each that was not cleared, or 0 */
	struct lp_map orphan_objects;
	size_t orphan_steps_left; /* for finding out whether a task may hold one */
	struct lp_map orphans; /* locked, and within no `async with`; 0: a task may hold it */
	/* futures of concurrent.futures of which it is not known yet what will set them */
	struct lp_map pending_futures;
	struct lp_wait_sockets *sockets;
	struct lp_map peer_types; /* from a type to the packages of it and its bases, a text */
	size_t peer_steps_left; /* for finding the connections of futures */
	size_t manager_steps_left; /* for finding what context managers have entered */
	size_t members_left, edges_left; /* bounds against a hostile process */

	/* for the instants of the task that is being filled, see timers.c */
	size_t time_flushes_left; /* bounds how often the cache is emptied for them */
	struct lp_await_chain again; /* its chain, read again */
	struct lp_memory_record record; /* the reads that an instant depends on */

	/* the edges of the task that is being filled */
	size_t edge_count;
	struct lp_task_edge edges[CPYTHON_WAIT_EDGES_MAX];
	uint32_t stamp; /* slots of visited with another stamp are free */
	struct {
		uint64_t task;
		uint32_t stamp;
	} visited[CPYTHON_WAIT_VISITED];
};

/* The wait of the task that is being filled. */
struct lp_waiting {
	struct lp_waits *waits;
	const struct lp_await_chain *chain;
	size_t link; /* index of the row's coroutine in the chain */
	const struct lp_wait_code *code;
	const struct lp_task *task;
	int64_t clock_shift; /* the clock of the target minus that of this process, in ns */
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

/* code.c: never returns NULL. */
const struct lp_wait_code *cpython_wait_code(struct lp_waits *waits,
					     const struct lp_await_link *link);
uint64_t cpython_wait_variable(struct lp_waits *waits, const struct lp_await_link *link, int number,
			       const char *name);
/* Returns the value of a free variable of a function, or 0. */
uint64_t cpython_wait_closure(struct lp_waits *waits, uint64_t function, const char *name);
/* Copies the name of a callable, or else that of its type. */
void cpython_wait_callable(struct lp_waits *waits, uint64_t object, char *text, size_t size);

/* types.c: never returns NULL. */
const struct lp_wait_type *cpython_wait_type(struct lp_waits *waits, uint64_t type);
const struct lp_wait_type *cpython_wait_type_of(struct lp_waits *waits, uint64_t object);
/* Returns whether an object has a type, as the memory of one that was freed may not. */
bool cpython_wait_has_type(struct lp_waits *waits, uint64_t object);
/* Returns object.__dict__[name] if its type is of one of the kinds (0: any type), or 0. */
uint64_t cpython_wait_attribute(struct lp_waits *waits, uint64_t object, const char *name,
				unsigned int kinds);
bool cpython_wait_number(struct lp_waits *waits, uint64_t object, const char *name,
			 uint64_t *value);
/* Returns whether an object is an int (or True) other than 0. */
bool cpython_wait_true(struct lp_waits *waits, uint64_t object);
/* Reads a float or an int of 0 or more.  False: the object is none. */
bool cpython_wait_seconds(struct lp_waits *waits, uint64_t object, double *seconds);
/* Reads TimerHandle._when, in s of the loop's clock.  False: the object is none. */
bool cpython_wait_when(struct lp_waits *waits, uint64_t handle, double *when);
/* Reads len() of a list, tuple, set or deque.  False: the object is none. */
bool cpython_wait_length(struct lp_waits *waits, uint64_t object, uint64_t *length);
/* Reads the members of a list, tuple or set; *members is to be freed.  False: it is unreadable. */
bool cpython_wait_members(struct lp_waits *waits, uint64_t object, uint64_t **members,
			  size_t *count);

/* wait.c */
/* Returns the instant of what is being read, by CLOCK_MONOTONIC of the target's time namespace. */
uint64_t cpython_wait_now(const struct lp_waiting *wait);
/* Appends a part to the detail. */
void cpython_wait_append(struct lp_waiting *wait, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends a time, such as "due in 3.20 s" or "overdue by 1.00 s". */
void cpython_wait_append_when(struct lp_waiting *wait, const char *early, const char *late,
			      double when);
void cpython_wait_edge(struct lp_waiting *wait, uint64_t task, bool holds);

/*
 * timers.c: the instants at which a wait ends by itself, in s of the loop's clock.  All objects
 * from the task to such an instant are read twice, so that the instant is that of this wait even if
 * the process runs on.  False: it is not known.
 */
struct lp_wait_time {
	double when;
	uint64_t since_ns; /* when the wait began, by the clock of the target; 0: not known */
	uint64_t handle; /* address of the TimerHandle */
};
bool cpython_wait_due(struct lp_waiting *wait, struct lp_wait_time *due);
bool cpython_wait_timeout(struct lp_waiting *wait, double *when);
/* Returns whether the wait ends by a timeout, whose instant may not be known. */
bool cpython_wait_has_timeout(struct lp_waiting *wait);

/* Returns whether the task still waits for the same object, of the same class. */
bool cpython_wait_stands(struct lp_waiting *wait);

/* futures.c: fills the wait for a future. */
void cpython_wait_future(struct lp_waiting *wait, uint64_t future);
/*
 * Appends "2 of 3 pending", or "2 pending" if futures are removed when they are done (keeps_done
 * is false), and adds edges to those that are tasks.  False: futures is no list or set.
 */
bool cpython_wait_children(struct lp_waiting *wait, uint64_t futures, bool keeps_done);
/* Returns the future of concurrent.futures that sets an asyncio future when it is done, or 0. */
uint64_t cpython_wait_thread_future(struct lp_waits *waits, uint64_t future);
/* Returns the future that shield() protects if it has made this one, or else this one. */
uint64_t cpython_wait_unshielded(struct lp_waits *waits, uint64_t future);
/* States of a future of concurrent.futures. */
enum lp_thread_future_state {
	LP_THREAD_FUTURE_PENDING, /* also if it cannot be read */
	LP_THREAD_FUTURE_RUNNING,
	LP_THREAD_FUTURE_DONE, /* the callback that ends the wait is in the loop's ready queue */
};

enum lp_thread_future_state cpython_wait_thread_state(struct lp_waits *waits,
						      uint64_t thread_future);
/* The words for a wait for a future that is done. */
#define CPYTHON_WAIT_NOT_NOTICED "done, not noticed by its loop yet"
/* The first words of the wait for one of pending_futures, until pending_futures.c replaces them. */
#define CPYTHON_WAIT_PENDING "pending"

/* streams.c: functions for `read` of rows */
bool cpython_wait_read_to_thread(struct lp_waiting *wait, uint64_t function);
bool cpython_wait_read_getaddrinfo(struct lp_waiting *wait, uint64_t host);
bool cpython_wait_read_getnameinfo(struct lp_waiting *wait, uint64_t unused);
bool cpython_wait_read_shutdown(struct lp_waiting *wait, uint64_t unused);
bool cpython_wait_read_socket(struct lp_waiting *wait, uint64_t socket);
bool cpython_wait_read_transport(struct lp_waiting *wait, uint64_t transport);
bool cpython_wait_read_stream(struct lp_waiting *wait, uint64_t stream);
/* Returns the descriptor of a transport; negative: it has none, or is closed. */
int cpython_wait_transport_descriptor(struct lp_waits *waits, uint64_t transport);
/*
 * Adds the connection of the object of a package in whose method the task waits for a future.
 * False: that object has none.
 */
bool cpython_wait_append_connection(struct lp_waiting *wait);
bool cpython_wait_read_drain(struct lp_waiting *wait, uint64_t protocol);
bool cpython_wait_read_server(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_closing(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_child(struct lp_waiting *wait, uint64_t transport);

/* peers.c: adds the connection that a future or an event belongs to, if it is known. */
void cpython_wait_append_peer(struct lp_waiting *wait, uint64_t awaited);

/* uvloop.c: as in streams.c, for objects of uvloop's types */
int cpython_wait_uv_descriptor(struct lp_waits *waits, uint64_t transport);
bool cpython_wait_uv_child(struct lp_waiting *wait, uint64_t transport);
bool cpython_wait_uv_server(struct lp_waiting *wait, uint64_t server);
bool cpython_wait_read_process(struct lp_waiting *wait, uint64_t process);
/* Describes a future that a loop of uvloop will set: "tcp 10.0.0.1:5432".  False: it is none. */
bool cpython_wait_uv_future(struct lp_waiting *wait, uint64_t future);

/* holders.c: adds edges to the tasks that hold an object. */
void cpython_wait_holders(struct lp_waiting *wait, uint64_t object);
/*
 * Returns the self of an __aexit__ on a stack, or 0 if the object is none.  Up to 3.13 it is a
 * bound method; 3.14 has the function and its self above it (Python/bytecodes.c:
 * LOAD_SPECIAL).
 */
uint64_t cpython_wait_exit_self(struct lp_waits *waits, uint64_t object, uint64_t above);
/*
 * Returns the threading.Lock or RLock whose __exit__ an object on a stack is, or 0.  It is a bound
 * method up to 3.13, and 3.14 has the method and the lock above it.
 */
uint64_t cpython_wait_exit_lock(struct lp_waits *waits, uint64_t object, uint64_t above);
/* Returns the next task that holds an object, or 0.  *at: 0 at first. */
uint64_t cpython_wait_next_holder(const struct lp_waits *waits, uint64_t object, size_t *at);

/*
 * Finds the earliest instant of all asyncio.timeout() that the frames of a chain have entered.
 * False: there is none.
 */
bool cpython_wait_deadline(struct lp_waits *waits, const struct lp_await_chain *chain,
			   double *when);

/* orphans.c: notes that a lock is locked, and no task is known to hold it. */
void cpython_wait_note_orphan(struct lp_waits *waits, uint64_t lock);
/* holders.c: returns whether a frame is within an `async with` of what may have locked a lock. */
bool cpython_wait_enters_unknown(struct lp_waits *waits, const struct lp_await_link *link);

#define CPYTHON_WAIT_UNNAMED "unix (unnamed)"

/* sockets.c: returns a text such as "tcp 10.0.0.1:5432"; "" if there is no such descriptor. */
const char *cpython_wait_descriptor(struct lp_waits *waits, int descriptor);
/* Adds that text to the description of a wait. */
void cpython_wait_append_descriptor(struct lp_waiting *wait, int descriptor);
/* Adds the texts of the first sockets of a server, and the number of the others. */
void cpython_wait_append_sockets(struct lp_waiting *wait, const uint64_t *objects, size_t count,
				 int (*descriptor_of)(struct lp_waits *waits, uint64_t object));
void cpython_wait_sockets_free(struct lp_wait_sockets *sockets);

#endif /* LP_RUNTIME_CPYTHON_WAITS_WAITS_INTERNAL_H */
