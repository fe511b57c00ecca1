// SPDX-License-Identifier: BSD-2-Clause
/* The limit of open files; each test runs in a child process, which has its own limits. */
#include "privileges/open_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/syscall.h>

#include <cmocka.h>

static void limit_to(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = { soft, hard };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		_exit(100);
}

/* Returns whether the limits of this process are these. */
static int are(rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == soft &&
	       limit.rlim_max == hard;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capset, &header, data))
		_exit(101);
}

/* Runs a check in a child. Returns its result; 0: all is right. */
static int result_of(int (*check)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(check());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

/* Returns whether this process may raise its hard limit. */
static int may_raise(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return !syscall(SYS_capget, &header, data) && data[0].effective >> CAP_SYS_RESOURCE & 1;
}

static int raises_both(void)
{
	rlim_t result = may_raise() ? 512 : 128;

	limit_to(64, 128);
	if (open_files_raise(512) != result)
		return 1;
	return are(result, result) ? 0 : 2;
}

static int leaves_a_higher_hard_limit(void)
{
	limit_to(64, 4096);
	if (open_files_raise(512) != 512)
		return 1;
	return are(512, 4096) ? 0 : 2;
}

static int never_lowers(void)
{
	limit_to(1024, 4096);
	if (open_files_raise(96) != 1024)
		return 1;
	return are(1024, 4096) ? 0 : 2;
}

static int is_bounded_by_the_hard_limit(void)
{
	limit_to(64, 128);
	drop_capabilities();
	if (open_files_raise(512) != 128)
		return 1;
	return are(128, 128) ? 0 : 2;
}

/* More than the kernel allows to anybody (fs.nr_open). */
static int is_bounded_by_the_kernel(void)
{
	limit_to(64, 128);
	if (open_files_raise(UINT64_C(1) << 40) != 128)
		return 1;
	return are(128, 128) ? 0 : 2;
}

/* Several parts of a run raise the limit; a program that is executed has none of that. */
static int restores_the_first(void)
{
	limit_to(64, 128);
	open_files_restore();
	if (!are(64, 128))
		return 1;
	open_files_raise(96);
	open_files_raise(128);
	open_files_restore();
	return are(64, 128) ? 0 : 2;
}

static void test_both_limits_are_raised(void **state)
{
	(void)state;
	assert_int_equal(result_of(raises_both), 0);
	assert_int_equal(result_of(leaves_a_higher_hard_limit), 0);
}

static void test_a_limit_is_never_lowered(void **state)
{
	(void)state;
	assert_int_equal(result_of(never_lowers), 0);
}

static void test_the_result_is_what_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(result_of(is_bounded_by_the_hard_limit), 0);
	assert_int_equal(result_of(is_bounded_by_the_kernel), 0);
}

static void test_the_first_limits_are_restored(void **state)
{
	(void)state;
	assert_int_equal(result_of(restores_the_first), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_limits_are_raised),
		cmocka_unit_test(test_a_limit_is_never_lowered),
		cmocka_unit_test(test_the_result_is_what_is_allowed),
		cmocka_unit_test(test_the_first_limits_are_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
