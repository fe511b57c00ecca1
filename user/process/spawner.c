// SPDX-License-Identifier: BSD-2-Clause
#include "spawner.h"

#include "descriptor.h"

#include "base/clocks.h"
#include "files/standard.h"
#include "privileges/priority.h"
#include "privileges/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The socket of the spawner and of each worker, in that process. */
#define OWN 3

/* Closes all descriptors but this one, which becomes OWN. */
static void retain_only(int socket)
{
	/* a process that may hang must not hold stdin, stdout or stderr open */
	if (socket != OWN)
		dup3(socket, OWN, O_CLOEXEC);
	close_range(OWN + 1, ~0U, 0);
	close_range(0, OWN - 1, 0);
	standard_open_null();
}

static void serve(lp_worker_server server)
{
	char *request = malloc(LP_WORKER_BYTES), *answer = malloc(LP_WORKER_BYTES);
	struct lp_worker_head head;
	struct iovec in[2] = { { &head, sizeof(head) }, { request, LP_WORKER_BYTES } };
	struct iovec out[2] = { { &head, sizeof(head) }, { answer, 0 } };

	while (request && answer) {
		struct msghdr incoming = { .msg_iov = in, .msg_iovlen = 2 };
		struct msghdr outgoing = { .msg_iov = out, .msg_iovlen = 2 };
		ssize_t bytes = recvmsg(OWN, &incoming, 0);
		uint64_t begun = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		if (bytes < (ssize_t)sizeof(head))
			break;
		head.result =
			server(request, (size_t)bytes - sizeof(head), answer, LP_WORKER_BYTES);
		head.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
		out[1].iov_len = head.result > 0 ? (size_t)head.result : 0;
		if (sendmsg(OWN, &outgoing, MSG_NOSIGNAL) < 0)
			break;
	}
	free(request);
	free(answer);
}

/* The main process handles signals to the whole group or unit. */
static void block_signals(void)
{
	sigset_t all;
	int number;

	for (number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/*
 * Workers parse hostile data, and the spawner forks them: both may read targets and nothing else.
 */
static void confine(void)
{
	static const struct lp_sandbox sandbox = { .kind = LP_SANDBOX_READER };

	/* on a kernel that lacks a part of it the worker still runs */
	sandbox_enter(&sandbox);
}

static void spawn(lp_worker_server server)
{
	pid_t self = getpid();

	for (;;) {
		int socket, process = -1;
		int64_t number;
		pid_t pid;

		if (descriptor_receive(OWN, &number, sizeof(number), &socket) <= 0)
			return;
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != self)
				_exit(0);
			retain_only(socket);
			serve(server);
			_exit(0);
		}
		if (pid < 0)
			pid = -errno;
		else
			process = (int)syscall(SYS_pidfd_open, pid, 0);
		close(socket);
		if (pid > 0 && process < 0) {
			kill(pid, SIGKILL);
			pid = -ECHILD;
		}
		number = pid;
		if (descriptor_send(OWN, &number, sizeof(number), process, 0))
			return;
		if (process >= 0)
			close(process);
	}
}

pid_t spawner_start(lp_worker_server server, int *result)
{
	pid_t parent = getpid(), pid;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		prctl(PR_SET_NAME, "loopprof-worker");
		block_signals();
		/* the spawner does not wait for its children, some of which never end */
		signal(SIGCHLD, SIG_IGN);
		setsid();
		priority_raise_session();
		retain_only(sockets[1]);
		/* The workers inherit the restrictions. */
		confine();
		spawn(server);
		_exit(0);
	}
	close(sockets[1]);
	if (pid < 0) {
		pid = -errno;
		close(sockets[0]);
		return pid;
	}
	*result = sockets[0];
	return pid;
}

int spawner_ask(int spawner, int socket)
{
	int64_t number = 0;

	return descriptor_send(spawner, &number, sizeof(number), socket, 0);
}

pid_t spawner_answer(int spawner, int *process)
{
	int64_t pid = 0;

	if (descriptor_receive(spawner, &pid, sizeof(pid), process) != (ssize_t)sizeof(pid))
		return -EPIPE;
	if (pid <= 0)
		return -ENOBUFS;
	return *process < 0 ? -EPIPE : (pid_t)pid;
}
