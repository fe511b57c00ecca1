// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "scratch_fixture.h"
#include "elf/mapped_file.h"

#define PAGE 4096
#define ROOTS_MODE (S_IFREG | 0755)

static char directory[64];
static char host_list[128], process_list[128];
static bool in_user_namespace;

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(scratch_make(directory, sizeof(directory)), 0);
	snprintf(host_list, sizeof(host_list), "%s/host", directory);
	snprintf(process_list, sizeof(process_list), "%s/process", directory);
	write_text(host_list,
		   "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard\n"
		   "22 21 0:40 / /mnt\\040x rw shared:2 - fuse.sshfs x rw,user_id=0,group_id=0\n"
		   "23 21 0:41 / /home/u/m rw - fuse.evil - rw,user_id=1000,group_id=0\n"
		   "24 21 0:42 / /var/lib/o rw - overlay overlay rw,lowerdir=/a,upperdir=/b\n"
		   "25 21 0:43 / /n rw - fuse - rw,user_id=01000,group_id=0\n"
		   "26 21 0:44 / /user_id=0 rw - fuse user_id=0 rw,group_id=0\n");
	write_text(process_list, "31 30 0:50 / / rw - fuse.evil evil rw,user_id=0,group_id=0\n"
				 "32 31 0:51 / /tmp rw - tmpfs tmpfs rw\n"
				 "33 31 0:40 / /again rw - fuse.sshfs x rw,user_id=0,group_id=0\n"
				 "34 31 0:52 / /o rw - overlay overlay rw\n"
				 "35 31 0:42 / / rw - overlay overlay rw\n"
				 "36 31 0:53 / /a rw - aufs none rw\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(host_list);
	unlink(process_list);
	return rmdir(directory);
}

static enum lp_file_reach reach(uint64_t mount, uint64_t device, uint32_t owner, uint32_t mode)
{
	struct lp_file_facts facts = {
		.mount = mount, .device = device, .owner = owner, .mode = mode
	};
	const struct lp_mount_lists lists = {
		.of_host = { host_list },
		.of_process = process_list,
		.in_user_namespace = in_user_namespace,
	};

	return mapped_file_reach(&facts, &lists);
}

static void only_what_nobody_but_root_can_write_is_the_hosts(void **state)
{
	uint64_t disk = makedev(8, 1);

	(void)state;
	assert_int_equal(reach(21, disk, 0, ROOTS_MODE), LP_FILE_OF_HOST);
	assert_int_equal(reach(21, disk, 1000, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(21, disk, 65534, S_IFREG | 0444), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(21, disk, 0, ROOTS_MODE | S_IWGRP), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(21, disk, 0, ROOTS_MODE | S_IWOTH), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(32, makedev(0, 51), 0, ROOTS_MODE), LP_FILE_OF_HOST);
}

static void a_file_that_lies_in_two_places_is_not_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(reach(24, makedev(0, 42), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(34, makedev(0, 52), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
}

/* The layers of an overlay that a user mounted may be a FUSE file system of that user. */
static void a_file_system_that_a_user_has_stacked_is_refused(void **state)
{
	(void)state;
	in_user_namespace = true;
	assert_int_equal(reach(34, makedev(0, 52), 0, ROOTS_MODE), LP_FILE_REFUSED);
	assert_int_equal(reach(34, makedev(0, 52), 1000, ROOTS_MODE), LP_FILE_REFUSED);
	assert_int_equal(reach(36, makedev(0, 53), 0, ROOTS_MODE), LP_FILE_REFUSED);
	/* a container's overlay, which its engine mounted */
	assert_int_equal(reach(24, makedev(0, 42), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(35, makedev(0, 42), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	/* a file system without layers in a user namespace */
	assert_int_equal(reach(32, makedev(0, 51), 1000, ROOTS_MODE), LP_FILE_OF_PROCESS);
	in_user_namespace = false;
	assert_int_equal(reach(34, makedev(0, 52), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(36, makedev(0, 53), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
}

static void a_file_that_another_user_serves_is_refused(void **state)
{
	(void)state;
	assert_int_equal(reach(23, makedev(0, 41), 0, ROOTS_MODE), LP_FILE_REFUSED);
	assert_int_equal(reach(25, makedev(0, 43), 0, ROOTS_MODE), LP_FILE_REFUSED);
	/* the text of the option is in the mount point and in the source */
	assert_int_equal(reach(26, makedev(0, 44), 0, ROOTS_MODE), LP_FILE_REFUSED);
	/* the root user of a user namespace has number 0 in it */
	assert_int_equal(reach(31, makedev(0, 50), 0, ROOTS_MODE), LP_FILE_REFUSED);
}

static void a_file_that_root_serves_is_the_process_own(void **state)
{
	(void)state;
	assert_int_equal(reach(22, makedev(0, 40), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_int_equal(reach(33, makedev(0, 40), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
}

static void a_file_system_that_is_mounted_nowhere_may_be_anybodys(void **state)
{
	struct stat status;
	int memory = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(reach(99, makedev(0, 77), 0, ROOTS_MODE), LP_FILE_REFUSED);
	assert_int_equal(reach(0, makedev(0, 77), 0, ROOTS_MODE), LP_FILE_REFUSED);
	assert_int_equal(reach(99, makedev(8, 2), 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
	assert_true(memory >= 0);
	assert_int_equal(fstat(memory, &status), 0);
	close(memory);
	assert_int_equal(reach(99, status.st_dev, 0, ROOTS_MODE), LP_FILE_OF_PROCESS);
}

/* Makes and maps a file of one page; at: the address, or NULL.  Sets its path in /proc. */
static void *map_new(const char *name, void *at, char *path, size_t size)
{
	char file[128];
	void *mapped;
	int descriptor;

	snprintf(file, sizeof(file), "%s/%s", directory, name);
	descriptor = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(descriptor >= 0);
	assert_int_equal(ftruncate(descriptor, PAGE), 0);
	mapped = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | (at ? MAP_FIXED : 0), descriptor, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(descriptor);
	snprintf(path, size, "/proc/self/map_files/%lx-%lx", (unsigned long)(uintptr_t)mapped,
		 (unsigned long)(uintptr_t)mapped + PAGE);
	return mapped;
}

static void remove_file(const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/%s", directory, name);
	unlink(file);
}

static void what_was_exchanged_at_its_place_is_noticed(void **state)
{
	struct lp_mapped_file file, again;
	char path[128];
	void *mapped = map_new("one", NULL, path, sizeof(path));
	int err = mapped_file_open(getpid(), path, NULL, &file);

	(void)state;
	if (err == -EPERM || err == -EACCES) {
		print_message("no access to %s\n", path);
		skip();
	}
	assert_int_equal(err, 0);
	assert_int_equal(mapped_file_open(getpid(), path, &file.facts, &again), 0);
	assert_int_equal(again.facts.reach, file.facts.reach);
	mapped_file_close(&again);
	map_new("two", mapped, path, sizeof(path));
	assert_int_equal(mapped_file_open(getpid(), path, &file.facts, &again), -ESTALE);
	/* the open descriptor still refers to the file that was opened */
	assert_true(mapped_file_unchanged(&file));
	mapped_file_close(&file);
	munmap(mapped, PAGE);
	remove_file("one");
	remove_file("two");
}

static void what_was_written_meanwhile_is_noticed(void **state)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	struct lp_mapped_file file, again;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/written", directory);
	write_text(path, "before");
	assert_int_equal(mapped_file_open(getpid(), path, NULL, &file), 0);
	assert_true(mapped_file_unchanged(&file));
	write_text(path, "after it");
	assert_false(mapped_file_unchanged(&file));
	mapped_file_close(&file);
	/* a file of the same size, with its time of modification set back */
	assert_int_equal(mapped_file_open(getpid(), path, NULL, &file), 0);
	usleep(20000);
	write_text(path, "AFTER IT");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(mapped_file_open(getpid(), path, &file.facts, &again), -ESTALE);
	mapped_file_close(&file);
	remove_file("written");
}

/* The known facts come from a process that has read hostile memory, so they are not trusted. */
static void what_others_can_write_is_never_the_hosts(void **state)
{
	struct lp_mapped_file file, again;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/shared", directory);
	write_text(path, "x");
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(mapped_file_open(getpid(), path, NULL, &file), 0);
	file.facts.reach = LP_FILE_OF_HOST;
	assert_int_equal(mapped_file_open(getpid(), path, &file.facts, &again), 0);
	assert_int_not_equal(again.facts.reach, LP_FILE_OF_HOST);
	mapped_file_close(&again);
	mapped_file_close(&file);
	assert_int_equal(unlink(path), 0);
}

static void what_is_no_file_is_not_opened(void **state)
{
	struct lp_mapped_file file;

	(void)state;
	assert_int_equal(mapped_file_open(getpid(), directory, NULL, &file), -ENOEXEC);
	assert_int_equal(mapped_file_open(getpid(), "/dev/zero", NULL, &file), -ENOEXEC);
	assert_int_equal(mapped_file_open(getpid(), "/proc/self/map_files/none", NULL, &file),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_nobody_but_root_can_write_is_the_hosts),
		cmocka_unit_test(a_file_that_lies_in_two_places_is_not_the_hosts),
		cmocka_unit_test(a_file_system_that_a_user_has_stacked_is_refused),
		cmocka_unit_test(a_file_that_another_user_serves_is_refused),
		cmocka_unit_test(a_file_that_root_serves_is_the_process_own),
		cmocka_unit_test(a_file_system_that_is_mounted_nowhere_may_be_anybodys),
		cmocka_unit_test(what_was_exchanged_at_its_place_is_noticed),
		cmocka_unit_test(what_was_written_meanwhile_is_noticed),
		cmocka_unit_test(what_others_can_write_is_never_the_hosts),
		cmocka_unit_test(what_is_no_file_is_not_opened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
