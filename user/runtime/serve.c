// SPDX-License-Identifier: BSD-2-Clause
#include "serve.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

typedef ssize_t (*lp_operation_server)(const struct lp_request *request, const void *arguments,
				       size_t bytes, void *answer, size_t room);

static ssize_t serve_memory(const struct lp_request *request, const void *arguments, size_t bytes,
			    void *answer, size_t room)
{
	const struct lp_piece *pieces = arguments;
	struct iovec remote[LP_PIECES], local = { answer, 0 };
	size_t count = bytes / sizeof(*pieces), i;
	ssize_t done;

	if (count > LP_PIECES)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		remote[i].iov_base = (void *)(uintptr_t)pieces[i].address;
		remote[i].iov_len = pieces[i].bytes;
		if (pieces[i].bytes > room - local.iov_len)
			return -EINVAL;
		local.iov_len += pieces[i].bytes;
	}
	done = process_vm_readv(request->pid, &local, 1, remote, count, 0);
	return done < 0 ? -errno : done;
}

static const lp_operation_server servers[LP_OPERATIONS] = {
	[LP_OPERATION_MEMORY] = serve_memory,
};

ssize_t runtime_serve(const void *request, size_t bytes, void *answer, size_t room)
{
	const struct lp_request *head = request;

	if (bytes < sizeof(*head) || head->operation >= LP_OPERATIONS)
		return -EINVAL;
	return servers[head->operation](head, head + 1, bytes - sizeof(*head), answer, room);
}
