// SPDX-License-Identifier: BSD-2-Clause
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that has made so many system calls without mapping libpython has none, or not soon. */
#define SEARCH_CALLS 200000
#define SYSCALL_TRAP (SIGTRAP | 0x80)

struct lp_launch {
	pid_t pid;
	bool traced;
	bool follow; /* its children matter as well */
	unsigned int calls; /* system calls since the last exec */
	bool ended;
	int status; /* as waitpid gives it */
};

/* root's program would run as root only because it is profiled: not with sudo. */
static int become_sudo_user(void)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	const struct passwd *user;
	uid_t uid;
	gid_t gid;

	if (geteuid() || !uid_text || !gid_text)
		return 0;
	uid = (uid_t)strtoul(uid_text, NULL, 10);
	gid = (gid_t)strtoul(gid_text, NULL, 10);
	user = getpwuid(uid);
	if (user ? initgroups(user->pw_name, gid) : setgroups(1, &gid))
		return -errno;
	if (setgid(gid) || setuid(uid))
		return -errno;
	return 0;
}

static void run_child(char *const argv[], int report)
{
	int err;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	err = become_sudo_user();
	if (!err && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		err = -errno;
	if (!err) {
		/* the parent sets its options here */
		raise(SIGSTOP);
		execvp(argv[0], argv);
		err = -errno;
	}
	if (write(report, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int launch_start(char *const argv[], bool follow, struct lp_launch **result, struct lp_error *error)
{
	struct lp_launch *launch = calloc(1, sizeof(*launch));
	int report[2], err, status;
	sigset_t none;

	*result = NULL;
	if (!launch)
		return error_set(error, -ENOMEM, "out of memory");
	if (pipe2(report, O_CLOEXEC)) {
		free(launch);
		return error_set(error, -errno, "cannot start %s: %s", argv[0], strerror(errno));
	}
	launch->follow = follow;
	launch->pid = fork();
	if (!launch->pid) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		run_child(argv, report[1]);
	}
	close(report[1]);
	if (launch->pid < 0 || waitpid(launch->pid, &status, 0) < 0 || !WIFSTOPPED(status)) {
		err = -ECHILD;
		goto failed;
	}
	ptrace(PTRACE_SETOPTIONS, launch->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
	ptrace(PTRACE_CONT, launch->pid, NULL, NULL);
	/* ends without data at the exec that succeeds */
	launch->traced = true;
	err = 0;
	if (read(report[0], &err, sizeof(err)) == (ssize_t)sizeof(err))
		goto failed;
	close(report[0]);
	*result = launch;
	return 0;
failed:
	close(report[0]);
	error_set(error, err, "cannot start %s: %s", argv[0], strerror(-err));
	free(launch);
	return err;
}

pid_t launch_pid(const struct lp_launch *launch)
{
	return launch->pid;
}

enum lp_call { LP_CALL_OTHER, LP_CALL_MAPS_CODE, LP_CALL_FORKS };

/* Does the process map something executable, as a loader does with a library, or fork? */
static enum lp_call current_call(pid_t pid)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers))
		return LP_CALL_OTHER;
	switch (registers.orig_rax) {
	case SYS_mmap:
		return registers.rdx & PROT_EXEC ? LP_CALL_MAPS_CODE : LP_CALL_OTHER;
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_vfork:
		return LP_CALL_FORKS;
	default:
		return LP_CALL_OTHER;
	}
}

/* A stop of the held program: true if it is the one that was waited for. */
static bool handle_stop(struct lp_launch *launch, int status, bool (*has_interpreter)(pid_t pid))
{
	enum lp_call call;

	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
		launch->calls = 0;
		if (has_interpreter(launch->pid))
			return true;
	} else if (WSTOPSIG(status) == SYSCALL_TRAP) {
		call = current_call(launch->pid);
		if (call == LP_CALL_MAPS_CODE && has_interpreter(launch->pid))
			return true;
		/* a shell that waits for its children, which are the targets */
		if (call == LP_CALL_FORKS && launch->follow) {
			launch_release(launch);
			return false;
		}
		if (++launch->calls > SEARCH_CALLS) {
			/* at full speed until the next exec */
			ptrace(PTRACE_CONT, launch->pid, NULL, NULL);
			return false;
		}
	} else {
		/* a signal of its own: passed on */
		ptrace(PTRACE_SYSCALL, launch->pid, NULL, (void *)(intptr_t)WSTOPSIG(status));
		return false;
	}
	ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
	return false;
}

bool launch_find_interpreter(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid))
{
	int status;

	while (launch->traced) {
		if (waitpid(launch->pid, &status, __WALL) < 0)
			return false;
		if (!WIFSTOPPED(status)) {
			launch->ended = true;
			launch->traced = false;
			launch->status = status;
			return false;
		}
		if (handle_stop(launch, status, has_interpreter))
			return true;
	}
	return false;
}

void launch_release(struct lp_launch *launch)
{
	if (launch->traced)
		ptrace(PTRACE_DETACH, launch->pid, NULL, NULL);
	launch->traced = false;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool launch_ended(struct lp_launch *launch, int *status)
{
	if (!launch->ended && waitpid(launch->pid, &launch->status, WNOHANG) == launch->pid)
		launch->ended = WIFEXITED(launch->status) || WIFSIGNALED(launch->status);
	if (launch->ended)
		*status = exit_status(launch->status);
	return launch->ended;
}

int launch_wait(struct lp_launch *launch)
{
	while (!launch->ended) {
		if (waitpid(launch->pid, &launch->status, 0) < 0 && errno != EINTR)
			return 1;
		launch->ended = WIFEXITED(launch->status) || WIFSIGNALED(launch->status);
	}
	return exit_status(launch->status);
}

void launch_free(struct lp_launch *launch)
{
	if (!launch)
		return;
	launch_release(launch);
	free(launch);
}
