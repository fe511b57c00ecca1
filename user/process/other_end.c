// SPDX-License-Identifier: BSD-2-Clause
#include "other_end.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "base/text.h"
#include "file_locks.h"
#include "memory.h"
#include "open_in.h"
#include "proc_file.h"
#include "process.h"
#include "thread_call.h"
#include "unix_peer.h"
#include "wire/syscalls.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The most descriptors of a poll that are examined. */
#define POLLED 8
#define POLLFD_BYTES 8 /* struct pollfd: a descriptor and events */
/* commands of fcntl() that wait for a lock */
#define OFD_SETLKW 38
#define WAIT_BY_PIDFD 3 /* P_PIDFD */

/* The state of one answer. */
struct search {
	pid_t pid;
	pid_t tid;
	struct lp_thread_call call;
	uint64_t until_ns;
	struct lp_other_end *end;
};

void other_end_prepare(void)
{
	unix_peer_open();
}

/* ---- descriptors ---- */

static bool name_file(pid_t pid, int descriptor, struct lp_other_end_file *file)
{
	file->descriptor = descriptor;
	return open_in_name(pid, descriptor, file->name, sizeof(file->name));
}

/* Returns the descriptor that a call operates on; -1 if it has none. */
static int descriptor_of(pid_t pid, const struct lp_thread_call *call)
{
	switch (call->number == LP_THREAD_CALL_NONE ? LP_ARGUMENT_NONE
						    : syscall_argument(call->number)) {
	case LP_ARGUMENT_DESCRIPTOR:
		return (int)call->arguments[0];
	case LP_ARGUMENT_POLL:
		return call->arguments[1] ? (int)memory_u32(pid, call->arguments[0]) : -1;
	default:
		return -1;
	}
}

/*
 * Returns the name that the other end of a descriptor has in /proc/PID/fd, and the access that it
 * has to have. False: it has no other end.
 */
static bool name_other(const char *name, bool writes, char *other, size_t size,
		       enum lp_open_access *access)
{
	uint64_t inode = 0;

	if (!strncmp(name, "pipe:[", strlen("pipe:["))) {
		snprintf(other, size, "%s", name);
		*access = writes ? LP_OPEN_READS : LP_OPEN_WRITES;
		return true;
	}
	if (sscanf(name, "socket:[%" SCNu64 "]", &inode) != 1)
		return false;
	inode = unix_peer_inode(inode);
	snprintf(other, size, "socket:[%" PRIu64 "]", inode);
	*access = LP_OPEN_ANY;
	return inode != 0;
}

/* ---- a process at the end ---- */

static bool writes_by(int number)
{
	static const int calls[] = { SYS_write,	  SYS_writev,	SYS_pwrite64, SYS_sendto,
				     SYS_sendmsg, SYS_sendmmsg, SYS_splice };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i] == number)
			return true;
	return false;
}

/* Describes a process, and whether what it waits for has its other end in the first one. */
static void describe(const struct search *search, pid_t pid, struct lp_other_end_process *process)
{
	char text[LP_PROC_STAT_BYTES], other[LP_OTHER_END_NAME_BYTES];
	struct lp_thread_call call;
	const char *stat = proc_stat(pid, "stat", text);
	enum lp_open_access access;

	memset(process, 0, sizeof(*process));
	process->pid = pid;
	process->state = stat ? *stat : 0;
	process->syscall = -1;
	process->file.descriptor = -1;
	if (proc_read(pid, "comm", text, sizeof(text)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		text_copy(process->comm, sizeof(process->comm), text);
	}
	if (!thread_call_read(pid, pid, &call) || call.number == LP_THREAD_CALL_NONE)
		return;
	process->syscall = call.number;
	if (!name_file(pid, descriptor_of(pid, &call), &process->file))
		return;
	if (name_other(process->file.name, writes_by(call.number), other, sizeof(other), &access))
		process->waits_for_us =
			open_in_process(search->pid, other, access, search->until_ns);
}

static void add_process(const struct search *search, pid_t pid)
{
	struct lp_other_end *end = search->end;
	size_t i;

	if (pid == search->pid) {
		end->itself = true;
		return;
	}
	for (i = 0; i < end->count && i < LP_OTHER_END_PROCESSES; i++)
		if (end->processes[i].pid == pid)
			return;
	if (end->count < LP_OTHER_END_PROCESSES)
		describe(search, pid, &end->processes[end->count]);
	end->count++;
}

static bool in_time(const struct search *search)
{
	if (clock_now() < search->until_ns)
		return true;
	search->end->cut = true;
	return false;
}

/* Adds all processes that have an open descriptor of that name. */
static void add_holders(const struct search *search, const char *name, enum lp_open_access access)
{
	pid_t *pids;
	ssize_t count = process_list(&pids), i;

	/* the search in the last process may have been cut too */
	for (i = 0; in_time(search) && i < count; i++)
		if (open_in_process(pids[i], name, access, search->until_ns))
			add_process(search, pids[i]);
	if (count >= 0)
		free(pids);
}

/* ---- what a call waits for ---- */

static bool try_descriptor(const struct search *search, int descriptor, bool writes)
{
	struct lp_other_end *end = search->end;
	char other[LP_OTHER_END_NAME_BYTES];
	enum lp_open_access access;

	if (!name_file(search->pid, descriptor, &end->file) ||
	    !name_other(end->file.name, writes, other, sizeof(other), &access))
		return false;
	end->kind = access == LP_OPEN_ANY ? LP_OTHER_END_SOCKET : LP_OTHER_END_PIPE;
	add_holders(search, other, access);
	return true;
}

/* A poll waits for any of its descriptors: the first one with another end is taken. */
static void read_poll(const struct search *search)
{
	uint64_t address = search->call.arguments[0], count = search->call.arguments[1], i;

	for (i = 0; i < count && i < POLLED; i++) {
		int descriptor = (int)memory_u32(search->pid, address + i * POLLFD_BYTES);
		/* events, a short after the descriptor: POLLOUT is 4 */
		uint32_t events = memory_u32(search->pid, address + i * POLLFD_BYTES + 4) & 0xffff;

		if (descriptor >= 0 && try_descriptor(search, descriptor, !(events & 1)))
			return;
	}
}

/* Reads the files that lock what the process waits for. */
static void read_lock(const struct search *search)
{
	struct lp_file_lock locks[LP_OTHER_END_PROCESSES];
	size_t count, i;

	name_file(search->pid, (int)search->call.arguments[0], &search->end->file);
	count = file_locks_blocking(search->pid, locks, ARRAY_SIZE(locks));
	if (!count)
		return;
	search->end->kind = LP_OTHER_END_LOCK;
	for (i = 0; i < count; i++)
		if (locks[i].pid > 0)
			add_process(search, locks[i].pid);
		else /* a lock of an open file, which has no process */
			add_holders(search, search->end->file.name, LP_OPEN_ANY);
}

/*
 * SQLite tries to get a lock again after sleeps of these lengths (sqliteDefaultBusyCallback), by
 * usleep(). Python's own time.sleep() uses other calls, and another clock.
 */
static bool is_sqlite_sleep(const struct search *search)
{
	static const uint64_t delays_ms[] = { 1, 2, 5, 10, 15, 20, 25, 50, 100 };
	const struct lp_thread_call *call = &search->call;
	uint64_t at, ns;
	size_t i;

	if (call->number == SYS_clock_nanosleep && call->arguments[0] == CLOCK_REALTIME &&
	    !call->arguments[1])
		at = call->arguments[2];
	else if (call->number == SYS_nanosleep)
		at = call->arguments[0];
	else
		return false;
	ns = memory_u64(search->pid, at + sizeof(uint64_t));
	for (i = 0; i < ARRAY_SIZE(delays_ms); i++)
		if (!memory_u64(search->pid, at) && ns == delays_ms[i] * NS_PER_MS)
			return true;
	return false;
}

static void read_sqlite(const struct search *search)
{
	struct lp_file_lock locks[LP_OTHER_END_PROCESSES];
	int descriptor;
	size_t count, i;

	if (!is_sqlite_sleep(search))
		return;
	count = file_locks_of_sqlite(search->pid, locks, ARRAY_SIZE(locks), search->until_ns,
				     &descriptor);
	if (!count || !name_file(search->pid, descriptor, &search->end->file))
		return;
	search->end->kind = LP_OTHER_END_SQLITE;
	for (i = 0; i < count; i++)
		add_process(search, locks[i].pid);
}

/* Adds the children that are waited for; 0: any of them. */
static void add_children(const struct search *search, pid_t wanted)
{
	pid_t *pids;
	ssize_t count = process_list(&pids), i;

	for (i = 0; i < count && in_time(search); i++)
		if (process_parent(pids[i]) == search->pid &&
		    (!wanted || process_inner_id(pids[i], pids[i]) == wanted))
			add_process(search, pids[i]);
	if (count >= 0)
		free(pids);
	if (search->end->count)
		search->end->kind = LP_OTHER_END_CHILD;
}

static void read_child(const struct search *search)
{
	const uint64_t *arguments = search->call.arguments;
	pid_t child;

	if (search->call.number == SYS_wait4) {
		add_children(search, (int)arguments[0] > 0 ? (pid_t)arguments[0] : 0);
		return;
	}
	if (arguments[0] != WAIT_BY_PIDFD) {
		add_children(search, arguments[0] == P_PID ? (pid_t)arguments[1] : 0);
		return;
	}
	child = (pid_t)open_in_number(search->pid, (int)arguments[1], "Pid");
	if (child <= 0)
		return;
	add_process(search, child);
	search->end->kind = LP_OTHER_END_CHILD;
}

static bool waits_for_lock(const struct lp_thread_call *call)
{
	return call->number == SYS_flock ||
	       (call->number == SYS_fcntl &&
		(call->arguments[1] == F_SETLKW || call->arguments[1] == OFD_SETLKW));
}

bool other_end_read(pid_t pid, pid_t tid, uint64_t limit_ns, struct lp_other_end *end)
{
	struct search search = {
		.pid = pid, .tid = tid, .until_ns = clock_now() + limit_ns, .end = end
	};
	const struct lp_thread_call *call = &search.call;

	memset(end, 0, sizeof(*end));
	end->file.descriptor = -1;
	end->syscall = -1;
	if (!thread_call_read(pid, tid, &search.call))
		return false;
	if (call->number == LP_THREAD_CALL_NONE)
		return true;
	end->syscall = call->number;
	if (waits_for_lock(call)) {
		read_lock(&search);
		return true;
	}
	switch (syscall_argument(call->number)) {
	case LP_ARGUMENT_DESCRIPTOR:
		try_descriptor(&search, (int)call->arguments[0], writes_by(call->number));
		break;
	case LP_ARGUMENT_POLL:
		read_poll(&search);
		break;
	case LP_ARGUMENT_CHILD:
	case LP_ARGUMENT_CHILD_ID:
		read_child(&search);
		break;
	default:
		read_sqlite(&search);
		break;
	}
	return true;
}
