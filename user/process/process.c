// SPDX-License-Identifier: BSD-2-Clause
#include "process.h"

#include "cgroup.h"
#include "proc_file.h"
#include "base/array.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <unistd.h>

/* Version 1 has a dozen lines, each with a path; more are not read. */
#define CGROUP_BYTES 16384
#define STATUS_BYTES 4096
/* The most descriptors of a process that are examined: a loop's own is made with its program. */
#define DESCRIPTORS_MOST 4096

uint64_t process_start_ticks(pid_t pid)
{
	char text[LP_PROC_STAT_BYTES];

	return proc_stat_number(proc_stat(pid, "stat", text), 22);
}

char process_state(pid_t pid)
{
	char text[LP_PROC_STAT_BYTES];
	const char *fields = proc_stat(pid, "stat", text);

	return fields ? *fields : '\0';
}

pid_t process_parent(pid_t pid)
{
	char text[LP_PROC_STAT_BYTES];

	return (pid_t)proc_stat_number(proc_stat(pid, "stat", text), 4);
}

pid_t process_inner_id(pid_t pid, pid_t tid)
{
	char name[64], text[STATUS_BYTES], *line, *last;
	pid_t inner = tid;

	snprintf(name, sizeof(name), "task/%d/status", tid);
	if (proc_read(pid, name, text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return inner;
	line += strlen("\nNSpid:");
	line[strcspn(line, "\n")] = '\0';
	for (last = strtok_r(line, "\t ", &line); last; last = strtok_r(NULL, "\t ", &line))
		inner = (pid_t)strtol(last, NULL, 10);
	return inner;
}

bool process_users(pid_t pid, uint64_t *users)
{
	unsigned int real, effective;
	char text[STATUS_BYTES];
	const char *line;

	if (proc_read(pid, "status", text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %u %u", &real, &effective) != 2)
		return false;
	*users = (uint64_t)effective << 32 | real;
	return true;
}

uint64_t process_owner(pid_t pid)
{
	char text[CGROUP_BYTES] = "";
	struct lp_cgroup cgroup;

	if (proc_read(pid, "cgroup", text, sizeof(text)) <= 0)
		return 0;
	cgroup_parse(text, &cgroup);
	return cgroup.owner;
}

void process_refresh(struct lp_process_info *process)
{
	char path[64], text[CGROUP_BYTES] = "";
	struct lp_cgroup cgroup;
	ssize_t length;

	if (proc_read(process->pid, "comm", process->comm, sizeof(process->comm)) > 0)
		process->comm[strcspn(process->comm, "\n")] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	length = readlink(path, process->exe, sizeof(process->exe) - 1);
	process->exe[length > 0 ? length : 0] = '\0';
	if (proc_read(process->pid, "cgroup", text, sizeof(text)) <= 0)
		return;
	cgroup_parse(text, &cgroup);
	process->owner = cgroup.owner;
	snprintf(process->unit, sizeof(process->unit), "%s", cgroup.unit);
	snprintf(process->pod, sizeof(process->pod), "%s", cgroup.pod);
	snprintf(process->container, sizeof(process->container), "%s", cgroup.container);
}

int process_open(pid_t pid, struct lp_process_info *process, struct lp_error *error)
{
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	process->descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process->descriptor < 0) {
		int err = -errno;

		/* 6.18 says ENOENT of a thread, older kernels EINVAL */
		if (err == -EINVAL || err == -ENOENT)
			return error_set(
				error, err,
				"%d is a thread of another process; give that process's PID (Tgid in /proc/%d/status)",
				pid, pid);
		if (err == -ESRCH)
			return error_set(error, err,
					 "there is no process %d; `ps -ef` lists those that run",
					 pid);
		return error_set(error, err, "cannot open process %d: %s", pid, strerror(-err));
	}
	/* The descriptor refers to one process: if it is still alive after these reads, they
	 * were of it. */
	process->start_ticks = process_start_ticks(pid);
	process_refresh(process);
	if (!process->start_ticks || process_ended(process)) {
		process_close(process);
		return error_set(error, -ESRCH, "process %d has just ended", pid);
	}
	return 0;
}

void process_close(struct lp_process_info *process)
{
	if (process->descriptor > 0)
		close(process->descriptor);
	process->descriptor = -1;
}

bool process_ended(const struct lp_process_info *process)
{
	struct pollfd ended = { .fd = process->descriptor, .events = POLLIN };

	return poll(&ended, 1, 0) > 0;
}

bool process_is_within(pid_t pid, const char *cgroup)
{
	char text[CGROUP_BYTES];

	return proc_read(pid, "cgroup", text, sizeof(text)) > 0 && cgroup_is_within(text, cgroup);
}

/*
 * Identifies the program file of a process by the attributes that the kernel has cached: a file
 * system on FUSE may never answer.
 */
static bool read_program(pid_t pid, struct statx *file)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, file);
}

pid_t process_forked_from(pid_t pid)
{
	pid_t parent = process_parent(pid);
	struct statx own, other;

	if (parent <= 0 || !read_program(pid, &own) || !read_program(parent, &other) ||
	    own.stx_dev_major != other.stx_dev_major || own.stx_dev_minor != other.stx_dev_minor ||
	    own.stx_ino != other.stx_ino)
		return 0;
	return parent;
}

ssize_t process_list(pid_t **pids)
{
	size_t count = 0, capacity = 0;
	struct dirent *entry;
	DIR *proc;

	*pids = NULL;
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (!ARRAY_RESERVE(*pids, capacity, count + 1, 256)) {
			free(*pids);
			*pids = NULL;
			closedir(proc);
			return -ENOMEM;
		}
		(*pids)[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(proc);
	return (ssize_t)count;
}

size_t process_threads(pid_t pid)
{
	char text[LP_PROC_STAT_BYTES];

	return (size_t)proc_stat_number(proc_stat(pid, "stat", text), 20);
}

bool process_leader_ended(pid_t pid)
{
	char text[LP_PROC_STAT_BYTES];
	const char *fields = proc_stat(pid, "stat", text);

	return fields && *fields == 'Z' && process_threads(pid) > 1;
}

bool process_has_epoll(pid_t pid)
{
	bool found = false;
	int left = DESCRIPTORS_MOST;
	char path[320], link[64];
	struct dirent *entry;
	DIR *descriptors;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	descriptors = opendir(path);
	if (!descriptors)
		return true;
	while (!found && left-- && (entry = readdir(descriptors))) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		length = readlink(path, link, sizeof(link) - 1);
		link[length > 0 ? length : 0] = '\0';
		found = !strcmp(link, "anon_inode:[eventpoll]");
	}
	closedir(descriptors);
	return found;
}
