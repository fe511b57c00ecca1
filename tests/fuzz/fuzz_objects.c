// SPDX-License-Identifier: BSD-2-Clause
/*
 * Python objects as a hostile process could have them.  Input: the minor version, the position of
 * the thread state, what is read, and an image of memory that repeats in all addresses below 2^47:
 * nearly all pointers are valid, and chains, trees and tables have no end.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cpython/objects/code.h"
#include "runtime/cpython/cpython.h"
#include "runtime/cpython/objects/key_hints.h"
#include "runtime/cpython/running_loops.h"
#include "runtime/cpython/probes.h"
#include "runtime/cpython/objects/frames.h"
#include "runtime/cpython/tasks/tasks.h"
#include "runtime/cpython/objects/threads.h"
#include "runtime/cpython/uvloop.h"
#include "runtime/task_list.h"
#include "process/memory.h"

#define HEAD_BYTES 4
#define ADDRESSES (1ULL << 47)
/* The address of the first copy of the image. */
#define BASE 0x10000
#define LOOPS 64
/* Limit on reads; a snapshot of a real process with 100,000 tasks takes some millions. */
#define READS_MOST 20000000
/* The clock of the reader, in ns. */
#define FUZZ_NOW_NS 1000000000000

static const uint8_t *image;
static size_t image_bytes;
static uint64_t reads;

int memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	uint8_t *to = buffer;
	size_t at, part;

	(void)pid;
	FUZZ_CHECK(++reads < READS_MOST);
	if (address < BASE || address >= ADDRESSES || size > ADDRESSES - address)
		return -EFAULT;
	for (at = (address - BASE) % image_bytes; size; at = 0) {
		part = size < image_bytes - at ? size : image_bytes - at;
		memcpy(to, image + at, part);
		to += part;
		size -= part;
	}
	return 0;
}

size_t memory_read_many(pid_t pid, const uint64_t *addresses, size_t count, void *buffer,
			size_t size)
{
	size_t done = 0;

	while (done < count &&
	       !memory_read(pid, addresses[done], (char *)buffer + done * size, size))
		done++;
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
	size_t length;

	buffer[0] = '\0';
	for (length = 0; length + 1 < size; length++)
		if (memory_read(pid, address + length, buffer + length, 1) || !buffer[length])
			break;
	buffer[length] = '\0';
	return (int)length;
}

int memory_cache_open(pid_t pid, size_t bytes)
{
	(void)pid;
	(void)bytes;
	return 0;
}

void memory_cache_flush(void)
{
}

void memory_cache_close(void)
{
}

uint64_t memory_time(void)
{
	return FUZZ_NOW_NS;
}

void memory_snapshot_release_due(void)
{
}

void memory_record_begin(struct lp_memory_record *record, pid_t pid)
{
	(void)record;
	(void)pid;
}

/* Every other answer is that the memory has changed since it was read. */
bool memory_record_holds(void)
{
	return reads & 1;
}

static uint64_t word(size_t index)
{
	return memory_u64(0, BASE + index * 8) % ADDRESSES;
}

/* The image says where types and roots are, so that it may have objects of every kind. */
static void fill(struct lp_cpython *python, const struct lp_cpython_row *row)
{
	memset(python, 0, sizeof(*python));
	python->pid = getpid();
	python->minor = row->minor;
	python->row = *row;
	python->runtime = BASE;
	python->code_type = word(0);
	python->function_type = word(1);
	python->string_type = word(2);
	python->int_type = word(3);
	python->runtime_error = word(4);
	python->codes = cpython_codes_new();
	python->hints = cpython_hints_new();
	python->threads = cpython_threads_new();
}

static void read_stack(const struct lp_cpython *python, uint64_t thread_state)
{
	struct lp_raw_frame frames[LP_STACK_DEPTH];
	struct lp_frame shown[LP_STACK_DEPTH];
	bool cut;
	int depth = cpython_read_stack(python, thread_state, frames, LP_STACK_DEPTH, &cut);
	size_t count, i;

	FUZZ_CHECK(depth <= LP_STACK_DEPTH);
	if (depth <= 0)
		return;
	count = cpython_describe_stack(python, frames, (size_t)depth, shown);
	FUZZ_CHECK(count <= (size_t)depth);
	for (i = 0; i < count; i++)
		FUZZ_CHECK(strlen(shown[i].function) < sizeof(shown[i].function) &&
			   strlen(shown[i].file) < sizeof(shown[i].file));
}

static void read_tasks(const struct lp_cpython *python)
{
	struct lp_error error = { .code = 0 };
	struct lp_task_list list;

	memset(&list, 0, sizeof(list));
	if (!cpython_read_tasks(python, &list, &error))
		task_list_free(&list);
}

static void read_loops(const struct lp_cpython *python)
{
	struct lp_running_loop loops[LOOPS];
	struct lp_lifecycle lifecycle;
	struct lp_uvloop uvloop;
	uint64_t dispatch, run_once;

	FUZZ_CHECK(cpython_find_loops(python, loops, LOOPS) <= LOOPS);
	cpython_find_lifecycle(python, &lifecycle);
	cpython_find_uvloop(python, &uvloop);
	cpython_loop_code(python, &dispatch, &run_once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lp_cpython_row *row;
	struct lp_cpython python;

	if (size < HEAD_BYTES + 8)
		return 0;
	row = cpython_row(CPYTHON_OLDEST + data[0] % (CPYTHON_NEWEST - CPYTHON_OLDEST + 1));
	image = data + HEAD_BYTES;
	image_bytes = size - HEAD_BYTES;
	reads = 0;
	FUZZ_CHECK(row != NULL);
	fill(&python, row);
	if (data[3] % 3 == 0)
		read_stack(&python, BASE + (data[1] | (uint64_t)data[2] << 8));
	else if (data[3] % 3 == 1)
		read_loops(&python);
	else
		read_tasks(&python);
	cpython_codes_free(python.codes);
	cpython_hints_free(python.hints);
	cpython_threads_free(python.threads);
	return 0;
}

/* Pointers that lead to pointers; each version has one kind. */
size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	size_t bytes = 2048, i;
	uint64_t value;

	if (number >= 6 * (CPYTHON_NEWEST - CPYTHON_OLDEST + 1))
		return 0;
	memset(data, 0, HEAD_BYTES);
	data[0] = (uint8_t)(number / 6);
	data[3] = (uint8_t)(number / 2);
	for (i = 0; i < bytes; i += sizeof(value)) {
		value = number % 2 ? BASE + (i * 7 + 64) % bytes : i % 64 ? BASE + i + 64 : i / 64;
		memcpy(data + HEAD_BYTES + i, &value, sizeof(value));
	}
	return HEAD_BYTES + bytes;
}
