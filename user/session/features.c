// SPDX-License-Identifier: BSD-2-Clause
#include "features.h"

#include "base/macros.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct lp_poll_call lp_poll_calls[LP_POLL_CALLS] = {
	{ "epoll_wait", true }, { "epoll_pwait", true },     { "epoll_pwait2", true },
	{ "poll", false },	{ "ppoll", false },	     { "select", false },
	{ "pselect6", false },	{ "io_uring_enter", false },
};

const struct lp_optional_tracepoint lp_reclaims[LP_RECLAIMS] = {
	{ "mm_vmscan_memcg_reclaim_begin", "lp_cgroup_reclaim" },
	{ "mm_vmscan_memcg_reclaim_end", "lp_cgroup_reclaimed" },
	{ "mm_vmscan_direct_reclaim_begin", "lp_host_reclaim" },
	{ "mm_vmscan_direct_reclaim_end", "lp_host_reclaimed" },
};

/* r0 = 0; exit */
static const struct bpf_insn empty_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_empty(enum bpf_prog_type type, int attach_type, int function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	int descriptor;

	options.expected_attach_type = (enum bpf_attach_type)attach_type;
	options.attach_btf_id = (__u32)function;
	descriptor = bpf_prog_load(type, "lp_probe", "Dual BSD/GPL", empty_program,
				   ARRAY_SIZE(empty_program), &options);
	return descriptor < 0 ? -errno : descriptor;
}

/* Loading alone does not show it: the kernel may lack the trampoline that attaching needs. */
static bool try_fentry(int function)
{
	int program = load_empty(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, function), link;

	if (program < 0)
		return false;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link >= 0)
		close(link);
	close(program);
	return link >= 0;
}

/*
 * Returns whether the first parameter of the function is a pointer to a struct that BTF describes.
 */
static bool knows_argument(const struct btf *btf, int function)
{
	const struct btf_type *type = btf__type_by_id(btf, (__u32)function);

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	if (!type || !btf_is_func_proto(type) || !btf_vlen(type))
		return false;
	type = btf__type_by_id(btf, btf_params(type)[0].type);
	while (type && (btf_is_ptr(type) || btf_is_mod(type)))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_struct(type);
}

static void probe_reclaims(const struct btf *btf, struct lp_features *features)
{
	char name[64];
	size_t i;

	for (i = 0; i < LP_RECLAIMS; i++) {
		snprintf(name, sizeof(name), "btf_trace_%s", lp_reclaims[i].name);
		features->reclaims[i] = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;
	}
}

static void probe_btf(struct lp_features *features)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int function, any = 0;
	size_t i;

	if (!btf) {
		features->btf = errno ? -errno : -ENOENT;
		return;
	}
	for (i = 0; i < LP_POLL_CALLS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "__x64_sys_%s", lp_poll_calls[i].name);
		function = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
		features->poll_calls[i] = function > 0;
		if (function > 0)
			any = function;
	}
	features->fentry = any && try_fentry(any);
	features->register_types = any && knows_argument(btf, any);
	features->run_delay = btf__find_by_name_kind(btf, "sched_info", BTF_KIND_STRUCT) > 0;
	probe_reclaims(btf, features);
	function = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	features->scheduler = function;
	if (function > 0) {
		function = load_empty(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, function);
		features->scheduler = function < 0 ? function : 0;
		if (function >= 0)
			close(function);
	}
	btf__free(btf);
}

static int try_clock(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = 1,
		.disabled = 1,
	};
	int event = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		return -errno;
	close(event);
	return 0;
}

void features_probe(struct lp_features *features)
{
	/* what fails here is a result, not an error */
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	int descriptor;

	memset(features, 0, sizeof(*features));
	probe_btf(features);
	descriptor = load_empty(BPF_PROG_TYPE_KPROBE, 0, 0);
	features->programs = descriptor < 0 ? descriptor : 0;
	if (descriptor >= 0)
		close(descriptor);
	descriptor = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "lp_probe", 0, 0, 4096, NULL);
	features->ring_buffer = descriptor < 0 ? -errno : 0;
	if (descriptor >= 0)
		close(descriptor);
	features->clock = try_clock();
	features->uprobes = access(LP_UPROBES_PATH, R_OK) ? -errno : 0;
	libbpf_set_print(print);
}
