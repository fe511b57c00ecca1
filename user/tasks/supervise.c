// SPDX-License-Identifier: BSD-2-Clause
#include "supervise.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "files/output_file.h"
#include "files/standard.h"
#include "files/writing.h"
#include "process/cpu_progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that sleeps in one place for this many ns counts as hanging; no disk is that slow. */
#define STILL_NS (2000 * NS_PER_MS)
#define STILL_PAUSED_NS (250 * NS_PER_MS)
#define POLL_MS 50
#define PIPE_BYTES (1 << 20)

/* Memory that both processes share. */
struct lp_supervised {
	volatile pid_t reads; /* the process that the child reads; 0: none */
	volatile bool paused;
	volatile unsigned int turns; /* number of times that the child began to read a process */
};

struct child {
	pid_t pid;
	struct lp_supervised *supervised;
	struct pollfd pipes[2]; /* pipes from the child's stdout and stderr; -1: closed */
	struct lp_cpu_progress last;
	unsigned int turns;
	uint64_t moved_ns;
	int write_error; /* first error of writing the child's stdout, a negative errno */
	pid_t hung; /* the process that the abandoned child hangs in; 0: none */
};

static volatile sig_atomic_t interrupted_child, interrupted;

/* Passes a signal on to the child; a second one ends the program at once. */
static void pass_on(int number)
{
	interrupted = 1;
	kill(interrupted_child, number);
	/* do not wait any longer for a reader such as a pager */
	writing_end();
}

static void take_interrupts(pid_t child)
{
	const struct sigaction action = { .sa_handler = pass_on, .sa_flags = (int)SA_RESETHAND };
	const struct sigaction hangup = { .sa_handler = pass_on };
	struct sigaction before;

	interrupted_child = child;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* a shell sends a second SIGHUP when its terminal is closed; nohup ignores all of them */
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &hangup, NULL);
}

void supervised_reading(struct lp_supervised *supervised, pid_t pid, bool paused)
{
	supervised->paused = paused;
	supervised->turns++;
	supervised->reads = pid;
}

void supervised_done(struct lp_supervised *supervised)
{
	supervised->reads = 0;
	supervised->paused = false;
}

/* Passes on the child's output.  Returns whether there was any. */
static bool relay(struct child *child)
{
	static char data[256 << 10];
	bool any = false;
	int i;

	for (i = 0; i < 2; i++) {
		ssize_t bytes;

		if (child->pipes[i].fd < 0 || !child->pipes[i].revents)
			continue;
		bytes = read(child->pipes[i].fd, data, sizeof(data));
		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes > 0) {
			int err = writing_put(i == 0 ? standard_descriptor() : STDERR_FILENO, data,
					      (size_t)bytes);

			if (err && i == 0 && !child->write_error)
				child->write_error = err;
			any = true;
		} else {
			close(child->pipes[i].fd);
			child->pipes[i].fd = -1;
		}
	}
	return any;
}

/* Returns whether the child sleeps in a read that does not return. */
static bool hangs(struct child *child, uint64_t now)
{
	const struct lp_supervised *supervised = child->supervised;
	struct lp_cpu_progress progress;

	if (!supervised->reads) {
		child->moved_ns = now;
		return false;
	}
	progress = cpu_progress_read(child->pid);
	/* a child that was stopped by a signal does not hang */
	if (child->turns != supervised->turns || strchr("tT", progress.state) ||
	    cpu_progress_made(&child->last, &progress))
		child->moved_ns = now;
	child->turns = supervised->turns;
	child->last = progress;
	return now - child->moved_ns >= (supervised->paused ? STILL_PAUSED_NS : STILL_NS);
}

static int leave_behind(struct child *child)
{
	pid_t pid = child->supervised->reads;

	child->hung = interrupted ? 0 : pid;
	/* the end of the child lets a stopped target continue */
	kill(child->pid, SIGKILL);
	while (poll(child->pipes, 2, 0) > 0 && relay(child))
		;
	log_error(
		"the tasks of process %d cannot be read, as its memory or a file of it does not answer: a file system or a program that serves it hangs",
		pid);
	return 1;
}

static int watch(struct child *child)
{
	int status;

	while (child->pipes[0].fd >= 0 || child->pipes[1].fd >= 0) {
		int count = poll(child->pipes, 2, POLL_MS);

		if (count > 0)
			relay(child);
		else if (hangs(child, clock_now()))
			return leave_behind(child);
	}
	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (child->write_error) {
		log_error("cannot write to stdout: %s", output_advice(child->write_error));
		return 1;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* a signal of the terminal that came before the process had left the terminal's group */
	if (WTERMSIG(status) != SIGINT)
		log_error("the process that reads the tasks was ended by signal %d",
			  WTERMSIG(status));
	return 1;
}

static void be_child(const int out[2], const int err[2], pid_t parent)
{
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* a signal from the terminal then reaches only the parent, which passes it on */
	setpgid(0, 0);
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	standard_replaced();
	close_range(STDERR_FILENO + 1, ~0U, 0);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null > 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

int supervise(int (*body)(struct lp_supervised *supervised, void *context), void *context,
	      bool interrupt, void (*confine)(void), pid_t *hung)
{
	struct child child = { .moved_ns = clock_now() };
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, status, i;
	pid_t parent = getpid();

	/* the child's copy of buffered output would be written a second time */
	fflush(NULL);
	child.supervised = mmap(NULL, sizeof(*child.supervised), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child.supervised == MAP_FAILED || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) ||
	    (child.pid = fork()) < 0) {
		log_error("cannot start the process that reads the tasks: %s", strerror(errno));
		return 1;
	}
	if (!child.pid) {
		be_child(out, err, parent);
		exit(body(child.supervised, context));
	}
	if (confine)
		confine();
	if (interrupt)
		take_interrupts(child.pid);
	close(out[1]);
	close(err[1]);
	/* a larger pipe: with 64 KiB the child would have to wait during a long list */
	fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES);
	child.pipes[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	child.pipes[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
	status = watch(&child);
	for (i = 0; i < 2; i++)
		if (child.pipes[i].fd >= 0)
			close(child.pipes[i].fd);
	if (hung)
		*hung = child.hung;
	munmap(child.supervised, sizeof(*child.supervised));
	return status;
}
