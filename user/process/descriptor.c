// SPDX-License-Identifier: BSD-2-Clause
#include "descriptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Space for one descriptor. */
union lp_descriptor_head {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int descriptor_send(int socket, const void *message, size_t size, int descriptor, int flags)
{
	union lp_descriptor_head control = { .bytes = "" };
	struct iovec part = { (void *)message, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	if (descriptor >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.head), &descriptor, sizeof(int));
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

ssize_t descriptor_receive(int socket, void *message, size_t size, int *descriptor)
{
	union lp_descriptor_head control = { .bytes = "" };
	struct iovec part = { message, size };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	const struct cmsghdr *head;
	ssize_t done;

	*descriptor = -1;
	do {
		done = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&header);
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(descriptor, CMSG_DATA(head), sizeof(int));
	return header.msg_flags & MSG_CTRUNC ? -EMFILE : done;
}
