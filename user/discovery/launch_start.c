// SPDX-License-Identifier: BSD-2-Clause
/* The beginning of a launched program: from fork() to exec(). */
#include "launch_internal.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "privileges/open_files.h"
#include "privileges/priority.h"
#include "privileges/sudo.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The longest time in ms of one wait for a change of the program. */
#define WAIT_MS 100
/* The exit status of a process that has not executed the program, as shells have it. */
#define STATUS_NOT_THERE 127
#define STATUS_NOT_EXECUTED 126
#define STATUS_NO_USER 1

/* A message of the process that cannot execute the program. */
struct report {
	int err; /* negative errno */
	bool by_user; /* it could not become the user who called sudo */
};

/*
 * Becomes the user who called sudo. Otherwise the program would run as root only because it is
 * profiled. Returns 0 or a negative errno.
 */
static int become(const struct lp_sudo_user *user)
{
	if (*user->name ? initgroups(user->name, user->group) : setgroups(1, &user->group))
		return -errno;
	if (setresgid(user->group, user->group, user->group) ||
	    setresuid(user->user, user->user, user->user))
		return -errno;
	/* IDs that were not changed would still be root's */
	return getuid() == user->user && geteuid() == user->user ? 0 : -EPERM;
}

static int failed_status(const struct report *report)
{
	if (report->by_user)
		return STATUS_NO_USER;
	return report->err == -ENOENT ? STATUS_NOT_THERE : STATUS_NOT_EXECUTED;
}

/*
 * Runs in the child and does not return. user is NULL for the user of this process. Once the parent
 * traces it, it receives a byte from the socket; all that may fail comes after that, so that the
 * parent always gets the report.
 */
static void run_child(char *const argv[], const struct lp_sudo_user *user, int socket)
{
	struct report report = { .err = 0 };
	sigset_t none;
	char byte;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (recv(socket, &byte, 1, 0) != 1)
		_exit(STATUS_NOT_EXECUTED);
	priority_restore();
	open_files_restore();
	if (user) {
		report.err = become(user);
		report.by_user = report.err != 0;
	}
	if (!report.err) {
		execvp(argv[0], argv);
		report.err = -errno;
	}
	/* a parent that has ended meanwhile needs no report */
	send(socket, &report, sizeof(report), MSG_NOSIGNAL);
	_exit(failed_status(&report));
}

/*
 * Traces the child, which waits for a byte from the socket, and lets it call exec. With
 * PTRACE_SEIZE a program that is stopped by its terminal or by kill(1) stays stopped until SIGCONT,
 * as without a tracer. Returns 0 or a negative errno.
 */
static int seize(struct lp_launch *launch)
{
	if (ptrace(PTRACE_SEIZE, launch->pid, NULL,
		   (void *)(intptr_t)(PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD)))
		return -errno;
	launch->traced = true;
	/* if the child was killed meanwhile, the search for an interpreter notices that */
	return send(launch->report, "", 1, MSG_NOSIGNAL) == 1 || errno == EPIPE ? 0 : -errno;
}

/* Ends a child that has not begun to execute the program. */
static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

int launch_start(char *const argv[], bool follow, struct lp_launch **result, struct lp_error *error)
{
	int sockets[2] = { -1, -1 }, err, by_sudo;
	struct lp_launch *launch;
	struct lp_sudo_user user;

	*result = NULL;
	by_sudo = sudo_caller(&user, error);
	if (by_sudo < 0) {
		error_prefix(error, "cannot start %s: ", argv[0]);
		return by_sudo;
	}
	launch = calloc(1, sizeof(*launch));
	if (!launch)
		return error_set(error, -ENOMEM, "out of memory");
	launch->follow = follow;
	launch->name = argv[0];
	err = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) ? -errno : 0;
	launch->report = sockets[0];
	if (!err) {
		/* if this process has inherited that it is ignored, the kernel drops exit statuses */
		sighandler_t before = signal(SIGCHLD, SIG_DFL);

		launch->pid = fork();
		if (!launch->pid) {
			signal(SIGCHLD, before);
			close(sockets[0]);
			run_child(argv, by_sudo ? &user : NULL, sockets[1]);
		}
		err = launch->pid < 0 ? -errno : 0;
	}
	if (sockets[1] >= 0)
		close(sockets[1]);
	if (!err) {
		err = seize(launch);
		if (err)
			end_child(launch->pid);
	}
	if (!err) {
		*result = launch;
		return 0;
	}
	error_set(error, err, "cannot start %s: %s", argv[0], strerror(-err));
	if (launch->report >= 0)
		close(launch->report);
	free(launch);
	return err;
}

/* Sets the sentence for a program that cannot be executed. Returns the error code. */
static int explain(const char *name, const struct report *report, struct lp_error *error)
{
	struct stat file;
	bool is_there = strchr(name, '/') && !stat(name, &file);

	if (report->by_user)
		return error_set(
			error, report->err,
			"cannot start %s: cannot become the user who called sudo (SUDO_UID, SUDO_GID): %s; without these variables it runs as the user of loopprof",
			name, strerror(-report->err));
	if (report->err == -ENOENT && is_there)
		return error_set(
			error, report->err,
			"cannot start %s: the program that its first line or its ELF header names is not there",
			name);
	if (report->err == -ENOENT)
		return error_set(error, report->err, "cannot start %s: there is no such %s", name,
				 strchr(name, '/') ? "file" : "command in PATH");
	if (report->err == -EACCES && is_there && S_ISDIR(file.st_mode))
		return error_set(error, report->err, "cannot start %s: it is a directory", name);
	if (report->err == -EACCES)
		return error_set(
			error, report->err,
			"cannot start %s: it is not executable (chmod +x; without that, a script needs its interpreter in front: python3 %s), or a directory on the way to it is closed to this user",
			name, name);
	return error_set(error, report->err, "cannot start %s: %s", name, strerror(-report->err));
}

/*
 * Continues a process that has stopped before exec, as each signal stops a traced process. Returns
 * false if it has not stopped, or has executed the program or ended, which the caller handles.
 */
static bool continue_stopped(const struct lp_launch *launch)
{
	siginfo_t info = { .si_pid = 0 };
	int status, signal;

	if (waitid(P_PID, (id_t)launch->pid, &info,
		   WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) ||
	    !info.si_pid || info.si_code != CLD_TRAPPED ||
	    info.si_status >> 8 == PTRACE_EVENT_EXEC ||
	    waitpid(launch->pid, &status, WNOHANG | __WALL) != launch->pid || !WIFSTOPPED(status))
		return false;
	signal = WSTOPSIG(status);
	if (launch_event(status) == PTRACE_EVENT_STOP && signal != SIGTRAP)
		ptrace(PTRACE_LISTEN, launch->pid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, launch->pid, NULL,
		       (void *)(intptr_t)(launch_event(status) ? 0 : signal));
	return true;
}

int launch_wait_for_change(const struct lp_launch_search *search)
{
	struct pollfd polled[2] = { { .fd = search->children, .events = POLLIN },
				    { .fd = search->stop, .events = POLLIN } };
	uint64_t now = clock_now(), left_ms;
	struct signalfd_siginfo info;

	if (now >= search->end_ns)
		return -ETIME;
	left_ms = (search->end_ns - now) / NS_PER_MS + 1;
	if (poll(polled, 2, left_ms > WAIT_MS ? WAIT_MS : (int)left_ms) < 0 && errno != EINTR)
		return error_set(search->error, -errno, "cannot wait for the program: %s",
				 strerror(errno));
	if (polled[1].revents)
		return -EINTR;
	/*
	 * several changes may share one signal, so that the caller calls waitpid() until there are
	 * no more
	 */
	if (polled[0].revents && read(search->children, &info, sizeof(info)) < 0)
		return errno == EAGAIN
			       ? 0
			       : error_set(search->error, -errno, "cannot wait for the program: %s",
					   strerror(errno));
	return 0;
}

int launch_await_exec(struct lp_launch *launch, const struct lp_launch_search *search)
{
	struct report report;
	ssize_t bytes;
	int err;

	while (launch->report >= 0) {
		bytes = recv(launch->report, &report, sizeof(report), MSG_DONTWAIT);
		if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
			err = continue_stopped(launch) ? 0 : launch_wait_for_change(search);
			if (err)
				return err;
			continue;
		}
		/* an exec has closed the other end, or the process has ended */
		close(launch->report);
		launch->report = -1;
		if (bytes == (ssize_t)sizeof(report))
			return explain(launch->name, &report, search->error);
	}
	return 0;
}
