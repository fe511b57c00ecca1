// SPDX-License-Identifier: BSD-2-Clause
#include "launched.h"

#include "ending.h"
#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "model/endings.h"
#include "process/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* The time in ns for which the program may still run after the run without a message. */
#define QUIET_NS (200 * NS_PER_MS)
/*
 * The time in ns after a signal in which a second signal counts as the same request: timeout(1)
 * sends one to its child and one to the process group.
 */
#define SAME_NS (500 * NS_PER_MS)
/* The time in ns from a signal until it is reported that the program has not ended. */
#define PATIENCE_NS (2000 * NS_PER_MS)
/* The longest time in ms between two checks of the program; SIGCHLD reports its end at once. */
#define WAIT_MS 100
/* The same while the trace of the program has to end, which no signal reports. */
#define LEAVE_MS 10

/*
 * Returns whether the program has received the signal as well, as the terminal sends it to all of a
 * process group.
 */
static bool has_received(const struct lp_launched *launched, int code)
{
	return code == SI_KERNEL && getpgid(launch_pid(launched->launch)) == getpgrp();
}

/* Records a signal, and forwards it if only this process has received it. */
static void handle(struct lp_launched *launched, int signal, int code)
{
	pid_t pid = launch_pid(launched->launch);
	char text[16];
	int status;

	/* the limit of CPU time is that of this process, and asks the program for nothing */
	if (signal == SIGXCPU)
		return;
	launched->signal = signal;
	launched->since_ns = clock_now();
	if (has_received(launched, code) || launch_ended(launched->launch, &status))
		return;
	if (kill(pid, signal)) {
		log_warning("%s cannot be forwarded to %s (pid %d): %s",
			    ending_signal_name((uint32_t)signal, text, sizeof(text)),
			    launched->name, pid, strerror(errno));
		return;
	}
	launched->forwarded = true;
	/* a stopped program handles it only once it continues */
	kill(pid, SIGCONT);
}

void launched_take(struct lp_launched *launched, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info) && launched->launch)
		handle(launched, (int)info.ssi_signo, info.ssi_code);
}

/* Ends this process by a signal, which ends the program as well only if it has received it. */
static int end_by(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* the first process of a container does not end by a signal that it does not handle */
	return 128 + number;
}

/* Reports that the program goes on. */
static void report_running(const struct lp_launched *launched)
{
	pid_t pid = launch_pid(launched->launch);
	char text[16];
	const char *name = ending_signal_name((uint32_t)launched->signal, text, sizeof(text));

	if (launched->forwarded)
		log_note(
			"%s was forwarded to %s (pid %d), and loopprof waits for its end; a second signal ends loopprof alone",
			name, launched->name, pid);
	else if (launched->signal)
		log_note(
			"%s (pid %d) goes on, and loopprof waits for its exit status; a second signal ends loopprof alone",
			launched->name, pid);
	else
		log_note(
			"%s (pid %d) goes on, and loopprof waits for its exit status; SIGINT, SIGTERM or SIGHUP to loopprof is forwarded to it, and a second signal ends loopprof alone",
			launched->name, pid);
}

/*
 * Reports a program that has not ended after a signal. Returns false if it is stopped, so that the
 * signal has no effect.
 *
 * The wait for a program that runs has no limit: a server may need long to answer its last
 * requests, and if loopprof ended before, a supervisor or a container would kill the program.
 */
static bool report_late(const struct lp_launched *launched)
{
	pid_t pid = launch_pid(launched->launch);
	char state = process_state(pid), text[16];
	const char *name = ending_signal_name((uint32_t)launched->signal, text, sizeof(text));

	if (state == 'T' || state == 't') {
		log_error(
			"%s (pid %d) is stopped and cannot end; loopprof ends without its exit status",
			launched->name, pid);
		return false;
	}
	log_warning(
		"%s (pid %d) has not ended 2 s after %s; loopprof waits for it as before, and another signal ends loopprof alone",
		launched->name, pid, name);
	return true;
}

/* Waits for a signal for some time. Returns its number and code, or 0. */
static int next_signal(const sigset_t *set, bool leaving, int *code)
{
	const struct timespec pause = { .tv_nsec = (leaving ? LEAVE_MS : WAIT_MS) * NS_PER_MS };
	siginfo_t info = { .si_code = 0 };
	int number = sigtimedwait(set, &info, &pause);

	*code = info.si_code;
	return number > 0 && number != SIGCHLD ? number : 0;
}

int launched_wait(struct lp_launched *launched)
{
	uint64_t begun_ns = clock_now();
	bool reported = false, reported_late = false;
	int status, number, code;
	sigset_t set;

	ending_hold(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (!launch_ended(launched->launch, &status)) {
		if (!reported && clock_now() - begun_ns >= QUIET_NS) {
			report_running(launched);
			reported = true;
		}
		if (launched->signal && !reported_late &&
		    clock_now() - launched->since_ns >= PATIENCE_NS) {
			if (!report_late(launched))
				return 1;
			reported_late = true;
		}
		number = next_signal(&set, !launch_leave(launched->launch, 0), &code);
		if (!number)
			continue;
		if (!launched->signal) {
			handle(launched, number, code);
			begun_ns = launched->since_ns;
			reported = false;
		} else if (clock_now() - launched->since_ns >= SAME_NS) {
			return end_by(number);
		}
	}
	return status;
}
