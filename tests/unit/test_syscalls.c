// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "wire/syscalls.h"

/* The kernel's own numbers, from the development files of the C library. */
#define NUMBERING "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"

static void every_number_has_the_kernels_name(void **state)
{
	char line[256], name[64];
	unsigned int count = 0;
	int number;
	FILE *file = fopen(NUMBERING, "re");

	(void)state;
	if (!file) {
		print_message("no %s here\n", NUMBERING);
		skip();
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#define __NR_%63s %d", name, &number) != 2)
			continue;
		assert_string_equal(syscall_name(number), name);
		count++;
	}
	fclose(file);
	assert_true(count > 300);
}

static void newer_calls_are_known_too(void **state)
{
	(void)state;
	assert_string_equal(syscall_name(452), "fchmodat2");
	assert_string_equal(syscall_name(455), "futex_wait");
	assert_string_equal(syscall_name(462), "mseal");
}

static void a_wait_in_no_call_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(syscall_name(LP_SYSCALL_PAGE_FAULT), "page fault");
	assert_string_equal(syscall_name(LP_SYSCALL_STOPPED), "stopped");
	assert_string_equal(syscall_name(LP_SYSCALL_FROZEN), "frozen");
	assert_int_equal(syscall_argument(LP_SYSCALL_PAGE_FAULT), LP_ARGUMENT_NONE);
	assert_int_equal(syscall_argument(LP_SYSCALL_STOPPED), LP_ARGUMENT_NONE);
}

static void an_unknown_number_is_shown_as_it_is(void **state)
{
	static const int numbers[] = { -4, 387, LP_SYSCALLS - 1, LP_SYSCALLS, INT32_MAX, INT32_MIN };
	char expected[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(expected, sizeof(expected), "syscall_%d", numbers[i]);
		assert_string_equal(syscall_name(numbers[i]), expected);
		assert_int_equal(syscall_argument(numbers[i]), LP_ARGUMENT_NONE);
	}
}

static void the_argument_reports_what_a_call_is_on(void **state)
{
	static const struct {
		int number;
		unsigned int argument;
	} calls[] = {
		{ SYS_read, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_recvfrom, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_connect, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_fsync, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_flock, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_sendfile, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_epoll_wait, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_io_uring_enter, LP_ARGUMENT_DESCRIPTOR },
		{ SYS_open, LP_ARGUMENT_PATH },
		{ SYS_unlink, LP_ARGUMENT_PATH },
		{ SYS_execve, LP_ARGUMENT_PATH },
		{ SYS_openat, LP_ARGUMENT_PATH_AT },
		{ SYS_newfstatat, LP_ARGUMENT_PATH_AT },
		{ SYS_statx, LP_ARGUMENT_PATH_AT },
		{ SYS_futex, LP_ARGUMENT_FUTEX },
		{ SYS_wait4, LP_ARGUMENT_CHILD },
		{ SYS_waitid, LP_ARGUMENT_CHILD_ID },
		{ SYS_poll, LP_ARGUMENT_POLL },
		{ SYS_ppoll, LP_ARGUMENT_POLL },
		{ SYS_select, LP_ARGUMENT_SELECT },
		{ SYS_pselect6, LP_ARGUMENT_SELECT },
		{ SYS_nanosleep, LP_ARGUMENT_SLEEP },
		{ SYS_clock_nanosleep, LP_ARGUMENT_SLEEP_CLOCK },
		{ SYS_pause, LP_ARGUMENT_NONE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(syscall_argument(calls[i].number), calls[i].argument);
}

static void every_argument_fits_the_wire(void **state)
{
	int number;

	(void)state;
	for (number = 0; number < LP_SYSCALLS; number++)
		assert_true(syscall_argument(number) < LP_ARGUMENT_KINDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_has_the_kernels_name),
		cmocka_unit_test(newer_calls_are_known_too),
		cmocka_unit_test(a_wait_in_no_call_has_a_name),
		cmocka_unit_test(an_unknown_number_is_shown_as_it_is),
		cmocka_unit_test(the_argument_reports_what_a_call_is_on),
		cmocka_unit_test(every_argument_fits_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
