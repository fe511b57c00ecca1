// SPDX-License-Identifier: BSD-2-Clause
#include "stuck_loop.h"

#include "resource.h"
#include "base/clocks.h"
#include "base/macros.h"
#include "wire/syscalls.h"
#include "process/memory.h"
#include "process/proc_file.h"
#include "process/thread_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* FNV-1a by words: lp_walk in BPF names stacks with the same hash. */
static uint64_t hash_word(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * LP_HASH_PRIME;
}

/* The limit of reads of an inconsistent stack. */
#define TRIES 12
/* The limit of time for that, in ns: a process may have many loops, and change all on purpose. */
#define TRIES_NS 10000000ULL

/* Reads the thread's system call.  False: the thread runs, or cannot be read. */
static bool read_syscall(pid_t pid, pid_t tid, struct lp_wait *wait)
{
	struct lp_thread_call call;
	size_t i;

	if (!thread_call_read(pid, tid, &call))
		return false;
	wait->syscall = call.number == LP_THREAD_CALL_NONE ? LP_SYSCALL_PAGE_FAULT : call.number;
	for (i = 0; i < ARRAY_SIZE(call.arguments); i++)
		wait->arguments[i] = call.arguments[i];
	return true;
}

/* Reads the thread's schedstat: ns on a CPU, ns waiting for a CPU, number of time slices. */
static bool read_schedule(pid_t pid, pid_t tid, struct lp_wait *wait, uint64_t *slices)
{
	unsigned long long turns = 0;
	char name[32], text[128];

	snprintf(name, sizeof(name), "task/%d/schedstat", tid);
	if (proc_read(pid, name, text, sizeof(text)) <= 0)
		return false;
	if (sscanf(text, "%llu %llu %llu", &wait->run_time_ns, &wait->run_delay_ns, &turns) != 3)
		return false;
	*slices = turns;
	return true;
}

/* Fills in a sleep until or for the time at this address, by the flags of clock_nanosleep. */
static void name_sleep(pid_t pid, uint64_t time, uint64_t flags, struct lp_resource *resource)
{
	resource->kind = LP_RESOURCE_SLEEP;
	resource->flags = flags & TIMER_ABSTIME ? LP_RESOURCE_UNTIL : 0;
	resource->number = memory_u64(pid, time) * NS_PER_S + memory_u64(pid, time + sizeof(time));
}

/* Fills in the resource of a call from its arguments.  Other calls have none. */
static void name_resource(pid_t pid, const struct lp_wait *wait, struct lp_resource *resource)
{
	switch (syscall_argument(wait->syscall)) {
	case LP_ARGUMENT_DESCRIPTOR:
		resource_of_descriptor(pid, wait->arguments[0], resource);
		break;
	case LP_ARGUMENT_POLL:
		/* struct pollfd begins with the descriptor */
		resource_of_descriptor(pid, memory_u32(pid, wait->arguments[0]), resource);
		if (wait->arguments[1] > 1)
			resource->flags = LP_RESOURCE_SEVERAL;
		break;
	case LP_ARGUMENT_SLEEP:
		name_sleep(pid, wait->arguments[0], 0, resource);
		break;
	case LP_ARGUMENT_SLEEP_CLOCK:
		name_sleep(pid, wait->arguments[2], wait->arguments[1], resource);
		break;
	case LP_ARGUMENT_FUTEX:
		resource->kind = LP_RESOURCE_LOCK;
		resource->number = wait->arguments[0];
		break;
	case LP_ARGUMENT_CHILD:
		resource->kind = LP_RESOURCE_CHILD;
		resource->number = (int)wait->arguments[0] > 0 ? wait->arguments[0] : 0;
		break;
	default:
		break;
	}
}

/* Returns whether the stack that was read is consistent. */
static bool try_inspect(const struct lp_instance *instance, const struct lp_running_loop *running,
			struct lp_event_raw_stack *raw, struct lp_segment_begun *begun)
{
	struct lp_wait *wait = &begun->wait;
	struct lp_loop_stack stack;
	pid_t tid = running->tid;
	bool asleep;
	uint32_t i;

	memset(begun, 0, sizeof(*begun));
	memset(raw, 0, sizeof(*raw));
	asleep = read_schedule(instance->pid, tid, wait, &begun->slices) &&
		 read_syscall(instance->pid, tid, wait);
	instance->runtime->loop_stack(instance, running, wait, asleep, &stack);
	begun->blocked = asleep && !stack.waits_for_lock;
	raw->flags = stack.flags;
	raw->depth = stack.depth;
	raw->stack = LP_HASH_BASIS;
	for (i = 0; i < stack.depth; i++) {
		raw->frames[i] = stack.frames[i];
		raw->stack = hash_word(hash_word(raw->stack, stack.frames[i].code),
				       stack.frames[i].instruction);
	}
	begun->state = stack.shows == LP_SHOWS_CALLBACK			    ? LP_DETECTED_CALLBACK
		       : begun->blocked && thread_call_polls(wait->syscall) ? LP_DETECTED_POLLING
									    : LP_DETECTED_RUNNING;
	return stack.shows != LP_SHOWS_NOTHING || begun->state == LP_DETECTED_POLLING;
}

void stuck_loop_inspect(const struct lp_instance *instance, const struct lp_running_loop *running,
			struct lp_event_raw_stack *raw, struct lp_segment_begun *begun)
{
	struct lp_wait *wait = &begun->wait;
	uint64_t since = clock_now();
	int i;

	for (i = 0; i < TRIES && (!i || clock_now() - since < TRIES_NS); i++)
		if (try_inspect(instance, running, raw, begun))
			break;
	if (begun->state != LP_DETECTED_CALLBACK)
		return;
	raw->thread_state = running->thread_state;
	raw->reason = LP_SAMPLE_BLOCKED;
	raw->syscall = wait->syscall;
	wait->reason = LP_SAMPLE_BLOCKED;
	wait->stack = raw->stack;
	begun->block.stack = raw->stack;
	begun->block.syscall = wait->syscall;
	if (begun->blocked)
		name_resource(instance->pid, wait, &begun->block.resource);
	raw->resource = begun->block.resource;
}

bool stuck_loop_moved(const struct lp_instance *instance, const struct lp_running_loop *running,
		      const struct lp_segment_begun *begun)
{
	struct lp_wait wait;
	uint64_t slices;

	return !read_schedule(instance->pid, running->tid, &wait, &slices) ||
	       slices != begun->slices || !read_syscall(instance->pid, running->tid, &wait) ||
	       wait.syscall != begun->wait.syscall;
}
