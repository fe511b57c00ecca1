// SPDX-License-Identifier: BSD-2-Clause
#include "ending.h"

#include "base/macros.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

static const struct {
	int signal;
	/* the signal is not handled if it was ignored when the program began */
	bool unless_ignored;
	bool once; /* a second one is ignored, not fatal */
} endings[] = {
	{ SIGINT, false, false },
	{ SIGTERM, false, false },
	{ SIGHUP, true, true },
	/* the kernel sends it each second once the limit of CPU time (ulimit -t) is exceeded */
	{ SIGXCPU, true, true },
};

#define ENDINGS ARRAY_SIZE(endings)

/* The signals of the table that ending_open() has blocked. */
static sigset_t handled;

static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

int ending_open(void)
{
	int descriptor;
	size_t i;

	sigemptyset(&handled);
	for (i = 0; i < ENDINGS; i++)
		if (!endings[i].unless_ignored || !is_ignored(endings[i].signal))
			sigaddset(&handled, endings[i].signal);
	sigprocmask(SIG_BLOCK, &handled, NULL);
	descriptor = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
	return descriptor < 0 ? -errno : descriptor;
}

void ending_release(void)
{
	sigset_t signals;
	size_t i;

	sigemptyset(&signals);
	for (i = 0; i < ENDINGS; i++) {
		signal(endings[i].signal, endings[i].once ? SIG_IGN : SIG_DFL);
		sigaddset(&signals, endings[i].signal);
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

void ending_hold(sigset_t *signals)
{
	size_t i;

	*signals = handled;
	sigdelset(signals, SIGXCPU);
	sigprocmask(SIG_BLOCK, signals, NULL);
	/* a signal that is ignored is not pending either */
	for (i = 0; i < ENDINGS; i++)
		if (sigismember(signals, endings[i].signal))
			signal(endings[i].signal, SIG_DFL);
}
