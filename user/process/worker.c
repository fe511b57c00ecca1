// SPDX-License-Identifier: BSD-2-Clause
#include "worker.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "memory_lock.h"
#include "process.h"
#include "spawner.h"
#include "cpu_progress.h"
#include "worker_places.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The ms after which, and the period at which, a worker without an answer is examined. */
#define POLL_MS 20
/*
 * A worker that waits for the memory lock of a target whose threads run may sleep for this many
 * times as long: they may map and unmap much memory, and nothing hangs.
 */
#define PATIENCE_FOR_LOCK 4
/*
 * The longest wait in ns for the spawner, which only forks. A busy machine delays it. While the
 * kernel waits to put a probe into a file (session/attacher.h), it forks nothing.
 */
#define SPAWN_NS (2000 * NS_PER_MS)
/* The longest wait in ms for the end of the spawner, which cannot end during such a fork. */
#define SPAWNER_END_MS 100

struct lp_workers {
	lp_worker_server server;
	pid_t spawner;
	int socket; /* of the spawner; -1: none runs */
	unsigned int unanswered; /* number of answers of the spawner that were not received yet */
	bool reported; /* a warning has said that the spawner was killed */
	bool late; /* the spawner did not answer in time: it is not waited for again until it does */
	int stop;
	uint64_t end_ns;
	int epoll;
	uint64_t generation, serial;
	struct lp_worker_places places; /* of those that were given up */
	uint64_t cpu_ns; /* CPU time of all requests that were answered */
	uint64_t slept_ns; /* see workers_slept_ns */
};

struct lp_worker {
	struct lp_workers *workers;
	struct lp_worker_limits limits;
	bool watched, busy;
	bool cancelled; /* the answer to its request is to be discarded */
	int socket, process; /* -1: none runs */
	int given_up; /* the last process given up, for worker_take_given_up; or -1 */
	pid_t pid;
	pid_t target; /* the process that the request reads; 0: none */
	uint64_t generation, serial;
	uint64_t sent_ns, moved_ns, checked_ns; /* checked_ns: instant of before */
	struct lp_cpu_progress before, last; /* at the first and at the last check of the request */
	uint64_t target_cpu_ns; /* CPU time of the target at the first check */
};

/* ---- all of them -------------------------------------------------------------------- */

int workers_new(lp_worker_server server, struct lp_workers **result)
{
	struct lp_workers *workers = calloc(1, sizeof(*workers));

	*result = NULL;
	if (!workers)
		return -ENOMEM;
	workers->server = server;
	workers->socket = -1;
	workers->stop = -1;
	workers->end_ns = UINT64_MAX;
	workers->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (workers->epoll < 0) {
		int err = -errno;

		free(workers);
		return err;
	}
	workers->spawner = spawner_start(server, &workers->socket);
	if (workers->spawner < 0) {
		int err = workers->spawner;

		close(workers->epoll);
		free(workers);
		return err;
	}
	*result = workers;
	return 0;
}

static void end_spawner(struct lp_workers *workers)
{
	int i;

	if (workers->socket < 0)
		return;
	close(workers->socket);
	workers->socket = -1;
	workers->unanswered = 0;
	workers->late = false;
	kill(workers->spawner, SIGKILL);
	for (i = 0; i < SPAWNER_END_MS && !waitpid(workers->spawner, NULL, WNOHANG); i++)
		usleep(1000);
}

void workers_free(struct lp_workers *workers)
{
	if (!workers)
		return;
	/* the workers end with the spawner */
	end_spawner(workers);
	worker_places_free(&workers->places);
	close(workers->epoll);
	free(workers);
}

void workers_stop_on(struct lp_workers *workers, int descriptor)
{
	workers->stop = descriptor;
}

void workers_end_at(struct lp_workers *workers, uint64_t end_ns)
{
	workers->end_ns = end_ns;
}

int workers_descriptor(const struct lp_workers *workers)
{
	return workers->epoll;
}

/* Returns whether the process of a descriptor has ended. */
static bool is_readable(int descriptor)
{
	struct pollfd polled = { .fd = descriptor, .events = POLLIN };

	return poll(&polled, 1, 0) > 0;
}

pid_t workers_stopped(const struct lp_workers *workers)
{
	char state = workers->socket < 0 ? '\0' : process_state(workers->spawner);

	return state == 'T' || state == 't' ? workers->spawner : 0;
}

bool workers_are_over(const struct lp_workers *workers)
{
	return clock_now() >= workers->end_ns || (workers->stop >= 0 && is_readable(workers->stop));
}

/*
 * Waits until a descriptor is readable.  Returns 0, -EAGAIN after POLL_MS, or -ECANCELED if the run
 * is to stop.
 */
static int wait_readable(const struct lp_workers *workers, int descriptor)
{
	struct pollfd polled[2] = { { .fd = descriptor, .events = POLLIN },
				    { .fd = workers->stop, .events = POLLIN } };
	uint64_t now = clock_now(), left_ms;

	left_ms = (saturating_sub(workers->end_ns, now) + NS_PER_MS - 1) / NS_PER_MS;
	if (poll(polled, 2, left_ms < POLL_MS ? (int)left_ms : POLL_MS) <= 0)
		return clock_now() >= workers->end_ns ? -ECANCELED : -EAGAIN;
	return polled[0].revents ? 0 : -ECANCELED;
}

size_t workers_abandoned(struct lp_workers *workers)
{
	return worker_places_taken(&workers->places);
}

void workers_owners_by(struct lp_workers *workers, uint64_t (*owner_of)(pid_t pid))
{
	workers->places.owner_of = owner_of;
}

uint64_t workers_cpu_ns(const struct lp_workers *workers)
{
	return workers->cpu_ns;
}

uint64_t workers_slept_ns(const struct lp_workers *workers)
{
	return workers->slept_ns;
}

/* ---- one ---------------------------------------------------------------------------- */

struct lp_worker *worker_new(struct lp_workers *workers, const struct lp_worker_limits *limits,
			     bool watched)
{
	struct lp_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->workers = workers;
	worker->limits = *limits;
	worker->watched = watched;
	worker->socket = -1;
	worker->process = -1;
	worker->given_up = -1;
	return worker;
}

/* Gives up a worker: it may hang for ever, and its end is not awaited. */
static void give_up(struct lp_worker *worker)
{
	struct lp_workers *workers = worker->workers;

	worker->busy = false;
	if (worker->socket < 0)
		return;
	close(worker->socket);
	worker->socket = -1;
	syscall(SYS_pidfd_send_signal, worker->process, SIGKILL, NULL, 0);
	if (worker->given_up >= 0)
		close(worker->given_up);
	worker->given_up = fcntl(worker->process, F_DUPFD_CLOEXEC, 0);
	worker_places_add(&workers->places, worker->process, worker->pid, worker->target);
	worker->process = -1;
}

void worker_free(struct lp_worker *worker)
{
	if (!worker)
		return;
	give_up(worker);
	if (worker->given_up >= 0)
		close(worker->given_up);
	free(worker);
}

int worker_take_given_up(struct lp_worker *worker)
{
	int given_up = worker->given_up;

	worker->given_up = -1;
	return given_up;
}

void worker_set_limits(struct lp_worker *worker, const struct lp_worker_limits *limits)
{
	worker->limits = *limits;
}

/*
 * Waits for the next answer of the spawner. Returns as spawner_answer does; -ECANCELED if the run
 * is to stop; or -EAGAIN if there is none by the instant.
 */
static pid_t await_spawner(struct lp_workers *workers, uint64_t until_ns, int *process)
{
	int err;

	*process = -1;
	do {
		err = wait_readable(workers, workers->socket);
	} while (err == -EAGAIN && clock_now() < until_ns);
	if (err)
		return err;
	workers->unanswered--;
	return spawner_answer(workers->socket, process);
}

/*
 * Asks the spawner for a worker and waits for its answer. Returns as await_spawner does. A spawner
 * that is late is not asked again, nor waited for, until it has answered.
 */
static pid_t fork_process(struct lp_workers *workers, int socket, int *process)
{
	uint64_t until_ns = clock_now() + SPAWN_NS;
	pid_t pid;

	*process = -1;
	while (workers->unanswered) {
		if (workers->late && !is_readable(workers->socket))
			return -EAGAIN;
		/* the worker of an earlier request has ended with its socket */
		pid = await_spawner(workers, until_ns, process);
		if (*process >= 0)
			close(*process);
		*process = -1;
		workers->late = pid == -EAGAIN;
		if (pid == -EAGAIN || pid == -ECANCELED)
			return pid;
	}
	pid = spawner_ask(workers->socket, socket);
	if (pid)
		return pid;
	workers->unanswered++;
	pid = await_spawner(workers, until_ns, process);
	workers->late = pid == -EAGAIN;
	return pid;
}

/* Starts a spawner if none runs. The first time that one was killed is reported. */
static int start_spawner(struct lp_workers *workers)
{
	if (workers->socket >= 0)
		return 0;
	if (!workers->reported)
		log_warning(
			"the process that reads targets (loopprof-worker) was killed from outside (by the kernel, as memory ran out, or by kill); it is started again");
	workers->reported = true;
	workers->spawner = spawner_start(workers->server, &workers->socket);
	return workers->spawner < 0 ? -ENOBUFS : 0;
}

/*
 * Asks the spawner for a worker. Returns as fork_process does; *socket is the worker's socket,
 * which the caller owns if the result is a PID.
 */
static pid_t ask_for_one(struct lp_worker *worker, int *socket)
{
	int err = start_spawner(worker->workers), sockets[2];
	pid_t pid;

	if (err || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -ENOBUFS;
	pid = fork_process(worker->workers, sockets[1], &worker->process);
	close(sockets[1]);
	if (pid < 0)
		close(sockets[0]);
	*socket = sockets[0];
	/* -EAGAIN: it answers later; -ENOBUFS: it has answered */
	if (pid < 0 && pid != -ECANCELED && pid != -EAGAIN && pid != -ENOBUFS)
		end_spawner(worker->workers);
	return pid;
}

/* Forks a worker. Returns 0, -ECANCELED if the run is to stop, or -ENOBUFS. */
static int fork_one(struct lp_worker *worker)
{
	struct lp_workers *workers = worker->workers;
	struct epoll_event event = { .events = EPOLLIN };
	int socket;
	pid_t pid = ask_for_one(worker, &socket);

	/* a spawner that was killed is noticed when it is asked, and another one is started */
	if (pid < 0 && workers->socket < 0)
		pid = ask_for_one(worker, &socket);
	if (pid < 0)
		return pid == -ECANCELED ? pid : -ENOBUFS;
	worker->socket = socket;
	worker->pid = pid;
	worker->generation = ++workers->generation;
	event.data.fd = worker->socket;
	if (worker->watched)
		epoll_ctl(workers->epoll, EPOLL_CTL_ADD, worker->socket, &event);
	return 0;
}

/* Checks a worker that has slept in one place for asleep_ns. Returns as check_progress() does. */
static int check_sleep(const struct lp_worker *worker, char state, uint64_t still_ns,
		       uint64_t asleep_ns)
{
	if (asleep_ns < still_ns)
		return 0;
	if (strchr("tT", state))
		return -ECHILD;
	if (!worker->target || memory_lock_state(worker->pid) != LP_MEMORY_LOCK_AWAITED ||
	    memory_lock_cpu_ns(worker->target) <= worker->target_cpu_ns)
		return -ETIMEDOUT;
	return asleep_ns < PATIENCE_FOR_LOCK * still_ns ? 0 : -ETIME;
}

/* Returns 0, or a negative errno as worker_call does if the worker is to be given up. */
static int check_progress(struct lp_worker *worker, uint64_t still_ns, uint64_t now)
{
	struct lp_cpu_progress progress = cpu_progress_read(worker->pid);
	const struct lp_worker_limits *limits = &worker->limits;
	uint64_t waited_ns;
	int err;

	if (!progress.state || strchr("ZX", progress.state))
		return -ECHILD;
	/* the check costs more than most requests: it is done only if one takes long */
	if (!worker->before.state) {
		worker->before = progress;
		worker->target_cpu_ns = worker->target ? memory_lock_cpu_ns(worker->target) : 0;
		worker->moved_ns = worker->checked_ns = now;
	}
	if (cpu_progress_made(&worker->last, &progress))
		worker->moved_ns = now;
	worker->last = progress;
	err = check_sleep(worker, progress.state, still_ns, now - worker->moved_ns);
	if (err)
		return err;
	if (progress.ran_ns - worker->before.ran_ns >= limits->cpu_ns)
		return -ETIME;
	/* the time that it waits for a CPU now is not in waited_ns yet */
	waited_ns = progress.waited_ns - worker->before.waited_ns;
	if (progress.state != 'R' &&
	    saturating_sub(now - worker->sent_ns, waited_ns) >= limits->wall_ns)
		return -ETIME;
	return 0;
}

/*
 * Receives and discards an answer that is not needed any more, so that the worker can be used
 * again. Returns false if there is none yet.
 */
static bool discard_answer(struct lp_worker *worker)
{
	struct lp_worker_head head;

	if (!worker->cancelled ||
	    recv(worker->socket, &head, sizeof(head), MSG_DONTWAIT) < (ssize_t)sizeof(head) ||
	    head.serial != worker->serial)
		return false;
	worker->busy = false;
	return true;
}

int worker_send(struct lp_worker *worker, pid_t target, const struct iovec *parts, size_t count)
{
	struct lp_worker_head head = { .serial = ++worker->workers->serial };
	struct iovec all[1 + LP_WORKER_PARTS] = { { &head, sizeof(head) } };
	struct msghdr message = { .msg_iov = all, .msg_iovlen = 1 + count };
	size_t bytes = 0, i;
	int err, tries;

	for (i = 0; i < count && i < LP_WORKER_PARTS; i++) {
		all[1 + i] = parts[i];
		bytes += parts[i].iov_len;
	}
	if (count > LP_WORKER_PARTS || bytes > LP_WORKER_BYTES)
		return -EMSGSIZE;
	err = worker_places_check(&worker->workers->places, target);
	if (err)
		return err;
	if (worker->busy && !discard_answer(worker))
		give_up(worker);
	worker->cancelled = false;
	worker->target = target;
	/* a worker that has ended since the last request is replaced */
	for (tries = 0, err = -EPIPE; err == -EPIPE && tries < 2; tries++) {
		err = worker->socket < 0 ? fork_one(worker) : 0;
		if (err)
			return err;
		if (sendmsg(worker->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
			err = errno == ECONNRESET ? -EPIPE : -errno;
			give_up(worker);
		}
	}
	/* -EPIPE: new workers end at once; anything else is a shortage */
	if (err)
		return err == -EPIPE ? -ECHILD : -ENOBUFS;
	worker->serial = head.serial;
	worker->busy = true;
	worker->sent_ns = clock_now();
	worker->before.state = '\0';
	return 0;
}

/* Takes an answer. Returns false if there is none yet; *result is as of worker_call. */
static bool take_answer(struct lp_worker *worker, void *answer, size_t capacity, ssize_t *result)
{
	struct lp_worker_head head;
	struct iovec parts[2] = { { &head, sizeof(head) }, { answer, capacity } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t bytes = recvmsg(worker->socket, &message, MSG_DONTWAIT);

	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* a worker's answer is checked, as it has read hostile memory */
	if (bytes < (ssize_t)sizeof(head) || head.serial != worker->serial ||
	    (head.result > 0 && bytes - (ssize_t)sizeof(head) != (ssize_t)head.result) ||
	    head.result < -4095) {
		give_up(worker);
		*result = -ECHILD;
		return true;
	}
	worker->busy = false;
	/* the worker states its CPU time itself, so that it is limited to the time that has passed */
	worker->workers->cpu_ns += min_u64(head.cpu_ns, clock_now() - worker->sent_ns);
	*result = (ssize_t)head.result;
	return true;
}

bool worker_receive(struct lp_worker *worker, void *answer, size_t capacity, ssize_t *result)
{
	int err;

	if (!worker->busy) {
		/* without a request, a readable socket means that the worker has ended */
		if (worker->socket >= 0 && is_readable(worker->socket))
			give_up(worker);
		*result = -ECHILD;
		return true;
	}
	if (take_answer(worker, answer, capacity, result))
		return true;
	err = check_progress(worker, worker->limits.still_ns, clock_now());
	if (!err)
		return false;
	/* the worker may have answered during the check */
	if (take_answer(worker, answer, capacity, result))
		return true;
	give_up(worker);
	*result = err;
	return true;
}

/* Returns 0, or a reason not to wait any longer. */
static int wait_for_answer(struct lp_worker *worker)
{
	struct lp_workers *workers = worker->workers;
	const struct lp_worker_limits *limits = &worker->limits;
	uint64_t still_ns = 0, now;
	int err;

	for (;;) {
		err = wait_readable(workers, worker->socket);
		if (err != -EAGAIN)
			return err;
		now = clock_now();
		if (!still_ns)
			still_ns = worker_places_longest_wait(&workers->places, worker->target,
							      limits->still_ns, now);
		err = check_progress(worker, still_ns, now);
		if (err)
			break;
		/* a worker that gets no CPU is not at fault, nor is its target */
		if (now - worker->sent_ns >= limits->wall_ns)
			return -ECANCELED;
	}
	/* the worker may have answered during the check */
	return is_readable(worker->socket) ? 0 : err;
}

/* Adds the time that the worker slept in a call that took long. */
static void count_sleep(struct lp_worker *worker)
{
	struct lp_cpu_progress now = worker->before.state ? cpu_progress_read(worker->pid)
							  : worker->before;

	if (now.state)
		worker->workers->slept_ns +=
			saturating_sub(clock_now() - worker->checked_ns,
				       now.waited_ns - worker->before.waited_ns + now.ran_ns -
					       worker->before.ran_ns);
}

ssize_t worker_call(struct lp_worker *worker, pid_t target, const struct iovec *parts, size_t count,
		    void *answer, size_t capacity)
{
	struct lp_workers *workers = worker->workers;
	ssize_t result;
	int err;

	if (workers_are_over(workers))
		return -ECANCELED;
	err = worker_send(worker, target, parts, count);
	if (err)
		return err;
	do {
		err = wait_for_answer(worker);
		count_sleep(worker);
		if (err == -ECANCELED) {
			worker->cancelled = true;
			return err;
		}
		if (err) {
			give_up(worker);
			worker_places_spend(&workers->places, target, clock_now() - worker->sent_ns,
					    clock_now());
			return err;
		}
	} while (!take_answer(worker, answer, capacity, &result));
	return result;
}

bool worker_is_busy(const struct lp_worker *worker)
{
	return worker->busy;
}

uint64_t worker_generation(const struct lp_worker *worker)
{
	return worker->socket < 0 ? 0 : worker->generation;
}
