// SPDX-License-Identifier: BSD-2-Clause
#include "launch_internal.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/cpu_progress.h"
#include "runtime/registry.h"

#include <errno.h>
#include <fcntl.h>
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
/* The limit of calls of is_complete; each takes a worker some milliseconds. */
#define QUESTIONS 256
/* On a busy machine a hold lasts up to this many times as long as the caller has requested. */
#define HOLD_WALL 10
/* The time in ns between two checks whether a blocked program is still to be held. */
#define CALL_WAIT_NS 10000000
/*
 * The time in ns for which the end of a trace waits until the program stops, and between two
 * checks.
 */
#define LEAVE_NS 200000000
#define LEAVE_STEP_NS 1000000

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
 * Handles a stop that is neither at a system call nor at an exec. A signal is delivered; a program
 * that is stopped as a whole stays stopped, and the tracer gets the next event at SIGCONT.
 */
static void pass_on(const struct lp_launch *launch, int status)
{
	int signal = WSTOPSIG(status);

	if (launch_event(status) == PTRACE_EVENT_STOP && signal != SIGTRAP)
		ptrace(PTRACE_LISTEN, launch->pid, NULL, NULL);
	else
		ptrace(PTRACE_SYSCALL, launch->pid, NULL,
		       (void *)(intptr_t)(launch_event(status) ? 0 : signal));
}

/*
 * Handles a stop of the program and continues it, unless it has an interpreter now. Returns whether
 * it has.
 */
static bool handle_stop(struct lp_launch *launch, int status, bool (*has_interpreter)(pid_t pid))
{
	enum lp_call call;

	if (launch_event(status) == PTRACE_EVENT_EXEC) {
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
		pass_on(launch, status);
		return false;
	}
	ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
	return false;
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

static int search_until(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid),
			const struct lp_launch_search *search)
{
	int status, err = launch_await_exec(launch, search);
	pid_t changed;

	if (err)
		return err;
	while (launch->traced) {
		changed = waitpid(launch->pid, &status, __WALL | WNOHANG);
		if (changed < 0)
			return 0;
		if (!changed) {
			err = launch_wait_for_change(search);
			if (err)
				return err;
			/* the program that a thread has executed is examined while it runs */
			launch->traced = is_traced(launch);
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

/* Handles a change of a program whose trace is to end. */
static void take_change(struct lp_launch *launch, int status)
{
	launch->leaving = launch->traced = false;
	if (!WIFSTOPPED(status)) {
		launch->ended = true;
		launch->status = status;
		return;
	}
	/* a stop at a signal may come before that of PTRACE_INTERRUPT: the signal is delivered */
	ptrace(PTRACE_DETACH, launch->pid, NULL,
	       (void *)(intptr_t)(launch_event(status) || WSTOPSIG(status) == SYSCALL_TRAP
					  ? 0
					  : WSTOPSIG(status)));
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
		if (changed < 0 || !is_traced(launch))
			launch->leaving = launch->traced = false;
		else if (clock_now() >= until_ns)
			break;
		else
			nanosleep(&pause, NULL);
	}
	return !launch->leaving;
}

/*
 * Ends the trace. ptrace() detaches only from a stopped thread, so that a running one is
 * interrupted, which it does not notice. A thread that the kernel does not interrupt, as in vfork()
 * while its child runs, stops later, see launch_leave.
 */
static void let_go(struct lp_launch *launch)
{
	if (!launch->traced)
		return;
	if (!is_traced(launch)) {
		launch->traced = false;
		return;
	}
	if (ptrace(PTRACE_INTERRUPT, launch->pid, NULL, NULL))
		return;
	launch->leaving = true;
	launch_leave(launch, clock_now() + LEAVE_NS);
}

int launch_find_interpreter(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid), int stop,
			    uint64_t end_ns, struct lp_error *error)
{
	struct lp_launch_search search = { .stop = stop, .end_ns = end_ns, .error = error };
	sigset_t children, before;
	int result;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	/* a change before the first wait is noticed by waitpid() without the signal */
	sigprocmask(SIG_BLOCK, &children, &before);
	search.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (search.children < 0)
		result = error_set(error, -errno, "cannot watch %s: %s", launch->name,
				   strerror(errno));
	else
		result = search_until(launch, has_interpreter, &search);
	if (search.children >= 0)
		close(search.children);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (result < 0)
		let_go(launch);
	return result;
}

/*
 * Returns whether the process maps the code of a library that runs loops, or creates a pair of
 * sockets as each loop does. The pair is the only sign if the library is built into the interpreter.
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

/* The time for which a program is held. */
struct hold_state {
	const struct lp_launch_hold *hold;
	uint64_t since_ns, waited_ns; /* waited_ns: its time without a CPU until then */
	uint64_t asked_ns; /* time that calls of is_complete took */
};

/*
 * Returns whether the program was held for its time. The time that it waits for a CPU does not
 * count, nor that of is_complete: on a busy machine, too, the program can load all its modules.
 */
static bool is_held_long(const struct lp_launch *launch, const struct hold_state *held)
{
	uint64_t wall_ns = clock_now() - held->since_ns, waited_ns;

	if (wall_ns < held->hold->time_ns)
		return false;
	waited_ns = saturating_sub(cpu_progress_read(launch->pid).waited_ns, held->waited_ns);
	return wall_ns >= HOLD_WALL * held->hold->time_ns ||
	       saturating_sub(wall_ns, waited_ns + held->asked_ns) >= held->hold->time_ns;
}

/*
 * Waits for a stop of the program. Returns false if it was held for its time, if the run is to end
 * or if the program has ended.
 */
static bool wait_for_stop(struct lp_launch *launch, const struct hold_state *held, int *status)
{
	static const struct timespec pause = { .tv_nsec = CALL_WAIT_NS };
	struct pollfd polled = { .fd = held->hold->stop, .events = POLLIN };
	sigset_t children;
	pid_t pid;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	while (!(pid = waitpid(launch->pid, status, WNOHANG | __WALL))) {
		if (is_held_long(launch, held) || poll(&polled, 1, 0) > 0)
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

/* Returns whether all probes are attached, or this was asked too often. */
static bool is_complete(struct hold_state *held, int *questions)
{
	uint64_t begun = clock_now();
	bool complete = held->hold->is_complete(held->hold->context);

	held->asked_ns += clock_now() - begun;
	return complete || ++*questions >= QUESTIONS;
}

void launch_hold(struct lp_launch *launch, const struct lp_launch_hold *hold)
{
	struct hold_state held = { .hold = hold, .since_ns = clock_now() };
	struct user_regs_struct registers;
	sigset_t children, before;
	bool loads = false;
	int status, questions = 0;

	if (!launch->traced)
		return;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, &before);
	held.waited_ns = cpu_progress_read(launch->pid).waited_ns;
	ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
	for (;;) {
		if (!wait_for_stop(launch, &held, &status)) {
			let_go(launch);
			break;
		}
		if (WSTOPSIG(status) == SYSCALL_TRAP) {
			if (ptrace(PTRACE_GETREGS, launch->pid, NULL, &registers))
				break;
			loads = loads || loads_loops(launch->pid, &registers);
			if (is_held_long(launch, &held))
				break;
			if (loads && is_step(registers.orig_rax) && is_complete(&held, &questions))
				break;
		} else if (launch_event(status) == PTRACE_EVENT_EXEC) {
			/* the new program is handled like every target that calls exec */
			break;
		} else {
			pass_on(launch, status);
			continue;
		}
		ptrace(PTRACE_SYSCALL, launch->pid, NULL, NULL);
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
	pid_t changed;

	if (!launch_leave(launch, 0))
		return false;
	changed = launch->ended ? 0 : waitpid(launch->pid, &launch->status, WNOHANG);
	if (changed == launch->pid)
		launch->ended = WIFEXITED(launch->status) || WIFSIGNALED(launch->status);
	if (changed < 0 && errno == ECHILD) {
		/* it was reaped already, and its status is lost */
		launch->ended = true;
		launch->status = W_EXITCODE(1, 0);
	}
	if (launch->ended)
		*status = exit_status(launch->status);
	return launch->ended;
}

void launch_free(struct lp_launch *launch)
{
	if (!launch)
		return;
	launch_release(launch);
	if (launch->report >= 0)
		close(launch->report);
	free(launch);
}
