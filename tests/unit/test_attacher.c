// SPDX-License-Identifier: BSD-2-Clause
/* The process that attaches probes, with attaching that does not end. */
#include "session/attacher.h"

#include "base/clocks.h"
#include "process/memory_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 5000

/* What the attaching of these tests does, by the offset of the request. */
enum { ATTACHES, FAILS, WAITS, DIES, DELAYS };

/* The time in ms that DELAYS takes, and the limit of such requests in a test. */
#define DELAY_MS 400
#define DELAYS_MOST 12

/* ---- what the process that attaches waits for, in place of process/memory_lock.c ---- */

static enum lp_memory_lock_state awaited;

enum lp_memory_lock_state memory_lock_state(pid_t tid)
{
	(void)tid;
	return awaited;
}

uint64_t memory_lock_cpu_ns(pid_t pid)
{
	(void)pid;
	return 0;
}

/* ---- the memory of a process: whether it answers before and during an attachment ---- */

static bool answers_before, answers_during;
static int questions; /* of the current request */

static bool answers(pid_t pid)
{
	(void)pid;
	return questions++ ? answers_during : answers_before;
}

/* The probe holds the descriptor of the program open. */
static int attach(const struct lp_attach_request *request)
{
	char byte;

	if (request->program < 0)
		return request->offset == FAILS ? -ESTALE : 0;
	if (request->offset == FAILS)
		return -ENOENT;
	if (request->offset == DIES)
		_exit(0);
	if (request->offset == DELAYS)
		usleep(DELAY_MS * 1000);
	/* until the test writes a byte, or has ended */
	if (request->offset == WAITS && read(request->program, &byte, 1) < 0)
		return -errno;
	return fcntl(request->program, F_DUPFD_CLOEXEC, 0);
}

struct fixture {
	struct lp_attacher *attacher;
	int ends[2]; /* a pipe: the first one is the program */
	struct lp_attach_request request;
	bool first;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .request = { .path = "" } };
	*state = &fixture;
	awaited = LP_MEMORY_LOCK_AWAITED;
	answers_before = answers_during = true;
	if (attacher_new(attach, &fixture.attacher) || pipe2(fixture.ends, O_CLOEXEC))
		return -1;
	fixture.request.program = fixture.ends[0];
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->ends[1]);
	attacher_free(fixture->attacher);
	return 0;
}

static int ask(struct fixture *fixture, uint64_t offset)
{
	fixture->request.offset = offset;
	questions = 0;
	return attacher_attach(fixture->attacher, &fixture->request, &fixture->first);
}

/* Returns whether a process other than this one holds the program open after a wait. */
static bool is_held(struct fixture *fixture, int wait_ms)
{
	struct pollfd polled = { .fd = fixture->ends[1], .events = 0 };

	/* POLLERR: no process has the other end */
	return poll(&polled, 1, wait_ms) == 0;
}

static void test_a_probe_lives_until_it_is_detached(void **state)
{
	struct fixture *fixture = *state;
	int probe = ask(fixture, ATTACHES);

	assert_true(probe > 0);
	close(fixture->ends[0]);
	assert_true(is_held(fixture, 0));
	attacher_detach(fixture->attacher, 0);
	attacher_detach(fixture->attacher, probe);
	assert_false(is_held(fixture, WAIT_MS));
}

static void test_errors_are_passed_on(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, FAILS), -ENOENT);
	assert_false(fixture->first);
	assert_true(ask(fixture, ATTACHES) > 0);
	close(fixture->ends[0]);
}

static void test_a_file_is_checked_without_a_program(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->ends[0]);
	fixture->request.program = -1;
	assert_int_equal(ask(fixture, ATTACHES), 0);
	assert_int_equal(ask(fixture, FAILS), -ESTALE);
}

static void test_what_is_attached_ends_with_the_run(void **state)
{
	struct fixture *fixture = *state;

	assert_true(ask(fixture, ATTACHES) > 0);
	close(fixture->ends[0]);
	attacher_free(fixture->attacher);
	fixture->attacher = NULL;
	assert_false(is_held(fixture, WAIT_MS));
}

/* A run that is killed frees nothing. */
static void test_what_is_attached_ends_with_a_killed_run(void **state)
{
	struct fixture *fixture = *state;
	struct lp_attacher *attacher;
	pid_t run = fork();

	if (!run) {
		if (attacher_new(attach, &attacher) ||
		    attacher_attach(attacher, &fixture->request, &fixture->first) <= 0)
			_exit(1);
		/* one more that the kernel does not finish */
		fixture->request.offset = WAITS;
		attacher_attach(attacher, &fixture->request, &fixture->first);
		kill(getpid(), SIGKILL);
	}
	assert_true(run > 0);
	close(fixture->ends[0]);
	assert_int_equal(waitpid(run, NULL, 0), run);
	assert_false(is_held(fixture, WAIT_MS));
}

static void test_one_that_hangs_is_given_up_once(void **state)
{
	struct fixture *fixture = *state;
	int probe = -EBUSY, i;

	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_SAME);
	assert_int_equal(ask(fixture, WAITS), -EBUSY);
	assert_true(fixture->first);
	/* others do not wait, and are not reported */
	assert_int_equal(ask(fixture, ATTACHES), -EBUSY);
	assert_false(fixture->first);
	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_SAME);
	/* once the kernel has finished, the next one is attached, and the late one detached */
	assert_int_equal(write(fixture->ends[1], "", 1), 1);
	for (i = 0; i < WAIT_MS && probe == -EBUSY; i++) {
		usleep(1000);
		probe = ask(fixture, ATTACHES);
	}
	assert_true(probe > 0);
	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_FREE);
	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_SAME);
	attacher_detach(fixture->attacher, probe);
	close(fixture->ends[0]);
	assert_false(is_held(fixture, WAIT_MS));
}

static void test_the_end_of_waiting_is_noticed_without_another_request(void **state)
{
	struct fixture *fixture = *state;
	int i;

	assert_int_equal(ask(fixture, WAITS), -EBUSY);
	assert_int_equal(write(fixture->ends[1], "", 1), 1);
	for (i = 0; i < WAIT_MS && attacher_turn(fixture->attacher) != LP_ATTACHER_FREE; i++)
		usleep(1000);
	assert_true(i < WAIT_MS);
	close(fixture->ends[0]);
	assert_false(is_held(fixture, WAIT_MS));
}

static void test_a_run_that_is_to_end_does_not_wait(void **state)
{
	struct fixture *fixture = *state;
	int stop[2];

	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	assert_int_equal(write(stop[1], "", 1), 1);
	attacher_end_at(fixture->attacher, stop[0], UINT64_MAX);
	assert_int_equal(ask(fixture, WAITS), -EBUSY);
	assert_false(fixture->first);
	/* this process has the pipe open, so that waiting for the other one would have no end */
	attacher_free(fixture->attacher);
	fixture->attacher = NULL;
	close(fixture->ends[0]);
	close(stop[0]);
	close(stop[1]);
}

static void test_no_attachment_outlasts_the_time_of_the_run(void **state)
{
	struct fixture *fixture = *state;

	attacher_end_at(fixture->attacher, -1, clock_now());
	assert_int_equal(ask(fixture, WAITS), -EBUSY);
	/* it was not the deadline of an attachment */
	assert_false(fixture->first);
	close(fixture->ends[0]);
}

static void test_the_end_of_the_process_is_reported_once(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, DIES), -EPIPE);
	assert_int_equal(ask(fixture, ATTACHES), -EPIPE);
	assert_false(fixture->first);
	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_ENDED);
	assert_int_equal(attacher_turn(fixture->attacher), LP_ATTACHER_SAME);
	attacher_detach(fixture->attacher, 7);
	close(fixture->ends[0]);
}

/* Returns the process that attaches: the last child, as those of earlier tests come before it. */
static pid_t attaching_process(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	assert_non_null(children);
	while (fscanf(children, "%d", &pid) == 1)
		;
	fclose(children);
	assert_int_not_equal(pid, 0);
	return pid;
}

/* Sends a signal that kills or stops the process, and waits until it is killed or stopped. */
static void signal_process(int number)
{
	pid_t pid = attaching_process();
	siginfo_t info;

	kill(pid, number);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOWAIT), 0);
}

static void test_an_attacher_that_was_killed_is_reported_as_killed(void **state)
{
	struct fixture *fixture = *state;
	struct lp_error error;

	assert_false(attacher_explain(fixture->attacher, -EINVAL, "it fails", &error));
	assert_false(attacher_explain(fixture->attacher, -EBUSY, "it fails", &error));
	signal_process(SIGKILL);
	assert_int_equal(ask(fixture, ATTACHES), -EPIPE);
	assert_true(attacher_explain(fixture->attacher, -EPIPE, "it fails", &error));
	assert_non_null(strstr(error.text, "it fails: "));
	assert_non_null(strstr(error.text, "was killed from outside"));
	close(fixture->ends[0]);
}

static void test_an_attacher_that_was_stopped_is_reported_as_stopped(void **state)
{
	struct fixture *fixture = *state;
	struct lp_error error;

	assert_true(ask(fixture, ATTACHES) > 0);
	close(fixture->ends[0]);
	fixture->request.program = fixture->ends[1];
	signal_process(SIGSTOP);
	assert_int_equal(ask(fixture, ATTACHES), -EBUSY);
	assert_int_equal(attacher_stopped(fixture->attacher), attaching_process());
	assert_true(attacher_explain(fixture->attacher, -EBUSY, "it fails", &error));
	assert_non_null(strstr(error.text, "was stopped from outside"));
	/* the end of the run continues it, so that nothing stays attached */
	attacher_free(fixture->attacher);
	fixture->attacher = NULL;
	assert_false(is_held(fixture, WAIT_MS));
}

/*
 * Requests what delays until that is refused. Returns the number of requests that were not, or
 * DELAYS_MOST.
 */
static int delay(struct fixture *fixture, pid_t pid)
{
	int probe, count;

	attacher_judge_by(fixture->attacher, answers, NULL);
	fixture->request.pid = pid;
	for (count = 0; count < DELAYS_MOST; count++) {
		probe = ask(fixture, DELAYS);
		if (probe == -EDQUOT)
			break;
		assert_true(probe > 0);
		attacher_detach(fixture->attacher, probe);
	}
	close(fixture->ends[0]);
	return count;
}

/* Each attachment ends before the longest wait does, and together they would take for ever. */
static void test_one_that_delays_again_and_again_is_left_alone(void **state)
{
	struct fixture *fixture = *state;

	answers_during = false;
	assert_in_range(delay(fixture, getpid()), 2000 / DELAY_MS, DELAYS_MOST - 1);
	assert_true(fixture->first);
	assert_int_equal(ask(fixture, ATTACHES), -EDQUOT);
	assert_false(fixture->first);
}

static void test_one_that_answers_is_not_at_fault(void **state)
{
	assert_int_equal(delay(*state, getpid()), DELAYS_MOST);
}

/* The kernel may wait for another probe that it removes. */
static void test_one_whose_lock_is_not_awaited_is_not_at_fault(void **state)
{
	awaited = LP_MEMORY_LOCK_NOT_AWAITED;
	answers_during = false;
	assert_int_equal(delay(*state, getpid()), DELAYS_MOST);
}

/* The kernel would wait for it, and every fork of the host with the kernel. */
static void test_nothing_is_attached_to_one_that_does_not_answer(void **state)
{
	struct fixture *fixture = *state;

	attacher_judge_by(fixture->attacher, answers, NULL);
	fixture->request.pid = getpid();
	answers_before = false;
	assert_int_equal(ask(fixture, DIES), -ETIMEDOUT);
	assert_false(fixture->first);
	/* the kernel was not asked, so that others are attached to */
	assert_false(attacher_busy(fixture->attacher));
	answers_before = true;
	assert_true(ask(fixture, ATTACHES) > 0);
	close(fixture->ends[0]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_probe_lives_until_it_is_detached),
		TEST(test_errors_are_passed_on),
		TEST(test_a_file_is_checked_without_a_program),
		TEST(test_what_is_attached_ends_with_the_run),
		TEST(test_what_is_attached_ends_with_a_killed_run),
		TEST(test_one_that_hangs_is_given_up_once),
		TEST(test_the_end_of_waiting_is_noticed_without_another_request),
		TEST(test_a_run_that_is_to_end_does_not_wait),
		TEST(test_no_attachment_outlasts_the_time_of_the_run),
		TEST(test_the_end_of_the_process_is_reported_once),
		TEST(test_an_attacher_that_was_killed_is_reported_as_killed),
		TEST(test_an_attacher_that_was_stopped_is_reported_as_stopped),
		TEST(test_one_that_delays_again_and_again_is_left_alone),
		TEST(test_one_that_answers_is_not_at_fault),
		TEST(test_one_whose_lock_is_not_awaited_is_not_at_fault),
		TEST(test_nothing_is_attached_to_one_that_does_not_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
