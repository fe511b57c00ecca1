// SPDX-License-Identifier: BSD-2-Clause
#include "sockets.h"

#include "base/array.h"
#include "base/clocks.h"
#include "base/macros.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Limit of the sockets that are read: a namespace may have any number. */
#define SOCKETS_MAX 65536
/* Limit in ns of reading the lists, as the run waits meanwhile. Every CHECKED lines it is checked. */
#define LISTS_NS (50 * NS_PER_MS)
#define CHECKED 256
/*
 * A list that takes long to read serves all questions about its process for this many times as
 * long: a process with many sockets and many threads that wait for them would hold up all others.
 */
#define LIST_REUSE 20
/* As in net/tcp_states.h */
#define STATE_LISTEN 10

struct inet_socket {
	uint64_t inode;
	enum lp_resource_kind kind;
	bool listens;
	struct lp_addresses ends;
};

/* The sockets of the network namespace of the last process, by inode. */
static struct {
	pid_t pid; /* 0: none was read */
	uint64_t read_ns, cost_ns; /* when it was read, and how long that took */
	size_t count;
	struct inet_socket *items;
} list;

/*
 * An address in hexadecimal, by 32-bit words in host order, and a port
 * (net/ipv4/tcp_ipv4.c: get_tcp4_sock, net/ipv6/tcp_ipv6.c: get_tcp6_sock).
 */
static bool parse_end(const char *text, __u8 *address, unsigned int words, __u16 *port)
{
	unsigned int i, word, number;

	for (i = 0; i < words; i++, text += 8) {
		if (sscanf(text, "%8x", &word) != 1)
			return false;
		memcpy(address + (size_t)i * 4, &word, sizeof(word));
	}
	if (sscanf(text, ":%x", &number) != 1)
		return false;
	*port = (__u16)number;
	return true;
}

static bool parse_line(const char *line, bool six, struct inet_socket *socket)
{
	unsigned int state, words = six ? 4 : 1;
	char local[64], remote[64];

	memset(socket, 0, sizeof(*socket));
	socket->ends.family = six ? AF_INET6 : AF_INET;
	if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %" SCNu64, local, remote, &state,
		   &socket->inode) != 4 ||
	    !socket->inode || strlen(local) < words * 8 || strlen(remote) < words * 8 ||
	    !parse_end(local, socket->ends.local, words, &socket->ends.local_port) ||
	    !parse_end(remote, socket->ends.remote, words, &socket->ends.remote_port))
		return false;
	socket->listens = state == STATE_LISTEN;
	return true;
}

static bool append(const struct inet_socket *socket, size_t *capacity)
{
	if (!ARRAY_RESERVE(list.items, *capacity, list.count + 1, 256))
		return false;
	list.items[list.count++] = *socket;
	return true;
}

static int by_inode(const void *left, const void *right)
{
	const struct inet_socket *a = left, *b = right;

	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* Reads the lists of the process anew. */
static void read_lists(pid_t pid)
{
	static const struct {
		const char *name;
		bool six;
		enum lp_resource_kind kind;
	} rows[] = { { "tcp", false, LP_RESOURCE_TCP },
		     { "tcp6", true, LP_RESOURCE_TCP },
		     { "udp", false, LP_RESOURCE_UDP },
		     { "udp6", true, LP_RESOURCE_UDP } };
	size_t left = SOCKETS_MAX, capacity = 0, i;
	uint64_t begin = clock_now();
	char path[64], line[512];
	struct inet_socket socket;
	bool on = true;

	free(list.items);
	memset(&list, 0, sizeof(list));
	for (i = 0; on && i < ARRAY_SIZE(rows); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, rows[i].name);
		file = fopen(path, "re");
		while (file && on && left && fgets(line, sizeof(line), file)) {
			if (!(--left % CHECKED) && clock_now() - begin >= LISTS_NS)
				left = 0;
			if (!parse_line(line, rows[i].six, &socket))
				continue;
			socket.kind = rows[i].kind;
			on = append(&socket, &capacity);
		}
		if (file)
			fclose(file);
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_inode);
	list.pid = pid;
	list.read_ns = clock_now();
	list.cost_ns = list.read_ns - begin;
}

static const struct inet_socket *find(uint64_t inode)
{
	const struct inet_socket wanted = { .inode = inode };

	return list.count ? bsearch(&wanted, list.items, list.count, sizeof(wanted), by_inode)
			  : NULL;
}

bool socket_by_inode(pid_t pid, uint64_t inode, struct lp_resource *resource)
{
	const struct inet_socket *socket;

	if (list.pid != pid || clock_now() - list.read_ns >= LIST_REUSE * list.cost_ns)
		read_lists(pid);
	socket = find(inode);
	if (!socket)
		return false;
	if (socket->listens)
		resource->flags |= LP_RESOURCE_LISTENS;
	resource->kind = (__u8)socket->kind;
	resource->bytes = sizeof(socket->ends);
	memcpy(resource->data, &socket->ends, sizeof(socket->ends));
	return true;
}
