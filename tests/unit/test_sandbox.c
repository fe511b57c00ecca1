// SPDX-License-Identifier: BSD-2-Clause
/* What a confined process may no longer do; each attempt is made in a child process. */
#include "scratch_fixture.h"

#include "privileges/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[96];

/* Runs a check in a child that is confined like this.  Returns its result; 0: all is right. */
static int confined(const struct lp_sandbox *sandbox, int (*check)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(sandbox_enter(sandbox) ? 100 : check());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int no_program_is_run(void)
{
	char *const arguments[] = { "/bin/true", NULL };

	execv(arguments[0], arguments);
	return errno != EPERM;
}

static int no_process_is_written_to(void)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };

	if (process_vm_writev(getpid(), &part, 1, &part, 1, 0) >= 0 || errno != EPERM)
		return 1;
	return ptrace(PTRACE_POKEDATA, getppid(), NULL, NULL) >= 0 || errno != EPERM ? 2 : 0;
}

static int no_connection_is_opened(void)
{
	int pair[2];

	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) ? 2 : 0;
}

static int a_reader_opens_nothing_to_write(void)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return 1;
	if (open("/proc/self/mem", O_RDWR | O_CLOEXEC) >= 0 || errno != EPERM)
		return 2;
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		return 3;
	if (utimensat(AT_FDCWD, "/nowhere/at/all", NULL, 0) != -1 || errno != EPERM)
		return 4;
	if (removexattr("/nowhere/at/all", "user.x") != -1 || errno != EPERM)
		return 5;
	return unlink("/nowhere/at/all") != -1 || errno != EPERM ? 6 : 0;
}

/* New user namespaces, in which a process would have all capabilities, cannot be made. */
static int no_namespace_is_made(void)
{
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL) >= 0 ||
	    errno != EPERM)
		return 1;
	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
		return 2;
	return unshare(CLONE_NEWUSER) >= 0 || errno != EPERM ? 3 : 0;
}

static void *nothing(void *argument)
{
	return argument;
}

static int threads_and_processes_are_made(void)
{
	pthread_t thread;
	pid_t child;

	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 1;
	child = fork();
	if (!child)
		_exit(0);
	return child < 0 || waitpid(child, NULL, 0) != child ? 2 : 0;
}

static int no_process_is_slowed(void)
{
	struct rlimit limit = { 0, 0 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (prlimit(getppid(), RLIMIT_CORE, &limit, NULL) >= 0 || errno != EPERM)
		return 1;
	if (sched_setaffinity(getppid(), sizeof(cpus), &cpus) >= 0 || errno != EPERM)
		return 2;
	if (setpriority(PRIO_PROCESS, (id_t)getppid(), 0) >= 0 || errno != EPERM)
		return 3;
	return getrlimit(RLIMIT_CORE, &limit) ? 4 : 0;
}

static int no_file_system_is_mounted(void)
{
	if (syscall(SYS_fsopen, "tmpfs", 0) >= 0 || errno != EPERM)
		return 1;
	/* 442: mount_setattr */
	return syscall(442, AT_FDCWD, "/", 0, NULL, 0) >= 0 || errno != EPERM ? 2 : 0;
}

static int no_program_gets_more_rights(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static int own_memory_is_read(void)
{
	char from = 7, to = 0;
	struct iovec local = { &to, 1 }, remote = { &from, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != 1 || to != 7;
}

static void what_changes_others_is_refused_everywhere(void **state)
{
	int (*const checks[])(void) = { no_program_is_run,	 no_process_is_written_to,
					no_connection_is_opened, no_program_gets_more_rights,
					no_namespace_is_made,	 threads_and_processes_are_made,
					no_process_is_slowed,	 no_file_system_is_mounted };
	size_t kind, i;

	(void)state;
	for (kind = LP_SANDBOX_LIVE; kind <= LP_SANDBOX_CAPTURES; kind++) {
		const struct lp_sandbox sandbox = { .kind = (enum lp_sandbox_kind)kind };

		for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			assert_int_equal(confined(&sandbox, checks[i]), 0);
	}
}

static void who_reads_targets_may_read(void **state)
{
	const struct lp_sandbox reader = { .kind = LP_SANDBOX_READER };
	const struct lp_sandbox attacher = { .kind = LP_SANDBOX_ATTACHER };
	const struct lp_sandbox captures = { .kind = LP_SANDBOX_CAPTURES };

	(void)state;
	assert_int_equal(confined(&reader, own_memory_is_read), 0);
	assert_int_equal(confined(&captures, own_memory_is_read), 1);
	assert_int_equal(confined(&reader, a_reader_opens_nothing_to_write), 0);
	assert_int_equal(confined(&attacher, a_reader_opens_nothing_to_write), 0);
}

/* EINVAL: the call itself was allowed, with a type of event that does not exist. */
static int events_are_opened(void)
{
	struct perf_event_attr attributes = { .size = sizeof(attributes), .type = UINT32_MAX };

	if (syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0) >= 0)
		return 2;
	return errno == EPERM;
}

static void only_who_attaches_opens_events(void **state)
{
	size_t kind;

	(void)state;
	for (kind = LP_SANDBOX_LIVE; kind <= LP_SANDBOX_CAPTURES; kind++) {
		const struct lp_sandbox sandbox = { .kind = (enum lp_sandbox_kind)kind };

		assert_int_equal(confined(&sandbox, events_are_opened),
				 kind == LP_SANDBOX_ATTACHER ? 0 : 1);
	}
}

/* ESRCH: the request itself was allowed, for a process that is not traced. */
static int a_trace_is_ended(void)
{
	if (ptrace(PTRACE_DETACH, getppid(), NULL, NULL) >= 0)
		return 2;
	return errno != ESRCH;
}

static int no_trace_is_begun(void)
{
	if (ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) >= 0 || errno != EPERM)
		return 1;
	if (ptrace(PTRACE_INTERRUPT, getppid(), NULL, NULL) >= 0 || errno != EPERM)
		return 2;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) >= 0 || errno != EPERM ? 3 : 0;
}

static void a_run_may_only_end_a_trace(void **state)
{
	struct lp_sandbox sandbox = { .kind = LP_SANDBOX_LIVE };

	(void)state;
	assert_int_equal(confined(&sandbox, a_trace_is_ended), 1);
	assert_int_equal(confined(&sandbox, no_trace_is_begun), 0);
	sandbox.ends_trace = true;
	assert_int_equal(confined(&sandbox, a_trace_is_ended), 0);
	assert_int_equal(confined(&sandbox, no_trace_is_begun), 0);
	assert_int_equal(confined(&sandbox, no_program_is_run), 0);
	assert_int_equal(confined(&sandbox, no_process_is_written_to), 0);
	assert_int_equal(confined(&sandbox, no_connection_is_opened), 0);
}

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return UINT64_MAX;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static int capabilities_of_a_reader(void)
{
	uint64_t most = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH |
			1ULL << CAP_CHECKPOINT_RESTORE;

	return (effective() & ~most) != 0;
}

static int capabilities_of_who_attaches(void)
{
	uint64_t most = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_DAC_READ_SEARCH |
			1ULL << CAP_CHECKPOINT_RESTORE | 1ULL << CAP_PERFMON |
			1ULL << CAP_SYS_ADMIN;

	return (effective() & ~most) != 0;
}

static int capabilities_of_a_run(void)
{
	uint64_t none = 1ULL << CAP_SYS_MODULE | 1ULL << CAP_SETUID | 1ULL << CAP_NET_ADMIN |
			1ULL << CAP_SYS_RAWIO | 1ULL << CAP_CHOWN | 1ULL << CAP_SYSLOG;

	return (effective() & none) != 0;
}

static int may_set_owners(void)
{
	return !(effective() & 1ULL << CAP_CHOWN);
}

static void capabilities_are_those_that_are_needed(void **state)
{
	struct lp_sandbox sandbox = { .kind = LP_SANDBOX_READER };

	(void)state;
	assert_int_equal(confined(&sandbox, capabilities_of_a_reader), 0);
	sandbox.kind = LP_SANDBOX_ATTACHER;
	assert_int_equal(confined(&sandbox, capabilities_of_who_attaches), 0);
	sandbox.kind = LP_SANDBOX_LIVE;
	assert_int_equal(confined(&sandbox, capabilities_of_a_run), 0);
	sandbox.writes = true;
	/* the user who runs the tests may lack the capability */
	if (!may_set_owners())
		assert_int_equal(confined(&sandbox, may_set_owners), 0);
}

static int tries_to_write(const char *name)
{
	char path[128];
	int file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file < 0 ? errno : 0;
}

static int only_beside_the_output(void)
{
	/* a kernel without Landlock restricts nothing */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		return 0;
	if (tries_to_write("inside/other") || tries_to_write("inside/output"))
		return 1;
	return tries_to_write("outside") == EACCES ? 0 : 2;
}

static void a_reader_of_captures_writes_beside_its_output_only(void **state)
{
	char path[128];
	struct lp_sandbox sandbox = { .kind = LP_SANDBOX_CAPTURES,
				      .path_count = 1,
				      .paths = { path } };

	(void)state;
	snprintf(path, sizeof(path), "%s/inside", directory);
	assert_return_code(mkdir(path, 0700), errno);
	snprintf(path, sizeof(path), "%s/inside/output", directory);
	assert_int_equal(confined(&sandbox, only_beside_the_output), 0);
}

static int make_directory(void **state)
{
	(void)state;
	return scratch_make(directory, sizeof(directory));
}

static int remove_directory(void **state)
{
	(void)state;
	return scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changes_others_is_refused_everywhere),
		cmocka_unit_test(who_reads_targets_may_read),
		cmocka_unit_test(only_who_attaches_opens_events),
		cmocka_unit_test(a_run_may_only_end_a_trace),
		cmocka_unit_test(capabilities_are_those_that_are_needed),
		cmocka_unit_test(a_reader_of_captures_writes_beside_its_output_only),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
