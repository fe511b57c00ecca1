// SPDX-License-Identifier: BSD-2-Clause
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

int memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = { buffer, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t done = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -EFAULT;
}

uint64_t memory_u64(pid_t pid, uint64_t address)
{
	uint64_t value = 0;

	return memory_read(pid, address, &value, sizeof(value)) ? 0 : value;
}

uint32_t memory_u32(pid_t pid, uint64_t address)
{
	uint32_t value = 0;

	return memory_read(pid, address, &value, sizeof(value)) ? 0 : value;
}

int memory_string(pid_t pid, uint64_t address, char *buffer, size_t size)
{
	size_t done = 0;

	buffer[0] = '\0';
	while (done + 1 < size) {
		/* never past a page in one read: the next may not be mapped */
		size_t room = 4096 - ((address + done) & 4095), wanted = size - 1 - done;
		char *end;
		int err;

		if (wanted > room)
			wanted = room;
		err = memory_read(pid, address + done, buffer + done, wanted);
		if (err) {
			buffer[done] = '\0';
			return err;
		}
		end = memchr(buffer + done, '\0', wanted);
		if (end)
			return (int)(end - buffer);
		done += wanted;
	}
	buffer[done] = '\0';
	return (int)done;
}
