// SPDX-License-Identifier: BSD-2-Clause
#include "pause.h"
#include "proc_file.h"

#include "base/array.h"
#include "base/clocks.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* Wait for a thread in uninterruptible sleep, which does not stop, while the others are stopped. */
#define STOP_NS 100000000ULL
#define POLL_NS 20000
/* Limit of the rounds in which a target may start threads while its others are stopped already. */
#define ROUNDS_MAX 64

struct traced {
	pid_t tid;
	int signal; /* that was on its way to it when it stopped; 0: none */
	bool stopped;
	bool ended; /* it has ended */
};

/*
 * A thread of this process is the tracer: when it ends, the kernel detaches any thread that is
 * still attached, such as one in uninterruptible sleep.
 */
struct lp_pause {
	pid_t pid;
	pthread_t tracer;
	sem_t stopped, resume;
	int err;
	struct lp_error error;
	struct traced *threads;
	size_t count, capacity;
	size_t missed;
	uint64_t begin_ns, end_ns;
};

/* A number of /proc/PID/status or of a file that holds but one; -1 if it cannot be read. */
static long read_number(const char *path, const char *field)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(field);
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, length))
			value = strtol(line + length, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* Sets the sentence that says why a thread cannot be traced, and the remedy. */
static int cannot_trace(const struct lp_pause *pause, pid_t tid, int err, struct lp_error *error)
{
	char path[64];
	long tracer;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pause->pid, tid);
	tracer = read_number(path, "TracerPid:");
	if (tracer > 0)
		return error_set(
			error, -EBUSY,
			"process %d is being traced by process %ld (a debugger, strace?), and only one can: end that, or leave out --consistent",
			pause->pid, tracer);
	if (read_number("/proc/sys/kernel/yama/ptrace_scope", "") == 3)
		return error_set(
			error, err,
			"this host forbids to stop other processes (kernel.yama.ptrace_scope is 3, until it is booted anew): leave out --consistent");
	if (err == -EPERM || err == -EACCES || err == -ENOSYS)
		return error_set(
			error, err,
			"process %d cannot be stopped (ptrace: %s): run as root; in a container allow ptrace (CAP_SYS_PTRACE, seccomp), or leave out --consistent",
			pause->pid, strerror(-err));
	return error_set(error, err,
			 "process %d cannot be stopped (ptrace: %s): leave out --consistent",
			 pause->pid, strerror(-err));
}

static bool is_traced(const struct lp_pause *pause, pid_t tid)
{
	size_t i;

	for (i = pause->count; i; i--)
		if (pause->threads[i - 1].tid == tid)
			return true;
	return false;
}

/* Returns whether the leader has ended before its threads. */
static bool is_dead(const struct lp_pause *pause, pid_t tid)
{
	char name[32], text[LP_PROC_STAT_BYTES];
	const char *fields;

	snprintf(name, sizeof(name), "task/%d/stat", tid);
	fields = proc_stat(pause->pid, name, text);
	return !fields || *fields == 'Z' || *fields == 'X';
}

/* Returns 1 if it is a new one, 0 if there is nothing to do, or a negative errno. */
static int seize(struct lp_pause *pause, pid_t tid, struct lp_error *error)
{
	if (is_traced(pause, tid))
		return 0;
	if (!ARRAY_RESERVE(pause->threads, pause->capacity, pause->count + 1, 64))
		return error_set(error, -ENOMEM, "out of memory");
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
		int err = -errno;

		return err == -ESRCH || is_dead(pause, tid) ? 0
							    : cannot_trace(pause, tid, err, error);
	}
	pause->threads[pause->count++] = (struct traced){ .tid = tid };
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return 1;
}

/* Returns the number of new threads, or a negative errno. */
static int seize_new(struct lp_pause *pause, struct lp_error *error)
{
	struct dirent *entry;
	int found = 0, err = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", pause->pid);
	directory = opendir(path);
	if (!directory)
		return error_set(error, -errno, "there is no process %d", pause->pid);
	while (err >= 0 && (entry = readdir(directory))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		err = tid > 0 ? seize(pause, tid, error) : 0;
		found += err > 0;
	}
	closedir(directory);
	return err < 0 ? err : found;
}

/* Returns true once there is nothing to wait for. */
static bool check_thread(struct traced *thread)
{
	int status;
	pid_t got;

	if (thread->stopped || thread->ended)
		return true;
	got = waitpid(thread->tid, &status, __WALL | WNOHANG);
	if (!got || (got < 0 && errno == EINTR))
		return false;
	if (got < 0 || !WIFSTOPPED(status)) {
		thread->ended = true;
		return true;
	}
	thread->stopped = true;
	/* A stop that was requested here, or of a group that is stopped anyway; otherwise a
	 * signal arrives. */
	if (status >> 16 != PTRACE_EVENT_STOP)
		thread->signal = WSTOPSIG(status);
	return true;
}

static void wait_for_stops(struct lp_pause *pause, uint64_t deadline_ns)
{
	const struct timespec moment = { .tv_nsec = POLL_NS };
	size_t i = 0;

	while (i < pause->count) {
		if (check_thread(&pause->threads[i]) || clock_now() >= deadline_ns)
			i++;
		else
			nanosleep(&moment, NULL);
	}
}

static int stop_all(struct lp_pause *pause, struct lp_error *error)
{
	uint64_t deadline = pause->begin_ns + STOP_NS;
	int found, round = 0;

	do {
		found = seize_new(pause, error);
		if (found > 0)
			wait_for_stops(pause, deadline);
	} while (found > 0 && ++round < ROUNDS_MAX && clock_now() < deadline);
	return found < 0 ? found : 0;
}

static void count_missed(struct lp_pause *pause)
{
	size_t i;

	for (i = 0; i < pause->count; i++)
		pause->missed += !pause->threads[i].stopped && !pause->threads[i].ended;
}

static void let_go(struct lp_pause *pause)
{
	size_t i;

	for (i = 0; i < pause->count; i++) {
		struct traced *thread = &pause->threads[i];

		/* The thread may have left the kernel by now. */
		check_thread(thread);
		if (thread->stopped)
			ptrace(PTRACE_DETACH, thread->tid, NULL, (long)thread->signal);
	}
}

static void *trace(void *context)
{
	struct lp_pause *pause = context;

	pause->begin_ns = clock_now();
	pause->err = stop_all(pause, &pause->error);
	if (!pause->err && !pause->count)
		pause->err = error_set(&pause->error, -ESRCH, "there is no process %d", pause->pid);
	count_missed(pause);
	sem_post(&pause->stopped);
	if (!pause->err)
		while (sem_wait(&pause->resume))
			;
	let_go(pause);
	pause->end_ns = clock_now();
	return NULL;
}

static void release(struct lp_pause *pause)
{
	sem_destroy(&pause->stopped);
	sem_destroy(&pause->resume);
	free(pause->threads);
	free(pause);
}

/* Starts the tracer with all signals blocked: other threads of this process handle them. */
static int start_tracer(struct lp_pause *pause)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&pause->tracer, NULL, trace, pause);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int pause_begin(pid_t pid, struct lp_pause **result, struct lp_error *error)
{
	struct lp_pause *pause = calloc(1, sizeof(*pause));
	int err;

	*result = NULL;
	if (!pause)
		return error_set(error, -ENOMEM, "out of memory");
	pause->pid = pid;
	sem_init(&pause->stopped, 0, 0);
	sem_init(&pause->resume, 0, 0);
	err = start_tracer(pause);
	if (err) {
		release(pause);
		return error_set(error, err, "cannot start a thread: %s", strerror(-err));
	}
	while (sem_wait(&pause->stopped))
		;
	if (pause->err) {
		pthread_join(pause->tracer, NULL);
		err = pause->err;
		*error = pause->error;
		release(pause);
		return err;
	}
	*result = pause;
	return 0;
}

size_t pause_missed(const struct lp_pause *pause)
{
	return pause->missed;
}

uint64_t pause_end(struct lp_pause *pause)
{
	uint64_t ns;

	sem_post(&pause->resume);
	pthread_join(pause->tracer, NULL);
	ns = pause->end_ns - pause->begin_ns;
	release(pause);
	return ns;
}
