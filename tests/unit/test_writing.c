// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "files/writing.h"

#define LARGE (1 << 20)
#define SECOND 1000000000ULL

static int ends[2], stop[2];
static char large[LARGE];

static int make_pipes(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return pipe(ends) || pipe(stop);
}

static int close_pipes(void **state)
{
	(void)state;
	writing_reset();
	close(ends[0]);
	close(ends[1]);
	close(stop[0]);
	close(stop[1]);
	return 0;
}

/* Fills the pipe until a write would block, as behind a pager that has stopped reading. */
static void fill_pipe(void)
{
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], large, 4096) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

static void what_is_read_is_written(void **state)
{
	char found[8] = "";

	(void)state;
	assert_int_equal(writing_put(ends[1], "text", 4), 0);
	assert_int_equal(read(ends[0], found, sizeof(found)), 4);
	assert_string_equal(found, "text");
}

/* The pipe blocks after it has taken a part of the text. */
static void a_signal_ends_the_wait_for_a_reader(void **state)
{
	(void)state;
	writing_end_at(stop[0], UINT64_MAX);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(writing_put(ends[1], large, sizeof(large)), -ETIMEDOUT);
	/* nor are later writes waited for */
	assert_int_equal(writing_put(ends[1], "x", 1), -ETIMEDOUT);
	assert_false(writing_wait(ends[1]));
}

static void the_end_of_a_run_ends_the_wait_for_a_reader(void **state)
{
	(void)state;
	fill_pipe();
	writing_end_at(stop[0], clock_now() + SECOND / 20);
	assert_int_equal(writing_put(ends[1], "x", 1), -ETIMEDOUT);
}

static void after_the_end_what_is_taken_at_once_is_written(void **state)
{
	char found[8] = "";

	(void)state;
	fill_pipe();
	writing_end();
	assert_int_equal(writing_put(ends[1], "x", 1), -ETIMEDOUT);
	while (read(ends[0], large, sizeof(large)) == (ssize_t)sizeof(large))
		;
	assert_int_equal(writing_put(ends[1], "text", 4), 0);
	assert_int_equal(read(ends[0], found, sizeof(found)), 4);
}

static void a_reader_that_has_ended_is_an_error(void **state)
{
	(void)state;
	fill_pipe();
	close(ends[0]);
	assert_int_equal(writing_put(ends[1], "x", 1), -EPIPE);
	assert_int_equal(pipe(ends), 0);
}

static void a_file_is_written_in_one_piece(void **state)
{
	char path[] = "/tmp/loopprof-writing-XXXXXX";
	int descriptor = mkstemp(path);

	(void)state;
	assert_true(descriptor >= 0);
	writing_end();
	assert_int_equal(writing_put(descriptor, large, sizeof(large)), 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_END), sizeof(large));
	close(descriptor);
	unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pipes, close_pipes)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_read_is_written),
		TEST(a_signal_ends_the_wait_for_a_reader),
		TEST(the_end_of_a_run_ends_the_wait_for_a_reader),
		TEST(after_the_end_what_is_taken_at_once_is_written),
		TEST(a_reader_that_has_ended_is_an_error),
		TEST(a_file_is_written_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
