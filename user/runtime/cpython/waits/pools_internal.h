/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files that read pools. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_POOLS_INTERNAL_H
#define LP_RUNTIME_CPYTHON_WAITS_POOLS_INTERNAL_H

#include "pools.h"
#include "waits_internal.h"
#include "runtime/cpython/objects/running_frame.h"

#define CPYTHON_POOLS_MAX 256 /* the most pools of a process */
#define CPYTHON_POOL_USERS_MAX 4096 /* the most holders, or waiters, of one pool */
#define CPYTHON_POOL_THREADS_MAX 512
#define CPYTHON_POOL_STATES_MAX 16384 /* the most states of threads that are read at a time */
#define CPYTHON_POOL_MEMBERS_MAX 4096 /* the most members of a container that are read */

/* A class of pools. */
struct lp_pool_class {
	const char *module; /* the class is in it, or in a module of this package */
	const char *name;
	enum lp_pool_kind kind;
	const char *label; /* the name of the pool; NULL: the class's name */
	/* Expressions of pool_attributes.c.  NULL: not known by attributes. */
	const char *amounts[LP_POOL_AMOUNTS];
	/* the path to the object by which asyncio's own functions wait for the pool; "": itself */
	const char *awaited;
	const char *within; /* the pool's own function, which has the pool as a local variable ... */
	/* ... and waits if it has called one of these ("|" is between them; "." is within itself) */
	const char *waits;
	const char *members; /* the path to a set of what was taken: whoever has one is a holder */
	const char *borrowers; /* the path to a set of the tasks that hold it */
	const char *waiters; /* the path to a dict whose keys are the tasks that wait */
	bool one_thread; /* it runs jobs in the one thread that has made it */
};

/* A class whose objects refer to a pool. */
struct lp_pool_reference {
	const char *module, *name;
	const char *pool; /* the path to the pool */
	/*
	 * The path to the part of the pool that the object holds, or to the pool if it is a part
	 * itself; NULL: it never holds one.
	 */
	const char *held;
	const char *ended; /* the path to what is true once it does not any more; NULL: nothing */
};

/* The classification of a type. */
struct lp_pool_type {
	const struct lp_pool_class *class;
	const struct lp_pool_reference *reference;
	bool opened; /* its objects may have attributes that lead to a pool */
};

/* A pool while it is being read. */
struct lp_pool_object {
	uint64_t address;
	const struct lp_pool_class *class;
	struct lp_pool pool;
	size_t holder_capacity, waiter_capacity;
};

struct lp_pool_entry {
	uint64_t object;
	uint64_t owner;
	unsigned int depth;
};

struct lp_pools {
	struct lp_waits *waits;
	const struct lp_cpython *python;
	struct lp_task_list *list;
	struct lp_map types; /* from a type to a struct lp_pool_type * */
	struct lp_map slots; /* from a type and a name to the offset of a slot, plus 1 */
	struct lp_map places; /* from the address of a pool to its index + 1 */
	struct lp_map users; /* what the pools have as holders and waiters already */
	struct lp_map parts; /* the parts of pools that have a holder */
	struct lp_map tasks; /* from the address of a task to its index + 1 */
	struct lp_map awaiting; /* from a future to the index of the task that awaits it + 1 */
	struct lp_map owners; /* from an object to who has it, see CPYTHON_POOL_SHARED */
	/* from a future to the index + 1 of the pool that has its job in the queue, or its thread */
	struct lp_map jobs;
	/*
	 * Futures of jobs in queues of executors that are not in the list of pools: those of
	 * processes, and those to which nothing refers any more.  The queues that were read are
	 * keys as well.
	 */
	struct lp_map other_jobs;
	bool jobs_cut; /* a queue has more jobs than were read */
	/*
	 * From the ident (pthread_self()) of each thread to its index + 1; 0: it had no frames when
	 * they were read
	 */
	struct lp_map idents;
	size_t states_left; /* that may be read for idents */
	uint64_t *states; /* the PyThreadState of each thread */
	/* from a threading.Lock to the index + 1 of the thread that is within `with lock` */
	struct lp_map entered;
	bool entered_noted;
	struct lp_exception_tables exception_tables;
	/* from a future to the index + 1 of the loop whose queue has the call that begins its
	 * coroutine */
	struct lp_map queued_futures;
	bool queued_noted;
	struct lp_map promisers; /* from a code object to the index + 1 of its row of promises.c; 0:
				    none */
	struct lp_map promises; /* from a future to the task whose end sets it */
	size_t objects_left, members_left; /* bounds against a hostile process */
	size_t count;
	struct lp_pool_object *objects; /* CPYTHON_POOLS_MAX */
	bool httpx; /* the process has loaded it */
	size_t queued, queue_capacity;
	struct lp_pool_entry *queue;
};

/* The owner of an object that several have. Others are an index of a task + 1, or a thread's. */
#define CPYTHON_POOL_SHARED UINT64_MAX
#define CPYTHON_POOL_THREAD (1ULL << 32) /* plus the index of a thread + 1 */

extern const struct lp_pool_class cpython_pool_classes[];
extern const size_t cpython_pool_class_count;
extern const struct lp_pool_reference cpython_pool_references[];
extern const size_t cpython_pool_reference_count;

/* pool_attributes.c: returns an attribute in the object's __dict__ or in a slot, or 0. */
uint64_t cpython_pool_attribute(struct lp_pools *pools, uint64_t object, const char *name);
bool cpython_pool_is_none(struct lp_pools *pools, uint64_t object);
/*
 * Follows a path of attributes, "a.b.c"; "*" is any member of a container, "|" is between
 * alternatives.  Returns the object, or 0 if there is none, or if it is None.
 */
uint64_t cpython_pool_path(struct lp_pools *pools, uint64_t object, const char *path);
/*
 * Reads the members of a container, the keys of a dict.  Returns their number, at most
 * CPYTHON_POOL_MEMBERS_MAX, or -EINVAL.  *members is to be freed.
 */
ssize_t cpython_pool_members(struct lp_pools *pools, uint64_t object, uint64_t **members);
/* Computes an expression; LP_POOL_UNKNOWN if an attribute is not there or not as expected. */
uint64_t cpython_pool_compute(struct lp_pools *pools, uint64_t object, const char *expression);

/* pool_classes.c: never returns NULL. */
const struct lp_pool_type *cpython_pool_type(struct lp_pools *pools, uint64_t object);

/* pool_users.c */
/* Returns the owner that is the task which awaits a future, or 0. */
uint64_t cpython_pool_awaiting(const struct lp_pools *pools, uint64_t future);
/* Returns a pool by its address, which is added if it is new; NULL: there are too many. */
struct lp_pool_object *cpython_pool_add(struct lp_pools *pools, uint64_t address,
					const struct lp_pool_class *class);
/* part: what the owner holds, by which it is counted once; 0: the owner is counted */
void cpython_pool_add_holder(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner,
			     uint64_t part);
void cpython_pool_add_waiter(struct lp_pools *pools, struct lp_pool_object *object, uint64_t owner);
/* Finds the pools that the frames of a chain lead to, and whether the owner holds them or waits. */
void cpython_pool_scan(struct lp_pools *pools, uint64_t owner, const struct lp_await_chain *chain);
/* Follows the attributes of what scans have queued. */
void cpython_pool_follow(struct lp_pools *pools);

/* pool_threads.c: finds the thread pools by their threads, and scans the frames of all threads. */
void cpython_pool_threads(struct lp_pools *pools, struct lp_await_chain *chain);
/* Adds the idents of threads that are not known yet.  False: there may be more. */
bool cpython_pool_idents(struct lp_pools *pools);
/* Reads the frames of a thread into a chain, outermost first.  Returns how many. */
size_t cpython_pool_frames(struct lp_pools *pools, uint64_t state, struct lp_await_chain *chain);
/* Returns whether a frame is of a function, by the end of its file's path and its name. */
bool cpython_pool_is_function(struct lp_pools *pools, const struct lp_await_link *link,
			      const char *file, const char *function);
/* The same for any function of a file. */
bool cpython_pool_is_of_file(struct lp_pools *pools, const struct lp_await_link *link,
			     const char *file);
/* Reads the functions in the queue of an executor. */
void cpython_pool_jobs(struct lp_pools *pools, struct lp_pool_object *object);

/*
 * promises.c: notes the concurrent.futures.Future that a task sets at its end (its promise), if one
 * of its outermost coroutines has it in a variable.
 */
void cpython_pool_note_promise(struct lp_pools *pools, uint64_t task,
			       const struct lp_await_chain *chain);
/* Returns a free variable of an object that is a function with that qualified name, or 0. */
uint64_t cpython_pool_free_variable(struct lp_pools *pools, uint64_t object, const char *function,
				    const char *name);
/* Returns the task whose end sets a future: also that of run_coroutine_threadsafe(); or 0. */
uint64_t cpython_pool_promise_task(struct lp_pools *pools, uint64_t future);
/* Returns the task for whose end a thread is in run_until_complete(), or 0. */
uint64_t cpython_pool_loop_task(struct lp_pools *pools, size_t thread,
				struct lp_await_chain *chain);

/* other_jobs.c: notes the jobs of an executor by the frame of a thread that serves its queue. */
void cpython_other_jobs_note(struct lp_pools *pools, const struct lp_await_link *link);

/* pending_futures.c: adds to the waits of tasks what will set a pending future, if it is known. */
void cpython_pending_futures_tell(struct lp_pools *pools);

/* thread_waits.c: finds out what a thread waits for. */
void cpython_thread_wait_read(struct lp_pools *pools, size_t number, struct lp_await_chain *chain);
/* Returns the loop that has not begun the coroutine of a future, or NULL.  Queues are read once. */
const struct lp_task_loop *cpython_loop_to_begin(struct lp_pools *pools, uint64_t future);
/* Finds out what each thread waits for, and the tasks that wait for threads. */
void cpython_thread_waits_fill(struct lp_pools *pools, struct lp_await_chain *chain);

/*
 * thread_locks.c: finds the lock that a thread is blocked on, and whether for a limited time.
 * False: there is none.
 */
bool cpython_thread_lock(struct lp_pools *pools, const struct lp_await_chain *chain, pid_t tid,
			 struct lp_thread_wait *wait);
/* Returns whether a thread sleeps in a call by which threads wait for each other. */
bool cpython_thread_sleeps(const struct lp_cpython *python, pid_t tid);
/* Fills in who holds a lock, as far as it is known. */
void cpython_thread_lock_holders(struct lp_pools *pools, uint64_t lock,
				 struct lp_await_chain *chain, struct lp_thread_wait *wait);
/* Adds an end to a wait. */
void cpython_thread_wait_end(struct lp_pools *pools, struct lp_thread_wait *wait, uint64_t task,
			     size_t thread);

#endif /* LP_RUNTIME_CPYTHON_WAITS_POOLS_INTERNAL_H */
