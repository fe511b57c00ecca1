// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/process.h"

static int requests; /* calls that a file system on FUSE may never answer */

/* Takes the place of the C library's. */
int stat(const char *path, struct stat *file)
{
	(void)path;
	(void)file;
	requests++;
	errno = ENOSYS;
	return -1;
}

/* Takes the place of the C library's. */
int statx(int directory, const char *path, int flags, unsigned int mask, struct statx *file)
{
	requests += !(flags & AT_STATX_DONT_SYNC);
	return (int)syscall(SYS_statx, directory, path, flags, mask, file);
}

static void the_parent_of_a_fork_is_identified_without_its_file_system(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	requests = 0;
	assert_int_equal(process_forked_from(child), getpid());
	assert_int_equal(requests, 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_forked_from(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parent_of_a_fork_is_identified_without_its_file_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
