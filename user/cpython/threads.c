// SPDX-License-Identifier: BSD-2-Clause
#include "threads.h"

#include "../target/memory.h"
#include "instance.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TASKS_MAX 4096
#define THREADS 128
#define NAME_BYTES 64
/*
 * A thread may be given another name, which is rare; to read it takes dozens of reads, so
 * that those of a hundred threads each 10 s were two thirds of all that is read.
 */
#define NAME_KEPT_S 60

/* struct pthread.tid of glibc on x86-64 (nptl/descr.h). */
#define PTHREAD_TID 720

/* Reads a file of one thread in /proc; "" if there is none. */
static void read_task_file(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return;
	length = read(file, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	close(file);
}

/* A thread's id in its own PID namespace, the innermost one: the last of NSpid. 0 if it has gone. */
static pid_t inner_id(pid_t pid, pid_t tid)
{
	char text[2048], *line, *last;
	pid_t inner = tid;

	read_task_file(pid, tid, "status", text, sizeof(text));
	if (!text[0])
		return 0;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return inner;
	line += strlen("\nNSpid:");
	line[strcspn(line, "\n")] = '\0';
	for (last = strtok_r(line, "\t ", &line); last; last = strtok_r(NULL, "\t ", &line))
		inner = (pid_t)strtol(last, NULL, 10);
	return inner;
}

static pid_t search_by_inner_id(pid_t pid, pid_t wanted)
{
	struct dirent *entry;
	pid_t found = 0;
	char path[64];
	DIR *tasks;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return 0;
	for (i = 0; !found && i < TASKS_MAX && (entry = readdir(tasks)); i++) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && inner_id(pid, tid) == wanted)
			found = tid;
	}
	closedir(tasks);
	return found;
}

/* A thread as it was described last; its state and its own id tell it from every other. */
struct known_thread {
	uint64_t state;
	pid_t inner, tid;
	time_t named_s; /* when its name was read; 0: it was not */
	char name[NAME_BYTES];
};

struct lp_thread_cache {
	struct known_thread *slots[THREADS];
};

struct lp_thread_cache *cpython_threads_new(void)
{
	return calloc(1, sizeof(struct lp_thread_cache));
}

void cpython_threads_free(struct lp_thread_cache *cache)
{
	size_t i;

	for (i = 0; cache && i < THREADS; i++)
		free(cache->slots[i]);
	free(cache);
}

/* What is known of a thread: made if it is new.  NULL if out of memory. */
static struct known_thread *known_of(const struct lp_cpython *python, uint64_t state, pid_t inner)
{
	struct known_thread **slot;

	if (!python->threads)
		return NULL;
	/* Fibonacci hashing to 7 bits */
	slot = &python->threads->slots[state * 0x9e3779b97f4a7c15ULL >> 57];
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (*slot && ((*slot)->state != state || (*slot)->inner != inner)) {
		memset(*slot, 0, sizeof(**slot));
		(*slot)->state = state;
		(*slot)->inner = inner;
	}
	return *slot;
}

/*
 * 3.11 and later keep the id that gettid() gave; before, thread_id is
 * pthread_self(), and glibc keeps it there.  Both as the thread's own PID namespace
 * counts.
 */
static pid_t read_inner_id(const struct lp_cpython *python, uint64_t thread_state)
{
	uint64_t address;

	if (python->row.thread_native_id != LP_NO_FIELD) {
		address = thread_state + python->row.thread_native_id;
	} else {
		address = memory_u64(python->pid, thread_state + python->row.probe.thread_id);
		if (!address)
			return 0;
		address += PTHREAD_TID;
	}
	return (pid_t)memory_u32(python->pid, address);
}

/* Believed only if the process has such a thread. */
pid_t cpython_thread_id(const struct lp_cpython *python, uint64_t thread_state)
{
	pid_t inner = read_inner_id(python, thread_state), tid;
	struct known_thread *known;

	if (inner <= 0)
		return 0;
	known = known_of(python, thread_state, inner);
	if (known && known->tid)
		return known->tid;
	tid = inner_id(python->pid, inner) == inner ? inner
						    : search_by_inner_id(python->pid, inner);
	if (known)
		known->tid = tid;
	return tid;
}

/* threading._active: the ident of each thread, and its Thread object. */
static uint64_t thread_object(const struct lp_cpython *python, uint64_t ident)
{
	uint64_t active = cpython_module_attribute(python, "threading", "_active");
	uint64_t found = 0, value;
	struct lp_pair *pairs;
	ssize_t count, i;

	if (!active || !ident)
		return 0;
	count = cpython_dict_pairs(python, active, &pairs);
	for (i = 0; !found && i < count; i++)
		if (!cpython_int(python, pairs[i].key, &value) && value == ident)
			found = pairs[i].value;
	if (count >= 0)
		free(pairs);
	return found;
}

/* Returns whether it is the name that Python has: a thread that starts gets that a little later. */
static bool read_name(const struct lp_cpython *python, uint64_t thread_state, pid_t tid, char *name,
		      size_t size)
{
	uint64_t ident = memory_u64(python->pid, thread_state + python->row.probe.thread_id);
	uint64_t object = thread_object(python, ident), text;

	name[0] = '\0';
	text = object ? cpython_instance_get(python, object, "_name") : 0;
	if (text && cpython_string(python, text, name, size))
		name[0] = '\0';
	if (name[0])
		return true;
	if (tid) {
		read_task_file(python->pid, tid, "comm", name, size);
		name[strcspn(name, "\n")] = '\0';
	}
	return false;
}

void cpython_describe_thread(const struct lp_cpython *python, uint64_t thread_state, pid_t *tid,
			     char *name, size_t size)
{
	pid_t inner = read_inner_id(python, thread_state);
	struct known_thread *known = inner > 0 ? known_of(python, thread_state, inner) : NULL;
	struct timespec now;

	if (!size)
		return;
	*tid = cpython_thread_id(python, thread_state);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (known && known->named_s && now.tv_sec - known->named_s < NAME_KEPT_S) {
		snprintf(name, size, "%s", known->name);
		return;
	}
	if (!read_name(python, thread_state, *tid, name, size) || !known ||
	    strlen(name) >= sizeof(known->name))
		return;
	memcpy(known->name, name, strlen(name) + 1);
	known->named_s = now.tv_sec;
}
