// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "privileges/sudo.h"

static struct lp_sudo_user user;
static struct lp_error error;

static void set(const char *variable, const char *value)
{
	if (value)
		setenv(variable, value, 1);
	else
		unsetenv(variable);
}

static int caller(const char *uid, const char *gid, const char *name)
{
	int ids, found;

	set("SUDO_UID", uid);
	set("SUDO_GID", gid);
	set("SUDO_USER", name);
	ids = sudo_ids(&user, &error);
	found = sudo_caller(&user, &error);
	/* both functions refuse what is not an ID */
	assert_true(ids >= 0 || found < 0);
	return found;
}

static void without_sudo_there_is_no_caller(void **state)
{
	(void)state;
	assert_int_equal(caller(NULL, NULL, NULL), 0);
}

static void a_caller_is_known_by_its_ids(void **state)
{
	(void)state;
	assert_int_equal(caller("65534", "65534", "nobody"), 1);
	assert_int_equal(user.user, 65534);
	assert_int_equal(user.group, 65534);
	assert_string_equal(user.name, "nobody");
	assert_int_equal(caller("65534", "65534", NULL), 1);
	/* root may also call sudo */
	assert_int_equal(caller("0", "0", "root"), 1);
	assert_int_equal(user.user, 0);
	assert_int_equal(caller("0", "7", "root"), 1);
	/* an account that this host does not list does not get root's rights */
	assert_int_equal(caller("4294967294", "4294967294", NULL), 1);
	assert_int_equal(user.user, 4294967294);
	assert_string_equal(user.name, "");
	assert_int_equal(caller("4294967294", "4294967293", "nobody-of-this-name"), 1);
}

static void damaged_variables_are_refused(void **state)
{
	static const char *const no_id[] = {
		"",
		"x",
		"12x",
		" 12",
		"12 ",
		"+12",
		"-1",
		"-0",
		"0x10",
		"1e3",
		"1.0",
		"00",
		"012",
		"4294967295",
		"4294967296",
		"99999999999",
		"4294967297",
		"12\n",
		"\xd9\xa1",
		"18446744073709551617",
		"nobody",
		"\x1b[2J",
		"999999999999999999999999999999999999999999",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no_id) / sizeof(no_id[0]); i++) {
		if (caller(no_id[i], "65534", "nobody") != -EINVAL)
			fail_msg("SUDO_UID '%s' is accepted", no_id[i]);
		assert_non_null(strstr(error.text, "SUDO_UID"));
		if (caller("65534", no_id[i], "nobody") != -EINVAL)
			fail_msg("SUDO_GID '%s' is accepted", no_id[i]);
		assert_non_null(strstr(error.text, "SUDO_GID"));
		assert_null(strpbrk(error.text, "\x1b\n"));
	}
	assert_int_equal(caller("65534", NULL, NULL), -EINVAL);
	assert_int_equal(caller(NULL, "65534", NULL), -EINVAL);
	assert_int_equal(caller(NULL, NULL, "nobody"), -EINVAL);
	assert_int_equal(caller("65534", NULL, "nobody"), -EINVAL);
	/* the name and the ID belong to different users */
	assert_int_equal(caller("65534", "65534", "root"), -EINVAL);
	assert_int_equal(caller("0", "0", "nobody"), -EINVAL);
	assert_int_equal(caller("65534", "65534", ""), -EINVAL);
	/* the group is not the user's, whose output would open that group's files */
	assert_int_equal(caller("65534", "7", "nobody"), -EINVAL);
	assert_non_null(strstr(error.text, "SUDO_GID"));
	assert_int_equal(caller("65534", "7", NULL), -EINVAL);
	assert_int_equal(caller("65534", "4294967294", "nobody"), -EINVAL);
	/* root's group is not a group of everybody */
	assert_int_equal(caller("65534", "0", "nobody"), -EINVAL);
	assert_int_equal(caller("4294967294", "0", NULL), -EINVAL);
	/* a group of this host is no group of an ID without an account */
	assert_int_equal(caller("4294967294", "7", NULL), -EINVAL);
	assert_int_equal(caller("4294967294", "7", "nobody-of-this-name"), -EINVAL);
	assert_non_null(strstr(error.text, "no account"));
}

static int clear(void **state)
{
	(void)state;
	caller(NULL, NULL, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(without_sudo_there_is_no_caller, clear),
		cmocka_unit_test_teardown(a_caller_is_known_by_its_ids, clear),
		cmocka_unit_test_teardown(damaged_variables_are_refused, clear),
	};

	/* sudo starts loopprof as root, so that the functions act for root alone */
	if (geteuid())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
