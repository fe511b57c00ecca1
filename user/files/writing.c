// SPDX-License-Identifier: BSD-2-Clause
#include "writing.h"

#include "base/clocks.h"
#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* The time that all writes together may wait for readers after the end of the run. */
#define AFTER_END_NS (1000 * NS_PER_MS)
/* The longest wait of one poll(), so that its int does not overflow. */
#define POLL_MAX_MS 60000

static struct {
	int stop; /* descriptor that ends the run; -1: none */
	uint64_t end_ns;
	bool ended;
	uint64_t left_ns; /* the part of AFTER_END_NS that is left */
} writing = { .stop = -1, .end_ns = UINT64_MAX, .left_ns = AFTER_END_NS };

void writing_end_at(int stop, uint64_t end_ns)
{
	writing.stop = stop;
	writing.end_ns = end_ns;
}

void writing_end(void)
{
	writing.stop = -1;
	writing.ended = true;
}

void writing_reset(void)
{
	writing.stop = -1;
	writing.end_ns = UINT64_MAX;
	writing.ended = false;
	writing.left_ns = AFTER_END_NS;
}

/* The timeout in ms of the next poll(). */
static int timeout_ms(uint64_t now)
{
	uint64_t left = writing.ended		       ? writing.left_ns
			: writing.end_ns == UINT64_MAX ? UINT64_MAX
						       : writing.end_ns - now;

	if (left == UINT64_MAX && writing.stop < 0)
		return -1;
	left = left / NS_PER_MS + (left % NS_PER_MS != 0);
	return left > POLL_MAX_MS ? POLL_MAX_MS : (int)left;
}

bool writing_wait(int descriptor)
{
	for (;;) {
		struct pollfd polled[2] = { { .fd = descriptor, .events = POLLOUT },
					    { .fd = writing.stop, .events = POLLIN } };
		uint64_t now = clock_now(), waited;
		bool ended;

		writing.ended |= now >= writing.end_ns;
		ended = writing.ended;
		/* poll() ignores negative descriptors */
		if (ended)
			polled[1].fd = -1;
		if (poll(polled, 2, timeout_ms(now)) < 0 && errno != EINTR)
			return true;
		if (polled[0].revents)
			return true;
		waited = clock_now() - now;
		if (ended)
			writing.left_ns -= waited < writing.left_ns ? waited : writing.left_ns;
		if (ended && !writing.left_ns)
			return false;
		if (polled[1].revents)
			writing.ended = true;
	}
}

/*
 * Returns whether a write to the descriptor may block in the kernel, where the end of the run goes
 * unnoticed.
 */
static bool may_block(int descriptor)
{
	int flags = fcntl(descriptor, F_GETFL);
	struct stat status;

	return flags >= 0 && !(flags & O_NONBLOCK) && !fstat(descriptor, &status) &&
	       !S_ISREG(status.st_mode);
}

int writing_put(int descriptor, const void *from, size_t size)
{
	bool blocks = size > PIPE_BUF && may_block(descriptor);
	const char *data = from;
	size_t done = 0;

	while (done < size) {
		/*
		 * poll() reports room for at least PIPE_BUF bytes, which a write takes without
		 * blocking
		 */
		size_t piece = blocks && size - done > PIPE_BUF ? PIPE_BUF : size - done;
		ssize_t written;

		if (!writing_wait(descriptor))
			return -ETIMEDOUT;
		written = write(descriptor, data + done, piece);
		if (written >= 0)
			done += (size_t)written;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}
