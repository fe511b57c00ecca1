// SPDX-License-Identifier: BSD-2-Clause
#include "resource.h"

#include "process/sockets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void resource_of_descriptor(pid_t pid, uint64_t descriptor, struct lp_resource *resource)
{
	char link[64], text[LP_RESOURCE_BYTES];
	uint64_t inode;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%" PRIu64, pid, descriptor);
	length = readlink(link, text, sizeof(text) - 1);
	if (length <= 0) {
		resource->kind = LP_RESOURCE_DESCRIPTOR;
		resource->number = descriptor;
		return;
	}
	text[length] = '\0';
	if (sscanf(text, "socket:[%" SCNu64 "]", &inode) == 1 &&
	    socket_by_inode(pid, inode, resource))
		return;
	resource->kind = LP_RESOURCE_PATH;
	resource->bytes = (__u16)length;
	memcpy(resource->data, text, (size_t)length);
}
