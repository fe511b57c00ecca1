// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
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
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "discovery/launch.h"
#include "privileges/sandbox.h"

#define MILLISECOND 1000000ULL
/* A search that has not succeeded in so long fails. */
#define SEARCH_MOST_NS (8000 * MILLISECOND)

static char *sleeps[] = { "/bin/sleep", "60", NULL };
static char *ends[] = { "/bin/true", NULL };
/* This program itself, which waits in vfork(), stops itself, or whose second thread calls exec. */
static char *forks[] = { "/proc/self/exe", "vfork", NULL };
static char *stops[] = { "/proc/self/exe", "stop", NULL };
static char *replaces[] = { "/proc/self/exe", "exec", NULL };
static int stop[2];
static struct lp_error error;

/* ---- what the process does before it becomes the program, in place of its priority ---- */

static enum { NOTHING, GETS_A_SIGNAL, SLEEPS, LOSES_RIGHTS } before_exec;

void priority_raise(void)
{
}

static void lose_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	syscall(SYS_capset, &header, data);
}

void priority_restore(void)
{
	switch (before_exec) {
	case NOTHING:
		break;
	case GETS_A_SIGNAL:
		/* nothing happens, but its tracer gets a stop */
		raise(SIGWINCH);
		break;
	case SLEEPS:
		for (;;)
			pause();
	case LOSES_RIGHTS:
		lose_rights();
		break;
	}
}

static int open_stop(void **state)
{
	(void)state;
	return pipe(stop);
}

static int close_stop(void **state)
{
	(void)state;
	close(stop[0]);
	close(stop[1]);
	before_exec = NOTHING;
	return 0;
}

static bool never(pid_t pid)
{
	(void)pid;
	return false;
}

static bool always(pid_t pid)
{
	(void)pid;
	return true;
}

static struct lp_launch *start(char **program)
{
	struct lp_launch *launch;

	if (launch_start(program, false, &launch, &error))
		fail_msg("%s", error.text);
	return launch;
}

/* The kernel's letter for a process: 'S' asleep, 't' stopped by its tracer, 'T' stopped. */
static char state_of(pid_t pid)
{
	char path[32], line[512] = "", *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	at = strrchr(line, ')');
	return at ? at[2] : '\0';
}

/* The only child of a process, or 0 if it has none. */
static int child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

/* Waits until a program has ended. Returns its status as launch_ended() stores it. */
static int wait_for_end(struct lp_launch *launch)
{
	int status;

	while (!launch_ended(launch, &status))
		usleep(1000);
	return status;
}

/* Checks that a detached program is alive and goes on. */
static void check_free(struct lp_launch *launch)
{
	pid_t pid = launch_pid(launch);
	int status = 0, tries;

	assert_false(launch_ended(launch, &status));
	for (tries = 0; tries < 500 && state_of(pid) != 'S'; tries++)
		usleep(10000);
	assert_int_equal(state_of(pid), 'S');
	/* a tracer would get the signal before it ends the program */
	kill(pid, SIGTERM);
	assert_int_equal(wait_for_end(launch), 128 + SIGTERM);
}

static void a_program_that_is_no_interpreter_is_let_go_on_request(void **state)
{
	struct lp_launch *launch = start(sleeps);

	(void)state;
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error),
			 -EINTR);
	check_free(launch);
	launch_free(launch);
}

static void a_program_that_is_no_interpreter_is_let_go_in_time(void **state)
{
	struct lp_launch *launch = start(sleeps);
	uint64_t end_ns = clock_now() + 200 * MILLISECOND;

	(void)state;
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], end_ns, &error), -ETIME);
	assert_true(clock_now() >= end_ns);
	check_free(launch);
	launch_free(launch);
}

static bool has_child(pid_t pid)
{
	return child_of(pid) > 0;
}

static bool is_stopped(pid_t pid)
{
	return state_of(pid) == 'T';
}

/*
 * Searches in a program, which has no interpreter, until it was let go in a certain state. On a
 * busy machine it may take long to get there: then the next search has more time. NULL: a search
 * has succeeded.
 */
static struct lp_launch *search_until(char **program, bool (*reached)(pid_t pid))
{
	uint64_t time_ns = 500 * MILLISECOND;
	struct lp_launch *launch;

	for (;; time_ns *= 2) {
		launch = start(program);
		if (launch_find_interpreter(launch, never, stop[0], clock_now() + time_ns,
					    &error) != -ETIME)
			return NULL;
		if (reached(launch_pid(launch)) || time_ns > SEARCH_MOST_NS)
			return launch;
		kill(launch_pid(launch), SIGKILL);
		wait_for_end(launch);
		launch_free(launch);
	}
}

/* A process that waits in vfork() cannot be stopped as long as its child runs. */
static void a_program_that_cannot_be_stopped_is_let_go_later(void **state)
{
	struct lp_launch *launch = search_until(forks, has_child);
	int status = 0, child;

	(void)state;
	assert_non_null(launch);
	child = child_of(launch_pid(launch));
	/* the child sleeps for a minute and was not waited for */
	assert_true(child > 0);
	assert_false(launch_ended(launch, &status));
	kill(child, SIGKILL);
	assert_true(launch_leave(launch, clock_now() + 10000 * MILLISECOND));
	assert_int_equal(wait_for_end(launch), 7);
	launch_free(launch);
}

/* Returns 0 if a confined process can let its program go. */
static int let_go_confined(void)
{
	const struct lp_sandbox sandbox = { .kind = LP_SANDBOX_LIVE, .ends_trace = true };
	struct lp_launch *launch = search_until(forks, has_child);
	int child;

	if (!launch)
		return 1;
	child = child_of(launch_pid(launch));
	if (child <= 0 || launch_leave(launch, 0) || sandbox_enter(&sandbox))
		return 2;
	kill(child, SIGKILL);
	if (!launch_leave(launch, clock_now() + 10000 * MILLISECOND))
		return 3;
	return wait_for_end(launch) == 7 ? 0 : 4;
}

static void a_program_that_cannot_be_stopped_is_let_go_by_a_confined_run(void **state)
{
	pid_t run = fork();
	int status = -1;

	(void)state;
	if (!run)
		_exit(let_go_confined());
	assert_int_equal(waitpid(run, &status, 0), run);
	assert_int_equal(status, 0);
}

/*
 * If another thread than the first one calls exec, the tracer gets no event: the search ends
 * without an error, and the caller examines the program that runs then.
 */
static void a_program_whose_thread_has_replaced_it_goes_on(void **state)
{
	struct lp_launch *launch = start(replaces);

	(void)state;
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error), 0);
	check_free(launch);
	launch_free(launch);
}

/* Checks that a program that has stopped itself is stopped, and ends once it is continued. */
static void check_stopped(struct lp_launch *launch)
{
	int status = 0;

	assert_int_equal(state_of(launch_pid(launch)), 'T');
	assert_false(launch_ended(launch, &status));
	kill(launch_pid(launch), SIGCONT);
	assert_int_equal(wait_for_end(launch), 9);
	launch_free(launch);
}

static void a_program_that_is_stopped_stays_so_during_the_search(void **state)
{
	struct lp_launch *launch = search_until(stops, is_stopped);

	(void)state;
	assert_non_null(launch);
	check_stopped(launch);
}

static bool is_never_complete(void *context)
{
	(void)context;
	return false;
}

static void a_program_that_is_stopped_stays_so_while_it_is_held(void **state)
{
	struct lp_launch_hold hold = { .is_complete = is_never_complete,
				       .stop = stop[0],
				       .time_ns = 500 * MILLISECOND };
	struct lp_launch *launch;

	(void)state;
	for (;; hold.time_ns *= 2) {
		launch = start(stops);
		assert_int_equal(
			launch_find_interpreter(launch, always, stop[0], UINT64_MAX, &error), 1);
		launch_hold(launch, &hold);
		launch_release(launch);
		if (is_stopped(launch_pid(launch)) || hold.time_ns > SEARCH_MOST_NS)
			break;
		kill(launch_pid(launch), SIGKILL);
		wait_for_end(launch);
		launch_free(launch);
	}
	check_stopped(launch);
}

/*
 * Continues a program again and again: it may be traced and not have stopped itself yet, and that
 * SIGCONT does nothing.
 */
static void continue_always(pid_t pid)
{
	for (;;) {
		usleep(200000);
		if (state_of(pid) == 't')
			kill(pid, SIGCONT);
	}
}

/* SIGCONT continues a program that is stopped while it is traced. */
static void a_program_that_is_continued_goes_on_while_it_is_traced(void **state)
{
	struct lp_launch *launch = start(stops);
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (!child)
		continue_always(launch_pid(launch));
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error), 0);
	assert_true(launch_ended(launch, &status));
	assert_int_equal(status, 9);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	launch_free(launch);
}

static void a_program_ends_by_itself(void **state)
{
	struct lp_launch *launch = start(ends);
	int status = -1;

	(void)state;
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error), 0);
	assert_true(launch_ended(launch, &status));
	assert_int_equal(status, 0);
	launch_free(launch);
}

static void an_interpreter_is_held_still(void **state)
{
	struct lp_launch *launch = start(sleeps);

	(void)state;
	assert_int_equal(launch_find_interpreter(launch, always, stop[0], UINT64_MAX, &error), 1);
	assert_int_equal(state_of(launch_pid(launch)), 't');
	launch_release(launch);
	check_free(launch);
	launch_free(launch);
}

/* Starts a program that cannot be executed, and checks the error and the exit status. */
static void check_failure(char *name, int err, int status, const char *sentence)
{
	char *program[] = { name, NULL };
	struct lp_launch *launch = start(program);

	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error), err);
	assert_int_equal(error.code, err);
	assert_non_null(strstr(error.text, name));
	assert_non_null(strstr(error.text, sentence));
	assert_int_equal(wait_for_end(launch), status);
	launch_free(launch);
}

/* The exit status is that of shells. */
static void a_program_that_is_not_there_is_reported(void **state)
{
	(void)state;
	check_failure("/nonexistent/program", -ENOENT, 127, "no such file");
	check_failure("loopprof-no-such-command", -ENOENT, 127, "no such command in PATH");
}

static void a_program_that_is_not_executable_is_reported(void **state)
{
	char script[] = "/tmp/loopprof-launch.XXXXXX";
	int file = mkstemp(script);

	(void)state;
	assert_true(file >= 0);
	check_failure("/etc/passwd", -EACCES, 126, "not executable");
	check_failure("/etc", -EACCES, 126, "is a directory");
	check_failure("/etc/passwd/program", -ENOTDIR, 126, "Not a directory");
	assert_int_equal(fchmod(file, 0755), 0);
	assert_int_equal(write(file, "#!/nonexistent/shell\n", 21), 21);
	close(file);
	check_failure(script, -ENOENT, 127, "first line");
	unlink(script);
}

/* The parent gets the error, and no SIGPIPE, although the process ends at once. */
static void a_user_that_it_cannot_become_is_reported(void **state)
{
	(void)state;
	/* only root's loopprof becomes another user */
	if (geteuid())
		return;
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	unsetenv("SUDO_USER");
	before_exec = LOSES_RIGHTS;
	check_failure("/bin/true", -EPERM, 1, "SUDO_UID");
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void a_signal_before_the_program_begins_is_passed_on(void **state)
{
	struct lp_launch *launch;

	(void)state;
	before_exec = GETS_A_SIGNAL;
	launch = start(ends);
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error), 0);
	assert_int_equal(wait_for_end(launch), 0);
	launch_free(launch);
}

/* As an exec does whose file is served by a program that does not answer. */
static void a_program_that_does_not_begin_is_let_go(void **state)
{
	struct lp_launch *launch;
	uint64_t end_ns;

	(void)state;
	before_exec = SLEEPS;
	launch = start(ends);
	end_ns = clock_now() + 200 * MILLISECOND;
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], end_ns, &error), -ETIME);
	check_free(launch);
	launch_free(launch);

	launch = start(ends);
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(launch_find_interpreter(launch, never, stop[0], UINT64_MAX, &error),
			 -EINTR);
	check_free(launch);
	launch_free(launch);
}

static int sleep_long(void *context)
{
	(void)context;
	return poll(NULL, 0, 60000);
}

/* Like vfork(), but the child gets a stack of its own. */
static int wait_in_vfork(void)
{
	static _Alignas(16) char stack[65536];

	return clone(sleep_long, stack + sizeof(stack), CLONE_VFORK | SIGCHLD, NULL) > 0 ? 7 : 1;
}

static int stop_once(void)
{
	raise(SIGSTOP);
	/* no sanitiser runs at the end, which needs ptrace() itself */
	_exit(9);
}

static void *replace_program(void *context)
{
	execv(sleeps[0], sleeps);
	return context;
}

static int replace_by_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, replace_program, NULL))
		return 1;
	for (;;)
		pause();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stop, close_stop)

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_that_is_no_interpreter_is_let_go_on_request),
		TEST(a_program_that_is_no_interpreter_is_let_go_in_time),
		TEST(a_program_that_cannot_be_stopped_is_let_go_later),
		TEST(a_program_that_cannot_be_stopped_is_let_go_by_a_confined_run),
		TEST(a_program_whose_thread_has_replaced_it_goes_on),
		TEST(a_program_that_is_stopped_stays_so_during_the_search),
		TEST(a_program_that_is_stopped_stays_so_while_it_is_held),
		TEST(a_program_that_is_continued_goes_on_while_it_is_traced),
		TEST(a_program_ends_by_itself),
		TEST(an_interpreter_is_held_still),
		TEST(a_program_that_is_not_there_is_reported),
		TEST(a_program_that_is_not_executable_is_reported),
		TEST(a_user_that_it_cannot_become_is_reported),
		TEST(a_signal_before_the_program_begins_is_passed_on),
		TEST(a_program_that_does_not_begin_is_let_go),
	};

	if (count > 1 && !strcmp(arguments[1], "vfork"))
		return wait_in_vfork();
	if (count > 1 && !strcmp(arguments[1], "stop"))
		return stop_once();
	if (count > 1 && !strcmp(arguments[1], "exec"))
		return replace_by_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
