/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the memory of another process, which runs on meanwhile.  Nothing read is
 * trusted.
 */
#ifndef LP_PROCESS_MEMORY_H
#define LP_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Reads exactly size bytes. Returns 0, -EFAULT if any of them is not mapped, or -errno. */
int memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);

/*
 * Reads many pieces of one size, one behind the other into the buffer, in few calls. Returns the
 * number of those that could be read, from the first on.
 */
size_t memory_read_many(pid_t pid, const uint64_t *addresses, size_t count, void *buffer,
			size_t size);

/* Read one value; 0 if the read fails, which no caller may take for a valid pointer. */
uint64_t memory_u64(pid_t pid, uint64_t address);
uint32_t memory_u32(pid_t pid, uint64_t address);

/* Reads a C string of at most size - 1 bytes; always terminates it. Returns its length or -errno. */
int memory_string(pid_t pid, uint64_t address, char *buffer, size_t size);

/*
 * Returns whether a read of the process returns in time, whatever it finds. It does not while
 * something else in the process holds the lock of its memory.
 */
bool memory_answers(pid_t pid);

/*
 * Opens a cache: this thread's reads of that process are served from blocks that are read once, up
 * to a number of bytes. The data are of the moment at which their block was read; a flush makes
 * later reads read again. Reads of other processes, large reads and those of other threads are not
 * cached. Returns 0 or -ENOMEM.
 */
int memory_cache_open(pid_t pid, size_t bytes);
void memory_cache_flush(void);
void memory_cache_close(void);

/*
 * Reads a process at one instant, while it is stopped for as short as possible. Between begin and
 * take, caches record which blocks are needed; take reads all of these at once; caches that are
 * opened after it are served from them, until end. Other blocks are read when they are needed:
 * memory_snapshot_missed returns their number. begin returns 0 or -ENOMEM.
 */
int memory_snapshot_begin(pid_t pid, size_t bytes);
void memory_snapshot_take(void);
size_t memory_snapshot_missed(void);
void memory_snapshot_end(void);

/*
 * The function that reads memory: in this process, or in another one that may hang in its place
 * (runtime/remote/remote.h).  As process_vm_readv(2) without flags, errno included.
 */
typedef ssize_t (*lp_memory_transfer)(pid_t pid, const struct iovec *local, size_t local_count,
				      const struct iovec *remote, size_t remote_count);

/* Sets the function for all threads. NULL: this process reads. */
void memory_transfer_by(lp_memory_transfer transfer);

#endif /* LP_PROCESS_MEMORY_H */
