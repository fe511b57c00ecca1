// SPDX-License-Identifier: BSD-2-Clause
/* The process that attaches: its main thread attaches, another one detaches. */
#include "attacher_internal.h"

#include "base/clocks.h"
#include "files/standard.h"
#include "process/descriptor.h"
#include "privileges/open_files.h"
#include "privileges/priority.h"
#include "privileges/sandbox.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sent by the kernel when the run has ended, however it did. */
#define ATTACHER_END_SIGNAL SIGUSR1
/* The newest removal's weight in the average is 1 / this. */
#define DELAY_WEIGHT 4
/* Each probe is a descriptor of the process. Most roles have one place in a process. */
#define FILES_OF_PROBES (LP_MAX_PROCESSES * LP_PROBE_ROLES)
/* The numbers of the descriptors that the process retains. */
#define SOCKET 3
#define DETACHED 4

/*
 * Receives a message and the descriptor of the program, which is -1 if none was sent. Returns 0; a
 * negative errno if the descriptor could not be received; or 1 at the end.
 */
static int receive(struct lp_attach_message *message, int *program)
{
	ssize_t bytes = descriptor_receive(SOCKET, message, sizeof(*message), program);

	if (bytes == -EMFILE)
		return -EMFILE;
	return bytes == (ssize_t)sizeof(*message) ? 0 : 1;
}

static int open_probe(const struct lp_attach_message *message, int program,
		      lp_attach_function attach)
{
	struct lp_attach_request request = {
		.program = message->checks ? -1 : program,
		.for_host = message->for_host,
		.tracepoint = message->tracepoint ? message->name : NULL,
		.pid = message->pid,
		.path = message->name,
		.known = message->known ? &message->facts : NULL,
		.offset = message->offset,
	};

	return attach(&request);
}

static void publish_cpu(struct lp_attacher_shared *shared)
{
	__atomic_store_n(&shared->cpu_ns, clock_ns(CLOCK_PROCESS_CPUTIME_ID), __ATOMIC_RELAXED);
}

/* Answers messages until the run closes its end of the socket. */
static void attach_all(struct lp_attacher_shared *shared, lp_attach_function attach)
{
	struct lp_attach_message message;
	int program, result;

	while ((result = receive(&message, &program)) <= 0) {
		uint64_t awaited = message.serial;
		struct lp_attach_answer answer = { .serial = message.serial };

		if (!result)
			result = open_probe(&message, program, attach);
		answer.done_ns = clock_now();
		if (program >= 0)
			close(program);
		publish_cpu(shared);
		/* the run may have given the probe up meanwhile */
		if (!__atomic_compare_exchange_n(&shared->awaited, &awaited, 0, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			if (result > 0)
				close(result);
			result = -EBUSY;
		}
		answer.result = result;
		if (send(SOCKET, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* The second thread: the kernel takes long to detach, and attaching must not wait for that. */
static void *detach_all(void *context)
{
	struct lp_attacher_shared *shared = context;
	struct lp_detach_message message;
	uint64_t delay_ns;

	while (read(DETACHED, &message, sizeof(message)) == (ssize_t)sizeof(message)) {
		close(message.probe);
		delay_ns = shared->delay_ns - shared->delay_ns / DELAY_WEIGHT +
			   (clock_now() - message.taken_ns) / DELAY_WEIGHT;
		__atomic_store_n(&shared->delay_ns, delay_ns, __ATOMIC_RELAXED);
		publish_cpu(shared);
		__atomic_add_fetch(&shared->removed, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/*
 * Closes all descriptors of the run, so that readers of its output get to the end of it although
 * this process outlives the run.
 */
static void retain_only(int socket, int detached)
{
	/* they are moved above their final numbers first, so that neither replaces the other */
	socket = fcntl(socket, F_DUPFD_CLOEXEC, DETACHED + 1);
	detached = fcntl(detached, F_DUPFD_CLOEXEC, DETACHED + 1);
	dup3(socket, SOCKET, O_CLOEXEC);
	dup3(detached, DETACHED, O_CLOEXEC);
	close_range(DETACHED + 1, ~0U, 0);
	close_range(0, SOCKET - 1, 0);
	/* with 0 to 2 open, the descriptor of a probe is always positive */
	standard_open_null();
}

/* Interrupts a wait of an attachment; the end of the socket then ends the process. */
static void on_end_of_run(int number)
{
	(void)number;
}

/*
 * Blocks all signals, and requests the one for the end of the run. It reaches a thread that calls
 * handle_end(), and none that was created before.
 */
static void block_signals(void)
{
	const struct sigaction action = { .sa_handler = on_end_of_run };
	sigset_t all;

	sigaction(ATTACHER_END_SIGNAL, &action, NULL);
	prctl(PR_SET_PDEATHSIG, ATTACHER_END_SIGNAL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void handle_end(void)
{
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, ATTACHER_END_SIGNAL);
	sigprocmask(SIG_UNBLOCK, &end, NULL);
}

void attacher_serve(struct lp_attacher_shared *shared, lp_attach_function attach, int socket,
		    int detached)
{
	static const struct lp_sandbox sandbox = { .kind = LP_SANDBOX_ATTACHER };
	pthread_t thread;
	bool threaded;

	setsid();
	priority_raise_session();
	prctl(PR_SET_NAME, "loopprof-attach");
	/* the run handles the signals to its group or unit, and ends this process */
	block_signals();
	retain_only(socket, detached);
	open_files_raise(FILES_OF_PROBES);
	/* on a kernel that lacks a part of it the process still attaches */
	sandbox_enter(&sandbox);
	/* without the thread, all probes are detached at the end */
	threaded = !pthread_create(&thread, NULL, detach_all, shared);
	handle_end();
	attach_all(shared, attach);
	/*
	 * The end of a process kills its other threads, and a thread that is killed cannot remove
	 * breakpoints: the kernel leaves those in the memory of the targets ("leaking uprobe"). So
	 * the thread ends first, and the probes are closed before the process ends. For the same
	 * reason no signal kills this process when the run ends.
	 */
	if (threaded)
		pthread_join(thread, NULL);
	close_range(DETACHED + 1, ~0U, 0);
	_exit(0);
}
