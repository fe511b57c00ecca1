// SPDX-License-Identifier: BSD-2-Clause
/* How often the mounts of processes are read. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "live/blocked_on.h"

/* Starts a child, in a mount namespace of its own if that is asked for and allowed. */
static pid_t start(int own_mounts)
{
	int ready[2];
	char allowed = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		allowed = !own_mounts || !unshare(CLONE_NEWNS);
		if (write(ready[1], &allowed, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &allowed, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (allowed)
		return child;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}

/* Two processes stall in turn, each blocked on a file. */
static uint64_t reads_in_turn(pid_t other)
{
	static const char path[] = "/etc/passwd";
	struct lp_blocked_on blocked_on = { .reads = 0 };
	struct lp_segment_times times;
	uint64_t reads;
	int i;

	memset(&times, 0, sizeof(times));
	times.block_count = 1;
	times.blocks[0].total_ns = 2 * NS_PER_MS;
	times.blocks[0].resource.kind = LP_RESOURCE_PATH;
	times.blocks[0].resource.bytes = sizeof(path) - 1;
	memcpy(times.blocks[0].resource.data, path, sizeof(path) - 1);
	for (i = 0; i < 500; i++)
		blocked_on_fill(&blocked_on, i % 2 ? other : getpid(), &times);
	reads = blocked_on.reads;
	blocked_on_free(&blocked_on);
	return reads;
}

static void processes_with_the_same_mounts_share_one_list(void **state)
{
	pid_t child = start(0);
	uint64_t reads = reads_in_turn(child);

	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* again only after a second */
	assert_true(reads >= 1 && reads < 10);
}

static void each_namespace_has_its_own_list(void **state)
{
	pid_t child = start(1);
	uint64_t reads;

	(void)state;
	if (!child)
		skip();
	reads = reads_in_turn(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(reads >= 1 && reads < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_with_the_same_mounts_share_one_list),
		cmocka_unit_test(each_namespace_has_its_own_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
