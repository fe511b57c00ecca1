// SPDX-License-Identifier: BSD-2-Clause
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONTAINER_DIGITS 64

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	length = read(file, text, size - 1);
	if (length < 0)
		length = -errno;
	text[length > 0 ? length : 0] = '\0';
	close(file);
	return length;
}

uint64_t process_start_ticks(pid_t pid)
{
	unsigned long long ticks;
	char text[1024], *at;

	if (read_file(pid, "stat", text, sizeof(text)) <= 0)
		return 0;
	/* the second field, the name, may hold anything, parentheses too */
	at = strrchr(text, ')');
	if (!at ||
	    sscanf(at + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		   "%*d %llu",
		   &ticks) != 1)
		return 0;
	return ticks;
}

bool process_container(const char *cgroup, char id[65])
{
	const char *at = cgroup;

	id[0] = '\0';
	while (*at) {
		size_t digits = 0;

		while (isxdigit((unsigned char)at[digits]) && !isupper((unsigned char)at[digits]))
			digits++;
		if (digits == CONTAINER_DIGITS) {
			memcpy(id, at, CONTAINER_DIGITS);
			id[CONTAINER_DIGITS] = '\0';
			return true;
		}
		at += digits ? digits : 1;
	}
	return false;
}

void process_refresh(struct lp_process_info *process)
{
	char path[64], cgroup[4096] = "";
	ssize_t length;

	if (read_file(process->pid, "comm", process->comm, sizeof(process->comm)) > 0)
		process->comm[strcspn(process->comm, "\n")] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	length = readlink(path, process->exe, sizeof(process->exe) - 1);
	process->exe[length > 0 ? length : 0] = '\0';
	if (read_file(process->pid, "cgroup", cgroup, sizeof(cgroup)) > 0)
		process_container(cgroup, process->container);
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
	/* The descriptor holds one process: if it still lives after these were read, they are its. */
	process->start_ticks = process_start_ticks(pid);
	process_refresh(process);
	if (!process->start_ticks ||
	    syscall(SYS_pidfd_send_signal, process->descriptor, 0, NULL, 0)) {
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

ssize_t process_list(pid_t **pids)
{
	size_t count = 0, room = 0;
	struct dirent *entry;
	DIR *proc;

	*pids = NULL;
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		pid_t *grown;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (count == room) {
			room = room ? room * 2 : 256;
			grown = realloc(*pids, room * sizeof(**pids));
			if (!grown) {
				free(*pids);
				*pids = NULL;
				closedir(proc);
				return -ENOMEM;
			}
			*pids = grown;
		}
		(*pids)[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(proc);
	return (ssize_t)count;
}

bool process_has_epoll(pid_t pid)
{
	bool found = false;
	char path[320], link[64];
	struct dirent *entry;
	DIR *descriptors;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	descriptors = opendir(path);
	if (!descriptors)
		return true;
	while (!found && (entry = readdir(descriptors))) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		length = readlink(path, link, sizeof(link) - 1);
		link[length > 0 ? length : 0] = '\0';
		found = !strcmp(link, "anon_inode:[eventpoll]");
	}
	closedir(descriptors);
	return found;
}
