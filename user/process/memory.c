// SPDX-License-Identifier: BSD-2-Clause
#include "memory.h"

#include "base/clocks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096
#define BLOCK_PAGES 4
#define BLOCK ((size_t)PAGE * BLOCK_PAGES)
#define WAYS 4
#define TAKE_BLOCKS 64
#define READ_MANY 32
/* Longer reads gain nothing from the cache. */
#define CACHED_READ_MAX BLOCK
/* An address at which no process has memory, so that no file system has to answer. */
#define NOWHERE (UINT64_C(1) << 63)

struct lp_block_head {
	uint64_t number; /* address / BLOCK */
	uint32_t age; /* of the cache when it was read; another: the block is empty */
	uint8_t pages; /* one bit each: has been read */
	uint8_t used; /* since another block was stored in this set */
	uint8_t late; /* a page of it is of a later instant than the snapshot */
};

static _Thread_local struct {
	pid_t pid; /* 0: not open */
	uint32_t age;
	size_t sets; /* a power of 2 */
	struct lp_block_head *heads;
	uint8_t *data;
	/* process whose blocks are retained from one opening to the next; 0: none */
	pid_t snapshot;
	bool taken; /* and are those of one instant */
	uint64_t taken_ns; /* CLOCK_MONOTONIC of that instant */
	void (*release)(void *context); /* NULL: the process is not held any more */
	void *release_context;
	uint64_t release_ns; /* CLOCK_MONOTONIC when it is to be released */
	size_t missed;
	size_t late; /* reads of blocks that are of a later instant */
} cache;

static _Thread_local struct lp_memory_record *recording;

static ssize_t transfer_here(pid_t pid, const struct iovec *local, size_t local_count,
			     const struct iovec *remote, size_t remote_count)
{
	return process_vm_readv(pid, local, local_count, remote, remote_count, 0);
}

static lp_memory_transfer transfer = transfer_here;

void memory_transfer_by(lp_memory_transfer other)
{
	transfer = other ? other : transfer_here;
}

static int read_straight(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = { buffer, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t done = transfer(pid, &local, 1, &remote, 1);

	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -EFAULT;
}

bool memory_answers(pid_t pid)
{
	uint64_t word;
	int err = read_straight(pid, NOWHERE, &word, sizeof(word));

	/* the results of a worker that does not get an answer, see process/worker.h */
	return err != -ETIMEDOUT && err != -ETIME && err != -ECHILD && err != -EDQUOT;
}

/*
 * Reads one page of a block, and while at it, those behind and in front of it that can
 * be had in the same call: a transfer ends at the first page that is not mapped.
 */
static int fill_block(struct lp_block_head *head, uint8_t *data, unsigned int wanted)
{
	struct iovec local[BLOCK_PAGES], remote[BLOCK_PAGES];
	unsigned int i;
	ssize_t done;

	for (i = 0; i < BLOCK_PAGES; i++) {
		size_t at = (wanted + i) % BLOCK_PAGES * (size_t)PAGE;

		local[i] = (struct iovec){ data + at, PAGE };
		remote[i] = (struct iovec){ (void *)(uintptr_t)(head->number * BLOCK + at), PAGE };
	}
	done = transfer(cache.pid, local, BLOCK_PAGES, remote, BLOCK_PAGES);
	if (done < 0)
		return -errno;
	for (i = 0; i < (size_t)done / PAGE; i++)
		head->pages |= (uint8_t)(1U << (wanted + i) % BLOCK_PAGES);
	return done < PAGE ? -EFAULT : 0;
}

/* Returns the entry of a block, or one to replace that was not used lately. */
static size_t place_block(uint64_t number)
{
	/* Fibonacci hashing: what is far apart in memory often has a power of 2 between */
	size_t set = (number * 0x9e3779b97f4a7c15ULL >> 32) & (cache.sets - 1), way;
	struct lp_block_head *heads = &cache.heads[set * WAYS];

	for (way = 0; way < WAYS; way++) {
		if (heads[way].number != number)
			continue;
		/* a block that was read before a flush does not take the place of another one */
		if (heads[way].age != cache.age)
			heads[way] = (struct lp_block_head){ .number = number, .age = cache.age };
		heads[way].used = 1;
		return set * WAYS + way;
	}
	for (way = 0; way < WAYS - 1; way++)
		if (heads[way].age != cache.age || !heads[way].used)
			break;
	if (heads[way].used) {
		size_t other;

		for (other = 0; other < WAYS; other++)
			heads[other].used = 0;
	}
	heads[way] = (struct lp_block_head){ .number = number, .age = cache.age, .used = 1 };
	return set * WAYS + way;
}

/* Returns whether what is read now is of a later instant than the snapshot. */
static bool is_late(void)
{
	return cache.taken && !cache.release;
}

static int read_cached(uint64_t address, uint8_t *buffer, size_t size)
{
	while (size) {
		size_t place = place_block(address / BLOCK), at = address % BLOCK;
		unsigned int page = (unsigned int)(at / PAGE);
		size_t left = PAGE - at % PAGE, part = size < left ? size : left;
		uint8_t *data = cache.data + place * BLOCK;

		if (!(cache.heads[place].pages & 1U << page)) {
			bool late = is_late();
			int err = fill_block(&cache.heads[place], data, page);

			if (err)
				return err;
			cache.missed += late;
			cache.late += late;
			cache.heads[place].late |= late;
		} else {
			cache.late += cache.heads[place].late;
		}
		memcpy(buffer, data + at, part);
		address += part;
		buffer += part;
		size -= part;
	}
	return 0;
}

static void free_blocks(void)
{
	free(cache.heads);
	free(cache.data);
	cache.heads = NULL;
	cache.data = NULL;
	cache.pid = 0;
}

static int make_blocks(size_t bytes)
{
	free_blocks();
	for (cache.sets = 1; cache.sets * 2 * WAYS * BLOCK <= bytes;)
		cache.sets *= 2;
	cache.heads = calloc(cache.sets * WAYS, sizeof(*cache.heads));
	cache.data = malloc(cache.sets * WAYS * BLOCK);
	if (!cache.heads || !cache.data) {
		free_blocks();
		return -ENOMEM;
	}
	cache.age = 1;
	return 0;
}

int memory_cache_open(pid_t pid, size_t bytes)
{
	int err = pid == cache.snapshot ? 0 : make_blocks(bytes);

	if (!err)
		cache.pid = pid;
	return err;
}

void memory_cache_flush(void)
{
	if (cache.taken)
		return;
	if (!++cache.age && cache.heads) {
		memset(cache.heads, 0, cache.sets * WAYS * sizeof(*cache.heads));
		cache.age = 1;
	}
}

void memory_cache_close(void)
{
	cache.pid = 0;
	if (!cache.snapshot)
		free_blocks();
}

int memory_snapshot_begin(pid_t pid, size_t bytes)
{
	int err = make_blocks(bytes);

	cache.snapshot = err ? 0 : pid;
	cache.taken = false;
	return err;
}

/* Reads many blocks with one call, which ends at the first page that is not mapped any more. */
static void take_blocks(const size_t *places, size_t count)
{
	struct iovec local[TAKE_BLOCKS] = { 0 }, remote[TAKE_BLOCKS] = { 0 };
	ssize_t done;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct lp_block_head *head = &cache.heads[places[i]];

		local[i] = (struct iovec){ cache.data + places[i] * BLOCK, BLOCK };
		remote[i] = (struct iovec){ (void *)(uintptr_t)(head->number * BLOCK), BLOCK };
	}
	done = transfer(cache.snapshot, local, count, remote, count);
	for (i = 0; i < count; i++)
		if (done >= (ssize_t)((i + 1) * BLOCK))
			cache.heads[places[i]].pages = (1U << BLOCK_PAGES) - 1;
}

void memory_snapshot_take(void)
{
	size_t places[TAKE_BLOCKS] = { 0 }, count = 0, i;
	unsigned int page;

	for (i = 0; i < cache.sets * WAYS; i++) {
		if (!cache.heads[i].number)
			continue;
		cache.heads[i].age = cache.age;
		cache.heads[i].pages = 0;
		places[count++] = i;
		if (count == TAKE_BLOCKS) {
			take_blocks(places, count);
			count = 0;
		}
	}
	take_blocks(places, count);
	/* those with pages that are not mapped */
	cache.pid = cache.snapshot;
	for (i = 0; i < cache.sets * WAYS; i++)
		for (page = 0; cache.heads[i].number && page < BLOCK_PAGES; page++)
			if (!(cache.heads[i].pages & 1U << page))
				fill_block(&cache.heads[i], cache.data + i * BLOCK, page);
	cache.pid = 0;
	cache.taken = true;
	cache.taken_ns = clock_now();
	cache.missed = 0;
}

void memory_snapshot_hold(uint64_t until_ns, void (*release)(void *context), void *context)
{
	cache.release = release;
	cache.release_context = context;
	cache.release_ns = until_ns;
}

void memory_snapshot_release(void)
{
	void (*release)(void *context) = cache.release;

	cache.release = NULL;
	if (release)
		release(cache.release_context);
}

void memory_snapshot_release_due(void)
{
	if (cache.release && clock_now() >= cache.release_ns)
		memory_snapshot_release();
}

size_t memory_snapshot_missed(void)
{
	return cache.missed;
}

void memory_snapshot_end(void)
{
	memory_snapshot_release();
	cache.snapshot = 0;
	cache.taken = false;
	free_blocks();
}

uint64_t memory_time(void)
{
	return cache.taken ? cache.taken_ns : clock_now();
}

/* ---- records ------------------------------------------------------------------------- */

void memory_record_begin(struct lp_memory_record *record, pid_t pid)
{
	record->pid = pid;
	record->cut = false;
	record->late = cache.late;
	record->count = record->used = 0;
	recording = record;
}

static void record_read(uint64_t address, const void *bytes, size_t size)
{
	struct lp_memory_record *record = recording;

	if (record->count == LP_RECORDED_READS || size > LP_RECORDED_BYTES - record->used) {
		record->cut = true;
		return;
	}
	record->reads[record->count++] = (struct lp_recorded_read){ address, size };
	memcpy(record->bytes + record->used, bytes, size);
	record->used += size;
}

/* Finds or adds the page in which a read begins.  NULL: there are too many. */
static struct lp_recorded_page *page_of(struct lp_memory_record *record, uint64_t address)
{
	size_t i;

	for (i = record->page_count; i--;)
		if (record->pages[i].begin / PAGE == address / PAGE)
			return &record->pages[i];
	if (record->page_count == LP_RECORDED_PAGES)
		return NULL;
	record->pages[record->page_count] = (struct lp_recorded_page){ address, address, 0 };
	return &record->pages[record->page_count++];
}

/*
 * Determines what is read again, one piece of each page, as a system call takes longer for many
 * pieces.  False: the reads are in too many pages.
 */
static bool group_by_page(struct lp_memory_record *record)
{
	size_t i;

	record->page_count = 0;
	for (i = 0; i < record->count; i++) {
		const struct lp_recorded_read *one = &record->reads[i];
		struct lp_recorded_page *page = page_of(record, one->address);

		if (!page)
			return false;
		if (one->address < page->begin)
			page->begin = one->address;
		if (one->address + one->size > page->end)
			page->end = one->address + one->size;
	}
	return true;
}

static bool read_again(struct lp_memory_record *record)
{
	struct iovec local, remote[READ_MANY];
	size_t done = 0, used = 0, part, i;

	for (; done < record->page_count; done += part) {
		part = record->page_count - done < READ_MANY ? record->page_count - done
							     : READ_MANY;
		local = (struct iovec){ record->again + used, 0 };
		for (i = 0; i < part; i++) {
			struct lp_recorded_page *page = &record->pages[done + i];
			size_t size = page->end - page->begin;

			page->at = used + local.iov_len;
			if (size > sizeof(record->again) - page->at)
				return false;
			remote[i] = (struct iovec){ (void *)(uintptr_t)page->begin, size };
			local.iov_len += size;
		}
		if (transfer(record->pid, &local, 1, remote, part) != (ssize_t)local.iov_len)
			return false;
		used += local.iov_len;
	}
	return true;
}

bool memory_record_holds(void)
{
	struct lp_memory_record *record = recording;
	const uint8_t *bytes = record->bytes;
	size_t i;

	recording = NULL;
	if (record->pid == cache.snapshot && cache.taken)
		return record->late == cache.late;
	if (record->cut || !group_by_page(record) || !read_again(record))
		return false;
	for (i = 0; i < record->count; i++) {
		const struct lp_recorded_read *one = &record->reads[i];
		const struct lp_recorded_page *page = page_of(record, one->address);

		if (memcmp(bytes, record->again + page->at + (one->address - page->begin),
			   one->size))
			return false;
		bytes += one->size;
	}
	return true;
}

/* ---- reads ---------------------------------------------------------------------------- */

int memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	int err;

	memory_snapshot_release_due();
	if (pid == cache.pid && pid && (size <= CACHED_READ_MAX || cache.snapshot) &&
	    address <= UINT64_MAX - size)
		err = read_cached(address, buffer, size);
	else
		err = read_straight(pid, address, buffer, size);
	if (pid != cache.pid && pid == cache.snapshot && is_late())
		cache.missed++;
	/* reads of a snapshot are compared by their instants */
	if (recording && pid == recording->pid && !err && !(cache.taken && pid == cache.snapshot))
		record_read(address, buffer, size);
	return err;
}

size_t memory_read_many(pid_t pid, const uint64_t *addresses, size_t count, void *buffer,
			size_t size)
{
	struct iovec remote[READ_MANY];
	size_t done = 0;

	if (pid == cache.pid) {
		while (done < count &&
		       !memory_read(pid, addresses[done], (char *)buffer + done * size, size))
			done++;
		return done;
	}
	memory_snapshot_release_due();
	while (done < count) {
		size_t part = count - done < READ_MANY ? count - done : READ_MANY, i;
		struct iovec local = { (char *)buffer + done * size, part * size };
		ssize_t bytes;

		for (i = 0; i < part; i++)
			remote[i] = (struct iovec){ (void *)(uintptr_t)addresses[done + i], size };
		bytes = transfer(pid, &local, 1, remote, part);
		cache.missed += pid == cache.snapshot && is_late();
		if (bytes > 0)
			done += (size_t)bytes / size;
		if (bytes != (ssize_t)(part * size))
			break;
	}
	return done;
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
		size_t left = 4096 - ((address + done) & 4095), wanted = size - 1 - done;
		char *end;
		int err;

		if (wanted > left)
			wanted = left;
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
