// SPDX-License-Identifier: BSD-2-Clause
/* The file system of a path, by a process's list of mounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "process/mounts.h"
#include "wire/file_systems.h"

static const char mountinfo[] =
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	"30 22 0:25 / /srv rw shared:2 master:1 - nfs4 files:/srv rw,vers=4.2\n"
	"31 30 0:26 / /srv/fast rw - tmpfs tmpfs rw\n"
	"32 22 0:27 / /home/a\\040b rw - fuse.sshfs user@host: rw\n"
	"33 22 0:28 / /old rw - ext4 /dev/sdb1 rw\n"
	"34 33 0:29 / /old rw - cifs //host/share rw\n";

static void a_path_is_on_the_mount_that_covers_it(void **state)
{
	static const struct {
		const char *path, *type;
	} cases[] = {
		{ "/etc/passwd", "ext4" },  { "/srv", "nfs4" },
		{ "/srv/data/x", "nfs4" },  { "/srvx", "ext4" },
		{ "/srv/fast/x", "tmpfs" }, { "/home/a b/file", "fuse.sshfs" },
		{ "/home/a", "ext4" },	    { "/old/x", "cifs" },
		{ "relative", "" },	    { "", "" },
	};
	char type[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mounts_type_of(mountinfo, cases[i].path, type, sizeof(type));
		assert_string_equal(type, cases[i].type);
	}
}

static void lines_of_another_form_are_skipped(void **state)
{
	static const char *const texts[] = { "", "\n\n", "1 2 3\n", "22 1 8:1 / / rw",
					     "22 1 8:1 / / rw no separator\n" };
	char type[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		mounts_type_of(texts[i], "/etc", type, sizeof(type));
		assert_string_equal(type, "");
	}
}

static void only_remote_file_systems_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(file_system_name(file_system_kind("nfs4")), "nfs");
	assert_string_equal(file_system_name(file_system_kind("fuse.sshfs")), "fuse");
	assert_string_equal(file_system_name(file_system_kind("9p")), "9p");
	assert_string_equal(file_system_name(file_system_kind("ext4")), "");
	assert_string_equal(file_system_name(file_system_kind("overlay")), "");
	assert_string_equal(file_system_name(1000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_on_the_mount_that_covers_it),
		cmocka_unit_test(lines_of_another_form_are_skipped),
		cmocka_unit_test(only_remote_file_systems_have_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
