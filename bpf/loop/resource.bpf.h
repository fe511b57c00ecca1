/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The object that a system call of the current thread operates on. It is resolved in the kernel
 * while the call lasts: afterwards the descriptor may refer to something else.
 */
#ifndef LP_BPF_LOOP_RESOURCE_BPF_H
#define LP_BPF_LOOP_RESOURCE_BPF_H

#include "common.bpf.h"

/* include/uapi/linux: stat.h, magic.h, un.h, in.h; include/net/tcp_states.h */
#define LP_S_IFMT 0170000
#define LP_S_IFIFO 0010000
#define LP_S_IFSOCK 0140000
#define LP_ANON_INODE_MAGIC 0x09041934
#define LP_AF_UNIX 1
#define LP_AF_INET 2
#define LP_AF_INET6 10
#define LP_SOCK_STREAM 1
#define LP_SOCK_DGRAM 2
#define LP_TCP_LISTEN 10
#define LP_P_PID 1
#define LP_P_PIDFD 3

#define LP_PATH_STEPS 24
#define LP_PATH_NAME_BYTES 64
#define LP_CHILDREN 32
#define LP_POLL_ENTRIES 8
#define LP_SELECT_WORDS 16

static __always_inline __u64 lp_file_of(__u32 descriptor)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return (__u64)file;
}

/* The first descriptor of a poll; ~0 if there is none. */
__weak __noinline __u32 lp_first_polled(__u64 entries, __u64 count)
{
	struct {
		__s32 descriptor;
		__u32 events;
	} entry;
	__u32 i;

	for (i = 0; i < LP_POLL_ENTRIES && i < count; i++) {
		if (bpf_probe_read_user(&entry, sizeof(entry),
					(void *)(entries + i * sizeof(entry))))
			return ~0U;
		if (entry.descriptor >= 0)
			return entry.descriptor;
	}
	return ~0U;
}

/*
 * The number of the lowest bit that is set; the word is not 0. It is computed by counting the ones
 * below it, as each branch would double the paths that the verifier checks.
 */
static __always_inline __u32 lp_lowest_bit(__u64 word)
{
	__u64 ones = (word & -word) - 1;

	ones -= ones >> 1 & 0x5555555555555555ULL;
	ones = (ones & 0x3333333333333333ULL) + (ones >> 2 & 0x3333333333333333ULL);
	ones = (ones + (ones >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return ones * 0x0101010101010101ULL >> 56;
}

/* The first descriptor in a select's set of count bits; ~0 if there is none. */
__weak __noinline __u32 lp_first_selected(__u64 set, __u64 count)
{
	__u64 word;
	__u32 i;

	for (i = 0; i < LP_SELECT_WORDS; i++) {
		if (!set || i * 64 >= count)
			return ~0U;
		word = lp_read_u64(set + (__u64)i * 8);
		if (word)
			return i * 64 + lp_lowest_bit(word);
	}
	return ~0U;
}

static __always_inline __u32 lp_argument_of(__s32 syscall)
{
	if (syscall < 0 || syscall >= LP_SYSCALLS)
		return LP_ARGUMENT_NONE;
	return lp_config.arguments[syscall & (LP_SYSCALLS - 1)];
}

/* A hash of the beginning of a path. */
__weak __noinline __u64 lp_path_hash(__u64 path)
{
	__u64 words[8] = {}, hash = LP_HASH_BASIS;
	__u32 i;

	bpf_probe_read_user_str(words, sizeof(words), (void *)path);
	for (i = 0; i < 8; i++)
		hash = (hash ^ words[i]) * LP_HASH_PRIME;
	return hash;
}

/*
 * Returns a number that distinguishes resources without resolving them: of a struct file together
 * with its inode, as the memory of a closed file is soon reused; of a futex, a PID or a path. Sets
 * wait->descriptor and wait->file where the resource has them.
 */
static __always_inline __u64 lp_object_of(struct lp_wait *wait)
{
	struct file *file;

	wait->descriptor = ~0U;
	wait->file = 0;
	switch (lp_argument_of(wait->syscall)) {
	case LP_ARGUMENT_DESCRIPTOR:
		wait->descriptor = wait->arguments[0];
		break;
	case LP_ARGUMENT_POLL:
		wait->descriptor = lp_first_polled(wait->arguments[0], wait->arguments[1]);
		break;
	case LP_ARGUMENT_SELECT:
		/* The set of descriptors for reading; if it is empty, the one for writing. */
		wait->descriptor = lp_first_selected(wait->arguments[1], wait->arguments[0]);
		if (wait->descriptor == ~0U)
			wait->descriptor =
				lp_first_selected(wait->arguments[2], wait->arguments[0]);
		break;
	case LP_ARGUMENT_FUTEX:
	case LP_ARGUMENT_CHILD:
		return wait->arguments[0];
	case LP_ARGUMENT_CHILD_ID:
		return wait->arguments[1];
	case LP_ARGUMENT_PATH:
		return lp_path_hash(wait->arguments[0]);
	case LP_ARGUMENT_PATH_AT:
		return lp_path_hash(wait->arguments[1]);
	default:
		return 0;
	}
	if (wait->descriptor == ~0U)
		return 0;
	file = (struct file *)lp_file_of(wait->descriptor);
	wait->file = (__u64)file;
	if (!file)
		return 0;
	return wait->file ^ BPF_CORE_READ(file, f_inode, i_ino) * LP_HASH_PRIME;
}

/*
 * Copies one name of a path and steps from it towards the root of the mount namespace, across
 * mounts; returns whether another name follows.
 */
__weak __noinline int lp_path_step(__u32 slot, __u32 block)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_resource *resource;
	struct dentry *dentry, *parent;
	struct mount *mount, *above;
	__u32 used;
	long bytes;

	if (!stall)
		return 0;
	resource = &stall->account.account.blocks[block & (LP_BLOCKS - 1)].resource;
	dentry = (struct dentry *)stall->dentry;
	mount = (struct mount *)stall->mount;
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above) {
			resource->flags &= ~LP_RESOURCE_CUT;
			return 0;
		}
		stall->dentry = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
		stall->mount = (__u64)above;
		return 1;
	}
	used = resource->bytes;
	asm volatile("" : "+r"(used));
	if (used > LP_RESOURCE_BYTES - LP_PATH_NAME_BYTES)
		return 0;
	bytes = bpf_probe_read_kernel_str(resource->data + used, LP_PATH_NAME_BYTES,
					  BPF_CORE_READ(dentry, d_name.name));
	if (bytes <= 0)
		return 0;
	if (bytes == LP_PATH_NAME_BYTES)
		resource->flags |= LP_RESOURCE_NAME_CUT;
	resource->bytes += bytes;
	stall->dentry = (__u64)parent;
	return 1;
}

__weak __noinline int lp_resolve_path(__u32 slot, __u32 block)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_resource *resource;
	struct vfsmount *inner;
	struct file *file;
	__u32 i;

	if (!stall)
		return 0;
	file = (struct file *)stall->wait.file;
	inner = BPF_CORE_READ(file, f_path.mnt);
	stall->dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	stall->mount = (__u64)inner - bpf_core_field_offset(struct mount, mnt);
	resource = &stall->account.account.blocks[block & (LP_BLOCKS - 1)].resource;
	resource->kind = LP_RESOURCE_FILE;
	resource->flags |= LP_RESOURCE_CUT;
	for (i = 0; i < LP_PATH_STEPS; i++)
		if (!lp_path_step(slot, block))
			return 0;
	return 0;
}

static __always_inline void lp_resolve_inet(struct sock *sock, __u16 family,
					    struct lp_resource *resource)
{
	struct lp_addresses *addresses = (struct lp_addresses *)resource->data;
	__u16 port = BPF_CORE_READ(sock, __sk_common.skc_dport);

	__builtin_memset(addresses, 0, sizeof(*addresses));
	resource->kind = BPF_CORE_READ(sock, sk_type) == LP_SOCK_DGRAM ? LP_RESOURCE_UDP
								       : LP_RESOURCE_TCP;
	if (BPF_CORE_READ(sock, __sk_common.skc_state) == LP_TCP_LISTEN)
		resource->flags |= LP_RESOURCE_LISTENS;
	resource->bytes = sizeof(*addresses);
	addresses->family = family;
	addresses->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	addresses->remote_port = __builtin_bswap16(port);
	if (family == LP_AF_INET) {
		BPF_CORE_READ_INTO((__u32 *)addresses->local, sock, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)addresses->remote, sock, __sk_common.skc_daddr);
		return;
	}
	/* Kernels without CONFIG_IPV6 lack the field. */
	if (!bpf_core_field_exists(sock->__sk_common.skc_v6_daddr))
		return;
	BPF_CORE_READ_INTO((struct in6_addr *)addresses->local, sock, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO((struct in6_addr *)addresses->remote, sock, __sk_common.skc_v6_daddr);
}

/* Stores the name of the peer, or the socket's own if the peer has none. */
static __always_inline void lp_resolve_unix(struct sock *sock, struct lp_resource *resource)
{
	struct unix_sock *own = (struct unix_sock *)sock, *peer;
	struct unix_address *address;
	__u32 length;

	resource->kind = LP_RESOURCE_UNIX;
	if (!bpf_core_type_exists(struct unix_sock))
		return;
	peer = (struct unix_sock *)BPF_CORE_READ(own, peer);
	address = peer ? BPF_CORE_READ(peer, addr) : NULL;
	if (!address)
		address = BPF_CORE_READ(own, addr);
	if (!address)
		return;
	/* sa_family precedes the path */
	length = BPF_CORE_READ(address, len) - 2;
	if (length > 108)
		return;
	resource->bytes = length;
	bpf_probe_read_kernel(resource->data, 108,
			      (void *)address + bpf_core_field_offset(struct unix_address, name) +
				      2);
}

static __always_inline void lp_resolve_socket(struct file *file, struct lp_resource *resource)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sock = BPF_CORE_READ(socket, sk);
	__u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
	__u16 type = BPF_CORE_READ(sock, sk_type);

	if ((family == LP_AF_INET || family == LP_AF_INET6) &&
	    (type == LP_SOCK_STREAM || type == LP_SOCK_DGRAM)) {
		lp_resolve_inet(sock, family, resource);
	} else if (family == LP_AF_UNIX) {
		lp_resolve_unix(sock, resource);
	} else {
		resource->kind = LP_RESOURCE_SOCKET;
		resource->number = family;
	}
}

/* Returns whether the file has a path, which the caller copies. */
static __always_inline bool lp_resolve_file(struct file *file, struct lp_resource *resource)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u16 mode = BPF_CORE_READ(inode, i_mode);
	long bytes;

	resource->number = BPF_CORE_READ(inode, i_ino);
	if ((mode & LP_S_IFMT) == LP_S_IFSOCK) {
		lp_resolve_socket(file, resource);
	} else if (BPF_CORE_READ(inode, i_sb, s_magic) == LP_ANON_INODE_MAGIC) {
		resource->kind = LP_RESOURCE_ANONYMOUS;
		bytes = bpf_probe_read_kernel_str(resource->data, LP_PATH_NAME_BYTES,
						  BPF_CORE_READ(file, f_path.dentry, d_name.name));
		resource->bytes = bytes > 0 ? bytes : 0;
	} else if ((mode & LP_S_IFMT) == LP_S_IFIFO &&
		   BPF_CORE_READ(file, f_path.dentry) ==
			   BPF_CORE_READ(file, f_path.dentry, d_parent)) {
		/* A named pipe has a path. */
		resource->kind = LP_RESOURCE_PIPE;
	} else {
		return true;
	}
	return false;
}

/*
 * The task_struct of the child with this number in the caller's PID namespace; 0 if there is none.
 */
__weak __noinline __u64 lp_find_child(__u32 wanted)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader), *child;
	struct list_head *head, *at;
	struct pid *pid;
	__u32 level, i, number;

	head = (void *)task + bpf_core_field_offset(struct task_struct, children);
	level = BPF_CORE_READ(leader, thread_pid, level) & 31;
	at = BPF_CORE_READ(head, next);
	for (i = 0; i < LP_CHILDREN; i++) {
		if (!at || at == head)
			return 0;
		child = (void *)at - bpf_core_field_offset(struct task_struct, sibling);
		pid = BPF_CORE_READ(child, thread_pid);
		number = 0;
		bpf_probe_read_kernel(&number, sizeof(number),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      level * bpf_core_type_size(struct upid));
		if (number == wanted)
			return (__u64)child;
		at = BPF_CORE_READ(at, next);
	}
	return 0;
}

static __always_inline void lp_resolve_child(__u32 wanted, struct lp_resource *resource)
{
	struct task_struct *child;

	resource->kind = LP_RESOURCE_CHILD;
	/* 0, -1 and process groups stand for whichever child exits first. */
	resource->number = (__s32)wanted > 0 ? wanted : 0;
	child = resource->number ? (struct task_struct *)lp_find_child(wanted) : NULL;
	if (!child)
		return;
	bpf_probe_read_kernel(resource->data, LP_COMM_BYTES, child->comm);
	resource->bytes = LP_COMM_BYTES;
}

static __always_inline void lp_resolve_user_path(__u64 path, struct lp_resource *resource)
{
	long bytes = bpf_probe_read_user_str(resource->data, LP_RESOURCE_BYTES, (void *)path);

	resource->kind = LP_RESOURCE_PATH;
	resource->bytes = bytes > 0 ? bytes : 0;
	if (bytes == LP_RESOURCE_BYTES)
		resource->flags |= LP_RESOURCE_CUT;
}

/* flags: those of clock_nanosleep; TIMER_ABSTIME is 1. */
static __always_inline void lp_resolve_sleep(__u64 time, __u64 flags, struct lp_resource *resource)
{
	resource->kind = LP_RESOURCE_SLEEP;
	resource->flags = flags & 1 ? LP_RESOURCE_UNTIL : 0;
	resource->number = lp_read_u64(time) * 1000000000ULL + lp_read_u64(time + 8);
}

/* Not inlined: it runs once for each thing that a callback blocks on. */
__weak __noinline int lp_resolve(__u32 slot, __u32 block)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_resource *resource;
	const struct lp_wait *wait;

	if (!stall)
		return 0;
	wait = &stall->wait;
	resource = &stall->account.account.blocks[block & (LP_BLOCKS - 1)].resource;
	resource->kind = LP_RESOURCE_NONE;
	resource->flags = 0;
	resource->bytes = 0;
	resource->number = 0;
	switch (lp_argument_of(wait->syscall)) {
	case LP_ARGUMENT_POLL:
		if (wait->arguments[1] > 1)
			resource->flags = LP_RESOURCE_SEVERAL;
		/* fallthrough */
	case LP_ARGUMENT_SELECT:
	case LP_ARGUMENT_DESCRIPTOR:
		if (wait->file) {
			if (lp_resolve_file((struct file *)wait->file, resource))
				lp_resolve_path(slot, block);
		} else if (wait->descriptor != ~0U) {
			resource->kind = LP_RESOURCE_DESCRIPTOR;
			resource->number = wait->descriptor;
		}
		break;
	case LP_ARGUMENT_PATH:
		lp_resolve_user_path(wait->arguments[0], resource);
		break;
	case LP_ARGUMENT_PATH_AT:
		lp_resolve_user_path(wait->arguments[1], resource);
		break;
	case LP_ARGUMENT_SLEEP:
		lp_resolve_sleep(wait->arguments[0], 0, resource);
		break;
	case LP_ARGUMENT_SLEEP_CLOCK:
		lp_resolve_sleep(wait->arguments[2], wait->arguments[1], resource);
		break;
	case LP_ARGUMENT_FUTEX:
		resource->kind = LP_RESOURCE_LOCK;
		resource->number = wait->arguments[0];
		break;
	case LP_ARGUMENT_CHILD:
		lp_resolve_child(wait->arguments[0], resource);
		break;
	case LP_ARGUMENT_CHILD_ID:
		lp_resolve_child(wait->arguments[0] == LP_P_PID ? wait->arguments[1] : 0, resource);
		break;
	default:
		break;
	}
	return 0;
}

#endif /* LP_BPF_LOOP_RESOURCE_BPF_H */
