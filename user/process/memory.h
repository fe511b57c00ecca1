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
 * memory_snapshot_missed returns the number of those that are of a later instant. begin returns 0
 * or -ENOMEM.
 *
 * The process may remain stopped after take, so that other blocks are of the same instant, too.
 * hold stores a function that lets the process go on. It is called once: by the first read, or the
 * first memory_snapshot_release_due, at or after until_ns (CLOCK_MONOTONIC), by
 * memory_snapshot_release or by memory_snapshot_end. Work that takes long and reads no memory calls
 * memory_snapshot_release_due from time to time.
 */
int memory_snapshot_begin(pid_t pid, size_t bytes);
void memory_snapshot_take(void);
void memory_snapshot_hold(uint64_t until_ns, void (*release)(void *context), void *context);
void memory_snapshot_release(void);
void memory_snapshot_release_due(void);
size_t memory_snapshot_missed(void);
void memory_snapshot_end(void);

/*
 * Returns the instant, by CLOCK_MONOTONIC, of what is read now: that of the snapshot that reads are
 * served from, or else the present.
 */
uint64_t memory_time(void);

#define LP_RECORDED_READS 512
#define LP_RECORDED_BYTES 16384
/* The most pages that the reads of a record may be in. */
#define LP_RECORDED_PAGES 64

/* A number of reads and the bytes that each returned. */
struct lp_memory_record {
	pid_t pid;
	bool cut; /* there were more reads than fit into the record */
	size_t late; /* number of reads of later blocks of a snapshot before the record began */
	size_t count, used;
	struct lp_recorded_read {
		uint64_t address;
		size_t size;
	} reads[LP_RECORDED_READS];
	uint8_t bytes[LP_RECORDED_BYTES]; /* one read behind the other */
	/* what is read again: for each page, one piece with all reads that begin in the page */
	size_t page_count;
	struct lp_recorded_page {
		uint64_t begin, end;
		size_t at; /* in again */
	} pages[LP_RECORDED_PAGES];
	uint8_t again[LP_RECORDED_PAGES * 4096];
};

/*
 * Values that are read one after the other from a process that runs may never have existed at the
 * same time. Between begin and holds, the reads of this thread are recorded in *record, which is
 * not owned. holds reads all of them again, within microseconds and not from the cache, and returns
 * whether each is as before, so that all values existed at the same time. For reads of a snapshot
 * it returns whether all are of the snapshot's instant.
 */
void memory_record_begin(struct lp_memory_record *record, pid_t pid);
bool memory_record_holds(void);

/*
 * The function that reads memory: in this process, or in another one that may hang in its place
 * (runtime/remote/remote.h).  As process_vm_readv(2) without flags, errno included.
 */
typedef ssize_t (*lp_memory_transfer)(pid_t pid, const struct iovec *local, size_t local_count,
				      const struct iovec *remote, size_t remote_count);

/* Sets the function for all threads. NULL: this process reads. */
void memory_transfer_by(lp_memory_transfer transfer);

#endif /* LP_PROCESS_MEMORY_H */
