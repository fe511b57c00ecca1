// SPDX-License-Identifier: BSD-2-Clause
/*
 * Opens probes of the kernel as perf events, in the process that attaches. libbpf would need its
 * own struct bpf_program, which that process does not have.
 */
#include "attacher_internal.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns the number in a file of one line, or a negative errno. */
static int read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	int number = -EINVAL;

	if (!file)
		return -errno;
	if (fscanf(file, "%d", &number) != 1)
		number = -EINVAL;
	fclose(file);
	return number;
}

/* Enables the program at an event that is open. Returns the event, or a negative errno. */
static int enable(int event, int program)
{
	int err;

	if (event < 0)
		return -errno;
	if (!ioctl(event, PERF_EVENT_IOC_SET_BPF, program) &&
	    !ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return event;
	err = -errno;
	close(event);
	return err;
}

static int open_tracepoint(const struct lp_attach_request *request)
{
	static const char *const directories[] = { "/sys/kernel/tracing",
						   "/sys/kernel/debug/tracing" };
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT,
					      .size = sizeof(attributes) };
	int number = -ENOENT;
	char path[128];
	size_t i;

	for (i = 0; number == -ENOENT && i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/syscalls/%s/id", directories[i],
			 request->tracepoint);
		number = read_number(path);
	}
	if (number < 0)
		return number;
	attributes.config = (uint64_t)number;
	/* an event of one CPU: its program runs on all of them */
	return enable((int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1,
				   PERF_FLAG_FD_CLOEXEC),
		      request->program);
}

static int open_uprobe(const struct lp_attach_request *request, const struct lp_mapped_file *file)
{
	static int type;
	struct perf_event_attr attributes = { .size = sizeof(attributes) };

	if (type <= 0)
		type = read_number("/sys/bus/event_source/devices/uprobe/type");
	if (type < 0)
		return type;
	attributes.type = (uint32_t)type;
	attributes.uprobe_path = (uint64_t)(uintptr_t)file->path;
	attributes.probe_offset = request->offset;
	return enable((int)syscall(SYS_perf_event_open, &attributes,
				   request->for_host ? -1 : request->pid,
				   request->for_host ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC),
		      request->program);
}

int kernel_probe_open(const struct lp_attach_request *request)
{
	struct lp_mapped_file file;
	int result;

	if (request->tracepoint)
		return open_tracepoint(request);
	/* the process may have mapped another file there since it was examined */
	result = mapped_file_open(request->pid, request->path, request->known, &file);
	/* the path has the bounds of the mapping: it was split or moved, or it is unmapped */
	if (result == -ENOENT && request->known)
		return -ESTALE;
	if (result)
		return result;
	if (request->known && file.facts.reach == LP_FILE_REFUSED)
		result = -ESTALE;
	else if (request->for_host && file.facts.reach != LP_FILE_OF_HOST)
		result = -EXDEV;
	else if (request->program >= 0)
		result = open_uprobe(request, &file);
	mapped_file_close(&file);
	return result;
}
