// SPDX-License-Identifier: BSD-2-Clause
#include "blocked_loop.h"

#include "base/macros.h"
#include "base/text.h"
#include "process/sockets.h"
#include "process/thread_call.h"
#include "runtime/remote/remote.h"
#include "wire/resource_text.h"
#include "wire/syscalls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The most loops of a process whose stacks are read. */
#define RUNNING_MAX 1024
/* The time in ns that the searches for one thread may take. */
#define SEARCH_NS (200 * NS_PER_MS)

static const struct lp_running_loop *find_running(const struct lp_running_loop *loops, int count,
						  pid_t tid)
{
	int i;

	for (i = 0; i < count; i++)
		if (loops[i].tid == tid)
			return &loops[i];
	return NULL;
}

/* Reads the stack of a thread in a system call. Returns whether the call is a callback's. */
static bool read_stack(const struct lp_tasks_snapshot *snapshot, const struct lp_running_loop *loop,
		       struct lp_loop_stack *stack)
{
	const struct lp_instance *instance = snapshot->instance;
	struct lp_thread_call call;
	struct lp_wait wait = { 0 };
	size_t i;

	if (!thread_call_read(snapshot->process->pid, loop->tid, &call) ||
	    call.number == LP_THREAD_CALL_NONE)
		return false;
	wait.syscall = call.number;
	for (i = 0; i < ARRAY_SIZE(call.arguments); i++)
		wait.arguments[i] = call.arguments[i];
	instance->runtime->loop_stack(instance, loop, &wait, true, stack);
	return stack->shows == LP_SHOWS_CALLBACK && !stack->waits_for_lock;
}

/* Replaces the number of a socket by its kind and its peer. Returns whether it is a UDP socket. */
static bool name_socket(pid_t pid, struct lp_other_end_file *file)
{
	struct lp_resource resource = { 0 };
	uint64_t inode;

	if (sscanf(file->name, "socket:[%" SCNu64 "]", &inode) != 1 ||
	    !socket_by_inode(pid, inode, &resource))
		return false;
	resource_text(&resource, file->name, sizeof(file->name));
	return resource.kind == LP_RESOURCE_UDP;
}

static void read_one(const struct lp_tasks_snapshot *snapshot, const struct lp_running_loop *loop,
		     struct lp_blocked_loop *blocked)
{
	struct lp_loop_stack stack;

	if (!read_stack(snapshot, loop, &stack) ||
	    !other_end_read(snapshot->process->pid, loop->tid, SEARCH_NS, &blocked->end))
		return;
	blocked->known = true;
	if (name_socket(snapshot->process->pid, &blocked->end.file))
		remote_dns_name(snapshot->process->pid, loop->tid, blocked->dns_name);
	text_sanitise(blocked->dns_name);
	blocked->own = task_frames_own(snapshot->frames, stack.frames, stack.depth);
	blocked->parked = stack.depth ? task_frames_find(snapshot->frames, &stack.frames[0], NULL)
				      : NULL;
}

struct lp_blocked_loop *blocked_loop_read_all(const struct lp_tasks_snapshot *snapshot)
{
	struct lp_blocked_loop *all = calloc(snapshot->loop_count + 1, sizeof(*all));
	struct lp_running_loop *loops = calloc(RUNNING_MAX, sizeof(*loops));
	const struct lp_running_loop *loop;
	int count = 0;
	size_t i;

	if (!all || !loops) {
		free(all);
		free(loops);
		return NULL;
	}
	if (snapshot->loop_count && snapshot->instance->runtime->find_loops)
		count = snapshot->instance->runtime->find_loops(snapshot->instance, loops,
								RUNNING_MAX);
	for (i = 0; i < snapshot->loop_count; i++) {
		pid_t tid = snapshot->list.loops[i].tid;

		loop = tid ? find_running(loops, count, tid) : NULL;
		if (loop)
			read_one(snapshot, loop, &all[i]);
	}
	free(loops);
	return all;
}
