// SPDX-License-Identifier: BSD-2-Clause
/* Targets are read by a worker; some of them do not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clocks.h"
#include "runtime/remote/remote.h"
#include "runtime/remote/serve.h"
#include "process/memory.h"

/* Memory that is shared with the workers. */
struct shared {
	volatile pid_t hangs; /* the process of which reads do not return */
	volatile int reads; /* number of reads of that process */
};

static struct shared *shared;
static pid_t target;

/* The other symbols of serve.c, whose place this file takes. */
ssize_t (*runtime_native_server)(const void *arguments, size_t bytes, void *answer,
				 size_t capacity);
ssize_t (*runtime_tasks_server)(const struct lp_instance *instance, void *answer, size_t capacity);

/* Replaces user/runtime/remote/serve.c: each word of a target's memory holds its own address. */
ssize_t serve_request(const void *request, size_t bytes, void *answer, size_t capacity)
{
	const struct lp_request *head = request;
	const struct lp_piece *pieces = (const void *)(head + 1);
	size_t count = (bytes - sizeof(*head)) / sizeof(*pieces), done = 0, i, at;

	if (head->pid == target)
		shared->reads++;
	while (shared->hangs == head->pid)
		usleep(10000000);
	for (i = 0; i < count; i++) {
		/* nothing is mapped at 0 */
		if (!pieces[i].address)
			return done ? (ssize_t)done : -EFAULT;
		for (at = 0; at < pieces[i].bytes && done + 8 <= capacity; at += 8, done += 8)
			memcpy((char *)answer + done, &(uint64_t){ pieces[i].address + at }, 8);
	}
	return (ssize_t)done;
}

static int begin(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	target = fork();
	if (!target) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return shared == MAP_FAILED || target < 0 || remote_begin() ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	remote_end();
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	munmap(shared, sizeof(*shared));
	return 0;
}

static void test_reads(void **state)
{
	static uint64_t words[1 << 16];
	const uint64_t addresses[3] = { 64, 4096, 0 };
	size_t i;

	(void)state;
	assert_int_equal(memory_u64(target, 4096), 4096);
	assert_int_equal(memory_read(target, 0, words, 8), -EFAULT);
	assert_int_equal(memory_read_many(target, addresses, 3, words, 16), 2);
	assert_int_equal(words[2], 4096);
	/* more than fits into one message */
	assert_int_equal(memory_read(target, 8, words, sizeof(words)), 0);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(words[i], 8 + i * 8);
}

static void test_cache(void **state)
{
	int before;

	(void)state;
	assert_int_equal(memory_cache_open(target, 1 << 20), 0);
	assert_int_equal(memory_u64(target, 1 << 20), 1 << 20);
	before = shared->reads;
	assert_int_equal(memory_u64(target, (1 << 20) + 64), (1 << 20) + 64);
	assert_int_equal(shared->reads, before);
	memory_cache_close();
}

static void test_target_that_does_not_answer(void **state)
{
	uint64_t word;
	int before, i;

	(void)state;
	shared->hangs = target;
	assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	before = shared->reads;
	/* later reads fail at once, without another attempt */
	for (i = 0; i < 1000; i++)
		assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	assert_int_equal(shared->reads, before);
	assert_int_equal(remote_unreadable(), 1);
	/* other processes are still read */
	assert_int_equal(memory_u64(getpid(), 128), 128);
}

/* What may be missing is no mark on the process either. */
static void test_lock_holder_that_is_not_found_in_time(void **state)
{
	struct lp_examination *examination = calloc(1, sizeof(*examination));
	const struct lp_examined examined = { .pid = target, .examination = examination };
	static struct lp_event_raw_stack holder;
	struct lp_instance instance;

	(void)state;
	assert_non_null(examination);
	assert_int_equal(remote_instance(&examined, &instance), 0);
	shared->hangs = target;
	assert_false(instance.runtime->lock_holder(&instance, target, &holder));
	shared->hangs = 0;
	assert_int_equal(remote_unreadable(), 0);
	assert_int_equal(memory_u64(target, 4096), 4096);
	instance.runtime->release(&instance);
	free(examination);
}

static void test_target_that_answers_again(void **state)
{
	uint64_t word;
	int i;

	(void)state;
	shared->hangs = target;
	assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	/* the attempt to read the target again blocks nobody either */
	for (i = 0; i < 1000 && shared->reads < 2; i++) {
		remote_turn(clock_now());
		usleep(10000);
	}
	assert_int_equal(shared->reads, 2);
	assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	shared->hangs = 0;
	for (i = 0; i < 1000 && memory_read(target, 64, &word, 8); i++) {
		remote_turn(clock_now());
		usleep(10000);
	}
	assert_int_equal(memory_read(target, 64, &word, 8), 0);
	/* the same process counts once */
	shared->hangs = target;
	assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	assert_int_equal(remote_unreadable(), 1);
}

static void test_pid_of_another_process(void **state)
{
	uint64_t word;

	(void)state;
	shared->hangs = target;
	assert_int_equal(memory_read(target, 64, &word, 8), -ETIMEDOUT);
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	shared->hangs = 0;
	/* a later process with the same PID is not affected */
	assert_int_equal(memory_read(target, 64, &word, 8), 0);
}

/* The process that forks workers: the child of this one that is not the target. */
static pid_t spawner(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid, found = 0;

	assert_non_null(children);
	while (fscanf(children, "%d", &pid) == 1)
		if (pid != target)
			found = pid;
	fclose(children);
	assert_true(found > 0);
	return found;
}

/* What this host is short of is no mark on the process that could not be read. */
static void test_a_host_that_forks_nothing_marks_no_target(void **state)
{
	uint64_t word;
	int i;

	(void)state;
	kill(spawner(), SIGSTOP);
	assert_int_equal(memory_read(target, 64, &word, 8), -ENOBUFS);
	assert_int_equal(memory_read(target, 64, &word, 8), -ENOBUFS);
	assert_int_equal(remote_unreadable(), 0);
	kill(spawner(), SIGCONT);
	for (i = 0; i < 1000 && memory_read(target, 64, &word, 8); i++)
		usleep(10000);
	assert_true(i < 1000);
	assert_int_equal(remote_unreadable(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads, begin, end),
		cmocka_unit_test_setup_teardown(test_cache, begin, end),
		cmocka_unit_test_setup_teardown(test_target_that_does_not_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_lock_holder_that_is_not_found_in_time, begin,
						end),
		cmocka_unit_test_setup_teardown(test_target_that_answers_again, begin, end),
		cmocka_unit_test_setup_teardown(test_pid_of_another_process, begin, end),
		cmocka_unit_test_setup_teardown(test_a_host_that_forks_nothing_marks_no_target,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
