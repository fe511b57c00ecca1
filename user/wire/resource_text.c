// SPDX-License-Identifier: BSD-2-Clause
#include "resource_text.h"

#include "base/text.h"
#include "base/macros.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Size of a line that holds any resource: its data, of which each byte is shown as at most
 * one, and a few words.
 */
#define LINE_BYTES (LP_RESOURCE_BYTES + 200)

/* The bytes of a longer name that BPF records (bpf/loop/resource.bpf.h). */
#define NAME_MOST 63

struct lp_line {
	size_t used;
	char text[LINE_BYTES];
};

static void __attribute__((format(printf, 2, 3)))
line_print(struct lp_line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line->used = text_append(line->text, sizeof(line->text), line->used, format, arguments);
	va_end(arguments);
}

/* Prints a path from its names, which are recorded from the innermost one outwards. */
static void print_file(struct lp_line *line, const char *data, size_t bytes, unsigned int flags)
{
	bool cut = flags & LP_RESOURCE_CUT;
	const char *names[LP_RESOURCE_BYTES];
	int lengths[LP_RESOURCE_BYTES];
	size_t at, length, count = 0;

	for (at = 0; at < bytes; at += length + 1) {
		length = strnlen(data + at, bytes - at);
		/* a root's own name is not part of a path */
		if (!length || (length == 1 && data[at] == '/'))
			continue;
		names[count] = data + at;
		lengths[count++] = (int)length;
	}
	if (cut)
		line_print(line, "...");
	else if (!count)
		line_print(line, "/");
	while (count--)
		line_print(line, "/%.*s%s", lengths[count], names[count],
			   flags & LP_RESOURCE_NAME_CUT && lengths[count] >= NAME_MOST ? "..."
										       : "");
}

/* Prints a name up to its end or the first zero byte. */
static void print_name(struct lp_line *line, const char *data, size_t bytes, bool cut)
{
	line_print(line, "%.*s%s", (int)strnlen(data, bytes), data, cut ? "..." : "");
}

static void print_unix(struct lp_line *line, const char *data, size_t bytes, unsigned int flags)
{
	size_t at;

	line_print(line, flags & LP_RESOURCE_LISTENS ? "unix listening on " : "unix ");
	if (!bytes) {
		line_print(line, "(unnamed)");
		return;
	}
	if (data[0]) {
		print_name(line, data, bytes, flags & LP_RESOURCE_CUT);
		return;
	}
	/*
	 * unix(7): zeros inside an abstract name have no meaning; /proc/net/unix prints '@' as well
	 */
	for (at = 0; at < bytes; at++)
		line_print(line, "%c", data[at] ? data[at] : '@');
	if (flags & LP_RESOURCE_CUT)
		line_print(line, "...");
}

static void print_end(struct lp_line *line, unsigned int family, const __u8 *address,
		      unsigned int port)
{
	/* ::ffff:0:0/96 of RFC 4291: an IPv4 address on an IPv6 socket */
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN] = "";

	if (family == AF_INET6 && !memcmp(address, mapped, sizeof(mapped))) {
		family = AF_INET;
		address += sizeof(mapped);
	}
	inet_ntop((int)family, address, text, sizeof(text));
	line_print(line, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void print_inet(struct lp_line *line, const char *protocol, const char *data, size_t bytes,
		       unsigned int flags)
{
	struct lp_addresses ends;

	line_print(line, "%s", protocol);
	if (bytes < sizeof(ends))
		return;
	memcpy(&ends, data, sizeof(ends));
	if (ends.family != AF_INET && ends.family != AF_INET6)
		return;
	if (flags & LP_RESOURCE_LISTENS) {
		line_print(line, " listening on ");
		print_end(line, ends.family, ends.local, ends.local_port);
	} else if (ends.remote_port) {
		line_print(line, " ");
		print_end(line, ends.family, ends.remote, ends.remote_port);
	} else if (ends.local_port) {
		line_print(line, " ");
		print_end(line, ends.family, ends.local, ends.local_port);
	} else {
		line_print(line, " (not connected)");
	}
}

static void print_socket(struct lp_line *line, uint64_t family)
{
	static const struct {
		uint64_t family;
		const char *name;
	} names[] = {
		{ AF_CAN, "can" },	   { AF_BLUETOOTH, "bluetooth" },
		{ AF_NETLINK, "netlink" }, { AF_PACKET, "packet" },
		{ AF_ALG, "alg" },	   { AF_VSOCK, "vsock" },
		{ AF_QIPCRTR, "qipcrtr" }, { AF_XDP, "xdp" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].family == family) {
			line_print(line, "socket (%s)", names[i].name);
			return;
		}
	}
	line_print(line, "socket (family %" PRIu64 ")", family);
}

static void print_child(struct lp_line *line, uint64_t pid, const char *data, size_t bytes)
{
	if (!pid) {
		line_print(line, "any child");
		return;
	}
	line_print(line, "child %" PRIu64, pid);
	if (bytes && data[0])
		line_print(line, " (%.*s)", (int)strnlen(data, bytes), data);
}

static void print_resource(struct lp_line *line, const struct lp_resource *resource)
{
	const char *data = (const char *)resource->data;
	size_t bytes = resource->bytes;
	bool cut = resource->flags & LP_RESOURCE_CUT;

	if (bytes > LP_RESOURCE_BYTES)
		bytes = LP_RESOURCE_BYTES;
	switch (resource->kind) {
	case LP_RESOURCE_FILE:
		print_file(line, data, bytes, resource->flags);
		break;
	case LP_RESOURCE_PATH:
		print_name(line, data, bytes, cut);
		break;
	case LP_RESOURCE_TCP:
		print_inet(line, "tcp", data, bytes, resource->flags);
		break;
	case LP_RESOURCE_UDP:
		print_inet(line, "udp", data, bytes, resource->flags);
		break;
	case LP_RESOURCE_UNIX:
		print_unix(line, data, bytes, resource->flags);
		break;
	case LP_RESOURCE_SOCKET:
		print_socket(line, resource->number);
		break;
	case LP_RESOURCE_PIPE:
		line_print(line, "pipe:[%" PRIu64 "]", (uint64_t)resource->number);
		break;
	case LP_RESOURCE_ANONYMOUS:
	case LP_RESOURCE_SLEEP:
		print_name(line, data, bytes, cut);
		break;
	case LP_RESOURCE_CHILD:
		print_child(line, resource->number, data, bytes);
		break;
	case LP_RESOURCE_LOCK:
		line_print(line, "lock 0x%" PRIx64, (uint64_t)resource->number);
		break;
	case LP_RESOURCE_DESCRIPTOR:
		line_print(line, "descriptor %d", (int)resource->number);
		break;
	default:
		break;
	}
}

void resource_text(const struct lp_resource *resource, char *text, size_t size)
{
	struct lp_line line = { 0 };

	print_resource(&line, resource);
	if (line.used && resource->flags & LP_RESOURCE_SEVERAL)
		line_print(&line, " and others");
	text_copy(text, size, line.text);
}

void resource_local(const struct lp_resource *resource, char *text, size_t size)
{
	struct lp_line line = { 0 };
	struct lp_addresses ends;

	text[0] = '\0';
	if ((resource->kind != LP_RESOURCE_TCP && resource->kind != LP_RESOURCE_UDP) ||
	    resource->bytes < sizeof(ends))
		return;
	memcpy(&ends, resource->data, sizeof(ends));
	if (!ends.remote_port || (ends.family != AF_INET && ends.family != AF_INET6))
		return;
	print_end(&line, ends.family, ends.local, ends.local_port);
	text_copy(text, size, line.text);
}
