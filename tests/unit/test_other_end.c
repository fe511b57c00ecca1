// SPDX-License-Identifier: BSD-2-Clause
/* What a blocked process waits for, and who is at the other end. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "process/file_locks.h"
#include "process/other_end.h"
#include "process/proc_file.h"
#include "process/thread_call.h"

static int ends[2]; /* of a pipe or a pair of sockets: 0 is read by the child */
static int locked; /* a file */

/* What the child of a test does; it ends if it returns. */
static void reads(void)
{
	char byte;

	close(ends[1]);
	if (read(ends[0], &byte, 1) < 0)
		_exit(2);
}

static void reads_own_pipe(void)
{
	char byte;

	if (pipe(ends) || read(ends[0], &byte, 1) < 0)
		_exit(2);
}

static void locks(void)
{
	flock(open("/proc/self/exe", O_RDONLY), LOCK_EX);
}

static void locks_bytes(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 7, .l_len = 1 };

	fcntl(locked, F_SETLKW, &lock);
}

static void waits_for_child(void)
{
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	waitpid(child, NULL, 0);
}

/* Starts a child, waits until it is in the system call, and reads what it waits for. */
static pid_t block(void (*function)(void), int syscall, struct lp_other_end *end)
{
	struct lp_thread_call call;
	pid_t child = fork();

	if (!child) {
		setpgid(0, 0);
		function();
		_exit(1);
	}
	setpgid(child, child);
	while (!thread_call_read(child, child, &call) || call.number != syscall)
		usleep(1000);
	assert_true(other_end_read(child, child, 1000000000, end));
	assert_int_equal(end->syscall, syscall);
	return child;
}

static void finish(pid_t child)
{
	kill(-child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void the_writer_of_a_pipe_is_at_its_other_end(void **state)
{
	struct lp_other_end end;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = block(reads, SYS_read, &end);
	assert_int_equal(end.kind, LP_OTHER_END_PIPE);
	assert_int_equal(end.file.descriptor, ends[0]);
	assert_int_equal(end.count, 1);
	assert_int_equal(end.processes[0].pid, getpid());
	assert_false(end.itself);
	finish(child);
	close(ends[0]);
	close(ends[1]);
}

static void a_pipe_may_have_no_writer_but_its_reader(void **state)
{
	struct lp_other_end end;
	pid_t child;

	(void)state;
	child = block(reads_own_pipe, SYS_read, &end);
	assert_int_equal(end.kind, LP_OTHER_END_PIPE);
	assert_int_equal(end.count, 0);
	assert_true(end.itself);
	finish(child);
}

static void the_peer_of_a_unix_socket_is_at_its_other_end(void **state)
{
	struct lp_other_end end;
	pid_t child;

	(void)state;
	other_end_prepare();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	child = block(reads, SYS_read, &end);
	assert_int_equal(end.kind, LP_OTHER_END_SOCKET);
	assert_int_equal(end.count, 1);
	assert_int_equal(end.processes[0].pid, getpid());
	finish(child);
	close(ends[0]);
	close(ends[1]);
}

static void the_holder_of_a_file_lock_is_known(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 100 };
	struct lp_other_end end;
	char path[] = "/tmp/loopprof-lock.XXXXXX";
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	pid_t child;

	(void)state;
	assert_int_equal(flock(file, LOCK_EX), 0);
	child = block(locks, SYS_flock, &end);
	assert_int_equal(end.kind, LP_OTHER_END_LOCK);
	assert_int_equal(end.count, 1);
	assert_int_equal(end.processes[0].pid, getpid());
	finish(child);
	close(file);

	locked = mkstemp(path);
	unlink(path);
	assert_int_equal(fcntl(locked, F_SETLK, &lock), 0);
	child = block(locks_bytes, SYS_fcntl, &end);
	assert_int_equal(end.kind, LP_OTHER_END_LOCK);
	assert_int_equal(end.count, 1);
	assert_int_equal(end.processes[0].pid, getpid());
	finish(child);
	close(locked);
}

/* Locks single bytes as SQLite does, each of them a lock of its own. */
static void lock_as_sqlite(int file)
{
	int i;

	for (i = 0; i < 64; i++) {
		struct flock lock = { .l_type = F_WRLCK,
				      .l_start = 0x40000000 + 2 * i,
				      .l_len = 1 };

		if (fcntl(file, F_SETLK, &lock))
			_exit(2);
	}
}

/* Starts a child that has such locks, and many descriptors of the file. */
static pid_t hold_locks(const char *path, int descriptors)
{
	int ready[2], file;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		file = open(path, O_RDWR);
		lock_as_sqlite(file);
		while (descriptors--)
			dup(file);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	setpgid(child, child);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void the_holder_of_a_lock_of_sqlite_is_known(void **state)
{
	char path[] = "/tmp/loopprof-lock.XXXXXX";
	int file = mkstemp(path), descriptor = -1;
	struct lp_file_lock found[4];
	pid_t child = hold_locks(path, 0);

	(void)state;
	assert_int_equal(file_locks_of_sqlite(getpid(), found, 4, UINT64_MAX, &descriptor), 1);
	assert_int_equal(found[0].pid, child);
	assert_int_equal(descriptor, file);
	/* no time is left */
	assert_int_equal(file_locks_of_sqlite(getpid(), found, 4, 0, &descriptor), 0);
	finish(child);
	close(file);
	unlink(path);
}

/* Many names of one file, and many descriptors of its holder, cannot prolong the search. */
static void the_search_for_a_lock_of_sqlite_ends_in_time(void **state)
{
	enum { FILES = 400 };
	char path[] = "/tmp/loopprof-lock.XXXXXX", link_path[64];
	int file = mkstemp(path), files[FILES], descriptor, i;
	pid_t child = hold_locks(path, FILES);
	struct lp_file_lock found;
	uint64_t begun_ns;

	(void)state;
	close(file);
	for (i = 0; i < FILES; i++) {
		snprintf(link_path, sizeof(link_path), "%s.%d", path, i);
		assert_int_equal(link(path, link_path), 0);
		files[i] = open(link_path, O_RDONLY);
		unlink(link_path);
	}
	begun_ns = clock_now();
	file_locks_of_sqlite(getpid(), &found, 1, begun_ns + 20 * NS_PER_MS, &descriptor);
	assert_true(clock_now() - begun_ns < NS_PER_S);
	finish(child);
	for (i = 0; i < FILES; i++)
		close(files[i]);
	unlink(path);
}

static void the_child_that_is_waited_for_is_known(void **state)
{
	struct lp_other_end end;
	pid_t child;

	(void)state;
	child = block(waits_for_child, SYS_wait4, &end);
	assert_int_equal(end.kind, LP_OTHER_END_CHILD);
	assert_int_equal(end.count, 1);
	assert_true(end.processes[0].pid > 0);
	assert_true(end.processes[0].pid != child);
	finish(child);
}

static void lines_of_locks_are_read(void **state)
{
	struct lp_file_lock lock;

	(void)state;
	assert_true(file_locks_parse("12: POSIX  ADVISORY  WRITE 4711 08:01:131 5 EOF\n", &lock));
	assert_int_equal(lock.number, 12);
	assert_false(lock.waits);
	assert_true(lock.exclusive);
	assert_true(lock.posix);
	assert_int_equal(lock.pid, 4711);
	assert_int_equal(lock.inode, 131);
	assert_int_equal(lock.start, 5);
	assert_true(lock.end == UINT64_MAX);
	assert_true(file_locks_parse("12: -> FLOCK  ADVISORY  READ 3 08:01:131 0 9\n", &lock));
	assert_true(lock.waits);
	assert_false(lock.posix);
	assert_int_equal(lock.end, 9);
	assert_false(file_locks_parse("", &lock));
	assert_false(file_locks_parse("x: POSIX ADVISORY WRITE 1 8:1:1 0 0", &lock));
	assert_false(file_locks_parse("1: POSIX ADVISORY", &lock));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_writer_of_a_pipe_is_at_its_other_end),
		cmocka_unit_test(a_pipe_may_have_no_writer_but_its_reader),
		cmocka_unit_test(the_peer_of_a_unix_socket_is_at_its_other_end),
		cmocka_unit_test(the_holder_of_a_file_lock_is_known),
		cmocka_unit_test(the_holder_of_a_lock_of_sqlite_is_known),
		cmocka_unit_test(the_search_for_a_lock_of_sqlite_ends_in_time),
		cmocka_unit_test(the_child_that_is_waited_for_is_known),
		cmocka_unit_test(lines_of_locks_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
