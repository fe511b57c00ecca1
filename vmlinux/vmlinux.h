/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types that the BPF programs touch, kept by hand.
 *
 * Every struct is marked preserve_access_index, so that libbpf relocates each
 * field against the running kernel's BTF (CO-RE): only the names and the types
 * of the fields matter here, neither their order nor their offsets.  To add a
 * field, look it up with
 *     bpftool btf dump file /sys/kernel/btf/vmlinux format c
 * and write down that field alone.  struct pt_regs is the exception: uprobe
 * programs get it as their context, whose layout is the kernel's ABI.
 */
/* libbpf's bpf_tracing.h takes the field names of struct pt_regs by this guard. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

enum { false = 0, true = 1 };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_MMAPABLE = 1 << 10,
};

/* x86-64: arch/x86/include/asm/ptrace.h, the order is ABI. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};

/* include/uapi/linux/bpf.h */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_struct {
	unsigned long fsbase;
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct thread_struct thread;
	char comm[16];
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
