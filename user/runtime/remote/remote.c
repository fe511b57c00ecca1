// SPDX-License-Identifier: BSD-2-Clause
#include "remote.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "process/memory.h"
#include "process/name_query.h"
#include "process/process.h"
#include "process/unreadable.h"
#include "process/worker.h"
#include "remote_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* The time in ns until the next turn: SELDOM_NS while no process is tried again. */
#define SELDOM_NS (1000 * NS_PER_MS)
#define SOON_NS (50 * NS_PER_MS)

/* Limits for a small read, or for an adapter's work with a known target. */
static const struct lp_worker_limits reader_limits = { .still_ns = 250 * NS_PER_MS,
						       .cpu_ns = 1000 * NS_PER_MS,
						       .wall_ns = 5000 * NS_PER_MS };
/* Limits for an answer that may be missing, while the main loop waits for it. */
static const struct lp_worker_limits brief_limits = { .still_ns = 100 * NS_PER_MS,
						      .cpu_ns = 250 * NS_PER_MS,
						      .wall_ns = 1000 * NS_PER_MS };
/*
 * Limits of an examination or a search for loops, enough for an ELF file of some hundred MB on a
 * slow disk, and those while other processes wait for theirs.
 */
static const struct lp_worker_limits work_limits = { .still_ns = 1000 * NS_PER_MS,
						     .cpu_ns = 2000 * NS_PER_MS,
						     .wall_ns = 5000 * NS_PER_MS };
static const struct lp_worker_limits crowded_limits = { .still_ns = 300 * NS_PER_MS,
							.cpu_ns = 1000 * NS_PER_MS,
							.wall_ns = 4000 * NS_PER_MS };
/* Limits for a repeated request, for which the main loop does not wait. */
static const struct lp_worker_limits prober_limits = { .still_ns = 1000 * NS_PER_MS,
						       .cpu_ns = 1000 * NS_PER_MS,
						       .wall_ns = 10000 * NS_PER_MS };
/* The time in ns for all reads at the end of a run together, and the limits for each. */
#define LAST_NS (400 * NS_PER_MS)
static const struct lp_worker_limits last_limits = { .still_ns = 20 * NS_PER_MS,
						     .cpu_ns = 200 * NS_PER_MS,
						     .wall_ns = 500 * NS_PER_MS };

static struct {
	struct lp_workers *workers; /* NULL before remote_begin() */
	struct lp_worker *reader, *prober;
	struct lp_unreadable unreadable;
	struct lp_unreadable_process *probed; /* the process that the prober reads now */
	pid_t probed_pid;
	int stop; /* -1: none */
	/* it was reported that too many processes hang, and that no worker can be forked */
	bool crowded, unforked;
	bool last; /* the reader has the limits of the end of a run */
	_Alignas(16) unsigned char answer[LP_WORKER_BYTES];
} remote;

/* ---- requests ----------------------------------------------------------------------- */

static void report(pid_t pid, int err)
{
	if (err == -ETIME)
		log_process(
			"reading the memory of process %d took too long; it is skipped for now and tried again later",
			pid);
	else if (err == -EDQUOT)
		log_process(
			"too many reads of process %d, or of others of its unit, hang; it is skipped for now and tried again later",
			pid);
	else
		log_process(
			"the memory of process %d does not answer: a file system or a program that serves it hangs, or this machine is too busy; it is skipped for now and tried again later",
			pid);
}

/* Copies the unanswered request, which remote_turn() repeats later. */
void remote_mark(struct lp_worker *worker, const struct iovec *parts, size_t count, int err)
{
	const struct lp_request *request = parts[0].iov_base;
	static unsigned char bytes[LP_WORKER_BYTES];
	struct lp_unreadable_process *process;
	size_t length = 0, i;
	bool first;

	for (i = 0; i < count && length + parts[i].iov_len <= sizeof(bytes); i++) {
		memcpy(bytes + length, parts[i].iov_base, parts[i].iov_len);
		length += parts[i].iov_len;
	}
	process = unreadable_mark(&remote.unreadable, request->pid, clock_now(), bytes, length,
				  &first);
	unreadable_hangs(process, worker_take_given_up(worker));
	if (first)
		report(request->pid, err);
}

bool remote_is_hang(ssize_t result)
{
	return result == -ETIMEDOUT || result == -ETIME || result == -ECHILD;
}

bool remote_leaves_alone(pid_t pid)
{
	return unreadable_has(&remote.unreadable, pid);
}

int remote_error(struct lp_error *error, pid_t pid, int err)
{
	pid_t stopped = err == -ENOBUFS ? workers_stopped(remote.workers) : 0;

	if (stopped)
		return error_set(
			error, err,
			"process %d cannot be read now: the process that reads targets (loopprof-worker) was stopped from outside; continue it: kill -CONT %d",
			pid, stopped);
	switch (err) {
	case -ETIMEDOUT:
		return error_set(
			error, err,
			"the memory or a file of process %d does not answer: a file system or a program that serves it hangs, or this machine is too busy",
			pid);
	case -ETIME:
		return error_set(error, err, "reading process %d took too long", pid);
	case -EDQUOT:
		return error_set(
			error, err,
			"too many reads of process %d, or of others of its unit, do not return; it is not read until some of them have",
			pid);
	case -ECANCELED:
		return error_set(error, err, "interrupted while process %d was read", pid);
	case -EUSERS:
		return error_set(
			error, err,
			"too many processes do not answer when they are read; nothing is read until some of them have ended");
	case -ENOBUFS:
		return error_set(
			error, err,
			"process %d cannot be read now: loopprof cannot start the process that reads it, as the host is at a limit of processes or memory, is too busy, or waits to put a probe into a file; raise TasksMax= of the service or `ulimit -u`, or free memory",
			pid);
	default:
		return error_set(error, err, "cannot read process %d: %s", pid, strerror(-err));
	}
}

ssize_t remote_ask(const struct iovec *parts, size_t count, const void **answer)
{
	const struct lp_request *request = parts[0].iov_base;
	ssize_t result;

	if (remote_leaves_alone(request->pid))
		return -ETIMEDOUT;
	result = worker_call(remote.reader, request->pid, parts, count, remote.answer,
			     sizeof(remote.answer));
	/* a worker may end for its own reason; if a second one ends, the process is at fault */
	if (result == -ECHILD)
		result = worker_call(remote.reader, request->pid, parts, count, remote.answer,
				     sizeof(remote.answer));
	if (remote_is_hang(result) || result == -EDQUOT)
		remote_mark(remote.reader, parts, count, (int)result);
	if (result == -EUSERS && !remote.crowded) {
		remote.crowded = true;
		log_warning(
			"too many processes do not answer when they are read; nothing is read until some of them have ended");
	}
	if (result == -ENOBUFS && !remote.unforked) {
		pid_t stopped = workers_stopped(remote.workers);

		remote.unforked = true;
		if (stopped)
			log_warning(
				"targets cannot be read now: the process that reads them (loopprof-worker) was stopped from outside; continue it: kill -CONT %d; reading is tried again by itself",
				stopped);
		else
			log_warning(
				"targets cannot be read now: loopprof cannot start the process that reads them, as the host is at a limit of processes or memory, is too busy, or waits to put a probe into a file; raise TasksMax= of the service or `ulimit -u`, or free memory; reading is tried again by itself");
	}
	*answer = remote.answer;
	return result;
}

ssize_t remote_try(const struct iovec *parts, size_t count, const void **answer)
{
	const struct lp_request *request = parts[0].iov_base;

	*answer = remote.answer;
	if (remote_leaves_alone(request->pid))
		return -ETIMEDOUT;
	return worker_call(remote.reader, request->pid, parts, count, remote.answer,
			   sizeof(remote.answer));
}

ssize_t remote_try_briefly(const struct iovec *parts, size_t count, const void **answer)
{
	ssize_t result;

	if (!remote.last)
		worker_set_limits(remote.reader, &brief_limits);
	result = remote_try(parts, count, answer);
	if (!remote.last)
		worker_set_limits(remote.reader, &reader_limits);
	return result;
}

void remote_serve_tasks(lp_tasks_server serve)
{
	runtime_tasks_server = serve;
}

void remote_serve_native(lp_native_server serve)
{
	runtime_native_server = serve;
}

ssize_t remote_ask_native(pid_t pid, const void *arguments, size_t bytes, const void **answer)
{
	const struct lp_request request = { .operation = LP_OPERATION_NATIVE, .pid = pid };
	const struct iovec parts[2] = { { (void *)&request, sizeof(request) },
					{ (void *)arguments, bytes } };

	return remote_ask(parts, 2, answer);
}

bool remote_dns_name(pid_t pid, pid_t tid, char name[LP_DNS_NAME_BYTES])
{
	const struct lp_request request = { .operation = LP_OPERATION_DNS_NAME, .pid = pid };
	const struct iovec parts[2] = { { (void *)&request, sizeof(request) },
					{ &tid, sizeof(tid) } };
	const void *answer;

	if (!remote_has_begun())
		return name_query_read(pid, tid, name);
	/* of a process with many mappings it may take too long, which is no fault of the process */
	if (remote_try_briefly(parts, 2, &answer) != LP_DNS_NAME_BYTES)
		return false;
	memcpy(name, answer, LP_DNS_NAME_BYTES);
	name[LP_DNS_NAME_BYTES - 1] = '\0';
	return true;
}

/* ---- memory ------------------------------------------------------------------------- */

/* A position in a list of pieces. */
struct cursor {
	const struct iovec *pieces;
	size_t count, used; /* used: bytes of the first piece */
};

/*
 * Takes the rest of the current piece, at most `most` bytes, and sets *at to its address.
 * Returns its bytes, or 0 at the end.
 */
static size_t take(struct cursor *cursor, size_t most, char **at)
{
	size_t bytes = 0;

	while (cursor->count && !bytes) {
		bytes = cursor->pieces->iov_len - cursor->used;
		if (bytes > most)
			bytes = most;
		*at = (char *)cursor->pieces->iov_base + cursor->used;
		cursor->used += bytes;
		if (cursor->used == cursor->pieces->iov_len) {
			cursor->pieces++;
			cursor->count--;
			cursor->used = 0;
		}
	}
	return bytes;
}

static void scatter(struct cursor *local, const unsigned char *data, size_t bytes)
{
	size_t part;
	char *at;

	while (bytes && (part = take(local, bytes, &at))) {
		memcpy(at, data, part);
		data += part;
		bytes -= part;
	}
}

static ssize_t transfer(pid_t pid, const struct iovec *local, size_t local_count,
			const struct iovec *remote_pieces, size_t remote_count)
{
	struct cursor to = { local, local_count, 0 }, from = { remote_pieces, remote_count, 0 };
	const struct lp_request request = { .operation = LP_OPERATION_MEMORY, .pid = pid };
	struct lp_piece pieces[LP_PIECES];
	struct iovec parts[2] = { { (void *)&request, sizeof(request) }, { pieces, 0 } };
	size_t total = 0, wanted, part, count;
	const void *answer;
	ssize_t done = 0;
	char *at;

	do {
		wanted = 0;
		for (count = 0; count < LP_PIECES && wanted < LP_WORKER_BYTES; count++) {
			part = take(&from, LP_WORKER_BYTES - wanted, &at);
			if (!part)
				break;
			pieces[count] = (struct lp_piece){ (uintptr_t)at, part };
			wanted += part;
		}
		if (!wanted)
			break;
		parts[1].iov_len = count * sizeof(pieces[0]);
		done = remote_ask(parts, 2, &answer);
		if (done <= 0 || (size_t)done > wanted)
			break;
		scatter(&to, answer, (size_t)done);
		total += (size_t)done;
	} while ((size_t)done == wanted);
	if (!total && done < 0) {
		errno = (int)-done;
		return -1;
	}
	return (ssize_t)total;
}

/* ---- beginning and end -------------------------------------------------------------- */

int remote_open(lp_worker_server server)
{
	int err = workers_new(server, &remote.workers);

	remote.stop = -1;
	if (err)
		return err;
	remote.reader = worker_new(remote.workers, &reader_limits, false);
	remote.prober = worker_new(remote.workers, &prober_limits, true);
	if (!remote.reader || !remote.prober) {
		remote_close();
		return -ENOMEM;
	}
	workers_owners_by(remote.workers, process_owner);
	memory_transfer_by(transfer);
	return 0;
}

void remote_close(void)
{
	memory_transfer_by(NULL);
	worker_free(remote.reader);
	worker_free(remote.prober);
	workers_free(remote.workers);
	unreadable_free(&remote.unreadable);
	memset(&remote, 0, sizeof(remote));
}

bool remote_has_begun(void)
{
	return remote.workers != NULL;
}

struct lp_workers *remote_workers(void)
{
	return remote.workers;
}

const struct lp_worker_limits *remote_work_limits(bool others_wait)
{
	return others_wait ? &crowded_limits : &work_limits;
}

bool remote_wait(uint64_t ns)
{
	struct pollfd polled[2] = { { .fd = workers_descriptor(remote.workers), .events = POLLIN },
				    { .fd = remote.stop, .events = POLLIN } };

	poll(polled, 2, (int)(ns / NS_PER_MS));
	return !polled[1].revents;
}

void remote_stop_on(int descriptor)
{
	remote.stop = descriptor;
	workers_stop_on(remote.workers, descriptor);
}

void remote_end_at(uint64_t end_ns)
{
	workers_end_at(remote.workers, end_ns);
}

bool remote_is_over(void)
{
	return remote.workers && workers_are_over(remote.workers);
}

void remote_limit_last_reads(void)
{
	remote.last = true;
	worker_set_limits(remote.reader, &last_limits);
	workers_end_at(remote.workers, clock_now() + LAST_NS);
}

int remote_descriptor(void)
{
	return workers_descriptor(remote.workers);
}

/* Any answer to a repeated request, even an error, shows that its process is readable again. */
static void take_probe(uint64_t now)
{
	static unsigned char answer[LP_WORKER_BYTES];
	struct lp_unreadable_process *probed = remote.probed;
	ssize_t result;

	if (!worker_receive(remote.prober, answer, sizeof(answer), &result) || !probed)
		return;
	remote.probed = NULL;
	if (probed->pid != remote.probed_pid)
		return;
	if (remote_is_hang(result)) {
		unreadable_put_off(probed, now);
		unreadable_hangs(probed, worker_take_given_up(remote.prober));
	} else {
		unreadable_clear(probed);
	}
}

uint64_t remote_turn(uint64_t now)
{
	struct lp_unreadable_process *due;
	struct iovec part;
	int err;

	take_probe(now);
	if (worker_is_busy(remote.prober))
		return now + SOON_NS;
	due = unreadable_due(&remote.unreadable, now);
	if (!due)
		return now + SELDOM_NS;
	part = (struct iovec){ due->request, due->bytes };
	err = worker_send(remote.prober, due->pid, &part, 1);
	/* a shortage of this host does not show that the process is still unreadable */
	if (err && err != -ENOBUFS)
		unreadable_put_off(due, now);
	if (err)
		return now + SELDOM_NS;
	remote.probed = due;
	remote.probed_pid = due->pid;
	return now + SOON_NS;
}

uint64_t remote_cpu_ns(void)
{
	return remote.workers ? workers_cpu_ns(remote.workers) : 0;
}

uint64_t remote_clock(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) + remote_cpu_ns() +
	       (remote.workers ? workers_slept_ns(remote.workers) : 0);
}

size_t remote_unreadable(void)
{
	return remote.unreadable.count;
}
