/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types that the BPF programs use, maintained by hand.
 *
 * Every struct is marked preserve_access_index, so that libbpf relocates each field against the
 * running kernel's BTF (CO-RE): only the names and types of the fields matter, not their order or
 * offsets.  To add a field, look it up with
 *     bpftool btf dump file /sys/kernel/btf/vmlinux format c
 * and write down that field alone.  struct pt_regs is the exception: it is the context of uprobe
 * programs, so that its layout is the kernel's ABI.
 */
/* libbpf's bpf_tracing.h uses the kernel's field names of struct pt_regs if this is defined. */
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
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
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

/* include/uapi/linux/bpf_perf_event.h; the context of a perf_event program */
struct bpf_perf_event_data {
	struct pt_regs regs;
	__u64 sample_period;
	__u64 addr;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_struct {
	unsigned long fsbase;
};

/* Used only to ask whether the kernel has a helper. */
enum bpf_func_id {
	BPF_FUNC_task_pt_regs = 175,
};

struct list_head {
	struct list_head *next, *prev;
};

struct sched_info {
	unsigned long long last_arrival;
	unsigned long long last_queued;
	unsigned long long run_delay;
};

struct rq {
	u64 clock; /* ns; that of sched_info, at the last change of the queue */
};

struct cfs_rq {
	struct rq *rq;
	int throttle_count;
	u64 throttled_clock_pelt_time; /* 5.19 and later */
};

/* Before 5.19. */
struct cfs_rq___old {
	u64 throttled_clock_task_time;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
	unsigned char sched_delayed; /* 6.12 and later */
	u64 sum_exec_runtime;
	u64 exec_start;
	u64 nr_migrations;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

typedef struct {
	int counter;
} atomic_t;

struct mm_struct;

struct signal_struct {
	unsigned int flags;
	atomic_t live; /* threads that have not begun to exit */
	struct mm_struct *oom_mm; /* not NULL: the process was chosen when memory ran out */
};

struct kernel_siginfo {
	int si_code;
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	unsigned int in_memstall : 1;
	unsigned int in_iowait : 1;
	unsigned long jobctl;
	int exit_code;
	u64 start_time;
	struct signal_struct *signal;
	void *stack;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct list_head children;
	struct list_head sibling;
	struct pid *thread_pid;
	struct sched_info sched_info;
	struct sched_entity se;
	struct files_struct *files;
	struct thread_struct thread;
	char comm[16];
};

/* up to 5.13 */
struct task_struct___old {
	long state;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	struct pipe_inode_info *i_pipe;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct epoll_filefd {
	struct file *file;
	int fd;
} __attribute__((packed));

/* of include/uapi/linux/eventpoll.h, where it is packed on x86_64 */
struct epoll_event {
	__u32 events;
	__u64 data;
} __attribute__((packed));

/* a descriptor that an epoll watches */
struct epitem {
	struct list_head rdllink;
	struct epoll_filefd ffd;
	struct epoll_event event;
};

struct eventpoll {
	struct list_head rdllist; /* descriptors that are ready, as far as is known */
};

struct pipe_inode_info {
	unsigned int writers;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	u8 sk_shutdown;
};

struct socket {
	struct sock *sk;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
