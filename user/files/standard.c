// SPDX-License-Identifier: BSD-2-Clause
#include "standard.h"

#include "base/log.h"
#include "output_file.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	int descriptor;
	int err; /* first failed write */
	bool reported;
} standard = { .descriptor = STDOUT_FILENO };

/*
 * A later read of the new stdin returns the end of the file, a write to stdout fails, and
 * messages are discarded.
 */
static void open_closed(void)
{
	static const int modes[] = { O_RDONLY, O_RDONLY, O_WRONLY };
	int i;

	for (i = 0; i < 3; i++)
		/* open() returns the lowest free number, which is the closed one */
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", modes[i] | O_NOCTTY) < 0)
			_exit(1);
}

void standard_open_null(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null == STDIN_FILENO) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
}

int standard_duplicate(int descriptor)
{
	struct stat status;
	char path[64];
	int copy;

	if (fstat(descriptor, &status))
		return -errno;
	/*
	 * A write to a pipe or a terminal must not block inside write().  O_NONBLOCK on the
	 * inherited open file description would affect other programs: so the file is opened anew.
	 */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	copy = S_ISFIFO(status.st_mode) || isatty(descriptor)
		       ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
		       : -1;
	if (copy < 0)
		copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

static ssize_t write_stdout(void *cookie, const char *data, size_t size)
{
	(void)cookie;
	if (!standard.err)
		standard.err = writing_put(standard.descriptor, data, size);
	errno = -standard.err;
	return standard.err ? 0 : (ssize_t)size;
}

/* Returns the first failure of any write to stdout, or 0. */
static int flush(void)
{
	bool failed = fflush(stdout) || ferror(stdout);

	/* stdout may be the C library's own stream, of which only ferror() reports errors */
	if (failed && !standard.err)
		standard.err = errno ? -errno : -EIO;
	return standard.err;
}

/* Runs at every exit of the program. */
static void report(int status, void *context)
{
	int err = flush();

	(void)context;
	if (err && !standard.reported && err != -EPIPE)
		log_error("cannot write to stdout: %s", output_advice(err));
	if (err && !status)
		_exit(1);
}

void standard_open(void)
{
	cookie_io_functions_t functions = { .write = write_stdout };
	FILE *stream;
	int descriptor;

	open_closed();
	/* at a size limit of files a write then fails instead of ending the program */
	signal(SIGXFSZ, SIG_IGN);
	descriptor = standard_duplicate(STDOUT_FILENO);
	if (descriptor >= 0)
		standard.descriptor = descriptor;
	log_set_wait(writing_wait);
	stream = fopencookie(NULL, "w", functions);
	if (!stream || on_exit(report, NULL))
		return;
	stdout = stream;
}

int standard_descriptor(void)
{
	return standard.descriptor;
}

void standard_replaced(void)
{
	standard.descriptor = STDOUT_FILENO;
}

int standard_check(struct lp_error *error)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return 0;
	return error_set(error, -EBADF, "cannot write to stdout: %s", output_advice(-EBADF));
}

int standard_flush(void)
{
	int err = flush();

	standard.reported |= err != 0;
	return err;
}
