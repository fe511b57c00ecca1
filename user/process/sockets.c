// SPDX-License-Identifier: BSD-2-Clause
#include "sockets.h"

#include "base/macros.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Limit of the sockets that are read: a namespace may have any number. */
#define SOCKETS_MAX 65536
/* As in net/tcp_states.h */
#define STATE_LISTEN 10

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

static bool parse_line(const char *line, bool six, uint64_t wanted, struct lp_resource *resource)
{
	struct lp_addresses ends = { .family = six ? AF_INET6 : AF_INET };
	char local[64], remote[64];
	unsigned int state, words = six ? 4 : 1;
	uint64_t inode;

	if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %" SCNu64, local, remote, &state,
		   &inode) != 4 ||
	    inode != wanted || strlen(local) < words * 8 || strlen(remote) < words * 8 ||
	    !parse_end(local, ends.local, words, &ends.local_port) ||
	    !parse_end(remote, ends.remote, words, &ends.remote_port))
		return false;
	if (state == STATE_LISTEN)
		resource->flags |= LP_RESOURCE_LISTENS;
	resource->bytes = sizeof(ends);
	memcpy(resource->data, &ends, sizeof(ends));
	return true;
}

bool socket_by_inode(pid_t pid, uint64_t inode, struct lp_resource *resource)
{
	static const struct {
		const char *name;
		bool six;
		enum lp_resource_kind kind;
	} lists[] = { { "tcp", false, LP_RESOURCE_TCP },
		      { "tcp6", true, LP_RESOURCE_TCP },
		      { "udp", false, LP_RESOURCE_UDP },
		      { "udp6", true, LP_RESOURCE_UDP } };
	char path[64], line[512];
	size_t left = SOCKETS_MAX, i;
	bool found = false;

	for (i = 0; !found && i < ARRAY_SIZE(lists); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, lists[i].name);
		file = fopen(path, "re");
		while (file && !found && left-- && fgets(line, sizeof(line), file))
			found = parse_line(line, lists[i].six, inode, resource);
		if (file)
			fclose(file);
		if (found)
			resource->kind = (__u8)lists[i].kind;
	}
	return found;
}
