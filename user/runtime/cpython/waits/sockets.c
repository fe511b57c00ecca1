// SPDX-License-Identifier: BSD-2-Clause
/*
 * Texts of the descriptors of a process, in the words of wire/resource_text.c.  The kernel's
 * lists of sockets may be long: they are read once for all tasks.
 */
#include "waits_internal.h"

#include "process/memory.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX 500000 /* lines that are read of one list */
#define CHECKED 256 /* lines after which it is checked whether a stopped process must go on */
#define DESCRIPTOR_MAX (1 << 24)
#define SOCKETS_SHOWN 3

/* net/tcp_states.h */
#define STATE_LISTEN 10
/* include/uapi/linux/net.h: the flag of a listening socket in /proc/net/unix */
#define UNIX_ACCEPTS 0x10000

struct lp_wait_sockets {
	bool listed;
	struct lp_map inodes; /* from a socket's inode to the address of its text */
	struct lp_map descriptors; /* from a descriptor + 1 to the address of its text */
};

/*
 * Prints an address and port of /proc/PID/net: 32-bit words in host order, in hexadecimal, and
 * a port (net/ipv4/tcp_ipv4.c: get_tcp4_sock).  Returns the port, or -1.
 */
static int print_end(const char *text, char *end, size_t size)
{
	/* ::ffff:0:0/96 of RFC 4291: an IPv4 address on an IPv6 socket */
	static const uint32_t mapped[3] = { 0, 0, 0xffff0000 };
	size_t length = strcspn(text, ":"), words = length / 8, i;
	char address[INET6_ADDRSTRLEN] = "";
	uint32_t word[4];
	unsigned int port;

	if ((words != 1 && words != 4) || sscanf(text + length, ":%x", &port) != 1)
		return -1;
	for (i = 0; i < words; i++)
		if (sscanf(text + i * 8, "%8x", &word[i]) != 1)
			return -1;
	if (words == 4 && memcmp(word, mapped, sizeof(mapped)) != 0) {
		inet_ntop(AF_INET6, word, address, sizeof(address));
		snprintf(end, size, "[%s]:%u", address, port);
	} else {
		inet_ntop(AF_INET, &word[words - 1], address, sizeof(address));
		snprintf(end, size, "%s:%u", address, port);
	}
	return (int)port;
}

static void keep(struct lp_waits *waits, uint64_t inode, const char *text)
{
	map_put(&waits->sockets->inodes, inode, (uintptr_t)task_arena_text(waits->arena, text));
}

static void read_inet(struct lp_waits *waits, const char *protocol, const char *line)
{
	char local[64], remote[64], here[80], there[80], text[128];
	int local_port, remote_port;
	unsigned int state;
	uint64_t inode;

	if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %" SCNu64, local, remote, &state,
		   &inode) != 4 ||
	    !inode)
		return;
	local_port = print_end(local, here, sizeof(here));
	remote_port = print_end(remote, there, sizeof(there));
	if (local_port < 0 || remote_port < 0)
		return;
	if (state == STATE_LISTEN)
		snprintf(text, sizeof(text), "%s listening on %s", protocol, here);
	else
		snprintf(text, sizeof(text), "%s %s", protocol, remote_port ? there : here);
	keep(waits, inode, text);
}

static void read_unix(struct lp_waits *waits, const char *unused, const char *line)
{
	char path[128] = "", text[192];
	const char *known;
	unsigned int flags;
	uint64_t inode, *slot;

	(void)unused;
	if (sscanf(line, "%*x: %*x %*x %x %*x %*x %" SCNu64 " %127[^\n]", &flags, &inode, path) <
		    2 ||
	    !inode)
		return;
	snprintf(text, sizeof(text), "unix %s%s", flags & UNIX_ACCEPTS ? "listening on " : "",
		 path);
	slot = map_get(&waits->sockets->inodes, inode);
	known = slot ? (const char *)(uintptr_t)*slot : NULL;
	/*
	 * The kernel does not escape names, so that a name with a line feed in it may imitate a
	 * line about a socket of another process. That socket then has two lines.
	 */
	if (!known)
		keep(waits, inode, path[0] ? text : CPYTHON_WAIT_UNNAMED);
	else if (!strncmp(known, "unix ", strlen("unix ")) && strcmp(known, text) != 0)
		keep(waits, inode, CPYTHON_WAIT_UNNAMED);
}

static void read_list(struct lp_waits *waits, const char *name, const char *protocol,
		      void (*read)(struct lp_waits *, const char *, const char *))
{
	char path[64], line[512];
	size_t left = LINES_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", waits->python->pid, name);
	file = fopen(path, "re");
	while (file && left-- && fgets(line, sizeof(line), file)) {
		/* the process may be stopped meanwhile, but not for as long as many lines take */
		if (!(left % CHECKED))
			memory_snapshot_release_due();
		read(waits, protocol, line);
	}
	if (file)
		fclose(file);
}

static const char *socket_text(struct lp_waits *waits, uint64_t inode)
{
	uint64_t *known;

	if (!waits->sockets->listed) {
		waits->sockets->listed = true;
		read_list(waits, "tcp", "tcp", read_inet);
		read_list(waits, "tcp6", "tcp", read_inet);
		read_list(waits, "udp", "udp", read_inet);
		read_list(waits, "udp6", "udp", read_inet);
		read_list(waits, "unix", "unix", read_unix);
	}
	known = map_get(&waits->sockets->inodes, inode);
	/* the socket is not connected, or of another family */
	return known ? (const char *)(uintptr_t)*known : "socket";
}

const char *cpython_wait_descriptor(struct lp_waits *waits, int descriptor)
{
	char path[64], target[256];
	const char *text;
	uint64_t inode, *known;
	ssize_t length;

	if (descriptor < 0 || descriptor > DESCRIPTOR_MAX)
		return "";
	if (!waits->sockets)
		waits->sockets = calloc(1, sizeof(*waits->sockets));
	if (!waits->sockets)
		return "";
	known = map_get(&waits->sockets->descriptors, (uint64_t)descriptor + 1);
	if (known)
		return (const char *)(uintptr_t)*known;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", waits->python->pid, descriptor);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return "";
	target[length] = '\0';
	if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1)
		text = socket_text(waits, inode);
	else
		text = task_arena_text(waits->arena, target);
	map_put(&waits->sockets->descriptors, (uint64_t)descriptor + 1, (uintptr_t)text);
	return text;
}

void cpython_wait_append_descriptor(struct lp_waiting *wait, int descriptor)
{
	const char *text = cpython_wait_descriptor(wait->waits, descriptor);

	if (text[0])
		cpython_wait_append(wait, "%s", text);
}

void cpython_wait_append_sockets(struct lp_waiting *wait, const uint64_t *objects, size_t count,
				 int (*descriptor_of)(struct lp_waits *waits, uint64_t object))
{
	size_t i;

	for (i = 0; i < count && i < SOCKETS_SHOWN; i++)
		cpython_wait_append_descriptor(wait, descriptor_of(wait->waits, objects[i]));
	if (count > i)
		cpython_wait_append(wait, "and %zu more", count - i);
}

void cpython_wait_sockets_free(struct lp_wait_sockets *sockets)
{
	if (!sockets)
		return;
	map_free(&sockets->inodes);
	map_free(&sockets->descriptors);
	free(sockets);
}
