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

/* include/net/sock.h: nothing more can be received */
#define LP_RECEIVE_SHUTDOWN 1

/*
 * Returns whether a descriptor of the current process is at its end: a TCP socket whose peer has
 * closed it, another stream socket that receives nothing more, or a pipe without a writer.
 */
static __always_inline bool lp_is_at_end(__u32 descriptor)
{
	struct file *file = (struct file *)lp_file_of(descriptor);
	struct socket *socket;
	struct sock *sock;
	__u16 family, mode;

	if (!file)
		return false;
	mode = BPF_CORE_READ(file, f_inode, i_mode) & LP_S_IFMT;
	if (mode == LP_S_IFIFO)
		return !BPF_CORE_READ(file, f_inode, i_pipe, writers);
	if (mode != LP_S_IFSOCK)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	if (BPF_CORE_READ(sock, sk_type) != LP_SOCK_STREAM)
		return false;
	family = BPF_CORE_READ(sock, __sk_common.skc_family);
	if (family == LP_AF_INET || family == LP_AF_INET6)
		return BPF_CORE_READ(sock, __sk_common.skc_state) == LP_TCP_CLOSE_WAIT;
	return BPF_CORE_READ_BITFIELD_PROBED(sock, sk_shutdown) & LP_RECEIVE_SHUTDOWN;
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
	loop->ready_ended = lp_is_at_end(ready.descriptor);
	loop->ready_descriptor = ready.descriptor + 1;
	return 0;
}

/*
 * Sample mode: records the first descriptor that is ready in the epoll of a loop, whose polls have
 * no hook. The kernel's list may still have one that a callback has read empty since the last poll.
 */
__weak __noinline int lp_record_ready_list(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct list_head *list, *first;
	struct eventpoll *poll;
	struct epitem *item;
	struct file *file;
	__s32 descriptor;

	if (!loop || !loop->poll_descriptor || !bpf_core_type_exists(struct eventpoll))
		return 0;
	file = (struct file *)lp_file_of(loop->poll_descriptor - 1);
	if (!file)
		return 0;
	poll = BPF_CORE_READ(file, private_data);
	list = (void *)poll + bpf_core_field_offset(struct eventpoll, rdllist);
	first = BPF_CORE_READ(list, next);
	if (!first || first == list)
		return 0;
	item = (void *)first - bpf_core_field_offset(struct epitem, rdllink);
	descriptor = BPF_CORE_READ(item, ffd.fd);
	/* the descriptor of the loop may be of another file by now */
	if ((__u64)BPF_CORE_READ(item, ffd.file) != lp_file_of(descriptor))
		return 0;
	loop->ready_events = BPF_CORE_READ(item, event.events);
	loop->ready_ended = lp_is_at_end(descriptor);
	loop->ready_descriptor = descriptor + 1;
	return 0;
}

#endif /* LP_BPF_LOOP_AWAKE_BPF_H */
