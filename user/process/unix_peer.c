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

/* The limit of late answers to earlier questions that are read first. */
#define LATE_ANSWERS 4

/* Negative: it is not open. */
static int diagnosis = -1;
static uint32_t serial; /* number of the last question */

void unix_peer_open(void)
{
	const struct timeval limit = { .tv_usec = ANSWER_US };
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	if (diagnosis >= 0)
		return;
	diagnosis = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diagnosis < 0)
		return;
	/* bound, it is listed in /proc/net/netlink; else it would be at its first question */
	if (bind(diagnosis, (const struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(diagnosis, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		close(diagnosis);
		diagnosis = -1;
	}
}

/* Receives the answer of the kernel to the last question.  Returns its size, or 0. */
static size_t receive(void *answer, size_t size)
{
	const struct nlmsghdr *head = answer;
	struct sockaddr_nl sender = { .nl_pid = 0 };
	socklen_t length;
	ssize_t received;
	int i;

	for (i = 0; i < LATE_ANSWERS; i++) {
		length = sizeof(sender);
		received =
			recvfrom(diagnosis, answer, size, 0, (struct sockaddr *)&sender, &length);
		if (received < (ssize_t)sizeof(*head))
			return 0;
		if (length == sizeof(sender) && !sender.nl_pid && head->nlmsg_seq == serial)
			return (size_t)received;
	}
	return 0;
}

/* Returns the peer in an answer. */
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
	size_t size;

	if (diagnosis < 0 || !inode || inode > UINT32_MAX)
		return 0;
	question.head.nlmsg_seq = ++serial;
	if (send(diagnosis, &question, sizeof(question), 0) != (ssize_t)sizeof(question))
		return 0;
	size = receive(&answer, sizeof(answer));
	return size ? parse(&answer.head, size) : 0;
}
