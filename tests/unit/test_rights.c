// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "privileges/rights.h"

#define CAPABILITY(number) (1ULL << (number))
#define KILL CAPABILITY(5)
#define READ_SEARCH CAPABILITY(2)
#define CHECKPOINT CAPABILITY(40)
#define PTRACE CAPABILITY(19)
#define ADMIN CAPABILITY(21)
#define PERFMON CAPABILITY(38)
#define BPF CAPABILITY(39)

static void each_right_has_its_capabilities(void **state)
{
	(void)state;
	assert_false(right_held(LP_RIGHT_BPF, BPF));
	assert_false(right_held(LP_RIGHT_BPF, PERFMON));
	assert_true(right_held(LP_RIGHT_BPF, BPF | PERFMON));
	assert_true(right_held(LP_RIGHT_BPF, ADMIN));
	assert_false(right_held(LP_RIGHT_PROBES, BPF | PERFMON));
	assert_true(right_held(LP_RIGHT_PROBES, ADMIN));
	assert_false(right_held(LP_RIGHT_MEMORY, ADMIN));
	assert_true(right_held(LP_RIGHT_MEMORY, PTRACE));
}

static void what_is_missing_is_named(void **state)
{
	char text[64];
	int i;

	(void)state;
	right_missing(LP_RIGHT_BPF, 0, text, sizeof(text));
	assert_non_null(strstr(text, "CAP_BPF"));
	assert_non_null(strstr(text, "CAP_PERFMON"));
	right_missing(LP_RIGHT_BPF, BPF, text, sizeof(text));
	assert_string_equal(text, "CAP_PERFMON");
	for (i = 0; i < LP_RIGHTS; i++) {
		assert_false(right_held((enum lp_right)i, 0));
		assert_true(right_held((enum lp_right)i, ~0ULL));
		/* targets get no signals, so CAP_KILL gives no right */
		assert_false(right_held((enum lp_right)i, KILL));
		right_missing((enum lp_right)i, 0, text, sizeof(text));
		assert_int_equal(strncmp(text, "CAP_", 4), 0);
		assert_non_null(lp_rights[i].what);
		assert_non_null(lp_rights[i].without);
	}
}

static void a_refusal_names_the_failure_the_lack_and_the_fix(void **state)
{
	uint64_t effective = rights_effective();
	struct lp_error error;
	char text[64];
	int i;

	(void)state;
	for (i = 0; i < LP_RIGHTS; i++) {
		assert_int_equal(rights_refuse(&error, -EPERM, (enum lp_right)i, "cannot do 42"),
				 -EPERM);
		assert_int_equal(error.code, -EPERM);
		assert_int_equal(strncmp(error.text, "cannot do 42", 12), 0);
		right_missing((enum lp_right)i, effective, text, sizeof(text));
		if (right_held((enum lp_right)i, effective))
			assert_non_null(strstr(error.text, "though the capabilities are there"));
		else
			assert_non_null(strstr(error.text, text));
		/* a process with all capabilities is not advised to run as root */
		assert_true(!right_held((enum lp_right)i, effective) ||
			    !strstr(error.text, "as root"));
	}
}

/* Leaves these capabilities only; returns whether that was possible. */
static bool retain(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = (uint32_t)capabilities,
						    .permitted = (uint32_t)capabilities },
						  { .effective = (uint32_t)(capabilities >> 32),
						    .permitted = (uint32_t)(capabilities >> 32) } };

	return !syscall(SYS_capset, &header, data);
}

static void the_folder_of_another_users_mappings_needs_a_right_of_its_own(void **state)
{
	uint64_t before = rights_effective();
	struct lp_error error;
	int status;
	pid_t child;

	(void)state;
	if (!(before & READ_SEARCH) || !(before & CHECKPOINT))
		return;
	child = fork();
	if (!child) {
		if (!retain(before & ~READ_SEARCH))
			_exit(2);
		rights_refuse(&error, -EACCES, LP_RIGHT_FILES, "cannot do 42");
		_exit(strstr(error.text, "CAP_DAC_READ_SEARCH is missing") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(right_held(LP_RIGHT_FILES, CHECKPOINT));
}

static void locked_memory_is_counted_by_old_kernels_only(void **state)
{
	(void)state;
	assert_true(rights_count_locked_memory("5.10.0-33-amd64"));
	assert_true(rights_count_locked_memory("4.19.0"));
	assert_false(rights_count_locked_memory("5.11.0-rc1"));
	assert_false(rights_count_locked_memory("6.1.0-40-amd64"));
	assert_false(rights_count_locked_memory("10.0"));
	assert_false(rights_count_locked_memory(""));
	assert_false(rights_count_locked_memory("x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_right_has_its_capabilities),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(the_folder_of_another_users_mappings_needs_a_right_of_its_own),
		cmocka_unit_test(locked_memory_is_counted_by_old_kernels_only),
		cmocka_unit_test(a_refusal_names_the_failure_the_lack_and_the_fix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
