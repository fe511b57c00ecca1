// SPDX-License-Identifier: BSD-2-Clause
#include "threads.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/memory.h"
#include "process/proc_file.h"
#include "process/process.h"
#include "instance.h"
#include "base/map.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of threads whose ids and names are cached; a full cache is emptied. */
#define THREADS_MAX 4096
#define SLOTS_LEAST 64
#define NAME_BYTES 64
/*
 * How long a name is cached.  A program may rename a thread, but rarely; a name takes dozens of
 * reads, and those of a hundred threads every 10 s were two thirds of all reads.
 */
#define NAME_CACHED_NS (60 * NS_PER_S)
/* How long the kernel's and Python's lists of a process's threads are cached. */
#define LIST_CACHED_NS NS_PER_S
/*
 * Python's list is read again after 20 times the CPU time that it took, as it lacks new threads. An
 * id or a name that was not found is tried again after the least of these times.
 */
#define LIST_PAUSE_FACTOR 20
#define LIST_PAUSE_LEAST_NS (NS_PER_S / 50)
pid_t cpython_inner_pid(const struct lp_cpython *python)
{
	return process_inner_id(python->pid, python->pid);
}

/* A thread in the cache, identified by its thread state and its id in its own namespace. */
struct known_thread {
	uint64_t state; /* 0: the slot is free */
	pid_t inner, tid; /* its id in its own namespace, and the kernel's */
	uint64_t absent_until_ns; /* until then tid 0 means that there is no such thread */
	uint64_t named_until_ns; /* the name is valid until then; 0: it was not read */
	char name[NAME_BYTES];
};

struct lp_thread_cache {
	struct known_thread *slots; /* a power of two of them, at most half of them used */
	size_t capacity, count;
	bool nested; /* it is in a PID namespace of its own */
	bool nested_known;
	struct lp_map inner_ids; /* from an id in the process's namespace to the kernel's */
	uint64_t listed_ns; /* when inner_ids was read; 0: never */
	struct lp_map objects; /* from an ident to the threading.Thread */
	uint64_t named_ns; /* when objects was read; 0: never */
	uint64_t reread_pause_ns; /* the least time between two readings of objects */
	size_t cursor;
};

struct lp_thread_cache *cpython_threads_new(void)
{
	return calloc(1, sizeof(struct lp_thread_cache));
}

void cpython_threads_free(struct lp_thread_cache *cache)
{
	if (!cache)
		return;
	free(cache->slots);
	map_free(&cache->inner_ids);
	map_free(&cache->objects);
	free(cache);
}

uint64_t cpython_first_thread(const struct lp_cpython *python)
{
	uint64_t interpreter = cpython_interpreter(python);

	return interpreter
		       ? memory_u64(python->pid, interpreter + python->row.interpreter.threads_head)
		       : 0;
}

uint64_t cpython_next_thread(const struct lp_cpython *python, uint64_t thread_state)
{
	return memory_u64(python->pid, thread_state + python->row.thread.next);
}

size_t *cpython_threads_cursor(const struct lp_cpython *python)
{
	return python->threads ? &python->threads->cursor : NULL;
}

static struct known_thread *slot_of(struct known_thread *slots, size_t capacity, uint64_t state,
				    pid_t inner)
{
	/* Fibonacci hashing */
	size_t at = (size_t)((state ^ (uint64_t)inner << 48) * 0x9e3779b97f4a7c15ULL >> 32);

	for (at &= capacity - 1; slots[at].state; at = (at + 1) & (capacity - 1))
		if (slots[at].state == state && slots[at].inner == inner)
			break;
	return &slots[at];
}

/* Doubles the slots, or empties them at the maximum.  False: out of memory. */
static bool reserve(struct lp_thread_cache *cache)
{
	size_t capacity = cache->capacity ? 2 * cache->capacity : SLOTS_LEAST, i;
	struct known_thread *slots;

	if (cache->count >= THREADS_MAX) {
		memset(cache->slots, 0, cache->capacity * sizeof(*cache->slots));
		cache->count = 0;
		return true;
	}
	slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		return false;
	for (i = 0; i < cache->capacity; i++)
		if (cache->slots[i].state)
			*slot_of(slots, capacity, cache->slots[i].state, cache->slots[i].inner) =
				cache->slots[i];
	free(cache->slots);
	cache->slots = slots;
	cache->capacity = capacity;
	return true;
}

/* Returns the entry of a thread, which is added if it is new.  NULL: no cache, or no memory. */
static struct known_thread *known_of(const struct lp_cpython *python, uint64_t state, pid_t inner)
{
	struct lp_thread_cache *cache = python->threads;
	struct known_thread *known;

	if (!cache || !state)
		return NULL;
	if (2 * (cache->count + 1) > cache->capacity && !reserve(cache))
		return NULL;
	known = slot_of(cache->slots, cache->capacity, state, inner);
	if (!known->state) {
		known->state = state;
		known->inner = inner;
		cache->count++;
	}
	return known;
}

/* Reads the kernel's list of threads of the process, with their ids in its own namespace. */
static void list_tasks(struct lp_thread_cache *cache, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *tasks;
	int i;

	map_free(&cache->inner_ids);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	for (i = 0; tasks && i < THREADS_MAX && (entry = readdir(tasks)); i++) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		pid_t inner = tid > 0 ? process_inner_id(pid, tid) : 0;

		if (inner > 0)
			map_put(&cache->inner_ids, (uint64_t)inner, (uint64_t)tid);
	}
	if (tasks)
		closedir(tasks);
	cache->listed_ns = clock_now();
}

/* Returns the kernel's id of a thread by that in its own namespace; 0: it is not in the list. */
static pid_t search_by_inner_id(const struct lp_cpython *python, pid_t wanted)
{
	struct lp_thread_cache *cache = python->threads;
	const uint64_t *found;

	if (!cache)
		return 0;
	/* a process stays in its namespace; its main thread's ids differ if it is nested */
	if (!cache->nested_known)
		cache->nested = process_inner_id(python->pid, python->pid) != python->pid;
	cache->nested_known = true;
	if (!cache->nested)
		return 0;
	if (!cache->listed_ns || clock_now() - cache->listed_ns >= LIST_CACHED_NS)
		list_tasks(cache, python->pid);
	found = map_get(&cache->inner_ids, (uint64_t)wanted);
	return found ? (pid_t)*found : 0;
}

/*
 * Returns a thread's id in its own PID namespace: since 3.11 the thread state has the result of
 * gettid(); before, thread_id is pthread_self(), the address of glibc's struct pthread.
 */
static pid_t read_inner_id(const struct lp_cpython *python, uint64_t thread_state)
{
	uint64_t address;

	if (python->row.thread.native_thread_id != LP_NO_FIELD) {
		address = thread_state + python->row.thread.native_thread_id;
	} else {
		address = memory_u64(python->pid, thread_state + python->row.thread.thread_id);
		if (!address)
			return 0;
		address += LP_PTHREAD_TID;
	}
	return (pid_t)memory_u32(python->pid, address);
}

/* The id comes from the target: it is returned only if the process has such a thread. */
pid_t cpython_thread_id(const struct lp_cpython *python, uint64_t thread_state)
{
	pid_t inner = read_inner_id(python, thread_state), tid;
	struct known_thread *known;
	uint64_t now = clock_now();

	if (inner <= 0)
		return 0;
	known = known_of(python, thread_state, inner);
	if (known && (known->tid || now < known->absent_until_ns))
		return known->tid;
	tid = process_inner_id(python->pid, inner) == inner ? inner
							    : search_by_inner_id(python, inner);
	if (known) {
		known->tid = tid;
		/* only this read may have failed: it is tried again soon */
		known->absent_until_ns = now + LIST_PAUSE_LEAST_NS;
	}
	return tid;
}

/* Reads threading._active, a dict from idents to Thread objects. */
static void list_objects(const struct lp_cpython *python)
{
	uint64_t active, ident, begun = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct lp_thread_cache *cache = python->threads;
	struct lp_pair *pairs;
	ssize_t count, i;

	active = cpython_module_attribute(python, "threading", "_active");
	map_free(&cache->objects);
	count = active ? cpython_dict_pairs(python, active, &pairs) : -1;
	for (i = 0; i < count && i < THREADS_MAX; i++)
		if (!cpython_int(python, pairs[i].key, &ident))
			map_put(&cache->objects, ident, pairs[i].value);
	if (count >= 0)
		free(pairs);
	cache->named_ns = clock_now();
	/* waits for a CPU cost the target nothing, and on a busy machine are most of the time */
	cache->reread_pause_ns = LIST_PAUSE_FACTOR * (clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun);
	if (cache->reread_pause_ns < LIST_PAUSE_LEAST_NS)
		cache->reread_pause_ns = LIST_PAUSE_LEAST_NS;
	if (cache->reread_pause_ns > LIST_CACHED_NS)
		cache->reread_pause_ns = LIST_CACHED_NS;
}

/* Checks a Thread object: another thread may have the ident since the list was read. */
static bool is_of_thread(const struct lp_cpython *python, uint64_t object, pid_t inner)
{
	uint64_t number = cpython_instance_get(python, object, "_native_id"), id;

	return number && !cpython_int(python, number, &id) && id == (uint64_t)inner;
}

/* Returns a thread's Thread object from a list that is read at most each reread_pause_ns, or 0. */
static uint64_t thread_object(const struct lp_cpython *python, uint64_t ident, pid_t inner)
{
	struct lp_thread_cache *cache = python->threads;
	const uint64_t *found;

	if (!cache || !ident)
		return 0;
	found = cache->named_ns ? map_get(&cache->objects, ident) : NULL;
	if (!found || !is_of_thread(python, *found, inner)) {
		if (cache->named_ns && clock_now() - cache->named_ns < cache->reread_pause_ns)
			return 0;
		list_objects(python);
		found = map_get(&cache->objects, ident);
	}
	return found ? *found : 0;
}

/* Reads Python's name of a thread, or else the kernel's.  True: Python's, which is set late. */
static bool read_name(const struct lp_cpython *python, uint64_t thread_state, pid_t inner,
		      pid_t tid, char *name, size_t size)
{
	uint64_t ident = memory_u64(python->pid, thread_state + python->row.thread.thread_id);
	uint64_t object = thread_object(python, ident, inner), text;

	name[0] = '\0';
	text = object ? cpython_instance_get(python, object, "_name") : 0;
	if (text && cpython_string(python, text, name, size))
		name[0] = '\0';
	if (name[0])
		return true;
	if (tid) {
		proc_thread_name(python->pid, tid, name, size);
	}
	return false;
}

/* Describes a thread that has ended as it was described before, if it was. */
static void recall_thread(const struct lp_cpython *python, uint64_t thread_state, pid_t inner,
			  pid_t *tid, char *name, size_t size)
{
	struct lp_thread_cache *cache = python->threads;
	const struct known_thread *known;

	*tid = 0;
	name[0] = '\0';
	if (!cache || !cache->capacity)
		return;
	known = slot_of(cache->slots, cache->capacity, thread_state, inner);
	if (!known->state)
		return;
	*tid = known->tid;
	snprintf(name, size, "%s", known->name);
}

void cpython_describe_thread(const struct lp_cpython *python, uint64_t thread_state, pid_t wanted,
			     pid_t *tid, char *name, size_t size)
{
	pid_t inner = read_inner_id(python, thread_state);
	struct known_thread *known;
	uint64_t now = clock_now();
	bool named;

	if (!size)
		return;
	if (wanted && wanted != inner) {
		recall_thread(python, thread_state, wanted, tid, name, size);
		return;
	}
	*tid = cpython_thread_id(python, thread_state);
	known = inner > 0 ? known_of(python, thread_state, inner) : NULL;
	if (known && now < known->named_until_ns) {
		snprintf(name, size, "%s", known->name);
		return;
	}
	named = read_name(python, thread_state, inner, *tid, name, size);
	/* The thread may have ended meanwhile, and its ident have been given to the next one. */
	if (read_inner_id(python, thread_state) != inner) {
		*tid = 0;
		name[0] = '\0';
		return;
	}
	if (!known || strlen(name) >= sizeof(known->name))
		return;
	memcpy(known->name, name, strlen(name) + 1);
	known->named_until_ns = now + (named ? NAME_CACHED_NS
				       : name[0] && python->threads
					       ? python->threads->reread_pause_ns
					       : LIST_PAUSE_LEAST_NS);
}
