// SPDX-License-Identifier: BSD-2-Clause
/* Processes that serve requests, and are abandoned if they do not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clocks.h"
#include "process/memory_lock.h"
#include "process/worker.h"

#define MILLISECOND 1000000ULL

enum what {
	ECHO, /* answers with the request itself */
	REFUSE,
	LATER, /* answers that it is not ready */
	WHO, /* answers with the PID of the worker */
	SLEEP, /* sleeps for ever; a signal ends it */
	HANG, /* hangs for ever in the state D */
	SPIN,
	CRASH,
	DOZE, /* sleeps once, for 300 ms */
	NAP, /* sleeps often, but briefly, for 400 ms in all: it makes progress */
	DESCRIPTORS, /* answers with the number of open descriptors */
	BIG,
};

struct request {
	enum what what;
	char text[16];
};

static void hang(void)
{
	/* the parent of a vfork() waits for its child in the state D */
	if (!vfork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static size_t count_descriptors(void)
{
	DIR *own = opendir("/proc/self/fd");
	size_t count = 0;

	while (own && readdir(own))
		count++;
	closedir(own);
	/* without ".", "..", and the descriptor of the directory */
	return count - 3;
}

static ssize_t serve(const void *message, size_t bytes, void *answer, size_t capacity)
{
	const struct request *request = message;
	volatile uint64_t count = 0;
	pid_t self = getpid();
	size_t descriptors;
	int i;

	switch (request->what) {
	case ECHO:
		memcpy(answer, message, bytes);
		return (ssize_t)bytes;
	case REFUSE:
		return -ENOENT;
	case LATER:
		return -EAGAIN;
	case WHO:
		memcpy(answer, &self, sizeof(self));
		return sizeof(self);
	case SLEEP:
		for (;;)
			pause();
	case HANG:
		hang();
		return 0;
	case SPIN:
		for (;;)
			count++;
	case CRASH:
		signal(SIGABRT, SIG_DFL);
		_exit(1);
	case DOZE:
		usleep(300000);
		return 0;
	case NAP:
		for (i = 0; i < 40; i++)
			usleep(10000);
		return 0;
	case DESCRIPTORS:
		descriptors = count_descriptors();
		memcpy(answer, &descriptors, sizeof(descriptors));
		return sizeof(descriptors);
	case BIG:
		memset(answer, 'x', capacity);
		return (ssize_t)capacity;
	}
	return -EINVAL;
}

static bool waits_for_lock, target_runs;

/* Replaces user/process/memory_lock.c. */
enum lp_memory_lock_state memory_lock_state(pid_t tid)
{
	(void)tid;
	return waits_for_lock ? LP_MEMORY_LOCK_AWAITED : LP_MEMORY_LOCK_NOT_AWAITED;
}

uint64_t memory_lock_cpu_ns(pid_t pid)
{
	static uint64_t ns = 1;

	(void)pid;
	return ns += target_runs;
}

static const struct lp_worker_limits limits = { .still_ns = 150 * MILLISECOND,
						.cpu_ns = 300 * MILLISECOND,
						.wall_ns = 60000 * MILLISECOND };

static struct lp_workers *workers;
static struct lp_worker *worker;
static char answer[LP_WORKER_BYTES];

static int begin(void **state)
{
	(void)state;
	if (workers_new(serve, &workers))
		return -1;
	worker = worker_new(workers, &limits, true);
	return worker ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	worker_free(worker);
	workers_free(workers);
	return 0;
}

static ssize_t call_for(struct lp_worker *with, pid_t target, enum what what)
{
	struct request request = { .what = what, .text = "text" };
	const struct iovec part = { &request, sizeof(request) };

	return worker_call(with, target, &part, 1, answer, sizeof(answer));
}

static ssize_t call(struct lp_worker *with, enum what what)
{
	return call_for(with, 0, what);
}

static pid_t who(void)
{
	pid_t pid;

	assert_int_equal(call(worker, WHO), sizeof(pid));
	memcpy(&pid, answer, sizeof(pid));
	return pid;
}

static void test_answers(void **state)
{
	pid_t first = who();

	(void)state;
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
	assert_string_equal(((struct request *)answer)->text, "text");
	assert_int_equal(call(worker, REFUSE), -ENOENT);
	assert_int_equal(call(worker, BIG), LP_WORKER_BYTES);
	assert_int_equal(answer[LP_WORKER_BYTES - 1], 'x');
	/* the same process each time, and not this one */
	assert_int_equal(who(), first);
	assert_int_not_equal(first, getpid());
}

static void test_request_that_is_too_long(void **state)
{
	const struct iovec part = { answer, LP_WORKER_BYTES + 1 };

	(void)state;
	assert_int_equal(worker_call(worker, 0, &part, 1, answer, sizeof(answer)), -EMSGSIZE);
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
}

/* A request that is never answered, in a state that a signal ends and in one that it does not. */
static void test_one_that_hangs_is_replaced(void **state)
{
	pid_t first = who(), second;

	(void)state;
	assert_int_equal(call(worker, SLEEP), -ETIMEDOUT);
	second = who();
	assert_int_not_equal(second, first);
	assert_int_equal(call(worker, HANG), -ETIMEDOUT);
	assert_int_not_equal(who(), second);
}

static void test_one_that_computes_for_ever_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(call(worker, SPIN), -ETIME);
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
}

/* It sleeps for longer in all than it may stay in one place. */
static void test_progress_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(call(worker, NAP), 0);
}

/*
 * Threads of a healthy process that map and unmap memory delay those who read it, and longer than a
 * read of memory that does not answer is waited for.
 */
static void test_a_lock_of_a_process_that_runs_is_waited_for(void **state)
{
	(void)state;
	waits_for_lock = target_runs = true;
	assert_int_equal(call_for(worker, getpid(), DOZE), 0);
	/* it took too long, which is not to say that it hangs */
	assert_int_equal(call_for(worker, getpid(), SLEEP), -ETIME);
	waits_for_lock = false;
	assert_int_equal(call_for(worker, getpid(), DOZE), -ETIMEDOUT);
}

static void test_a_lock_of_a_process_that_sleeps_hangs(void **state)
{
	(void)state;
	waits_for_lock = true;
	target_runs = false;
	assert_int_equal(call_for(worker, getpid(), DOZE), -ETIMEDOUT);
	waits_for_lock = false;
}

static void test_one_that_crashes_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(call(worker, CRASH), -ECHILD);
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
	kill(who(), SIGKILL);
	/* its end is noticed before the request or during it */
	if (call(worker, ECHO) < 0)
		assert_int_equal(call(worker, ECHO), sizeof(struct request));
}

static void test_one_that_is_stopped_is_replaced(void **state)
{
	pid_t first = who();

	(void)state;
	kill(first, SIGSTOP);
	assert_int_equal(call(worker, ECHO), -ECHILD);
	assert_int_not_equal(who(), first);
}

/* The process that forks workers: the only child of this one. */
static pid_t spawner(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	assert_non_null(children);
	assert_int_equal(fscanf(children, "%d", &pid), 1);
	fclose(children);
	return pid;
}

/* While the kernel forks nothing, a request is refused and the next ones do not wait. */
static void test_a_worker_that_cannot_be_forked_is_taken_later(void **state)
{
	ssize_t result = -ENOBUFS;
	uint64_t before;
	int i;

	(void)state;
	assert_int_equal(workers_stopped(workers), 0);
	kill(spawner(), SIGSTOP);
	assert_int_equal(call(worker, ECHO), -ENOBUFS);
	/* the reason is that the spawner was stopped, and not that the host is at a limit */
	assert_int_equal(workers_stopped(workers), spawner());
	before = clock_now();
	for (i = 0; i < 10; i++)
		assert_int_equal(call(worker, ECHO), -ENOBUFS);
	assert_true(clock_now() - before < 1000 * MILLISECOND);
	kill(spawner(), SIGCONT);
	for (i = 0; i < 1000 && result == -ENOBUFS; i++) {
		usleep(10000);
		result = call(worker, ECHO);
	}
	assert_int_equal(result, sizeof(struct request));
}

/* A spawner that somebody has ended is replaced at once, and no request fails. */
static void test_a_spawner_that_has_ended_is_replaced(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		kill(spawner(), SIGKILL);
		/* the workers end with it, at once or during a request */
		usleep(50000);
		assert_int_equal(call(worker, ECHO), sizeof(struct request));
	}
}

/* What keeps a worker from being forked is no fault of the process that it would read. */
static void test_a_shortage_of_descriptors_is_one_of_the_host(void **state)
{
	struct rlimit files, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = files;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(call(worker, ECHO), -ENOBUFS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
}

static void test_stop_ends_the_wait_for_a_fork(void **state)
{
	int stop = eventfd(1, EFD_CLOEXEC);

	(void)state;
	workers_stop_on(workers, stop);
	kill(spawner(), SIGSTOP);
	assert_int_equal(call(worker, ECHO), -ECANCELED);
	kill(spawner(), SIGCONT);
	workers_stop_on(workers, -1);
	close(stop);
}

static void test_stop_ends_the_wait(void **state)
{
	int stop = eventfd(0, EFD_CLOEXEC);
	const uint64_t one = 1;
	uint64_t before;

	(void)state;
	workers_stop_on(workers, stop);
	assert_int_equal(call(worker, ECHO), sizeof(struct request));
	assert_int_equal(write(stop, &one, sizeof(one)), sizeof(one));
	before = clock_now();
	assert_int_equal(call(worker, HANG), -ECANCELED);
	assert_true(clock_now() - before < limits.still_ns);
	close(stop);
	workers_stop_on(workers, -1);
}

/* After the end no request is sent: the worker stays, and serves again once the end is put off. */
static void test_nothing_is_sent_after_the_end(void **state)
{
	int stop = eventfd(0, EFD_CLOEXEC);
	const uint64_t one = 1;
	pid_t first = who();

	(void)state;
	workers_end_at(workers, clock_now());
	assert_true(workers_are_over(workers));
	assert_int_equal(call(worker, CRASH), -ECANCELED);
	workers_end_at(workers, UINT64_MAX);
	assert_false(workers_are_over(workers));
	assert_int_equal(who(), first);

	assert_int_equal(write(stop, &one, sizeof(one)), sizeof(one));
	workers_stop_on(workers, stop);
	assert_int_equal(call(worker, CRASH), -ECANCELED);
	close(stop);
	workers_stop_on(workers, -1);
	assert_int_equal(who(), first);
}

/*
 * A worker whose answer nobody waits for any more is not given up: its late answer is dropped, and
 * only one that has not answered by the next request is replaced.
 */
static void test_one_that_was_left_is_used_again(void **state)
{
	pid_t first = who();

	(void)state;
	workers_end_at(workers, clock_now() + 30 * MILLISECOND);
	assert_int_equal(call(worker, NAP), -ECANCELED);
	assert_int_equal(workers_abandoned(workers), 0);
	workers_end_at(workers, UINT64_MAX);
	usleep(1000000);
	assert_int_equal(who(), first);

	workers_end_at(workers, clock_now() + 30 * MILLISECOND);
	assert_int_equal(call(worker, HANG), -ECANCELED);
	workers_end_at(workers, UINT64_MAX);
	assert_int_not_equal(who(), first);
}

/* Abandoned workers that a signal ends no longer count once they have ended. */
static void test_given_up_ones_are_reaped(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(call(worker, SLEEP), -ETIMEDOUT);
	for (i = 0; i < 1000 && workers_abandoned(workers); i++)
		usleep(10000);
	assert_int_equal(workers_abandoned(workers), 0);
}

/* A worker that hangs does not keep the main process's files open. */
static void test_nothing_is_inherited(void **state)
{
	size_t descriptors;

	(void)state;
	assert_int_equal(call(worker, DESCRIPTORS), sizeof(descriptors));
	memcpy(&descriptors, answer, sizeof(descriptors));
	/* /dev/null three times, and the worker's socket */
	assert_int_equal(descriptors, 4);
}

static void test_without_waiting(void **state)
{
	struct request request = { .what = ECHO };
	const struct iovec part = { &request, sizeof(request) };
	struct pollfd polled = { .fd = workers_descriptor(workers), .events = POLLIN };
	ssize_t result;

	(void)state;
	assert_int_equal(worker_send(worker, 0, &part, 1), 0);
	assert_true(worker_is_busy(worker));
	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_true(worker_receive(worker, answer, sizeof(answer), &result));
	assert_int_equal(result, sizeof(request));
	assert_false(worker_is_busy(worker));
	assert_int_equal(poll(&polled, 1, 0), 0);

	/* this is an answer, too */
	request.what = LATER;
	assert_int_equal(worker_send(worker, 0, &part, 1), 0);
	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_true(worker_receive(worker, answer, sizeof(answer), &result));
	assert_int_equal(result, -EAGAIN);
	assert_false(worker_is_busy(worker));

	request.what = HANG;
	assert_int_equal(worker_send(worker, 0, &part, 1), 0);
	while (!worker_receive(worker, answer, sizeof(answer), &result))
		usleep(10000);
	assert_int_equal(result, -ETIMEDOUT);
	assert_false(worker_is_busy(worker));

	/* the end of a worker without a request does not leave the descriptor readable */
	kill(who(), SIGKILL);
	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_true(worker_receive(worker, answer, sizeof(answer), &result));
	assert_int_equal(result, -ECHILD);
	assert_int_equal(poll(&polled, 1, 0), 0);
}

/*
 * The time to wait in vain is limited in all: the tenth target that hangs costs less than the
 * first.
 */
static void test_quota_of_waits(void **state)
{
	uint64_t before = clock_now(), first;
	int i;

	(void)state;
	assert_int_equal(call(worker, SLEEP), -ETIMEDOUT);
	first = clock_now() - before;
	for (i = 0; i < 8; i++)
		assert_int_equal(call(worker, SLEEP), -ETIMEDOUT);
	before = clock_now();
	assert_int_equal(call(worker, SLEEP), -ETIMEDOUT);
	assert_true(clock_now() - before < first || first > 2 * limits.still_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, begin, end),
		cmocka_unit_test_setup_teardown(test_request_that_is_too_long, begin, end),
		cmocka_unit_test_setup_teardown(test_one_that_hangs_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(test_one_that_computes_for_ever_is_replaced, begin,
						end),
		cmocka_unit_test_setup_teardown(test_progress_is_waited_for, begin, end),
		cmocka_unit_test_setup_teardown(test_a_lock_of_a_process_that_runs_is_waited_for,
						begin, end),
		cmocka_unit_test_setup_teardown(test_a_lock_of_a_process_that_sleeps_hangs, begin,
						end),
		cmocka_unit_test_setup_teardown(test_one_that_crashes_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(test_one_that_is_stopped_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(test_a_worker_that_cannot_be_forked_is_taken_later,
						begin, end),
		cmocka_unit_test_setup_teardown(test_a_spawner_that_has_ended_is_replaced, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_shortage_of_descriptors_is_one_of_the_host,
						begin, end),
		cmocka_unit_test_setup_teardown(test_stop_ends_the_wait_for_a_fork, begin, end),
		cmocka_unit_test_setup_teardown(test_stop_ends_the_wait, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_sent_after_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_one_that_was_left_is_used_again, begin, end),
		cmocka_unit_test_setup_teardown(test_given_up_ones_are_reaped, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_inherited, begin, end),
		cmocka_unit_test_setup_teardown(test_without_waiting, begin, end),
		cmocka_unit_test_setup_teardown(test_quota_of_waits, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
