// SPDX-License-Identifier: BSD-2-Clause
#include "launch.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "privileges/priority.h"
#include "privileges/sudo.h"
#include "runtime/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The number of system calls after which a program that has not mapped libpython is not searched
 * any more until its next exec.
 */
#define SEARCH_CALLS 200000
#define SYSCALL_TRAP (SIGTRAP | 0x80)
/* The longest time in ms of one wait for a change of the program. */
#define WAIT_MS 1000
/* The limit of calls of is_complete; each takes a worker some milliseconds. */
#define QUESTIONS 256
/* The time in ns between two checks whether a blocked program is still to be held. */
#define CALL_WAIT_NS 10000000
/*
 * The time in ns for which the end of a trace waits until the program stops, and between two
 * checks.
 */
#define LEAVE_NS 200000000
#define LEAVE_STEP_NS 1000000

struct lp_launch {
	pid_t pid;
	bool traced;
	bool leaving; /* the trace ends as soon as the program stops */
	bool follow; /* children are profiled as well */
	unsigned int calls; /* system calls since the last exec */
	bool ended;
	int status; /* as waitpid() returns it */
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

/*
 * Runs in the child and does not return. user is NULL for the user of this process. Writes the
 * errno of a failure, negative, to the descriptor report.
 */
static void run_child(char *const argv[], const struct lp_sudo_user *user, int report)
{
	int err = 0;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	priority_restore();
	if (user)
		err = become(user);
	if (!err && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		err = -errno;
	if (!err) {
		/* the parent sets the options of ptrace while the child is stopped */
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
	struct lp_launch *launch;
	int report[2], err, status, by_sudo;
	struct lp_sudo_user user;
	sigset_t none;

	*result = NULL;
	by_sudo = sudo_caller(&user, error);
	if (by_sudo < 0) {
		error_prefix(error, "cannot start %s: ", argv[0]);
		return by_sudo;
	}
	launch = calloc(1, sizeof(*launch));
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
		run_child(argv, by_sudo ? &user : NULL, report[1]);
	}
	close(report[1]);
	if (launch->pid < 0 || waitpid(launch->pid, &status, 0) < 0 || !WIFSTOPPED(status)) {
		err = -ECHILD;
		goto failed;
	}
	ptrace(PTRACE_SETOPTIONS, launch->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
	ptrace(PTRACE_CONT, launch->pid, NULL, NULL);
	/* the pipe is closed without data by an exec that succeeds */
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

/*
 * Classifies the system call that the stopped process makes: it maps code, as a loader does with a
 * library, or it forks.
 */
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

/*
 * Handles a stop of the program and continues it, unless it has an interpreter now. Returns whether
 * it has.
 */
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
		/* with -s a program that forks may be a shell, whose children are the targets */
		if (call == LP_CALL_FORKS && launch->follow) {
			launch_release(launch);
			return false;
		}
		if (++launch->calls > SEARCH_CALLS) {
			/* continued without stops at system calls until the next exec */
			ptrace(PTRACE_CONT, launch->pid, NULL, NULL);
			return false;
		}
	} else {
		/* a signal for the program, which is delivered */
		ptrace(PTRACE_SYSCALL, launch->pid, NULL, (void *)(intptr_t)WSTOPSIG(status));
		return false;
	}
	ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
	return false;
}

/* The events that end a wait of the search for an interpreter. */
struct search {
	int children; /* signalfd for SIGCHLD */
	int stop;
	uint64_t end_ns;
};

/*
 * Waits for a change of the program for WAIT_MS at most. Returns 0, or a negative errno that ends
 * the search: -ETIME, -EINTR or a failure.
 */
static int wait_for_change(const struct search *search)
{
	struct pollfd polled[2] = { { .fd = search->children, .events = POLLIN },
				    { .fd = search->stop, .events = POLLIN } };
	uint64_t now = clock_now(), left_ms;
	struct signalfd_siginfo info;

	if (now >= search->end_ns)
		return -ETIME;
	left_ms = (search->end_ns - now) / NS_PER_MS + 1;
	if (poll(polled, 2, left_ms > WAIT_MS ? WAIT_MS : (int)left_ms) < 0 && errno != EINTR)
		return -errno;
	if (polled[1].revents)
		return -EINTR;
	/*
	 * several changes may share one signal, so that the caller calls waitpid() until there are
	 * no more
	 */
	if (polled[0].revents && read(search->children, &info, sizeof(info)) < 0)
		return errno == EAGAIN ? 0 : -errno;
	return 0;
}

static int search_until(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid),
			const struct search *search)
{
	int status, err;
	pid_t changed;

	while (launch->traced) {
		changed = waitpid(launch->pid, &status, __WALL | WNOHANG);
		if (changed < 0)
			return 0;
		if (!changed) {
			err = wait_for_change(search);
			if (err)
				return err;
			continue;
		}
		if (!WIFSTOPPED(status)) {
			launch->ended = true;
			launch->traced = false;
			launch->status = status;
			return 0;
		}
		if (handle_stop(launch, status, has_interpreter))
			return 1;
	}
	return 0;
}

/*
 * Returns whether this process still traces the program. It does not if another thread than the
 * first one called exec: the kernel then ends the trace of the first thread without a report.
 */
static bool is_traced(const struct lp_launch *launch)
{
	char path[32], line[256];
	long tracer = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", launch->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "TracerPid:", strlen("TracerPid:")))
			tracer = strtol(line + strlen("TracerPid:"), NULL, 10);
	if (file)
		fclose(file);
	return tracer == getpid();
}

/* Handles a change of a program whose trace is to end. */
static void take_change(struct lp_launch *launch, int status)
{
	int signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

	if (!signal) {
		launch->leaving = launch->traced = false;
		launch->ended = true;
		launch->status = status;
		return;
	}
	/*
	 * other stops may come before that of SIGSTOP, which is the only signal that is not
	 * delivered
	 */
	if (signal == SIGSTOP) {
		launch->leaving = false;
		launch_release(launch);
		return;
	}
	if (signal == SYSCALL_TRAP || status >> 16)
		signal = 0;
	ptrace(PTRACE_CONT, launch->pid, NULL, (void *)(intptr_t)signal);
}

bool launch_leave(struct lp_launch *launch, uint64_t until_ns)
{
	static const struct timespec pause = { .tv_nsec = LEAVE_STEP_NS };
	pid_t changed;
	int status;

	while (launch->leaving) {
		changed = waitpid(launch->pid, &status, __WALL | WNOHANG);
		if (changed == launch->pid) {
			take_change(launch, status);
			continue;
		}
		if (changed < 0 || !is_traced(launch)) {
			/*
			 * a SIGSTOP that was sent and not received here must not stop the program
			 * for good
			 */
			kill(launch->pid, SIGCONT);
			launch->leaving = launch->traced = false;
		} else if (clock_now() >= until_ns) {
			break;
		} else {
			nanosleep(&pause, NULL);
		}
	}
	return !launch->leaving;
}

/*
 * Ends the trace. ptrace() detaches only from a stopped thread, so that a running one is sent
 * SIGSTOP. A thread that the kernel does not interrupt, as in vfork() while its child runs, stops
 * later, see launch_leave.
 */
static void let_go(struct lp_launch *launch)
{
	if (!launch->traced)
		return;
	if (!is_traced(launch)) {
		launch->traced = false;
		return;
	}
	/* for the first thread only: the other threads would stay stopped */
	if (syscall(SYS_tgkill, launch->pid, launch->pid, SIGSTOP))
		return;
	launch->leaving = true;
	launch_leave(launch, clock_now() + LEAVE_NS);
}

int launch_find_interpreter(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid), int stop,
			    uint64_t end_ns)
{
	struct search search = { .stop = stop, .end_ns = end_ns };
	sigset_t children, before;
	int result;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	/* a change before the first wait is noticed by waitpid() without the signal */
	sigprocmask(SIG_BLOCK, &children, &before);
	search.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	result = search.children < 0 ? -errno : search_until(launch, has_interpreter, &search);
	if (search.children >= 0)
		close(search.children);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (result < 0)
		let_go(launch);
	return result;
}

/*
 * Returns whether the process maps the code of a library that runs loops, or creates the pair of
 * sockets of a loop, which is the only sign if the library is built into the interpreter.
 */
static bool loads_loops(pid_t pid, const struct user_regs_struct *registers)
{
	char link[64], path[4096];
	ssize_t length;

	if (registers->orig_rax == SYS_socketpair)
		return true;
	if (registers->orig_rax != SYS_mmap || !(registers->rdx & PROT_EXEC))
		return false;
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, (int)registers->r8);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return runtime_is_loop_library(path);
}

/*
 * Returns whether the system call may follow the import of a module or the creation of the first
 * loop, so that it is worth a call of is_complete.
 */
static bool is_step(uint64_t number)
{
	return number == SYS_openat || number == SYS_socketpair;
}

/*
 * Waits for a stop of the program until an instant. Returns false if none came, if the run is to
 * end or if the program has ended.
 */
static bool wait_for_stop(struct lp_launch *launch, int stop, uint64_t until_ns, int *status)
{
	static const struct timespec pause = { .tv_nsec = CALL_WAIT_NS };
	struct pollfd polled = { .fd = stop, .events = POLLIN };
	sigset_t children;
	pid_t pid;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	while (!(pid = waitpid(launch->pid, status, WNOHANG | __WALL))) {
		if (clock_now() >= until_ns || poll(&polled, 1, 0) > 0)
			return false;
		/* the program runs or is blocked */
		sigtimedwait(&children, NULL, &pause);
	}
	if (pid == launch->pid && WIFSTOPPED(*status))
		return true;
	launch->traced = false;
	if (pid == launch->pid) {
		launch->ended = true;
		launch->status = *status;
	}
	return false;
}

void launch_hold(struct lp_launch *launch, const struct lp_launch_hold *hold)
{
	struct user_regs_struct registers;
	sigset_t children, before;
	bool loads = false;
	int status, questions = 0;

	if (!launch->traced)
		return;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, &before);
	ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
	for (;;) {
		intptr_t passed = 0;

		if (!wait_for_stop(launch, hold->stop, hold->until_ns, &status)) {
			let_go(launch);
			break;
		}
		if (WSTOPSIG(status) == SYSCALL_TRAP) {
			if (ptrace(PTRACE_GETREGS, launch->pid, NULL, &registers))
				break;
			loads = loads || loads_loops(launch->pid, &registers);
			if (clock_now() >= hold->until_ns)
				break;
			if (loads && is_step(registers.orig_rax) &&
			    (hold->is_complete(hold->context) || ++questions >= QUESTIONS))
				break;
		} else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			/* the new program is handled like every target that calls exec */
			break;
		} else {
			passed = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, launch->pid, NULL, (void *)passed);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void launch_release(struct lp_launch *launch)
{
	if (launch->leaving)
		return;
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
	if (!launch_leave(launch, 0))
		return false;
	if (!launch->ended && waitpid(launch->pid, &launch->status, WNOHANG) == launch->pid)
		launch->ended = WIFEXITED(launch->status) || WIFSIGNALED(launch->status);
	if (launch->ended)
		*status = exit_status(launch->status);
	return launch->ended;
}

int launch_wait(struct lp_launch *launch)
{
	launch_leave(launch, UINT64_MAX);
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
