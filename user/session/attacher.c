// SPDX-License-Identifier: BSD-2-Clause
/* The run's side of the process that attaches. */
#include "attacher_internal.h"

#include "attach_times.h"
#include "base/clocks.h"
#include "base/macros.h"
#include "process/descriptor.h"
#include "process/memory_lock.h"
#include "process/cpu_progress.h"
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The longest wait in ns for one attachment. The kernel needs some 20 ms for it, and more if it
 * attaches and detaches other probes first. Each attachment that is given up halves the wait, as a
 * target may hold its lock again and again, and each one that succeeds doubles it.
 */
#define WAIT_MOST_NS (2000 * NS_PER_MS)
#define WAIT_LEAST_NS (250 * NS_PER_MS)
/*
 * The longest wait in ns for the kernel alone before the first probe of a process is attached: the
 * run cannot begin without it, and other runs that end may have many probes removed meanwhile.
 */
#define WAIT_FIRST_NS (10 * NS_PER_S)
/*
 * The time in ns that an attachment may take without being charged, and between two checks what the
 * process that attaches waits for.
 */
#define SLICE_NS (100 * NS_PER_MS)
/* The wait in ns for an answer that is on its way. */
#define ANSWER_NS (1000 * NS_PER_MS)
/*
 * The number of probes whose removal is awaited at the end of a run, and the longest wait in ms.
 * The kernel takes 0.07 to 0.15 s to remove a uprobe and removes one after the other, as it holds a
 * lock meanwhile (event_mutex in kernel/trace/trace_event_perf.c).
 */
#define WAITED_FOR 6
#define END_MS 1000
/* Size of the pipe of probes that are to be detached; what it has no space for is detached last. */
#define DETACH_BYTES (1 << 20)

struct lp_attacher {
	pid_t pid;
	int process; /* a descriptor of the process */
	int socket;
	/* Both ends: with the reading end open, writing causes no SIGPIPE once the process has
	 * ended. */
	int detached[2];
	int stop; /* readable once the run is to end; or -1 */
	uint64_t end_ns; /* instant of the end of the run */
	uint64_t wait_ns;
	uint64_t serial; /* of the last message */
	bool any_attached; /* a probe of a process was attached */
	bool busy; /* the last message is not answered */
	bool reported; /* the caller knows that the kernel does not finish with a request */
	bool ended, ended_reported;
	uint64_t attached; /* number of probes so far */
	bool (*answers)(pid_t pid); /* see attacher_judge_by; or NULL */
	struct lp_attach_times times;
	pid_t used_up; /* the process whose last attachment used up its time; 0: none, or reported */
	struct lp_attacher_shared *shared;
};

static int open_channels(struct lp_attacher *attacher, int *other)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	attacher->socket = sockets[0];
	*other = sockets[1];
	if (pipe2(attacher->detached, O_CLOEXEC))
		return -errno;
	/* if this fails, the pipe still has space for some thousand probes */
	fcntl(attacher->detached[1], F_SETPIPE_SZ, DETACH_BYTES);
	return 0;
}

static void close_if_open(int descriptor)
{
	if (descriptor >= 0)
		close(descriptor);
}

static void release(struct lp_attacher *attacher)
{
	close_if_open(attacher->socket);
	close_if_open(attacher->detached[0]);
	close_if_open(attacher->detached[1]);
	close_if_open(attacher->process);
	if (attacher->shared != MAP_FAILED)
		munmap(attacher->shared, sizeof(*attacher->shared));
	free(attacher);
}

static int fork_process(struct lp_attacher *attacher, lp_attach_function attach, int other)
{
	attacher->pid = fork();
	if (!attacher->pid) {
		attacher_serve(attacher->shared, attach ? attach : kernel_probe_open, other,
			       attacher->detached[0]);
	}
	if (attacher->pid < 0)
		return -errno;
	attacher->process = (int)syscall(SYS_pidfd_open, attacher->pid, 0);
	/* a write to a full pipe fails instead of waiting */
	return fcntl(attacher->detached[1], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

int attacher_new(lp_attach_function attach, struct lp_attacher **result)
{
	struct lp_attacher *attacher = calloc(1, sizeof(*attacher));
	int other = -1, err;

	*result = NULL;
	if (!attacher)
		return -ENOMEM;
	attacher->process = attacher->socket = attacher->stop = -1;
	attacher->detached[0] = attacher->detached[1] = -1;
	attacher->end_ns = UINT64_MAX;
	attacher->wait_ns = WAIT_MOST_NS;
	attacher->shared = mmap(NULL, sizeof(*attacher->shared), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	err = attacher->shared == MAP_FAILED ? -errno : open_channels(attacher, &other);
	if (!err)
		err = fork_process(attacher, attach, other);
	close_if_open(other);
	if (err)
		release(attacher);
	else
		*result = attacher;
	return err;
}

void attacher_end_at(struct lp_attacher *attacher, int descriptor, uint64_t end_ns)
{
	attacher->stop = descriptor;
	attacher->end_ns = end_ns;
}

void attacher_judge_by(struct lp_attacher *attacher, bool (*answers)(pid_t pid),
		       uint64_t (*owner_of)(pid_t pid))
{
	attacher->answers = answers;
	attacher->times.owner_of = owner_of;
}

static int send_message(struct lp_attacher *attacher, const struct lp_attach_message *message,
			int program)
{
	int err =
		descriptor_send(attacher->socket, message, sizeof(*message), program, MSG_DONTWAIT);

	if (err != -EPIPE && err != -ECONNRESET)
		return err;
	attacher->ended = true;
	return -EPIPE;
}

/* Takes an answer that is there. Returns whether one was. */
static bool take_answer(struct lp_attacher *attacher, struct lp_attach_answer *answer)
{
	ssize_t bytes;

	if (attacher->ended)
		return false;
	bytes = recv(attacher->socket, answer, sizeof(*answer), MSG_DONTWAIT);
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	attacher->busy = false;
	if (bytes == (ssize_t)sizeof(*answer) && answer->serial == attacher->serial)
		return true;
	/* 0 bytes: the process has ended */
	attacher->ended = true;
	return false;
}

/*
 * Waits for the answer to the last message until an instant and, unless patient, no longer than the
 * run lasts. Returns 0; -EPIPE if the process has ended; -EINTR if the run is to end; or -ETIME.
 */
static int wait_for_answer(struct lp_attacher *attacher, struct lp_attach_answer *answer,
			   uint64_t until_ns, bool patient)
{
	struct pollfd polled[2] = { { .fd = attacher->socket, .events = POLLIN },
				    { .fd = patient ? -1 : attacher->stop, .events = POLLIN } };
	uint64_t end_ns = patient ? UINT64_MAX : attacher->end_ns, now;

	while (!take_answer(attacher, answer)) {
		now = clock_now();
		if (attacher->ended)
			return -EPIPE;
		if (polled[1].revents || now >= end_ns)
			return -EINTR;
		if (now >= until_ns)
			return -ETIME;
		poll(polled, ARRAY_SIZE(polled),
		     (int)((min_u64(until_ns, end_ns) - now) / NS_PER_MS + 1));
	}
	return 0;
}

/* Gives up the last request. Returns false if the process has its result already. */
static bool give_up(struct lp_attacher *attacher)
{
	uint64_t awaited = attacher->serial;

	return __atomic_compare_exchange_n(&attacher->shared->awaited, &awaited, 0, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Who makes an attachment wait, as far as is known. */
enum lp_wait_cause { LP_WAIT_OF_KERNEL, LP_WAIT_OF_HOST, LP_WAIT_OF_PROCESS };

/* The wait for an attachment. */
struct lp_attach_wait {
	pid_t pid; /* 0: a tracepoint, which belongs to no process */
	uint64_t since_ns; /* beginning of the current slice */
	uint64_t starved_ns; /* time without a CPU of the process that attaches, until then */
	enum lp_wait_cause cause; /* of the last slice */
	uint64_t ns[LP_WAIT_OF_PROCESS + 1];
};

/*
 * Determines what the process that attaches waits for. The kernel takes the memory lock of each
 * process that maps the file: the one that is attached to is at fault only if its memory does not
 * answer either. Once it was at fault it is not asked again, as that could take long.
 */
static enum lp_wait_cause cause_of(const struct lp_attacher *attacher,
				   const struct lp_attach_wait *wait)
{
	if (!wait->pid || memory_lock_state(attacher->pid) == LP_MEMORY_LOCK_NOT_AWAITED)
		return LP_WAIT_OF_KERNEL;
	if (wait->cause == LP_WAIT_OF_PROCESS || !attacher->answers ||
	    !attacher->answers(wait->pid))
		return LP_WAIT_OF_PROCESS;
	return LP_WAIT_OF_HOST;
}

/* Ends a slice of a wait at an instant. The time for which no CPU was free counts for no process. */
static void end_slice(const struct lp_attacher *attacher, struct lp_attach_wait *wait,
		      uint64_t now_ns)
{
	struct lp_cpu_progress progress = cpu_progress_read(attacher->pid);
	uint64_t starved_ns = saturating_sub(progress.waited_ns, wait->starved_ns);

	if (progress.state != 'R')
		wait->ns[wait->cause] +=
			saturating_sub(saturating_sub(now_ns, wait->since_ns), starved_ns);
	wait->starved_ns = progress.waited_ns;
	wait->since_ns = now_ns;
}

/*
 * Waits for the answer to the last message as wait_for_answer does, for the time that is left, and
 * determines who made it wait.
 */
static int wait_and_judge(struct lp_attacher *attacher, struct lp_attach_wait *wait,
			  struct lp_attach_answer *answer)
{
	uint64_t now = clock_now(), begun = now, until_ns, last_ns;
	int err;

	until_ns = now + min_u64(attacher->wait_ns,
				 max_u64(attach_times_left(&attacher->times, now), WAIT_LEAST_NS));
	/* before the first probe, a wait that only the kernel causes may last longer */
	last_ns = attacher->any_attached ? until_ns : now + WAIT_FIRST_NS;
	wait->since_ns = now;
	wait->starved_ns = cpu_progress_read(attacher->pid).waited_ns;
	for (;;) {
		err = wait_for_answer(attacher, answer,
				      min_u64(now + SLICE_NS, now < until_ns ? until_ns : last_ns),
				      false);
		now = clock_now();
		if (err != -ETIME)
			break;
		wait->cause = cause_of(attacher, wait);
		end_slice(attacher, wait, now);
		now = clock_now();
		if (now >= last_ns || (now >= until_ns && wait->cause != LP_WAIT_OF_KERNEL))
			break;
	}
	/* the rest of the wait, up to when the kernel had finished, has the cause of what was
	 * before */
	if (!err && answer->done_ns - begun >= SLICE_NS)
		end_slice(attacher, wait, max_u64(answer->done_ns, wait->since_ns));
	return err;
}

/* Charges those who made an attachment wait. Returns whether the process is to be left alone now. */
static bool charge_wait(struct lp_attacher *attacher, const struct lp_attach_wait *wait)
{
	uint64_t now = clock_now();

	if (wait->ns[LP_WAIT_OF_HOST])
		attach_times_charge_host(&attacher->times, wait->ns[LP_WAIT_OF_HOST], now);
	return wait->ns[LP_WAIT_OF_PROCESS] &&
	       attach_times_charge(&attacher->times, wait->pid, wait->ns[LP_WAIT_OF_PROCESS], now);
}

/* Waits for the result of the last request, and returns it as attacher_attach does. */
static int await_result(struct lp_attacher *attacher, pid_t pid, bool *first)
{
	struct lp_attach_wait wait = { .pid = pid };
	struct lp_attach_answer answer;
	int err = wait_and_judge(attacher, &wait, &answer);
	bool used_up = charge_wait(attacher, &wait);

	if (err && err != -EPIPE) {
		if (give_up(attacher)) {
			*first = err == -ETIME;
			attacher->reported |= *first;
			if (*first)
				attacher->wait_ns = max_u64(attacher->wait_ns / 2, WAIT_LEAST_NS);
			return used_up ? -EDQUOT : -EBUSY;
		}
		err = wait_for_answer(attacher, &answer, clock_now() + ANSWER_NS, true);
	}
	if (err)
		return err == -EPIPE ? err : -EBUSY;
	attacher->wait_ns = min_u64(attacher->wait_ns * 2, WAIT_MOST_NS);
	attacher->attached += answer.result > 0;
	attacher->any_attached |= pid && answer.result > 0;
	if (used_up)
		attacher->used_up = pid;
	return answer.result;
}

/* Takes the answer to a request that was given up, if it is there. */
static void take_late_answer(struct lp_attacher *attacher)
{
	struct lp_attach_answer answer;

	/* usually the process has detached the probe itself */
	if (attacher->busy && take_answer(attacher, &answer) && answer.result > 0) {
		attacher->attached++;
		attacher_detach(attacher, answer.result);
	}
}

bool attacher_busy(const struct lp_attacher *attacher)
{
	return attacher->busy;
}

/*
 * Returns 0 if probes may be attached to a process, -EDQUOT if it has used up its time, or
 * -ETIMEDOUT if its memory does not answer: the kernel would wait for it, and all that forks with
 * the kernel. The process pays for an answer that takes long.
 */
static int check_process(struct lp_attacher *attacher, pid_t pid, bool *first)
{
	uint64_t begun = clock_now(), now;
	bool answers;

	if (!pid)
		return 0;
	if (attach_times_refuse(&attacher->times, pid, begun)) {
		*first = attacher->used_up == pid;
		attacher->used_up = 0;
		return -EDQUOT;
	}
	answers = !attacher->answers || attacher->answers(pid);
	now = clock_now();
	if (now - begun >= SLICE_NS && attach_times_charge(&attacher->times, pid, now - begun, now))
		attacher->used_up = pid;
	return answers ? 0 : -ETIMEDOUT;
}

int attacher_attach(struct lp_attacher *attacher, const struct lp_attach_request *request,
		    bool *first)
{
	struct lp_attach_message message = { .offset = request->offset,
					     .known = request->known,
					     .for_host = request->for_host,
					     .tracepoint = request->tracepoint,
					     .checks = request->program < 0,
					     .pid = request->pid };
	const char *name = request->tracepoint ? request->tracepoint : request->path;
	int err;

	*first = false;
	take_late_answer(attacher);
	if (attacher->ended)
		return -EPIPE;
	if (attacher->busy)
		return -EBUSY;
	err = check_process(attacher, request->pid, first);
	if (err)
		return err;
	if (request->known)
		message.facts = *request->known;
	if (strlen(name) >= sizeof(message.name))
		return -ENAMETOOLONG;
	memcpy(message.name, name, strlen(name) + 1);
	message.serial = ++attacher->serial;
	__atomic_store_n(&attacher->shared->awaited, message.serial, __ATOMIC_RELEASE);
	err = send_message(attacher, &message, request->program);
	if (err)
		return err;
	attacher->busy = true;
	return await_result(attacher, request->pid, first);
}

void attacher_detach(struct lp_attacher *attacher, int probe)
{
	const struct lp_detach_message message = { .taken_ns = clock_now(), .probe = probe };

	/* if the pipe is full, the probe is detached at the end */
	if (probe && write(attacher->detached[1], &message, sizeof(message)) < 0)
		return;
}

enum lp_attacher_change attacher_turn(struct lp_attacher *attacher)
{
	struct lp_attach_answer answer;

	if (attacher->busy)
		take_late_answer(attacher);
	else if (!attacher->ended)
		/* without a request there is no answer: only the end of the process is noticed */
		take_answer(attacher, &answer);
	if (attacher->ended && !attacher->ended_reported) {
		attacher->ended_reported = true;
		return LP_ATTACHER_ENDED;
	}
	if (!attacher->reported || attacher->busy || attacher->ended)
		return LP_ATTACHER_SAME;
	attacher->reported = false;
	return LP_ATTACHER_FREE;
}

pid_t attacher_stopped(const struct lp_attacher *attacher)
{
	char state = process_state(attacher->pid);

	return state == 'T' || state == 't' ? attacher->pid : 0;
}

bool attacher_explain(const struct lp_attacher *attacher, int err, const char *failure,
		      struct lp_error *error)
{
	pid_t stopped = err == -EBUSY ? attacher_stopped(attacher) : 0;

	if (stopped)
		error_set(
			error, err,
			"%s: the process that attaches probes (loopprof-attach) was stopped from outside; continue it: kill -CONT %d",
			failure, stopped);
	else if (err == -EPIPE)
		error_set(
			error, err,
			"%s: the process that attaches probes (loopprof-attach) was killed from outside (by the kernel, as memory ran out, or by kill); start loopprof again",
			failure);
	return stopped || err == -EPIPE;
}

uint64_t attacher_delay_ns(const struct lp_attacher *attacher)
{
	return __atomic_load_n(&attacher->shared->delay_ns, __ATOMIC_RELAXED);
}

uint64_t attacher_cpu_ns(const struct lp_attacher *attacher)
{
	return __atomic_load_n(&attacher->shared->cpu_ns, __ATOMIC_RELAXED);
}

void attacher_free(struct lp_attacher *attacher)
{
	struct pollfd polled = { .events = POLLIN };
	uint64_t left;

	if (!attacher)
		return;
	left = attacher->attached - __atomic_load_n(&attacher->shared->removed, __ATOMIC_ACQUIRE);
	polled.fd = attacher->process;
	/* at the end of both the process detaches all probes, and ends */
	close(attacher->socket);
	close(attacher->detached[1]);
	/* one that was stopped from outside would leave them attached */
	if (attacher_stopped(attacher))
		kill(attacher->pid, SIGCONT);
	attacher->socket = attacher->detached[1] = -1;
	/* a process that does not finish with a request is not awaited */
	if (polled.fd >= 0 && !attacher->busy && left <= WAITED_FOR && poll(&polled, 1, END_MS) > 0)
		waitpid(attacher->pid, NULL, 0);
	release(attacher);
}
