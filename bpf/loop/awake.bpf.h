/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What keeps a loop awake whose polls return at once: a descriptor that is always ready. */
#ifndef LP_BPF_LOOP_AWAKE_BPF_H
#define LP_BPF_LOOP_AWAKE_BPF_H

#include "common.bpf.h"
#include "resource.bpf.h"
#include "thread.bpf.h"

/* include/net/tcp_states.h: the peer has closed its end */
#define LP_TCP_CLOSE_WAIT 8

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	LP_SYSCALL_EPOLL_WAIT = 232,
	LP_SYSCALL_EPOLL_PWAIT = 281,
	LP_SYSCALL_EPOLL_PWAIT2 = 441,
};

/* Returns whether a descriptor of the current process is a TCP socket whose peer has closed it. */
static __always_inline bool lp_is_closed_by_peer(__u32 descriptor)
{
	struct file *file = (struct file *)lp_file_of(descriptor);
	struct socket *socket;
	struct sock *sock;
	__u16 family;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & LP_S_IFMT) != LP_S_IFSOCK)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sock, __sk_common.skc_family);
	return (family == LP_AF_INET || family == LP_AF_INET6) &&
	       BPF_CORE_READ(sock, sk_type) == LP_SOCK_STREAM &&
	       BPF_CORE_READ(sock, __sk_common.skc_state) == LP_TCP_CLOSE_WAIT;
}

/*
 * Records the first of the descriptors that the epoll call that ends has returned as ready. The
 * loops store the number of the descriptor in the data of an event, as libuv does.
 */
__weak __noinline int lp_record_ready(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct pt_regs registers = {};
	struct {
		__u32 events;
		__u32 descriptor;
	} ready;

	if (!loop)
		return 0;
	lp_user_registers(&registers);
	if (registers.orig_ax != LP_SYSCALL_EPOLL_WAIT &&
	    registers.orig_ax != LP_SYSCALL_EPOLL_PWAIT &&
	    registers.orig_ax != LP_SYSCALL_EPOLL_PWAIT2)
		return 0;
	if (bpf_probe_read_user(&ready, sizeof(ready), (void *)registers.si))
		return 0;
	loop->ready_events = ready.events;
	loop->ready_ended = lp_is_closed_by_peer(ready.descriptor);
	loop->ready_descriptor = ready.descriptor + 1;
	return 0;
}

#endif /* LP_BPF_LOOP_AWAKE_BPF_H */
