// SPDX-License-Identifier: BSD-2-Clause
/*
 * A file on FUSE is served by a program, which may be the target's: a request to it may
 * wait for ever, in the kernel too.  Nothing here makes one: O_PATH does not open the file
 * in its file system, statx takes the attributes that the kernel has, and the kind of the
 * file system is looked up in the lists of mounts.
 */
#include "mapped_file.h"

#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Lines that are read of a list of mounts; a host with many containers has some thousands. */
#define MOUNTS_MAX 65536
#define MOUNTS_OF_PROCESS_MAX 4096
#define LINE_BYTES_MAX 16384

/* One mount, and its file system. */
struct lp_mount {
	uint64_t number, device;
	bool fuse;
	bool stacked; /* files lie in another file system, which no list shows */
	bool served_by_root; /* FUSE: root runs its server */
};

/* Types of file systems that show the files of others; the first word of their line. */
static const char *const stacked_types[] = { "overlay ", "aufs ", "shiftfs ", "ecryptfs ",
					     "unionfs " };
/* include/uapi/linux/nsfs.h, and the same in older kernels */
#define INITIAL_USER_NAMESPACE 0xeffffffdUL

static int read_facts(int descriptor, struct lp_file_facts *facts)
{
	struct statx status;

	if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_BASIC_STATS | STATX_MNT_ID, &status))
		return -errno;
	memset(facts, 0, sizeof(*facts));
	facts->device = makedev(status.stx_dev_major, status.stx_dev_minor);
	facts->inode = status.stx_ino;
	facts->size = status.stx_size;
	facts->mount = status.stx_mask & STATX_MNT_ID ? status.stx_mnt_id : 0;
	facts->modified_ns = status.stx_mtime.tv_sec * NS_PER_S + status.stx_mtime.tv_nsec;
	facts->changed_ns = status.stx_ctime.tv_sec * NS_PER_S + status.stx_ctime.tv_nsec;
	facts->owner = status.stx_uid;
	facts->mode = status.stx_mode;
	return 0;
}

static bool same_facts(const struct lp_file_facts *one, const struct lp_file_facts *other)
{
	return one->device == other->device && one->inode == other->inode &&
	       one->size == other->size && one->mount == other->mount &&
	       one->modified_ns == other->modified_ns && one->changed_ns == other->changed_ns &&
	       one->owner == other->owner && one->mode == other->mode;
}

/*
 * "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue": the
 * kernel escapes blanks within fields, so that a lone hyphen ends the optional ones.
 */
static bool parse_mount(char *line, struct lp_mount *mount)
{
	unsigned int major, minor;
	unsigned long long number;
	char *type, *options;
	size_t i;

	memset(mount, 0, sizeof(*mount));
	if (sscanf(line, "%llu %*u %u:%u ", &number, &major, &minor) != 3)
		return false;
	mount->number = number;
	mount->device = makedev(major, minor);
	type = strstr(line, " - ");
	if (!type)
		return false;
	type += strlen(" - ");
	options = strrchr(type, ' ');
	mount->fuse = !strncmp(type, "fuse", 4);
	for (i = 0; i < ARRAY_SIZE(stacked_types); i++)
		mount->stacked |= !strncmp(type, stacked_types[i], strlen(stacked_types[i]));
	options = options ? strstr(options, "user_id=") : NULL;
	mount->served_by_root = options && options[8] == '0' &&
				(options[9] == ',' || options[9] == '\n' || !options[9]);
	return true;
}

/* Finds a mount by its number, or, if that is 0, by its device. */
static bool find_mount(const char *list, size_t lines, uint64_t number, uint64_t device,
		       struct lp_mount *mount)
{
	char *line = malloc(LINE_BYTES_MAX);
	FILE *file = fopen(list, "re");
	bool found = false, begins = true;

	while (line && file && lines && !found && fgets(line, LINE_BYTES_MAX, file)) {
		bool ends = strchr(line, '\n') != NULL;

		lines--;
		/* the rest of a line that is too long is skipped: it is no mount of its own */
		found = begins && ends && parse_mount(line, mount) &&
			(number ? mount->number == number : mount->device == device);
		begins = ends;
	}
	if (file)
		fclose(file);
	free(line);
	return found;
}

/* The device of memfd files, whose file system is mounted nowhere. */
static uint64_t memory_device(void)
{
	static uint64_t device;
	struct stat status;
	int memory;

	if (device)
		return device;
	memory = memfd_create("loopprof", MFD_CLOEXEC);
	if (memory >= 0 && !fstat(memory, &status))
		device = status.st_dev;
	if (memory >= 0)
		close(memory);
	return device;
}

static bool others_may_write(const struct lp_file_facts *facts)
{
	return facts->owner != 0 || facts->mode & (S_IWGRP | S_IWOTH);
}

enum lp_file_reach mapped_file_reach(const struct lp_file_facts *facts,
				     const struct lp_mount_lists *lists)
{
	const char *const *of_host = lists->of_host;
	bool found = false, by_root = false, of_the_host;
	struct lp_mount mount, same;
	size_t i;

	for (i = 0; of_host[i] && !found && facts->mount; i++)
		found = find_mount(of_host[i], MOUNTS_MAX, facts->mount, 0, &mount);
	of_the_host = found;
	if (!found && facts->mount)
		found = find_mount(lists->of_process, MOUNTS_OF_PROCESS_MAX, facts->mount, 0,
				   &mount);
	/* A file system without a disk that is mounted nowhere may be any user's FUSE. */
	if (!found)
		return major(facts->device) || facts->device == memory_device() ? LP_FILE_OF_PROCESS
										: LP_FILE_REFUSED;
	/* In a user namespace, its own root is user 0 as well: the host's list decides. */
	for (i = 0; mount.fuse && of_host[i] && !by_root; i++)
		by_root = find_mount(of_host[i], MOUNTS_MAX, 0, mount.device, &same) && same.fuse &&
			  same.served_by_root;
	if (mount.fuse)
		return by_root ? LP_FILE_OF_PROCESS : LP_FILE_REFUSED;
	/* The owner of a user namespace may stack a file system upon a FUSE of its own. */
	if (mount.stacked && !of_the_host && lists->in_user_namespace) {
		for (i = 0; of_host[i] && !of_the_host; i++)
			of_the_host = find_mount(of_host[i], MOUNTS_MAX, 0, mount.device, &same) &&
				      same.stacked;
		if (!of_the_host)
			return LP_FILE_REFUSED;
	}
	/* Two containers may share one file, which no attribute shows. */
	if (mount.stacked || others_may_write(facts))
		return LP_FILE_OF_PROCESS;
	return LP_FILE_OF_HOST;
}

/* Finds the mount by which the file was opened; the process may have left it since. */
static enum lp_file_reach find_reach(pid_t pid, const struct lp_file_facts *facts,
				     const struct lp_file_facts *known)
{
	struct lp_mount_lists lists = {
		.of_host = { "/proc/self/mountinfo", "/proc/1/mountinfo", NULL },
	};
	char of_process[40], namespace[40];
	struct stat status;

	/* no other file system can take the number of a disk that is in use */
	if (known && major(facts->device))
		/* a worker that has read hostile memory says how far it reaches */
		return known->reach == LP_FILE_OF_HOST && others_may_write(facts)
			       ? LP_FILE_OF_PROCESS
			       : known->reach;
	snprintf(of_process, sizeof(of_process), "/proc/%d/mountinfo", pid);
	lists.of_process = of_process;
	snprintf(namespace, sizeof(namespace), "/proc/%d/ns/user", pid);
	lists.in_user_namespace = stat(namespace, &status)
					  ? errno != ENOENT
					  : status.st_ino != INITIAL_USER_NAMESPACE;
	return mapped_file_reach(facts, &lists);
}

int mapped_file_open(pid_t pid, const char *path, const struct lp_file_facts *known,
		     struct lp_mapped_file *file)
{
	int err;

	memset(file, 0, sizeof(*file));
	file->descriptor = open(path, O_PATH | O_CLOEXEC);
	if (file->descriptor < 0)
		return -errno;
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->descriptor);
	err = read_facts(file->descriptor, &file->facts);
	if (!err && !S_ISREG(file->facts.mode))
		err = -ENOEXEC;
	if (!err && known && !same_facts(&file->facts, known))
		err = -ESTALE;
	if (!err)
		file->facts.reach = find_reach(pid, &file->facts, known);
	if (err)
		mapped_file_close(file);
	return err;
}

void mapped_file_close(struct lp_mapped_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	file->descriptor = -1;
}

bool mapped_file_unchanged(const struct lp_mapped_file *file)
{
	struct lp_file_facts now = { 0 };

	return !read_facts(file->descriptor, &now) && same_facts(&now, &file->facts);
}
