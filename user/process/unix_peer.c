// SPDX-License-Identifier: BSD-2-Clause
#include "unix_peer.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel answers at once; the limit is for one that does not. */
#define ANSWER_US 50000

/* Negative: it is not open. */
static int diagnosis = -1;

void unix_peer_open(void)
{
	const struct timeval limit = { .tv_usec = ANSWER_US };

	if (diagnosis >= 0)
		return;
	diagnosis = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diagnosis >= 0)
		setsockopt(diagnosis, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Returns the peer in an answer of the kernel. */
static uint64_t parse(struct nlmsghdr *head, size_t size)
{
	const struct unix_diag_msg *answer = NLMSG_DATA(head);
	struct rtattr *attribute;
	size_t left;

	if (!NLMSG_OK(head, size) || head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
		return 0;
	left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*answer));
	for (attribute = (struct rtattr *)(answer + 1); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == UNIX_DIAG_PEER &&
		    RTA_PAYLOAD(attribute) >= sizeof(uint32_t))
			return *(uint32_t *)RTA_DATA(attribute);
	return 0;
}

uint64_t unix_peer_inode(uint64_t inode)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req request;
	} question = {
		.head = { .nlmsg_len = sizeof(question),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			     .udiag_states = UINT32_MAX,
			     .udiag_ino = (uint32_t)inode,
			     .udiag_show = UDIAG_SHOW_PEER,
			     .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;
	ssize_t size;

	if (diagnosis < 0 || !inode || inode > UINT32_MAX ||
	    send(diagnosis, &question, sizeof(question), 0) != (ssize_t)sizeof(question))
		return 0;
	size = recv(diagnosis, &answer, sizeof(answer), 0);
	return size > 0 ? parse(&answer.head, (size_t)size) : 0;
}
