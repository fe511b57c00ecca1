// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench-empty [--syscalls] PID: attaches an empty program to the very instruction that loopprof
 * probes, which loopprof's own code finds.  Prints "attached OFFSET" on stdout and stays until its
 * stdin ends.
 */
#include "bench-empty.skel.h"
#include "base/error.h"
#include "runtime/runtime.h"
#include "process/process.h"
#include "runtime/detect.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int find_probe(pid_t pid, struct lp_probe *probe, struct lp_error *error)
{
	struct lp_process_info process;
	struct lp_instance instance;
	int err;

	err = process_open(pid, &process, error);
	if (err)
		return err;
	err = runtime_detect(&process, &instance, error);
	if (!err) {
		err = instance.runtime->find_probe(&instance, LP_PROBE_DISPATCH, probe, error);
		instance.runtime->release(&instance);
	}
	process_close(&process);
	return err;
}

static int load(struct bench_empty *skeleton, bool syscalls)
{
	int err;

	bpf_program__set_autoload(skeleton->progs.bench_uprobe, true);
	bpf_program__set_autoload(skeleton->progs.bench_sys_enter, syscalls);
	bpf_program__set_autoload(skeleton->progs.bench_sys_exit, syscalls);
	err = bench_empty__load(skeleton);
	return err ? err : bench_empty__attach(skeleton);
}

static void stay(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	bool syscalls = argc == 3 && !strcmp(argv[1], "--syscalls");
	struct bench_empty *skeleton = NULL;
	struct lp_error error = { 0 };
	struct bpf_link *link = NULL;
	struct lp_probe probe;
	pid_t pid;
	int err;

	if (argc != (syscalls ? 3 : 2)) {
		fprintf(stderr, "usage: bench-empty [--syscalls] PID\n");
		return 2;
	}
	pid = atoi(argv[argc - 1]);
	err = find_probe(pid, &probe, &error);
	if (err) {
		fprintf(stderr, "bench-empty: %s\n", error.text);
		return 1;
	}
	skeleton = bench_empty__open();
	err = skeleton ? load(skeleton, syscalls) : -errno;
	if (!err) {
		link = bpf_program__attach_uprobe(skeleton->progs.bench_uprobe, false, pid,
						  probe.path, probe.places[0].offset);
		err = link ? 0 : -errno;
	}
	if (err) {
		fprintf(stderr, "bench-empty: cannot attach: %s\n", strerror(-err));
	} else {
		printf("attached 0x%" PRIx64 "\n", probe.places[0].offset);
		fflush(stdout);
		stay();
	}
	bpf_link__destroy(link);
	bench_empty__destroy(skeleton);
	return err ? 1 : 0;
}
