// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Loop boundaries in trace mode: hooks on the system calls that poll.  Sample mode has none, see
 * sleep.bpf.c.
 *
 * fentry and fexit cost only the callers of the poll calls.  A syscall
 * tracepoint puts every system call of the host on the slow path (measured on
 * 6.18: 60 to 100 ns for a pair of them, 270 ns for the raw tracepoints that all
 * system calls pass), so those are attached only where the kernel refuses
 * fentry, and only for the calls that the loops make.
 */
#define LP_DEFINE_MAPS
#include "loop/common.bpf.h"
#include "boundary.bpf.h"

/*
 * descriptor: the epoll descriptor plus 1, or 0 where it is not known. A callback may poll on its
 * own (time.sleep up to 3.10, a database driver), which is no boundary. Only the loop polls its
 * own epoll descriptor, so that nothing has to be read from the target once the descriptor is
 * known. waits: see lp_poll_begin().
 */
static __always_inline int lp_poll_enter(__u32 descriptor, bool waits)
{
	struct lp_loop *loop;
	__u32 slot;

	loop = lp_current_loop(&slot);
	if (!loop) {
		if (lp_config.sampling)
			lp_unknown_poller();
		return 0;
	}
	if (!lp_is_foreign_poll(loop, slot, descriptor, waits))
		lp_poll_begin(loop, slot, descriptor, waits);
	return 0;
}

static __always_inline int lp_poll_exit(long ready)
{
	struct lp_loop *loop;
	__u32 slot;

	loop = lp_current_loop(&slot);
	if (loop && loop->poll_start_ns)
		lp_poll_end(loop, slot, bpf_ktime_get_ns(), ready);
	return 0;
}

/* One row a poll system call, by its kernel function. */
#define LP_POLL(name)                                                                              \
	SEC("?fentry/__x64_sys_" #name)                                                            \
	int lp_enter_##name(void *ctx)                                                             \
	{                                                                                          \
		return lp_poll_enter(0, true);                                                     \
	}                                                                                          \
	SEC("?fexit/__x64_sys_" #name)                                                             \
	int BPF_PROG(lp_exit_##name, const struct pt_regs *regs, long result)                      \
	{                                                                                          \
		return lp_poll_exit(result);                                                       \
	}

LP_POLL(epoll_wait)
LP_POLL(epoll_pwait)
LP_POLL(epoll_pwait2)
LP_POLL(poll)
LP_POLL(ppoll)
LP_POLL(select)
LP_POLL(pselect6)
LP_POLL(io_uring_enter)

/*
 * The same with the descriptor, where the kernel's BTF knows struct pt_regs: in
 * that of 5.10 it is only a forward declaration, and the verifier refuses to read.
 */
#define LP_POLL_DESCRIPTOR(name, waits)                                                            \
	SEC("?fentry/__x64_sys_" #name)                                                            \
	int BPF_PROG(lp_epoll_##name, const struct pt_regs *regs)                                  \
	{                                                                                          \
		return lp_poll_enter((__u32)regs->di + 1, waits);                                  \
	}

/* the fourth argument: a time in milliseconds, or (epoll_pwait2) a pointer to one */
LP_POLL_DESCRIPTOR(epoll_wait, (int)regs->r10 != 0)
LP_POLL_DESCRIPTOR(epoll_pwait, (int)regs->r10 != 0)
LP_POLL_DESCRIPTOR(epoll_pwait2, true)

/*
 * The records of these tracepoints: events/syscalls/NAME/format in tracefs, which
 * says that the number takes 8 bytes.  The kernel writes 4 of them, and leaves what
 * was on its stack in the rest (kernel/trace/trace_syscalls.c: perf_call_bpf_enter).
 */
struct lp_sys_enter_record {
	__u64 common;
	__s32 number;
	__s32 unwritten;
	__u64 arguments[6];
};

struct lp_sys_exit_record {
	__u64 common;
	__s32 number;
	__s32 unwritten;
	__s64 result;
};

/* Attached to each poll call's own tracepoint by the session, which knows their names. */
SEC("?tracepoint/syscalls/sys_enter_epoll_wait")
int lp_sys_enter(struct lp_sys_enter_record *record)
{
	__u32 descriptor = 0;
	bool waits = true;

	switch (record->number) {
	case LP_SYSCALL_EPOLL_WAIT:
	case LP_SYSCALL_EPOLL_PWAIT:
		waits = (int)record->arguments[3] != 0;
		descriptor = (__u32)record->arguments[0] + 1;
		break;
	case LP_SYSCALL_EPOLL_PWAIT2: /* The timeout is behind a pointer. */
		descriptor = (__u32)record->arguments[0] + 1;
		break;
	default:
		break;
	}
	return lp_poll_enter(descriptor, waits);
}

/* The kernel refuses a program that reads more arguments than the call has. */
SEC("?tracepoint/syscalls/sys_enter_poll")
int lp_sys_other(void *record)
{
	return lp_poll_enter(0, true);
}

SEC("?tracepoint/syscalls/sys_exit_epoll_wait")
int lp_sys_exit(struct lp_sys_exit_record *record)
{
	return lp_poll_exit(record->result);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
